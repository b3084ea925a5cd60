//! Looks at an environment after a deployment, one after the other, until it is certain how it is. The requests of one run
//! are few, so a look ends with the first check that fails, and the next begins with that one.

use std::time::Duration;

use crate::judge::Outcome;
use crate::limits::REQUESTS_MAX;
use crate::look::{self, Problem};
use crate::settings::Check;
use crate::words::counted;

/// What passes once may be what was there before.
const HEALTHY_LOOKS: u32 = 2;

/// Between two looks at least.
pub const PAUSE_MIN: Duration = Duration::from_secs(15);

/// What is known after some looks.
#[derive(Debug)]
pub struct Series {
    /// The last outcome of each check, in the order of the settings.
    last: Vec<Option<Outcome>>,
    requests_left: usize,
    healthy_looks: u32,
}

/// How it turned out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// Whether anything is known.
    pub known: bool,
    /// Whether it is healthy, as far as is known.
    pub healthy: bool,
    /// What is wrong, or that nothing is.
    pub summary: String,
}

impl Conclusion {
    /// Nothing is known, for this reason.
    pub fn unknown(summary: impl Into<String>) -> Conclusion {
        Conclusion {
            known: false,
            healthy: true,
            summary: summary.into(),
        }
    }
}

impl Series {
    /// Before the first look at so many checks.
    pub fn of(checks: usize) -> Series {
        Series {
            last: vec![None; checks],
            requests_left: REQUESTS_MAX,
            healthy_looks: 0,
        }
    }

    /// Has a look, by a way to make a check.
    pub fn look(&mut self, make: impl Fn(usize) -> Outcome) {
        for index in self.order() {
            match self.ask(index, &make) {
                Some(Outcome::Passes) => {}
                Some(Outcome::Fails(_) | Outcome::Unknown(_)) => {
                    self.healthy_looks = 0;
                    return;
                }
                None => return,
            }
        }
        self.healthy_looks += 1;
    }

    /// Makes the checks that nothing certain is known of, so that all that fails can be told.
    pub fn complete(&mut self, make: impl Fn(usize) -> Outcome) {
        for index in 0..self.last.len() {
            if !matches!(
                self.last[index],
                Some(Outcome::Fails(_) | Outcome::Unknown(_))
            ) {
                self.ask(index, &make);
            }
        }
    }

    /// Whether more looks would tell nothing more.
    pub fn is_certain(&self) -> bool {
        let is_unknown = |last: &Option<Outcome>| matches!(last, Some(Outcome::Unknown(_)));
        let cannot_look_again = self.healthy_looks > 0 && self.requests_left < self.last.len();
        self.healthy_looks >= HEALTHY_LOOKS
            || cannot_look_again
            || self.requests_left == 0
            || self.last.iter().any(is_unknown)
    }

    /// Whether the last look has found nothing wrong.
    pub fn is_healthy(&self) -> bool {
        self.healthy_looks > 0
    }

    /// How long to wait until the next look, so that the requests last for so long.
    pub fn pause(&self, patience: Duration) -> Duration {
        let to_be_sure = self.last.len() * HEALTHY_LOOKS as usize;
        let spare = REQUESTS_MAX.saturating_sub(to_be_sure) as u32;
        if self.is_healthy() {
            return PAUSE_MIN;
        }
        (patience / (spare + 1)).max(PAUSE_MIN)
    }

    /// What came of all looks.
    pub fn conclusion(&self, checks: &[Check]) -> Conclusion {
        let named = |reason: fn(&Outcome) -> Option<&String>| -> Vec<Problem> {
            let all = checks.iter().zip(&self.last);
            let named = all.filter_map(|(check, last)| {
                Some(Problem {
                    check: check.name.clone(),
                    reason: reason(last.as_ref()?)?.clone(),
                })
            });
            named.collect()
        };
        let failing = named(|outcome| match outcome {
            Outcome::Fails(reason) => Some(reason),
            Outcome::Passes | Outcome::Unknown(_) => None,
        });
        if !failing.is_empty() {
            return Conclusion {
                known: true,
                healthy: false,
                summary: look::summary(&failing, checks.len()),
            };
        }
        let unknown = named(|outcome| match outcome {
            Outcome::Unknown(reason) => Some(reason),
            Outcome::Passes | Outcome::Fails(_) => None,
        });
        if !unknown.is_empty() {
            return Conclusion::unknown(look::reasons(&unknown));
        }
        if self.last.contains(&None) {
            return Conclusion::unknown("not all checks could be made in one run");
        }
        let pass = if checks.len() == 1 { "passes" } else { "pass" };
        Conclusion {
            known: true,
            healthy: true,
            summary: format!("{} {pass}", counted(checks.len(), "check")),
        }
    }

