//! What can be said in a chat, and saying it where nobody asked.
//!
//! Whatever takes a [`Content`] takes a plain text, a [`Text`] with mentions and links, or a [`Card`]:
//!
//! ```no_run
//! use witbot_sdk::chat::{self, Card, State, Text};
//! use witbot_sdk::{Event, Result};
//!
//! fn show(event: &Event) -> Result {
//!     event.reply("Nobody is called by this: @channel")?;
//!     event.reply(Text::new().plain("Look at this, ").user("U024BE7LH").plain("."))?;
//!
//!     let card = Card::new("api to staging")
//!         .field("Version", "main (1a2b3c4)")
//!         .link("Log", "https://ci.example/12");
//!     let message = event.reply(card.clone().state(State::Running).button("Cancel", "cancel deploy api"))?;
//!     message.edit(card.state(State::Success))?;
//!
//!     // The only ones that need a grant.
//!     chat::post("deploys", "api is in staging.")?;
//!     chat::direct("U024BE7LH", "It is done.")?;
//!     Ok(())
//! }
//! ```

mod card;
mod content;
mod message;
mod text;

use std::fmt;

use crate::bindings::witbot::chat::chat;
use crate::error::Result;

pub use card::{Card, State, Style};
pub use content::Content;
pub use message::Message;
pub use text::{Audience, Text};

/// Writes in a channel where nobody asked, named as people name it (`deploys`, with or without `#`) or by id.
/// Answering an event needs no grant: see [`Event::reply`](crate::Event::reply).
///
/// Grant: `chat = [{ channel = "deploys" }]`.
///
/// # Errors
/// `denied`, `not-found` (there is no such channel), `invalid` (longer than 16 KiB, empty, or otherwise not to be said),
/// `rate-limited`, `unavailable`.
pub fn post(channel: &str, content: impl Into<Content>) -> Result<Message> {
    let message = match content.into() {
        Content::Plain(text) => chat::post(channel, &text)?,
        rich => chat::post_with(channel, &rich.raw())?,
    };
    Ok(Message::new(message))
}

/// Writes to one person alone, by id, in the conversation that they have with the bot.
///
/// Grant: `chat = [{ direct = true }]`.
///
/// # Errors
/// As [`post`]; `not-found`: there is no such person.
pub fn direct(user: &str, content: impl Into<Content>) -> Result<Message> {
    let message = chat::direct(user, &content.into().raw())?;
    Ok(Message::new(message))
}

/// How somebody belongs to the workspace that the bot is in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// As everybody else.
    Member,
    /// Invited to some channels only.
    Guest,
    /// Of another organisation, in a channel that is shared with it.
    Stranger,
    /// Not a person.
    Bot,
    /// One that this version of the SDK does not know.
    Other(String),
}

impl Standing {
    /// As the contract spells it.
    pub fn as_str(&self) -> &str {
        match self {
            Standing::Member => "member",
            Standing::Guest => "guest",
            Standing::Stranger => "stranger",
            Standing::Bot => "bot",
            Standing::Other(standing) => standing,
        }
    }
}

impl From<String> for Standing {
    fn from(standing: String) -> Standing {
        match standing.as_str() {
            "member" => Standing::Member,
            "guest" => Standing::Guest,
            "stranger" => Standing::Stranger,
            "bot" => Standing::Bot,
            _ => Standing::Other(standing),
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standings_are_spelled_as_in_the_contract() {
        for standing in ["member", "guest", "stranger", "bot", "visitor"] {
            assert_eq!(Standing::from(standing.to_owned()).as_str(), standing);
        }
        assert_eq!(
            Standing::from("visitor".to_owned()),
            Standing::Other("visitor".to_owned())
        );
    }
}
