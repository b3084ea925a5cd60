//! What Slack sends over a socket: JSON in text frames.
//!
//! It is read field by field, and a field that is missing or strange is no more than that: an envelope that were refused
//! for a detail would be an event that is lost. What an envelope carries is not looked at here.

use std::fmt;

use serde_json::{Map, Value, json};
use witbot_core::printable;

#[cfg(test)]
mod tests;

/// A frame.
#[derive(Debug, PartialEq)]
pub enum Frame {
    /// The socket is in use from now on.
    Hello(Hello),
    /// The socket will be closed, or is not wanted at all.
    Disconnect {
        /// Why.
        reason: Reason,
        /// Which of Slack's machines says so.
        host: String,
    },
    /// Something happened.
    Envelope(Envelope),
    /// Something that Slack began to send after this was written.
    Unknown {
        /// What Slack calls it, as it may stand in a log.
        name: String,
        /// What to acknowledge it by, so that it is not sent again.
        envelope_id: Option<String>,
    },
}

/// The first frame of a socket.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// Which of Slack's machines is at the other end.
    pub host: String,
    /// How many sockets the app has, those of other processes included.
    pub sockets: Option<u64>,
}

/// Why a socket is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// `warning` and `refresh_requested`, which every socket gets after some hours; or one that is not known, which is
    /// best taken the same way.
    Refresh(String),
    /// Somebody switched Socket Mode off.
    SwitchedOff,
    /// The app has as many sockets as Slack allows.
    TooMany,
}

/// Something that happened, which Slack wants acknowledged.
#[derive(Clone, PartialEq)]
pub struct Envelope {
    /// What it is acknowledged by. Slack makes a new one when it sends something again.
    pub id: String,
    /// What it carries.
    pub kind: Kind,
    /// The same JSON that Slack would send over HTTP.
    pub payload: Value,
    /// Whether the acknowledgement may carry an answer.
    pub accepts_answer: bool,
    /// Set if it was sent before.
    pub retry: Option<Retry>,
}

/// What an envelope carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An event that the app subscribes to.
    EventsApi,
    /// Somebody typed a slash command.
    SlashCommands,
    /// Somebody clicked or chose something.
    Interactive,
}

/// That something is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// How often it was.
    pub attempt: u64,
    /// Why, such as `timeout`.
    pub reason: String,
}

/// What is answered to an envelope once it is stored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ack {
    /// What the person sees at once; nothing, as a rule.
    pub payload: Option<Value>,
}

/// Why a frame cannot be read. Nothing of the frame is repeated.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// No JSON, or nested too deeply.
    #[error("it is no JSON that can be read: {0}")]
    Json(#[from] serde_json::Error),
    /// JSON of something else.
    #[error("it is no JSON object")]
    NoObject,
    /// Nothing says what it is.
    #[error("it has no `type`")]
    NoType,
    /// It could not be acknowledged.
    #[error("it has no `envelope_id`")]
    NoId,
}

impl Frame {
    /// Reads a frame.
    pub fn read(text: &str) -> Result<Frame, Unreadable> {
        let Value::Object(mut frame) = serde_json::from_str(text)? else {
            return Err(Unreadable::NoObject);
        };
        let name = text_of(&frame, "type")
            .ok_or(Unreadable::NoType)?
            .to_owned();
        let kind = match name.as_str() {
            "hello" => return Ok(Frame::Hello(Hello::of(&frame))),
            "disconnect" => {
                return Ok(Frame::Disconnect {
                    reason: Reason::of(text_of(&frame, "reason").unwrap_or_default()),
                    host: host_of(&frame),
                });
            }
            "events_api" => Kind::EventsApi,
            "slash_commands" => Kind::SlashCommands,
            "interactive" => Kind::Interactive,
            _ => {
                return Ok(Frame::Unknown {
                    name: printable::short(&name),
                    envelope_id: text_of(&frame, "envelope_id").map(str::to_owned),
                });
            }
        };
        Ok(Frame::Envelope(Envelope {
            id: text_of(&frame, "envelope_id")
                .ok_or(Unreadable::NoId)?
                .to_owned(),
            kind,
            accepts_answer: frame.get("accepts_response_payload") == Some(&Value::Bool(true)),
            retry: Retry::of(&frame),
            payload: frame.remove("payload").unwrap_or_default(),
        }))
    }
}

impl Hello {
    fn of(frame: &Map<String, Value>) -> Hello {
        Hello {
            host: host_of(frame),
            sockets: frame.get("num_connections").and_then(number),
        }
    }
}

impl Reason {
    fn of(name: &str) -> Reason {
        match name {
            "link_disabled" => Reason::SwitchedOff,
            "too_many_websockets" => Reason::TooMany,
            other => Reason::Refresh(printable::short(other)),
        }
    }
}

impl Retry {
    fn of(frame: &Map<String, Value>) -> Option<Retry> {
        let attempt = frame.get("retry_attempt").and_then(number)?;
        (attempt > 0).then(|| Retry {
            attempt,
            reason: printable::short(text_of(frame, "retry_reason").unwrap_or_default()),
        })
    }
}

impl Ack {
    /// The frame that acknowledges an envelope.
    pub fn frame(self, envelope_id: &str) -> String {
        match self.payload {
            Some(payload) => json!({ "envelope_id": envelope_id, "payload": payload }),
            None => json!({ "envelope_id": envelope_id }),
        }
        .to_string()
    }
}

/// Without what people wrote, which has no place in a log.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

fn text_of<'a>(frame: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    frame.get(key)?.as_str().filter(|text| !text.is_empty())
}

fn host_of(frame: &Map<String, Value>) -> String {
    let host = frame.get("debug_info").and_then(|info| info.get("host"));
    printable::short(host.and_then(Value::as_str).unwrap_or("an unnamed host"))
}

fn number(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}
