//! Environments that were watched until somebody took them out of the settings.

use witbot_sdk::chat::{Card, Message, State as Shown};
use witbot_sdk::{Code, Result, kv, log};

use crate::place::Place;
use crate::rounds;
use crate::state::{self, State};

/// Forgets them, and closes the cards of their incidents: nobody would ever change these again.
pub fn forget(places: &[Place<'_>]) -> Result {
    let gone = rounds::gone(places)?;
    if gone.is_empty() {
        return Ok(());
    }
    for key in &gone {
        if let Err(error) = close(key) {
            log::error!("the incident of {key} is not closed: {error}");
        }
        kv::delete(&state::key(key))?;
    }
    rounds::forget(&gone)
}

fn close(key: &str) -> Result {
    let state: Option<State> = kv::get(&state::key(key))?;
    let incident = state.and_then(|state| state.incident);
    let Some(card) = incident.and_then(|incident| incident.card) else {
        return Ok(());
    };
    let title = format!("{} is not watched any more", key.replacen('/', " in ", 1));
    match Message::find(&card) {
        Ok(message) => message.edit(Card::new(title).state(Shown::Canceled)),
        Err(error) if matches!(error.code, Code::NotFound | Code::Denied) => Ok(()),
        Err(error) => Err(error),
    }
}
