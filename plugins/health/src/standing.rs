//! How an environment stands, by what is known of it.

use std::time::Duration;

use witbot_sdk::flow::Timestamp;

use crate::look::reasons;
use crate::mute::Mute;
use crate::place::Place;
use crate::state::State;
use crate::words::brief;

/// So many times in a row it may be looked at late: the bot was being restarted, or has much to do.
const LATE_LOOKS_MAX: u32 = 3;
const LATE_MAX: Duration = Duration::from_secs(2 * 60);

/// How an environment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// There is an incident: what it is, and since when.
    Failing(String),
    /// Nobody can say, and why.
    Unknown(String),
    /// Nothing is told of it: by whom, and what would be.
    Muted(String),
    /// It passes.
    Healthy(String),
}

impl Standing {
    /// By what is known of it, and its mute.
    pub fn of(place: &Place<'_>, state: &State, mute: Option<&Mute>, now: Timestamp) -> Standing {
        let standing = Standing::unmuted(place, state, now);
        match mute {
            Some(mute) => Standing::Muted(format!("muted {}; {}", mute.details(), standing.text())),
            None => standing,
        }
    }

    /// Its place in a list: what people should look at comes first.
    pub fn urgency(&self) -> u8 {
        match self {
            Standing::Failing(_) => 0,
            Standing::Unknown(_) => 1,
            Standing::Muted(_) => 2,
            Standing::Healthy(_) => 3,
        }
    }

    /// In words.
    pub fn text(&self) -> &str {
        match self {
            Standing::Failing(text)
            | Standing::Unknown(text)
            | Standing::Muted(text)
            | Standing::Healthy(text) => text,
        }
    }

    fn unmuted(place: &Place<'_>, state: &State, now: Timestamp) -> Standing {
        let Some(looked_at) = state.looked_at() else {
            return Standing::Unknown("unknown: not checked yet".to_owned());
        };
        if now.since(looked_at) > place.settings.every.0 * LATE_LOOKS_MAX + LATE_MAX {
            return Standing::Unknown(format!("unknown: not checked since {looked_at} UTC"));
        }
        if let Some(incident) = &state.incident {
            let lasted = brief(now.since(Timestamp::from_millis(incident.since)));
            let problems = reasons(&incident.problems);
            return Standing::Failing(format!("failing for {lasted}: {problems}"));
        }
        match (state.failing.as_slice(), state.unknown.as_slice()) {
            ([], []) => Standing::Healthy("healthy".to_owned()),
            ([], unknown) => Standing::Unknown(format!("unknown: {}", reasons(unknown))),
            (failing, _) => {
                let problems = reasons(failing);
                Standing::Unknown(format!("perhaps failing: {problems}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Outcome;
    use crate::{look, settings};

    const MINUTE: Duration = Duration::from_secs(60);

    fn told(outcomes: &[Outcome], mute: Option<&Mute>, later: Duration) -> String {
        let settings = settings::example();
        let place = settings.named("api", Some("staging")).unwrap()[0];
        let mut state = State::default();
        let mut now = Timestamp::from_millis(1_795_453_200_000);
        for outcome in outcomes {
            state.note(
                &look::example(std::slice::from_ref(outcome)),
                now,
                place.settings,
            );
            now = now + MINUTE;
        }
        let standing = Standing::of(&place, &state, mute, now + later);
        standing.text().to_owned()
    }

    #[test]
    fn it_is_told_how_an_environment_stands() {
        let fails = || Outcome::Fails("answered 502".to_owned());
        let unknown = || Outcome::Unknown("cannot be asked".to_owned());
        let passes = || Outcome::Passes;
        for (outcomes, expected) in [
            (vec![], "unknown: not checked yet"),
            (vec![passes()], "healthy"),
            (
                vec![passes(), fails()],
                "perhaps failing: check0 answered 502",
            ),
            (
                vec![fails(), fails()],
                "failing for 2m 00s: check0 answered 502",
            ),
            (
                vec![fails(), fails(), passes()],
                "failing for 3m 00s: check0 answered 502",
            ),
            (vec![passes(), unknown()], "unknown: check0 cannot be asked"),
        ] {
            assert_eq!(told(&outcomes, None, Duration::ZERO), expected);
        }
    }

    #[test]
    fn what_is_old_is_not_told_as_new() {
        assert_eq!(told(&[Outcome::Passes], None, MINUTE * 4), "healthy");
        assert_eq!(
            told(&[Outcome::Passes], None, MINUTE * 5),
            "unknown: not checked since 2026-11-23 17:00 UTC"
        );
    }

    #[test]
    fn a_mute_is_told_with_what_it_covers() {
        let mute = Mute {
            by: "ada".to_owned(),
            reason: Some("of a test".to_owned()),
            until: 1_795_456_800_000,
        };
        assert_eq!(
            told(&[Outcome::Passes], Some(&mute), Duration::ZERO),
            "muted until 2026-11-23 18:00 UTC by ada, because of a test; healthy"
        );
    }
}
