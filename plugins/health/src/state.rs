//! What is known of an environment from look to look, and when a failure becomes an incident.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use witbot_sdk::flow::Timestamp;
use witbot_sdk::{Result, kv};

use crate::look::{Look, Problem, Verdict};
use crate::place::Place;
use crate::settings::Environment;

/// What is known of an environment. Written only by the run that has claimed it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// When it was last looked at, in milliseconds since 1970, as all times here.
    pub looked_at: u64,
    /// The checks that failed then.
    pub failing: Vec<Problem>,
    /// The checks that could not be made then.
    pub unknown: Vec<Problem>,
    /// What is broken, when that is certain.
    pub incident: Option<Incident>,
    /// When each warning was last given.
    #[serde(default)]
    pub warned: BTreeMap<String, u64>,
    /// Looks in a row that turned out alike, and since when.
    streak: Streak,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Streak {
    failing: bool,
    looks: u32,
    since: u64,
}

/// A failure that has lasted for as many looks as the operator wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// When the first of these looks was.
    pub since: u64,
    /// How many looks have failed.
    pub failed: u32,
    /// What failed in the last one that did.
    pub problems: Vec<Problem>,
    /// The card in the channel, when there is one.
    pub card: Option<String>,
    /// Whether the environment was muted at the last look.
    pub muted: bool,
}

/// What a look has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing that people need to know.
    Nothing,
    /// There is an incident, new or not.
    Fails,
    /// There was one, and it is over, after so long.
    Recovered(Incident, Duration),
}

impl State {
    /// What is known of an environment.
    pub fn of(place: &Place<'_>) -> Result<State> {
        Ok(kv::get(&key(&place.key()))?.unwrap_or_default())
    }

    /// Remembers it.
    pub fn keep(&self, place: &Place<'_>) -> Result {
        kv::set(&key(&place.key()), self)
    }

    /// When it was last looked at, if it ever was.
    pub fn looked_at(&self) -> Option<Timestamp> {
        (self.looked_at > 0).then(|| Timestamp::from_millis(self.looked_at))
    }

    /// So many looks in a row have passed.
    pub fn passed_in_a_row(&self) -> u32 {
        if self.streak.failing {
            0
        } else {
            self.streak.looks
        }
    }

    /// Takes note of a look.
    pub fn note(&mut self, look: &Look, now: Timestamp, environment: &Environment) -> Change {
        self.looked_at = now.as_millis();
        self.failing = look.failing();
        self.unknown = look.unknown();
        match look.verdict() {
            Verdict::Failing => {
                self.streak.add(true, now);
                self.failed(environment.fail_after)
            }
            Verdict::Healthy => {
                self.streak.add(false, now);
                self.passed(environment.recover_after)
            }
            // A look that tells nothing neither ends a streak nor adds to it.
            Verdict::Unknown => Change::Nothing,
        }
    }

    fn failed(&mut self, fail_after: u32) -> Change {
        let problems = self.failing.clone();
        if let Some(incident) = &mut self.incident {
            incident.failed = incident.failed.saturating_add(1);
            incident.problems = problems;
            return Change::Fails;
        }
        if self.streak.looks < fail_after {
            return Change::Nothing;
        }
        self.incident = Some(Incident {
            since: self.streak.since,
            failed: self.streak.looks,
            problems,
            card: None,
            muted: false,
        });
        Change::Fails
    }

    fn passed(&mut self, recover_after: u32) -> Change {
        if self.streak.looks < recover_after {
            return match self.incident {
                Some(_) => Change::Fails,
                None => Change::Nothing,
            };
        }
        match self.incident.take() {
            Some(incident) => {
                let since = Timestamp::from_millis(incident.since);
                let lasted = Timestamp::from_millis(self.streak.since).since(since);
                Change::Recovered(incident, lasted)
            }
            None => Change::Nothing,
        }
    }
}

impl Streak {
    fn add(&mut self, failing: bool, now: Timestamp) {
        if self.failing != failing || self.looks == 0 {
            *self = Streak {
                failing,
                looks: 0,
                since: now.as_millis(),
            };
        }
        self.looks = self.looks.saturating_add(1);
    }
}

/// Where what is known of an environment is kept, by the key of its place.
pub fn key(place: &str) -> String {
    format!("state/{place}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Outcome;
    use crate::look;
    use crate::settings;

    /// Looks a minute apart, `+` for one that passes, `-` for one that fails, `?` for one that tells nothing; answered by
    /// what each has changed.
    fn story(looks: &str) -> (String, State) {
        let settings = settings::example();
        let environment = settings.named("api", Some("staging")).unwrap()[0].settings;
        let mut state = State::default();
        let changes = looks.chars().zip(1..).map(|(sign, minute)| {
            let outcome = match sign {
                '+' => Outcome::Passes,
                '-' => Outcome::Fails("answered 502".to_owned()),
                _ => Outcome::Unknown("cannot be asked".to_owned()),
            };
            let now = Timestamp::from_millis(minute * 60_000);
            match state.note(&look::example(&[outcome]), now, environment) {
                Change::Nothing => '.',
                Change::Fails => 'F',
                Change::Recovered(..) => 'R',
            }
        });
        (changes.collect(), state)
    }

    #[test]
    fn flapping_is_damped() {
        for (looks, changes) in [
            ("++++", "...."),
            ("+-+-+-", "......"),
            ("+--", "..F"),
            ("--+-++", ".FFFFR"),
            ("--++--", ".FFR.F"),
            ("-?-", "..F"),
            ("--?++", ".F.FR"),
            ("??", ".."),
        ] {
            assert_eq!(story(looks).0, changes, "{looks}");
        }
    }

    #[test]
    fn an_incident_lasts_from_the_first_failure_to_the_first_success() {
        let (_, state) = story("+---");
        let incident = state.incident.unwrap();
        assert_eq!((incident.since, incident.failed), (120_000, 3));
        assert_eq!(incident.problems, state.failing);

        let settings = settings::example();
        let environment = settings.named("api", Some("staging")).unwrap()[0].settings;
        let (_, mut state) = story("+---+");
        assert_eq!(state.passed_in_a_row(), 1);
        let passes = look::example(&[Outcome::Passes]);
        let now = Timestamp::from_millis(360_000);
        let change = state.note(&passes, now, environment);
        let Change::Recovered(_, lasted) = change else {
            panic!("{change:?}")
        };
        assert_eq!(lasted, Duration::from_secs(180));
        assert_eq!(state.incident, None);
    }

    #[test]
    fn a_clock_that_was_put_back_makes_no_negative_times() {
        let settings = settings::example();
        let environment = settings.named("api", Some("staging")).unwrap()[0].settings;
        let (_, mut state) = story("+--");
        let passes = look::example(&[Outcome::Passes]);
        let early = Timestamp::from_millis(1_000);
        assert_eq!(state.note(&passes, early, environment), Change::Fails);
        let Change::Recovered(_, lasted) = state.note(&passes, early, environment) else {
            panic!()
        };
        assert_eq!(lasted, Duration::ZERO);
    }
}
