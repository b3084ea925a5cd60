//! Showing how things stand, to people who ask.

use std::time::Duration;

use witbot_sdk::chat::{self, Card};
use witbot_sdk::flow::{self, Timestamp};
use witbot_sdk::{Error, Event, Result};

use crate::judge::{self, Outcome};
use crate::limits::{LOOK_MAX, REQUESTS_MAX};
use crate::look::{Finding, Look, Verdict};
use crate::mute::{Mute, Mutes};
use crate::place::Place;
use crate::settings::{Check, Settings};
use crate::standing::Standing;
use crate::state::State;
use crate::words::{counted, cut, precise};

/// Nobody reads longer lists. What needs somebody comes first.
const LINES_MAX: usize = 40;
/// Of each line, so that all of them fit into a message: `health <app>` shows the rest.
const LINE_CHARS_MAX: usize = 200;

/// `health`: all that is watched.
pub fn all(event: &Event) -> Result {
    let settings = Settings::read()?;
    let places = settings.places();
    if places.is_empty() {
        event
            .reply("Nothing is watched: the operator writes what under `apps` in the settings.")?;
        return Ok(());
    }
    let (mutes, now) = (Mutes::read()?, flow::now());
    let mut standings = Vec::new();
    for place in &places {
        let standing = Standing::of(place, &State::of(place)?, mutes.of(place, now), now);
        standings.push((standing, place.to_string()));
    }
    event.reply(overview(standings))?;
    Ok(())
}

fn overview(mut standings: Vec<(Standing, String)>) -> Card {
    standings.sort_by_key(|(standing, _)| standing.urgency());
    let state = match standings.first() {
        Some((Standing::Failing(_), _)) => chat::State::Failure,
        Some((Standing::Unknown(_) | Standing::Muted(_), _)) => chat::State::Warning,
        Some((Standing::Healthy(_), _)) | None => chat::State::Success,
    };
    let lines: Vec<String> = standings
        .iter()
        .take(LINES_MAX)
        .map(|(standing, name)| format!("*{name}* {}", cut(standing.text(), LINE_CHARS_MAX)))
        .collect();
    let card = Card::new("Health").state(state).text(lines.join("\n"));
    match standings.len().saturating_sub(LINES_MAX) {
        0 => card,
        more => card.footer(format!("And {more} more.")),
    }
}

/// `health <app>`: checks it now.
pub fn now(event: &Event) -> Result {
    let settings = Settings::read()?;
    let environment = event.argument("env");
    let places = settings.named(&event.required("app")?, environment.as_deref())?;
    fits(&places)?;
    for place in &places {
        let title = place.to_string();
        let message = event.reply(
            Card::new(&title)
                .state(chat::State::Running)
                .text("Checking…"),
        )?;
        let look = Look::at(place);
        let now = flow::now();
        let mutes = Mutes::read()?;
        let mute = mutes.of(place, now);
        let standing = Standing::of(place, &State::of(place)?, mute, now);
        message.edit(detailed(place, &look, &standing, mute, now))?;
    }
    Ok(())
}

/// Whether one run can look at all of them.
fn fits(places: &[Place<'_>]) -> Result {
    let checks: usize = places.iter().map(|place| place.settings.checks.len()).sum();
    let longest: Duration = places.iter().map(|place| place.settings.look_max()).sum();
    if checks <= REQUESTS_MAX && longest <= LOOK_MAX {
        return Ok(());
    }
    let names: Vec<&str> = places.iter().map(|place| place.environment).collect();
    let app = places.first().map_or("", |place| place.app);
    Err(Error::invalid(format!(
        "{} of {app} are too much at once: name one of {}, as in `health {app} in {}`.",
        counted(checks, "check"),
        names.join(", "),
        names.first().unwrap_or(&"production")
    )))
}

fn detailed(
    place: &Place<'_>,
    look: &Look,
    standing: &Standing,
    mute: Option<&Mute>,
    now: Timestamp,
) -> Card {
    let state = match look.verdict() {
        Verdict::Healthy => chat::State::Success,
        Verdict::Failing => chat::State::Failure,
        Verdict::Unknown => chat::State::Warning,
    };
    let checks = place.settings.checks.iter().zip(&look.findings);
    let card = checks.fold(
        Card::new(place.to_string()).state(state),
        |card, (check, finding)| card.field(&check.name, described(check, finding, now)),
    );
    let known = cut(standing.text(), LINE_CHARS_MAX);
    let card = card.footer(format!("By the regular checks: {known}"));
    match (mute, standing) {
        (Some(_), _) => card.button("Unmute", place.command("unmute", "")),
        (None, Standing::Failing(_)) => card.button("Mute 1h", place.command("mute", " for 1h")),
        (None, _) => card,
    }
}

fn described(check: &Check, finding: &Finding, now: Timestamp) -> String {
    let mut text = match &finding.outcome {
        Outcome::Passes => "passes".to_owned(),
        Outcome::Fails(reason) | Outcome::Unknown(reason) => reason.clone(),
    };
    if let Some((status, took)) = finding.answer {
        text = format!("{text} ({status} in {})", precise(took));
    }
    match judge::days_left(check, finding.certificate_expires, now) {
        Some(days) => format!(
            "{text}; its certificate expires in {}",
            counted(days as usize, "day")
        ),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;

    #[test]
    fn what_needs_somebody_comes_first() {
        let card = overview(vec![
            (Standing::Healthy("healthy".to_owned()), "a".to_owned()),
            (Standing::Failing("failing".to_owned()), "b".to_owned()),
            (Standing::Muted("muted".to_owned()), "c".to_owned()),
            (Standing::Unknown("unknown".to_owned()), "d".to_owned()),
        ]);
        let lines = "*b* failing\n*d* unknown\n*c* muted\n*a* healthy";
        assert_eq!(
            card,
            Card::new("Health").state(chat::State::Failure).text(lines)
        );
    }

    #[test]
    fn long_lists_end_with_how_many_there_are() {
        let healthy = |number: usize| (Standing::Healthy("healthy".to_owned()), number.to_string());
        let card = overview((0..43).map(healthy).collect());
        assert!(format!("{card:?}").contains("And 3 more."));
    }

    #[test]
    fn a_check_is_described_with_its_time_and_certificate() {
        let settings = settings::example();
        let check = &settings.named("api", Some("production")).unwrap()[0]
            .settings
            .checks[0];
        let now = Timestamp::from_millis(1_795_453_200_000);
        let finding = Finding {
            check: "web".to_owned(),
            outcome: Outcome::Fails("answered 502".to_owned()),
            answer: Some((502, Duration::from_millis(120))),
            certificate_expires: Some(now + Duration::from_secs(3 * 86_400)),
        };
        assert_eq!(
            described(check, &finding, now),
            "answered 502 (502 in 120 ms); its certificate expires in 3 days"
        );
        let passes = Finding {
            outcome: Outcome::Passes,
            answer: None,
            certificate_expires: None,
            ..finding
        };
        assert_eq!(described(check, &passes, now), "passes");
    }

    #[test]
    fn what_is_too_much_at_once_is_refused() {
        let settings = settings::example();
        assert_eq!(fits(&settings.named("api", None).unwrap()), Ok(()));
        let place = settings.named("api", Some("production")).unwrap()[0];
        let error = fits(&[place; 7]).unwrap_err();
        assert!(
            error
                .message
                .starts_with("21 checks of api are too much at once: name one of production")
        );
    }
}
