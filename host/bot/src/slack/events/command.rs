//! Slash commands. They do not work in threads, where Slack sends none.

use serde_json::Value;
use witbot_core::chat::Standing;
use witbot_core::event::{Body, Message, Place, User};
use witbot_core::ids::{ChannelId, UnixMillis};

use super::{Meaning, Reader, cut, event, id, parsed, text};
use crate::slack::incoming::Written;

impl Reader<'_> {
    pub(super) fn command(&self, payload: &Value, at: UnixMillis) -> Result<Meaning, String> {
        // Slack looks now and then whether the certificate of the server is good.
        if text(payload, "ssl_check").is_some() {
            return Ok(Meaning::Nothing("Slack checks the certificate"));
        }
        if !self.is_command_for_us(payload) {
            return Ok(Meaning::Elsewhere);
        }
        let key = format!("command:{}", id(text(payload, "trigger_id"), "trigger_id")?);
        let channel: ChannelId = parsed(text(payload, "channel_id"), "channel_id")?;
        let user = User {
            id: parsed(text(payload, "user_id"), "user_id")?,
            name: None,
            // Nobody else has the command.
            standing: Standing::Member,
        };
        // Slash commands can be typed in any conversation, also in one that others have with each other.
        let direct = (self.direct)(&user.id).is_some_and(|ours| ours == channel);
        let typed = text(payload, "text").filter(|typed| !typed.trim().is_empty());
        // Whoever types the command alone wants to know what can be typed behind it.
        let incoming = self.incoming(Written {
            text: cut(typed.unwrap_or("help")),
            fallbacks: &[],
            direct: true,
        });
        let message = Message {
            direct,
            whole: incoming.whole,
            ..Message::to_bot(
                user,
                Place {
                    channel,
                    thread: None,
                },
                incoming.text,
            )
        };
        Ok(Meaning::Events(vec![event(
            key,
            at,
            Body::Message(message),
        )]))
    }
}
