//! Environments about which nothing is said for a while, because somebody wants it so.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use witbot_sdk::flow::{self, Timestamp};
use witbot_sdk::{Error, Event, Result, kv};

use crate::place::Place;
use crate::settings::Settings;
use crate::tell;
use crate::words::{brief, cut};

const KEY: &str = "mutes";

/// What is never to be heard of again is better taken out of the settings.
const LENGTH: RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(30 * 24 * 3_600);

/// A reason is a sentence.
const REASON_CHARS_MAX: usize = 200;

/// Who wants to hear nothing, why, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// What they are called.
    pub by: String,
    /// Why, if they said so.
    pub reason: Option<String>,
    /// In milliseconds since 1970.
    pub until: u64,
}

/// All mutes, by the key of the place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutes(BTreeMap<String, Mute>);

impl Mutes {
    /// As they are now.
    pub fn read() -> Result<Mutes> {
        Ok(kv::get(KEY)?.unwrap_or_default())
    }

    /// The mute of an environment, if it has not ended.
    pub fn of(&self, place: &Place<'_>, now: Timestamp) -> Option<&Mute> {
        self.0.get(&place.key()).filter(|mute| mute.lasts(now))
    }

    fn with(mut self, places: &[Place<'_>], mute: &Mute, now: Timestamp) -> Mutes {
        self.0.retain(|_, mute| mute.lasts(now));
        let more = places.iter().map(|place| (place.key(), mute.clone()));
        self.0.extend(more);
        self
    }

    fn without(mut self, places: &[Place<'_>]) -> Mutes {
        for place in places {
            self.0.remove(&place.key());
        }
        self
    }
}

impl Mute {
    fn lasts(&self, now: Timestamp) -> bool {
        self.until > now.as_millis()
    }

    /// `until 2026-11-23 18:00 UTC by ada, because of a test`.
    pub fn details(&self) -> String {
        let until = Timestamp::from_millis(self.until);
        let by = &self.by;
        match &self.reason {
            Some(reason) => format!("until {until} UTC by {by}, because {reason}"),
            None => format!("until {until} UTC by {by}"),
        }
    }
}

/// `health mute`.
pub fn mute(event: &Event) -> Result {
    let settings = Settings::read()?;
    let places = asked_for(event, &settings)?;
    let length = event.duration("duration")?.unwrap_or_default();
    if !LENGTH.contains(&length) {
        let length = brief(length);
        return Err(Error::invalid(format!(
            "{length} is not possible: mute for 1 minute to 30 days."
        )));
    }
    let now = flow::now();
    let reason = event.argument("reason");
    let mute = Mute {
        by: event.user_name(),
        reason: reason.map(|reason| cut(&reason, REASON_CHARS_MAX)),
        until: (now + length).as_millis(),
    };
    kv::update(KEY, |mutes: Option<Mutes>| {
        mutes.unwrap_or_default().with(&places, &mute, now)
    })?;
    event.reply(format!("Muted {} {}.", listed(&places), mute.details()))?;
    tell::refresh(&places, Some(&mute))
}

/// `health unmute`.
pub fn unmute(event: &Event) -> Result {
    let settings = Settings::read()?;
    let asked = asked_for(event, &settings)?;
    let (mutes, now) = (Mutes::read()?, flow::now());
    let is_muted = |place: &&Place<'_>| mutes.of(place, now).is_some();
    let places: Vec<Place<'_>> = asked.iter().filter(is_muted).copied().collect();
    if places.is_empty() {
        event.reply(format!("{} is not muted.", listed(&asked)))?;
        return Ok(());
    }
    kv::update(KEY, |mutes: Option<Mutes>| {
        mutes.unwrap_or_default().without(&places)
    })?;
    let by = event.user_name();
    event.reply(format!("{by} unmuted {}.", listed(&places)))?;
    tell::refresh(&places, None)
}

fn asked_for<'a>(event: &Event, settings: &'a Settings) -> Result<Vec<Place<'a>>> {
    settings.named(&event.required("app")?, event.argument("env").as_deref())
}

fn listed(places: &[Place<'_>]) -> String {
    let names: Vec<&str> = places.iter().map(|place| place.environment).collect();
    let app = places.first().map_or("", |place| place.app);
    format!("{app} in {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;

    fn mute(until: u64) -> Mute {
        Mute {
            by: "ada".to_owned(),
            reason: None,
            until,
        }
    }

    #[test]
    fn a_mute_ends_by_itself() {
        let settings = settings::example();
        let places = settings.named("api", None).unwrap();
        let at = Timestamp::from_millis;
        let mutes = Mutes::default().with(&places, &mute(1_000), at(0));
        assert!(mutes.of(&places[0], at(999)).is_some());
        assert!(mutes.of(&places[0], at(1_000)).is_none());
        let kept = mutes.clone().with(&[], &mute(0), at(999));
        assert_eq!(kept, mutes);
        assert_eq!(
            mutes.clone().with(&[], &mute(0), at(1_000)),
            Mutes::default()
        );
        let one = mutes.without(&places[..1]);
        assert!(one.of(&places[0], at(0)).is_none() && one.of(&places[1], at(0)).is_some());
    }

    #[test]
    fn a_mute_says_who_why_and_until_when() {
        let until = 1_795_453_200_000;
        assert_eq!(mute(until).details(), "until 2026-11-23 17:00 UTC by ada");
        let because = Mute {
            reason: Some("of a test".to_owned()),
            ..mute(until)
        };
        assert_eq!(
            because.details(),
            "until 2026-11-23 17:00 UTC by ada, because of a test"
        );
        let settings = settings::example();
        let places = settings.named("api", None).unwrap();
        assert_eq!(listed(&places), "api in production, staging");
    }
}
