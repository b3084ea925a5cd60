//! Checks of commits: statuses, and check runs.

use super::repository::Commit;

/// The state of a commit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitState {
    /// The check itself went wrong.
    Error,
    /// Red.
    Failure,
    /// Not over.
    Pending,
    /// Green.
    Success,
}

/// The state of a check run: how far it is, or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckState {
    /// Not begun.
    Queued,
    /// At work.
    InProgress,
    /// Green.
    Success,
    /// Red.
    Failure,
    /// Neither green nor red.
    Neutral,
    /// Somebody stopped it.
    Cancelled,
    /// Did not need to run. Required contexts take it for not green.
    Skipped,
    /// Took too long.
    TimedOut,
    /// Somebody must do something.
    ActionRequired,
    /// Did not come to an end for two weeks.
    Stale,
    /// Could not begin.
    StartupFailure,
}

#[derive(Debug, Clone)]
pub(super) struct CommitStatus {
    pub(super) id: u64,
    pub(super) context: String,
    pub(super) state: CommitState,
    pub(super) created: u64,
}

#[derive(Debug, Clone)]
pub(super) struct CheckRun {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) state: CheckState,
    pub(super) created: u64,
}

impl CommitState {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            CommitState::Error => "error",
            CommitState::Failure => "failure",
            CommitState::Pending => "pending",
            CommitState::Success => "success",
        }
    }
}

impl CheckState {
    /// `status` and `conclusion`, as GitHub splits it.
    pub(super) fn status_and_conclusion(self) -> (&'static str, Option<&'static str>) {
        match self {
            CheckState::Queued => ("queued", None),
            CheckState::InProgress => ("in_progress", None),
            CheckState::Success => ("completed", Some("success")),
            CheckState::Failure => ("completed", Some("failure")),
            CheckState::Neutral => ("completed", Some("neutral")),
            CheckState::Cancelled => ("completed", Some("cancelled")),
            CheckState::Skipped => ("completed", Some("skipped")),
            CheckState::TimedOut => ("completed", Some("timed_out")),
            CheckState::ActionRequired => ("completed", Some("action_required")),
            CheckState::Stale => ("completed", Some("stale")),
            CheckState::StartupFailure => ("completed", Some("startup_failure")),
        }
    }
}

/// The statuses of a commit together. A commit without any is `pending`, which surprises everybody once.
pub(super) fn combined(statuses: &[CommitStatus]) -> CommitState {
    let any = |wanted: &[CommitState]| statuses.iter().any(|status| wanted.contains(&status.state));
    if any(&[CommitState::Error, CommitState::Failure]) {
        CommitState::Failure
    } else if statuses.is_empty() || any(&[CommitState::Pending]) {
        CommitState::Pending
    } else {
        CommitState::Success
    }
}

/// The required contexts that are not green, each with its state. Statuses count, and check runs too.
pub(super) fn not_green(commit: &Commit, required: Option<&[String]>) -> Vec<(String, String)> {
    let statuses = commit
        .statuses
        .iter()
        .map(|s| (s.context.clone(), s.state.as_str().to_owned()));
    let runs = commit.check_runs.iter().map(|run| {
        let (status, conclusion) = run.state.status_and_conclusion();
        (run.name.clone(), conclusion.unwrap_or(status).to_owned())
    });
    let seen: Vec<(String, String)> = statuses.chain(runs).collect();
    let wanted = match required {
        None => seen,
        Some(names) => {
            let state_of = |name: &String| {
                let found: Vec<&String> = seen
                    .iter()
                    .filter(|(other, _)| other == name)
                    .map(|(_, state)| state)
                    .collect();
                let worst = found
                    .iter()
                    .find(|state| **state != "success")
                    .or(found.first());
                worst.map_or("expected".to_owned(), |state| (*state).clone())
            };
            names
                .iter()
                .map(|name| (name.clone(), state_of(name)))
                .collect()
        }
    };
    wanted
        .into_iter()
        .filter(|(_, state)| state != "success")
        .collect()
}
