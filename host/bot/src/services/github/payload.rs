//! The payload of a deployment: the plugin's, with the mark of the call by which the deployment is found again.

use serde_json::{Map, Value, json};
use witbot_core::error::Error;
use witbot_core::ids::CallId;

/// The key of a payload that is ours.
const MARKER: &str = "witbot";

/// The call of ours that a payload is marked with.
pub fn call(payload: &Value) -> Option<&str> {
    payload[MARKER]["call"].as_str()
}

/// The plugin's payload with our marker.
pub fn marked(payload: &str, id: &CallId) -> Result<Value, Error> {
    let mut object: Map<String, Value> = match payload.trim() {
        "" => Map::new(),
        text => serde_json::from_str(text).map_err(|error| {
            Error::invalid(format!("The payload is not a JSON object: {error}."))
        })?,
    };
    if object
        .insert(MARKER.to_owned(), json!({ "call": id.as_str() }))
        .is_some()
    {
        return Err(Error::invalid(format!(
            "The key `{MARKER}` of a payload is the bot's own. Use another."
        )));
    }
    Ok(object.into())
}

/// A payload without our marker. Others may have put a text there, or nothing.
pub fn unmarked(mut payload: Value) -> Value {
    let ours = call(&payload).is_some();
    match &mut payload {
        Value::Object(object) if ours => {
            object.remove(MARKER);
        }
        Value::Null => return json!({}),
        Value::String(text) if text.is_empty() => return json!({}),
        _others => {}
    }
    payload
}

#[cfg(test)]
mod tests {
    use witbot_core::ids::{InvocationId, PluginName};

    use super::*;

    fn id() -> CallId {
        let plugin: PluginName = "deploy".parse().unwrap();
        CallId::new(&InvocationId::derive("console", "1", &plugin, "deploy"), 3)
    }

    #[test]
    fn the_marker_goes_in_and_comes_out() {
        let check = |payload: &str, expected: &str| {
            let sent = marked(payload, &id()).unwrap();
            assert_eq!(sent["witbot"]["call"], id().as_str());
            assert_eq!(unmarked(sent).to_string(), expected);
        };
        check("", "{}");
        check(" {} ", "{}");
        check(
            r#"{"b": [1], "a": {"witbot": 1}}"#,
            r#"{"a":{"witbot":1},"b":[1]}"#,
        );
    }

    #[test]
    fn payloads_of_others_stay_as_they_are() {
        let check =
            |payload: Value, expected: &str| assert_eq!(unmarked(payload).to_string(), expected);
        check(json!("migrate"), r#""migrate""#);
        check(json!({"witbot": 1}), r#"{"witbot":1}"#);
        check(json!([1]), "[1]");
        check(json!(""), "{}");
        check(json!(null), "{}");
    }

    #[test]
    fn a_bad_payload_is_refused() {
        let refused = |payload: &str| marked(payload, &id()).unwrap_err().to_string();
        assert!(refused("[1]").starts_with("The payload is not a JSON object: "));
        assert!(refused("{").starts_with("The payload is not a JSON object: "));
        assert_eq!(
            refused(r#"{"witbot": 1}"#),
            "The key `witbot` of a payload is the bot's own. Use another."
        );
    }
}
