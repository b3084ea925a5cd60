//! What people do in the workspace, and what Slack does to the bot, at a test's word.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::actions::Trigger;
use super::behaviour::Behaviour;
use super::channel::{Budget, Channel, Place};
use super::delivery::{Order, disconnect};
use super::hooks::{Target, verify};
use super::people::{Group, Kind, User};
use super::shared::Post;
use super::speech::{Draft, Said};
use super::state::State;
use super::ts::Ts;
use super::{BOT_USER, OTHER_TEAM, SIGNING_SECRET, Slack, TEAM};
use crate::fakes::fault::{Fault, Trouble};

/// Why a socket is told to disconnect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It will soon be closed.
    Warning,
    /// It is to be replaced.
    RefreshRequested,
    /// Socket Mode was switched off.
    LinkDisabled,
    /// There are too many.
    TooManyWebsockets,
}

/// How it behaves, and what goes wrong.
impl Slack {
    /// Changes how it behaves from now on.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        self.shared.change(|state| change(&mut state.behaviour));
    }

    /// A fault of the next call of a method, to be injected. A `*` stands for any characters.
    pub fn fault(method: &str, trouble: Trouble) -> Fault {
        Fault::on("POST", &format!("/api/{method}"), trouble)
    }

    /// Puts a fault in the way of calls.
    pub fn inject(&self, fault: Fault) {
        self.shared.inject(fault);
    }

    /// Forgets the faults that have not befallen anything yet.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// Answers the next calls of a method with this error.
    pub fn refuse(&self, method: &str, error: &str, times: usize) {
        self.shared.refuse(method, error, times);
    }

    /// Takes back all refusals.
    pub fn clear_refusals(&self) {
        self.shared.clear_refusals();
    }

    /// Brings everything to a bot's request URLs from now on, signed, instead of to sockets.
    pub fn deliver_to(&self, bot: &str) {
        let target = target(bot);
        self.shared.change(|state| state.target = Some(target));
    }

    /// Whether a bot's request URL for events gives the challenge back.
    pub async fn verifies(&self, bot: &str) -> bool {
        verify(&self.shared, &target(bot)).await
    }

    /// Calls this for every post of the bot, at once: cheaper than [`Slack::until`] where there are thousands.
    pub fn on_post(&self, listener: impl Fn(&Post) + Send + Sync + 'static) {
        self.shared.listen(std::sync::Arc::new(listener));
    }
}

/// People and places.
impl Slack {
    /// Adds a person of the workspace. The id comes back.
    pub fn add_user(&self, name: &str) -> String {
        self.add_user_of(name, Kind::Member)
    }

    /// Adds a guest, a stranger or another bot. The id comes back.
    pub fn add_user_of(&self, name: &str, kind: Kind) -> String {
        let id = id_of('U', name);
        let user = User {
            id: id.clone(),
            name: name.to_owned(),
            kind,
            deleted: false,
        };
        self.shared
            .change(|state| state.users.insert(id.clone(), user));
        id
    }

    /// Adds a public channel that the bot is in. The id comes back.
    pub fn add_channel(&self, name: &str) -> String {
        self.add_place(name, Place::Public)
    }

    /// Adds a private channel that the bot is in. The id comes back.
    pub fn add_private_channel(&self, name: &str) -> String {
        self.add_place(name, Place::Private)
    }

    /// The channel of a person and the bot.
    pub fn direct(&self, user: &str) -> String {
        self.shared.change(|state| state.direct(user))
    }

    /// Adds a user group, or changes who is in it, and tells the bot. The id comes back.
    pub fn set_group(&self, handle: &str, users: &[&str]) -> String {
        let id = id_of('S', handle);
        let group = Group {
            id: id.clone(),
            handle: handle.to_owned(),
            users: users.iter().map(|user| (*user).to_owned()).collect(),
            disabled: false,
        };
        let body = json!({ "type": "subteam_updated", "subteam": group.json(true) });
        self.shared.change(|state| {
            state.groups.insert(id.clone(), group);
            state.event_for("usergroups:read", &body);
        });
        id
    }

    /// Disables a user group, and tells the bot. Slack then knows nobody in it.
    pub fn disable_group(&self, group: &str) {
        self.shared.change(|state| {
            let Some(known) = state.groups.get_mut(group) else {
                panic!("there is no group {group}")
            };
            known.disabled = true;
            known.users.clear();
            let body = json!({ "type": "subteam_updated", "subteam": known.json(true) });
            state.event_for("usergroups:read", &body);
        });
    }

    /// Archives a channel.
    pub fn archive(&self, channel: &str) {
        self.with_channel(channel, |channel| channel.archived = true);
    }

