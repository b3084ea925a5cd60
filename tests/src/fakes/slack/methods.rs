//! The methods of the Web API, and what they ask of a token.

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::channel::Channel;
use super::state::State;
use super::{APP, BOT_ID, BOT_USER, TEAM};

mod chat;
mod conversations;
mod files;
mod page;
mod people;

pub(super) use chat::check;

/// What a method asks of the token.
#[derive(Debug, Clone, Copy)]
pub(super) enum Needs {
    Nothing,
    AppToken,
    Scope(&'static str),
    /// The scope depends on whether the place is public, private or direct; the method looks itself.
    ScopeOfPlace,
}

/// Why a call fails.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: String,
    /// More fields of the answer.
    pub(super) more: Value,
}

pub(super) type Outcome = Result<Value, Failure>;

#[derive(Clone, Copy)]
pub(super) struct Method {
    pub(super) needs: Needs,
    /// Methods that read take forms only.
    pub(super) takes_json: bool,
    pub(super) run: fn(&mut State, &Arguments) -> Outcome,
}

impl Failure {
    pub(super) fn of(error: &str) -> Failure {
        Failure {
            error: error.to_owned(),
            more: Value::Null,
        }
    }
}

/// The method of this name.
pub(super) fn find(name: &str) -> Option<Method> {
    let writes = |needs, run| Method {
        needs,
        takes_json: true,
        run,
    };
    let reads = |needs, run| Method {
        needs,
        takes_json: false,
        run,
    };
    let place = Needs::ScopeOfPlace;
    Some(match name {
        "auth.test" => writes(Needs::Nothing, auth_test),
        "apps.connections.open" => writes(Needs::AppToken, open_connection),
        "chat.postMessage" => writes(Needs::Scope("chat:write"), chat::post),
        "chat.update" => writes(Needs::Scope("chat:write"), chat::update),
        "chat.delete" => writes(Needs::Scope("chat:write"), chat::delete),
        "chat.postEphemeral" => writes(Needs::Scope("chat:write"), chat::post_ephemeral),
        "reactions.add" => writes(Needs::Scope("reactions:write"), chat::react),
        "conversations.open" => writes(Needs::Scope("im:write"), conversations::open),
        "conversations.info" => reads(place, conversations::info),
        "conversations.history" => reads(place, conversations::history),
        "conversations.replies" => reads(place, conversations::replies),
        "users.conversations" => reads(place, conversations::of_user),
        "users.info" => reads(Needs::Scope("users:read"), people::info),
        "usergroups.list" => reads(Needs::Scope("usergroups:read"), people::groups),
        "usergroups.users.list" => reads(Needs::Scope("usergroups:read"), people::group_users),
        "files.getUploadURLExternal" => reads(Needs::Scope("files:write"), files::begin),
        "files.completeUploadExternal" => writes(Needs::Scope("files:write"), files::complete),
        _ => return None,
    })
}

fn auth_test(state: &mut State, _: &Arguments) -> Outcome {
    Ok(json!({
        "url": format!("{}/", state.url),
        "team": "Acme",
        "user": "witbot",
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": false,
    }))
}

fn open_connection(state: &mut State, _: &Arguments) -> Outcome {
    let ticket = format!("{:032x}", state.number());
    let url = format!("{}/link/?ticket={ticket}&app_id={APP}", state.socket_url);
    state.tickets.insert(ticket);
    Ok(json!({ "url": url }))
}

impl State {
    /// The channel that an argument names by its id. A private one that the bot is not in does not exist for it.
    fn channel(&self, id: &str) -> Result<&Channel, Failure> {
        let found = self.channels.get(id);
        found
            .filter(|channel| channel.place == super::channel::Place::Public || channel.has_bot())
            .ok_or(Failure::of("channel_not_found"))
    }
}
