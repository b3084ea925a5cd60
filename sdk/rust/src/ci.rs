//! Pipelines of a CI service, with the operator's credentials, which a plugin never sees.
//!
//! Grant: `ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["trigger", "read", "cancel", "rerun", "approve"] }]`.
//! Every call can answer `denied`, `not-found`, `rate-limited` and `unavailable`; others are named with the call.
//!
//! ```no_run
//! use std::time::Duration;
//! use witbot_sdk::{Event, Result, ci};
//!
//! fn build(event: &Event) -> Result {
//!     let project = ci::open("circleci", "gh/acme/api")?;
//!     let run = project.trigger(&ci::RunRequest::new().branch("main").parameter("verbose", true))?;
//!     let status = run.finished(Duration::from_secs(3_600))?;
//!     event.reply(format!("The build {}: {}", status.phase(), status.url()))?;
//!     Ok(())
//! }
//! ```

mod ability;
mod phase;
mod recent;
mod request;
mod run;
mod status;

pub use ability::Ability;
pub use phase::Phase;
pub use recent::RecentRun;
pub use request::{Parameter, RunRequest};
pub use run::Run;
pub use status::{Approval, Failure, RunStatus};

use crate::bindings::witbot::ci::ci;
use crate::error::Result;

/// Opens a project at a provider, if the grants cover it. Asks the provider nothing. The provider is `circleci` or
/// `github-actions`; the project is named as that service names it: `gh/acme/api` at CircleCI, `acme/api` at GitHub.
///
/// # Errors
/// `denied`, `invalid` (unknown provider).
pub fn open(provider: &str, project: &str) -> Result<Project> {
    Ok(Project {
        raw: ci::open(provider, project)?,
    })
}

/// A project that was granted.
#[derive(Debug)]
pub struct Project {
    raw: ci::Project,
}

impl Project {
    /// Starts a run. Action: `trigger`.
    ///
    /// # Errors
    /// `invalid` (unknown branch, undeclared parameter), `conflict` (accepted, but the service started nothing),
    /// `in-doubt` (the bot was stopped in the middle of it, and cannot find out).
    pub fn trigger(&self, request: &RunRequest) -> Result<Run> {
        Ok(Run::new(self.raw.trigger(&request.raw())?))
    }

    /// A run that was started before, by its id. Needs no action, and asks the provider nothing: what is done with the run
    /// later does.
    pub fn run(&self, id: &str) -> Result<Run> {
        Ok(Run::new(self.raw.run(id)?))
    }

    /// The newest runs, newest first, at most `limit`: 1 to 30, and any other number is taken as the nearest of these.
    /// Action: `read`.
    pub fn recent(&self, limit: u32) -> Result<Vec<RecentRun>> {
        let runs = self.raw.recent(limit)?;
        Ok(runs.into_iter().map(RecentRun::new).collect())
    }

    /// Whether the provider can do something. Asks the provider nothing.
    pub fn can(&self, ability: Ability) -> bool {
        self.raw.can(ability.as_str())
    }
}
