//! Who splits the traffic, whoever it is.

use serde_json::Value;
use witbot_sdk::{Code, Error, Result, flow, log};

use crate::settings::{Kind, Place};
use crate::split::Split;
use crate::{gateway, rollouts, service, web};

/// Requests that a change takes.
pub const SET: u32 = 2;
/// How often a change is tried while others change the same thing.
const TRIES_MAX: usize = 3;

/// How traffic is split, and all that is needed to change it.
#[derive(Debug, Clone)]
pub struct Standing {
    /// By version.
    pub split: Split,
    /// The document that says so.
    pub document: Value,
    /// What else there is to say.
    pub note: Option<String>,
}

/// How traffic is split now.
pub fn read(place: Place<'_>) -> Result<Standing> {
    match place.written.backend {
        Kind::Gateway => gateway::read(place),
        Kind::Rollouts => rollouts::read(place),
        Kind::Http => service::read(place),
    }
}

/// The version that somebody means who types a text.
pub fn version(place: Place<'_>, typed: &str) -> String {
    match place.written.backend {
        Kind::Gateway => gateway::version(place, typed),
        Kind::Rollouts | Kind::Http => typed.to_owned(),
    }
}

/// Makes sure that there is such a version.
///
/// # Errors
/// `not-found`, with those that there are.
pub fn check(place: Place<'_>, version: &str, standing: &Standing) -> Result {
    match place.written.backend {
        Kind::Gateway if standing.split.0.contains_key(version) => Ok(()),
        Kind::Gateway => gateway::check(place, version, standing),
        Kind::Rollouts => Err(rollouts::walks_by_itself(place)),
        Kind::Http => service::check(place, version, standing),
    }
}

/// Splits it otherwise. It has to be split as `expected` until then: what somebody else changed meanwhile is not written over.
/// So many requests of the run are kept.
///
/// # Errors
/// `conflict`: it was changed meanwhile, and how; those of the service.
pub fn set(place: Place<'_>, expected: &Split, split: &Split, kept: u32) -> Result {
    let mut tries = 0;
    loop {
        tries += 1;
        let standing = read(place)?;
        if standing.split.is_like(split) {
            return Ok(());
        }
        if !standing.split.is_like(expected) {
            return Err(changed(place, &standing.split, expected));
        }
        let error = match write(place, &standing, split) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        match error.code {
            // Somebody was faster, perhaps with something else; or nobody knows, and looking tells.
            Code::Conflict | Code::InDoubt if tries < TRIES_MAX && web::left() >= SET + kept => {
                log::info!("the split of {} is read again: {error}", place.title());
            }
            _ => return Err(error),
        }
    }
}

fn write(place: Place<'_>, standing: &Standing, split: &Split) -> Result {
    match place.written.backend {
        Kind::Gateway => gateway::write(place, standing, split),
        Kind::Rollouts => Err(rollouts::walks_by_itself(place)),
        Kind::Http => service::write(place, split),
    }
}

fn changed(place: Place<'_>, found: &Split, expected: &Split) -> Error {
    let at = flow::now();
    Error::new(
        Code::Conflict,
        format!(
            "Somebody else has changed the traffic of {}: it is {found}, and was to be {expected} ({at} UTC).",
            place.title()
        ),
    )
}
