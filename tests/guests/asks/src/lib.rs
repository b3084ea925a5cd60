//! Asks GitHub, and CI at GitHub, for all that a plugin can.

use std::collections::BTreeMap;
use std::time::Duration;

use witbot_sdk::ci::{self, Run, RunRequest};
use witbot_sdk::github::{self, Deploy, State, Status};
use witbot_sdk::{Command, Event, Plugin, Result};

witbot_sdk::plugin!(plugin);

const REPOSITORY: &str = "acme/api";
const BRANCH: &str = "fix-login";
/// What is there already comes at the first look.
const MOMENT: Duration = Duration::from_secs(60);

fn plugin() -> Plugin {
    Plugin::new("Asks for everything.")
        .command(Command::new("ask github", "Reads and writes.", github).id("github"))
        .command(
            Command::new(
                "ask actions",
                "Runs a workflow, approves, repeats.",
                actions,
            )
            .id("actions"),
        )
        .command(Command::new("ask older actions", "Runs a workflow.", older).id("older"))
        .wants("github", "To ask for everything.")
        .wants("ci", "To run a workflow.")
}

fn github(event: &Event) -> Result {
    let repository = github::open(REPOSITORY)?;
    let base = repository.default_branch()?;
    repository.branches(10)?;
    repository.resolve(BRANCH)?;
    repository.commit(BRANCH)?;
    repository.checks(BRANCH)?;
    repository.compare(&base, BRANCH)?;
    // There is nothing to merge the second time.
    for _ in 0..2 {
        repository.merge(BRANCH, &base, "Merge the newest in")?;
    }

    let request = Deploy::to("staging")
        .reference(&base)
        .task("deploy:migrations")
        .description("Everything that can be said")
        .payload(&BTreeMap::from([("app", "api")]))?;
    let request = request.production(false).transient(true).auto_merge(true);
    let deployment = repository.deploy(&request.require_context("build"))?;
    let deployment = repository.deployment(deployment.id())?;
    repository.deployments(None, 100)?;
    repository.deployments(Some("staging"), 1)?;
    let status = Status::new(State::Success)
        .description("Done")
        .log_url("https://ci.acme.example/1")
        .environment_url("https://staging.acme.example");
    deployment.add_status(&status)?;
    deployment.status()?;
    deployment.next_status(None, MOMENT)?;
    event.reply("All of it was answered.")?;
    Ok(())
}

fn actions(event: &Event) -> Result {
    let run = dispatch()?;
    let mut status = run.status()?;
    while status.approvals().is_empty() {
        status = run.past(&status.phase(), MOMENT)?;
    }
    run.approve(&status.approvals().remove(0).id)?;
    run.finished(MOMENT)?;
    run.rerun(true)?;
    run.cancel()?;
    ci::open("github-actions", REPOSITORY)?.recent(5)?;
    event.reply("All of it was answered.")?;
    Ok(())
}

fn older(event: &Event) -> Result {
    let run = dispatch()?;
    run.finished(MOMENT)?;
    run.rerun(false)?;
    event.reply("All of it was answered.")?;
    Ok(())
}

fn dispatch() -> Result<Run> {
    let request = RunRequest::new()
        .branch("main")
        .definition("deploy.yml")
        .parameter("environment", "staging")
        .correlate_by("witbot");
    ci::open("github-actions", REPOSITORY)?.trigger(&request)
}
