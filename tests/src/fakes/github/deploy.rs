//! What GitHub does when somebody creates a deployment or adds a status to one.

use serde_json::{Value, json};

use super::body::Fields;
use super::checks::not_green;
use super::deployment::{Deployment, DeploymentState, DeploymentStatus};
use super::json::{invalid, refusal};
use super::repository::Repository;
use crate::fakes::clock;
use crate::fakes::ids::Ids;
use crate::fakes::request::Answer;

const DESCRIPTION_CHARS_MAX: usize = 140;

/// Creates a deployment, unless GitHub's gates say otherwise, and gives its id.
pub(super) fn create(
    repository: &mut Repository,
    ids: &mut Ids,
    creator: &str,
    fields: &Fields,
) -> Result<u64, Answer> {
    let reference = fields.required_text("ref")?;
    let environment = fields
        .text("environment")?
        .unwrap_or("production".to_owned());
    let contexts = fields.texts("required_contexts")?;
    let payload = fields
        .value("payload")
        .cloned()
        .unwrap_or_else(|| json!({}));
    if !payload.is_object() && !payload.is_string() {
        return Err(refusal(
            422,
            "Invalid request.\n\nFor 'properties/payload', nil is not an object.",
        ));
    }
    if repository.resolve(&reference).is_none() {
        return Err(refusal(422, &format!("No ref found for: {reference}")));
    }
    if fields.flag("auto_merge", true)? {
        merge(repository, &reference)?;
    }
    let sha = green_commit(repository, &reference, contexts.as_deref())?;
    let now = clock::now();
    let deployment = Deployment {
        id: ids.number(),
        sha,
        task: fields.text("task")?.unwrap_or("deploy".to_owned()),
        original_environment: environment.clone(),
        description: fields.text("description")?,
        payload,
        production: fields.flag("production_environment", environment == "production")?,
        transient: fields.flag("transient_environment", false)?,
        creator: creator.to_owned(),
        created: now,
        updated: now,
        statuses: Vec::new(),
        reference,
        environment,
    };
    let id = deployment.id;
    repository.deployments.push(deployment);
    Ok(id)
}

/// Brings a branch up to date. When that made a commit, there is no deployment: 202 is an `Err` here.
fn merge(repository: &mut Repository, reference: &str) -> Result<(), Answer> {
    let base = repository.default_branch.clone();
    let Some((branch, head)) = repository.branch(reference) else {
        return Ok(());
    };
    let behind = repository
        .branches
        .get(&base)
        .is_some_and(|base| !repository.missing(head, base).is_empty());
    if branch == base || !behind {
        return Ok(());
    }
    let branch = branch.to_owned();
    if repository.conflicting.contains(&branch) {
        return Err(refusal(
            409,
            &format!("Conflict merging {base} into {branch}."),
        ));
    }
    repository.merge_default_into(&branch);
    let message = format!("Auto-merged {base} into {branch} on deployment.");
    Err(Answer::json(202, &json!({ "message": message })))
}

/// The commit, when the required contexts are green. None given: all that were ever seen on it are required.
fn green_commit(
    repository: &Repository,
    reference: &str,
    contexts: Option<&[String]>,
) -> Result<String, Answer> {
    let unknown = || refusal(422, &format!("No ref found for: {reference}"));
    let commit = repository.resolve(reference).ok_or_else(unknown)?;
    let red = not_green(commit, contexts);
    if red.is_empty() {
        return Ok(commit.sha.clone());
    }
    let red: Vec<Value> = red
        .into_iter()
        .map(|(context, state)| json!({ "context": context, "state": state }))
        .collect();
    let body = json!({
        "message": format!("Conflict: Commit status checks failed for {reference}."),
        "errors": [{
            "contexts": red,
            "resource": "Deployment",
            "field": "required_contexts",
            "code": "invalid",
        }],
        "documentation_url": "https://docs.github.com/rest/deployments/deployments#create-a-deployment",
        "status": "409",
    });
    Err(Answer::json(409, &body))
}

/// Adds a status, and gives its id. A success makes others of its environment inactive.
pub(super) fn add_status(
    repository: &mut Repository,
    ids: &mut Ids,
    creator: &str,
    (deployment, fields): (usize, &Fields),
) -> Result<u64, Answer> {
    let state = state(&fields.required_text("state")?)?;
    let description = fields.text("description")?.unwrap_or_default();
    if description.chars().count() > DESCRIPTION_CHARS_MAX {
        let message =
            format!("description is too long (maximum is {DESCRIPTION_CHARS_MAX} characters)");
        return Err(invalid(
            "DeploymentStatus",
            "description",
            "custom",
            &message,
        ));
    }
    let url = |name: &str| -> Result<String, Answer> {
        let text = fields.text(name)?.unwrap_or_default();
        if text.is_empty() || text.starts_with("http://") || text.starts_with("https://") {
            return Ok(text);
        }
        let message = format!("{name} must use http(s) scheme");
        Err(invalid("DeploymentStatus", name, "custom", &message))
    };
    // `log_url` took the place of `target_url`, which still works.
    let log_url = Some(url("log_url")?).filter(|text| !text.is_empty());
    let log_url = log_url.map_or_else(|| url("target_url"), Ok)?;
    let environment_url = url("environment_url")?;
    let auto_inactive = fields.flag("auto_inactive", true)?;
    let moved_to = fields.text("environment")?;

    let target = &mut repository.deployments[deployment];
    if let Some(environment) = moved_to {
        target.environment = environment;
    }
    let status = DeploymentStatus {
        id: ids.number(),
        state,
        description,
        environment: target.environment.clone(),
        log_url,
        environment_url,
        creator: creator.to_owned(),
        created: clock::now(),
    };
    let id = status.id;
    target.updated = status.created;
    target.statuses.push(status.clone());
    if state == DeploymentState::Success && auto_inactive {
        retire_earlier(repository, ids, deployment, &status);
    }
    Ok(id)
}

/// Earlier deployments that succeeded in the same environment become inactive; those of production and of environments
/// that go away stay as they are.
fn retire_earlier(
    repository: &mut Repository,
    ids: &mut Ids,
    deployment: usize,
    success: &DeploymentStatus,
) {
    for earlier in &mut repository.deployments[..deployment] {
        let concerned = earlier.environment == success.environment
            && earlier.state() == Some(DeploymentState::Success)
            && !earlier.production
            && !earlier.transient;
        if concerned {
            earlier.updated = success.created;
            earlier.statuses.push(DeploymentStatus {
                id: ids.number(),
                state: DeploymentState::Inactive,
                description: String::new(),
                log_url: String::new(),
                environment_url: String::new(),
                ..success.clone()
            });
        }
    }
}

fn state(text: &str) -> Result<DeploymentState, Answer> {
    serde_json::from_value(json!(text)).map_err(|_| {
        let message = format!("{text} is not included in the list");
        invalid("DeploymentStatus", "state", "custom", &message)
    })
}

/// Deletes a deployment. One that is active can go only when it is the only one.
pub(super) fn delete(repository: &mut Repository, deployment: usize) -> Result<Answer, Answer> {
    let active = repository.deployments[deployment].state() != Some(DeploymentState::Inactive);
    if active && repository.deployments.len() > 1 {
        let message = "We cannot delete an active deployment unless it is the only deployment in a given environment.";
        return Err(refusal(422, message));
    }
    repository.deployments.remove(deployment);
    Ok(Answer::empty(204))
}
