//! The settings of a plugin: any table, handed to it as JSON.

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::problem::{Problem, Problems};
use super::section::wrong_type;

/// The table under `settings` of the plugin at `path`, or an empty one.
pub(super) fn object(
    value: Option<&Spanned<DeValue<'_>>>,
    path: &str,
    problems: &mut Problems,
) -> Value {
    let Some(value) = value else {
        return Value::Object(Map::new());
    };
    let Some(entries) = value.get_ref().as_table() else {
        let problem = wrong_type(&format!("{path}.settings"), "a table", value);
        problems.add(problem.help("write it as `settings = { key = \"value\" }`"));
        return Value::Object(Map::new());
    };
    table(entries, problems)
}

fn table(entries: &DeTable<'_>, problems: &mut Problems) -> Value {
    let entries = entries.iter();
    Value::Object(
        entries
            .map(|(key, value)| (key.get_ref().to_string(), json(value, problems)))
            .collect(),
    )
}

fn json(value: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Value {
    let number = match value.get_ref() {
        DeValue::String(text) => return Value::String(text.to_string()),
        DeValue::Boolean(truth) => return Value::Bool(*truth),
        // JSON has no dates; this is how TOML writes them.
        DeValue::Datetime(time) => return Value::String(time.to_string()),
        DeValue::Array(list) => return list.iter().map(|value| json(value, problems)).collect(),
        DeValue::Table(entries) => return table(entries, problems),
        DeValue::Integer(integer) => whole(integer),
        DeValue::Float(float) => float.as_str().parse().ok().and_then(Number::from_f64),
    };
    number.map_or_else(
        || {
            let problem = Problem::at(
                value.span(),
                "JSON, which plugins read, has no such number",
                "no such number",
            );
            problems.add(problem.help("write a smaller number, or a string"));
            Value::Null
        },
        Value::Number,
    )
}

fn whole(integer: &DeInteger<'_>) -> Option<Number> {
    let signed = i64::from_str_radix(integer.as_str(), integer.radix()).map(Number::from);
    signed
        .or_else(|_| u64::from_str_radix(integer.as_str(), integer.radix()).map(Number::from))
        .ok()
}
