//! Buttons and menus. Those of a card say a command, those of a question answer it.

use serde_json::Value;
use witbot_core::event::{Body, Click, Message, MessageId, Place, User};
use witbot_core::ids::{CallId, ChannelId, UnixMillis};

use super::{Meaning, Reader, cut, event, id, is_direct, parsed, text};
use crate::slack::blocks::{ANSWER, COMMAND};

impl Reader<'_> {
    pub(super) fn interaction(&self, payload: &Value, at: UnixMillis) -> Result<Meaning, String> {
        match text(payload, "type") {
            Some("block_actions") => {}
            Some(_) => return Ok(Meaning::Nothing("the bot has no such surface")),
            None => return Err("it has no `type`".to_owned()),
        }
        let ours: Vec<Pressed<'_>> = payload["actions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Pressed::read)
            .collect();
        if ours.is_empty() {
            return Ok(Meaning::Nothing("none of its buttons asks for anything"));
        }
        if !self.is_interaction_for_us(payload) {
            return Ok(Meaning::Elsewhere);
        }
        let trigger = id(text(payload, "trigger_id"), "trigger_id")?;
        let events = ours.into_iter().map(|pressed| {
            let key = format!("interaction:{trigger}:{}", pressed.action);
            Ok(event(key, at, self.pressed(payload, pressed)?))
        });
        events.collect::<Result<_, String>>().map(Meaning::Events)
    }

    fn pressed(&self, payload: &Value, pressed: Pressed<'_>) -> Result<Body, String> {
        let person = &payload["user"];
        let team = text(person, "team_id").or_else(|| text(&payload["team"], "id"));
        let user = User {
            id: parsed(text(person, "id"), "user")?,
            name: None,
            standing: self.standing([team]),
        };
        let message: CallId = parsed(Some(pressed.message), "block_id")?;
        let value = pressed.value.ok_or("its button has no value")?;
        let stands = stands(payload)?;
        if !pressed.is_command {
            return Ok(Body::Click(Click {
                user,
                place: stands,
                message,
                choice: value.to_owned(),
            }));
        }
        let direct = is_direct(&stands.channel);
        let place = Place {
            thread: stands.thread.or_else(|| own_thread(payload)),
            ..stands
        };
        let said = Message {
            direct,
            card: Some(message),
            ..Message::to_bot(user, place, cut(value.trim()))
        };
        Ok(Body::Message(said))
    }
}

/// A button or a menu of ours.
struct Pressed<'a> {
    action: &'a str,
    is_command: bool,
    /// The message that it belongs to.
    message: &'a str,
    value: Option<&'a str>,
}

impl<'a> Pressed<'a> {
    /// None if it is a link, or not of ours.
    fn read(action: &'a Value) -> Option<Pressed<'a>> {
        let name = id(text(action, "action_id"), "action_id").ok()?;
        let command = name.strip_prefix(COMMAND);
        let number = command.or_else(|| name.strip_prefix(ANSWER))?;
        if !is_number(number) {
            return None;
        }
        let (message, number) = text(action, "block_id")?.rsplit_once('.')?;
        is_number(number).then_some(Pressed {
            action: name,
            is_command: command.is_some(),
            message,
            value: text(action, "value").or_else(|| text(&action["selected_option"], "value")),
        })
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Where the message with the button stands.
fn stands(payload: &Value) -> Result<Place, String> {
    let container = &payload["container"];
    let channel = text(&payload["channel"], "id").or_else(|| text(container, "channel_id"));
    let channel: ChannelId = parsed(channel, "channel")?;
    let root = text(container, "thread_ts").or_else(|| text(&payload["message"], "thread_ts"));
    let thread = root.map(|root| id(Some(root), "thread_ts")).transpose()?;
    Ok(Place {
        channel,
        thread: thread.map(|root| MessageId::Theirs(root.to_owned())),
    })
}

/// The thread that hangs from the message itself: what its buttons do is answered there. What only one person sees can
/// have no thread.
fn own_thread(payload: &Value) -> Option<MessageId> {
    let container = &payload["container"];
    if container["is_ephemeral"] == Value::Bool(true) {
        return None;
    }
    let ts = text(container, "message_ts").or_else(|| text(&payload["message"], "ts"));
    let ts = id(ts, "message_ts").ok()?;
    Some(MessageId::Theirs(ts.to_owned()))
}
