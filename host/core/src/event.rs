//! What wakes the bot, in our own words: a door turns whatever a service sends into one of these.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::chat::Standing;
use crate::ids::{CallId, ChannelId, UnixMillis, UserId};
use crate::policy::Origin;

/// An event as it is kept in the inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Which door it came through.
    pub source: Source,
    /// What the sender calls it; the same event sent again has the same key.
    pub key: String,
    /// When it was received.
    pub received: UnixMillis,
    /// What happened.
    pub body: Body,
}

/// The doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The terminal.
    Console,
    /// `POST /hooks/github`.
    Github,
    /// `POST /hooks/circleci`.
    Circleci,
    /// Slack, by a socket or by `POST /hooks/slack/…`.
    Slack,
    /// `POST /hooks/in/NAME`.
    Webhook,
    /// The clock.
    Schedule,
    /// The plugins folder: a new version of a plugin is about to take over.
    Reload,
    /// What plugins publish.
    Topic,
}

/// What the kinds of events begin with that plugins publish.
pub const TOPIC: &str = "topic.";

impl Source {
    /// The name in the inbox, and before the dot in the kind of a webhook.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Console => "console",
            Source::Github => "github",
            Source::Circleci => "circleci",
            Source::Slack => "slack",
            Source::Webhook => "webhook",
            Source::Schedule => "schedule",
            Source::Reload => "reload",
            Source::Topic => "topic",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// Somebody wrote something.
    Message(Message),
    /// Somebody answered a question by a button.
    Click(Click),
    /// A service told us something.
    Webhook(Webhook),
}

/// Something that somebody wrote in a chat, or said by pressing a button of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub user: User,
    /// Where.
    pub place: Place,
    /// What, without the bot's name where it was addressed by it.
    pub text: String,
    /// Whether it was meant for the bot.
    pub addressed: bool,
    /// All of it with the bot's name, where that is more than `text`: some listeners look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
    /// The message itself, by the chat service's id. Slash commands and pressed buttons have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether nobody but its author and the bot can read it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub direct: bool,
    /// The card whose button said it. Only the plugin of that card may answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CallId>,
}

impl Message {
    /// How it was said, at a door.
    pub fn origin(&self, source: Source) -> Origin {
        match source {
            Source::Console => Origin::Console,
            _ if self.card.is_some() => Origin::Button,
            // Only what is written has an id.
            _ if self.id.is_none() => Origin::Slash,
            _ => Origin::Message,
        }
    }

    /// Something that was said to the bot, in a chat that tells no more about it.
    pub fn to_bot(user: User, place: Place, text: impl Into<String>) -> Message {
        Message {
            user,
            place,
            text: text.into(),
            addressed: true,
            whole: None,
            id: None,
            direct: false,
            card: None,
        }
    }
}

/// An answer to a question, by a button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Click {
    /// Who pressed it.
    pub user: User,
    /// Where the question stands.
    pub place: Place,
    /// The question.
    pub message: CallId,
    /// What was chosen.
    pub choice: String,
}

/// A person. Decisions look at the id and the standing, never at the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id at the chat service.
    pub id: UserId,
    /// For showing only. None: the chat service has to be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How they belong to the workspace, as far as the event says it: guests look like members in it.
    #[serde(default)]
    pub standing: Standing,
}

impl User {
    /// A member with a name that is known.
    pub fn named(id: UserId, name: impl Into<String>) -> User {
        User {
            id,
            name: Some(name.into()),
            standing: Standing::Member,
        }
    }
}

/// Where in a chat something is said.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The channel.
    pub channel: ChannelId,
    /// The thread in it, if it is in one, by the message that it hangs from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<MessageId>,
}

/// A message in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageId {
    /// One that we wrote. It may not have been sent yet.
    Ours(CallId),
    /// One that somebody else wrote, by the chat service's id.
    Theirs(String),
}

/// Something that a service told us, by a webhook that was verified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    /// `github.deployment`, `circleci.workflow-completed`.
    pub kind: String,
    /// The repository or project that it is about.
    pub subject: String,
    /// All that it said.
    pub body: Value,
    /// How many events of topics stand between it and what came from outside: plugins that answer each other in topics
    /// would go on for ever.
    #[serde(default, skip_serializing_if = "is_first")]
    pub depth: u8,
}

fn is_first(depth: &u8) -> bool {
    *depth == 0
}

impl Body {
    /// The kind that waits and subscriptions name; chat messages have none.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Body::Message(_) | Body::Click(_) => None,
            Body::Webhook(hook) => Some(&hook.kind),
        }
    }
}

/// One value of a JSON document by pointer (RFC 6901): strings as they are, anything else as JSON.
pub fn field(document: &Value, pointer: &str) -> Option<String> {
    document.pointer(pointer).map(|value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}
