//! A look at an environment: all of its checks, once.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use witbot_sdk::flow::Timestamp;
use witbot_sdk::http;

use crate::judge::{self, Answer, Outcome};
use crate::place::Place;
use crate::settings::Check;
use crate::words::counted;

/// Of reasons in a line, as many are shown: the card has all.
const REASONS_MAX: usize = 3;

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the check.
    pub check: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The status of the answer, and how long it took, where there was one.
    pub answer: Option<(u16, Duration)>,
    /// Until when the certificate is valid, where there is one.
    pub certificate_expires: Option<Timestamp>,
}

/// A check that does not pass, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The name of the check.
    pub check: String,
    /// What follows it: `answered 502`.
    pub reason: String,
}

/// How a look turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All checks pass.
    Healthy,
    /// One fails at least.
    Failing,
    /// None fails, but one could not be made.
    Unknown,
}

/// All checks of an environment, once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// In the order of the settings.
    pub findings: Vec<Finding>,
}

impl Look {
    /// Makes all checks.
    pub fn at(place: &Place<'_>) -> Look {
        Look {
            findings: place.settings.checks.iter().map(make).collect(),
        }
    }

    /// How it turned out.
    pub fn verdict(&self) -> Verdict {
        if !self.failing().is_empty() {
            Verdict::Failing
        } else if !self.unknown().is_empty() {
            Verdict::Unknown
        } else {
            Verdict::Healthy
        }
    }

    /// The checks that fail.
    pub fn failing(&self) -> Vec<Problem> {
        self.problems(|outcome| match outcome {
            Outcome::Fails(reason) => Some(reason),
            Outcome::Passes | Outcome::Unknown(_) => None,
        })
    }

    /// The checks that could not be made.
    pub fn unknown(&self) -> Vec<Problem> {
        self.problems(|outcome| match outcome {
            Outcome::Unknown(reason) => Some(reason),
            Outcome::Passes | Outcome::Fails(_) => None,
        })
    }

    fn problems(&self, reason: impl Fn(&Outcome) -> Option<&String>) -> Vec<Problem> {
        let problems = self.findings.iter().filter_map(|finding| {
            Some(Problem {
                check: finding.check.clone(),
                reason: reason(&finding.outcome)?.clone(),
            })
        });
        problems.collect()
    }
}

/// Makes one check.
pub fn make(check: &Check) -> Finding {
    let request = http::Request::new(check.method.as_str(), &check.url).timeout(check.timeout.0);
    let name = check.name.clone();
    match request.send() {
        Ok(response) => {
            let answer = Answer::of(&response, check);
            Finding {
                check: name,
                outcome: judge::answered(check, &answer),
                answer: Some((answer.status, answer.elapsed)),
                certificate_expires: answer.certificate_expires,
            }
        }
        Err(error) => Finding {
            check: name,
            outcome: judge::unanswered(check, &error),
            answer: None,
            certificate_expires: None,
        },
    }
}

/// Problems in a line: `web answered 502; files took 2 s, more than 1 s`.
pub fn reasons(problems: &[Problem]) -> String {
    let shown: Vec<String> = problems
        .iter()
        .take(REASONS_MAX)
        .map(|problem| format!("{} {}", problem.check, problem.reason))
        .collect();
    match problems.len().saturating_sub(REASONS_MAX) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

/// The same with how many there are: `2 of 3 checks fail: …`.
pub fn summary(problems: &[Problem], checks: usize) -> String {
    let fails = if problems.len() == 1 { "fails" } else { "fail" };
    let count = problems.len();
    let checks = counted(checks, "check");
    format!("{count} of {checks} {fails}: {}", reasons(problems))
}

#[cfg(test)]
pub fn example(outcomes: &[Outcome]) -> Look {
    let findings = outcomes.iter().enumerate().map(|(index, outcome)| Finding {
        check: format!("check{index}"),
        outcome: outcome.clone(),
        answer: None,
        certificate_expires: None,
    });
    Look {
        findings: findings.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_makes_a_look_fail() {
        let fails = || Outcome::Fails("answered 502".to_owned());
        let unknown = || Outcome::Unknown("cannot be asked: no grant".to_owned());
        for (outcomes, verdict) in [
            (vec![Outcome::Passes], Verdict::Healthy),
            (vec![Outcome::Passes, unknown()], Verdict::Unknown),
            (vec![unknown(), fails(), Outcome::Passes], Verdict::Failing),
        ] {
            assert_eq!(example(&outcomes).verdict(), verdict);
        }
    }

    #[test]
    fn problems_are_told_in_a_line() {
        let fails = || Outcome::Fails("answered 502".to_owned());
        let look = example(&[fails(), Outcome::Passes, fails()]);
        assert_eq!(
            summary(&look.failing(), 3),
            "2 of 3 checks fail: check0 answered 502; check2 answered 502"
        );
        let one = example(&[fails()]);
        assert_eq!(
            summary(&one.failing(), 1),
            "1 of 1 check fails: check0 answered 502"
        );
        let five = example(&[fails(), fails(), fails(), fails(), fails()]);
        assert!(reasons(&five.failing()).ends_with("check2 answered 502; and 2 more"));
    }
}
