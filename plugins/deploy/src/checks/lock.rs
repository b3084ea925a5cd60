//! Has somebody locked the environment?

use witbot_sdk::Result;

use super::{Check, Refusal, Subject};
use crate::locks::{self, Lock};
use crate::person::Person;

pub(super) fn look(subject: &Subject<'_>) -> Result<Option<Refusal>> {
    let locks = locks::of(subject.app.name, subject.environment)?;
    Ok(locks.iter().find_map(|lock| decide(lock, subject.by)))
}

/// A lock keeps others away, not the one who has it.
fn decide(lock: &Lock, by: &Person) -> Option<Refusal> {
    if lock.by.is(by) {
        return None;
    }
    Some(Refusal::new(
        Check::Lock,
        format!("{} is locked {}.", lock.place(), lock.details()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_keeps_others_away() {
        let lock = locks::example();
        let somebody = |id: Option<&str>| Person {
            id: id.map(str::to_owned),
            name: "ada".to_owned(),
            github: None,
        };
        assert_eq!(decide(&lock, &somebody(Some("U1"))), None);
        for other in [Some("U2"), None] {
            let refusal = decide(&lock, &somebody(other)).unwrap();
            assert_eq!(
                refusal.reason,
                "api in production is locked by ada: the database is being moved \
                 (since 2026-11-22 18:35 UTC, until somebody unlocks it)."
            );
        }
    }
}
