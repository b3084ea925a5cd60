//! The statuses of a deployment. They carry no marker, so one of ours is known by what it says and when.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use witbot_core::call::{AddDeploymentStatus, AwaitDeploymentStatus, ReadDeploymentStatus};
use witbot_core::error::Error;
use witbot_core::github::DeploymentStatus;
use witbot_core::ids::{Repository, UnixMillis};
use witbot_core::limits;

use super::asked::Asked;
use super::connection::{self, Connection, Unwritten};
use super::deployments::short;
use super::{settle, time};

/// A status as GitHub tells it.
#[derive(Deserialize)]
struct Told {
    id: u64,
    state: String,
    description: Option<String>,
    log_url: Option<String>,
    /// The older name of `log_url`.
    target_url: Option<String>,
    environment_url: Option<String>,
    #[serde(deserialize_with = "time::unix_millis")]
    created_at: UnixMillis,
}

impl From<Told> for DeploymentStatus {
    fn from(told: Told) -> DeploymentStatus {
        // GitHub writes an empty text where there is no address.
        let filled = |url: Option<String>| url.filter(|url| !url.is_empty());
        DeploymentStatus {
            id: told.id,
            state: told.state,
            description: told.description.unwrap_or_default(),
            log_url: filled(told.log_url).or(filled(told.target_url)),
            environment_url: filled(told.environment_url),
            created: told.created_at,
        }
    }
}

/// Adds one, or finds out that it was added although GitHub's answer did not say so.
pub async fn add(
    connection: &Connection,
    call: &AddDeploymentStatus,
) -> Result<DeploymentStatus, Error> {
    let begun = connection::now();
    let repository = &call.repository;
    let thing = format!("deployment {} of {repository}", call.deployment);
    let asked = Asked {
        action: format!("add the status `{}` to {thing}", call.request.state),
        thing,
    };
    let path = path(repository, call.deployment);
    // `environment` is left out: with it, the deployment would move to another one.
    let mut body =
        json!({ "state": call.request.state, "description": short(&call.request.description) });
    for (key, url) in [
        ("log_url", &call.request.log_url),
        ("environment_url", &call.request.environment_url),
    ] {
        if let Some(url) = url {
            body[key] = url.as_str().into();
        }
    }
    let seen = match connection.post(repository, &path, &body, &asked).await {
        Ok(answer) if answer.status == StatusCode::CREATED => {
            match answer.read::<Told>(&asked.thing) {
                Ok(told) => return Ok(told.into()),
                Err(_unreadable) => "GitHub's answer could not be read".to_owned(),
            }
        }
        Ok(answer) if answer.status.is_success() => {
            format!("GitHub answered {}", answer.status.as_u16())
        }
        Ok(answer) => return Err(connection.refused(&answer, &asked)),
        Err(Unwritten::No(error)) => return Err(error),
        Err(Unwritten::Perhaps(seen)) => seen,
    };
    settle(connection, &seen, &asked, find(connection, call, begun)).await
}

/// The newest status that says the same and is not older than `begun`.
pub async fn find(
    connection: &Connection,
    call: &AddDeploymentStatus,
    begun: UnixMillis,
) -> Result<Option<DeploymentStatus>, Error> {
    let skew_ms = u64::try_from(limits::GITHUB_CLOCK_SKEW_MAX.as_millis()).unwrap_or(u64::MAX);
    let earliest = UnixMillis(begun.0.saturating_sub(skew_ms));
    let request = &call.request;
    let same = |status: &DeploymentStatus| {
        status.state == request.state
            && status.description == short(&request.description)
            && status.log_url.as_deref() == request.log_url.as_deref().filter(|url| !url.is_empty())
            && status.created >= earliest
    };
    let all = all(connection, &call.repository, call.deployment).await?;
    Ok(all.into_iter().filter(same).max_by_key(|status| status.id))
}

/// The latest status.
pub async fn latest(
    connection: &Connection,
    call: &ReadDeploymentStatus,
) -> Result<Option<DeploymentStatus>, Error> {
    let all = all(connection, &call.repository, call.deployment).await?;
    Ok(all.into_iter().max_by_key(|status| status.id))
}

/// The oldest status after the one that is known.
pub async fn next(
    connection: &Connection,
    call: &AwaitDeploymentStatus,
) -> Result<Option<DeploymentStatus>, Error> {
    let all = all(connection, &call.repository, call.deployment).await?;
    Ok(all
        .into_iter()
        .filter(|status| call.after.is_none_or(|after| status.id > after))
        .min_by_key(|status| status.id))
}

async fn all(
    connection: &Connection,
    repository: &Repository,
    deployment: u64,
) -> Result<Vec<DeploymentStatus>, Error> {
    let thing = format!("deployment {deployment} of {repository}");
    let asked = Asked {
        action: format!("list the statuses of {thing}"),
        thing,
    };
    let all = connection
        .all(
            repository,
            &path(repository, deployment),
            &asked,
            |page: Vec<Told>| page,
        )
        .await?;
    Ok(all.into_iter().map(DeploymentStatus::from).collect())
}

fn path(repository: &Repository, deployment: u64) -> String {
    format!("/repos/{repository}/deployments/{deployment}/statuses")
}
