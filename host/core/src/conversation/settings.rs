//! The settings of the bot in a conversation.

use toml::{Table, Value};

/// Settings with others on top of them: tables are put together, and anything else takes the place of what is there.
pub fn merged(settings: &str, more: &str) -> Result<String, String> {
    let read = |text: &str| text.parse::<Table>().map_err(|error| error.to_string());
    let mut table = read(settings)?;
    merge(&mut table, read(more)?);
    toml::to_string(&table).map_err(|error| error.to_string())
}

/// Settings in which `id` takes the place of each name in braces: of `{@ada}` and `{#ops}`. It is given `@ada` and `#ops`.
pub fn with_ids(settings: &str, id: impl Fn(&str) -> String) -> String {
    let mut written = String::new();
    let mut rest = settings;
    while let Some((before, after)) = rest.split_once('{') {
        written.push_str(before);
        let name = after
            .split_once('}')
            .filter(|(name, _)| name.starts_with(['@', '#']));
        let Some((name, after)) = name else {
            written.push('{');
            rest = after;
            continue;
        };
        written.push_str(&id(name));
        rest = after;
    }
    written + rest
}

fn merge(table: &mut Table, more: Table) {
    for (key, value) in more {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(more)) => merge(inner, more),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_take_the_place_of_names() {
        let settings = "force = [\"{@ada}\"]\nannounce = \"{#ops}\"\nx = { y = \"{sha}\" }";
        let expected = "force = [\"ada\"]\nannounce = \"ops\"\nx = { y = \"{sha}\" }";
        assert_eq!(with_ids(settings, |name| name[1..].to_owned()), expected);
    }

    #[test]
    fn tables_are_put_together() {
        let merged = merged("[a]\nb = 1\nc = [1]\n", "[a]\nc = [2]\nd = 3\n[e]\n");
        assert_eq!(merged.as_deref(), Ok("[a]\nb = 1\nc = [2]\nd = 3\n\n[e]\n"));
    }
}
