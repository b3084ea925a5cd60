//! What the bot itself has done at GitHub, as a webhook would tell it. For webhooks that do not come.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use witbot_core::error::{Code, Error};
use witbot_core::ids::Repository;

use super::asked::Asked;
use super::connection::Connection;

/// A deployment, or a status of one, that the bot has created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caused {
    /// Where.
    pub repository: Repository,
    /// The deployment.
    pub deployment: u64,
    /// The status, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u64>,
}

/// The body of the webhook, from what GitHub shows now. None: it is not there any more.
pub async fn read(connection: &Connection, caused: &Caused) -> Result<Option<Value>, Error> {
    match told(connection, caused).await {
        Ok(body) => Ok(Some(body)),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

async fn told(connection: &Connection, caused: &Caused) -> Result<Value, Error> {
    let Caused {
        repository,
        deployment,
        status,
    } = caused;
    let at = format!("/repos/{repository}/deployments/{deployment}");
    let thing = format!("deployment {deployment} of {repository}");
    let created = raw(connection, repository, &at, thing).await?;
    let mut body = json!({
        "action": "created",
        "repository": { "name": repository.parts().1, "full_name": repository },
        "sender": created["creator"],
        "deployment": created,
    });
    if let Some(status) = status {
        let at = format!("{at}/statuses/{status}");
        let thing = format!("status {status} of deployment {deployment} of {repository}");
        let added = raw(connection, repository, &at, thing).await?;
        body["sender"] = added["creator"].clone();
        body["deployment_status"] = added;
    }
    Ok(body)
}

async fn raw(
    connection: &Connection,
    repository: &Repository,
    path: &str,
    thing: String,
) -> Result<Value, Error> {
    let asked = Asked {
        action: format!("read {thing}"),
        thing,
    };
    connection
        .get(repository, path, &asked)
        .await?
        .read(&asked.thing)
}