    /// Makes a channel one that is shared with another workspace, or one that is so no longer, and tells the bot.
    pub fn set_shared(&self, channel: &str, shared: bool) {
        self.with_channel(channel, |channel| channel.shared = shared);
        let kind = match shared {
            true => "channel_shared",
            false => "channel_unshared",
        };
        let body = json!({
            "type": kind,
            "channel": channel,
            "connected_team_id": OTHER_TEAM,
            "event_ts": "1795000000.000100",
        });
        self.shared.change(|state| {
            let scope = state.place_of(channel).place.read_scope();
            state.event_for(scope, &body);
        });
    }

    /// Makes a channel one that is shared with another workspace, which only what is said there shows.
    pub fn share(&self, channel: &str) {
        self.with_channel(channel, |channel| channel.shared = true);
    }

    /// Takes the bot, or a person, out of a channel.
    pub fn leave(&self, user: &str, channel: &str) {
        self.with_channel(channel, |channel| channel.members.remove(user));
    }

    /// Brings the bot, or a person, into a channel, and tells the bot.
    pub fn join(&self, user: &str, channel: &str) {
        self.with_channel(channel, |channel| channel.members.insert(user.to_owned()));
        let letter = if channel.starts_with('G') { "G" } else { "C" };
        let body = json!({
            "type": "member_joined_channel",
            "user": user,
            "channel": channel,
            "channel_type": letter,
            "team": TEAM,
        });
        self.shared.change(|state| {
            let scope = state.place_of(channel).place.read_scope();
            state.event_for(scope, &body);
        });
    }

    /// Gives a channel another name, and tells the bot.
    pub fn rename_channel(&self, channel: &str, name: &str) {
        self.with_channel(channel, |channel| channel.name = name.to_owned());
        let renamed = json!({
            "id": channel,
            "name": name,
            "name_normalized": name,
            "created": 1_790_000_000,
        });
        let body = json!({ "type": "channel_rename", "channel": renamed });
        self.shared
            .change(|state| state.event_for("channels:read", &body));
    }

    /// Gives a user another name or kind, or deletes them, and tells the bot.
    pub fn change_user(&self, user: &str, name: &str, kind: Kind, deleted: bool) {
        self.shared.change(|state| {
            let Some(known) = state.users.get_mut(user) else {
                panic!("there is no user {user}")
            };
            known.name = name.to_owned();
            known.kind = kind;
            known.deleted = deleted;
            let body = json!({ "type": "user_change", "user": known.json(), "cache_ts": 1 });
            state.event_for("users:read", &body);
        });
    }

    fn add_place(&self, name: &str, place: Place) -> String {
        let letter = if place == Place::Public { 'C' } else { 'G' };
        let id = id_of(letter, name);
        let channel = Channel {
            id: id.clone(),
            name: name.to_owned(),
            place,
            archived: false,
            shared: false,
            members: [BOT_USER.to_owned()].into(),
            messages: std::collections::BTreeMap::new(),
            threads: std::collections::HashMap::new(),
            budget: Budget::default(),
        };
        self.shared
            .change(|state| state.channels.insert(id.clone(), channel));
        id
    }

    fn with_channel<T>(&self, id: &str, change: impl FnOnce(&mut Channel) -> T) -> T {
        self.shared.change(|state| change(state.channel_mut(id)))
    }
}

/// What people do.
impl Slack {
    /// Somebody says something, written as Slack writes it: `<@U…>` for a mention, `&lt;` for `<`. Its name comes
    /// back. Whoever speaks is in the channel from then on.
    pub fn say(&self, user: &str, channel: &str, thread: Option<&str>, text: &str) -> String {
        self.shared.change(|state| {
            state.channel_mut(channel).members.insert(user.to_owned());
            let draft = Draft {
                user: user.to_owned(),
                said: Said::by_person(text),
                root: thread.map(|ts| match Ts::parse(ts) {
                    Some(root) => root,
                    None => panic!("{ts} is no timestamp"),
                }),
                files: Vec::new(),
            };
            state.publish(channel, draft).0.to_string()
        })
    }

    /// An old-fashioned webhook says something, which has no user.
    pub fn say_by_webhook(&self, channel: &str, name: &str, text: &str) {
        let place = self.with_channel(channel, |channel| channel.place);
        self.shared.change(|state| {
            let at = state.ts();
            let body = json!({
                "type": "message",
                "subtype": "bot_message",
                "bot_id": "B000000HOOK",
                "username": name,
                "text": text,
                "ts": at.to_string(),
                "event_ts": at.to_string(),
                "channel": channel,
                "channel_type": place.channel_type(),
            });
            state.event(&body, at);
        });
    }

