//! What the clock calls: looks at the environments that are due.

use witbot_sdk::flow;
use witbot_sdk::{Event, Result, log};

use crate::gone;
use crate::look::Look;
use crate::mute::Mutes;
use crate::place::Place;
use crate::rounds;
use crate::settings::Settings;
use crate::state::State;
use crate::tell;

/// Looks at what is due. What goes wrong with one environment keeps no other from being looked at.
pub fn watch(event: &Event) -> Result {
    let settings = Settings::read()?;
    let (places, run) = (settings.places(), event.id());
    gone::forget(&places)?;
    let mine = rounds::claim(&places, flow::now(), &run)?;
    if mine.is_empty() {
        return Ok(());
    }
    for place in &mine {
        if let Err(error) = visit(place) {
            log::error!("{place} could not be looked at: {error}");
        }
    }
    rounds::release(&run)
}

fn visit(place: &Place<'_>) -> Result {
    let look = Look::at(place);
    let now = flow::now();
    let mut state = State::of(place)?;
    let mutes = Mutes::read()?;
    let mute = mutes.of(place, now);
    let change = state.note(&look, now, place.settings);
    tell::changed(place, &mut state, change, mute);
    if mute.is_none() {
        tell::warn(place, &mut state, &look, now);
    }
    state.keep(place)
}
