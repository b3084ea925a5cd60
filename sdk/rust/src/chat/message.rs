//! A message of ours.
//!
//! ```no_run
//! use witbot_sdk::chat::{self, Message};
//! use witbot_sdk::{Event, Result, kv};
//!
//! fn begins(event: &Event) -> Result {
//!     let message = chat::post("ops", format!("{} fails.", event.subject()))?;
//!     kv::set("incident", &message.id())
//! }
//!
//! /// In a later run, perhaps days after.
//! fn ends(event: &Event) -> Result {
//!     let Some(id) = kv::get::<String>("incident")? else {
//!         return Ok(());
//!     };
//!     let message = Message::find(&id)?;
//!     message.edit(format!("{} failed, and is well again.", event.subject()))?;
//!     // An edit notifies nobody.
//!     message.reply("It is well again.")?;
//!     Ok(())
//! }
//! ```

use std::fmt;

use super::content::Content;
use crate::bindings::witbot::chat::messages;
use crate::error::Result;

/// A message of ours. It is sent in order with all others of its channel, soon after it was written.
///
/// What is done with it counts as a message of the run, of which there can be 50. Everything can answer `rate-limited` (too
/// many in this run) and `invalid` (longer than 16 KiB, empty, or otherwise not to be said); a content that notifies
/// everybody can also be `denied`.
pub struct Message {
    raw: messages::Message,
}

impl Message {
    pub(crate) fn new(raw: messages::Message) -> Message {
        Message { raw }
    }

    /// A message that this plugin has written in an earlier run, by its id, so that it can be changed as things develop. The
    /// bot knows it for 35 days from the end of that run.
    ///
    /// # Errors
    /// `not-found` (no such message, or another plugin's), `denied` (posted where it may not write any more),
    /// `unavailable`.
    pub fn find(id: &str) -> Result<Message> {
        Ok(Message::new(messages::Message::find(id)?))
    }

    /// Our own id of the message, the same when the run is resumed.
    pub fn id(&self) -> String {
        self.raw.id()
    }

    /// Changes what it says. Edits that follow each other quickly are put together: the last one wins.
    pub fn edit(&self, content: impl Into<Content>) -> Result {
        match content.into() {
            Content::Plain(text) => self.raw.edit(&text)?,
            rich => self.raw.edit_with(&rich.raw())?,
        }
        Ok(())
    }

    /// Writes below this message, in its thread.
    pub fn reply(&self, content: impl Into<Content>) -> Result<Message> {
        let message = match content.into() {
            Content::Plain(text) => self.raw.reply(&text)?,
            rich => self.raw.reply_with(&rich.raw())?,
        };
        Ok(Message::new(message))
    }

    /// Takes it away, for everybody.
    pub fn delete(&self) -> Result {
        Ok(self.raw.delete()?)
    }

    /// Puts an emoji to it, by its name without colons, such as `white_check_mark`. The same one twice is one.
    pub fn react(&self, emoji: &str) -> Result {
        Ok(self.raw.react(emoji)?)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").finish_non_exhaustive()
    }
}
