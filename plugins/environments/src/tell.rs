//! Telling people of an environment: by its card, and below it.

use witbot_sdk::chat::{self, Card, Content, Message, Text};
use witbot_sdk::{Code, Result, log};

use crate::card;
use crate::environment::Environment;
use crate::settings::App;

/// An environment that people are told of.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub name: &'a str,
    pub app_name: &'a str,
    pub app: &'a App,
}

impl Place<'_> {
    /// How the environment stands, as a card.
    pub fn card(&self, environment: &Environment) -> Card {
        card::of(self.name, self.app_name, environment, self.app)
    }

    /// Shows on its card how the environment stands.
    pub fn show(&self, environment: &Environment) {
        self.replace(environment, self.card(environment));
    }

    /// Makes its card another one. Not being able to is no reason to leave the environment.
    pub fn replace(&self, environment: &Environment, card: Card) {
        let edited = known(environment).and_then(|message| match message {
            Some(message) => message.edit(card),
            None => Ok(()),
        });
        if let Err(error) = edited {
            log::warn!("the card of {} is not changed: {error}", self.name);
        }
    }

    /// Says something below its card, or in the channel of the settings when the bot does not know that any more.
    pub fn say(&self, environment: &Environment, content: impl Into<Content>) {
        if let Err(error) = self.said(environment, content.into()) {
            log::error!("nobody is told of {}: {error}", self.name);
        }
    }

    /// Says something to the owner in particular.
    pub fn say_to_owner(&self, environment: &Environment, words: &str) {
        let text = Text::new().user(&environment.owner.id).plain(words);
        self.say(environment, text);
    }

    fn said(&self, environment: &Environment, content: Content) -> Result {
        match (known(environment)?, &self.app.channel) {
            (Some(message), _) => {
                message.reply(content)?;
            }
            (None, Some(channel)) => {
                chat::post(channel, content)?;
            }
            (None, None) => log::warn!(
                "nobody is told of {}: its card is not known any more, and `apps.{}.channel` is not set",
                self.name,
                self.app_name
            ),
        }
        Ok(())
    }
}

/// The message with its card, if the bot still knows it and may still write there.
fn known(environment: &Environment) -> Result<Option<Message>> {
    match environment.card.as_deref().map(Message::find) {
        Some(Err(error)) if matches!(error.code, Code::NotFound | Code::Denied) => Ok(None),
        found => found.transpose(),
    }
}
