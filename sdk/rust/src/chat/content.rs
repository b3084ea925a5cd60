//! What a message says.
//!
//! ```no_run
//! use witbot_sdk::chat::{Card, State, Style, Text};
//! use witbot_sdk::{Event, Result};
//!
//! fn status(event: &Event) -> Result {
//!     event.reply("A plain text, with *bold* words.")?;
//!     let user = event.user().unwrap_or_default();
//!     // What looks like a mention in words is none: names of branches can be put in as they are.
//!     event.reply(Text::new().user(user).plain(", it is on ").code("@main"))?;
//!     let card = Card::new("api in production")
//!         .state(State::Failure)
//!         .text("It does not answer.")
//!         .field("Since", "09:05 UTC")
//!         .link("Log", "https://ci.example/12")
//!         .styled_button("Roll back", "rollback api in production", Style::Danger);
//!     event.reply(card)?;
//!     Ok(())
//! }
//! ```

use super::card::Card;
use super::text::Text;
use crate::bindings::witbot::chat::content;

/// What a message says: a plain text, a [`Text`] with mentions and links, or a [`Card`]. It is made from any of these.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// A plain text.
    Plain(String),
    /// A text with mentions and links.
    Rich(Text),
    /// A card.
    Card(Card),
}

impl Content {
    pub(crate) fn raw(&self) -> content::Content {
        match self {
            Content::Plain(text) => content::Content::new(text),
            Content::Rich(text) => content::Content::rich(&text.raw()),
            Content::Card(card) => content::Content::card(&card.raw()),
        }
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Content {
        Content::Plain(text.to_owned())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Content {
        Content::Plain(text)
    }
}

impl From<&String> for Content {
    fn from(text: &String) -> Content {
        Content::Plain(text.clone())
    }
}

impl From<Text> for Content {
    fn from(text: Text) -> Content {
        Content::Rich(text)
    }
}

impl From<Card> for Content {
    fn from(card: Card) -> Content {
        Content::Card(card)
    }
}
