//! The workspace, and the logs of what has happened in it.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::behaviour::Behaviour;
use super::channel::{Channel, Place};
use super::delivery::{Kind, Office, Parcel};
use super::hooks::{HttpDelivery, Target};
use super::message::{Ephemeral, File};
use super::people::{Group, User};
use super::respond::ResponseUrl;
use super::shared::Post;
use super::ts::Ts;
use super::{APP, BOT_USER, TEAM};

/// A call of the Web API that arrived.
#[derive(Debug, Clone)]
pub struct Call {
    /// Such as `chat.postMessage`.
    pub method: String,
    /// What was sent, as JSON whatever it was sent as.
    pub arguments: Arc<Value>,
    /// The error that was answered, if any.
    pub error: Option<String>,
    /// When it was answered.
    pub at: Instant,
}

pub(super) struct State {
    /// `http://127.0.0.1:PORT`.
    pub(super) url: String,
    /// `ws://127.0.0.1:PORT`.
    pub(super) socket_url: String,
    pub(super) behaviour: Behaviour,
    pub(super) office: Office,
    pub(super) users: BTreeMap<String, User>,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) channels: BTreeMap<String, Channel>,
    pub(super) ephemerals: Vec<Ephemeral>,
    pub(super) files: Vec<File>,
    pub(super) tickets: HashSet<String>,
    pub(super) response_urls: HashMap<String, ResponseUrl>,
    /// Method, error, and how often still.
    pub(super) refusals: Vec<(String, String, usize)>,
    pub(super) calls: VecDeque<Call>,
    pub(super) counts: HashMap<String, u64>,
    pub(super) overrun: u64,
    pub(super) pongs: u64,
    /// Where HTTP mode sends to; socket mode when there is nothing.
    pub(super) target: Option<Target>,
    pub(super) deliveries: VecDeque<HttpDelivery>,
    pub(super) under_way: usize,
    /// What is to be sent when the lock is given back.
    pub(super) outgoing: Vec<Parcel>,
    pub(super) posted: Vec<Post>,
    pub(super) heard: bool,
    pub(super) last: Ts,
    pub(super) order: u64,
    numbers: u64,
}

impl State {
    pub(super) fn new(url: String, socket_url: String, seed: u64) -> State {
        let bot = User {
            id: BOT_USER.to_owned(),
            name: "witbot".to_owned(),
            kind: super::people::Kind::Bot,
            deleted: false,
        };
        State {
            url,
            socket_url,
            behaviour: Behaviour::default(),
            office: Office::new(seed),
            users: BTreeMap::from([(bot.id.clone(), bot)]),
            groups: BTreeMap::new(),
            channels: BTreeMap::new(),
            ephemerals: Vec::new(),
            files: Vec::new(),
            tickets: HashSet::new(),
            response_urls: HashMap::new(),
            refusals: Vec::new(),
            calls: VecDeque::new(),
            counts: HashMap::new(),
            overrun: 0,
            pongs: 0,
            target: None,
            deliveries: VecDeque::new(),
            under_way: 0,
            outgoing: Vec::new(),
            posted: Vec::new(),
            heard: false,
            last: Ts(0),
            order: 0,
            // Ids that an earlier stand-in gave out are not given out again.
            numbers: Ts(0).next().0,
        }
    }

    /// A number that was not given out before.
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// The next timestamp.
    pub(super) fn ts(&mut self) -> Ts {
        self.last = self.last.next();
        self.last
    }

    /// The place of what becomes visible now.
    pub(super) fn next_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    /// A trigger id, by its looks.
    pub(super) fn trigger_id(&mut self) -> String {
        let number = self.number();
        format!("{number}.47445629121.803a0bc887a14d10d2c447fce8b6703c")
    }

