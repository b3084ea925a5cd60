//! Deploying what was deployed before: back to it, or on to the next environment.

use witbot_sdk::github::{self, Repository};
use witbot_sdk::{Error, Event, Result};

use crate::checks::Check;
use crate::commits;
use crate::deploy;
use crate::history::{self, Success};
use crate::names;
use crate::order::Order;
use crate::room::Room;
use crate::settings::Settings;

/// `rollback`: deploys what was there before, or another version that was there.
pub fn rollback(event: &Event) -> Result {
    let settings = Settings::read()?;
    let app = settings.app(&event.required("app")?)?;
    let environment = app.environment(event.argument("env").as_deref())?;
    let mut order = Order::to(app, environment, event, &settings)?;
    let repository = github::open(&app.app.repository)?;
    let version = match event.argument("ref") {
        Some(reference) => there(&repository, app.name, environment, &reference)?,
        None => before(&repository, app.name, environment)?,
    };
    let sha = names::short(&version.sha);
    order.again = Some(format!("rollback {} in {environment} to {sha}", app.name));
    order.reference = Some(version.reference);
    order.sha = Some(version.sha);
    // What was there before lacks what came after it: that is the point.
    order.passes = vec![Check::Behind];
    deploy::carry_out(order, &Room::Asked(event), &settings, &event.id())
}

/// `promote`: deploys what is in one environment to another.
pub fn promote(event: &Event) -> Result {
    let settings = Settings::read()?;
    let app = settings.app(&event.required("app")?)?;
    let from = app.environment(event.argument("from").as_deref())?;
    let to = app.environment(event.argument("to").as_deref())?;
    if from == to {
        return Err(Error::invalid(format!(
            "Name two environments: what is in {from} is there already."
        )));
    }
    let mut order = Order::to(app, to, event, &settings)?;
    let repository = github::open(&app.app.repository)?;
    let version = match event.argument("ref") {
        Some(reference) => there(&repository, app.name, from, &reference)?,
        None => present(&repository, app.name, from)?,
    };
    let sha = names::short(&version.sha);
    order.again = Some(format!("promote {}/{sha} from {from} to {to}", app.name));
    order.reference = Some(version.reference);
    order.sha = Some(version.sha);
    deploy::carry_out(order, &Room::Asked(event), &settings, &event.id())
}

fn present(repository: &Repository, app: &str, environment: &str) -> Result<Success> {
    history::present(repository, app, environment)?.ok_or_else(|| never(app, environment))
}

fn before(repository: &Repository, app: &str, environment: &str) -> Result<Success> {
    let present = present(repository, app, environment)?;
    history::before(repository, app, environment, &present)?.ok_or_else(|| {
        Error::not_found(format!(
            "There is nothing to go back to: {} is the only version of {app} that was in {environment}.",
            names::version(&present.reference, &present.sha)
        ))
    })
}

/// A version that was in an environment, and worked.
fn there(
    repository: &Repository,
    app: &str,
    environment: &str,
    reference: &str,
) -> Result<Success> {
    let sha = commits::find(repository, reference)?.sha();
    history::success(repository, app, environment, &sha)?.ok_or_else(|| {
        Error::not_found(format!(
            "{} of {app} was never in {environment} with success. To deploy it all the same: `deploy {app}/{reference} to {environment}`.",
            names::version(reference, &sha)
        ))
    })
}

fn never(app: &str, environment: &str) -> Error {
    Error::not_found(format!("{app} was never in {environment} with success."))
}
