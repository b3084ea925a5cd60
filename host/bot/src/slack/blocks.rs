//! What a message looks like in Slack: text, and blocks within all of the bounds that Slack sets to them.
//!
//! A text is the `text` of a message and nothing else. A card is its title, and an attachment with a bar of the colour of
//! its state. A question is blocks. What does not fit is said to be missing where it is.

mod actions;
mod card;
mod part;
mod question;

#[cfg(test)]
mod tests;

use slack_morphism::prelude::{SlackBlock, SlackMessageAttachment};
use witbot_core::chat::Said;
use witbot_core::ids::CallId;
use witbot_core::limits;

use super::mrkdwn::{self, Cut};

pub use actions::{ANSWER, COMMAND};

/// What a message looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Its text, which is also what a notification says.
    pub text: String,
    /// What is shown instead of the text.
    pub blocks: Vec<SlackBlock>,
    /// What is shown below the text.
    pub attachments: Vec<SlackMessageAttachment>,
    /// Whether that is all there is to say.
    pub complete: bool,
}

/// How much may be shown, and what is said where that is not all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// A text with as many characters is shown as a whole.
    pub text_chars: usize,
    /// Where the rest is, as `mrkdwn`.
    pub note: String,
}

impl Look {
    /// Of a message with this id, by which a pressed button names it.
    pub fn of(said: &Said, message: &CallId, fit: &Fit) -> Look {
        match said {
            Said::Text(text) => Look::of_text(&mrkdwn::text(text), fit),
            Said::Card(card) => card::look(card, message, fit),
            Said::Question(question) => question::look(question, message, fit),
        }
    }

    fn of_text(text: &str, fit: &Fit) -> Look {
        let room = fit.text_chars - limits::SLACK_NOTE_CHARS_MAX;
        let (text, complete) = if text.chars().count() <= fit.text_chars {
            (text.to_owned(), true)
        } else {
            let Cut { shown, .. } = mrkdwn::cut(text, room);
            (format!("{shown}\n{}", fit.note), false)
        };
        Look {
            text,
            blocks: Vec::new(),
            attachments: Vec::new(),
            complete,
        }
    }
}
