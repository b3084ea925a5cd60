//! Where a deployment is told.

use witbot_sdk::chat::{self, Content, Message};
use witbot_sdk::{Event, Result, log};

use crate::settings::Application;

/// Where a deployment is told.
pub enum Room<'a> {
    /// Where somebody asked for it.
    Asked(&'a Event<'a>),
    /// In a channel, since nobody did.
    Channel(String),
    /// Nowhere.
    Nowhere,
}

impl Room<'_> {
    /// Where a deployment is told that nobody asked for: where all of the application's are announced, or else in the first
    /// channel from which it may be deployed.
    pub fn of(app: Application<'_>) -> Room<'static> {
        let home = || app.app.channels.as_ref()?.first().cloned();
        match app.app.announce.clone().or_else(home) {
            Some(channel) => Room::Channel(channel),
            None => Room::Nowhere,
        }
    }

    /// Says something there.
    ///
    /// # Errors
    /// As with an answer to an event.
    pub fn say(&self, content: impl Into<Content>) -> Result<Option<Message>> {
        match self {
            Room::Asked(event) => event.reply(content).map(Some),
            // That it cannot be told is no reason not to do it.
            Room::Channel(channel) => Ok(chat::post(channel, content)
                .inspect_err(|error| log::warn!("`{channel}` could not be told: {error}"))
                .ok()),
            Room::Nowhere => Ok(None),
        }
    }

    /// Whether there is somebody who can be asked.
    pub fn has_somebody(&self) -> bool {
        matches!(self, Room::Asked(_))
    }
}

/// Tells the channel of the setting `announce`, if there is one, and it is not where everything is told anyway.
pub fn announce(app: Application<'_>, room: &Room<'_>, text: String) {
    let Some(channel) = &app.app.announce else {
        return;
    };
    let told = match room {
        Room::Asked(event) => event.channel().as_deref() == Some(channel.trim_start_matches('#')),
        Room::Channel(other) => other == channel,
        Room::Nowhere => false,
    };
    if told {
        return;
    }
    if let Err(error) = chat::post(channel, text) {
        log::warn!("a deployment could not be announced in `{channel}`: {error}");
    }
}
