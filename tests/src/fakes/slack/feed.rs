//! Everything that the bot has let be seen, in the order in which it could be seen.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Slack;
use super::channel::Channel;
use super::message::{Ephemeral, Message};
use super::ts::Ts;

/// Something that the bot let be seen: a new message, or a change of one.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The name of the channel with its sign; for a direct channel that of the person.
    pub channel: String,
    /// Whether it stands in a thread.
    pub in_thread: bool,
    /// Whether it is a change of a message.
    pub edited: bool,
    /// The only person who sees it; nobody when all do.
    pub alone: Option<String>,
    /// The raw text.
    pub text: String,
    /// The blocks; null when there are none.
    pub blocks: Value,
    /// The attachments; null when there are none.
    pub attachments: Value,
}

impl Slack {
    /// What the bot said and changed everywhere, and what it showed to single persons. What was deleted is there too.
    pub fn feed(&self) -> Vec<Seen> {
        let state = self.shared.lock();
        let names = state.names();
        let mut feed: BTreeMap<Ts, Seen> = BTreeMap::new();
        for channel in state.channels.values() {
            for message in channel.messages.values().filter(|message| message.ours) {
                feed.extend(versions(channel, message, &names));
            }
        }
        for shown in &state.ephemerals {
            let channel = state.place_of(&shown.channel);
            feed.extend(whispered(channel, shown, &names));
        }
        feed.into_values().collect()
    }

    /// What people call users, groups and channels, with their signs, by id.
    pub fn names(&self) -> BTreeMap<String, String> {
        self.shared.lock().names()
    }

    /// The newest message of the bot in a channel that has a button or an option of this name now.
    pub fn newest_with(&self, channel: &str, words: &str) -> Option<Message> {
        let has = |message: &Message| {
            let version = message.now();
            message.deleted.is_none()
                && [&version.blocks, &version.attachments]
                    .iter()
                    .any(|part| offers(part, words))
        };
        self.posts(channel).into_iter().rfind(has)
    }
}

impl super::state::State {
    fn names(&self) -> BTreeMap<String, String> {
        let users = self
            .users
            .values()
            .map(|user| (&user.id, format!("@{}", user.name)));
        let groups = self
            .groups
            .values()
            .map(|group| (&group.id, format!("@{}", group.handle)));
        let channels = self
            .channels
            .values()
            .map(|channel| (&channel.id, format!("#{}", channel.name)));
        let names = users.chain(groups).chain(channels);
        names.map(|(id, name)| (id.clone(), name)).collect()
    }
}

fn versions<'a>(
    channel: &'a Channel,
    message: &'a Message,
    names: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = (Ts, Seen)> + 'a {
    let first = message.versions[0].order;
    message.versions.iter().map(move |version| {
        let seen = Seen {
            channel: place(channel, names),
            in_thread: message.thread_ts.is_some(),
            edited: version.order != first,
            alone: None,
            text: version.text.clone(),
            blocks: version.blocks.clone(),
            attachments: version.attachments.clone(),
        };
        (version.at, seen)
    })
}

fn whispered(
    channel: &Channel,
    shown: &Ephemeral,
    names: &BTreeMap<String, String>,
) -> Option<(Ts, Seen)> {
    let seen = Seen {
        channel: place(channel, names),
        in_thread: shown.thread_ts.is_some(),
        edited: false,
        alone: names.get(&shown.user).cloned(),
        text: shown.text.clone(),
        blocks: shown.blocks.clone(),
        attachments: shown.attachments.clone(),
    };
    Some((Ts::parse(&shown.ts)?, seen))
}

fn place(channel: &Channel, names: &BTreeMap<String, String>) -> String {
    let name = channel.person().and_then(|person| names.get(person));
    name.cloned()
        .unwrap_or_else(|| format!("#{}", channel.name))
}

/// Whether there is something to press or choose of this name.
fn offers(value: &Value, words: &str) -> bool {
    match value {
        Value::Object(fields) => {
            let is_button = fields.get("type").is_some_and(|kind| kind == "button");
            let is_choice = is_button || fields.contains_key("value");
            let named = fields.get("text").is_some_and(|text| text["text"] == words);
            is_choice && named || fields.values().any(|value| offers(value, words))
        }
        Value::Array(values) => values.iter().any(|value| offers(value, words)),
        _ => false,
    }
}
