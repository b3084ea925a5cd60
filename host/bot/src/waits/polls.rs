//! When to look again at waits that are looked at again and again. In memory alone: how often something is looked at is
//! a courtesy to the service and no promise, so it begins anew with a start, and no look costs a write to the disk.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use witbot_core::ids::InvocationId;
use witbot_core::limits;

/// The next look at each of them. There can be very many, so an entry is small.
#[derive(Debug, Default)]
pub struct Polls {
    by_run: HashMap<Id, Next>,
    by_time: BTreeSet<(u64, Id)>,
}

/// The id of a run as a number, which is a third of the text.
type Id = u128;

#[derive(Debug, Clone, Copy)]
struct Next {
    /// In terms of a clock that nobody can set.
    uptime_ms: u64,
    /// How often it was looked at in vain.
    looks: u32,
}

impl Polls {
    /// Has a run looked at when its pause is over, which is the longer the more often that was done.
    pub fn put(&mut self, run: &InvocationId, looks: u32, uptime: Duration) {
        let id = number(run);
        self.take_number(id);
        let uptime_ms = uptime.as_millis() as u64 + interval(looks);
        self.by_time.insert((uptime_ms, id));
        self.by_run.insert(id, Next { uptime_ms, looks });
    }

    /// Forgets a run. Answers how often it was looked at in vain.
    pub fn take(&mut self, run: &InvocationId) -> Option<u32> {
        self.take_number(number(run))
    }

    /// Takes the runs that are to be looked at now, at most so many, with how often that was done in vain.
    pub fn take_due(&mut self, uptime: Duration, limit: usize) -> Vec<(InvocationId, u32)> {
        let now = uptime.as_millis() as u64;
        let due = self.by_time.iter().take_while(|(at, _)| *at <= now);
        let due: Vec<Id> = due.take(limit).map(|(_, id)| *id).collect();
        due.into_iter()
            .filter_map(|id| Some((text(id), self.take_number(id)?)))
            .collect()
    }

    /// When the next one is to be looked at.
    pub fn next(&self) -> Option<Duration> {
        let (at, _) = self.by_time.first()?;
        Some(Duration::from_millis(*at))
    }

    fn take_number(&mut self, id: Id) -> Option<u32> {
        let next = self.by_run.remove(&id)?;
        self.by_time.remove(&(next.uptime_ms, id));
        Some(next.looks)
    }
}

fn number(run: &InvocationId) -> Id {
    Id::from_str_radix(run.as_str(), 16).expect("the id of a run is 20 hexadecimal digits")
}

fn text(id: Id) -> InvocationId {
    let text = format!("{id:020x}");
    text.parse().expect("it was made of the id of a run")
}

/// Half as long again with each look, up to the slowest.
fn interval(looks: u32) -> u64 {
    let first = limits::POLL_FIRST.as_millis() as u64;
    let slowest = limits::POLL_SLOWEST.as_millis() as u64;
    (0..looks.min(16))
        .fold(first, |interval, _| interval * 3 / 2)
        .min(slowest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(key: &str) -> InvocationId {
        InvocationId::derive("console", key, &"p".parse().unwrap(), "h")
    }

    #[test]
    fn polling_slows_down_to_a_bound() {
        let intervals: Vec<u64> = (0..8).map(interval).collect();
        assert_eq!(
            intervals,
            [5000, 7500, 11250, 16875, 25312, 30000, 30000, 30000]
        );
    }

    #[test]
    fn ids_keep_their_zeros() {
        for id in ["00000000000000000000", "0000000000000000002a"] {
            let run: InvocationId = id.parse().unwrap();
            assert_eq!(text(number(&run)), run);
        }
    }

    #[test]
    fn each_run_is_taken_once_in_its_turn() {
        let seconds = Duration::from_secs;
        let mut polls = Polls::default();
        assert_eq!(polls.next(), None);
        polls.put(&run("b"), 5, seconds(100));
        polls.put(&run("a"), 0, seconds(100));
        assert_eq!(polls.next(), Some(seconds(105)));
        assert_eq!(polls.take_due(seconds(104), 9), []);
        assert_eq!(polls.take_due(seconds(105), 9), [(run("a"), 0)]);
        assert_eq!(polls.take_due(seconds(105), 9), []);
        // Whoever is put in again has one turn, and not two.
        polls.put(&run("b"), 6, seconds(101));
        assert_eq!(polls.next(), Some(seconds(131)));
        assert_eq!(polls.take(&run("b")), Some(6));
        assert_eq!((polls.take(&run("b")), polls.next()), (None, None));
    }

    #[test]
    fn no_more_are_taken_than_there_is_room_for() {
        let mut polls = Polls::default();
        ["a", "b", "c"]
            .iter()
            .for_each(|key| polls.put(&run(key), 0, Duration::ZERO));
        assert_eq!(polls.take_due(Duration::from_secs(9), 2).len(), 2);
        assert_eq!(polls.take_due(Duration::from_secs(9), 2).len(), 1);
    }
}
