//! A run: a pipeline with all of its workflows.

use std::fmt;
use std::time::Duration;

use crate::bindings::witbot::ci::ci;
use crate::error::{Code, Error, Result};
use crate::flow;
use crate::time::milliseconds;

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
        Ok(RunStatus {
            raw: self.raw.status()?,
        })
    }

    /// Waits until the phase is not `phase` any more, and gives the status then. Action: `read`.
    ///
    /// # Errors
    /// `timeout`.
    pub fn past(&self, phase: &Phase, timeout: Duration) -> Result<RunStatus> {
        Ok(RunStatus {
            raw: self.raw.past(phase.as_str(), milliseconds(timeout))?,
        })
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
}

/// How a run stands.
#[derive(Debug)]
pub struct RunStatus {
    raw: ci::RunStatus,
}

impl RunStatus {
    /// Which phase it is in.
    pub fn phase(&self) -> Phase {
        Phase::from(self.raw.phase())
    }

    /// Whether it is over.
    pub fn is_finished(&self) -> bool {
        self.raw.finished()
    }

    /// The names of the jobs that failed.
    pub fn failed_jobs(&self) -> Vec<String> {
        self.raw.failed_jobs()
    }

    /// What the service says of it, for people. Can be empty.
    pub fn detail(&self) -> String {
        self.raw.detail()
    }

    /// The page that shows the most: the failed job, or else the run.
    pub fn url(&self) -> String {
        self.raw.url()
    }
}

/// Which phase a run is in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Accepted, not started.
    Queued,
    /// At work.
    Running,
    /// Waits for an approval.
    Blocked,
    /// All went well.
    Succeeded,
    /// Something failed.
    Failed,
    /// Somebody stopped it.
    Canceled,
    /// The service could not run it.
    Errored,
    /// There was nothing to do.
    NotRun,
    /// The service says something that witbot does not know.
    Unknown,
    /// One that this version of the SDK does not know.
    Other(String),
}

impl Phase {
    /// As the contract spells it.
    pub fn as_str(&self) -> &str {
        match self {
            Phase::Queued => "queued",
            Phase::Running => "running",
            Phase::Blocked => "blocked",
            Phase::Succeeded => "succeeded",
            Phase::Failed => "failed",
            Phase::Canceled => "canceled",
            Phase::Errored => "errored",
            Phase::NotRun => "not-run",
            Phase::Unknown => "unknown",
            Phase::Other(phase) => phase,
        }
    }
}

impl From<String> for Phase {
    fn from(phase: String) -> Phase {
        match phase.as_str() {
            "queued" => Phase::Queued,
            "running" => Phase::Running,
            "blocked" => Phase::Blocked,
            "succeeded" => Phase::Succeeded,
            "failed" => Phase::Failed,
            "canceled" => Phase::Canceled,
            "errored" => Phase::Errored,
            "not-run" => Phase::NotRun,
            "unknown" => Phase::Unknown,
            _ => Phase::Other(phase),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_spelled_as_in_the_contract() {
        let known = [
            "queued",
            "running",
            "blocked",
            "succeeded",
            "failed",
            "canceled",
            "errored",
            "not-run",
            "unknown",
        ];
        for phase in known {
            let parsed = Phase::from(phase.to_owned());
            assert!(!matches!(parsed, Phase::Other(_)), "{phase}");
            assert_eq!(parsed.to_string(), phase);
        }
        assert_eq!(Phase::from("resting".to_owned()).as_str(), "resting");
    }
}
