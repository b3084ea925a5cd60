//! CircleCI's states, of a pipeline, its workflows and their jobs, as one phase.

use std::collections::HashSet;

use witbot_core::ci::{Approval, Failure, Phase, RunStatus};
use witbot_core::ids::UnixMillis;
use witbot_core::limits;

use super::client::one_line;
use super::wire::{Job, JobStatus, Pipeline, PipelineState, Workflow, WorkflowStatus};

/// How a pipeline stands. `workflows` are the latest of each name, `jobs` those of them that failed or wait for somebody,
/// with the workflow's id; `page` is the pipeline's.
pub fn status(
    pipeline: &Pipeline,
    workflows: &[Workflow],
    jobs: &[(String, Job)],
    page: &str,
    now: UnixMillis,
) -> RunStatus {
    let phase = phase(pipeline, workflows, now);
    let failed = || jobs.iter().filter(|(_, job)| failed(job));
    let mut failed_jobs: Vec<String> = Vec::new();
    for (_, job) in failed() {
        if !failed_jobs.contains(&job.name) {
            failed_jobs.push(job.name.clone());
        }
    }
    let failures = failed().map(|(workflow, job)| Failure {
        job: job.name.clone(),
        step: None,
        url: job_page(pipeline, page, workflow, job),
    });
    let approvals = jobs.iter().filter_map(|(_, job)| approval(job));
    RunStatus {
        phase,
        failed_jobs,
        failures: failures.take(limits::CI_LISTED_MAX).collect(),
        approvals: approvals.take(limits::CI_LISTED_MAX).collect(),
        commit: commit(pipeline),
        detail: detail(pipeline, workflows, phase),
        url: url(pipeline, workflows, jobs, page),
    }
}

/// What a job waits for, if that is somebody.
pub fn approval(job: &Job) -> Option<Approval> {
    if job.status != JobStatus::OnHold {
        return None;
    }
    Some(Approval {
        id: job.approval_request_id.clone()?,
        name: job.name.clone(),
    })
}

fn commit(pipeline: &Pipeline) -> Option<String> {
    pipeline.vcs.as_ref()?.revision.clone()
}

/// The page with the log of a job, or else what is nearest to it.
fn job_page(pipeline: &Pipeline, page: &str, workflow: &str, job: &Job) -> String {
    match (pipeline.number, job.job_number) {
        (None, _) => page.to_owned(),
        (Some(_), None) => format!("{page}/workflows/{workflow}"),
        (Some(_), Some(number)) => format!("{page}/workflows/{workflow}/jobs/{number}"),
    }
}

/// The workflows that count: one that was run again counts no more. The workflow that computes the configuration may
/// have the name of another one.
pub fn latest(mut workflows: Vec<Workflow>) -> Vec<Workflow> {
    // CircleCI lists the newest first, and the order is kept among those of the same time.
    workflows.sort_by_key(|workflow| std::cmp::Reverse(workflow.created_at));
    let mut seen = HashSet::new();
    workflows.retain(|workflow| seen.insert((workflow.name.clone(), workflow.tag.clone())));
    workflows
}

/// Whether nothing more will happen to a workflow.
pub fn terminal(status: WorkflowStatus) -> bool {
    match status {
        WorkflowStatus::Success
        | WorkflowStatus::NotRun
        | WorkflowStatus::Failed
        | WorkflowStatus::Error
        | WorkflowStatus::Canceled
        | WorkflowStatus::Unauthorized => true,
        WorkflowStatus::Running
        | WorkflowStatus::Failing
        | WorkflowStatus::OnHold
        | WorkflowStatus::Unknown => false,
    }
}

/// Whether a workflow has failed jobs.
pub fn has_failures(workflow: &Workflow) -> bool {
    match workflow.status {
        WorkflowStatus::Failed
        | WorkflowStatus::Failing
        | WorkflowStatus::Error
        | WorkflowStatus::Unauthorized => true,
        WorkflowStatus::Success
        | WorkflowStatus::Running
        | WorkflowStatus::NotRun
        | WorkflowStatus::OnHold
        | WorkflowStatus::Canceled
        | WorkflowStatus::Unknown => false,
    }
}

/// Whether somebody is waited for in a workflow.
pub fn on_hold(workflow: &Workflow) -> bool {
    workflow.status == WorkflowStatus::OnHold
}

/// Whether a job failed. One that was retried is listed again under the same name.
pub fn failed(job: &Job) -> bool {
    match job.status {
        JobStatus::Failed
        | JobStatus::InfrastructureFail
        | JobStatus::Timedout
        | JobStatus::TerminatedUnknown
        | JobStatus::Unauthorized => true,
        JobStatus::Success
        | JobStatus::Running
        | JobStatus::NotRun
        | JobStatus::Retried
        | JobStatus::Queued
        | JobStatus::NotRunning
        | JobStatus::OnHold
        | JobStatus::Blocked
        | JobStatus::Canceled
        | JobStatus::Unknown => false,
    }
}

