//! Channels and what is in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use serde_json::{Value, json};

use super::message::Message;
use super::ts::Ts;
use super::{BOT_USER, TEAM};

/// What sort of place a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Public,
    Private,
    Direct,
}

impl Place {
    /// The word for it in events.
    pub(super) fn channel_type(self) -> &'static str {
        match self {
            Place::Public => "channel",
            Place::Private => "group",
            Place::Direct => "im",
        }
    }

    /// The word for it in lists.
    pub(super) fn list_type(self) -> &'static str {
        match self {
            Place::Public => "public_channel",
            Place::Private => "private_channel",
            Place::Direct => "im",
        }
    }

    /// The scope that lets a bot read what is said there.
    pub(super) fn history_scope(self) -> &'static str {
        match self {
            Place::Public => "channels:history",
            Place::Private => "groups:history",
            Place::Direct => "im:history",
        }
    }

    /// The scope that lets a bot read what the place is.
    pub(super) fn read_scope(self) -> &'static str {
        match self {
            Place::Public => "channels:read",
            Place::Private => "groups:read",
            Place::Direct => "im:read",
        }
    }
}

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) archived: bool,
    pub(super) shared: bool,
    pub(super) members: BTreeSet<String>,
    /// Posting order, as timestamps only grow.
    pub(super) messages: BTreeMap<Ts, Message>,
    pub(super) threads: HashMap<Ts, Vec<Ts>>,
    pub(super) budget: Budget,
}

impl Channel {
    pub(super) fn has_bot(&self) -> bool {
        self.members.contains(BOT_USER)
    }

    /// The person in a direct channel.
    pub(super) fn person(&self) -> Option<&str> {
        let person = self.members.iter().find(|member| *member != BOT_USER);
        person
            .filter(|_| self.place == Place::Direct)
            .map(String::as_str)
    }

    /// Keeps a message, and forgets the oldest when there are too many.
    pub(super) fn add(&mut self, message: Message, kept_max: usize) {
        if let Some(root) = message.root {
            self.threads.entry(root).or_default().push(message.at);
        }
        self.messages.insert(message.at, message);
        while self.messages.len() > kept_max {
            if let Some((ts, _)) = self.messages.pop_first() {
                self.threads.remove(&ts);
            }
        }
    }

    /// A message that can be seen.
    pub(super) fn find(&self, ts: &str) -> Option<&Message> {
        let found = self.messages.get(&Ts::parse(ts)?)?;
        Some(found).filter(|message| message.deleted.is_none())
    }

    /// A message that can be seen.
    pub(super) fn find_mut(&mut self, ts: &str) -> Option<&mut Message> {
        let found = self.messages.get_mut(&Ts::parse(ts)?)?;
        Some(found).filter(|message| message.deleted.is_none())
    }

    /// The replies in a thread, oldest first.
    pub(super) fn replies(&self, root: Ts) -> Vec<&Message> {
        let listed = self.threads.get(&root).into_iter().flatten();
        listed
            .filter_map(|ts| self.messages.get(ts))
            .filter(|message| message.deleted.is_none())
            .collect()
    }

    pub(super) fn json(&self) -> Value {
        let mut channel = json!({
            "id": self.id,
            "created": 1_790_000_000,
            "creator": BOT_USER,
            "is_archived": self.archived,
            "is_im": self.place == Place::Direct,
            "is_org_shared": false,
            "updated": 1_795_000_000_000_u64,
        });
        let mut put = |name: &str, value: Value| channel[name] = value;
        if let Some(person) = self.person() {
            put("user", json!(person));
            put("is_open", json!(true));
            put("is_user_deleted", json!(false));
            put("priority", json!(0));
            return channel;
        }
        put("name", json!(self.name));
        put("name_normalized", json!(self.name));
        put("is_channel", json!(true));
        put("is_group", json!(false));
        put("is_mpim", json!(false));
        put("is_private", json!(self.place == Place::Private));
        put("is_general", json!(false));
        put("is_shared", json!(self.shared));
        put("is_ext_shared", json!(self.shared));
        put("is_pending_ext_shared", json!(false));
        put("is_member", json!(self.has_bot()));
        put("context_team_id", json!(TEAM));
        put("shared_team_ids", json!([TEAM]));
        put("num_members", json!(self.members.len()));
        for field in ["topic", "purpose"] {
            put(field, json!({ "value": "", "creator": "", "last_set": 0 }));
        }
        channel
    }
}

/// What is left of the posts that a channel takes.
#[derive(Debug, Default)]
pub(super) struct Budget(Option<(f64, Instant)>);

impl Budget {
    /// Takes one post from the budget, if there is one.
    pub(super) fn take(&mut self, per_second: f64, burst: u32) -> bool {
        let now = Instant::now();
        let burst = f64::from(burst.max(1));
        let left = self.0.map_or(burst, |(left, then)| {
            (left + now.duration_since(then).as_secs_f64() * per_second).min(burst)
        });
        let taken = left >= 1.0;
        self.0 = Some((if taken { left - 1.0 } else { left }, now));
        taken
    }
}
