//! GitHub, with the operator's credentials, which a plugin never sees.
//!
//! Grant: `github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = ["staging"] }]`.
//! Every call can answer `denied`, `not-found`, `rate-limited` and `unavailable`; others are named with the call.
//!
//! ```no_run
//! use std::time::Duration;
//! use witbot_sdk::{Event, Result, github};
//!
//! fn deploy(event: &Event) -> Result {
//!     let repository = github::open("acme/api")?;
//!     let deployment = repository.deploy(&github::Deploy::to("staging").reference("main"))?;
//!     let status = deployment.next_status(None, Duration::from_secs(600))?;
//!     event.reply(format!("The deployment is {}.", status.state()))?;
//!     Ok(())
//! }
//! ```

mod check;
mod commit;
mod deploy;
mod deployment;
mod repository;
mod status;

pub use check::{Check, CheckState};
pub use commit::Commit;
pub use deploy::Deploy;
pub use deployment::Deployment;
pub use repository::{Checks, Comparison, Repository};
pub use status::{DeploymentStatus, State, Status};

use crate::bindings::witbot::github::github;
use crate::error::Result;

/// Opens a repository, named `owner/name`, if the grants cover it. Asks GitHub nothing.
///
/// # Errors
/// `denied`, `invalid` (not of the form `owner/name`).
pub fn open(repository: &str) -> Result<Repository> {
    Ok(Repository::new(github::open(repository)?))
}
