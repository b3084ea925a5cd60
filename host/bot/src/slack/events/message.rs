//! What people write. A mention in a channel that the bot is in comes twice, as `message` and as `app_mention`: both come
//! to the same event, so whichever is the first is the one.

use serde_json::Value;
use witbot_core::chat::Standing;
use witbot_core::event::{Body, Message, MessageId, Place, User};
use witbot_core::ids::{ChannelId, UnixMillis};

use super::{Changed, Meaning, Reader, cut, event, id, is_direct, parsed, text};
use crate::slack::incoming::{Incoming, Written};

/// Slack's own bot, which is the only one that looks like a person.
const SLACKBOT: &str = "USLACKBOT";

impl Reader<'_> {
    pub(super) fn message(&self, payload: &Value, at: UnixMillis) -> Result<Meaning, String> {
        let said = &payload["event"];
        if let Some("channel_convert_to_private" | "channel_convert_to_public") =
            text(said, "subtype")
        {
            let channel = parsed(text(said, "channel"), "channel")?;
            return Ok(Meaning::Changed(Changed::Channel(channel)));
        }
        if let Some(reason) = not_said(said) {
            return Ok(Meaning::Nothing(reason));
        }
        if self.is_ours(payload) {
            return Ok(Meaning::Nothing("the bot said it itself"));
        }
        let is_bot = is_bot(said);
        if is_bot && !self.is_allowed(said) {
            return Ok(Meaning::Nothing(
                "another bot said it, and none is listened to that is not in the settings",
            ));
        }
        let standing = match is_bot {
            true => Standing::Bot,
            false => self.standing([
                text(said, "user_team"),
                text(said, "source_team"),
                text(said, "team"),
                text(&said["user_profile"], "team"),
            ]),
        };
        // Bots that are as old as Slack have no user id.
        let author = text(said, "user").or_else(|| text(said, "bot_id").filter(|_| is_bot));
        let channel: ChannelId = parsed(text(said, "channel"), "channel")?;
        let ts = ts(said, "ts")?.ok_or("it has no `ts`")?;
        let thread = self::ts(said, "thread_ts")?.filter(|root| *root != ts);
        let user = User {
            id: parsed(author, "user")?,
            name: None,
            standing,
        };
        let direct = text(said, "channel_type") == Some("im") || is_direct(&channel);
        let key = format!("message:{}:{channel}:{ts}", self.identity.team);
        let place = Place {
            channel,
            thread: thread.map(|root| MessageId::Theirs(root.to_owned())),
        };
        let Some(message) = self.heard(said, user, place, direct, ts) else {
            return Ok(Meaning::Nothing("it has no text"));
        };
        Ok(Meaning::Events(vec![event(
            key,
            at,
            Body::Message(message),
        )]))
    }

    /// None if nothing is said: a file alone is nothing that the bot could answer, not even in a direct message.
    fn heard(
        &self,
        said: &Value,
        user: User,
        place: Place,
        direct: bool,
        ts: &str,
    ) -> Option<Message> {
        let encoded = text(said, "text").unwrap_or_default();
        let fallbacks = fallbacks(said);
        if encoded.trim().is_empty() && (direct || fallbacks.is_empty()) {
            return None;
        }
        let Incoming {
            text,
            addressed,
            whole,
        } = self.incoming(Written {
            text: cut(encoded),
            fallbacks: &fallbacks,
            direct,
        });
        (addressed || !text.is_empty() || whole.is_some()).then(|| Message {
            user,
            place,
            text,
            addressed,
            whole,
            id: Some(ts.to_owned()),
            direct,
            card: None,
        })
    }

    /// Slack sends us what we say, too. Were it answered, the bot would talk to itself.
    fn is_ours(&self, payload: &Value) -> bool {
        let said = &payload["event"];
        let our_app = text(payload, "api_app_id");
        text(said, "user") == Some(&self.identity.user)
            || is_one(text(said, "bot_id"), self.identity.bot.as_deref())
            || apps(said).any(|app| Some(app) == our_app)
    }

    fn is_allowed(&self, said: &Value) -> bool {
        let ids = [text(said, "bot_id"), text(said, "user")];
        let mut ids = ids.into_iter().flatten().chain(apps(said));
        ids.any(|id| self.bots.iter().any(|bot| bot == id))
    }
}

/// Why a message is nothing that somebody said now.
fn not_said(said: &Value) -> Option<&'static str> {
    if said["hidden"] == Value::Bool(true) {
        return Some("it is hidden");
    }
    match text(said, "subtype") {
        None | Some("bot_message" | "file_share" | "me_message" | "thread_broadcast") => {}
        Some("message_changed") => return Some("a message was edited, which runs no command"),
        Some("message_deleted") => return Some("a message was deleted"),
        Some(_) => return Some("it is a notice, and not something that somebody said"),
    }
    // A mention that is added to an old message comes as one of its own.
    (!said["edited"].is_null()).then_some("a message was edited, which runs no command")
}

/// What attachments say in a word.
fn fallbacks(said: &Value) -> Vec<&str> {
    let attachments = said["attachments"].as_array().into_iter().flatten();
    attachments
        .filter_map(|one| text(one, "fallback"))
        .collect()
}

fn is_bot(said: &Value) -> bool {
    text(said, "bot_id").is_some()
        || said["bot_profile"].is_object()
        || text(said, "subtype") == Some("bot_message")
        || text(said, "user") == Some(SLACKBOT)
}

fn apps(said: &Value) -> impl Iterator<Item = &str> {
    [text(said, "app_id"), text(&said["bot_profile"], "app_id")]
        .into_iter()
        .flatten()
}

fn is_one(found: Option<&str>, ours: Option<&str>) -> bool {
    found.is_some() && found == ours
}

/// The time of a message, which is also its id in its channel.
fn ts<'v>(value: &'v Value, key: &str) -> Result<Option<&'v str>, String> {
    let Some(found) = text(value, key) else {
        return Ok(None);
    };
    let found = id(Some(found), key)?;
    let plain = found
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    match plain {
        true => Ok(Some(found)),
        false => Err(format!("its `{key}` is none")),
    }
}
