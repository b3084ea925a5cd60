//! Messages that the bot writes.

use std::fmt;

use crate::bindings::witbot::chat::{chat, messages};
use crate::error::Result;

/// Writes in a channel where nobody asked, named as people name it (`deploys`, with or without `#`) or by id.
/// Answering an event needs no grant: see [`Event::reply`](crate::Event::reply).
///
/// Grant: `chat = [{ channel = "deploys" }]`.
///
/// # Errors
/// `denied`, `invalid` (longer than 16 KiB, or empty), `rate-limited`.
pub fn post(channel: &str, text: impl AsRef<str>) -> Result<Message> {
    Ok(Message::new(chat::post(channel, text.as_ref())?))
}

/// A message of ours. It is sent in order with all others of its channel, soon after it was written.
pub struct Message {
    raw: messages::Message,
}

impl Message {
    pub(crate) fn new(raw: messages::Message) -> Message {
        Message { raw }
    }

    /// Our own id of the message, the same when the run is resumed.
    pub fn id(&self) -> String {
        self.raw.id()
    }

    /// Changes the text. Edits that follow each other quickly are put together: the last one wins.
    ///
    /// # Errors
    /// `invalid` (longer than 16 KiB, or empty), `rate-limited`.
    pub fn edit(&self, text: impl AsRef<str>) -> Result {
        Ok(self.raw.edit(text.as_ref())?)
    }

    /// Writes below this message, in its thread.
    ///
    /// # Errors
    /// `invalid` (longer than 16 KiB, or empty), `rate-limited`.
    pub fn reply(&self, text: impl AsRef<str>) -> Result<Message> {
        Ok(Message::new(self.raw.reply(text.as_ref())?))
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").finish_non_exhaustive()
    }
}
