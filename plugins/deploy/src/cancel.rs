//! Canceling what is being deployed, or waits to be: GitHub is told, and whoever carries it out hears of it there.

use std::time::Duration;

use witbot_sdk::github::{Deployment, DeploymentStatus, Repository, State, Status};
use witbot_sdk::{Event, Result, flow, github};

use crate::history;
use crate::names;
use crate::order;
use crate::patience::patiently;
use crate::settings::Settings;
use crate::waiting;

/// What is older was forgotten by whoever was to carry it out, and is not being deployed any more.
const AGE_MAX: Duration = Duration::from_secs(24 * 3_600);

/// Deployments come one after the other, so that one that is not over is among the newest.
const LOOKED_AT: usize = 10;

/// Cancels all that is being deployed of an application to an environment, or just one of these.
pub fn cancel(event: &Event) -> Result {
    let settings = Settings::read()?;
    let app = settings.app(&event.required("app")?)?;
    order::check_channel(app, event.channel().as_deref())?;
    let environment = app.environment(event.argument("env").as_deref())?;
    order::permit(app, Some(environment))?;
    let number: Option<u64> = event.parse("number")?;
    let run = event.argument("run");
    let mut canceled = Vec::new();
    if run.is_none() {
        let repository = github::open(&app.app.repository)?;
        canceled = deployments(event, &repository, app.name, environment, number)?;
    }
    if number.is_none() {
        canceled.extend(runs(app.name, environment, run.as_deref())?);
    }
    if canceled.is_empty() {
        canceled.push(nothing(app.name, environment, number, run.as_deref()));
    }
    event.reply(canceled.join("\n"))?;
    Ok(())
}

fn nothing(app: &str, environment: &str, number: Option<u64>, run: Option<&str>) -> String {
    match (number, run) {
        (Some(number), _) => {
            format!("Deployment {number} of {app} to {environment} is over, or not there.")
        }
        (None, Some(_)) => format!("That deployment of {app} does not wait any more."),
        (None, None) => format!("Nothing of {app} is being deployed to {environment}."),
    }
}

/// Cancels what was created at GitHub.
fn deployments(
    event: &Event,
    repository: &Repository,
    app: &str,
    environment: &str,
    number: Option<u64>,
) -> Result<Vec<String>> {
    let mut canceled = Vec::new();
    for (deployment, status) in running(repository, app, environment, number)? {
        let error = error(&event.user_name(), status.as_ref());
        patiently("canceling a deployment", || {
            deployment.add_status(&error).map(drop)
        })?;
        let version = names::version(&history::reference(&deployment), &deployment.sha());
        canceled.push(format!(
            "Canceled the deployment of {app} {version} to {environment}."
        ));
    }
    Ok(canceled)
}

/// Cancels what has not come so far.
fn runs(app: &str, environment: &str, only: Option<&str>) -> Result<Vec<String>> {
    let mut canceled = Vec::new();
    for waiting in waiting::all(app, environment)? {
        if only.is_some_and(|only| only != waiting.run) {
            continue;
        }
        if flow::cancel(&waiting.run)? {
            canceled.push(format!(
                "Canceled the deployment of {app} {} to {environment} that waited, for {}.",
                waiting.version, waiting.by.name
            ));
        }
        // Those that have died are listed no longer.
        waiting::remove(app, environment, &waiting.run)?;
    }
    Ok(canceled)
}

/// The deployments that are not over, each with how it stands.
fn running(
    repository: &Repository,
    app: &str,
    environment: &str,
    number: Option<u64>,
) -> Result<Vec<(Deployment, Option<DeploymentStatus>)>> {
    let now = flow::now();
    let all = history::of(repository, app, Some(environment))?;
    let wanted = |one: &Deployment| number.is_none_or(|number| one.id() == number);
    let recent = |one: &Deployment| now.since(one.created_at()) <= AGE_MAX;
    let mut running = Vec::new();
    for deployment in all
        .into_iter()
        .filter(wanted)
        .filter(recent)
        .take(LOOKED_AT)
    {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_when_there_is_nothing_to_cancel() {
        assert_eq!(
            nothing("api", "staging", None, None),
            "Nothing of api is being deployed to staging."
        );
        assert_eq!(
            nothing("api", "staging", Some(7), None),
            "Deployment 7 of api to staging is over, or not there."
        );
    }
}
