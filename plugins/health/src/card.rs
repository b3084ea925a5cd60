//! The card of an incident.

use std::time::Duration;

use witbot_sdk::chat::{Card, State};
use witbot_sdk::flow::Timestamp;

use crate::look::Problem;
use crate::mute::Mute;
use crate::place::Place;
use crate::state::Incident;
use crate::words::{brief, counted};

/// For how long the button mutes.
const MUTED_FOR: &str = "1h";

/// While it lasts. So many looks have passed again.
pub fn of_failure(
    place: &Place<'_>,
    incident: &Incident,
    mute: Option<&Mute>,
    passed: u32,
) -> Card {
    let since = Timestamp::from_millis(incident.since);
    let card = Card::new(format!("{place} fails"))
        .state(State::Failure)
        .text(lines(&incident.problems))
        .field("Since", format!("{since} UTC"))
        .field("Failed", counted(incident.failed as usize, "look"));
    let card = match passed {
        0 => card,
        passed => {
            let needed = place.settings.recover_after;
            card.field("Passed again", format!("{passed} of {needed} looks"))
        }
    };
    match mute {
        Some(mute) => card
            .field("Muted", mute.details())
            .button("Unmute", place.command("unmute", "")),
        None => {
            let command = place.command("mute", &format!(" for {MUTED_FOR}"));
            card.button(format!("Mute {MUTED_FOR}"), command)
        }
    }
}

/// When it is over.
pub fn of_recovery(place: &Place<'_>, incident: &Incident, lasted: Duration) -> Card {
    let since = Timestamp::from_millis(incident.since);
    Card::new(format!("{place} is healthy again"))
        .state(State::Success)
        .text(lines(&incident.problems))
        .field("Since", format!("{since} UTC"))
        .field("Failed", counted(incident.failed as usize, "look"))
        .field("Lasted", brief(lasted))
}

/// Problems, a line each.
pub fn lines(problems: &[Problem]) -> String {
    let lines = problems
        .iter()
        .map(|problem| format!("*{}* {}", problem.check, problem.reason));
    lines.collect::<Vec<_>>().join("\n")
}
