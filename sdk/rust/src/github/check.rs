//! One check of a commit.

use std::fmt;

use crate::bindings::witbot::github::github;

/// One check: a status context, or a check run.
#[derive(Debug)]
pub struct Check {
    raw: github::Check,
}

impl Check {
    pub(crate) fn new(raw: github::Check) -> Check {
        Check { raw }
    }

    /// The context of a status, or the name of a check run.
    pub fn name(&self) -> String {
        self.raw.name()
    }

    /// How it stands.
    pub fn state(&self) -> CheckState {
        CheckState::from(self.raw.state())
    }

    /// The page that shows it, where there is one.
    pub fn url(&self) -> Option<String> {
        self.raw.url()
    }
}

/// How a check stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckState {
    /// Green.
    Success,
    /// Not over.
    Pending,
    /// It failed, was canceled, or took too long.
    Failure,
    /// It was skipped, or says nothing either way.
    Neutral,
    /// One that this version of the SDK does not know.
    Other(String),
}

impl CheckState {
    /// As the contract spells it.
    pub fn as_str(&self) -> &str {
        match self {
            CheckState::Success => "success",
            CheckState::Pending => "pending",
            CheckState::Failure => "failure",
            CheckState::Neutral => "neutral",
            CheckState::Other(state) => state,
        }
    }
}

impl From<String> for CheckState {
    fn from(state: String) -> CheckState {
        match state.as_str() {
            "success" => CheckState::Success,
            "pending" => CheckState::Pending,
            "failure" => CheckState::Failure,
            "neutral" => CheckState::Neutral,
            _ => CheckState::Other(state),
        }
    }
}

impl fmt::Display for CheckState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_spelled_as_in_the_contract() {
        for state in ["success", "pending", "failure", "neutral"] {
            let parsed = CheckState::from(state.to_owned());
            assert!(!matches!(parsed, CheckState::Other(_)), "{state}");
            assert_eq!(parsed.to_string(), state);
        }
        assert_eq!(CheckState::from("odd".to_owned()).as_str(), "odd");
    }
}
