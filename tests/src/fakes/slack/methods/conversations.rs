//! `conversations.*` and `users.conversations`.

use std::ops::Bound;

use serde_json::{Value, json};

use super::page::Page;
use crate::fakes::slack::BOT_USER;
use crate::fakes::slack::arguments::Arguments;
use crate::fakes::slack::message::Message;
use crate::fakes::slack::methods::{Failure, Outcome};
use crate::fakes::slack::people::Kind;
use crate::fakes::slack::state::State;
use crate::fakes::slack::ts::Ts;

pub(super) fn open(state: &mut State, arguments: &Arguments) -> Outcome {
    let users = arguments.text("users");
    let user = state
        .users
        .get(users)
        .ok_or(Failure::of("user_not_found"))?;
    if user.kind == Kind::Bot {
        return Err(Failure::of("cannot_dm_bot"));
    }
    let known = state.channels.contains_key(&format!("D{}", &users[1..]));
    let users = users.to_owned();
    let id = state.direct(&users);
    let mut answer = json!({ "channel": { "id": id }, "no_op": known, "already_open": known });
    if arguments.flag("return_im") {
        answer["channel"] = state.channels[&id].json();
    }
    Ok(answer)
}

pub(super) fn info(state: &mut State, arguments: &Arguments) -> Outcome {
    let channel = state.channel(arguments.text("channel"))?;
    state.need(channel.place.read_scope())?;
    Ok(json!({ "channel": channel.json() }))
}

pub(super) fn history(state: &mut State, arguments: &Arguments) -> Outcome {
    let channel = state.channel(arguments.text("channel"))?;
    state.need(channel.place.history_scope())?;
    if !channel.has_bot() {
        return Err(Failure::of("not_in_channel"));
    }
    let page = Page::of(arguments, 100)?;
    let within = channel.messages.range(bounds(arguments)).rev();
    let seen = within
        .map(|(_, message)| message)
        .filter(|message| message.deleted.is_none() && message.root.is_none());
    let (messages, mut answer) = page.cut(seen.collect());
    let metadata = arguments.flag("include_all_metadata");
    let json = |message: &Message| message.history_json(metadata, &channel.replies(message.at));
    answer["messages"] = messages.into_iter().map(json).collect();
    answer["pin_count"] = json!(0);
    Ok(answer)
}

pub(super) fn replies(state: &mut State, arguments: &Arguments) -> Outcome {
    let channel = state.channel(arguments.text("channel"))?;
    state.need(channel.place.history_scope())?;
    if !channel.has_bot() {
        return Err(Failure::of("not_in_channel"));
    }
    let named = channel.find(arguments.text("ts"));
    let named = named.ok_or(Failure::of("thread_not_found"))?;
    let root = named.root.unwrap_or(named.at);
    let (after, before) = bounds(arguments);
    let replies = channel.replies(root);
    let within = |ts: Ts| within(after, before, ts);
    let page = Page::of(arguments, 1000)?;
    // The parent heads every thread, whatever the bounds.
    let parent = channel.messages.get(&root).into_iter();
    let bounded = replies.iter().copied().filter(|reply| within(reply.at));
    let (messages, mut answer) = page.cut(parent.chain(bounded).collect());
    let metadata = arguments.flag("include_all_metadata");
    let json = |message: &Message| message.history_json(metadata, &replies);
    answer["messages"] = messages.into_iter().map(json).collect();
    Ok(answer)
}

pub(super) fn of_user(state: &mut State, arguments: &Arguments) -> Outcome {
    let user = match arguments.text("user") {
        "" => BOT_USER,
        user => user,
    };
    let types = match arguments.text("types") {
        "" => "public_channel",
        types => types,
    };
    for (kind, scope) in [
        ("public_channel", "channels:read"),
        ("private_channel", "groups:read"),
        ("mpim", "mpim:read"),
        ("im", "im:read"),
    ] {
        if types.split(',').any(|wanted| wanted.trim() == kind) {
            state.need(scope)?;
        }
    }
    let listed = state.channels.values().filter(|channel| {
        channel.members.contains(user)
            && types
                .split(',')
                .any(|wanted| wanted.trim() == channel.place.list_type())
            && !(arguments.flag("exclude_archived") && channel.archived)
    });
    let (channels, mut answer) = Page::of(arguments, 100)?.cut(listed.collect());
    answer["channels"] = channels.into_iter().map(|channel| channel.json()).collect();
    if let Value::Object(fields) = &mut answer {
        fields.remove("has_more");
    }
    Ok(answer)
}

fn bounds(arguments: &Arguments) -> (Bound<Ts>, Bound<Ts>) {
    let inclusive = arguments.flag("inclusive");
    let bound = |name: &str| match arguments.ts(name) {
        Some(ts) if inclusive => Bound::Included(ts),
        Some(ts) => Bound::Excluded(ts),
        None => Bound::Unbounded,
    };
    let (oldest, latest) = (bound("oldest"), bound("latest"));
    match (oldest, latest) {
        // An empty range is written so that no map minds it.
        (
            Bound::Included(first) | Bound::Excluded(first),
            Bound::Included(last) | Bound::Excluded(last),
        ) if first >= last => (Bound::Included(first), Bound::Excluded(first)),
        bounds => bounds,
    }
}

fn within(after: Bound<Ts>, before: Bound<Ts>, ts: Ts) -> bool {
    std::ops::RangeBounds::contains(&(after, before), &ts)
}