    /// Somebody edits a message.
    pub fn edit(&self, channel: &str, ts: &str, text: &str) {
        let said = Said::by_person(text);
        let edited = self.shared.change(|state| state.revise(channel, ts, said));
        assert!(edited.is_some(), "there is no message {ts} in {channel}");
    }

    /// Somebody deletes a message.
    pub fn delete(&self, channel: &str, ts: &str) {
        let deleted = self.shared.change(|state| state.remove(channel, ts));
        assert!(deleted.is_some(), "there is no message {ts} in {channel}");
    }

    /// Somebody gives a slash command, such as `/witbot` with the text `deploy api`.
    pub fn slash(&self, user: &str, channel: &str, command: &str, text: &str) -> Trigger {
        self.shared
            .change(|state| state.slash(user, channel, command, text))
    }

    /// Somebody clicks on a button or chooses an option of a message, also of one that only they see.
    pub fn click(&self, user: &str, channel: &str, ts: &str, words: &str) -> Trigger {
        self.shared
            .change(|state| state.click(user, channel, ts, words))
    }

    /// Tells the bot of an event with this body, whatever it is. The event's id comes back.
    pub fn event(&self, body: &Value) -> String {
        self.shared.change(|state| {
            let at = state.ts();
            state.event(body, at)
        })
    }
}

/// What happens to sockets.
impl Slack {
    /// Sends a text to all sockets that is no envelope.
    pub fn send_text(&self, text: &str) {
        self.send_frame(&Frame::text(text));
    }

    /// Sends bytes to all sockets, as a binary frame.
    pub fn send_binary(&self, bytes: &'static [u8]) {
        self.send_frame(&Frame::binary(bytes));
    }

    /// Sends a text to all sockets that is not UTF-8. A peer must end the connection.
    pub fn send_broken_text(&self) {
        let broken: &[u8] = b"{\"type\":\"\xff\xfe\"}";
        let frame = RawFrame::message(broken, OpCode::Data(Data::Text), true);
        self.send_frame(&Frame::Frame(frame));
    }

    fn send_frame(&self, frame: &Frame) {
        self.shared.change(|state| {
            for socket in state.office.sockets() {
                let order = Order::Send(Instant::now(), frame.clone());
                state.office.order(socket, order);
            }
        });
    }

    /// The ids of the open sockets, oldest first.
    pub fn sockets(&self) -> Vec<u64> {
        self.shared.lock().office.sockets()
    }

    /// How few sockets were open at a time since this was asked before.
    pub fn fewest_sockets(&self) -> usize {
        let office = &mut self.shared.lock().office;
        let now = office.sockets().len();
        std::mem::replace(&mut office.fewest, now)
    }

    /// Tells a socket to disconnect, and closes it after a while.
    pub fn disconnect(&self, socket: u64, reason: Reason, after: Duration) {
        self.shared.change(|state| {
            let now = Instant::now();
            let told = Order::Send(now, disconnect(reason.word()));
            state.office.order(socket, told);
            state.office.order(socket, Order::CloseAt(now + after));
            state.office.counts.refreshed += 1;
        });
    }

    /// Closes a socket as Slack does some time after it told it to disconnect.
    pub fn close_socket(&self, socket: u64) {
        self.shared.change(|state| {
            let order = Order::CloseAt(Instant::now());
            state.office.order(socket, order);
        });
    }

    /// Resets the connection of a socket. What it has not acknowledged is sent again at once.
    pub fn drop_socket(&self, socket: u64) {
        self.shared.change(|state| {
            let State {
                office, behaviour, ..
            } = state;
            office.order(socket, Order::Reset);
            if office.close(socket, behaviour) {
                office.counts.dropped += 1;
            }
        });
        self.shared.look_after();
    }

    /// A socket says nothing any more and answers nothing, and yet is not closed. It gets its share all the same.
    pub fn freeze_socket(&self, socket: u64) {
        self.shared
            .change(|state| state.office.order(socket, Order::Freeze));
    }
}

impl Reason {
    fn word(self) -> &'static str {
        match self {
            Reason::Warning => "warning",
            Reason::RefreshRequested => "refresh_requested",
            Reason::LinkDisabled => "link_disabled",
            Reason::TooManyWebsockets => "too_many_websockets",
        }
    }
}

impl State {
    fn channel_mut(&mut self, id: &str) -> &mut Channel {
        match self.channels.get_mut(id) {
            Some(channel) => channel,
            None => panic!("there is no channel {id}; add it with add_channel"),
        }
    }
}

fn target(bot: &str) -> Target {
    Target {
        url: bot.trim_end_matches('/').to_owned(),
        secret: SIGNING_SECRET.to_owned(),
    }
}

/// The same id for the same name in every run, in the form of Slack's.
fn id_of(letter: char, name: &str) -> String {
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    format!("{letter}{name:0>10}")
}
