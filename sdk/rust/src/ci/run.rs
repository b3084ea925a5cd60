//! A run: a pipeline with all of its workflows.

use std::time::Duration;

use crate::bindings::witbot::ci::ci;
use crate::error::{Code, Error, Result};
use crate::flow;
use crate::time::milliseconds;

use super::{Phase, RunStatus};

/// A run: a pipeline with all of its workflows.
#[derive(Debug)]
pub struct Run {
    raw: ci::Run,
}

impl Run {
    pub(crate) fn new(raw: ci::Run) -> Run {
        Run { raw }
    }

    /// The provider's id.
    pub fn id(&self) -> String {
        self.raw.id()
    }

    /// The number that people see, when the provider has told one.
    pub fn number(&self) -> Option<u64> {
        self.raw.number()
    }

    /// The page of the run.
    pub fn url(&self) -> String {
        self.raw.url()
    }

    /// How it stands now. Action: `read`.
    pub fn status(&self) -> Result<RunStatus> {
        Ok(RunStatus::new(self.raw.status()?))
    }

    /// Waits until the phase is not `phase` any more, and gives the status then. Action: `read`.
    ///
    /// # Errors
    /// `timeout`.
    pub fn past(&self, phase: &Phase, timeout: Duration) -> Result<RunStatus> {
        let status = self.raw.past(phase.as_str(), milliseconds(timeout))?;
        Ok(RunStatus::new(status))
    }

    /// Waits until it is over. Action: `read`.
    ///
    /// # Errors
    /// `timeout`.
    pub fn finished(&self, timeout: Duration) -> Result<RunStatus> {
        let end = flow::now() + timeout;
        let mut phase = Phase::Queued;
        loop {
            let left = end.since(flow::now());
            if left.is_zero() {
                return Err(Error::new(
                    Code::Timeout,
                    format!("the run is still {phase}"),
                ));
            }
            let status = self.past(&phase, left)?;
            if status.is_finished() {
                return Ok(status);
            }
            phase = status.phase();
        }
    }

    /// Asks the provider to stop it. It ends some time later. Action: `cancel`.
    ///
    /// # Errors
    /// `conflict` (it is over).
    pub fn cancel(&self) -> Result {
        Ok(self.raw.cancel()?)
    }

    /// Has the provider run it once more, or with `only_failed` only what failed, under the same id. Action: `rerun`.
    ///
    /// # Errors
    /// `conflict` (it is not over), `invalid` (the provider cannot).
    pub fn rerun(&self, only_failed: bool) -> Result {
        Ok(self.raw.rerun(only_failed)?)
    }

    /// Gives an approval that the run waits for, by the id that its status says. Action: `approve`. Giving it twice changes
    /// nothing.
    ///
    /// # Errors
    /// `conflict` (it does not wait for this one any more), `not-found`, `invalid` (the provider cannot).
    pub fn approve(&self, approval: &str) -> Result {
        Ok(self.raw.approve(approval)?)
    }
}
