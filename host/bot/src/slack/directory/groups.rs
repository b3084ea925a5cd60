//! User groups, and who is in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use witbot_core::error::{Code, Error};
use witbot_core::ids::UserId;
use witbot_core::limits;

use super::Directory;
use crate::slack::api::{Failure, Method, Refusal};

/// As Slack calls it.
const UNKNOWN: &str = "no_such_subteam";

impl Directory {
    /// Who is in a group. `invalid` is what is no group, and `not-found` one that there is not, or that is disabled.
    pub async fn members(&self, group: &UserId) -> Result<Arc<Vec<UserId>>, Error> {
        if !is_group(group) {
            return Err(no_group(group));
        }
        let ask = || async {
            let parameters = [("usergroup", group.as_str())];
            let answer = self.ask(Method::GROUP_MEMBERS, &parameters).await?;
            let users = answer["users"].as_array().ok_or_else(|| {
                Failure::Unknown("Slack does not say who is in the group".to_owned())
            })?;
            let users = users.iter().filter_map(|user| user.as_str()?.parse().ok());
            let users: Vec<UserId> = users.collect();
            // Nobody is in a disabled group either, and that does not mean that nobody should be.
            if users.is_empty() && self.groups().await?.get(group) != Some(&State::Enabled) {
                return Err(Failure::Refused(Refusal::new(UNKNOWN)));
            }
            Ok(Arc::new(users))
        };
        let age_max = limits::SLACK_DECIDING_AGE_MAX;
        let found = self.members.get(group.as_str(), age_max, ask).await;
        found.map_err(|failure| match &failure {
            Failure::Refused(refusal) if is_unknown(refusal) => unknown(group),
            _ => self.error(failure, &format!("the group `{group}`")),
        })
    }

    /// Which of these are no groups that the bot can read, and why. All are asked for at once.
    pub async fn unreadable_groups(&self, groups: &BTreeSet<UserId>) -> Vec<(UserId, Error)> {
        if groups.is_empty() {
            return Vec::new();
        }
        let known = self.groups().await;
        let problem = |group: &UserId| match &known {
            _ if !is_group(group) => Some(no_group(group)),
            Err(failure) => Some(self.error(failure.clone(), &format!("the group `{group}`"))),
            Ok(known) => match known.get(group) {
                Some(State::Enabled) => None,
                Some(State::Disabled) => Some(Error::new(
                    Code::NotFound,
                    format!("The user group `{group}` is disabled at Slack."),
                )),
                None => Some(unknown(group)),
            },
        };
        let problems = groups.iter();
        problems
            .filter_map(|group| Some((group.clone(), problem(group)?)))
            .collect()
    }

    async fn groups(&self) -> Result<BTreeMap<UserId, State>, Failure> {
        let parameters = [("include_disabled", "true")];
        let answer = self.ask(Method::GROUPS, &parameters).await?;
        let groups = answer["usergroups"].as_array().into_iter().flatten();
        let state = |group: &Value| {
            let id = group["id"].as_str()?.parse().ok()?;
            // Slack keeps what is disabled, with the time since when.
            let state = match group["date_delete"].as_u64() {
                None | Some(0) => State::Enabled,
                Some(_) => State::Disabled,
            };
            Some((id, state))
        };
        Ok(groups.filter_map(state).collect())
    }
}

/// Whether a group counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Enabled,
    Disabled,
}

/// People are `U…` and `W…`.
fn is_group(id: &UserId) -> bool {
    id.as_str().starts_with('S')
}

fn is_unknown(refusal: &Refusal) -> bool {
    [UNKNOWN, "subteam_not_found"].contains(&refusal.code.as_str())
}

fn no_group(id: &UserId) -> Error {
    Error::invalid(format!(
        "`{id}` is no user group: their ids begin with `S`."
    ))
}

fn unknown(group: &UserId) -> Error {
    let text = format!("Slack knows no user group `{group}`, or it is disabled.");
    Error::new(Code::NotFound, text)
}
