//! CircleCI's objects as JSON.

use serde_json::{Value, json};

use super::pipeline::Pipeline;
use super::project::Project;
use super::workflow::{Job, JobKind, Workflow};
use crate::fakes::clock::milliseconds;
use crate::fakes::request::Answer;

/// Every refusal is a message and nothing else.
pub(super) fn message(status: u16, text: &str) -> Answer {
    Answer::json(status, &json!({ "message": text }))
}

pub(super) fn not_found(what: &str) -> Answer {
    message(404, &format!("{what} not found"))
}

pub(super) fn project(project: &Project) -> Value {
    let (organization, name) = project.names();
    let provider = project.slug.split('/').next().unwrap_or_default();
    json!({
        "slug": project.slug,
        "name": name,
        "id": project.id,
        "organization_name": organization,
        "organization_slug": format!("{provider}/{organization}"),
        "organization_id": project.organization_id,
        "vcs_info": {
            "vcs_url": repository_url(project),
            "provider": "GitHub",
            "default_branch": project.default_branch,
        },
    })
}

/// The parameters do not come back, whatever the documentation says of `trigger_parameters`, unless the project is one of
/// those that tell them.
pub(super) fn pipeline(project: &Project, pipeline: &Pipeline) -> Value {
    let errors: Vec<Value> = pipeline
        .errors
        .iter()
        .map(|text| json!({ "type": "config", "message": text }))
        .collect();
    let mut vcs = json!({
        "provider_name": "GitHub",
        "origin_repository_url": repository_url(project),
        "target_repository_url": repository_url(project),
        "revision": pipeline.revision,
    });
    if let Some(branch) = &pipeline.branch {
        vcs["branch"] = json!(branch);
    }
    if let Some(tag) = &pipeline.tag {
        vcs["tag"] = json!(tag);
    }
    let created = milliseconds(pipeline.created);
    let parameters = if project.tells_parameters {
        json!(pipeline.parameters)
    } else {
        json!({})
    };
    json!({
        "id": pipeline.id,
        "errors": errors,
        "project_slug": project.slug,
        "updated_at": created,
        "number": pipeline.number,
        "trigger_parameters": parameters,
        "state": pipeline.state.as_str(),
        "created_at": created,
        "trigger": {
            "type": "api",
            "received_at": created,
            "actor": { "login": pipeline.actor, "avatar_url": null },
        },
        "vcs": vcs,
    })
}

pub(super) fn workflow(pipeline: &Pipeline, workflow: &Workflow) -> Value {
    json!({
        "pipeline_id": pipeline.id,
        "id": workflow.id,
        "name": workflow.name,
        "project_slug": pipeline.project,
        "status": workflow.status.as_str(),
        "started_by": pipeline.actor,
        "pipeline_number": pipeline.number,
        "created_at": milliseconds(workflow.created),
        "stopped_at": workflow.stopped.map(milliseconds),
    })
}

/// A job that waits has no number and no times: those fields are left out.
pub(super) fn job(pipeline: &Pipeline, workflow: &Workflow, at: usize) -> Value {
    let job: &Job = &workflow.jobs[at];
    let needs: Vec<&str> = workflow.jobs[..at]
        .last()
        .map(|job| job.id.as_str())
        .into_iter()
        .collect();
    let mut object = json!({
        "id": job.id,
        "name": job.name,
        "project_slug": pipeline.project,
        "type": job.kind.as_str(),
        "status": job.status.as_str(),
        "dependencies": needs,
        "started_at": job.started.map(milliseconds),
        "stopped_at": job.stopped.map(milliseconds),
    });
    match (job.kind, job.number) {
        (JobKind::Approval, _) => object["approval_request_id"] = json!(job.id),
        (JobKind::Build, Some(number)) if job.started.is_some() => {
            object["job_number"] = json!(number);
        }
        (JobKind::Build, _) => {}
    }
    object
}

pub(super) fn workflow_page(project: &Project, pipeline: &Pipeline, workflow: &Workflow) -> String {
    let (slug, number) = (project.long_slug(), pipeline.number);
    format!(
        "https://app.circleci.com/pipelines/{slug}/{number}/workflows/{}",
        workflow.id
    )
}

pub(super) fn repository_url(project: &Project) -> String {
    let (organization, name) = project.names();
    format!("https://github.com/{organization}/{name}")
}
