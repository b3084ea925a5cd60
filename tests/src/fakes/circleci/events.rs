//! The webhooks that CircleCI sends.

use serde_json::{Value, json};

use super::json::{repository_url, workflow_page};
use super::pipeline::Pipeline;
use super::project::Project;
use super::workflow::{Ended, JobKind, Workflow};
use crate::fakes::clock::{self, milliseconds};
use crate::fakes::hooks::Parcel;
use crate::fakes::ids::Ids;
use crate::fakes::signature::hmac_hex;

pub(super) fn sign(secret: &str, body: &[u8]) -> (&'static str, String) {
    (
        "circleci-signature",
        format!("v1={}", hmac_hex(secret, body)),
    )
}

/// What is sent when something ends. That something begins is never told, nor that somebody approved.
pub(super) fn ended(
    ids: &mut Ids,
    project: &Project,
    pipeline: &Pipeline,
    ended: Ended,
) -> Option<Parcel> {
    match ended {
        Ended::Workflow(at) => {
            let workflow = &pipeline.workflows[at];
            let mut body = body(ids, project, pipeline, workflow);
            body["type"] = json!("workflow-completed");
            body["workflow"]["status"] = json!(workflow.status.as_str());
            Some(parcel("workflow-completed", &body))
        }
        Ended::Job { workflow, job } => {
            let workflow = &pipeline.workflows[workflow];
            let job = &workflow.jobs[job];
            if job.kind == JobKind::Approval {
                return None;
            }
            let mut body = body(ids, project, pipeline, workflow);
            body["type"] = json!("job-completed");
            body["job"] = json!({
                "id": job.id,
                "name": job.name,
                "number": job.number,
                "status": job.status.as_str(),
                "started_at": job.started.map(milliseconds),
                "stopped_at": job.stopped.map(milliseconds),
            });
            Some(parcel("job-completed", &body))
        }
    }
}

fn body(ids: &mut Ids, project: &Project, pipeline: &Pipeline, workflow: &Workflow) -> Value {
    let (organization, name) = project.names();
    let created = milliseconds(pipeline.created);
    let person = json!({ "name": "Alice", "email": "alice@example.com" });
    let mut vcs = json!({
        "provider_name": "github",
        "origin_repository_url": repository_url(project),
        "target_repository_url": repository_url(project),
        "revision": pipeline.revision,
        "commit": {
            "subject": "Work",
            "body": "",
            "author": person,
            "authored_at": created,
            "committer": person,
            "committed_at": created,
        },
    });
    if let Some(branch) = &pipeline.branch {
        vcs["branch"] = json!(branch);
    }
    if let Some(tag) = &pipeline.tag {
        vcs["tag"] = json!(tag);
    }
    json!({
        "id": ids.uuid(),
        "happened_at": milliseconds(clock::now()),
        "webhook": { "id": project.definition, "name": "witbot" },
        "project": { "id": project.id, "name": name, "slug": project.long_slug() },
        "organization": { "id": project.organization_id, "name": organization },
        "pipeline": {
            "id": pipeline.id,
            "number": pipeline.number,
            "created_at": created,
            "trigger": { "type": "api" },
            "vcs": vcs,
        },
        "workflow": {
            "id": workflow.id,
            "name": workflow.name,
            "created_at": milliseconds(workflow.created),
            "stopped_at": workflow.stopped.map(milliseconds),
            "url": workflow_page(project, pipeline, workflow),
        },
    })
}

fn parcel(event: &'static str, body: &Value) -> Parcel {
    let guid = body["id"].as_str().unwrap_or_default().to_owned();
    let headers = vec![("circleci-event-type", event.to_owned())];
    Parcel {
        guid,
        event,
        headers,
        body: body.to_string(),
        created: clock::now(),
    }
}
