//! What webhooks of any sender say: how a body is read, and when two are the same one. Verified they are before that.

use serde_json::{Map, Value, json};

use crate::event::Webhook;
use crate::ids::{Digest, UnixMillis, WebhookName};
use crate::limits;

/// Ids that senders give: UUIDs and the like.
const ID_CHARS_MAX: usize = 200;

/// A body that cannot be read, in words for whoever set the webhook up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It says that it is JSON.
    #[error("The body is not JSON.")]
    Json,
    /// It is neither JSON nor text.
    #[error("The body is neither JSON nor UTF-8 text.")]
    Text,
}

/// The event of a webhook: of the kind `webhook.NAME`, about `NAME`.
pub fn webhook(
    name: &WebhookName,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<Webhook, Unreadable> {
    Ok(Webhook {
        kind: format!("webhook.{name}"),
        subject: name.to_string(),
        body: read(content_type, body)?,
        depth: 0,
    })
}

/// JSON as it is. Anything else as `{"text": …}`, and the fields of a form beside it as `{"form": {…}}`. What does not say
/// that it is JSON, as `curl -d` does not, and is a JSON object, is taken for that.
fn read(content_type: Option<&str>, body: &[u8]) -> Result<Value, Unreadable> {
    let kind = content_type.unwrap_or_default().split(';').next();
    let kind = kind.unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "application/json" || kind.ends_with("+json") {
        return serde_json::from_slice(body).map_err(|_| Unreadable::Json);
    }
    if let Ok(object @ Value::Object(_)) = serde_json::from_slice(body) {
        return Ok(object);
    }
    let text = str::from_utf8(body).map_err(|_| Unreadable::Text)?;
    if kind == "application/x-www-form-urlencoded" {
        let fields = url::form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())));
        return Ok(json!({ "text": text, "form": fields.collect::<Map<_, _>>() }));
    }
    Ok(json!({ "text": text }))
}

/// What tells one webhook from another: the id that its sender gave it, or else its body, for as long as
/// [`limits::INBOUND_SAME_WITHIN`]. The same within one name.
pub fn key(name: &WebhookName, id: Option<&str>, body: &[u8], received: UnixMillis) -> String {
    match id.filter(|id| is_id(id)) {
        Some(id) => format!("{name} id {id}"),
        None => {
            let within = received.0 / limits::INBOUND_SAME_WITHIN.as_millis() as u64;
            format!("{name} body {} {within}", Digest::of(body))
        }
    }
}

/// Whether a text can be the id of a webhook.
pub fn is_id(text: &str) -> bool {
    (1..=ID_CHARS_MAX).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content_type: &str, body: &str, expected: Result<Value, Unreadable>) {
        let name = "alerts".parse().unwrap();
        let read = webhook(&name, Some(content_type), body.as_bytes());
        assert_eq!(read.map(|webhook| webhook.body), expected, "{body}");
    }

    #[test]
    fn bodies_are_read_by_what_they_are() {
        check("application/json", r#"{"a": [1]}"#, Ok(json!({ "a": [1] })));
        check(
            "Application/JSON; charset=utf-8",
            "[1, 2]",
            Ok(json!([1, 2])),
        );
        check("application/cloudevents+json", "1", Ok(json!(1)));
        check("application/json", "a=b", Err(Unreadable::Json));
        check("", r#"{"a": 1}"#, Ok(json!({ "a": 1 })));
        check(
            "application/x-www-form-urlencoded",
            r#"{"a": 1}"#,
            Ok(json!({ "a": 1 })),
        );
        check(
            "application/x-www-form-urlencoded",
            "text=a+b&n=%C3%A9",
            Ok(json!({ "text": "text=a+b&n=%C3%A9", "form": { "text": "a b", "n": "é" } })),
        );
        check("text/plain", "[1]", Ok(json!({ "text": "[1]" })));
        check("", "", Ok(json!({ "text": "" })));
        let binary = read(None, &[0xff, 0xfe]);
        assert_eq!(binary, Err(Unreadable::Text));
    }

    #[test]
    fn what_is_sent_again_has_the_same_key() {
        let name = "alerts".parse().unwrap();
        let key = |id, body: &str, at| key(&name, id, body.as_bytes(), UnixMillis(at));
        assert_eq!(key(Some("m1"), "a", 0), key(Some("m1"), "b", 1 << 40));
        assert_ne!(key(Some("m1"), "a", 0), key(Some("m2"), "a", 0));
        assert_eq!(key(None, "a", 0), key(None, "a", 59_999));
        assert_ne!(
            key(None, "a", 0),
            key(None, "a", 60_000),
            "an alert goes on"
        );
        assert_ne!(key(None, "a", 0), key(None, "b", 0));
        assert_eq!(
            key(Some("two words"), "a", 0),
            key(None, "a", 0),
            "that is no id"
        );
    }
}