/// How a pipeline stands, in one word.
pub fn phase(pipeline: &Pipeline, workflows: &[Workflow], now: UnixMillis) -> Phase {
    if workflows.is_empty() {
        return without_workflows(pipeline, now);
    }
    let phases: Vec<Phase> = workflows
        .iter()
        .map(|workflow| of_workflow(workflow, now))
        .collect();
    // An approval needs a person, so it is told while other workflows are still at work.
    let order = [
        Phase::Blocked,
        Phase::Running,
        Phase::Unknown,
        Phase::Failed,
        Phase::Errored,
        Phase::Canceled,
    ];
    let worst = order.into_iter().find(|phase| phases.contains(phase));
    match worst {
        Some(phase) if !phase.finished() || phase == Phase::Failed => phase,
        // Its configuration was computed, and is wrong.
        _ if pipeline.state == PipelineState::Errored => Phase::Errored,
        Some(phase) => phase,
        None if will_continue(pipeline, workflows, now) => Phase::Running,
        None if phases.contains(&Phase::Succeeded) => Phase::Succeeded,
        None => Phase::NotRun,
    }
}

fn without_workflows(pipeline: &Pipeline, now: UnixMillis) -> Phase {
    match pipeline.state {
        PipelineState::Errored => Phase::Errored,
        PipelineState::SetupPending | PipelineState::Setup | PipelineState::Pending => {
            Phase::Queued
        }
        // Its workflows appear a moment later, or never: when the conditions of none of them are met.
        PipelineState::Created if is_settled(pipeline.updated_at.max(pipeline.created_at), now) => {
            Phase::NotRun
        }
        PipelineState::Created => Phase::Queued,
        PipelineState::Unknown => Phase::Unknown,
    }
}

fn of_workflow(workflow: &Workflow, now: UnixMillis) -> Phase {
    let runs_again = workflow.auto_rerun_number < workflow.max_auto_reruns;
    match workflow.status {
        WorkflowStatus::Success => Phase::Succeeded,
        WorkflowStatus::Running | WorkflowStatus::Failing => Phase::Running,
        WorkflowStatus::NotRun => Phase::NotRun,
        // CircleCI is about to run it again by itself.
        WorkflowStatus::Failed if runs_again && !is_settled(workflow.stopped_at, now) => {
            Phase::Running
        }
        WorkflowStatus::Failed => Phase::Failed,
        WorkflowStatus::Error | WorkflowStatus::Unauthorized => Phase::Errored,
        WorkflowStatus::OnHold => Phase::Blocked,
        WorkflowStatus::Canceled => Phase::Canceled,
        WorkflowStatus::Unknown => Phase::Unknown,
    }
}

/// Whether only the configuration was computed so far, and the workflows that it is of are still to come.
fn will_continue(pipeline: &Pipeline, workflows: &[Workflow], now: UnixMillis) -> bool {
    let only_setup = workflows
        .iter()
        .all(|workflow| workflow.tag.as_deref() == Some("setup"));
    let ended = workflows
        .iter()
        .map(|workflow| workflow.stopped_at)
        .max()
        .flatten();
    only_setup && (pipeline.state == PipelineState::Pending || !is_settled(ended, now))
}

/// Whether something happened so long ago that what follows from it would have begun. Without a time nothing is
/// expected: a wait must end.
fn is_settled(at: Option<UnixMillis>, now: UnixMillis) -> bool {
    let wait_ms = limits::CI_SETTLED_WITHIN.as_millis();
    at.is_none_or(|at| u128::from(now.0.saturating_sub(at.0)) > wait_ms)
}

fn detail(pipeline: &Pipeline, workflows: &[Workflow], phase: Phase) -> String {
    let errors: Vec<String> = pipeline
        .errors
        .iter()
        .map(|error| one_line(&error.message))
        .collect();
    if phase == Phase::Errored && errors.iter().any(|error| !error.is_empty()) {
        return one_line(&errors.join("; "));
    }
    if phase == Phase::NotRun && workflows.is_empty() {
        return "no workflow of the configuration applies".to_owned();
    }
    let workflows = workflows
        .iter()
        .map(|workflow| format!("{}: {}", workflow.name, word(workflow.status)));
    one_line(&workflows.collect::<Vec<_>>().join(", "))
}

fn word(status: WorkflowStatus) -> &'static str {
    match status {
        WorkflowStatus::Success => "success",
        WorkflowStatus::Running => "running",
        WorkflowStatus::NotRun => "not run",
        WorkflowStatus::Failed => "failed",
        WorkflowStatus::Error => "error",
        WorkflowStatus::Failing => "failing",
        WorkflowStatus::OnHold => "on hold",
        WorkflowStatus::Canceled => "canceled",
        WorkflowStatus::Unauthorized => "unauthorized",
        WorkflowStatus::Unknown => "unknown",
    }
}

