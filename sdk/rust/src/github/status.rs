//! The statuses of a deployment.

use std::fmt;

use crate::bindings::witbot::github::github;
use crate::time::Timestamp;

/// How a deployment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It will be begun.
    Queued,
    /// It waits for something.
    Pending,
    /// It is at work.
    InProgress,
    /// It is done.
    Success,
    /// It was tried, and did not work.
    Failure,
    /// It could not be tried, or was given up.
    Error,
    /// Another one took its place.
    Inactive,
    /// One that this version of the SDK does not know.
    Other(String),
}

impl State {
    /// As GitHub spells it.
    pub fn as_str(&self) -> &str {
        match self {
            State::Queued => "queued",
            State::Pending => "pending",
            State::InProgress => "in_progress",
            State::Success => "success",
            State::Failure => "failure",
            State::Error => "error",
            State::Inactive => "inactive",
            State::Other(state) => state,
        }
    }

    /// Whether the deployment is over.
    pub fn is_final(&self) -> bool {
        match self {
            State::Success | State::Failure | State::Error | State::Inactive => true,
            State::Queued | State::Pending | State::InProgress | State::Other(_) => false,
        }
    }
}

impl From<String> for State {
    fn from(state: String) -> State {
        match state.as_str() {
            "queued" => State::Queued,
            "pending" => State::Pending,
            "in_progress" => State::InProgress,
            "success" => State::Success,
            "failure" => State::Failure,
            "error" => State::Error,
            "inactive" => State::Inactive,
            _ => State::Other(state),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A status to be added to a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    state: State,
    description: Option<String>,
    log_url: Option<String>,
    environment_url: Option<String>,
}

impl Status {
    /// A status that says no more than how the deployment stands.
    pub fn new(state: State) -> Status {
        Status {
            state,
            description: None,
            log_url: None,
            environment_url: None,
        }
    }

    /// A description of at most 140 characters: longer ones are cut.
    pub fn description(mut self, text: impl Into<String>) -> Status {
        self.description = Some(text.into());
        self
    }

    /// Where the log of the deployment is.
    pub fn log_url(mut self, url: impl Into<String>) -> Status {
        self.log_url = Some(url.into());
        self
    }

    /// Where what was deployed can be seen.
    pub fn environment_url(mut self, url: impl Into<String>) -> Status {
        self.environment_url = Some(url.into());
        self
    }

    pub(crate) fn raw(&self) -> github::StatusRequest {
        let request = github::StatusRequest::new(self.state.as_str());
        self.description
            .iter()
            .for_each(|text| request.description(text));
        self.log_url.iter().for_each(|url| request.log_url(url));
        self.environment_url
            .iter()
            .for_each(|url| request.environment_url(url));
        request
    }
}

/// A status of a deployment.
#[derive(Debug)]
pub struct DeploymentStatus {
    raw: github::DeploymentStatus,
}

impl DeploymentStatus {
    pub(crate) fn new(raw: github::DeploymentStatus) -> DeploymentStatus {
        DeploymentStatus { raw }
    }

    /// Grows with time.
    pub fn id(&self) -> u64 {
        self.raw.id()
    }

    /// How the deployment stood.
    pub fn state(&self) -> State {
        State::from(self.raw.state())
    }

    /// The description. Can be empty.
    pub fn description(&self) -> String {
        self.raw.description()
    }

    /// Where the log is.
    pub fn log_url(&self) -> Option<String> {
        self.raw.log_url()
    }

    /// Where what was deployed can be seen.
    pub fn environment_url(&self) -> Option<String> {
        self.raw.environment_url()
    }

    /// When it was added.
    pub fn created_at(&self) -> Timestamp {
        Timestamp::from_millis(self.raw.created_at())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_spelled_as_github_does() {
        for state in [
            "queued",
            "pending",
            "in_progress",
            "success",
            "failure",
            "error",
            "inactive",
            "resting",
        ] {
            assert_eq!(State::from(state.to_owned()).as_str(), state);
        }
        let is_final = |state: &str| State::from(state.to_owned()).is_final();
        assert!(is_final("error") && is_final("inactive"));
        assert!(!is_final("in_progress") && !is_final("resting"));
    }
}
