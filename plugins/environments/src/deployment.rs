//! An environment as GitHub shows it: a transient deployment with its statuses. What GitHub cannot be told is noted in the
//! log, and keeps nobody from working.

use serde::Serialize;
use witbot_sdk::github::{self, Deploy, State, Status};
use witbot_sdk::{Result, log};

use crate::environment::Environment;
use crate::patience::{impatiently, patiently};
use crate::tell::Place;

/// What is done, so that nobody takes it for a deployment of a release.
const TASK: &str = "environment";

/// What others can read in a deployment.
#[derive(Serialize)]
struct Payload<'a> {
    app: &'a str,
    name: &'a str,
    owner: &'a str,
    #[serde(rename = "ref")]
    branch: &'a str,
}

/// Creates the deployment, and gives GitHub's number of it.
pub fn create(place: &Place<'_>, environment: &Environment) -> Result<u64> {
    let Place {
        name,
        app_name,
        app,
    } = *place;
    let owner = &environment.owner.name;
    let payload = Payload {
        app: app_name,
        name,
        owner,
        branch: &environment.branch,
    };
    let request = Deploy::to(app.environment(&environment.values(app_name, name))?)
        .reference(&environment.sha)
        .task(TASK)
        .description(format!("{} for {owner}", environment.branch))
        .transient(true)
        .production(false)
        .payload(&payload)?;
    let repository = github::open(&environment.repository)?;
    let deployment = impatiently("creating the deployment", || repository.deploy(&request))?;
    Ok(deployment.id())
}

/// Tells GitHub how an environment stands.
pub fn tell(environment: &Environment, state: State, description: &str, url: Option<&str>) {
    let Some(id) = environment.deployment else {
        return;
    };
    let status = Status::new(state).description(description);
    let log = environment.log.iter();
    let status = log.fold(status, |status, log| status.log_url(log));
    let status = url
        .into_iter()
        .fold(status, |status, url| status.environment_url(url));
    if let Err(error) = add(&environment.repository, id, &status) {
        log::warn!("GitHub is not told of deployment {id}: {error}");
    }
}

fn add(repository: &str, id: u64, status: &Status) -> Result {
    patiently("adding a status", || {
        let deployment = github::open(repository)?.deployment(id)?;
        deployment.add_status(status).map(drop)
    })
}
