//! What Slack tells us, in our own words: who said what where, who pressed which button, whose name changed.
//!
//! Plain functions from JSON to values, and nothing is done here. Only the fields in use are looked at, and a strange one
//! is as good as none: what were refused for a detail would be lost, as Slack sends it no third time.
//!
//! `message` is what people write, `command` what they write behind a slash, `action` what they press, `news` is what
//! Slack itself has to say, and `origin` tells which of it is for us.

mod action;
mod command;
mod message;
mod news;
mod origin;

#[cfg(test)]
mod tests;

use std::str::FromStr;

use serde_json::Value;
use witbot_core::address::Names;
use witbot_core::event::{Body, Event, Source};
use witbot_core::ids::{ChannelId, UnixMillis, UserId};
use witbot_core::{limits, printable};

use super::envelope::Kind;
use super::incoming::{self, Incoming, Written};

/// Who the bot is to Slack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The workspace that it is in.
    pub team: String,
    /// The organisation that the workspace belongs to, if it does.
    pub enterprise: Option<String>,
    /// Whether it is in all workspaces of the organisation, with the same token.
    pub organisation_wide: bool,
    /// The bot as somebody who can be mentioned.
    pub user: String,
    /// The bot as the author of its messages.
    pub bot: Option<String>,
}

/// Reads what Slack sends.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// Who the bot is.
    pub identity: &'a Identity,
    /// What people call it.
    pub name: &'a str,
    /// What else they call it.
    pub alias: Option<&'a str>,
    /// The other bots that are listened to, each by its bot, app or user id.
    pub bots: &'a [String],
    /// The name of a person, a group or a channel by its id, as far as it is known without asking Slack.
    pub called: &'a (dyn Fn(&str) -> Option<String> + Send + Sync),
    /// The conversation of a person with the bot, as far as it is known without asking Slack.
    pub direct: &'a (dyn Fn(&UserId) -> Option<ChannelId> + Send + Sync),
}

/// What something that Slack sends comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// Something to be stored and acted on. More than one only if several buttons were pressed at once.
    Events(Vec<Event>),
    /// What was known of somebody or something is so no longer.
    Changed(Changed),
    /// A warning for the operator.
    Warning(String),
    /// The operator has to do something, or the bot is of no use.
    Trouble(String),
    /// Something that is not known here, by the name that Slack has for it.
    Unknown(String),
    /// Somebody wants something of the bot in a workspace that is not its own.
    Elsewhere,
    /// Something that is known, and is not for the bot. Why.
    Nothing(&'static str),
}

/// What has to be asked for again when it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// A person.
    User(UserId),
    /// A channel: its name, or whether the bot is in it.
    Channel(ChannelId),
    /// The groups of people, and who is in them.
    Groups,
    /// Whether a channel is shared with another organisation, as a message in it says.
    Shared(ChannelId, bool),
}

/// Why something cannot be read, for the log. What somebody wrote is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} from Slack cannot be read: {reason}")]
pub struct Unreadable {
    what: String,
    reason: String,
}

/// The most of an id or a time: Slack's own have at most 70 characters.
const ID_CHARS_MAX: usize = 200;

impl<'a> Reader<'a> {
    /// What a payload comes to. It is the same whether it came over a socket or by HTTP.
    pub fn read(&self, kind: Kind, payload: &Value, at: UnixMillis) -> Result<Meaning, Unreadable> {
        let what = what(kind, payload);
        let read = match kind {
            Kind::EventsApi => self.callback(payload, at),
            Kind::SlashCommands => self.command(payload, at),
            Kind::Interactive => self.interaction(payload, at),
        };
        read.map_err(|reason| Unreadable { what, reason })
    }

    fn callback(&self, payload: &Value, at: UnixMillis) -> Result<Meaning, String> {
        if !payload.is_object() {
            return Err("it is no JSON object".to_owned());
        }
        // The one that has nothing within it.
        if text(payload, "type") == Some("app_rate_limited") {
            return Ok(news::rate_limited(payload));
        }
        let event = &payload["event"];
        let kind = text(event, "type").ok_or("its event has no `type`")?;
        if !self.is_event_for_us(payload) {
            return Ok(Meaning::Nothing(
                "it is for another workspace that has the same app",
            ));
        }
        match kind {
            "message" | "app_mention" => self.message(payload, at),
            _ => self.news(kind, event),
        }
    }

    /// Whether the channel that something was said in is shared with another organisation: each message says it, and is
    /// fresher than what Slack was asked for before.
    pub fn sharing(&self, kind: Kind, payload: &Value) -> Option<Changed> {
        let event = &payload["event"];
        let said = kind == Kind::EventsApi
            && matches!(text(event, "type"), Some("message" | "app_mention"));
        if !said || !self.is_event_for_us(payload) {
            return None;
        }
        let channel = parsed(text(event, "channel"), "channel").ok()?;
        let shared = payload["is_ext_shared_channel"].as_bool()?;
        Some(Changed::Shared(channel, shared))
    }

    /// What was said.
    fn incoming(&self, written: Written<'_>) -> Incoming {
        incoming::read(written, self.names(), self.called)
    }

    fn names(&self) -> Names<'a> {
        Names {
            name: self.name,
            alias: self.alias,
            id: Some(&self.identity.user),
        }
    }
}

fn event(key: String, at: UnixMillis, body: Body) -> Event {
    Event {
        source: Source::Slack,
        key,
        received: at,
        body,
    }
}

/// What is read, for a line of the log.
fn what(kind: Kind, payload: &Value) -> String {
    match kind {
        Kind::EventsApi => {
            let name =
                printable::short(text(&payload["event"], "type").unwrap_or("without a type"));
            let id = printable::short(text(payload, "event_id").unwrap_or("without an id"));
            format!("the event {id} ({name})")
        }
        Kind::SlashCommands => "a slash command".to_owned(),
        Kind::Interactive => {
            let name = printable::short(text(payload, "type").unwrap_or("without a type"));
            format!("an interaction ({name})")
        }
    }
}

/// A text that is there and says something.
fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value[key].as_str().filter(|text| !text.is_empty())
}

/// A field that must be there, of our own type.
fn parsed<T: FromStr>(found: Option<&str>, key: &str) -> Result<T, String> {
    let found = found.ok_or_else(|| format!("it has no `{key}`"))?;
    found.parse().map_err(|_| format!("its `{key}` is none"))
}

/// A field that must be there and becomes a part of a key.
fn id<'v>(found: Option<&'v str>, key: &str) -> Result<&'v str, String> {
    let found = found.ok_or_else(|| format!("it has no `{key}`"))?;
    let plain = found.len() <= ID_CHARS_MAX && found.chars().all(|c| c.is_ascii_graphic());
    plain
        .then_some(found)
        .ok_or_else(|| format!("its `{key}` is none"))
}

/// Conversations of two are the channels whose ids begin with a D. Where Slack sends what is written or pressed in one,
/// the bot is one of the two.
fn is_direct(channel: &ChannelId) -> bool {
    channel.as_str().starts_with('D')
}

/// What is read of something that was said, as on the console.
fn cut(text: &str) -> &str {
    let end = text.char_indices().nth(limits::INPUT_CHARS_MAX);
    end.map_or(text, |(end, _)| &text[..end])
}
