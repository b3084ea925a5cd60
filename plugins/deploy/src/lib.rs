//! Deploys applications through GitHub, from the chat.

mod cancel;
mod follow;
mod history;
mod names;
mod settings;
mod shown;

use std::time::Duration;

use serde::Serialize;
use witbot_sdk::chat;
use witbot_sdk::github::{Deploy, Repository};
use witbot_sdk::{Code, Command, Error, Event, Plugin, Result, config, github};

use crate::follow::Progress;
use crate::settings::{App, Settings};
use crate::shown::{News, Shown};

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    Plugin::new("Deploys applications through GitHub.")
        .command(
            Command::new(
                "deploy <app>[/<ref>] [to|in|on <env>]",
                "Deploys an application.",
                deploy,
            )
            .example("deploy api to staging")
            .example("deploy api/fix-login to staging")
            .details(
                "The reference is a branch, a tag or a commit. What happens is told in a thread.",
            ),
        )
        .command(
            Command::new(
                "cancel deploy <app> [in <env>]",
                "Cancels what is being deployed.",
                cancel::cancel,
            )
            .example("cancel deploy api in staging")
            .details("GitHub is told, and with it whatever carries the deployment out."),
        )
        .command(
            Command::new(
                "deploys <app> [in <env>]",
                "Shows the last deployments.",
                deploys,
            )
            .example("deploys api in production"),
        )
        .command(
            Command::new(
                "where can I deploy <app>",
                "Shows the environments of an application.",
                environments,
            )
            .example("where can I deploy api"),
        )
        .required_setting(
            "apps",
            "The applications, each with its repository and environments.",
        )
        .setting(
            "timeout_minutes",
            "How long a deployment is followed: 60 unless set.",
        )
        .wants(
            "github",
            "To look up references, and to create and follow deployments.",
        )
}

/// What the deployment tells whoever carries it out.
#[derive(Serialize)]
struct Payload<'a> {
    app: &'a str,
    environment: &'a str,
    requested_by: Person,
    channel: Option<String>,
}

#[derive(Serialize)]
struct Person {
    id: Option<String>,
    name: String,
}

fn deploy(event: &Event) -> Result {
    let settings: Settings = config::settings()?;
    let (name, app) = settings.app(&event.required("app")?)?;
    let environment = app.environment(name, event.argument("env").as_deref())?;
    let reference = event
        .argument("ref")
        .unwrap_or_else(|| app.default_ref.clone());
    let repository = github::open(&app.repository)?;
    let sha = resolve(&repository, &reference)?;

    let mut shown = Shown {
        app: name.to_owned(),
        environment: environment.to_owned(),
        reference,
        sha,
        requested_by: (event.user(), event.user_name()),
    };
    let root = event.reply(shown.headline())?;
    let creating = News {
        text: "Creating the deployment.".to_owned(),
        ..News::default()
    };
    let message = root.reply(shown.card(chat::State::Waiting, creating))?;

    let deployment = match repository.deploy(&request(&shown, event.channel())?) {
        Ok(deployment) => deployment,
        Err(error) => {
            let refused = News {
                text: format!("The deployment was not created: {error}"),
                ..News::default()
            };
            return message.edit(shown.card(chat::State::Failure, refused));
        }
    };
    // Somebody may have pushed since the reference was looked up; what GitHub says is what is deployed.
    if deployment.sha() != shown.sha {
        shown.sha = deployment.sha();
        root.edit(shown.headline())?;
    }
    follow::to_the_end(
        &deployment,
        &mut Progress::new(message, shown),
        settings.timeout(),
    )
}

/// What GitHub is asked for.
fn request(shown: &Shown, channel: Option<String>) -> Result<Deploy> {
    let (id, name) = shown.requested_by.clone();
    let description = format!("{} to {}, for {name}", shown.app, shown.environment);
    Deploy::to(&shown.environment)
        .reference(&shown.reference)
        .description(description)
        .payload(&Payload {
            app: &shown.app,
            environment: &shown.environment,
            requested_by: Person { id, name },
            channel,
        })
}

/// The commit that is going to be deployed.
fn resolve(repository: &Repository, reference: &str) -> Result<String> {
    repository
        .resolve(reference)
        .map_err(|error| match error.code {
            Code::NotFound => {
                Error::not_found(format!("{} has no `{reference}`.", repository.name()))
            }
            _ => error,
        })
}

fn deploys(event: &Event) -> Result {
    let settings: Settings = config::settings()?;
    let (name, app) = settings.app(&event.required("app")?)?;
    let environment = event
        .argument("env")
        .map(|asked| app.environment(name, Some(&asked)))
        .transpose()?;
    let repository = github::open(&app.repository)?;
    event.reply(history::table(&repository, name, environment)?)?;
    Ok(())
}

fn environments(event: &Event) -> Result {
    let settings: Settings = config::settings()?;
    let (name, app) = settings.app(&event.required("app")?)?;
    event.reply(places(name, app))?;
    Ok(())
}

fn places(name: &str, app: &App) -> String {
    let default = app.default_environment.as_deref();
    let marked = app.environments.iter().map(|environment| match default {
        Some(default) if default == environment => {
            format!("{environment} (unless you name another)")
        }
        Some(_) | None => environment.clone(),
    });
    format!(
        "{name} ({}) can be deployed to: {}.",
        app.repository,
        marked.collect::<Vec<_>>().join(", ")
    )
}

/// A length of time as people say it, to the minute.
fn minutes(duration: Duration) -> String {
    match duration.as_secs() / 60 {
        1 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_says_who_asked_and_where() {
        let payload = Payload {
            app: "api",
            environment: "staging",
            requested_by: Person {
                id: Some("U1".to_owned()),
                name: "alice".to_owned(),
            },
            channel: Some("C1".to_owned()),
        };
        assert_eq!(
            serde_json::to_string(&payload).unwrap(),
            r#"{"app":"api","environment":"staging","requested_by":{"id":"U1","name":"alice"},"channel":"C1"}"#
        );
    }

    #[test]
    fn environments_are_listed_with_the_default() {
        let settings = settings::example();
        let (name, app) = settings.app("api").unwrap();
        assert_eq!(
            places(name, app),
            "api (acme/api) can be deployed to: staging (unless you name another), production."
        );
    }
}
