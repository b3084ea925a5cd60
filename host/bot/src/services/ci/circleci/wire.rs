//! What CircleCI says, as far as we listen. Words that are new to us are no errors.

use chrono::DateTime;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use witbot_core::ids::UnixMillis;

/// A part of a list.
#[derive(Debug, Deserialize)]
pub struct Page<T> {
    /// In the service's order.
    pub items: Vec<T>,
    /// How to ask for the next part.
    pub next_page_token: Option<String>,
}

/// Who somebody is.
#[derive(Debug, Deserialize)]
pub struct User {
    /// Their name at the version control service.
    pub login: String,
}

/// The answer to a trigger: a pipeline, or why there is none.
#[derive(Debug, Deserialize)]
pub struct Started {
    /// Of the pipeline.
    pub id: Option<String>,
    /// Counted within the project.
    pub number: Option<u64>,
    /// Why nothing was started.
    pub message: Option<String>,
}

/// A pipeline.
#[derive(Debug, Clone, Deserialize)]
pub struct Pipeline {
    /// Its id.
    pub id: String,
    /// Counted within the project.
    pub number: Option<u64>,
    /// The project that it belongs to.
    pub project_slug: Option<String>,
    /// How far it is.
    pub state: PipelineState,
    /// What was wrong with it.
    #[serde(default)]
    pub errors: Vec<PipelineError>,
    /// When it was made.
    #[serde(default, deserialize_with = "time")]
    pub created_at: Option<UnixMillis>,
    /// When it changed.
    #[serde(default, deserialize_with = "time")]
    pub updated_at: Option<UnixMillis>,
    /// Who or what made it.
    pub trigger: Option<Trigger>,
    /// With what. Often empty, whatever was given.
    #[serde(default)]
    pub trigger_parameters: Value,
    /// Of which commit. Not told for all kinds of projects.
    pub vcs: Option<Vcs>,
}

impl Pipeline {
    /// Who made it.
    pub fn login(&self) -> Option<&str> {
        self.trigger.as_ref()?.actor.as_ref()?.login.as_deref()
    }
}

/// How far a pipeline is. Its workflows tell the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PipelineState {
    /// Its workflows are made.
    Created,
    /// It could not be run.
    Errored,
    /// The workflow that computes its configuration is not made yet.
    SetupPending,
    /// The workflow that computes its configuration is.
    Setup,
    /// Its configuration is being read.
    Pending,
    /// A new word.
    #[serde(other)]
    Unknown,
}

/// Something that was wrong with a pipeline.
#[derive(Debug, Clone, Deserialize)]
pub struct PipelineError {
    /// For people.
    #[serde(default)]
    pub message: String,
}

/// What made a pipeline.
#[derive(Debug, Clone, Deserialize)]
pub struct Trigger {
    /// `api`, `webhook`, `scheduled_pipeline`, …
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Who.
    pub actor: Option<Actor>,
}

/// Who made a pipeline.
#[derive(Debug, Clone, Deserialize)]
pub struct Actor {
    /// Their name at the version control service.
    pub login: Option<String>,
}

/// The commit of a pipeline.
#[derive(Debug, Clone, Deserialize)]
pub struct Vcs {
    /// One of the two is set.
    pub branch: Option<String>,
    /// One of the two is set.
    pub tag: Option<String>,
    /// The full SHA.
    pub revision: Option<String>,
    /// What it says. Not told for all kinds of projects.
    #[serde(default)]
    pub commit: Option<Commit>,
}

/// What a commit says.
#[derive(Debug, Clone, Deserialize)]
pub struct Commit {
    /// The first line of its message.
    #[serde(default)]
    pub subject: Option<String>,
}

/// A workflow.
#[derive(Debug, Clone, Deserialize)]
pub struct Workflow {
    /// Its id.
    pub id: String,
    /// As the configuration names it.
    pub name: String,
    /// How it stands.
    pub status: WorkflowStatus,
    /// `setup`, if it computes the configuration of the others.
    pub tag: Option<String>,
    /// When it was made.
    #[serde(default, deserialize_with = "time")]
    pub created_at: Option<UnixMillis>,
    /// When it ended.
    #[serde(default, deserialize_with = "time")]
    pub stopped_at: Option<UnixMillis>,
    /// How often the service has run it again by itself.
    #[serde(default)]
    pub auto_rerun_number: u64,
    /// How often it does so at the most.
    #[serde(default)]
    pub max_auto_reruns: u64,
}

/// How a workflow stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowStatus {
    /// All well.
    Success,
    /// At work.
    Running,
    /// Nothing to do.
    NotRun,
    /// A job failed.
    Failed,
    /// The service could not run it.
    Error,
    /// A job failed, others are at work.
    Failing,
    /// Waits for an approval.
    OnHold,
    /// Somebody stopped it.
    Canceled,
    /// Who started it may not use what it needs.
    Unauthorized,
    /// A new word.
    #[serde(other)]
    Unknown,
}

/// A job.
#[derive(Debug, Clone, Deserialize)]
pub struct Job {
    /// As the configuration names it.
    pub name: String,
    /// How it stands.
    pub status: JobStatus,
    /// Approvals have none.
    pub job_number: Option<u64>,
    /// What only approvals have.
    pub approval_request_id: Option<String>,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// All well.
    Success,
    /// At work.
    Running,
    /// Nothing to do.
    NotRun,
    /// A step failed.
    Failed,
    /// It failed, and was run again.
    Retried,
    /// Waits for a machine.
    Queued,
    /// Waits.
    NotRunning,
    /// The machine failed.
    InfrastructureFail,
    /// It took too long.
    Timedout,
    /// Waits for an approval.
    OnHold,
    /// The service lost it.
    #[serde(rename = "terminated-unknown")]
    TerminatedUnknown,
    /// Waits for other jobs.
    Blocked,
    /// Somebody stopped it.
    Canceled,
    /// Who started it may not use what it needs.
    Unauthorized,
    /// A new word.
    #[serde(other)]
    Unknown,
}

/// Reads `2026-11-22T18:30:00.123Z`. A time that we cannot read is as good as none.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UnixMillis>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let time = text.and_then(|text| DateTime::parse_from_rfc3339(&text).ok());
    Ok(time
        .and_then(|time| time.timestamp_millis().try_into().ok())
        .map(UnixMillis))
}
