//! How a run stands.

use crate::bindings::witbot::ci::ci;

use super::Phase;

/// How a run stands.
#[derive(Debug)]
pub struct RunStatus {
    raw: ci::RunStatus,
}

impl RunStatus {
    pub(super) fn new(raw: ci::RunStatus) -> RunStatus {
        RunStatus { raw }
    }

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

    /// The jobs that failed, with what is known of each. At most 20.
    pub fn failures(&self) -> Vec<Failure> {
        self.raw.failures().iter().map(Failure::of).collect()
    }

    /// The approvals that it waits for. At most 20.
    pub fn approvals(&self) -> Vec<Approval> {
        self.raw.approvals().iter().map(Approval::of).collect()
    }

    /// The commit that it works on, as its full SHA, when the provider says so.
    pub fn commit(&self) -> Option<String> {
        self.raw.commit()
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

/// A job that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The name of the job.
    pub job: String,
    /// The step in which it failed, when the provider says so.
    pub step: Option<String>,
    /// The page with its log.
    pub url: String,
}

impl Failure {
    fn of(raw: &ci::Failure) -> Failure {
        Failure {
            job: raw.job(),
            step: raw.step(),
            url: raw.url(),
        }
    }
}

/// An approval that a run waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// What [`Run::approve`](super::Run::approve) takes.
    pub id: String,
    /// How people call it.
    pub name: String,
}

impl Approval {
    fn of(raw: &ci::Approval) -> Approval {
        Approval {
            id: raw.id(),
            name: raw.name(),
        }
    }
}
