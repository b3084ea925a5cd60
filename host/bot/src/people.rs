//! Who people are and where, as far as a rule needs to know it: in which groups they are, how they belong to the workspace,
//! and who can read a channel.
//!
//! Nothing is asked that no rule needs, everything is asked at once, and nobody waits for long. What cannot be found out is
//! left out, with the reason: it is never taken for a no. What the chat remembers between two questions is its own business.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use witbot_core::chat::{ChannelKind, Standing};
use witbot_core::error::{Code, Error};
use witbot_core::event::User;
use witbot_core::ids::{ChannelId, UserId};
use witbot_core::policy::{Facts, Needs};
use witbot_core::{limits, printable};

use crate::chat::Chat;

/// Finds out about people and places.
pub struct People {
    chat: Arc<dyn Chat>,
}

impl People {
    /// Those of a chat.
    pub fn new(chat: Arc<dyn Chat>) -> People {
        People { chat }
    }

    /// What is needed to decide about somebody somewhere. It takes no longer than `FACTS_TIME_MAX`.
    pub async fn facts(&self, needs: &Needs, user: &User, channel: &ChannelId) -> Facts {
        let (groups, kind, standing) = tokio::join!(
            self.memberships(&user.id, &needs.groups),
            self.kind(needs.kind, channel),
            self.standing(needs.standing, user),
        );
        let mut facts = Facts::default();
        for (group, found) in groups {
            if let Some(is) = known(found, &mut facts.troubles) {
                facts.groups.insert(group, is);
            }
        }
        facts.kind = kind.and_then(|found| known(found, &mut facts.troubles));
        facts.standing = known(standing, &mut facts.troubles);
        for trouble in &facts.troubles {
            tracing::warn!(user = %user.id, %channel, "cannot find out what a rule needs: {trouble}");
        }
        facts
    }

    /// Of which groups somebody is. Those that cannot be read are left out.
    pub async fn groups(&self, user: &UserId, groups: &BTreeSet<UserId>) -> BTreeMap<UserId, bool> {
        let mut of = BTreeMap::new();
        for (group, found) in self.memberships(user, groups).await {
            match found {
                Ok(is) => {
                    of.insert(group, is);
                }
                Err(error) => tracing::warn!(%user, "cannot find out who is in a group: {error}"),
            }
        }
        of
    }

    /// People and groups, for a list: by their names, where the chat knows them, and without notifying anybody.
    pub async fn named(&self, users: &BTreeSet<UserId>, groups: &BTreeSet<UserId>) -> String {
        let asked = users
            .iter()
            .take(limits::PEOPLE_NAMED_MAX)
            .map(async |user| {
                let person = timeout(limits::FACTS_TIME_MAX, self.chat.person(user)).await;
                match person {
                    Ok(Ok(person)) => printable::line(&person.name).into_owned(),
                    Ok(Err(_)) | Err(_) => user.to_string(),
                }
            });
        let mut names = join_all(asked).await;
        let more = users.len().saturating_sub(limits::PEOPLE_NAMED_MAX);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        names.extend(
            groups
                .iter()
                .map(|group| format!("the members of the group {group}")),
        );
        if names.is_empty() {
            return "nobody".to_owned();
        }
        names.join(", ")
    }

    /// Which of these are no groups that can be read, and why. One that is transient may be readable later.
    pub async fn verify_groups(&self, groups: &BTreeSet<UserId>) -> Vec<(UserId, Error)> {
        let asked = timeout(limits::FACTS_TIME_MAX, self.chat.unreadable_groups(groups));
        asked.await.unwrap_or_else(|_| {
            let all = groups.iter();
            all.map(|group| (group.clone(), too_late())).collect()
        })
    }

    async fn memberships(
        &self,
        user: &UserId,
        groups: &BTreeSet<UserId>,
    ) -> Vec<(UserId, Result<bool, Error>)> {
        let mut asked = Vec::new();
        for group in groups {
            asked.push(self.membership(user, group));
        }
        join_all(asked).await
    }

    async fn membership(&self, user: &UserId, group: &UserId) -> (UserId, Result<bool, Error>) {
        let found = self.found(|| self.chat.belongs(user, group)).await;
        (group.clone(), found)
    }

    async fn kind(&self, needed: bool, channel: &ChannelId) -> Option<Result<ChannelKind, Error>> {
        if !needed {
            return None;
        }
        Some(self.found(|| self.chat.kind(channel)).await)
    }

    /// An event tells who is of another organisation or a bot, but not who is a guest.
    async fn standing(&self, needed: bool, user: &User) -> Result<Standing, Error> {
        if !needed || user.standing != Standing::Member {
            return Ok(user.standing);
        }
        let person = self.found(|| self.chat.person(&user.id)).await;
        person.map(|person| person.standing)
    }

    /// Asks, once more if that may help, and not for long.
    async fn found<T, F>(&self, ask: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let latest = Instant::now() + limits::FACTS_TIME_MAX;
        let first = timeout_at(latest, ask()).await.map_err(|_| too_late())?;
        match first {
            Err(error) if error.code == Code::Unavailable => {
                sleep(limits::FACT_AGAIN).await;
                timeout_at(latest, ask()).await.unwrap_or(Err(error))
            }
            found => found,
        }
    }
}

/// What was found out. Why not is told once.
fn known<T>(found: Result<T, Error>, troubles: &mut Vec<String>) -> Option<T> {
    match found {
        Ok(found) => Some(found),
        Err(error) => {
            if !troubles.contains(&error.message) {
                troubles.push(error.message);
            }
            None
        }
    }
}

fn too_late() -> Error {
    let seconds = limits::FACTS_TIME_MAX.as_secs();
    Error::new(
        Code::Timeout,
        format!("The chat did not answer within {seconds} s."),
    )
}
