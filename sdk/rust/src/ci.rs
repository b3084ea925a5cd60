//! Pipelines of a CI service, with the operator's credentials, which a plugin never sees.
//!
//! Grant: `ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["trigger", "read", "cancel"] }]`.
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

mod request;
mod run;

pub use request::{Parameter, RunRequest};
pub use run::{Phase, Run, RunStatus};

use crate::bindings::witbot::ci::ci;
use crate::error::Result;

/// Opens a project at a provider, if the grants cover it. Asks the provider nothing. The provider is `circleci`; the
/// project is named as that service names it, such as `gh/acme/api`.
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

    /// A run that was started before. Action: `read`. Asks the provider nothing.
    pub fn run(&self, id: &str) -> Result<Run> {
        Ok(Run::new(self.raw.run(id)?))
    }
}
