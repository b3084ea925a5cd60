//! The settings of the bot in a conversation.

use toml::{Table, Value};

/// Settings with others on top of them: tables are put together, and anything else takes the place of what is there.
pub(super) fn merged(settings: &str, more: &str) -> Result<String, String> {
    let read = |text: &str| text.parse::<Table>().map_err(|error| error.to_string());
    let mut table = read(settings)?;
    merge(&mut table, read(more)?);
    toml::to_string(&table).map_err(|error| error.to_string())
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
    fn tables_are_put_together() {
        let merged = merged("[a]\nb = 1\nc = [1]\n", "[a]\nc = [2]\nd = 3\n[e]\n");
        assert_eq!(merged.as_deref(), Ok("[a]\nb = 1\nc = [2]\nd = 3\n\n[e]\n"));
    }
}
