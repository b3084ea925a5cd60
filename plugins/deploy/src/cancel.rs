//! Canceling what is being deployed: GitHub is told, and whoever carries it out hears of it there.

use std::time::Duration;

use witbot_sdk::github::{Deployment, DeploymentStatus, Repository, State, Status};
use witbot_sdk::{Event, Result, config, flow, github};

use crate::history;
use crate::names;
use crate::settings::Settings;

/// What is older was forgotten by whoever was to carry it out, and is not being deployed any more.
const AGE_MAX: Duration = Duration::from_secs(24 * 3_600);

/// Cancels all that is being deployed of an application to an environment.
pub fn cancel(event: &Event) -> Result {
    let settings: Settings = config::settings()?;
    let (name, app) = settings.app(&event.required("app")?)?;
    let environment = app.environment(name, event.argument("env").as_deref())?;
    let repository = github::open(&app.repository)?;
    let mut canceled = Vec::new();
    for (deployment, status) in running(&repository, name, environment)? {
        deployment.add_status(&error(&event.user_name(), status.as_ref()))?;
        let version = names::version(&deployment.reference(), &deployment.sha());
        canceled.push(format!(
            "Canceled the deployment of {name} {version} to {environment}."
        ));
    }
    if canceled.is_empty() {
        canceled.push(format!(
            "Nothing of {name} is being deployed to {environment}."
        ));
    }
    event.reply(canceled.join("\n"))?;
    Ok(())
}

/// The deployments that are not over, each with how it stands.
fn running(
    repository: &Repository,
    app: &str,
    environment: &str,
) -> Result<Vec<(Deployment, Option<DeploymentStatus>)>> {
    let now = flow::now();
    let mut running = Vec::new();
    for deployment in history::of(repository, app, Some(environment))? {
        if now.since(deployment.created_at()) > AGE_MAX {
            continue;
        }
        let status = deployment.status()?;
        if status
            .as_ref()
            .is_none_or(|status| !status.state().is_final())
        {
            running.push((deployment, status));
        }
    }
    Ok(running)
}

/// What GitHub is told. The log stays where it is.
fn error(name: &str, last: Option<&DeploymentStatus>) -> Status {
    let status = Status::new(State::Error).description(format!("Canceled by {name}."));
    match last.and_then(DeploymentStatus::log_url) {
        Some(url) if !url.is_empty() => status.log_url(url),
        Some(_) | None => status,
    }
}
