//! The locks of environments, as they are kept.

use serde::{Deserialize, Serialize};
use witbot_sdk::flow::Timestamp;
use witbot_sdk::{Error, Result, flow, kv};

use crate::person::Person;

/// What keys of locks begin with.
const PREFIX: &str = "lock ";

/// As many locks as are shown.
const LISTED_MAX: u32 = 100;

/// Somebody does not want an environment to be deployed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// The application.
    pub app: String,
    /// The environment; none: all of them.
    pub environment: Option<String>,
    /// Whose it is.
    pub by: Person,
    /// Why.
    pub reason: Option<String>,
    /// Since when, in milliseconds since 1970.
    pub since: u64,
    /// Until when, in milliseconds since 1970; none: until somebody unlocks it.
    pub until: Option<u64>,
}

impl Lock {
    /// The key under which it is kept.
    fn key(&self) -> String {
        key(&self.app, self.environment.as_deref())
    }

    /// Whether it still holds.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now.as_millis() < until)
    }

    /// What is locked.
    pub fn place(&self) -> String {
        match &self.environment {
            Some(environment) => format!("{} in {environment}", self.app),
            None => self.app.clone(),
        }
    }

    /// By whom, why and until when, as the rest of a sentence.
    pub fn details(&self) -> String {
        let reason = self.reason.as_ref();
        let reason = reason.map_or(String::new(), |reason| format!(": {reason}"));
        let until = match self.until {
            Some(until) => format!("until {} UTC", Timestamp::from_millis(until)),
            None => "until somebody unlocks it".to_owned(),
        };
        format!(
            "by {}{reason} (since {} UTC, {until})",
            self.by.name,
            Timestamp::from_millis(self.since)
        )
    }
}

/// The locks that keep an application from being deployed to an environment: of that one, and of all.
///
/// # Errors
/// `denied`, `unavailable`.
pub fn of(app: &str, environment: &str) -> Result<Vec<Lock>> {
    let mut locks = Vec::new();
    for place in [Some(environment), None] {
        locks.extend(get(app, place)?);
    }
    Ok(locks)
}

/// The lock of just this place, if it still holds.
///
/// # Errors
/// `denied`, `unavailable`.
pub fn get(app: &str, environment: Option<&str>) -> Result<Option<Lock>> {
    let now = flow::now();
    let lock: Option<Lock> = kv::get(&key(app, environment))?;
    Ok(lock.filter(|lock| lock.holds_at(now)))
}

/// Puts a lock where there is none, or in the place of this `other` one. False: somebody else was quicker.
///
/// # Errors
/// `conflict` (there is no more room), `denied`, `unavailable`.
pub fn put(lock: &Lock, other: Option<&Lock>) -> Result<bool> {
    let key = lock.key();
    let kept: Option<Lock> = kv::get(&key)?;
    let holds = kept.as_ref().filter(|kept| kept.holds_at(flow::now()));
    if holds != other {
        return Ok(false);
    }
    // One whose time is over is still there.
    kv::replace(&key, kept.as_ref(), lock)
}

/// Takes a lock away, if it is still this one. What is kept in its place holds no more, so that nobody else's is lost.
///
/// # Errors
/// `denied`, `unavailable`.
pub fn take_away(lock: &Lock) -> Result<bool> {
    let over = Lock {
        until: Some(0),
        ..lock.clone()
    };
    kv::replace(&lock.key(), Some(lock), &over)
}

/// All locks that hold, in order of their names.
///
/// # Errors
/// `denied`, `unavailable`.
pub fn all() -> Result<Vec<Lock>> {
    let now = flow::now();
    let mut locks = Vec::new();
    for key in kv::keys(PREFIX, None, LISTED_MAX)? {
        let lock: Option<Lock> = kv::get(&key)?;
        locks.extend(lock.filter(|lock| lock.holds_at(now)));
    }
    Ok(locks)
}

/// What is said when another run changed a lock in the same moment.
pub fn too_late() -> Error {
    Error::invalid(
        "Somebody changed this lock in the same moment. Look at `locks`, and say it again.",
    )
}

/// Names have neither spaces nor slashes.
fn key(app: &str, environment: Option<&str>) -> String {
    match environment {
        Some(environment) => format!("{PREFIX}{app}/{environment}"),
        None => format!("{PREFIX}{app}"),
    }
}

#[cfg(test)]
pub fn example() -> Lock {
    Lock {
        app: "api".to_owned(),
        environment: Some("production".to_owned()),
        by: Person {
            id: Some("U1".to_owned()),
            name: "ada".to_owned(),
            github: None,
        },
        reason: Some("the database is being moved".to_owned()),
        since: 1_795_372_500_000,
        until: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_says_whose_it_is_and_ends_in_time() {
        let lock = example();
        assert_eq!(lock.place(), "api in production");
        assert_eq!(
            lock.details(),
            "by ada: the database is being moved (since 2026-11-22 18:35 UTC, until somebody unlocks it)"
        );
        let short = Lock {
            until: Some(1_795_376_100_000),
            reason: None,
            environment: None,
            ..lock
        };
        assert_eq!(short.place(), "api");
        assert_eq!(
            short.details(),
            "by ada (since 2026-11-22 18:35 UTC, until 2026-11-22 19:35 UTC)"
        );
        let at = Timestamp::from_millis;
        assert!(short.holds_at(at(1_795_376_099_999)) && !short.holds_at(at(1_795_376_100_000)));
    }

    #[test]
    fn all_of_an_application_has_a_key_of_its_own() {
        assert_eq!(key("api", Some("staging")), "lock api/staging");
        assert_eq!(key("api", None), "lock api");
    }
}