    fn ask(&mut self, index: usize, make: impl Fn(usize) -> Outcome) -> Option<Outcome> {
        self.requests_left = self.requests_left.checked_sub(1)?;
        let outcome = make(index);
        self.last[index] = Some(outcome.clone());
        Some(outcome)
    }

    /// Those that failed first, then those that nothing is known of.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.last.len()).collect();
        order.sort_by_key(|index| match self.last[*index] {
            Some(Outcome::Fails(_) | Outcome::Unknown(_)) => 0,
            None => 1,
            Some(Outcome::Passes) => 2,
        });
        order
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn checks(count: usize) -> Vec<Check> {
        let check = |number: usize| {
            let document = format!(r#"{{"name": "check{number}", "url": "https://a.example/"}}"#);
            witbot_sdk::config::parse(&document).unwrap()
        };
        (0..count).map(check).collect()
    }

    fn fails() -> Outcome {
        Outcome::Fails("answered 502".to_owned())
    }

    fn passes(_: usize) -> Outcome {
        Outcome::Passes
    }

    #[test]
    fn it_is_healthy_after_two_looks_that_pass() {
        let mut series = Series::of(3);
        series.look(passes);
        assert!(!series.is_certain());
        series.look(passes);
        assert!(series.is_certain());
        let conclusion = series.conclusion(&checks(3));
        assert_eq!((conclusion.known, conclusion.healthy), (true, true));
        assert_eq!(conclusion.summary, "3 checks pass");
    }

    #[test]
    fn a_failure_begins_the_count_again_and_costs_one_request() {
        let asked = RefCell::new(Vec::new());
        let second_fails = |index: usize| {
            asked.borrow_mut().push(index);
            if index == 1 { fails() } else { Outcome::Passes }
        };
        let mut series = Series::of(3);
        series.look(passes);
        series.look(second_fails);
        series.look(second_fails);
        series.look(passes);
        assert_eq!(*asked.borrow(), [0, 1, 1]);
        assert!(!series.is_certain() && series.is_healthy());
        series.look(passes);
        assert!(series.is_certain());
    }

    #[test]
    fn in_the_end_all_that_fails_is_told() {
        let mut series = Series::of(3);
        series.look(|_| fails());
        series.complete(|index| if index == 2 { Outcome::Passes } else { fails() });
        let conclusion = series.conclusion(&checks(3));
        assert_eq!((conclusion.known, conclusion.healthy), (true, false));
        assert_eq!(
            conclusion.summary,
            "2 of 3 checks fail: check0 answered 502; check1 answered 502"
        );
    }

    #[test]
    fn what_cannot_be_checked_is_unknown() {
        let mut series = Series::of(1);
        series.look(|_| Outcome::Unknown("cannot be asked: no grant".to_owned()));
        assert!(series.is_certain());
        assert_eq!(
            series.conclusion(&checks(1)),
            Conclusion::unknown("check0 cannot be asked: no grant")
        );
    }

    #[test]
    fn no_more_is_asked_than_a_run_may() {
        for count in [1, 3, 10, 11, 20] {
            let asked = RefCell::new(0);
            let mut series = Series::of(count);
            let make = |index: usize| {
                *asked.borrow_mut() += 1;
                if index == 0 { fails() } else { Outcome::Passes }
            };
            while !series.is_certain() {
                series.look(make);
            }
            series.complete(make);
            assert_eq!(*asked.borrow(), REQUESTS_MAX, "{count}");
            assert!(!series.conclusion(&checks(count)).healthy);
        }
        let mut many = Series::of(12);
        many.look(passes);
        assert!(many.is_certain(), "there is no second look at so many");
        assert!(many.conclusion(&checks(12)).healthy);
    }

    #[test]
    fn pauses_make_the_requests_last() {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        assert_eq!(Series::of(3).pause(minutes(2)), PAUSE_MIN);
        assert_eq!(Series::of(3).pause(minutes(15)), minutes(1));
        assert_eq!(Series::of(20).pause(minutes(2)), minutes(2));
        let mut series = Series::of(3);
        series.look(passes);
        assert_eq!(series.pause(minutes(15)), PAUSE_MIN);
    }
}
