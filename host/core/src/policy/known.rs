//! What is worked out once for all rules of one decision: it costs most, and many rules ask for the same.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

use super::rule::Match;
use super::same::First;
use super::window::Window;
use super::{Facts, Membership, Policy, Request};

/// What the clocks of a zone show. None: nobody can say.
type Clocks<'a> = (&'a TimeZone, Option<(Weekday, Time)>);

/// For one request.
pub(super) struct Known<'a> {
    policy: &'a Policy,
    pub(super) facts: &'a Facts,
    /// What came of the parts of rules, by the first rule that has each.
    parts: Vec<[Cell<Option<Match>>; First::KINDS]>,
    roles: RefCell<BTreeMap<&'a str, Membership>>,
    /// The zone that was asked for last, and what its clocks show.
    here: RefCell<Option<Clocks<'a>>>,
}

impl<'a> Known<'a> {
    /// Nothing yet.
    pub(super) fn new(policy: &'a Policy, facts: &'a Facts) -> Known<'a> {
        Known {
            policy,
            facts,
            parts: policy.rules.iter().map(|_| Default::default()).collect(),
            roles: RefCell::default(),
            here: RefCell::default(),
        }
    }

    /// What came of a part of a rule, which is looked at once for all that have the same.
    pub(super) fn once(&self, first: First, look: impl FnOnce() -> Match) -> Match {
        let Some(part) = self.parts.get(first.rule).map(|parts| &parts[first.kind]) else {
            return look();
        };
        part.get().unwrap_or_else(|| {
            let found = look();
            part.set(Some(found));
            found
        })
    }

    /// Whether who asks has one of some roles.
    pub(super) fn has_one(&self, roles: &'a [String], request: &Request<'_>) -> Membership {
        let mut known = self.roles.borrow_mut();
        roles.iter().fold(Membership::No, |found, role| {
            found.or(|| {
                *known.entry(role).or_insert_with(|| {
                    self.policy
                        .membership(role, request.user, &self.facts.groups)
                })
            })
        })
    }

    /// Whether it is the time for it.
    pub(super) fn is_in(&self, window: &'a Window, request: &Request<'_>) -> bool {
        let mut here = self.here.borrow_mut();
        let shown = match &*here {
            Some((zone, shown)) if zone.iana_name() == window.zone().iana_name() => *shown,
            Some(_) | None => {
                let shown = window.here(request.at);
                *here = Some((window.zone(), shown));
                shown
            }
        };
        shown.is_some_and(|shown| window.holds_here(shown))
    }
}
