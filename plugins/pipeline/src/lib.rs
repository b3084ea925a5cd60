//! Has a CI service run what GitHub calls a deployment, and tells GitHub how it goes.

mod outcome;
mod settings;
mod status;
mod template;

use witbot_sdk::ci::{Phase, Run};
use witbot_sdk::github::{Deployment, State, Status};
use witbot_sdk::{Code, Error, Event, Plugin, Result, ci, config, flow, github, log};

use crate::settings::{Pipeline, Settings};
use crate::template::Values;

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    Plugin::new("Has a CI service run GitHub's deployments.")
        .subscribe("github.deployment", deployment)
        .required_setting(
            "repositories",
            "The pipeline of each repository and environment.",
        )
        .wants(
            "github",
            "To read the deployments, and to tell how they go.",
        )
        .wants("ci", "To start the pipelines, and to follow them.")
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
    let id = event
        .parse_field("/deployment/id")?
        .ok_or_else(|| Error::invalid("the event has no deployment"))?;
    let deployment = github::open(&repository)?.deployment(id)?;
    let values = Values {
        app: template::app_of(&deployment.payload(), &repository),
        deployment_id: deployment.id(),
        environment,
        reference: deployment.reference(),
        repository,
        sha: deployment.sha(),
    };
    match carry_out(&deployment, pipeline, &values) {
        Ok(()) => Ok(()),
        // Whoever looks at the deployment learns what is the matter, and does not wait for it any longer.
        Err(error) => status::add(
            &deployment,
            &Status::new(State::Error).description(error.message),
        ),
    }
}

/// From the trigger to the end of the run.
fn carry_out(deployment: &Deployment, pipeline: &Pipeline, values: &Values) -> Result {
    let request = pipeline.request(values)?;
    let environment_url = pipeline.environment_url(values)?;
    status::add(deployment, &Status::new(State::Queued))?;
    let run = ci::open(&pipeline.provider, &pipeline.project)?.trigger(&request)?;
    follow(deployment, pipeline, &run, environment_url.as_deref())
}

fn follow(
    deployment: &Deployment,
    pipeline: &Pipeline,
    run: &Run,
    environment_url: Option<&str>,
) -> Result {
    let end = flow::now() + pipeline.timeout();
    let mut phase = Phase::Queued;
    loop {
        let now = match run.past(&phase, end.since(flow::now())) {
            Ok(now) => now,
            Err(error) => return status::add(deployment, &lost(pipeline, run, error)),
        };
        phase = now.phase();
        let told = outcome::status(
            &phase,
            &now.failed_jobs(),
            &now.detail(),
            &now.url(),
            environment_url,
        );
        if let Some(told) = told {
            status::add(deployment, &told)?;
        }
        if now.is_finished() {
            return Ok(());
        }
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
