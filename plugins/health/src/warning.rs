//! What people are warned of once a day at most: certificates that expire soon, and checks that cannot be made.

use std::collections::BTreeMap;
use std::time::Duration;

use witbot_sdk::flow::Timestamp;

use crate::judge;
use crate::look::{Look, Problem};
use crate::place::Place;
use crate::words::counted;

const AGAIN_AFTER: Duration = Duration::from_secs(24 * 3_600);

/// Something to be warned of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What it is about, the same every day.
    about: String,
    /// What is said.
    pub text: String,
}

/// All that a look gives cause for.
pub fn of(place: &Place<'_>, look: &Look, now: Timestamp) -> Vec<Warning> {
    let checks = place.settings.checks.iter().zip(&look.findings);
    let expiring = checks.filter_map(|(check, finding)| {
        let expires = finding.certificate_expires?;
        let days = judge::days_left(check, Some(expires), now)?;
        Some(certificate(place, &check.name, days, expires))
    });
    let unknown = look.unknown();
    expiring
        .chain(unknown.iter().map(|problem| unmade(place, problem)))
        .collect()
}

fn certificate(place: &Place<'_>, check: &str, days: u64, expires: Timestamp) -> Warning {
    let left = match days {
        0 => "in less than a day".to_owned(),
        days => format!("in {}", counted(days as usize, "day")),
    };
    Warning {
        about: format!("certificate {check}"),
        text: format!(
            ":warning: {place}: the certificate of {check} expires {left}, at {expires} UTC. Renew it."
        ),
    }
}

fn unmade(place: &Place<'_>, problem: &Problem) -> Warning {
    let Problem { check, reason } = problem;
    Warning {
        about: format!("unknown {check}"),
        text: format!(":warning: {place}: nothing is known of {check}. It {reason}"),
    }
}

/// Those that were not given within a day. Older notes of warnings are thrown away.
pub fn due(
    warned: &mut BTreeMap<String, u64>,
    warnings: Vec<Warning>,
    now: Timestamp,
) -> Vec<Warning> {
    warned.retain(|_, at| {
        let at = Timestamp::from_millis(*at);
        // One that is to come was given before the clock was put back.
        at <= now && now.since(at) < AGAIN_AFTER
    });
    let is_due = |warning: &Warning| !warned.contains_key(&warning.about);
    warnings.into_iter().filter(is_due).collect()
}

/// Takes note that these were given.
pub fn given(warned: &mut BTreeMap<String, u64>, warnings: &[Warning], now: Timestamp) {
    let given = warnings
        .iter()
        .map(|warning| (warning.about.clone(), now.as_millis()));
    warned.extend(given);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Outcome;
    use crate::{look, settings};

    fn day(count: u64) -> Timestamp {
        Timestamp::from_millis(1_795_392_000_000) + AGAIN_AFTER * count as u32
    }

    fn texts(look: &Look, now: Timestamp) -> Vec<String> {
        let settings = settings::example();
        let place = settings.named("api", Some("staging")).unwrap()[0];
        let warnings = of(&place, look, now).into_iter();
        warnings.map(|warning| warning.text).collect()
    }

    #[test]
    fn certificates_that_expire_soon_are_warned_of() {
        let mut look = look::example(&[Outcome::Passes]);
        look.findings[0].certificate_expires = Some(day(9));
        assert!(texts(&look, day(0) - AGAIN_AFTER * 10).is_empty());
        assert_eq!(
            texts(&look, day(0)),
            [
                ":warning: api in staging: the certificate of web expires in 9 days, at 2026-12-02 00:00 UTC. Renew it."
            ]
        );
        let late = texts(&look, day(9));
        assert!(late[0].contains("in less than a day"), "{late:?}");
    }

    #[test]
    fn what_could_not_be_checked_is_warned_of() {
        let look = look::example(&[Outcome::Unknown("cannot be asked: no grant.".to_owned())]);
        assert_eq!(
            texts(&look, day(0)),
            [":warning: api in staging: nothing is known of check0. It cannot be asked: no grant."]
        );
    }

    #[test]
    fn a_warning_is_given_once_a_day() {
        let warning = |about: &str| Warning {
            about: about.to_owned(),
            text: String::new(),
        };
        let mut warned = BTreeMap::new();
        let mut days = |now: Timestamp| {
            let due = due(&mut warned, vec![warning("certificate web")], now);
            given(&mut warned, &due, now);
            due.len()
        };
        assert_eq!(days(day(1)), 1);
        assert_eq!(days(day(1) + Duration::from_secs(60)), 0);
        assert_eq!(days(day(2)), 1);
        assert_eq!(days(day(1)), 1, "the clock was put back");
    }
}
