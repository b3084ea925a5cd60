//! Which phase a run is in.

use std::fmt;

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
