//! Deployments that were made elsewhere: at GitHub's own pages, by its API, by another bot.
//!
//! Whoever carries deployments out does so for these as well, and nothing was checked. A lock holds for them too: it is
//! there to keep something from being changed, whoever would change it. The other checks are for people in the chat.

use witbot_sdk::github::{self, State, Status};
use witbot_sdk::{Error, Event, Result};

use crate::locks::{self, Lock};
use crate::patience::patiently;
use crate::payload::Payload;
use crate::room::Room;
use crate::settings::{Application, Settings};

/// The key of the payload by which the bot marks its own deployments.
const MARKER: &str = "/deployment/payload/witbot";

/// A deployment was created, by us or by others.
pub fn created(event: &Event) -> Result {
    if event.field(MARKER).is_some() {
        return Ok(());
    }
    let settings = Settings::read()?;
    let environment = event.field("/deployment/environment").unwrap_or_default();
    let payload = event.field("/deployment/payload").unwrap_or_default();
    let payload = Payload::read(&payload);
    let apps = settings.apps_of(&event.subject());
    let named = |app: &&Application<'_>| payload.is_of(app.name) && app.at(&environment).is_some();
    for app in apps.iter().filter(named) {
        if let Some(lock) = locks::of(app.name, &environment)?.first() {
            return refuse(event, *app, lock);
        }
    }
    Ok(())
}

fn refuse(event: &Event, app: Application<'_>, lock: &Lock) -> Result {
    let id = event
        .parse_field("/deployment/id")?
        .ok_or_else(|| Error::invalid("the event has no deployment"))?;
    let creator = event
        .field("/deployment/creator/login")
        .unwrap_or_else(|| "somebody".to_owned());
    let deployment = github::open(&event.subject())?.deployment(id)?;
    let description = format!("{} is locked {}", lock.place(), lock.details());
    let status = Status::new(State::Error).description(&description);
    patiently("refusing a deployment", || {
        deployment.add_status(&status).map(drop)
    })?;
    let text = format!(
        "{creator} deployed {} at GitHub, which was refused: {description}.",
        lock.place()
    );
    Room::of(app).say(text).map(drop)
}
