//! `users.info` and `usergroups.*`.

use serde_json::{Value, json};

use crate::fakes::slack::arguments::Arguments;
use crate::fakes::slack::methods::{Failure, Outcome};
use crate::fakes::slack::state::State;

pub(super) fn info(state: &mut State, arguments: &Arguments) -> Outcome {
    let user = state.users.get(arguments.text("user"));
    let user = user.ok_or(Failure::of("user_not_found"))?;
    Ok(json!({ "user": user.json() }))
}

pub(super) fn groups(state: &mut State, arguments: &Arguments) -> Outcome {
    let (with_users, all) = (
        arguments.flag("include_users"),
        arguments.flag("include_disabled"),
    );
    let listed = state.groups.values().filter(|group| all || !group.disabled);
    let groups: Value = listed.map(|group| group.json(with_users)).collect();
    Ok(json!({ "usergroups": groups }))
}

pub(super) fn group_users(state: &mut State, arguments: &Arguments) -> Outcome {
    let group = state.groups.get(arguments.text("usergroup"));
    let group = group
        .filter(|group| !group.disabled || arguments.flag("include_disabled"))
        .ok_or(Failure::of("no_such_subteam"))?;
    Ok(json!({ "users": group.users }))
}
