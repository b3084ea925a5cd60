//! Which environments are due, and who looks at them: runs can overlap, and must not look twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use witbot_sdk::flow::Timestamp;
use witbot_sdk::{Result, kv};

use crate::limits::{LOOK_MAX, PLACES_A_RUN_MAX, REQUESTS_MAX};
use crate::place::Place;

const KEY: &str = "rounds";

/// The clock calls every 30 s, and a run begins a little later than that, sometimes more, sometimes less.
const TOLERANCE: Duration = Duration::from_secs(5);

/// A run that has not ended by then never will: the bot ends it after 2 minutes.
const BUSY_MAX: Duration = Duration::from_secs(150);

/// When each environment was last looked at, by the key of the place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rounds(BTreeMap<String, Round>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Round {
    /// When somebody began, in milliseconds since 1970.
    at: u64,
    /// The run that is at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

/// Takes the environments that are due for this run, as many as it can look at, those first that are most overdue.
pub fn claim<'a>(places: &[Place<'a>], now: Timestamp, run: &str) -> Result<Vec<Place<'a>>> {
    let known = kv::get::<Rounds>(KEY)?.unwrap_or_default();
    if known.due(places, now).is_empty() {
        return Ok(Vec::new());
    }
    let claimed = kv::update(KEY, |rounds: Option<Rounds>| {
        rounds.unwrap_or_default().claimed(places, now, run)
    })?;
    let mine = places.iter().filter(|place| claimed.is_of(place, run));
    Ok(mine.copied().collect())
}

