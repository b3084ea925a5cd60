//! Runs of a CI service as plugins see them, whichever service it is.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The CI services that witbot speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// CircleCI, API v2.
    Circleci,
}

impl Provider {
    /// As settings and plugins spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Provider::Circleci => "circleci",
        }
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;
    fn from_str(text: &str) -> Result<Provider, UnknownProvider> {
        match text {
            "circleci" => Ok(Provider::Circleci),
            other => Err(UnknownProvider(other.chars().take(100).collect())),
        }
    }
}

/// There is no such CI service.
#[derive(Debug, thiserror::Error)]
#[error("there is no CI provider `{0}`; known: circleci")]
pub struct UnknownProvider(String);

/// A project at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Project {
    /// The service.
    pub provider: Provider,
    /// As the service names it: `gh/acme/api`.
    pub name: String,
}

/// A run to be started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRequest {
    /// The branch, unless a tag is named.
    pub branch: Option<String>,
    /// The tag.
    pub tag: Option<String>,
    /// The pipeline definition, for projects with several.
    pub definition: Option<String>,
    /// In the order in which they were given.
    pub parameters: Vec<(String, Parameter)>,
    /// The parameter that carries the id of the call.
    pub correlate_by: Option<String>,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parameter {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
}

/// A run that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The provider's id.
    pub id: String,
    /// The number that people see.
    pub number: Option<u64>,
    /// Its page.
    pub url: String,
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStatus {
    /// All workflows together.
    pub phase: Phase,
    /// Names of the jobs that failed.
    pub failed_jobs: Vec<String>,
    /// What the service says, for people.
    pub detail: String,
    /// The page that shows the most.
    pub url: String,
}

/// The phases that every CI service is translated to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// The service says something that we do not know.
    Unknown,
}

impl Phase {
    /// Whether nothing more will happen.
    pub fn finished(self) -> bool {
        match self {
            Phase::Succeeded | Phase::Failed | Phase::Canceled | Phase::Errored | Phase::NotRun => {
                true
            }
            Phase::Queued | Phase::Running | Phase::Blocked | Phase::Unknown => false,
        }
    }

    /// As the contract spells it.
    pub fn as_str(self) -> &'static str {
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
        }
    }
}
