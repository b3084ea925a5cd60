//! The environments of one application, and what can become of them. All of it is kept as one value, so that whatever is
//! decided here is true for all runs at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use witbot_sdk::flow::Timestamp;

use crate::environment::{Environment, Phase, Why};

/// So many fit into one value of `kv`, even with the longest names.
pub const ENVIRONMENTS_MAX: usize = 50;
/// How often an environment is tried to be taken away by itself.
pub const ATTEMPTS_MAX: u32 = 5;
/// How long is waited after the first attempt. Each further pause is three times as long.
const PAUSE_FIRST: Duration = Duration::from_secs(5 * 60);

/// By name.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Registry {
    pub environments: BTreeMap<String, Environment>,
}

/// What is wanted: an environment, and how it can be called. The first name that is free is taken.
pub struct Wanted<'a> {
    pub environment: &'a Environment,
    pub names: [&'a str; 2],
    /// Names that other applications have.
    pub taken: &'a BTreeSet<String>,
    pub quota: usize,
}

/// What came of wanting one.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is to be made. The one that failed before it is given up.
    New {
        name: String,
        failed: Option<Box<Environment>>,
    },
    /// The branch has one.
    There(String, Box<Environment>),
    /// The owner has these.
    Quota(Vec<(String, Environment)>),
    /// All names are taken.
    Clash,
    Full,
}

/// Who wants an environment away.
pub struct Request<'a> {
    pub why: &'a Why,
    pub holder: &'a str,
    pub over_at: Timestamp,
    pub now: Timestamp,
    /// What could not be taken away is tried again before its time.
    pub at_once: bool,
}

/// What came of wanting one away.
#[derive(Debug, PartialEq, Eq)]
pub enum Removal {
    /// It can begin. This is how the environment stood before.
    Begun(Box<Environment>),
    UnderWay(Why),
    Gone,
}

/// What came of wanting it to stay.
#[derive(Debug, PartialEq, Eq)]
pub enum Extension {
    Extended(Box<Environment>),
    /// It could stay so long at the most.
    TooLong(Duration),
    /// It does not stay at all.
    Leaving,
    Gone,
}

impl Registry {
    /// Takes a name and a place for an environment.
    pub fn claim(&mut self, wanted: &Wanted<'_>) -> Claim {
        let Environment { branch, owner, .. } = wanted.environment;
        let same = self
            .environments
            .iter()
            .find(|(_, one)| one.branch == *branch);
        let failed = match same {
            Some((name, one)) if matches!(one.phase, Phase::Failed(_)) => Some(name.clone()),
            Some((name, one)) => return Claim::There(name.clone(), Box::new(one.clone())),
            None => None,
        };
        let own = self.of(&owner.id);
        if own.len() >= wanted.quota {
            return Claim::Quota(own);
        }
        let is_free =
            |name: &str| !wanted.taken.contains(name) && !self.environments.contains_key(name);
        let free = wanted.names.into_iter().find(|name| is_free(name));
        let name = match (failed, free) {
            (Some(name), _) => name,
            (None, _) if self.environments.len() >= ENVIRONMENTS_MAX => return Claim::Full,
            (None, Some(name)) => name.to_owned(),
            (None, None) => return Claim::Clash,
        };
        let failed = self.environments.remove(&name);
        let environment = Environment {
            begun: failed.as_ref().is_some_and(|failed| failed.begun),
            ..wanted.environment.clone()
        };
        self.environments.insert(name.clone(), environment);
        Claim::New {
            name,
            failed: failed.map(Box::new),
        }
    }

    /// Those of one person, as far as they are counted.
    fn of(&self, owner: &str) -> Vec<(String, Environment)> {
        let all = self.environments.iter();
        let own = all.filter(|(_, one)| one.owner.id == owner && one.counts());
        own.map(|(name, one)| (name.clone(), one.clone())).collect()
    }

    /// Changes an environment, if that run still holds it, and gives what it is by now.
    pub fn held(
        &mut self,
        name: &str,
        holder: &str,
        change: impl Fn(&mut Environment),
    ) -> Option<Environment> {
        let one = self.environments.get_mut(name)?;
        if one.holder != holder {
            return None;
        }
        change(one);
        Some(one.clone())
    }

    /// Changes an environment that is being made by that run, unless somebody wants it away by now. What was found out is then
    /// noted by `note` all the same, for whoever takes it away.
    pub fn made(
        &mut self,
        name: &str,
        maker: &str,
        note: impl Fn(&mut Environment),
        change: impl Fn(&mut Environment),
    ) -> Option<Environment> {
        if let Some(one) = self.held(name, maker, &note) {
            let is_wanted = one.phase == Phase::Creating;
            return is_wanted.then(|| self.held(name, maker, &change))?;
        }
        if let Some(one) = self.environments.get_mut(name)
            && one.maker.as_deref() == Some(maker)
        {
            note(one);
        }
        None
    }

    /// Forgets an environment that this run holds, and gives what it was.
    pub fn forget(&mut self, name: &str, holder: &str) -> Option<Environment> {
        let is_held = self.environments.get(name)?.holder == holder;
        is_held.then(|| self.environments.remove(name))?
    }

