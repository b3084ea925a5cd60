//! `[audit]`: how long the audit is kept; and the settings by key, for its record of what changed in them.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::{Table, Value};
use witbot_core::{command, limits};

use super::mask;
use super::problem::{Problem, Problems};
use super::section::Section;

/// How long records are kept. None: for ever.
pub(super) fn read(mut section: Section<'_>, problems: &mut Problems) -> Option<Duration> {
    let keep = section.string("keep", r#"keep = "365d""#, problems);
    section.close(problems);
    let text = keep?;
    let length = command::milliseconds(text.get_ref()).map(Duration::from_millis);
    let long_enough = length.filter(|length| *length >= limits::AUDIT_KEPT_MIN);
    if long_enough.is_none() {
        let days = limits::AUDIT_KEPT_MIN.as_secs() / 86_400;
        let message = format!("`{}` is no time to keep the audit for", text.get_ref());
        let help =
            format!("write {days} days or more, such as `365d`, or take it out to keep all of it");
        problems.add(Problem::at(text.span(), message, "too short").help(help));
    }
    long_enough
}

/// What a file sets, by dotted key and without what may be secret, for telling what changed. It was read before, so that
/// it is TOML.
pub fn keys(text: &str) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    if let Ok(table) = text.parse::<Table>() {
        enter(&mut keys, "", &table);
    }
    keys
}

/// What stands for a value that may be secret.
const HIDDEN: &str = "***";

/// Whether nothing below a key is shown, a whole table of credentials neither.
fn is_hidden(key: &str) -> bool {
    mask::is_secret(key) || key == "headers"
}

fn shown(key: &str, value: &Value) -> Value {
    match value {
        _ if is_hidden(key) => Value::from(HIDDEN),
        Value::Table(table) => {
            let entries = table
                .iter()
                .map(|(key, value)| (key.clone(), shown(key, value)));
            Value::Table(entries.collect())
        }
        Value::Array(values) => {
            Value::Array(values.iter().map(|value| shown(key, value)).collect())
        }
        // An address can have a password in it.
        Value::String(text) if text.contains("://") && text.contains('@') => Value::from(HIDDEN),
        other => other.clone(),
    }
}

fn enter(keys: &mut BTreeMap<String, String>, path: &str, table: &Table) {
    for (key, value) in table {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match value {
            Value::Table(table) if !is_hidden(key) => enter(keys, &path, table),
            // Rules and grants are lists, and are kept whole: one that changed far behind is found as well.
            value => {
                keys.insert(path, shown(key, value).to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_place_and_secrets_have_none() {
        let keys = keys(
            "name = \"bot\"\n[plugins.a.settings]\ntoken = \"xoxb-1\"\nlist = [{ password = \"xoxb-1\", url = \"https://a:xoxb-1@b.example\" }]\n[[rules]]\ndecision = \"deny\"\n",
        );
        assert_eq!(keys["name"], "\"bot\"");
        assert!(keys["rules"].contains("deny"), "{keys:?}");
        assert_eq!(keys["plugins.a.settings.token"], "\"***\"");
        assert!(!format!("{keys:?}").contains("xoxb-1"), "{keys:?}");
    }

    #[test]
    fn of_a_table_of_secrets_nothing_is_told() {
        let keys = keys(
            "[plugins.a.settings]\ncredentials = { user = \"u\", value = \"xoxb-1\" }\n[plugins.a.settings.tokens]\nmain = \"xoxb-1\"\n",
        );
        assert_eq!(keys["plugins.a.settings.tokens"], "\"***\"");
        assert_eq!(keys["plugins.a.settings.credentials"], "\"***\"");
        assert!(!format!("{keys:?}").contains("xoxb-1"), "{keys:?}");
    }

    #[test]
    fn a_long_list_is_kept_to_its_end() {
        let rule =
            |number: u32| format!("[[rules]]\nname = \"rule-{number}\"\ndecision = \"deny\"\n");
        let text: String = (0..1_000).map(rule).collect();
        let last = text.rfind("deny").unwrap();
        let mut changed = text.clone();
        changed.replace_range(last..last + 4, "allow");
        assert_ne!(keys(&text), keys(&changed));
    }
}
