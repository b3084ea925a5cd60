//! What is looked at before a deployment. Each check is a file: what it decides on plain values, and the part that asks.

mod behind;
mod contexts;
mod freeze;
mod lock;
mod order;

use std::fmt;

use witbot_sdk::Result;
use witbot_sdk::github::Repository;

use crate::patience::patiently;
use crate::person::Person;
use crate::settings::Application;

/// What is to be deployed, as far as checks look at it.
pub struct Subject<'a> {
    /// The application.
    pub app: Application<'a>,
    /// Where.
    pub environment: &'a str,
    /// Its repository.
    pub repository: &'a Repository,
    /// The branch, tag or commit that was asked for.
    pub reference: &'a str,
    /// The commit.
    pub sha: &'a str,
    /// Who wants it.
    pub by: &'a Person,
}

/// The checks that can say no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// It is a time in which nothing is deployed.
    Freeze,
    /// Somebody has locked the environment.
    Lock,
    /// The commit has to be somewhere else first.
    Order,
    /// The reference lacks commits of the default branch.
    Behind,
    /// A status or check run of the commit is not green.
    Contexts,
}

impl Check {
    /// As deployments record it.
    pub fn as_str(self) -> &'static str {
        match self {
            Check::Freeze => "freeze",
            Check::Lock => "lock",
            Check::Order => "order",
            Check::Behind => "behind",
            Check::Contexts => "contexts",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A check that says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub check: Check,
    /// Why, in sentences.
    pub reason: String,
    /// Where more is to be seen: labels and addresses.
    pub links: Vec<(String, String)>,
    /// What else can be done.
    pub way: Way,
}

/// What can be done about a refusal, besides deploying anyway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Nothing from here.
    None,
    /// It may pass by itself soon.
    Wait,
    /// The default branch can be merged into the reference.
    Merge,
    /// Another command: what a button says, and the command.
    Command(String, String),
}

impl Refusal {
    fn new(check: Check, reason: impl Into<String>) -> Refusal {
        Refusal {
            check,
            reason: reason.into(),
            links: Vec::new(),
            way: Way::None,
        }
    }
}

/// One check: what is in the way, if anything is.
type Look = fn(&Subject<'_>) -> Result<Option<Refusal>>;

/// All checks, one after the other. What they ask is asked again when a service is not to be reached.
///
/// # Errors
/// What GitHub or the store could not be asked.
pub fn refusals(subject: &Subject<'_>) -> Result<Vec<Refusal>> {
    let checks: [(&str, Look); 5] = [
        ("looking for a freeze", freeze::look),
        ("looking for a lock", lock::look),
        ("looking at the environment before", order::look),
        ("comparing with the default branch", behind::look),
        ("looking at the checks", contexts::look),
    ];
    let mut refusals = Vec::new();
    for (what, look) in checks {
        refusals.extend(patiently(what, || look(subject))?);
    }
    Ok(refusals)
}

/// Whether the checks that a deployment by itself waits for are all there and green.
///
/// # Errors
/// GitHub could not be asked.
pub fn is_green(subject: &Subject<'_>) -> Result<bool> {
    patiently("looking at the checks", || contexts::is_green(subject))
}
