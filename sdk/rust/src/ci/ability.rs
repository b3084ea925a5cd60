//! What a provider can do.

/// What a provider can do, and another one perhaps cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ability {
    /// Its runs can wait for an approval, which can be given from here.
    Approve,
    /// It can run a run once more.
    Rerun,
    /// It can run only what failed once more.
    RerunFailed,
    /// It says in which step a job failed.
    Steps,
}

impl Ability {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Ability::Approve => "approve",
            Ability::Rerun => "rerun",
            Ability::RerunFailed => "rerun-failed",
            Ability::Steps => "steps",
        }
    }
}
