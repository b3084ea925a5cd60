//! GitHub.

use witbot_sdk::github::{self, Deploy, State, Status};
use witbot_sdk::{Event, Result};

const REPOSITORY: &str = "acme/api";

pub fn open(event: &Event) -> Result<String> {
    github::open(&event.required("repository")?)?;
    Ok("a repository".to_owned())
}

pub fn deploy(event: &Event) -> Result<String> {
    let deploy = Deploy::to(event.required("environment")?).reference("main");
    let deployment = github::open(REPOSITORY)?.deploy(&deploy)?;
    Ok(deployment.id().to_string())
}

/// Says of a deployment, whose environment it does not tell, that it is over.
pub fn finish(event: &Event) -> Result<String> {
    let id = event.required("deployment")?.parse()?;
    let deployment = github::open(REPOSITORY)?.deployment(id)?;
    deployment.add_status(&Status::new(State::Success))?;
    Ok("a status".to_owned())
}

pub fn merge(event: &Event) -> Result<String> {
    let head = event.required("head")?;
    github::open(REPOSITORY)?.merge("main", &head, "Mine.")?;
    Ok("a merge".to_owned())
}