    /// Begins to take an environment away.
    pub fn begin_removal(&mut self, name: &str, request: &Request<'_>) -> Removal {
        let Some(one) = self.environments.get_mut(name) else {
            return Removal::Gone;
        };
        let attempts = match &one.phase {
            Phase::Destroying { why, over_at, .. } if *over_at > request.now.as_millis() => {
                return Removal::UnderWay(why.clone());
            }
            Phase::Stuck { again_at, why, .. }
                if !request.at_once && !is_due(*again_at, request.now) =>
            {
                return Removal::UnderWay(why.clone());
            }
            Phase::Destroying { attempt, .. } => *attempt,
            Phase::Stuck { attempts, .. } => *attempts,
            Phase::Creating | Phase::Ready | Phase::Failed(_) => 0,
        };
        if one.phase == Phase::Creating {
            one.maker = Some(one.holder.clone());
        }
        let before = one.clone();
        one.holder = request.holder.to_owned();
        one.log = None;
        one.phase = Phase::Destroying {
            why: request.why.clone(),
            attempt: attempts + 1,
            over_at: request.over_at.as_millis(),
        };
        Removal::Begun(Box::new(before))
    }

    /// Notes that an environment could not be taken away by the run that holds it, and gives what it is by now.
    pub fn stick(
        &mut self,
        name: &str,
        holder: &str,
        reason: &str,
        now: Timestamp,
    ) -> Option<Environment> {
        self.held(name, holder, |one| {
            let Phase::Destroying { why, attempt, .. } = &one.phase else {
                return;
            };
            one.phase = Phase::Stuck {
                why: why.clone(),
                attempts: *attempt,
                reason: reason.to_owned(),
                again_at: pause(*attempt).map(|pause| (now + pause).as_millis()),
            };
        })
    }

    /// Lets an environment stay for longer.
    pub fn extend(
        &mut self,
        name: &str,
        by: Duration,
        bounds: (Duration, Duration),
        now: Timestamp,
    ) -> Extension {
        let (max, warn_before) = bounds;
        let Some(one) = self.environments.get_mut(name) else {
            return Extension::Gone;
        };
        if !matches!(one.phase, Phase::Creating | Phase::Ready) {
            return Extension::Leaving;
        }
        let until = Timestamp::from_millis(one.until).max(now) + by;
        if until.since(now) > max {
            return Extension::TooLong(max);
        }
        one.stay(until, now, warn_before);
        Extension::Extended(Box::new(one.clone()))
    }

    /// Notes that the owner of an environment is warned, and gives the environment if nobody did that before.
    pub fn warn(&mut self, name: &str, now: Timestamp) -> Option<Environment> {
        let one = self.environments.get_mut(name)?;
        if !is_to_be_warned(one, now) {
            return None;
        }
        one.warn_at = None;
        Some(one.clone())
    }

    /// Those whose owners are to be warned.
    pub fn nearly_over(&self, now: Timestamp) -> Vec<&str> {
        self.named(|one| is_to_be_warned(one, now))
    }

    /// Those that are to be taken away, each with the reason.
    pub fn over(&self, now: Timestamp) -> Vec<(&str, Why)> {
        let all = self.environments.iter();
        let over = all.filter_map(|(name, one)| Some((name.as_str(), due(one, now)?)));
        over.collect()
    }

    /// Those of a branch that nobody takes away yet.
    pub fn of_branch(&self, branch: &str) -> Vec<&str> {
        self.named(|one| {
            let stays = matches!(one.phase, Phase::Creating | Phase::Ready | Phase::Failed(_));
            one.branch == branch && stays
        })
    }

    fn named(&self, which: impl Fn(&Environment) -> bool) -> Vec<&str> {
        let all = self.environments.iter();
        let those = all.filter(|(_, one)| which(one));
        those.map(|(name, _)| name.as_str()).collect()
    }
}

fn is_due(at: Option<u64>, now: Timestamp) -> bool {
    at.is_some_and(|at| at <= now.as_millis())
}

fn is_to_be_warned(one: &Environment, now: Timestamp) -> bool {
    one.phase == Phase::Ready && is_due(one.warn_at, now) && !is_due(Some(one.until), now)
}

/// Why an environment is to be taken away now, if it is. An attempt whose run is no more is made again.
fn due(one: &Environment, now: Timestamp) -> Option<Why> {
    match &one.phase {
        Phase::Creating | Phase::Ready | Phase::Failed(_) => {
            is_due(Some(one.until), now).then_some(Why::Expired)
        }
        Phase::Destroying { why, over_at, .. } => is_due(Some(*over_at), now).then(|| why.clone()),
        Phase::Stuck { why, again_at, .. } => is_due(*again_at, now).then(|| why.clone()),
    }
}

/// How long is waited after so many attempts. None: that was the last one.
fn pause(attempts: u32) -> Option<Duration> {
    (attempts < ATTEMPTS_MAX).then(|| PAUSE_FIRST * 3_u32.pow(attempts.saturating_sub(1)))
}

#[cfg(test)]
mod tests;
