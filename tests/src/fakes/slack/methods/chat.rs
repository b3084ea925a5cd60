//! `chat.*` and `reactions.*`.

use serde_json::{Value, json};

use crate::fakes::slack::arguments::{Arguments, filled};
use crate::fakes::slack::channel::Place;
use crate::fakes::slack::message::Ephemeral;
use crate::fakes::slack::methods::{Failure, Outcome};
use crate::fakes::slack::speech::{Draft, Said};
use crate::fakes::slack::state::State;
use crate::fakes::slack::{BOT_USER, limits};

/// Slack cuts what is longer, or refuses it; here it is always refused, so that nothing is cut unseen.
const TEXT_MAX: usize = 40_000;

pub(super) fn post(state: &mut State, arguments: &Arguments) -> Outcome {
    let channel = state.postable(arguments.text("channel"))?;
    let said = checked(arguments)?;
    let root = match arguments.text("thread_ts") {
        "" => None,
        thread => Some(
            state.channels[&channel]
                .find(thread)
                .map(|message| message.root.unwrap_or(message.at))
                .ok_or(Failure::of("thread_not_found"))?,
        ),
    };
    state.within_budget(&channel)?;
    let draft = Draft {
        user: BOT_USER.to_owned(),
        said,
        root,
        files: Vec::new(),
    };
    let (ts, message) = state.publish(&channel, draft);
    let mut answer = json!({ "channel": channel, "ts": ts.to_string() });
    answer["message"] = message;
    Ok(answer)
}

pub(super) fn update(state: &mut State, arguments: &Arguments) -> Outcome {
    let (id, ts) = (arguments.text("channel"), arguments.text("ts"));
    let channel = state.channel(id)?;
    let message = channel.find(ts).ok_or(Failure::of("message_not_found"))?;
    if !message.ours {
        return Err(Failure::of("cant_update_message"));
    }
    if channel.archived {
        return Err(Failure::of("is_archived"));
    }
    let before = message.now().clone();
    let mut said = checked(arguments)?;
    if !arguments.given("text") {
        said.text = before.text;
        // A text alone takes the place of the blocks; neither means that they stay.
        if !arguments.given("blocks") {
            said.blocks = before.blocks;
        }
    }
    if !arguments.given("attachments") {
        said.attachments = before.attachments;
    }
    if !arguments.given("metadata") {
        said.metadata = before.metadata;
    }
    let text = said.text.clone();
    let message = state.revise(id, ts, said);
    Ok(json!({ "channel": id, "ts": ts, "text": text, "message": message }))
}

pub(super) fn delete(state: &mut State, arguments: &Arguments) -> Outcome {
    let (id, ts) = (arguments.text("channel"), arguments.text("ts"));
    let found = state.channel(id)?.find(ts);
    if !found.ok_or(Failure::of("message_not_found"))?.ours {
        return Err(Failure::of("cant_delete_message"));
    }
    state.remove(id, ts);
    Ok(json!({ "channel": id, "ts": ts }))
}

pub(super) fn post_ephemeral(state: &mut State, arguments: &Arguments) -> Outcome {
    let channel = state.postable(arguments.text("channel"))?;
    let user = arguments.text("user");
    if !state.users.contains_key(user) {
        return Err(Failure::of("user_not_found"));
    }
    if !state.channels[&channel].members.contains(user) {
        return Err(Failure::of("user_not_in_channel"));
    }
    let said = checked(arguments)?;
    let thread = Some(arguments.text("thread_ts")).filter(|thread| !thread.is_empty());
    let ts = state.show(user, &channel, thread, said);
    Ok(json!({ "message_ts": ts }))
}

