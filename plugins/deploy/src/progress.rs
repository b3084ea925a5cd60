//! The one message that says how a deployment stands.

use witbot_sdk::chat::{self, Card, Message};
use witbot_sdk::{Result, flow, log};

use crate::shown::{News, Shown};
use crate::steps::Steps;

/// A run may write 50 messages and edits, questions among them. A deployment with more news than this has its last ones
/// left out, except for those that end it.
const EDITS_MAX: u32 = 35;

/// The message that says how the deployment stands.
pub struct Progress {
    message: Option<Message>,
    /// What stays the same.
    pub shown: Shown,
    /// What was done so far.
    pub steps: Steps,
    last: Option<Card>,
    edits: u32,
}

impl Progress {
    /// Begins to tell, below a message. There is none where nobody is told.
    ///
    /// # Errors
    /// As with an answer.
    pub fn begin(root: Option<&Message>, shown: Shown, news: &News) -> Result<Progress> {
        let mut steps = Steps::default();
        steps.next("checks", flow::now());
        let card = shown.card(chat::State::Waiting, news, &steps.shown());
        Ok(Progress {
            message: root.map(|root| root.reply(card.clone())).transpose()?,
            shown,
            steps,
            last: Some(card),
            edits: 0,
        })
    }

    /// Tells what comes next. Not being able to is no reason to stop.
    pub fn show(&mut self, state: chat::State, news: &News) {
        let card = self.shown.card(state, news, &self.steps.shown());
        if self.edits >= EDITS_MAX || self.last.as_ref() == Some(&card) {
            return;
        }
        self.edits += 1;
        if let Err(error) = self.edit(card) {
            log::warn!("the progress could not be shown: {error}");
        }
    }

    /// Goes on to the next step, and tells of it.
    pub fn step(&mut self, name: &str, state: chat::State, news: &News) {
        self.steps.next(name, flow::now());
        self.show(state, news);
    }

    /// Tells what came of it.
    ///
    /// # Errors
    /// As with an edit.
    pub fn finish(&mut self, word: &str, state: chat::State, news: &News) -> Result {
        self.steps.end(word, flow::now());
        let card = self.shown.card(state, news, &self.steps.shown());
        self.edit(card)
    }

    fn edit(&mut self, card: Card) -> Result {
        self.last = Some(card.clone());
        match &self.message {
            Some(message) => message.edit(card),
            None => Ok(()),
        }
    }
}
