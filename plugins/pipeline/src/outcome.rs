//! What the phases of a run mean for a deployment.

use witbot_sdk::ci::Phase;
use witbot_sdk::github::{State, Status};

/// The status for a phase. None for a phase that says nothing.
///
/// GitHub has no state for what was canceled. `inactive` is for what was replaced or taken down, and `failure` would
/// say that the build is broken, so it is an `error`: it was given up. So is a run in which there was nothing to do, for
/// nothing was deployed.
pub fn status(
    phase: &Phase,
    failed_jobs: &[String],
    detail: &str,
    log_url: &str,
    environment_url: Option<&str>,
) -> Option<Status> {
    let (state, description) = match phase {
        Phase::Queued => (State::Queued, detail.to_owned()),
        Phase::Running => (State::InProgress, detail.to_owned()),
        Phase::Blocked => (State::Pending, or(detail, "Waits for an approval in CI")),
        Phase::Succeeded => (State::Success, detail.to_owned()),
        Phase::Failed => (State::Failure, failure(failed_jobs, detail)),
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
    if !log_url.is_empty() {
        status = status.log_url(log_url);
    }
    // Anything but a success leaves there what was there before.
    if let (State::Success, Some(url)) = (state, environment_url) {
        status = status.environment_url(url);
    }
    Some(status)
}

fn failure(failed_jobs: &[String], detail: &str) -> String {
    if failed_jobs.is_empty() {
        or(detail, "Failed in CI")
    } else {
        format!("Failed: {}", failed_jobs.join(", "))
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
mod tests {
    use super::*;

    const LOG: &str = "https://ci.example/12";
    const SITE: Option<&str> = Some("https://staging.example");

    fn plain(phase: Phase) -> Option<Status> {
        status(&phase, &[], "", LOG, SITE)
    }

    #[test]
    fn a_success_shows_where_it_can_be_seen() {
        let expected = Status::new(State::Success)
            .log_url(LOG)
            .environment_url("https://staging.example");
        assert_eq!(plain(Phase::Succeeded), Some(expected));
        assert_eq!(
            status(&Phase::Succeeded, &[], "", "", None),
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
    fn failed_jobs_are_named() {
        let jobs = ["test".to_owned(), "lint".to_owned()];
        let expected = Status::new(State::Failure)
            .description("Failed: test, lint")
            .log_url(LOG);
        assert_eq!(
            status(&Phase::Failed, &jobs, "2 of 5 jobs failed", LOG, SITE),
            Some(expected)
        );
    }
}
