//! Telling people in the channel of an environment what fails, and that it does no more.

use std::time::Duration;

use witbot_sdk::chat::{self, Card, Message};
use witbot_sdk::flow::Timestamp;
use witbot_sdk::{Code, Result, log};

use crate::card;
use crate::look::{Look, reasons};
use crate::mute::Mute;
use crate::place::Place;
use crate::state::{Change, Incident, State};
use crate::warning;
use crate::words::brief;

/// Tells what a look has changed. What cannot be told is noted in the log, and tried again after the next look.
pub fn changed(place: &Place<'_>, state: &mut State, change: Change, mute: Option<&Mute>) {
    let passed = state.passed_in_a_row();
    let told = match (change, &mut state.incident) {
        (Change::Fails, Some(incident)) => failing(place, incident, mute, passed),
        (Change::Recovered(incident, lasted), slot) => {
            let told = recovered(place, &incident, lasted, mute);
            if told.is_err() {
                // It is not over before somebody knows.
                *slot = Some(incident);
            }
            told
        }
        (Change::Fails | Change::Nothing, _) => Ok(()),
    };
    if let Err(error) = told {
        log::error!("{place}: #{} is not told: {error}", place.channel);
    }
}

fn failing(place: &Place<'_>, incident: &mut Incident, mute: Option<&Mute>, passed: u32) -> Result {
    let card = card::of_failure(place, incident, mute, passed);
    let is_over = incident.muted && mute.is_none();
    match edited(incident, card.clone())? {
        Some(message) if is_over => {
            let problems = reasons(&incident.problems);
            message.reply(format!(
                "The mute is over, and {place} still fails: {problems}."
            ))?;
        }
        Some(_) => {}
        None if mute.is_some() || passed > 0 => {}
        None => incident.card = Some(chat::post(place.channel, card)?.id()),
    }
    incident.muted = mute.is_some();
    Ok(())
}

fn recovered(
    place: &Place<'_>,
    incident: &Incident,
    lasted: Duration,
    mute: Option<&Mute>,
) -> Result {
    let message = edited(incident, card::of_recovery(place, incident, lasted))?;
    if let Some(message) = message.filter(|_| mute.is_none()) {
        let lasted = brief(lasted);
        message.reply(format!("{place} is healthy again after {lasted}."))?;
    }
    Ok(())
}

/// Changes the card of an incident, if it has one that the bot still knows, where it may still write.
fn edited(incident: &Incident, card: Card) -> Result<Option<Message>> {
    let Some(id) = &incident.card else {
        return Ok(None);
    };
    match Message::find(id) {
        Ok(message) => {
            message.edit(card)?;
            Ok(Some(message))
        }
        Err(error) if matches!(error.code, Code::NotFound | Code::Denied) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Shows on the cards of incidents that they were muted, or are no more.
pub fn refresh(places: &[Place<'_>], mute: Option<&Mute>) -> Result {
    for place in places {
        let state = State::of(place)?;
        if let Some(incident) = &state.incident {
            let card = card::of_failure(place, incident, mute, state.passed_in_a_row());
            edited(incident, card)?;
        }
    }
    Ok(())
}

/// Warns of what is no failure: a certificate that expires soon, and checks that could not be made.
pub fn warn(place: &Place<'_>, state: &mut State, look: &Look, now: Timestamp) {
    let warnings = warning::due(&mut state.warned, warning::of(place, look, now), now);
    if warnings.is_empty() {
        return;
    }
    let texts: Vec<&str> = warnings.iter().map(|one| one.text.as_str()).collect();
    match chat::post(place.channel, texts.join("\n")) {
        Ok(_) => warning::given(&mut state.warned, &warnings, now),
        Err(error) => log::error!("{place}: #{} is not warned: {error}", place.channel),
    }
}
