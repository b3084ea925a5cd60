//! Deployments with their statuses.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A deployment as GitHub keeps it.
#[derive(Debug, Clone, Serialize)]
pub struct Deployment {
    /// Beyond 32 bits.
    pub id: u64,
    /// The branch, tag or SHA that was asked for.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The commit.
    pub sha: String,
    /// What is done; `deploy` unless said otherwise.
    pub task: String,
    /// Where it is now; a status can move it.
    pub environment: String,
    /// Where it was created for.
    pub original_environment: String,
    /// For people.
    pub description: Option<String>,
    /// What was sent, as it was sent.
    pub payload: Value,
    /// Whether users see the environment.
    pub production: bool,
    /// Whether the environment will go away.
    pub transient: bool,
    /// The login of who created it.
    pub creator: String,
    /// In milliseconds since 1970, UTC.
    pub created: u64,
    /// In milliseconds since 1970, UTC.
    pub updated: u64,
    /// Oldest first.
    pub statuses: Vec<DeploymentStatus>,
}

/// A status of a deployment.
#[derive(Debug, Clone, Serialize)]
pub struct DeploymentStatus {
    /// Grows with time.
    pub id: u64,
    /// How the deployment stood.
    pub state: DeploymentState,
    /// For people; empty when nothing was said.
    pub description: String,
    /// Where it stood so.
    pub environment: String,
    /// Where the log is; empty when nothing was said.
    pub log_url: String,
    /// Where the result can be seen; empty when nothing was said.
    pub environment_url: String,
    /// The login of who added it.
    pub creator: String,
    /// In milliseconds since 1970, UTC.
    pub created: u64,
}

/// The states that a deployment can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentState {
    /// Waits for its turn.
    Queued,
    /// About to begin.
    Pending,
    /// At work.
    InProgress,
    /// Done.
    Success,
    /// Went wrong.
    Failure,
    /// Could not be tried.
    Error,
    /// Another one took its place.
    Inactive,
}

impl Deployment {
    /// The states that it went through, oldest first.
    pub fn states(&self) -> Vec<DeploymentState> {
        self.statuses.iter().map(|status| status.state).collect()
    }

    /// How it stands; nothing was said of a new one.
    pub fn state(&self) -> Option<DeploymentState> {
        self.statuses.last().map(|status| status.state)
    }
}

impl DeploymentState {
    /// As it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            DeploymentState::Queued => "queued",
            DeploymentState::Pending => "pending",
            DeploymentState::InProgress => "in_progress",
            DeploymentState::Success => "success",
            DeploymentState::Failure => "failure",
            DeploymentState::Error => "error",
            DeploymentState::Inactive => "inactive",
        }
    }
}
