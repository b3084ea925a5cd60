//! Runs and jobs as GitHub writes them.

use serde_json::{Value, json};

use super::super::json::Writer;
use super::super::repository::Repository;
use super::{Job, WorkflowRun};
use crate::fakes::clock::seconds;

impl Writer<'_> {
    pub(super) fn workflow_run(self, repository: &Repository, run: &WorkflowRun) -> Value {
        let home = self.repository_url(repository);
        let url = format!("{home}/actions/runs/{}", run.id);
        let person = json!({ "name": run.actor, "email": "somebody@example.com" });
        json!({
            "id": run.id,
            "name": "Deploy",
            "node_id": format!("WFR_{}", run.id),
            "head_branch": run.reference,
            "head_sha": run.sha,
            "path": format!(".github/workflows/{}", run.file),
            "display_title": run.title,
            "run_number": run.number,
            "run_attempt": run.attempt,
            "event": "workflow_dispatch",
            "status": run.status,
            "conclusion": run.conclusion,
            "workflow_id": 1,
            "url": url,
            "html_url": run_page(repository, run),
            "created_at": seconds(run.created),
            "updated_at": seconds(run.started),
            "run_started_at": seconds(run.started),
            "actor": self.user(&run.actor),
            "triggering_actor": self.user(&run.actor),
            "jobs_url": format!("{url}/jobs"),
            "logs_url": format!("{url}/logs"),
            "artifacts_url": format!("{url}/artifacts"),
            "check_suite_url": format!("{home}/check-suites/{}", run.id),
            "workflow_url": format!("{home}/actions/workflows/1"),
            "pull_requests": [],
            "head_commit": {
                "id": run.sha, "tree_id": run.sha, "message": "One more", "timestamp": seconds(run.created),
                "author": person, "committer": person,
            },
            "repository": self.repository(repository),
            "head_repository": self.repository(repository),
            "cancel_url": format!("{url}/cancel"),
            "rerun_url": format!("{url}/rerun"),
        })
    }

    pub(super) fn workflow_job(
        self,
        repository: &Repository,
        run: &WorkflowRun,
        job: &Job,
    ) -> Value {
        let steps = job.steps.iter().enumerate().map(|(at, (name, conclusion))| {
            let status = if conclusion.is_some() { "completed" } else { "queued" };
            json!({ "name": name, "status": status, "conclusion": conclusion, "number": at + 1 })
        });
        let home = self.repository_url(repository);
        json!({
            "id": job.id,
            "run_id": run.id,
            "run_attempt": run.attempt,
            "workflow_name": "Deploy",
            "head_branch": run.reference,
            "head_sha": run.sha,
            "node_id": format!("JOB_{}", job.id),
            "url": format!("{home}/actions/jobs/{}", job.id),
            "html_url": format!("{}/job/{}", run_page(repository, run), job.id),
            "status": job.status,
            "conclusion": job.conclusion,
            "created_at": seconds(run.started),
            "started_at": seconds(run.started),
            "completed_at": job.conclusion.as_ref().map(|_| seconds(run.started)),
            "name": job.name,
            "steps": steps.collect::<Vec<Value>>(),
            "labels": ["ubuntu-latest"],
            "run_url": format!("{home}/actions/runs/{}", run.id),
            "check_run_url": format!("{home}/check-runs/{}", job.id),
            "runner_id": null,
            "runner_name": null,
            "runner_group_id": null,
            "runner_group_name": null,
        })
    }
}

pub(super) fn run_page(repository: &Repository, run: &WorkflowRun) -> String {
    format!(
        "https://github.com/{}/actions/runs/{}",
        repository.full_name(),
        run.id
    )
}

/// The number of an environment: as good as any other that is always the same.
pub(super) fn environment_id(name: &str) -> u64 {
    name.bytes()
        .fold(161_088_068, |id, byte| id + u64::from(byte))
}