/// The page that shows the most: the failed job, the workflow that failed or waits for somebody, or the pipeline.
fn url(pipeline: &Pipeline, workflows: &[Workflow], jobs: &[(String, Job)], page: &str) -> String {
    if pipeline.number.is_none() {
        return page.to_owned();
    }
    let with_page = |(_, job): &&(String, Job)| failed(job) && job.job_number.is_some();
    if let Some((workflow, job)) = jobs.iter().find(with_page) {
        return job_page(pipeline, page, workflow, job);
    }
    let shown = workflows
        .iter()
        .find(|workflow| has_failures(workflow))
        .or_else(|| workflows.iter().find(|workflow| on_hold(workflow)));
    shown.map_or_else(
        || page.to_owned(),
        |workflow| format!("{page}/workflows/{}", workflow.id),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// It is 12:00:00, and nothing has happened for a long time unless it says so. A workflow is `name: status`, and can
    /// be followed by members of JSON.
    #[track_caller]
    fn check(pipeline: Value, workflows: &[(&str, Value)], expected: &str) {
        let mut whole = json!({"id": "p", "number": 7, "created_at": "2026-11-22T10:00:00Z"});
        whole
            .as_object_mut()
            .unwrap()
            .extend(pipeline.as_object().unwrap().clone());
        let workflows = workflows.iter().enumerate().map(|(number, (text, more))| {
            let (name, status) = text.split_once(": ").unwrap();
            let mut workflow = json!({
                "id": format!("w{number}"), "name": name, "status": status, "created_at": "2026-11-22T10:00:01Z",
                "stopped_at": "2026-11-22T10:00:02Z",
            });
            workflow.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value(workflow).unwrap()
        });
        let pipeline = serde_json::from_value(whole).unwrap();
        let status = status(
            &pipeline,
            &latest(workflows.collect()),
            &[],
            "page",
            UnixMillis(1_795_348_800_000),
        );
        assert_eq!(
            format!(
                "{} ({}) {}",
                status.phase.as_str(),
                status.detail,
                status.url
            ),
            expected
        );
    }

    fn created() -> Value {
        json!({"state": "created"})
    }

    #[test]
    fn a_pipeline_without_workflows() {
        let errors = json!([{"type": "config", "message": "Unexpected\n argument(s): env."}, {"type": "plan", "message": "No credits"}]);
        check(
            json!({"state": "errored", "errors": errors}),
            &[],
            "errored (Unexpected argument(s): env; No credits) page",
        );
        check(json!({"state": "errored"}), &[], "errored () page");
        for state in ["setup-pending", "setup", "pending"] {
            check(json!({"state": state}), &[], "queued () page");
        }
        check(
            json!({"state": "created", "updated_at": "2026-11-22T11:59:30Z"}),
            &[],
            "queued () page",
        );
        check(
            json!({"state": "created", "created_at": "2026-11-22T11:59:30Z", "updated_at": null}),
            &[],
            "queued () page",
        );
        check(
            created(),
            &[],
            "not-run (no workflow of the configuration applies) page",
        );
        check(json!({"state": "simmering"}), &[], "unknown () page");
    }

    #[test]
    fn a_pipeline_with_one_workflow() {
        for (workflow, expected) in [
            ("a: success", "succeeded (a: success) page"),
            ("a: running", "running (a: running) page"),
            ("a: not_run", "not-run (a: not run) page"),
            ("a: failed", "failed (a: failed) page/workflows/w0"),
            ("a: error", "errored (a: error) page/workflows/w0"),
            ("a: failing", "running (a: failing) page/workflows/w0"),
            ("a: on_hold", "blocked (a: on hold) page/workflows/w0"),
            ("a: canceled", "canceled (a: canceled) page"),
            (
                "a: unauthorized",
                "errored (a: unauthorized) page/workflows/w0",
            ),
            ("a: simmering", "unknown (a: unknown) page"),
        ] {
            check(created(), &[(workflow, json!({}))], expected);
        }
    }

    #[test]
    fn several_workflows_are_over_when_all_are() {
        for (workflows, expected) in [
            (["a: success", "b: success"], "succeeded"),
            (["a: success", "b: not_run"], "succeeded"),
            (["a: not_run", "b: not_run"], "not-run"),
            (["a: success", "b: running"], "running"),
            (["a: failed", "b: running"], "running"),
            (["a: on_hold", "b: running"], "blocked"),
            (["a: on_hold", "b: failed"], "blocked"),
            (["a: simmering", "b: running"], "running"),
            (["a: simmering", "b: failed"], "unknown"),
            (["a: success", "b: failed"], "failed"),
            (["a: canceled", "b: failed"], "failed"),
            (["a: error", "b: failed"], "failed"),
            (["a: error", "b: canceled"], "errored"),
            (["a: success", "b: canceled"], "canceled"),
        ] {
            let [one, other] = workflows.map(|text| {
                let (name, status) = text.split_once(": ").unwrap();
                serde_json::from_value::<Workflow>(
                    json!({"id": name, "name": name, "status": status}),
                )
                .unwrap()
            });
            let pipeline = serde_json::from_value(json!({"id": "p", "state": "created"})).unwrap();
            assert_eq!(
                phase(&pipeline, &[one, other], UnixMillis(0)).as_str(),
                expected,
                "{workflows:?}"
            );
        }
    }

    #[test]
    fn a_workflow_that_was_run_again_counts_no_more() {
        let again = json!({"created_at": "2026-11-22T11:00:00.5Z"});
        check(
            created(),
            &[("a: success", again.clone()), ("a: failed", json!({}))],
            "succeeded (a: success) page",
        );
        check(
            created(),
            &[("a: failed", json!({})), ("a: running", again)],
            "running (a: running) page",
        );
        let setup = json!({"tag": "setup"});
        check(
            created(),
            &[("a: running", json!({})), ("a: success", setup)],
            "running (a: running, a: success) page",
        );
    }

    #[test]
    fn a_failed_workflow_may_be_about_to_be_run_again() {
        let just = json!({"max_auto_reruns": 2, "auto_rerun_number": 1, "stopped_at": "2026-11-22T11:59:50Z"});
        check(
            created(),
            &[("a: failed", just)],
            "running (a: failed) page/workflows/w0",
        );
        let last = json!({"max_auto_reruns": 2, "auto_rerun_number": 2, "stopped_at": "2026-11-22T11:59:50Z"});
        check(
            created(),
            &[("a: failed", last)],
            "failed (a: failed) page/workflows/w0",
        );
        let long_ago = json!({"max_auto_reruns": 2});
        check(
            created(),
            &[("a: failed", long_ago)],
            "failed (a: failed) page/workflows/w0",
        );
    }

    #[test]
    fn a_setup_workflow_is_followed_by_others() {
        let just = json!({"tag": "setup", "stopped_at": "2026-11-22T11:59:50Z"});
        let long_ago = json!({"tag": "setup"});
        check(
            json!({"state": "setup"}),
            &[("setup: success", just.clone())],
            "running (setup: success) page",
        );
        check(
            created(),
            &[("setup: success", just.clone())],
            "running (setup: success) page",
        );
        check(
            json!({"state": "pending"}),
            &[("setup: success", long_ago.clone())],
            "running (setup: success) page",
        );
        check(
            created(),
            &[("setup: success", long_ago.clone())],
            "succeeded (setup: success) page",
        );
        check(
            created(),
            &[("setup: failed", just.clone())],
            "failed (setup: failed) page/workflows/w0",
        );
        let errored =
            json!({"state": "errored", "errors": [{"type": "config", "message": "no such orb"}]});
        check(
            errored,
            &[("setup: success", just)],
            "errored (no such orb) page",
        );
    }

    #[test]
    fn failed_jobs_are_named_once_and_shown() {
        let job = |text: &str| {
            serde_json::from_value::<Job>(serde_json::from_str(text).unwrap()).unwrap()
        };
        let jobs: Vec<(String, Job)> = [
            r#"{"name": "approve", "status": "unauthorized", "type": "approval"}"#,
            r#"{"name": "test", "status": "failed", "job_number": 12}"#,
            r#"{"name": "test", "status": "timedout", "job_number": 13}"#,
            r#"{"name": "lint", "status": "infrastructure_fail", "job_number": 14}"#,
            r#"{"name": "lost", "status": "terminated-unknown", "job_number": 15}"#,
            r#"{"name": "fine", "status": "success", "job_number": 16}"#,
            r#"{"name": "stopped", "status": "canceled", "job_number": 17}"#,
            r#"{"name": "once", "status": "retried", "job_number": 18}"#,
            r#"{"name": "new", "status": "simmering", "job_number": 19}"#,
        ]
        .map(|text| ("w".to_owned(), job(text)))
        .into_iter()
        .filter(|(_, job)| failed(job))
        .collect();
        let pipeline =
            serde_json::from_value(json!({"id": "p", "number": 7, "state": "created"})).unwrap();
        let status = status(&pipeline, &[], &jobs, "page", UnixMillis(0));
        assert_eq!(status.failed_jobs, ["approve", "test", "lint", "lost"]);
        assert_eq!(status.url, "page/workflows/w/jobs/12");
    }
}
