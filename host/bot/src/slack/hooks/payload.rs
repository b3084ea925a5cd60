//! The payload of a body that is signed: the JSON that Socket Mode would have in an envelope.

use serde_json::Value;

use super::form;
use crate::slack::envelope::Kind;

/// The payload, or why there is none. Nothing of the body is repeated.
pub fn read(kind: Kind, body: &[u8]) -> Result<Value, &'static str> {
    match kind {
        Kind::EventsApi => json(body),
        Kind::SlashCommands => form::fields(body)
            .map(Value::Object)
            .ok_or("the body is no form of texts"),
        Kind::Interactive => {
            let fields = form::fields(body).ok_or("the body is no form of texts")?;
            let payload = fields.get("payload").and_then(Value::as_str);
            json(payload.ok_or("the form has no `payload`")?.as_bytes())
        }
    }
}

/// What Slack wants to see again when somebody enters the address of the bot.
pub fn challenge(kind: Kind, payload: &Value) -> Option<&str> {
    let asks = kind == Kind::EventsApi && payload["type"] == "url_verification";
    payload["challenge"].as_str().filter(|_| asks)
}

fn json(bytes: &[u8]) -> Result<Value, &'static str> {
    let value: Value =
        serde_json::from_slice(bytes).map_err(|_| "it is no JSON that can be read")?;
    match value.is_object() {
        true => Ok(value),
        false => Err("it is no JSON object"),
    }
}
