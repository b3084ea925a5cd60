//! Deploying the default branch by itself when its checks are green, once for each commit and environment.

use serde::{Deserialize, Serialize};
use witbot_sdk::github::{self, Repository};
use witbot_sdk::{Event, Result, kv, log};

use crate::checks::{self, Subject};
use crate::deploy;
use crate::gate;
use crate::names;
use crate::order::{self, Order};
use crate::person::Person;
use crate::room::Room;
use crate::settings::{Application, Settings};

/// What somebody said of an environment: goes before the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Switch {
    on: bool,
    by: Person,
}

/// `auto-deploy … on`.
pub fn on(event: &Event) -> Result {
    turn(event, true)
}

/// `auto-deploy … off`.
pub fn off(event: &Event) -> Result {
    turn(event, false)
}

/// `auto-deploy … status`.
pub fn status(event: &Event) -> Result {
    let settings = Settings::read()?;
    let app = settings.app(&event.required("app")?)?;
    let environment = event.argument("env");
    let environments = match environment {
        Some(asked) => vec![app.environment(Some(&asked))?],
        None => app.environments(),
    };
    let lines = environments.into_iter().map(|environment| {
        let switch = switch(app, environment)?;
        Ok(told(app, environment, switch.as_ref()))
    });
    event.reply(lines.collect::<Result<Vec<_>>>()?.join("\n"))?;
    Ok(())
}

fn turn(event: &Event, on: bool) -> Result {
    let settings = Settings::read()?;
    let app = settings.app(&event.required("app")?)?;
    order::check_channel(app, event.channel().as_deref())?;
    let environment = app.environment(event.argument("env").as_deref())?;
    order::permit(app, Some(environment))?;
    let switch = Switch {
        on,
        by: Person::of(event, &settings),
    };
    kv::set(&key("auto", app, environment), &switch)?;
    event.reply(told(app, environment, Some(&switch)))?;
    Ok(())
}

fn told(app: Application<'_>, environment: &str, switch: Option<&Switch>) -> String {
    let by = switch.map_or(String::new(), |switch| format!(", said {}", switch.by.name));
    let name = app.name;
    if !is_on(app, environment, switch) {
        return format!("{name} in {environment}: auto-deploy is off{by}.");
    }
    let when = match app.contexts(environment) {
        None => {
            "all checks that it has are green. With the setting `contexts` it waits for these, also for those that have not begun"
                .to_owned()
        }
        Some([]) => "somebody pushes to it".to_owned(),
        Some(names) => format!("{} {} green", crate::words::joined(names), if names.len() == 1 { "is" } else { "are" }),
    };
    format!(
        "{name} in {environment}: auto-deploy is on{by}. The default branch is deployed when {when}."
    )
}

fn is_on(app: Application<'_>, environment: &str, switch: Option<&Switch>) -> bool {
    let setting = app
        .at(environment)
        .is_some_and(|environment| environment.auto);
    switch.map_or(setting, |switch| switch.on)
}

fn switch(app: Application<'_>, environment: &str) -> Result<Option<Switch>> {
    kv::get(&key("auto", app, environment))
}

fn key(what: &str, app: Application<'_>, environment: &str) -> String {
    format!("{what} {}/{environment}", app.name)
}

/// A status or check of a commit changed, or somebody pushed: what waits for that may go.
pub fn changed(event: &Event) -> Result {
    let Some(sha) = green(event) else {
        return Ok(());
    };
    let settings = Settings::read()?;
    for app in settings.apps_of(&event.subject()) {
        for environment in app.environments() {
            if is_on(app, environment, switch(app, environment)?.as_ref()) {
                consider(event, &settings, app, environment, &sha)?;
            }
        }
    }
    Ok(())
}

/// The commit that the event says something good of.
fn green(event: &Event) -> Option<String> {
    let is = |pointer: &str, value: &str| event.field(pointer).as_deref() == Some(value);
    let good_end = |what: &str| {
        let conclusion = format!("/{what}/conclusion");
        let good = ["success", "neutral", "skipped"];
        is("/action", "completed") && good.iter().any(|good| is(&conclusion, good))
    };
    let (good, sha) = match event.kind().as_str() {
        "github.status" => (is("/state", "success"), "/sha"),
        "github.check_run" => (good_end("check_run"), "/check_run/head_sha"),
        "github.check_suite" => (good_end("check_suite"), "/check_suite/head_sha"),
        "github.push" => (is("/deleted", "false"), "/after"),
        _ => return None,
    };
    event.field(sha).filter(|_| good)
}

/// Deploys a commit, if it is the newest of the default branch and everything is green.
fn consider(
    event: &Event,
    settings: &Settings,
    app: Application<'_>,
    environment: &str,
    sha: &str,
) -> Result {
    let claimed: Option<String> = kv::get(&key("auto-done", app, environment))?;
    if claimed.as_deref() == Some(sha) {
        return Ok(());
    }
    let repository = github::open(&app.app.repository)?;
    let branch = repository.default_branch()?;
    if repository.commit(&branch)?.sha() != sha {
        return Ok(());
    }
    let order = Order::auto(app, environment, &branch, sha);
    let subject = subject(&order, &repository, &branch, sha);
    if !checks::is_green(&subject)? {
        return Ok(());
    }
    let refusals = checks::refusals(&subject)?;
    if !refusals.is_empty() {
        let reasons = gate::told(&refusals).text;
        return refuse(app, environment, &names::version(&branch, sha), &reasons);
    }
    // Others may have heard of the same commit. Whoever writes it down first deploys it.
    if !kv::replace(
        &key("auto-done", app, environment),
        claimed.as_ref(),
        &sha.to_owned(),
    )? {
        log::info!("{sha} is deployed already");
        return Ok(());
    }
    deploy::carry_out(order, &Room::of(app), settings, &event.id())
}

fn subject<'a>(
    order: &'a Order<'a>,
    repository: &'a Repository,
    branch: &'a str,
    sha: &'a str,
) -> Subject<'a> {
    Subject {
        app: order.app,
        environment: order.environment,
        repository,
        reference: branch,
        sha,
        by: &order.by,
    }
}

/// Says once why a commit is not deployed.
fn refuse(app: Application<'_>, environment: &str, version: &str, reasons: &str) -> Result {
    let key = key("auto-said", app, environment);
    let said: Option<String> = kv::get(&key)?;
    if said.as_deref() == Some(version) || !kv::replace(&key, said.as_ref(), &version.to_owned())? {
        return Ok(());
    }
    let text = format!(
        "{} {version} is green, but is not deployed to {environment} by itself: {reasons}",
        app.name
    );
    Room::of(app).say(text).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;

    #[test]
    fn it_is_on_by_setting_or_because_somebody_said_so() {
        let settings = settings::example();
        let shop = settings.app("shop").unwrap();
        let switch = |on| Switch {
            on,
            by: Person {
                id: Some("U1".to_owned()),
                name: "ada".to_owned(),
                github: None,
            },
        };
        assert!(is_on(shop, "staging", None) && !is_on(shop, "staging", Some(&switch(false))));
        assert!(!is_on(shop, "production", None) && is_on(shop, "production", Some(&switch(true))));
        assert_eq!(
            told(shop, "staging", None),
            "shop in staging: auto-deploy is on. The default branch is deployed when ci/test is green."
        );
        assert_eq!(
            told(shop, "production", Some(&switch(false))),
            "shop in production: auto-deploy is off, said ada."
        );
    }
}
