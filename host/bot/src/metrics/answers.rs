//! How long people wait for the first answer of a run. Some runs never say anything, so what is awaited is bounded.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use witbot_core::ids::{InvocationId, UnixMillis};
use witbot_core::limits;

/// Runs that have not answered yet, and when somebody said what they answer.
#[derive(Default)]
pub struct Answers(Mutex<HashMap<InvocationId, UnixMillis>>);

impl Answers {
    /// Somebody said something, and a run of it begins.
    pub fn await_for(&self, run: &InvocationId, said: UnixMillis) {
        let mut awaited = self.awaited();
        if awaited.len() >= limits::ANSWERS_TIMED_MAX {
            awaited.retain(|_, before| since(*before, said) < limits::ANSWER_TIMED_MAX);
        }
        if awaited.len() < limits::ANSWERS_TIMED_MAX {
            awaited.insert(run.clone(), said);
        }
    }

    /// Something was said; answers after how long, if that is the first thing of a run.
    pub fn came(&self, run: &InvocationId, now: UnixMillis) -> Option<Duration> {
        let said = self.awaited().remove(run)?;
        Some(since(said, now))
    }

    fn awaited(&self) -> MutexGuard<'_, HashMap<InvocationId, UnixMillis>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn since(before: UnixMillis, now: UnixMillis) -> Duration {
    Duration::from_millis(now.0.saturating_sub(before.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(number: usize) -> InvocationId {
        let plugin = "hello".parse().unwrap();
        InvocationId::derive("console", &number.to_string(), &plugin, "hello")
    }

    #[test]
    fn the_first_answer_counts_and_what_never_answers_is_forgotten() {
        let answers = Answers::default();
        answers.await_for(&run(0), UnixMillis(1_000));
        let took = |number, now| answers.came(&run(number), UnixMillis(now));
        assert_eq!(took(0, 1_250), Some(Duration::from_millis(250)));
        assert_eq!(took(0, 1_300), None, "a second message of the same run");
        assert_eq!(took(1, 1_300), None, "nobody asked for it");
        for number in 0..=limits::ANSWERS_TIMED_MAX {
            answers.await_for(&run(number), UnixMillis(2_000));
        }
        assert_eq!(
            took(limits::ANSWERS_TIMED_MAX, 2_001),
            None,
            "there was no room"
        );
        let late = UnixMillis(2_000 + u64::try_from(limits::ANSWER_TIMED_MAX.as_millis()).unwrap());
        answers.await_for(&run(5_000), late);
        assert_eq!(took(5_000, late.0 + 1), Some(Duration::from_millis(1)));
        assert_eq!(took(1, late.0), None, "it is forgotten");
    }
}
