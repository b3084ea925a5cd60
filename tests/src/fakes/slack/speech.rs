//! What is said in channels, and what the bot hears of it.

use std::time::Instant;

use serde_json::{Value, json};

use super::channel::Place;
use super::message::{Message, Sender, Version};
use super::shared::Post;
use super::state::State;
use super::ts::Ts;
use super::{BOT_USER, limits};

/// What a message says.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) blocks: Value,
    pub(super) attachments: Value,
    pub(super) metadata: Value,
}

/// A message that is about to be posted.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) user: String,
    pub(super) said: Said,
    pub(super) root: Option<Ts>,
    pub(super) files: Vec<String>,
}

impl State {
    /// Puts a message into a channel, which must exist, and tells the bot. The message as JSON comes back.
    pub(super) fn publish(&mut self, channel: &str, mut draft: Draft) -> (Ts, Value) {
        let at = self.ts();
        draft.said.fill_ids(at);
        let Some(user) = self.users.get(&draft.user) else {
            panic!("there is no user {}", draft.user)
        };
        let sender = Sender::of(user);
        let ours = draft.user == BOT_USER;
        if ours && self.heard {
            self.posted.push(Post {
                channel: channel.to_owned(),
                ts: at.to_string(),
                thread_ts: draft.root.map(|root| root.to_string()),
                text: draft.said.text.clone(),
            });
        }
        let message = Message {
            ts: at.to_string(),
            thread_ts: draft.root.map(|root| root.to_string()),
            user: draft.user,
            ours,
            versions: vec![self.version(draft.said, at)],
            deleted: None,
            reactions: Vec::new(),
            files: draft.files,
            at,
            root: draft.root,
            sender,
        };
        let json = message.json();
        self.hear(channel, &message, &json);
        let kept_max = self.behaviour.kept_max;
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.add(message, kept_max);
        }
        (at, json)
    }

    /// The events that a new message is worth.
    fn hear(&mut self, channel: &str, message: &Message, json: &Value) {
        let Some(place) = self.heard_in(channel) else {
            return;
        };
        let mut body = json.clone();
        body["channel"] = json!(channel);
        body["event_ts"] = json!(message.ts);
        if message.sender.bot.is_none() {
            body["client_msg_id"] = json!(format!("{:032x}", message.at.0));
        }
        // The metadata is in an event of its own.
        if let Some(fields) = body.as_object_mut() {
            fields.remove("metadata");
        }
        body["channel_type"] = json!(place.channel_type());
        if self.behaviour.has(place.history_scope()) && (self.behaviour.echo || !message.ours) {
            self.event(&body, message.at);
        }
        let mentioned = place != Place::Direct && !message.ours && mentions_bot(message.text());
        if mentioned && self.behaviour.has("app_mentions:read") {
            body["type"] = json!("app_mention");
            if let Some(fields) = body.as_object_mut() {
                fields.remove("channel_type");
            }
            self.event(&body, message.at);
        }
    }

    /// The sort of place that a channel is, if the bot is in it.
    fn heard_in(&self, channel: &str) -> Option<Place> {
        let channel = self.channels.get(channel)?;
        channel.has_bot().then_some(channel.place)
    }

    /// Changes what a message says, and tells the bot. The message as JSON comes back.
    pub(super) fn revise(&mut self, channel: &str, ts: &str, mut said: Said) -> Option<Value> {
        let edited = self.ts();
        said.fill_ids(edited);
        let version = self.version(said, edited);
        let message = self.channels.get_mut(channel)?.find_mut(ts)?;
        let before = message.json();
        message.versions.push(version);
        let (after, ours) = (message.json(), message.ours);
        if self.behaviour.echo || !ours {
            let body = json!({
                "type": "message",
                "subtype": "message_changed",
                "hidden": true,
                "message": after,
                "previous_message": before,
            });
            self.tell_hidden(channel, body, edited);
        }
        Some(after)
    }

    /// Takes a message away, and tells the bot.
    pub(super) fn remove(&mut self, channel: &str, ts: &str) -> Option<()> {
        let message = self.channels.get_mut(channel)?.find_mut(ts)?;
        message.deleted = Some(Instant::now());
        let (before, ours) = (message.json(), message.ours);
        let deleted = self.ts();
        if self.behaviour.echo || !ours {
            let body = json!({
                "type": "message",
                "subtype": "message_deleted",
                "hidden": true,
                "deleted_ts": ts,
                "previous_message": before,
            });
            self.tell_hidden(channel, body, deleted);
        }
        Some(())
    }

    fn tell_hidden(&mut self, channel: &str, mut body: Value, at: Ts) {
        let Some(place) = self.heard_in(channel) else {
            return;
        };
        body["channel"] = json!(channel);
        body["ts"] = json!(at.to_string());
        body["event_ts"] = json!(at.to_string());
        body["channel_type"] = json!(place.channel_type());
        if self.behaviour.has(place.history_scope()) {
            self.event(&body, at);
        }
    }

    fn version(&mut self, said: Said, at: Ts) -> Version {
        Version {
            order: self.next_order(),
            shown: Instant::now(),
            text: said.text,
            blocks: said.blocks,
            attachments: said.attachments,
            metadata: said.metadata,
            at,
        }
    }
}

impl Said {
    /// The words of a person, with the blocks that Slack's editor makes of them.
    pub(super) fn by_person(text: &str) -> Said {
        let words = json!([{ "type": "text", "text": text }]);
        let section = json!([{ "type": "rich_text_section", "elements": words }]);
        Said {
            text: text.to_owned(),
            blocks: json!([{ "type": "rich_text", "elements": section }]),
            ..Said::default()
        }
    }

    pub(super) fn fill_ids(&mut self, at: Ts) {
        limits::fill_ids(&mut self.blocks, at.0);
        let attachments = self.attachments.as_array_mut().into_iter().flatten();
        for (attachment, number) in attachments.zip(1_u64..) {
            if let Some(fields) = attachment.as_object_mut() {
                fields.insert("id".to_owned(), json!(number));
                if let Some(blocks) = fields.get_mut("blocks") {
                    limits::fill_ids(blocks, at.0 + number);
                }
            }
        }
    }
}

/// Whether the bot is mentioned by its id.
fn mentions_bot(text: &str) -> bool {
    let mentions = text.match_indices("<@").map(|(at, _)| &text[at + 2..]);
    let mut named = mentions.filter_map(|rest| rest.strip_prefix(BOT_USER));
    named.any(|rest| rest.starts_with(['>', '|']))
}