/// What was watched and is no more, by key.
pub fn gone(places: &[Place<'_>]) -> Result<Vec<String>> {
    let known = kv::get::<Rounds>(KEY)?.unwrap_or_default();
    Ok(known.gone(places))
}

/// Forgets that these were looked at.
pub fn forget(keys: &[String]) -> Result {
    kv::update(KEY, |rounds: Option<Rounds>| {
        let mut rounds = rounds.unwrap_or_default();
        rounds.0.retain(|key, _| !keys.contains(key));
        rounds
    })?;
    Ok(())
}

/// Lets others look at what this run has looked at.
pub fn release(run: &str) -> Result {
    kv::update(KEY, |rounds: Option<Rounds>| {
        rounds.unwrap_or_default().released(run)
    })?;
    Ok(())
}

impl Rounds {
    /// What is due, the most overdue first, as much as one run can do. What does not fit is left out for what does.
    fn due<'a>(&self, places: &[Place<'a>], now: Timestamp) -> Vec<Place<'a>> {
        let mut due: Vec<(Duration, Place<'a>)> = places
            .iter()
            .filter_map(|place| Some((self.overdue(place, now)?, *place)))
            .collect();
        due.sort_by_key(|(overdue, _)| std::cmp::Reverse(*overdue));
        let (mut requests, mut time) = (REQUESTS_MAX, LOOK_MAX);
        let mut chosen = Vec::new();
        for (_, place) in due {
            let (checks, takes) = (place.settings.checks.len(), place.settings.look_max());
            if checks <= requests && takes <= time && chosen.len() < PLACES_A_RUN_MAX {
                requests -= checks;
                time -= takes;
                chosen.push(place);
            }
        }
        chosen
    }

    /// For how long an environment has been due. None: it is not.
    fn overdue(&self, place: &Place<'_>, now: Timestamp) -> Option<Duration> {
        let Some(round) = self.0.get(&place.key()) else {
            return Some(Duration::MAX);
        };
        let at = Timestamp::from_millis(round.at);
        if at > now {
            // The clock was put back: what it showed says nothing any more.
            return Some(Duration::MAX);
        }
        let elapsed = now.since(at);
        if round.run.is_some() && elapsed < BUSY_MAX {
            return None;
        }
        (elapsed + TOLERANCE).checked_sub(place.settings.every.0)
    }

    fn gone(&self, places: &[Place<'_>]) -> Vec<String> {
        let watched: BTreeSet<String> = places.iter().map(Place::key).collect();
        let gone = self.0.keys().filter(|key| !watched.contains(*key));
        gone.cloned().collect()
    }

    /// With what is due taken by a run.
    fn claimed(mut self, places: &[Place<'_>], now: Timestamp, run: &str) -> Rounds {
        let due = self.due(places, now);
        for place in due {
            let round = Round {
                at: now.as_millis(),
                run: Some(run.to_owned()),
            };
            self.0.insert(place.key(), round);
        }
        self
    }

    fn released(mut self, run: &str) -> Rounds {
        for round in self.0.values_mut() {
            round.run.take_if(|by| by == run);
        }
        self
    }

    fn is_of(&self, place: &Place<'_>, run: &str) -> bool {
        let round = self.0.get(&place.key());
        round.is_some_and(|round| round.run.as_deref() == Some(run))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{self, Settings};

    fn start() -> Timestamp {
        Timestamp::from_millis(1_000_000_000_000)
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn keys(places: &[Place<'_>]) -> Vec<String> {
        places.iter().map(Place::key).collect()
    }

    #[test]
    fn what_was_never_looked_at_is_due_and_then_when_its_time_has_come() {
        let settings = settings::example();
        let places = settings.places();
        let rounds = Rounds::default()
            .claimed(&places, start(), "a")
            .released("a");
        let due = |after: u64| keys(&rounds.due(&places, start() + seconds(after)));
        assert_eq!(keys(&Rounds::default().due(&places, start())).len(), 3);
        assert!(due(0).is_empty() && due(24).is_empty());
        assert_eq!(due(30), ["api/production"]);
        assert_eq!(
            due(59),
            ["api/production", "api/staging", "shop/production"]
        );
    }

    #[test]
    fn what_another_run_looks_at_is_left_to_it_until_it_is_lost() {
        let settings = settings::example();
        let places = settings.places();
        let rounds = Rounds::default().claimed(&places, start(), "a");
        assert!(places.iter().all(|place| rounds.is_of(place, "a")));
        let other = rounds.clone().claimed(&places, start() + seconds(60), "b");
        assert_eq!(other, rounds);
        let other = rounds.claimed(&places, start() + seconds(150), "b");
        assert!(places.iter().all(|place| other.is_of(place, "b")));
        assert_eq!(other.clone().released("a"), other);
    }

    #[test]
    fn a_clock_that_was_put_back_makes_everything_due() {
        let settings = settings::example();
        let places = settings.places();
        let rounds = Rounds::default().claimed(&places, start(), "a");
        let due = rounds.due(&places, start() - seconds(86_400));
        assert_eq!(due.len(), 3);
    }

    #[test]
    fn what_is_watched_no_more_is_known() {
        let settings = settings::example();
        let places = settings.places();
        let rounds = Rounds::default().claimed(&places, start(), "a");
        assert_eq!(
            rounds.gone(&places[..1]),
            ["api/staging", "shop/production"]
        );
        assert!(rounds.gone(&places).is_empty());
    }

    /// Environments of so many checks, each with its longest wait in seconds.
    fn crowded(environments: &[(usize, u64)]) -> Settings {
        let environments: Vec<String> = environments
            .iter()
            .enumerate()
            .map(|(number, (checks, timeout))| {
                let checks: Vec<String> = (0..*checks)
                    .map(|check| format!(r#"{{"name": "{check}", "url": "https://a.example/", "timeout": "{timeout}s"}}"#))
                    .collect();
                format!(r#""e{number:02}": {{"checks": [{}]}}"#, checks.join(","))
            })
            .collect();
        let document = format!(
            r#"{{"channel": "ops", "apps": {{"a": {{{}}}}}}}"#,
            environments.join(",")
        );
        witbot_sdk::config::parse(&document).unwrap()
    }

    #[test]
    fn a_run_takes_no_more_than_it_can_do() {
        let settings = crowded(&[(12, 1), (12, 1), (8, 1)]);
        let places = settings.places();
        let rounds = Rounds::default();
        assert_eq!(keys(&rounds.due(&places, start())), ["a/e00", "a/e02"]);
        let settings = crowded(&[(3, 30), (3, 30), (1, 10)]);
        let places = settings.places();
        assert_eq!(keys(&rounds.due(&places, start())), ["a/e00", "a/e02"]);
        let settings = crowded(&[(1, 1); 20]);
        assert_eq!(rounds.due(&settings.places(), start()).len(), 15);
    }

    #[test]
    fn the_most_overdue_comes_first() {
        let settings = crowded(&[(12, 1), (12, 1)]);
        let places = settings.places();
        let first = Rounds::default()
            .claimed(&places, start(), "a")
            .released("a");
        assert!(first.0.contains_key("a/e00") && !first.0.contains_key("a/e01"));
        let due = first.due(&places, start() + seconds(60));
        assert_eq!(keys(&due), ["a/e01"]);
        let second = first
            .claimed(&places, start() + seconds(30), "b")
            .released("b");
        assert_eq!(keys(&second.due(&places, start() + seconds(60))), ["a/e00"]);
        assert_eq!(keys(&second.due(&places, start() + seconds(95))), ["a/e00"]);
    }
}
