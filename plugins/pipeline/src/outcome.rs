//! What the phases of a run mean for a deployment.

use witbot_sdk::ci::{Approval, Failure, Phase, RunStatus};
use witbot_sdk::github::{State, Status};

/// How a run stands, as plain values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    pub phase: Phase,
    pub is_finished: bool,
    pub failures: Vec<Failure>,
    pub approvals: Vec<Approval>,
    pub commit: Option<String>,
    pub detail: String,
    pub url: String,
}

impl Look {
    /// All that a status says.
    pub fn of(status: &RunStatus) -> Look {
        Look {
            phase: status.phase(),
            is_finished: status.is_finished(),
            failures: status.failures(),
            approvals: status.approvals(),
            commit: status.commit(),
            detail: status.detail(),
            url: status.url(),
        }
    }
}

/// The status for a look. None for a phase that says nothing. A note is added to what went well so far.
///
/// GitHub has no state for what was canceled. `inactive` is for what was replaced or taken down, and `failure` would
/// say that the build is broken, so it is an `error`: it was given up. So is a run in which there was nothing to do, for
/// nothing was deployed.
pub fn status(look: &Look, environment_url: Option<&str>, note: Option<&str>) -> Option<Status> {
    let detail = &look.detail;
    let (state, description) = match &look.phase {
        Phase::Queued => (State::Queued, detail.clone()),
        Phase::Running => (State::InProgress, noted(detail, note)),
        Phase::Blocked => (State::Pending, blocked(look)),
        Phase::Succeeded => (State::Success, noted(detail, note)),
        Phase::Failed => (State::Failure, failed(look)),
        Phase::Canceled => (State::Error, "Canceled in CI".to_owned()),
        Phase::Errored => (State::Error, or(detail, "CI could not run it")),
        Phase::NotRun => (State::Error, or(detail, "There was nothing to run in CI")),
        // It comes with a service that has changed; the next phase is one that is known.
        _ => return None,
    };
    let mut status = Status::new(state.clone());
    if !description.is_empty() {
        status = status.description(description);
    }
    let log_url = look
        .failures
        .first()
        .map_or(&look.url, |failure| &failure.url);
    if !log_url.is_empty() {
        status = status.log_url(log_url);
    }
    // Anything but a success leaves there what was there before.
    if let (State::Success, Some(url)) = (state, environment_url) {
        status = status.environment_url(url);
    }
    Some(status)
}

/// What a job is called, with the step in which it failed.
pub fn named(failure: &Failure) -> String {
    match &failure.step {
        Some(step) => format!("{}, step {step}", failure.job),
        None => failure.job.clone(),
    }
}

fn failed(look: &Look) -> String {
    if look.failures.is_empty() {
        return or(&look.detail, "Failed in CI");
    }
    let jobs: Vec<String> = look.failures.iter().map(named).collect();
    format!("Failed: {}", jobs.join("; "))
}

fn blocked(look: &Look) -> String {
    if look.approvals.is_empty() {
        return or(&look.detail, "Waits for an approval in CI");
    }
    let names: Vec<&str> = look
        .approvals
        .iter()
        .map(|approval| approval.name.as_str())
        .collect();
    format!("Waits for an approval: {}", names.join(", "))
}

fn noted(detail: &str, note: Option<&str>) -> String {
    match (detail, note) {
        (detail, None) => detail.to_owned(),
        ("", Some(note)) => note.to_owned(),
        (detail, Some(note)) => format!("{note}; {detail}"),
    }
}

fn or(detail: &str, otherwise: &str) -> String {
    if detail.is_empty() {
        otherwise.to_owned()
    } else {
        detail.to_owned()
    }
}

#[cfg(test)]
pub fn example(phase: Phase) -> Look {
    Look {
        phase,
        is_finished: false,
        failures: Vec::new(),
        approvals: Vec::new(),
        commit: None,
        detail: String::new(),
        url: "https://ci.example/12".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "https://ci.example/12";
    const SITE: Option<&str> = Some("https://staging.example");

    fn plain(phase: Phase) -> Option<Status> {
        status(&example(phase), SITE, None)
    }

    #[test]
    fn a_success_shows_where_it_can_be_seen() {
        let expected = Status::new(State::Success)
            .log_url(LOG)
            .environment_url("https://staging.example");
        assert_eq!(plain(Phase::Succeeded), Some(expected));
        let silent = Look {
            url: String::new(),
            ..example(Phase::Succeeded)
        };
        assert_eq!(
            status(&silent, None, None),
            Some(Status::new(State::Success))
        );
    }

    #[test]
    fn the_other_phases_have_their_states() {
        let expected = |state, text: &str| Some(Status::new(state).description(text).log_url(LOG));
        assert_eq!(
            plain(Phase::Running),
            Some(Status::new(State::InProgress).log_url(LOG))
        );
        assert_eq!(
            plain(Phase::Blocked),
            expected(State::Pending, "Waits for an approval in CI")
        );
        assert_eq!(
            plain(Phase::Failed),
            expected(State::Failure, "Failed in CI")
        );
        assert_eq!(
            plain(Phase::Canceled),
            expected(State::Error, "Canceled in CI")
        );
        assert_eq!(
            plain(Phase::Errored),
            expected(State::Error, "CI could not run it")
        );
        assert_eq!(
            plain(Phase::NotRun),
            expected(State::Error, "There was nothing to run in CI")
        );
        assert_eq!(plain(Phase::Unknown), None);
        assert_eq!(plain(Phase::Other("resting".to_owned())), None);
    }

    #[test]
    fn failed_jobs_are_named_with_their_steps_and_shown() {
        let failure = |job: &str, step: Option<&str>| Failure {
            job: job.to_owned(),
            step: step.map(str::to_owned),
            url: format!("{LOG}/{job}"),
        };
        let look = Look {
            failures: vec![failure("test", Some("Run it")), failure("lint", None)],
            detail: "2 of 5 jobs failed".to_owned(),
            ..example(Phase::Failed)
        };
        let expected = Status::new(State::Failure)
            .description("Failed: test, step Run it; lint")
            .log_url("https://ci.example/12/test");
        assert_eq!(status(&look, SITE, None), Some(expected));
    }

    #[test]
    fn approvals_are_named() {
        let approval = |name: &str| Approval {
            id: "1".to_owned(),
            name: name.to_owned(),
        };
        let look = Look {
            approvals: vec![approval("ship it"), approval("qa")],
            ..example(Phase::Blocked)
        };
        let expected = Status::new(State::Pending)
            .description("Waits for an approval: ship it, qa")
            .log_url(LOG);
        assert_eq!(status(&look, SITE, None), Some(expected));
    }

    #[test]
    fn a_note_is_added_to_what_goes_well() {
        let look = Look {
            detail: "build: running".to_owned(),
            ..example(Phase::Running)
        };
        let expected = Status::new(State::InProgress)
            .description("with the configuration of 1a2b3c4; build: running")
            .log_url(LOG);
        let note = Some("with the configuration of 1a2b3c4");
        assert_eq!(status(&look, None, note), Some(expected));
    }
}
