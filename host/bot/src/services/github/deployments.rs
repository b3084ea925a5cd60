//! Deployments: created once, with a marker in their payload by which they are found again.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use witbot_core::call::{CreateDeployment, ListDeployments, ReadDeployment};
use witbot_core::error::{Code, Error};
use witbot_core::github::Deployment;
use witbot_core::ids::{CallId, Repository, UnixMillis};
use witbot_core::limits;

use super::asked::Asked;
use super::connection::{Connection, PAGE, Unwritten};
use super::path::encoded;
use super::{payload, settle, time};

/// A deployment as GitHub tells it.
#[derive(Deserialize)]
struct Told {
    id: u64,
    sha: String,
    #[serde(rename = "ref")]
    reference: String,
    task: String,
    environment: String,
    description: Option<String>,
    /// None when the account is gone.
    creator: Option<Creator>,
    #[serde(default)]
    payload: Value,
    #[serde(deserialize_with = "time::unix_millis")]
    created_at: UnixMillis,
}

#[derive(Deserialize)]
struct Creator {
    login: String,
}

impl Told {
    /// The call of ours that created it.
    fn call(&self) -> Option<&str> {
        payload::call(&self.payload)
    }

    fn into_deployment(self) -> Deployment {
        Deployment {
            id: self.id,
            reference: self.reference,
            sha: self.sha,
            task: self.task,
            environment: self.environment,
            description: self.description.unwrap_or_default(),
            // As GitHub shows such accounts.
            creator: self
                .creator
                .map_or_else(|| "ghost".to_owned(), |creator| creator.login),
            payload: payload::unmarked(self.payload).to_string(),
            created: self.created_at,
        }
    }
}

/// Creates it, or finds out that it was created although GitHub's answer did not say so.
pub async fn create(
    connection: &Connection,
    call: &CreateDeployment,
    id: &CallId,
) -> Result<Deployment, Error> {
    let (repository, request) = (&call.repository, &call.request);
    let asked = Asked {
        action: format!(
            "create a deployment of `{}` to {} in {repository}",
            request.reference, request.environment
        ),
        thing: format!("repository {repository}"),
    };
    let body = body(call, id)?;
    let path = format!("/repos/{repository}/deployments");
    let seen = match connection.post(repository, &path, &body, &asked).await {
        Ok(answer) if answer.status == StatusCode::CREATED => {
            match answer.read::<Told>(&asked.thing) {
                Ok(told) => return Ok(told.into_deployment()),
                Err(_unreadable) => "GitHub's answer could not be read".to_owned(),
            }
        }
        Ok(answer) if answer.status == StatusCode::ACCEPTED => {
            let message = answer.refusal();
            let text = format!(
                "GitHub created no deployment yet: {}. It merged the default branch into `{}` first. Try again when the checks of the new commit are done.",
                message.message(),
                request.reference
            );
            return Err(Error::new(Code::Conflict, text));
        }
        Ok(answer) if answer.status.is_success() => {
            format!("GitHub answered {}", answer.status.as_u16())
        }
        Ok(answer) => return Err(connection.refused(&answer, &asked)),
        Err(Unwritten::No(error)) => return Err(error),
        Err(Unwritten::Perhaps(seen)) => seen,
    };
    settle(connection, &seen, &asked, find(connection, call, id)).await
}

/// The deployment that a call of ours created.
pub async fn find(
    connection: &Connection,
    call: &CreateDeployment,
    id: &CallId,
) -> Result<Option<Deployment>, Error> {
    let asked = asked_to_read(&call.repository);
    let environment = encoded(&call.request.environment);
    let path = format!(
        "/repos/{}/deployments?environment={environment}",
        call.repository
    );
    for number in 1..=limits::GITHUB_PAGES_MAX {
        let (page, answer) = connection
            .page::<Vec<Told>>(&call.repository, &path, number, &asked)
            .await?;
        let more = answer.goes_on(page.len(), PAGE);
        if let Some(told) = page
            .into_iter()
            .find(|told| told.call() == Some(id.as_str()))
        {
            return Ok(Some(told.into_deployment()));
        }
        if !more {
            return Ok(None);
        }
    }
    let text = format!(
        "{} has too many deployments to {} to tell whether this one was created. Look there before you try again.",
        call.repository, call.request.environment
    );
    Err(Error::new(Code::InDoubt, text))
}

/// One deployment.
pub async fn read(connection: &Connection, call: &ReadDeployment) -> Result<Deployment, Error> {
    let thing = format!("deployment {} of {}", call.deployment, call.repository);
    let asked = Asked {
        action: format!("read {thing}"),
        thing,
    };
    let path = format!("/repos/{}/deployments/{}", call.repository, call.deployment);
    let answer = connection.get(&call.repository, &path, &asked).await?;
    Ok(answer.read::<Told>(&asked.thing)?.into_deployment())
}

/// The newest deployments, newest first.
pub async fn list(
    connection: &Connection,
    call: &ListDeployments,
) -> Result<Vec<Deployment>, Error> {
    let asked = asked_to_read(&call.repository);
    let limit = call.limit.clamp(1, limits::GITHUB_DEPLOYMENTS_MAX);
    let mut path = format!("/repos/{}/deployments?per_page={limit}", call.repository);
    match call.environment.as_deref() {
        Some("") => {
            return Err(Error::invalid(
                "The environment has no name. Leave it out to list those of all.",
            ));
        }
        Some(environment) => path.push_str(&format!("&environment={}", encoded(environment))),
        None => {}
    }
    let answer = connection.get(&call.repository, &path, &asked).await?;
    let told: Vec<Told> = answer.read(&asked.thing)?;
    Ok(told
        .into_iter()
        .take(limit as usize)
        .map(Told::into_deployment)
        .collect())
}

/// At most as many characters as GitHub takes.
pub fn short(description: &str) -> String {
    description
        .chars()
        .take(limits::GITHUB_DESCRIPTION_CHARS_MAX)
        .collect()
}

fn asked_to_read(repository: &Repository) -> Asked {
    Asked {
        action: format!("list the deployments of {repository}"),
        thing: format!("repository {repository}"),
    }
}

/// What is sent. `auto_merge` and `required_contexts` are always there: left out, they are true and all.
fn body(call: &CreateDeployment, id: &CallId) -> Result<Value, Error> {
    let request = &call.request;
    let mut body = json!({
        "ref": request.reference,
        "task": if request.task.is_empty() { "deploy" } else { &request.task },
        "environment": request.environment,
        "description": short(&request.description),
        "payload": payload::marked(&request.payload, id)?,
        "transient_environment": request.transient,
        "auto_merge": request.auto_merge,
        "required_contexts": request.required_contexts,
    });
    if let Some(production) = request.production {
        body["production_environment"] = production.into();
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_cut_between_characters() {
        assert_eq!(short(&"ü".repeat(141)), "ü".repeat(140));
        assert_eq!(short("ready"), "ready");
    }
}
