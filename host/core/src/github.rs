//! GitHub's things as plugins see them.

use serde::{Deserialize, Serialize};

use crate::ids::UnixMillis;

/// A deployment to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentRequest {
    /// Branch, tag or SHA.
    pub reference: String,
    /// The environment.
    pub environment: String,
    /// What is done; `deploy` by default.
    pub task: String,
    /// At most 140 characters.
    pub description: String,
    /// A JSON object, as text, for whoever runs it.
    pub payload: String,
    /// GitHub decides by the name when this is none.
    pub production: Option<bool>,
    /// Whether the environment will go away.
    pub transient: bool,
    /// Whether GitHub merges the default branch in first.
    pub auto_merge: bool,
    /// Contexts that must be green. Empty: GitHub checks none.
    pub required_contexts: Vec<String>,
}

/// A deployment at GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Can exceed 32 bits.
    pub id: u64,
    /// Branch, tag or SHA that was asked for.
    pub reference: String,
    /// The commit.
    pub sha: String,
    /// What is done.
    pub task: String,
    /// The environment.
    pub environment: String,
    /// For people.
    pub description: String,
    /// Login of who created it.
    pub creator: String,
    /// JSON, without our marker.
    pub payload: String,
    /// When it was created.
    pub created: UnixMillis,
}

/// A status to be added to a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRequest {
    /// One of GitHub's seven states.
    pub state: String,
    /// At most 140 characters.
    pub description: String,
    /// Where the log is.
    pub log_url: Option<String>,
    /// Where the result can be seen.
    pub environment_url: Option<String>,
}

/// A status of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentStatus {
    /// Grows with time.
    pub id: u64,
    /// One of GitHub's seven states.
    pub state: String,
    /// For people.
    pub description: String,
    /// Where the log is.
    pub log_url: Option<String>,
    /// Where the result can be seen.
    pub environment_url: Option<String>,
    /// When it was added.
    pub created: UnixMillis,
}

/// The checks of a commit: statuses and check runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// All of them together.
    pub state: ChecksState,
    /// Names of those that failed.
    pub failed: Vec<String>,
    /// Names of those that are not over.
    pub pending: Vec<String>,
    /// Each of them.
    #[serde(default)]
    pub all: Vec<Check>,
}

/// One check: a status context, or a check run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The context, or the name of the run.
    pub name: String,
    /// How it stands.
    pub state: CheckState,
    /// The page that shows it.
    pub url: Option<String>,
}

/// How one check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// Green.
    Success,
    /// Not over.
    Pending,
    /// It failed, was canceled, or took too long.
    Failure,
    /// It was skipped, or says nothing either way.
    Neutral,
}

impl CheckState {
    /// As the contract spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            CheckState::Success => "success",
            CheckState::Pending => "pending",
            CheckState::Failure => "failure",
            CheckState::Neutral => "neutral",
        }
    }
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// The full SHA.
    pub sha: String,
    /// The first line of its message.
    pub title: String,
    /// Login of its author, or else the name in the commit.
    pub author: String,
    /// The page that shows it.
    pub url: String,
    /// When it was committed.
    pub committed: UnixMillis,
}

/// How the checks of a commit stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChecksState {
    /// All green.
    Success,
    /// None failed, some are not over.
    Pending,
    /// At least one failed.
    Failure,
    /// There are none.
    None,
}

impl ChecksState {
    /// As the contract spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            ChecksState::Success => "success",
            ChecksState::Pending => "pending",
            ChecksState::Failure => "failure",
            ChecksState::None => "none",
        }
    }
}

/// How one reference stands to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Commits that head has and base lacks.
    pub ahead_by: u32,
    /// Commits that base has and head lacks.
    pub behind_by: u32,
    /// Those that head has and base lacks, newest first, the newest 50 at most.
    #[serde(default)]
    pub commits: Vec<Commit>,
    /// The page that shows it.
    pub url: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_older_journals_recorded_is_still_read() {
        let checks = json!({"state": "failure", "failed": ["build"], "pending": []});
        let checks: Checks = serde_json::from_value(checks).unwrap();
        assert_eq!((checks.state, checks.all.len()), (ChecksState::Failure, 0));
        let comparison = json!({"ahead_by": 2, "behind_by": 1, "url": "https://github.com/x"});
        let comparison: Comparison = serde_json::from_value(comparison).unwrap();
        assert_eq!((comparison.ahead_by, comparison.commits.len()), (2, 0));
    }
}
