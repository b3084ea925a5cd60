//! Runs of CI: starting them, following them to their end, and stopping them.

use std::time::Duration;

use witbot_sdk::ci::{self, Phase, Run, RunStatus};
use witbot_sdk::{Code, Error, Result, flow, log};

use crate::environment::CiRun;
use crate::patience::{impatiently, patiently, was_not_done};
use crate::settings::Pipeline;
use crate::template::Values;

/// A run that was just started may not be found by its id yet.
const YOUNG: Duration = Duration::from_secs(30);
/// How long to wait before CI is asked again, when it did not say when. It doubles.
const PAUSE_FIRST: Duration = Duration::from_secs(15);

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub struct End {
    /// Why it did not go well, if it did not.
    pub failure: Option<String>,
    /// The page that shows the most.
    pub url: String,
}

/// Starts a run.
pub fn start(pipeline: &Pipeline, values: &Values, branch: Option<&str>) -> Result<Run> {
    let request = pipeline.request(values, branch)?;
    let project = ci::open(&pipeline.provider, &pipeline.project)?;
    impatiently("starting the run", || project.trigger(&request))
}

/// What finds the run again.
pub fn known(pipeline: &Pipeline, run: &Run) -> CiRun {
    CiRun {
        provider: pipeline.provider.clone(),
        project: pipeline.project.clone(),
        id: run.id(),
    }
}

/// Waits until a run is over. One that takes too long is stopped, and so is one that is canceled here.
pub fn follow(run: &Run, pipeline: &Pipeline) -> End {
    let ended = finished(run, pipeline.timeout());
    let failure = match ended {
        Ok(status) => {
            return End {
                failure: failure(&status),
                url: status.url(),
            };
        }
        Err(error) if error.code == Code::Timeout => {
            let minutes = pipeline.timeout_minutes;
            match stop(run) {
                Ok(()) => format!("CI had no result after {minutes} minutes; the run was stopped"),
                Err(error) => format!(
                    "CI had no result after {minutes} minutes, and the run could not be stopped: {error}"
                ),
            }
        }
        Err(error) if error.code == Code::Canceled => {
            // Nothing that waits can be done any more, so this is tried once.
            if let Err(error) = run.cancel() {
                log::warn!("the run {} was not stopped: {error}", run.id());
            }
            "It was canceled".to_owned()
        }
        Err(error) => format!("The run in CI can no longer be followed: {error}"),
    };
    End {
        failure: Some(failure),
        url: run.url(),
    }
}

/// Stops a run, unless it is over.
pub fn stop(run: &Run) -> Result {
    match patiently("stopping the run", || run.cancel()) {
        Err(error) if error.code == Code::Conflict => Ok(()),
        done => done,
    }
}

/// Stops a run that was started earlier, unless it is over.
pub fn stop_known(run: &CiRun) -> Result {
    stop(&run.open()?)
}

impl CiRun {
    /// The run itself. Asks CI nothing.
    pub fn open(&self) -> Result<Run> {
        ci::open(&self.provider, &self.project)?.run(&self.id)
    }
}

fn finished(run: &Run, timeout: Duration) -> Result<RunStatus> {
    let began = flow::now();
    let end = began + timeout;
    let mut pause = PAUSE_FIRST;
    loop {
        let left = end.since(flow::now());
        match run.finished(left) {
            Err(error)
                if was_not_done(&error) || is_not_there_yet(&error, flow::now().since(began)) =>
            {
                log::warn!("the run {} cannot be looked at: {error}", run.id());
                let pause_asked = error.retry_after.unwrap_or_default();
                flow::sleep(pause_asked.max(pause).min(left))?;
                pause *= 2;
            }
            done => return done,
        }
    }
}

fn is_not_there_yet(error: &Error, age: Duration) -> bool {
    error.code == Code::NotFound && age < YOUNG
}

fn failure(status: &RunStatus) -> Option<String> {
    let jobs = status.failed_jobs();
    explained(&status.phase(), &jobs, &status.detail())
}

/// Why a run in this phase did not go well, if it did not.
fn explained(phase: &Phase, failed_jobs: &[String], detail: &str) -> Option<String> {
    let or = |otherwise: &str| match detail {
        "" => otherwise.to_owned(),
        detail => detail.to_owned(),
    };
    match phase {
        Phase::Succeeded => None,
        Phase::Failed if !failed_jobs.is_empty() => {
            Some(format!("It failed in CI: {}", failed_jobs.join(", ")))
        }
        Phase::Failed => Some(or("It failed in CI")),
        Phase::Canceled => Some("It was canceled in CI".to_owned()),
        Phase::NotRun => Some(or("There was nothing to run in CI")),
        _ => Some(or("CI could not run it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_explained() {
        let jobs = ["build".to_owned(), "ship".to_owned()];
        let told = |phase, jobs: &[String], detail| explained(&phase, jobs, detail);
        assert_eq!(told(Phase::Succeeded, &[], ""), None);
        for (phase, jobs, detail, text) in [
            (Phase::Failed, &jobs[..], "", "It failed in CI: build, ship"),
            (Phase::Failed, &[], "", "It failed in CI"),
            (Phase::Canceled, &[], "", "It was canceled in CI"),
            (Phase::Errored, &[], "No such job", "No such job"),
            (Phase::NotRun, &[], "", "There was nothing to run in CI"),
        ] {
            assert_eq!(told(phase, jobs, detail).unwrap(), text);
        }
    }
}
