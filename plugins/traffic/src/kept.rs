//! Which canary runs where.

use serde::{Deserialize, Serialize};
use witbot_sdk::{Code, Error, Result, kv};

use crate::settings::Place;
use crate::split::Split;

/// A canary that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// The run that walks it.
    pub run: String,
    /// What gets more and more.
    pub version: String,
    /// Who wanted it.
    pub by: String,
    /// How the traffic was split before.
    pub before: Split,
    /// How it has split it last.
    pub set: Split,
}

/// The canary that runs there.
pub fn canary(place: Place<'_>) -> Result<Option<Canary>> {
    kv::get(&key(place))
}

/// Makes sure that no canary runs there.
///
/// # Errors
/// `conflict`: one does.
pub fn refuse_another(place: Place<'_>) -> Result {
    match canary(place)? {
        None => Ok(()),
        Some(other) => Err(Error::new(
            Code::Conflict,
            format!(
                "A canary of {} goes on in {}, for {}. `{}` ends it, and `{}` completes it.",
                other.version,
                place.title(),
                other.by,
                place.command("abort"),
                place.command("promote")
            ),
        )),
    }
}

/// Takes the place for a canary.
///
/// # Errors
/// `conflict`: there is one already.
pub fn claim(place: Place<'_>, canary: &Canary) -> Result {
    if kv::replace(&key(place), None, canary)? {
        return Ok(());
    }
    refuse_another(place)?;
    Err(Error::new(
        Code::Conflict,
        "Another canary has just ended there. Try again.",
    ))
}

/// Notes how far it is.
pub fn note(place: Place<'_>, canary: &Canary) -> Result {
    kv::set(&key(place), canary)
}

/// Gives the place back that a run has. It may be another one's by now.
pub fn release(place: Place<'_>, run: &str) -> Result {
    match canary(place)? {
        Some(canary) if canary.run == run => kv::delete(&key(place)),
        Some(_) | None => Ok(()),
    }
}

fn key(place: Place<'_>) -> String {
    format!("canary/{}", place.subject())
}
