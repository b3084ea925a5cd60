//! The runs that have not created their deployment yet, so that they can be found and canceled.

use serde::{Deserialize, Serialize};
use witbot_sdk::{Result, kv};

use crate::person::Person;

/// As many as can stand in a line.
const LISTED_MAX: u32 = 100;

/// A run that waits: for its turn, for checks, or for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Its id.
    pub run: String,
    /// What it is to deploy, as people know it.
    pub version: String,
    /// Who asked for it.
    pub by: Person,
}

/// Remembers that a run waits. It may be there already.
///
/// # Errors
/// `denied`, `conflict` (there is no more room).
pub fn add(app: &str, environment: &str, waiting: &Waiting) -> Result {
    kv::set(&key(app, environment, &waiting.run), waiting)
}

/// Forgets a run.
///
/// # Errors
/// `denied`.
pub fn remove(app: &str, environment: &str, run: &str) -> Result {
    kv::delete(&key(app, environment, run))
}

/// The runs that wait to deploy an application to an environment. Among them can be some that have died.
///
/// # Errors
/// `denied`.
pub fn all(app: &str, environment: &str) -> Result<Vec<Waiting>> {
    let mut all = Vec::new();
    for key in kv::keys(&prefix(app, environment), None, LISTED_MAX)? {
        all.extend(kv::get(&key)?);
    }
    Ok(all)
}

fn key(app: &str, environment: &str, run: &str) -> String {
    format!("{}{run}", prefix(app, environment))
}

fn prefix(app: &str, environment: &str) -> String {
    format!("waiting {app}/{environment} ")
}
