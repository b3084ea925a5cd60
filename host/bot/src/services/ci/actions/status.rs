//! How a run stands: its own state, and what its jobs say.

use witbot_core::ci::{Approval, Failure, Phase, Project, RunStatus};
use witbot_core::error::Error;
use witbot_core::ids::Repository;
use witbot_core::limits;

use super::wire::{Conclusion, Job, Jobs, PendingDeployment, RunState, WorkflowRun};
use super::{Actions, asked, repository, run_path};

/// What is told of the jobs is read in one line of a chat.
const DETAIL_CHARS_MAX: usize = 200;

impl Actions {
    pub(super) async fn read_status(
        &self,
        project: &Project,
        run: &str,
    ) -> Result<RunStatus, Error> {
        let repository = repository(project)?;
        let told = self.run(&repository, run).await?;
        let jobs = match needs_jobs(&told) {
            true => self.jobs(&repository, run).await?,
            false => Vec::new(),
        };
        let waits = !is_over(&told)
            && (told.status == Some(RunState::Waiting)
                || jobs.iter().any(|job| job.status == RunState::Waiting));
        let pending = match waits {
            true => self.pending(&repository, run).await?,
            false => Vec::new(),
        };
        Ok(status(&told, &jobs, waits, &pending))
    }

    pub(super) async fn run(
        &self,
        repository: &Repository,
        run: &str,
    ) -> Result<WorkflowRun, Error> {
        let asked = asked("read", repository, run);
        let answer = self
            .connection
            .get(repository, &run_path(repository, run)?, &asked)
            .await?;
        answer.read(&asked.thing)
    }

    async fn jobs(&self, repository: &Repository, run: &str) -> Result<Vec<Job>, Error> {
        let asked = asked("list the jobs of", repository, run);
        let path = format!("{}/jobs?filter=latest", run_path(repository, run)?);
        self.connection
            .all(repository, &path, &asked, |page: Jobs| page.jobs)
            .await
    }

    /// What the environments of the run's jobs do not let through yet.
    pub(super) async fn pending(
        &self,
        repository: &Repository,
        run: &str,
    ) -> Result<Vec<PendingDeployment>, Error> {
        let asked = asked("see what is waited for in", repository, run);
        let path = format!("{}/pending_deployments", run_path(repository, run)?);
        self.connection
            .get(repository, &path, &asked)
            .await?
            .read(&asked.thing)
    }
}

/// The approvals among them: one without reviewers only waits for time to pass.
pub fn approvals(pending: &[PendingDeployment]) -> impl Iterator<Item = Approval> {
    let reviewed = pending
        .iter()
        .filter(|deployment| !deployment.reviewers.is_empty());
    reviewed.map(|deployment| Approval {
        id: deployment.environment.id.to_string(),
        name: deployment.environment.name.clone(),
    })
}

/// Whether nothing more will happen to a run.
pub fn is_over(run: &WorkflowRun) -> bool {
    phase(run).finished()
}

/// What did not begin has no jobs to speak of, and of what went well nobody asks.
fn needs_jobs(run: &WorkflowRun) -> bool {
    match run.status {
        Some(RunState::InProgress | RunState::Waiting) => true,
        Some(RunState::Completed) => run.conclusion != Some(Conclusion::Success),
        Some(RunState::Queued | RunState::Requested | RunState::Pending | RunState::Unknown)
        | None => false,
    }
}

fn status(
    run: &WorkflowRun,
    jobs: &[Job],
    waits: bool,
    pending: &[PendingDeployment],
) -> RunStatus {
    let failed: Vec<&Job> = jobs
        .iter()
        .filter(|job| is_failure(job.conclusion))
        .collect();
    let failures: Vec<Failure> = failed
        .iter()
        .take(limits::CI_LISTED_MAX)
        .map(|job| failure(run, job))
        .collect();
    let phase = match waits {
        // An approval needs a person, so it is told while other jobs are still at work.
        true => Phase::Blocked,
        false => phase(run),
    };
    RunStatus {
        phase,
        failed_jobs: failed.iter().map(|job| job.name.clone()).collect(),
        approvals: approvals(pending).take(limits::CI_LISTED_MAX).collect(),
        commit: run.head_sha.clone(),
        detail: detail(run, jobs, pending),
        url: failures
            .first()
            .map_or_else(|| run.html_url.clone(), |failure| failure.url.clone()),
        failures,
    }
}

