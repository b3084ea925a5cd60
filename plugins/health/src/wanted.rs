//! Answering other plugins that want to know whether an environment is healthy, such as after a deployment.

use std::time::Duration;

use serde::Serialize;
use witbot_sdk::flow;
use witbot_sdk::{Error, Event, Result, log, topics};

use crate::look;
use crate::place::Place;
use crate::series::{Conclusion, Series};
use crate::settings::Settings;

/// Where it is answered.
const VERDICT: &str = "health-verdict";

/// For how long it is looked when nobody says.
const WITHIN_DEFAULT: Duration = Duration::from_secs(2 * 60);

/// What is not healthy within an hour is not going to be.
const WITHIN_MAX: Duration = Duration::from_secs(3_600);

#[derive(Serialize)]
struct Verdict<'a> {
    app: &'a str,
    environment: &'a str,
    known: bool,
    healthy: bool,
    summary: &'a str,
}

/// `topic.health-wanted`.
pub fn wanted(event: &Event) -> Result {
    let subject = event.subject();
    let id = event
        .field("/id")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Error::invalid(format!("health of {subject} is wanted without an `id`")))?;
    let (app, environment) = subject.split_once('/').unwrap_or((&subject, ""));
    let conclusion = conclude(event, app, environment).unwrap_or_else(|error| {
        log::warn!("health of {subject} is unknown: {error}");
        Conclusion::unknown(error.message)
    });
    let verdict = Verdict {
        app,
        environment,
        known: conclusion.known,
        healthy: conclusion.healthy,
        summary: &conclusion.summary,
    };
    topics::publish(VERDICT, &id, &verdict)
}

fn conclude(event: &Event, app: &str, environment: &str) -> Result<Conclusion> {
    let settings = Settings::read()?;
    let within = within(event.field("/within_ms").as_deref())?;
    let places = settings.named(app, Some(environment)).unwrap_or_default();
    match places.first() {
        Some(place) => watched(place, within),
        None => Ok(Conclusion::unknown(format!(
            "nothing is checked for {app}/{environment}"
        ))),
    }
}

/// Looks again and again, so that the last look is over in time.
fn watched(place: &Place<'_>, within: Duration) -> Result<Conclusion> {
    let checks = &place.settings.checks;
    let make = |index: usize| look::make(&checks[index]).outcome;
    let patience = within.saturating_sub(place.settings.look_max());
    let end = flow::now() + patience;
    let mut series = Series::of(checks.len());
    loop {
        series.look(make);
        let left = end.since(flow::now());
        if series.is_certain() || left.is_zero() {
            break;
        }
        flow::sleep(series.pause(patience).min(left))?;
    }
    if !series.is_healthy() {
        series.complete(make);
    }
    Ok(series.conclusion(checks))
}

fn within(milliseconds: Option<&str>) -> Result<Duration> {
    let Some(text) = milliseconds else {
        return Ok(WITHIN_DEFAULT);
    };
    let milliseconds: u64 = text.parse().map_err(|_| {
        Error::invalid(format!(
            "`within_ms` is `{text}`, and has to be a whole number of milliseconds"
        ))
    })?;
    Ok(Duration::from_millis(milliseconds).min(WITHIN_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_bounded() {
        assert_eq!(within(None), Ok(WITHIN_DEFAULT));
        assert_eq!(within(Some("120000")), Ok(Duration::from_secs(120)));
        assert_eq!(within(Some("99999999999")), Ok(WITHIN_MAX));
        for text in ["soon", "-1", "1.5", ""] {
            assert!(within(Some(text)).is_err(), "{text}");
        }
    }
}
