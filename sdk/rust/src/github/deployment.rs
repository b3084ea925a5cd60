//! A deployment.

use std::time::Duration;

use crate::bindings::witbot::github::github;
use crate::error::Result;
use crate::time::{Timestamp, milliseconds};

use super::status::{DeploymentStatus, Status};

/// A deployment.
#[derive(Debug)]
pub struct Deployment {
    raw: github::Deployment,
}

impl Deployment {
    pub(crate) fn new(raw: github::Deployment) -> Deployment {
        Deployment { raw }
    }

    /// GitHub's number of it.
    pub fn id(&self) -> u64 {
        self.raw.id()
    }

    /// The branch, tag or SHA that was asked for.
    pub fn reference(&self) -> String {
        self.raw.reference()
    }

    /// The commit.
    pub fn sha(&self) -> String {
        self.raw.sha()
    }

    /// What is done: `deploy` for most.
    pub fn task(&self) -> String {
        self.raw.task()
    }

    /// The environment.
    pub fn environment(&self) -> String {
        self.raw.environment()
    }

    /// The description.
    pub fn description(&self) -> String {
        self.raw.description()
    }

    /// The login of who created it, at GitHub.
    pub fn creator(&self) -> String {
        self.raw.creator()
    }

    /// The payload, as JSON.
    pub fn payload(&self) -> String {
        self.raw.payload()
    }

    /// When it was created.
    pub fn created_at(&self) -> Timestamp {
        Timestamp::from_millis(self.raw.created_at())
    }

    /// The latest status, as it is at GitHub now. Permission: `deployments:read`.
    pub fn status(&self) -> Result<Option<DeploymentStatus>> {
        Ok(self.raw.status()?.map(DeploymentStatus::new))
    }

    /// Adds a status. Permission: `deployments:write`, for the environment.
    ///
    /// # Errors
    /// `invalid` (GitHub does not know the state).
    pub fn add_status(&self, status: &Status) -> Result<DeploymentStatus> {
        Ok(DeploymentStatus::new(self.raw.add_status(&status.raw())?))
    }

    /// Waits for the next status after the one with the id `after`, or for the first. One that is there already is given
    /// at once, so that none is missed. Permission: `deployments:read`.
    ///
    /// # Errors
    /// `timeout`.
    pub fn next_status(&self, after: Option<u64>, timeout: Duration) -> Result<DeploymentStatus> {
        Ok(DeploymentStatus::new(
            self.raw.next_status(after, milliseconds(timeout))?,
        ))
    }
}