pub(super) fn react(state: &mut State, arguments: &Arguments) -> Outcome {
    let (id, ts) = (arguments.text("channel"), arguments.text("timestamp"));
    let name = arguments.text("name").trim_matches(':');
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_uppercase()) {
        return Err(Failure::of("invalid_name"));
    }
    state.channel(id)?;
    let message = state
        .channels
        .get_mut(id)
        .and_then(|channel| channel.find_mut(ts))
        .ok_or(Failure::of("message_not_found"))?;
    let reaction = (name.to_owned(), BOT_USER.to_owned());
    if message.reactions.contains(&reaction) {
        return Err(Failure::of("already_reacted"));
    }
    message.reactions.push(reaction);
    Ok(json!({}))
}

impl State {
    /// The id of a channel that the bot may post to. It may be given by name, and a person stands for the direct
    /// channel with them.
    fn postable(&mut self, named: &str) -> Result<String, Failure> {
        let mut id = named.to_owned();
        if self.users.contains_key(named) && named != BOT_USER {
            id = self.direct(named);
        } else if !self.channels.contains_key(named) {
            let name = named.trim_start_matches('#');
            let found = self.channels.values().find(|other| other.name == name);
            id = found
                .filter(|_| !name.is_empty())
                .map(|channel| channel.id.clone())
                .ok_or(Failure::of("channel_not_found"))?;
        }
        let channel = self.channel(&id)?;
        if channel.archived {
            return Err(Failure::of("is_archived"));
        }
        let open = channel.place == Place::Public && self.behaviour.has("chat:write.public");
        if !channel.has_bot() && !open {
            return Err(Failure::of("not_in_channel"));
        }
        Ok(id)
    }

    /// Counts a post against what the channel takes.
    pub(super) fn within_budget(&mut self, id: &str) -> Result<(), Failure> {
        let Some((per_second, burst)) = self.behaviour.posts_per_second else {
            return Ok(());
        };
        let channel = self.channels.get_mut(id);
        if channel.is_some_and(|channel| !channel.budget.take(per_second, burst)) {
            self.overrun += 1;
            return Err(Failure::of("ratelimited"));
        }
        Ok(())
    }

    /// Shows something to one person only.
    pub(in crate::fakes::slack) fn show(
        &mut self,
        user: &str,
        channel: &str,
        thread: Option<&str>,
        mut said: Said,
    ) -> String {
        let at = self.ts();
        said.fill_ids(at);
        self.ephemerals.push(Ephemeral {
            ts: at.to_string(),
            channel: channel.to_owned(),
            thread_ts: thread.map(str::to_owned),
            user: user.to_owned(),
            text: said.text,
            blocks: said.blocks,
            attachments: said.attachments,
        });
        at.to_string()
    }
}

/// What a message is to say, if Slack takes it.
fn checked(arguments: &Arguments) -> Result<Said, Failure> {
    let said = arguments.said();
    let shown = [&said.blocks, &said.attachments];
    if said.text.is_empty() && shown.iter().all(|part| part.is_null()) {
        return Err(Failure::of("no_text"));
    }
    check(&said)?;
    Ok(said)
}

/// Refuses what Slack would refuse.
pub(in crate::fakes::slack) fn check(said: &Said) -> Result<(), Failure> {
    if said.text.len() > TEXT_MAX && said.text.chars().count() > TEXT_MAX {
        return Err(Failure::of("msg_too_long"));
    }
    if let Value::Object(metadata) = &said.metadata {
        let typed = metadata.get("event_type").is_some_and(Value::is_string);
        let loaded = metadata.get("event_payload").is_some_and(Value::is_object);
        if !(metadata.is_empty() || typed && loaded) {
            return Err(Failure::of("invalid_metadata_format"));
        }
    } else if !said.metadata.is_null() {
        return Err(Failure::of("invalid_metadata_format"));
    }
    limits::check(&filled(&said.blocks), &said.attachments).map_err(|refusal| {
        let mut failure = Failure::of(refusal.error);
        failure.more = json!({
            "errors": refusal.messages,
            "response_metadata": { "messages": refusal.messages },
        });
        failure
    })
}
