//! What GitHub says of workflows and their runs, as far as we listen. Words that are new to us are no errors.

use serde::Deserialize;
use witbot_core::ids::UnixMillis;

use crate::services::github::time::unix_millis;

/// The answer to a dispatch, of servers that give one.
#[derive(Debug, Deserialize)]
pub struct Dispatched {
    /// The run.
    pub workflow_run_id: u64,
    /// Its page.
    pub html_url: String,
}

/// One page of runs.
#[derive(Debug, Deserialize)]
pub struct Runs {
    /// Newest first.
    pub workflow_runs: Vec<WorkflowRun>,
}

/// A run.
#[derive(Debug, Clone, Deserialize)]
pub struct WorkflowRun {
    /// Its id, the same when it is run again.
    pub id: u64,
    /// Of the workflow, or of the run where that has one of its own.
    pub name: Option<String>,
    /// What its page calls it: `run-name`, with its expressions filled in.
    #[serde(default)]
    pub display_title: String,
    /// Counted within the workflow.
    pub run_number: Option<u64>,
    /// How often it was run, counted from 1.
    #[serde(default)]
    pub run_attempt: u64,
    /// The commit.
    pub head_sha: Option<String>,
    /// The branch or tag.
    pub head_branch: Option<String>,
    /// Who began its latest attempt.
    #[serde(default)]
    pub triggering_actor: Option<Actor>,
    /// How far it is.
    pub status: Option<RunState>,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// Its page.
    pub html_url: String,
    /// When it was made.
    #[serde(deserialize_with = "unix_millis")]
    pub created_at: UnixMillis,
    /// When its latest attempt was begun.
    #[serde(deserialize_with = "unix_millis")]
    pub run_started_at: UnixMillis,
}

/// An account.
#[derive(Debug, Clone, Deserialize)]
pub struct Actor {
    /// Its name.
    pub login: String,
}

/// How far a run or a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waits for a machine.
    Queued,
    /// Is being made.
    Requested,
    /// Waits for other runs of its concurrency group.
    Pending,
    /// Waits for what protects an environment.
    Waiting,
    /// At work.
    InProgress,
    /// Over.
    Completed,
    /// A new word.
    #[serde(other)]
    Unknown,
}

/// How a run, a job or a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// All well.
    Success,
    /// Neither good nor bad.
    Neutral,
    /// A step failed.
    Failure,
    /// It took too long.
    TimedOut,
    /// Its file is wrong, or GitHub could not begin it.
    StartupFailure,
    /// Somebody stopped it.
    Cancelled,
    /// There was nothing to do.
    Skipped,
    /// It was waited for too long.
    Stale,
    /// Somebody has to let it begin.
    ActionRequired,
    /// A new word.
    #[serde(other)]
    Unknown,
}

/// One page of jobs.
#[derive(Debug, Deserialize)]
pub struct Jobs {
    /// Of the latest attempt.
    pub jobs: Vec<Job>,
}

/// A job.
#[derive(Debug, Clone, Deserialize)]
pub struct Job {
    /// As the workflow names it.
    pub name: String,
    /// How far it is.
    pub status: RunState,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// The page with its log.
    pub html_url: Option<String>,
    /// None before it begins.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// A step of a job.
#[derive(Debug, Clone, Deserialize)]
pub struct Step {
    /// As the workflow names it.
    pub name: String,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
}

/// A deployment of a job that an environment does not let through yet.
#[derive(Debug, Clone, Deserialize)]
pub struct PendingDeployment {
    /// Where to.
    pub environment: Environment,
    /// Who may let it through; nobody where it waits only for the time to pass.
    #[serde(default)]
    pub reviewers: Vec<serde_json::Value>,
}

/// An environment.
#[derive(Debug, Clone, Deserialize)]
pub struct Environment {
    /// Its id.
    pub id: u64,
    /// As people call it.
    pub name: String,
}
