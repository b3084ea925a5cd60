//! What of the waits is in memory: which of them are looked at just now, and what must not be forgotten meanwhile. All
//! else is in the store.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use witbot_core::call;
use witbot_core::ids::{InvocationId, UnixMillis};
use witbot_core::journal::Wait;

use super::keys::{Hash, Keys};
use super::polls::Polls;

/// A webhook can overtake the wait that it is for by the time of one commit, which is far less.
const POKES_KEPT: Duration = Duration::from_secs(5);
/// More webhooks than this in that time are not awaited one by one.
const POKES_KEPT_MAX: usize = 256;

/// What is in memory.
#[derive(Debug, Default)]
pub struct Memory {
    /// What may be waited for.
    pub keys: Keys,
    /// When to look at what is looked at again and again.
    pub polls: Polls,
    /// The soonest deadline that the clock is awaited for. None: it is not known, or there is none.
    pub next_deadline: Option<UnixMillis>,
    looked_at: HashMap<InvocationId, LookedAt>,
    /// What was poked lately: the wait for it may be on its way here.
    poked: VecDeque<(Duration, Hash)>,
}

#[derive(Debug)]
struct LookedAt {
    key: Hash,
    /// Something outside is asked about it.
    asks: bool,
    /// There was news since the look began.
    again: bool,
}

impl Memory {
    /// How many waits are looked at: those that are ended by time or by people, or the others, which a look asks about.
    pub fn looked_at(&self, asks: bool) -> usize {
        let looked_at = self.looked_at.values();
        looked_at.filter(|looked_at| looked_at.asks == asks).count()
    }

    /// Whether any is looked at.
    pub fn is_looking(&self) -> bool {
        !self.looked_at.is_empty()
    }

    /// A look at a wait begins. False: it is looked at already.
    pub fn begin(&mut self, wait: &Wait) -> bool {
        let looked_at = LookedAt {
            key: self.keys.hash(&wait.key),
            asks: call::is_asked_about(&wait.key),
            again: false,
        };
        if self.looked_at.contains_key(&wait.invocation) {
            return false;
        }
        self.looked_at.insert(wait.invocation.clone(), looked_at);
        true
    }

    /// There is news for a wait. If it is looked at, that is done once more.
    pub fn again(&mut self, run: &InvocationId) {
        if let Some(looked_at) = self.looked_at.get_mut(run) {
            looked_at.again = true;
        }
    }

    /// A look was in vain. True: there was news since it began, so there is to be another. Otherwise it is over.
    pub fn in_vain(&mut self, wait: &Wait, looks: u32, uptime: Duration) -> bool {
        let looked_at = self.looked_at.get_mut(&wait.invocation);
        if looked_at.is_some_and(|looked_at| std::mem::take(&mut looked_at.again)) {
            return true;
        }
        self.end(&wait.invocation);
        if call::is_polled(&wait.key) {
            self.polls.put(&wait.invocation, looks, uptime);
        }
        false
    }

    /// The look at a wait is over.
    pub fn end(&mut self, run: &InvocationId) {
        self.looked_at.remove(run);
    }

    /// There is news of a key.
    pub fn poke(&mut self, key: &str, uptime: Duration) {
        let hash = self.keys.hash(key);
        self.looked_at
            .values_mut()
            .filter(|looked_at| looked_at.key == hash)
            .for_each(|looked_at| looked_at.again = true);
        if self.poked.len() == POKES_KEPT_MAX {
            self.poked.pop_front();
        }
        self.poked.push_back((uptime, hash));
    }

    /// Whether there was news of a key just now.
    pub fn was_poked(&self, key: &str, uptime: Duration) -> bool {
        let (hash, lately) = (self.keys.hash(key), uptime.saturating_sub(POKES_KEPT));
        self.poked
            .iter()
            .rev()
            .take_while(|(at, _)| *at >= lately)
            .any(|(_, poked)| *poked == hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use witbot_core::call::{Operation, Sleep};

    const SECOND: Duration = Duration::from_secs(1);

    fn wait(run: &str, key: &str) -> Wait {
        let operation: Operation = Sleep { milliseconds: 1 }.into();
        let invocation = InvocationId::derive("console", run, &"p".parse().unwrap(), "h");
        Wait {
            invocation,
            number: 0,
            operation,
            key: key.to_owned(),
            deadline: UnixMillis(9),
        }
    }

    #[test]
    fn a_poke_that_came_before_its_wait_is_remembered_for_a_while() {
        let mut memory = Memory::default();
        memory.poke("k", 10 * SECOND);
        assert!(memory.was_poked("k", 12 * SECOND));
        assert!(!memory.was_poked("k", 16 * SECOND));
        assert!(!memory.was_poked("other", 12 * SECOND));
        (0..1_000).for_each(|_| memory.poke("other", 12 * SECOND));
        assert_eq!(memory.poked.len(), POKES_KEPT_MAX);
    }

    #[test]
    fn a_poke_while_a_wait_is_looked_at_is_not_lost() {
        let (mut memory, wait) = (Memory::default(), wait("a", "run circleci 1"));
        assert!(memory.begin(&wait));
        assert!(!memory.begin(&wait), "one look at a time");
        memory.poke(&wait.key, SECOND);
        memory.poke("run circleci 2", SECOND);
        assert!(memory.in_vain(&wait, 1, SECOND));
        assert!(!memory.in_vain(&wait, 2, SECOND), "one poke is one look");
        assert!(!memory.is_looking());
        assert_eq!(memory.polls.take(&wait.invocation), Some(2));
    }

    #[test]
    fn only_what_can_be_missed_is_looked_at_again_by_itself() {
        let (mut memory, wait) = (Memory::default(), wait("a", "event github.push acme/api"));
        assert!(memory.begin(&wait));
        assert!(!memory.in_vain(&wait, 1, SECOND));
        assert_eq!(memory.polls.next(), None);
    }
}
