//! The steps of a deployment, with how long each took.

use std::time::Duration;

use witbot_sdk::flow::Timestamp;

use crate::words::brief;

/// More would not be read; the first ones are left out.
const SHOWN_MAX: usize = 8;

/// What was done, in its order.
#[derive(Debug, Default)]
pub struct Steps {
    /// What was begun, and when.
    begun: Vec<(String, Timestamp)>,
    /// How it ended.
    end: Option<(String, Timestamp)>,
}

impl Steps {
    /// Goes on to the next step. The same one again changes nothing.
    pub fn next(&mut self, name: &str, now: Timestamp) {
        if self.begun.last().is_none_or(|(last, _)| last != name) {
            self.begun.push((name.to_owned(), now));
        }
    }

    /// Nothing more comes.
    pub fn end(&mut self, word: &str, now: Timestamp) {
        self.end = Some((word.to_owned(), now));
    }

    /// In one line.
    pub fn shown(&self) -> String {
        let next = self.begun.iter().skip(1).map(|(_, start)| *start);
        let next = next
            .map(Some)
            .chain([self.end.as_ref().map(|(_, end)| *end)]);
        let steps = self
            .begun
            .iter()
            .zip(next)
            .map(|((name, start), next)| match next {
                Some(next) => format!("{name} {}", brief(next.since(*start))),
                None => name.clone(),
            });
        let mut parts: Vec<String> = steps.collect();
        parts.drain(..parts.len().saturating_sub(SHOWN_MAX));
        if let (Some((word, end)), Some((_, start))) = (&self.end, self.begun.first()) {
            let all: Duration = end.since(*start);
            parts.push(format!("{word} after {}", brief(all)));
        }
        parts.join(" → ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_its_time() {
        let at = |seconds: u64| Timestamp::from_millis(1_000 * seconds);
        let mut steps = Steps::default();
        steps.next("checks", at(10));
        assert_eq!(steps.shown(), "checks");
        steps.next("queued", at(12));
        steps.next("queued", at(20));
        steps.next("running", at(30));
        assert_eq!(steps.shown(), "checks 2s → queued 18s → running");
        steps.end("success", at(95));
        assert_eq!(
            steps.shown(),
            "checks 2s → queued 18s → running 1m 05s → success after 1m 25s"
        );
    }
}
