//! The webhooks of GitHub Actions.

use serde_json::json;

use super::super::events::parcel;
use super::super::json::Writer;
use super::super::repository::Repository;
use super::WorkflowRun;
use crate::fakes::hooks::Parcel;
use crate::fakes::ids::Ids;

/// What is told when a run was made.
pub(super) fn made(
    writer: Writer<'_>,
    ids: &mut Ids,
    repository: &Repository,
    run: &WorkflowRun,
) -> Vec<Parcel> {
    vec![of_run(writer, ids, repository, run, "requested")]
}

/// What is told when a run has moved: which state it was in before, and which of its jobs changed.
pub(super) fn moved(
    writer: Writer<'_>,
    ids: &mut Ids,
    repository: &Repository,
    (run, before, changed): (&WorkflowRun, &str, &[usize]),
) -> Vec<Parcel> {
    let mut parcels = Vec::new();
    for at in changed {
        let job = &run.jobs[*at];
        let body = json!({
            "action": job.status,
            "workflow_job": writer.workflow_job(repository, run, job),
            "repository": writer.repository(repository),
            "sender": writer.user(&run.actor),
        });
        parcels.push(parcel(ids, "workflow_job", body.to_string()));
    }
    if run.status != before && matches!(run.status.as_str(), "in_progress" | "completed") {
        parcels.push(of_run(writer, ids, repository, run, &run.status));
    }
    parcels
}

fn of_run(
    writer: Writer<'_>,
    ids: &mut Ids,
    repository: &Repository,
    run: &WorkflowRun,
    action: &str,
) -> Parcel {
    let body = json!({
        "action": action,
        "workflow_run": writer.workflow_run(repository, run),
        "workflow": { "id": 1, "name": "Deploy", "path": format!(".github/workflows/{}", run.file), "state": "active" },
        "repository": writer.repository(repository),
        "sender": writer.user(&run.actor),
    });
    parcel(ids, "workflow_run", body.to_string())
}