pub(super) fn phase(run: &WorkflowRun) -> Phase {
    match run.status {
        Some(RunState::Queued | RunState::Requested | RunState::Pending) => Phase::Queued,
        Some(RunState::Waiting) => Phase::Blocked,
        Some(RunState::InProgress) => Phase::Running,
        Some(RunState::Unknown) | None => Phase::Unknown,
        Some(RunState::Completed) => match run.conclusion {
            Some(Conclusion::Success | Conclusion::Neutral) => Phase::Succeeded,
            Some(Conclusion::Failure | Conclusion::TimedOut) => Phase::Failed,
            Some(Conclusion::StartupFailure | Conclusion::Stale) => Phase::Errored,
            Some(Conclusion::Cancelled) => Phase::Canceled,
            Some(Conclusion::Skipped) => Phase::NotRun,
            // Said of a run that was not let begin yet.
            Some(Conclusion::ActionRequired) => Phase::Blocked,
            Some(Conclusion::Unknown) | None => Phase::Unknown,
        },
    }
}

fn is_failure(conclusion: Option<Conclusion>) -> bool {
    matches!(
        conclusion,
        Some(Conclusion::Failure | Conclusion::TimedOut | Conclusion::StartupFailure)
    )
}

fn failure(run: &WorkflowRun, job: &Job) -> Failure {
    let step = job.steps.iter().find(|step| is_failure(step.conclusion));
    Failure {
        job: job.name.clone(),
        step: step.map(|step| step.name.clone()),
        url: job.html_url.clone().unwrap_or_else(|| run.html_url.clone()),
    }
}

fn detail(run: &WorkflowRun, jobs: &[Job], pending: &[PendingDeployment]) -> String {
    let timers: Vec<&str> = pending
        .iter()
        .filter(|deployment| deployment.reviewers.is_empty())
        .map(|deployment| deployment.environment.name.as_str())
        .collect();
    let text = match (run.status, run.conclusion) {
        (_, Some(Conclusion::StartupFailure)) => "GitHub could not start the workflow".to_owned(),
        (_, Some(Conclusion::Stale)) => "GitHub gave it up after a long time".to_owned(),
        (_, Some(Conclusion::TimedOut)) => "It took too long".to_owned(),
        (_, Some(Conclusion::ActionRequired)) => {
            "Somebody has to let it begin, on its page".to_owned()
        }
        (Some(RunState::Pending), _) => "Waits for other runs of its concurrency group".to_owned(),
        _ if !timers.is_empty() => format!("Waits for the timer of {}", timers.join(", ")),
        _ => {
            let jobs = jobs
                .iter()
                .map(|job| format!("{}: {}", job.name, word(job)));
            jobs.collect::<Vec<_>>().join(", ")
        }
    };
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words
        .chars()
        .filter(|c| !c.is_control())
        .take(DETAIL_CHARS_MAX)
        .collect()
}

fn word(job: &Job) -> &'static str {
    match (job.status, job.conclusion) {
        (RunState::Queued | RunState::Requested | RunState::Pending, _) => "queued",
        (RunState::Waiting, _) => "waiting",
        (RunState::InProgress, _) => "running",
        (_, Some(Conclusion::Success)) => "success",
        (_, Some(Conclusion::Neutral)) => "neutral",
        (_, Some(Conclusion::Failure)) => "failed",
        (_, Some(Conclusion::TimedOut)) => "timed out",
        (_, Some(Conclusion::StartupFailure)) => "could not start",
        (_, Some(Conclusion::Cancelled)) => "canceled",
        (_, Some(Conclusion::Skipped)) => "skipped",
        (_, Some(Conclusion::Stale)) => "given up",
        (_, Some(Conclusion::ActionRequired)) => "not let begin",
        (RunState::Completed | RunState::Unknown, Some(Conclusion::Unknown) | None) => "unknown",
    }
}