    /// The direct channel with a person, which may be new.
    pub(super) fn direct(&mut self, user: &str) -> String {
        let id = format!("D{}", &user[1..]);
        self.channels.entry(id.clone()).or_insert_with(|| Channel {
            id: id.clone(),
            name: String::new(),
            place: Place::Direct,
            archived: false,
            shared: false,
            members: [user.to_owned(), BOT_USER.to_owned()].into(),
            messages: BTreeMap::new(),
            threads: HashMap::new(),
            budget: super::channel::Budget::default(),
        });
        id
    }

    /// Tells the bot that something happened. The id of the event comes back.
    pub(super) fn event(&mut self, body: &Value, time: Ts) -> String {
        let key = format!("Ev{:X}", self.number());
        let shared = body["channel"]
            .as_str()
            .and_then(|id| self.channels.get(id))
            .is_some_and(|channel| channel.shared);
        // Written by hand, as a copy of the event for each would be most of the work.
        let authorization = format!(
            r#"{{"enterprise_id":null,"team_id":"{TEAM}","user_id":"{BOT_USER}","is_bot":true,"is_enterprise_install":false}}"#
        );
        let payload = format!(
            r#"{{"token":"of-old-times","team_id":"{TEAM}","context_team_id":"{TEAM}","context_enterprise_id":null,"api_app_id":"{APP}","event":{body},"type":"event_callback","event_id":"{key}","event_time":{},"authorizations":[{authorization}],"is_ext_shared_channel":{shared},"event_context":"4-stand-in"}}"#,
            time.seconds()
        );
        self.outgoing.push(Parcel {
            kind: Kind::Event,
            key: key.clone(),
            payload: payload.into(),
        });
        key
    }

    /// An event that needs a scope to be heard.
    pub(super) fn event_for(&mut self, scope: &str, body: &Value) {
        if self.behaviour.has(scope) {
            let time = self.ts();
            self.event(body, time);
        }
    }

    /// Takes the acknowledgement of an envelope. What comes with that of a command is shown to whoever gave it.
    pub(super) fn acknowledge(&mut self, envelope: &str, payload: Value) {
        let Some(ack) = self.office.acknowledge(envelope, payload, &self.behaviour) else {
            return;
        };
        if ack.kind == Kind::Command && ack.payload.is_object() {
            self.respond(&ack.key, &ack.payload);
        }
    }

    /// Keeps a call in the log.
    pub(super) fn log(&mut self, method: &str, arguments: Arc<Value>, error: Option<String>) {
        match self.counts.get_mut(method) {
            Some(count) => *count += 1,
            None => {
                self.counts.insert(method.to_owned(), 1);
            }
        }
        let call = Call {
            method: method.to_owned(),
            arguments,
            error,
            at: Instant::now(),
        };
        super::keep(&mut self.calls, call, self.behaviour.kept_max);
    }

    /// How things stand, for whoever has waited in vain.
    pub(super) fn summary(&self) -> String {
        let (unacknowledged, waiting) = self.office.unacknowledged();
        let messages = |channel: &Channel| {
            let last = channel.messages.values().rev().take(5);
            let texts: Vec<&str> = last.map(|message| message.text()).collect();
            format!(
                "{} {}: {} messages, the last {texts:?}",
                channel.id,
                channel.name,
                channel.messages.len()
            )
        };
        format!(
            "{} sockets, {unacknowledged} envelopes not acknowledged, {waiting} events waiting, {:?}; calls {:?}; \
             channels {:#?}; last errors {:?}",
            self.office.sockets().len(),
            self.office.counts,
            self.counts,
            self.channels.values().map(messages).collect::<Vec<_>>(),
            self.last_errors(),
        )
    }

    fn last_errors(&self) -> Vec<String> {
        let failed = self.calls.iter().rev().filter(|call| call.error.is_some());
        let shown = |call: &Call| format!("{} {:?}", call.method, call.error);
        failed.take(5).map(shown).collect()
    }

    /// Forgets response URLs that are too old to be used.
    pub(super) fn sweep(&mut self, age_max: Duration) {
        self.response_urls
            .retain(|_, url| url.made.elapsed() <= age_max);
    }
}
