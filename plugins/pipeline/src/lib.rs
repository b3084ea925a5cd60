//! Has a CI service run what GitHub calls a deployment, and tells GitHub how it goes.

mod again;
mod approve;
mod board;
mod commit;
mod follow;
mod job;
mod line;
mod outcome;
mod patience;
mod payload;
mod retire;
mod settings;
mod template;
mod work;

use witbot_sdk::github::State;
use witbot_sdk::{Command, Error, Event, Plugin, Result, ci, config, github, log};

use crate::job::Job;
use crate::settings::Settings;
use crate::work::Place;

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    Plugin::new("Has a CI service run GitHub's deployments.")
        .subscribe("github.deployment", deployment)
        .subscribe("github.deployment_status", status)
        .command(
            Command::new(
                "approve <approval> of deployment <id:integer> in <repository>",
                "Gives an approval that a deployment waits for in CI.",
                approve::approve,
            )
            .dangerous()
            .asks_permission()
            .example("approve production of deployment 7 in acme/api")
            .details("The approval is named as CI names it. A name of several words stands in quotation marks."),
        )
        .command(
            Command::new(
                "rerun deployment <id:integer> in <repository>",
                "Has CI run once more what failed of a deployment.",
                again::rerun,
            )
            .dangerous()
            .asks_permission()
            .example("rerun deployment 7 in acme/api"),
        )
        .required_setting(
            "repositories",
            "The pipeline of each repository and environment.",
        )
        .checks_settings(|settings: &Settings| settings.wrong())
        .wants(
            "github",
            "To read the deployments, and to tell how they go.",
        )
        .wants(
            "ci",
            "To start the pipelines, to follow, to stop and to approve them, and to run again what failed.",
        )
        .wants(
            "kv",
            "To know which pipeline belongs to which deployment.",
        )
        .can_use(
            "chat",
            "To say in the channel of a deployment that it waits for an approval, or that it failed.",
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
    let place = Place::of(&repository, id);
    // The same deployment is told twice where a repository and its organization both have a webhook.
    if !place.claim(is_set(event, "production_environment"))? {
        log::info!("deployment {id} of {repository} is carried out already");
        return Ok(());
    }
    let deployment =
        match github::open(&repository).and_then(|repository| repository.deployment(id)) {
            Ok(deployment) => deployment,
            Err(error) => {
                place.end();
                return Err(error);
            }
        };
    Job::new(deployment, repository, pipeline, place).carry_out()
}

fn is_set(event: &Event, flag: &str) -> bool {
    event.field(&format!("/deployment/{flag}")).as_deref() == Some("true")
}

/// Stops the run of a deployment that somebody gave up. An error of our own comes when the work on it has ended.
fn status(event: &Event) -> Result {
    if event.field("/deployment_status/state").as_deref() != Some(State::Error.as_str()) {
        return Ok(());
    }
    let id = deployment_id(event)?;
    let status: u64 = event
        .parse_field("/deployment_status/id")?
        .unwrap_or(u64::MAX);
    let Some(work) = Place::of(&event.subject(), id).canceled(status)? else {
        return Ok(());
    };
    match work.run {
        Some(run) => job::stop(&ci::open(&run.provider, &run.project)?.run(&run.id)?),
        // It is about to be started, and stopped by whoever starts it.
        None => Ok(()),
    }
}

fn deployment_id(event: &Event) -> Result<u64> {
    event
        .parse_field("/deployment/id")?
        .ok_or_else(|| Error::invalid("the event has no deployment"))
}
