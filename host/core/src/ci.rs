//! Runs of a CI service as plugins see them, whichever service it is.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The CI services that witbot speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// CircleCI, API v2.
    Circleci,
    /// GitHub Actions, with the bot's credentials for GitHub.
    GithubActions,
}

impl Provider {
    /// As settings and plugins spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Provider::Circleci => "circleci",
            Provider::GithubActions => "github-actions",
        }
    }

    /// Whether runs of this service know an ability.
    pub fn can(self, ability: Ability) -> bool {
        match (self, ability) {
            (_, Ability::Approve | Ability::Rerun | Ability::RerunFailed) => true,
            // Version 2 of CircleCI's API tells no steps.
            (Provider::Circleci, Ability::Steps) => false,
            (Provider::GithubActions, Ability::Steps) => true,
        }
    }
}

/// What one service can do, and another one perhaps cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// A run can wait for an approval, which can be given from here.
    Approve,
    /// A run can be run once more.
    Rerun,
    /// Only what failed can be run once more.
    RerunFailed,
    /// It says in which step a job failed.
    Steps,
}

impl Ability {
    /// The one that the contract spells so.
    pub fn named(name: &str) -> Option<Ability> {
        match name {
            "approve" => Some(Ability::Approve),
            "rerun" => Some(Ability::Rerun),
            "rerun-failed" => Some(Ability::RerunFailed),
            "steps" => Some(Ability::Steps),
            _ => None,
        }
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;
    fn from_str(text: &str) -> Result<Provider, UnknownProvider> {
        match text {
            "circleci" => Ok(Provider::Circleci),
            "github-actions" => Ok(Provider::GithubActions),
            other => Err(UnknownProvider(other.chars().take(100).collect())),
        }
    }
}

/// There is no such CI service.
#[derive(Debug, thiserror::Error)]
#[error("there is no CI provider `{0}`; known: circleci, github-actions")]
pub struct UnknownProvider(String);

/// A project at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Project {
    /// The service.
    pub provider: Provider,
    /// As the service names it: `gh/acme/api` at CircleCI, `acme/api` at GitHub.
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

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentRun {
    /// The provider's id, the number that people see, and the page.
    #[serde(flatten)]
    pub run: Run,
    /// How people call it; can be empty.
    pub title: String,
    /// The branch or tag, when the service says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The full SHA that it works on, when the service says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The account at the service that started it, when the service says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// As it stood when the list was made.
    pub phase: Phase,
    /// When it was created, in milliseconds since 1970.
    pub created_ms: u64,
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStatus {
    /// All workflows together.
    pub phase: Phase,
    /// Names of the jobs that failed.
    pub failed_jobs: Vec<String>,
    /// The same jobs, with what is known of each; at most [`CI_LISTED_MAX`](crate::limits::CI_LISTED_MAX).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// What it waits for; at most [`CI_LISTED_MAX`](crate::limits::CI_LISTED_MAX).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// The full SHA that it works on, when the service says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What the service says, for people.
    pub detail: String,
    /// The page that shows the most.
    pub url: String,
}

/// A job that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its name.
    pub job: String,
    /// The step in which it failed, when the service says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The page with its log.
    pub url: String,
}

/// An approval that a run waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// What the service takes when it is given.
    pub id: String,
    /// How people call it.
    pub name: String,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_spelled_in_one_way() {
        for provider in [Provider::Circleci, Provider::GithubActions] {
            assert_eq!(provider.as_str().parse::<Provider>().unwrap(), provider);
            let json = serde_json::to_value(provider).unwrap();
            assert_eq!(json, provider.as_str());
        }
        assert!("jenkins".parse::<Provider>().is_err());
    }

    #[test]
    fn a_status_that_was_recorded_before_there_was_more_to_say_is_read() {
        let recorded = r#"{"phase": "failed", "failed_jobs": ["a"], "detail": "", "url": "u"}"#;
        let status: RunStatus = serde_json::from_str(recorded).unwrap();
        assert!(status.failures.is_empty() && status.approvals.is_empty());
        assert_eq!(status.commit, None);
    }
}
