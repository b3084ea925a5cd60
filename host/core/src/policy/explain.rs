//! Which line decides, and why those above it do not.

use super::known::Known;
use super::rule::{Match, Part, Rule};
use super::{Decision, Facts, Policy, Request};

/// A decision with the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation<'p> {
    /// Each rule that was looked at, in order.
    pub looked: Vec<(&'p Rule, Seen)>,
    /// What it comes to.
    pub decision: Decision<'p>,
}

/// What a rule came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is about something else.
    NotAbout(Part),
    /// It matches.
    Matches,
    /// It hangs on arguments that are not settled.
    Open,
    /// It hangs on something that is not known.
    Unknown,
}

impl Policy {
    /// Decides, and tells which rules were looked at.
    pub fn explain(&self, request: &Request<'_>, facts: &Facts) -> Explanation<'_> {
        let known = Known::new(self, facts);
        let mut looked = Vec::new();
        for (rule, same) in self.each() {
            let seen = match rule.matches(same, &known, request) {
                Match::No => Seen::NotAbout(rule.apart(&known, request)),
                Match::Yes => Seen::Matches,
                Match::Open => Seen::Open,
                Match::Unknown => Seen::Unknown,
            };
            looked.push((rule, seen));
            if matches!(seen, Seen::Matches | Seen::Unknown) {
                break;
            }
        }
        Explanation {
            looked,
            decision: self.decide(request, facts),
        }
    }
}
