//! The webhooks that GitHub sends.

use serde_json::json;

use super::deployment::{Deployment, DeploymentState};
use super::json::Writer;
use super::repository::Repository;
use crate::fakes::clock;
use crate::fakes::hooks::Parcel;
use crate::fakes::ids::Ids;
use crate::fakes::signature::hmac_hex;

/// The hook that the list of deliveries belongs to.
pub(super) const HOOK_ID: u64 = 109_948_940;

pub(super) fn sign(secret: &str, body: &[u8]) -> (&'static str, String) {
    (
        "x-hub-signature-256",
        format!("sha256={}", hmac_hex(secret, body)),
    )
}

/// `workflow` is left out, as it is from payloads that no workflow had a part in; clients that insist on it fail.
pub(super) fn deployment(
    writer: Writer<'_>,
    ids: &mut Ids,
    repository: &Repository,
    deployment: &Deployment,
) -> Parcel {
    let body = json!({
        "action": "created",
        "deployment": writer.deployment(repository, deployment),
        "repository": writer.repository(repository),
        "sender": writer.user(&deployment.creator),
    });
    parcel(ids, "deployment", body.to_string())
}

/// The latest status. GitHub sends nothing when a deployment becomes inactive.
pub(super) fn deployment_status(
    writer: Writer<'_>,
    ids: &mut Ids,
    repository: &Repository,
    deployment: &Deployment,
) -> Option<Parcel> {
    let status = deployment.statuses.last()?;
    if status.state == DeploymentState::Inactive {
        return None;
    }
    let body = json!({
        "action": "created",
        "deployment_status": writer.deployment_status(repository, deployment, status),
        "deployment": writer.deployment(repository, deployment),
        "check_run": null,
        "workflow": null,
        "workflow_run": null,
        "repository": writer.repository(repository),
        "sender": writer.user(&status.creator),
    });
    Some(parcel(ids, "deployment_status", body.to_string()))
}

pub(super) fn parcel(ids: &mut Ids, event: &'static str, body: String) -> Parcel {
    let guid = ids.uuid();
    let headers = vec![
        ("x-github-event", event.to_owned()),
        ("x-github-delivery", guid.clone()),
        ("x-github-hook-id", HOOK_ID.to_string()),
        (
            "x-github-hook-installation-target-type",
            "repository".to_owned(),
        ),
    ];
    Parcel {
        guid,
        event,
        headers,
        body,
        created: clock::now(),
    }
}
