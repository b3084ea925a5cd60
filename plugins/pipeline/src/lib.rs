//! Has a CI service run what GitHub calls a deployment, and tells GitHub how it goes.

mod outcome;
mod patience;
mod settings;
mod template;
mod work;

use witbot_sdk::ci::{self, Phase, Run};
use witbot_sdk::github::{Deployment, State, Status};
use witbot_sdk::{Code, Error, Event, Plugin, Result, config, flow, github, log};

use crate::patience::patiently;
use crate::settings::{Pipeline, Settings};
use crate::template::Values;
use crate::work::Place;

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    Plugin::new("Has a CI service run GitHub's deployments.")
        .subscribe("github.deployment", deployment)
        .subscribe("github.deployment_status", status)
        .required_setting(
            "repositories",
            "The pipeline of each repository and environment.",
        )
        .wants(
            "github",
            "To read the deployments, and to tell how they go.",
        )
        .wants("ci", "To start the pipelines, to follow and to stop them.")
        .wants(
            "kv",
            "To know which pipeline is to be stopped with a deployment.",
        )
}

fn deployment(event: &Event) -> Result {
    let settings: Settings = config::settings()?;
    let repository = event.subject();
    let environment = event.field("/deployment/environment").unwrap_or_default();
    let task = event.field("/deployment/task").unwrap_or_default();
    let Some(pipeline) = settings.pipeline(&repository, &environment, &task) else {
        log::info!("nothing to do for `{task}` of {repository} to {environment}");
        return Ok(());
    };
    let id = deployment_id(event)?;
    let deployment = github::open(&repository)?.deployment(id)?;
    let values = Values {
        app: template::app_of(&deployment.payload(), &repository),
        deployment_id: deployment.id(),
        environment,
        reference: deployment.reference(),
        repository,
        sha: deployment.sha(),
    };
    let place = Place::of(&values.repository, id);
    match carry_out(&deployment, pipeline, &values, &place) {
        Ok(()) => Ok(()),
        // Whoever looks at the deployment learns what is the matter, and does not wait for it any longer.
        Err(error) => {
            place.end();
            let status = Status::new(State::Error).description(error.message);
            tell(&deployment, &status)
        }
    }
}

/// Stops the run of a deployment that somebody gave up. An error of our own comes when the work on it has ended.
fn status(event: &Event) -> Result {
    if event.field("/deployment_status/state").as_deref() != Some(State::Error.as_str()) {
        return Ok(());
    }
    let id = deployment_id(event)?;
    let Some(work) = Place::of(&event.subject(), id).canceled()? else {
        return Ok(());
    };
    match work.run {
        Some(run) => stop(&ci::open(&run.provider, &run.project)?.run(&run.id)?),
        // It is about to be started, and stopped by whoever starts it.
        None => Ok(()),
    }
}

fn deployment_id(event: &Event) -> Result<u64> {
    event
        .parse_field("/deployment/id")?
        .ok_or_else(|| Error::invalid("the event has no deployment"))
}

/// From the trigger to the end of the run.
fn carry_out(
    deployment: &Deployment,
    pipeline: &Pipeline,
    values: &Values,
    place: &Place,
) -> Result {
    let request = pipeline.request(values)?;
    let environment_url = pipeline.environment_url(values)?;
    place.begin()?;
    tell(deployment, &Status::new(State::Queued))?;
    if place.is_canceled()? {
        place.end();
        return Ok(());
    }
    let run = ci::open(&pipeline.provider, &pipeline.project)?.trigger(&request)?;
    let work = place.started(&work::Run {
        provider: pipeline.provider.clone(),
        project: pipeline.project.clone(),
        id: run.id(),
    })?;
    if work.canceled {
        stop(&run)?;
    }
    follow(
        deployment,
        pipeline,
        &run,
        environment_url.as_deref(),
        place,
    )
}

fn follow(
    deployment: &Deployment,
    pipeline: &Pipeline,
    run: &Run,
    environment_url: Option<&str>,
    place: &Place,
) -> Result {
    let end = flow::now() + pipeline.timeout();
    let mut phase = Phase::Queued;
    loop {
        let now = match run.past(&phase, end.since(flow::now())) {
            Ok(now) => now,
            Err(error) => {
                place.end();
                return tell(deployment, &lost(pipeline, run, error));
            }
        };
        phase = now.phase();
        let told = outcome::status(
            &phase,
            &now.failed_jobs(),
            &now.detail(),
            &now.url(),
            environment_url,
        );
        if now.is_finished() {
            place.end();
        }
        if let Some(told) = told {
            tell(deployment, &told)?;
        }
        if now.is_finished() {
            return Ok(());
        }
    }
}

/// Adds a status to a deployment. The same status twice does no harm.
fn tell(deployment: &Deployment, status: &Status) -> Result {
    let what = format!("adding a status to deployment {}", deployment.id());
    patiently(&what, || deployment.add_status(status).map(|_| ()))
}

/// Stops a run, unless it is over.
fn stop(run: &Run) -> Result {
    let what = format!("stopping the run {}", run.id());
    match patiently(&what, || run.cancel()) {
        Err(error) if error.code == Code::Conflict => {
            log::info!("the run {} was not stopped: {error}", run.id());
            Ok(())
        }
        done => done,
    }
}

/// What is told when the end of a run was not seen.
fn lost(pipeline: &Pipeline, run: &Run, error: Error) -> Status {
    let reason = match error.code {
        Code::Timeout => format!(
            "No result from CI after {} minutes; the run may still go on",
            pipeline.timeout_minutes
        ),
        _ => format!("The run in CI can no longer be followed: {error}"),
    };
    Status::new(State::Error)
        .description(reason)
        .log_url(run.url())
}
