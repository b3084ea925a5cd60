//! What a handler is called with.
//!
//! ```no_run
//! use std::time::Duration;
//! use witbot_sdk::{Error, Event, Result};
//!
//! /// `restart <service> [within <time:duration>]`
//! fn restart(event: &Event) -> Result {
//!     let service = event.required("service")?;
//!     let within = event.duration("time")?.unwrap_or(Duration::from_secs(60));
//!     if event.is_direct() {
//!         return Err(Error::invalid("Say that where others see it."));
//!     }
//!     let by = event.user_name();
//!     event.reply(format!("Restarting {service} for {by}, within {} s.", within.as_secs()))?;
//!     Ok(())
//! }
//!
//! /// Subscribed to `github.issues`: the subject is the repository, and fields are those of the webhook.
//! fn opened(event: &Event) -> Result {
//!     if event.field("/action").as_deref() == Some("opened") {
//!         let title = event.field("/issue/title").unwrap_or_default();
//!         witbot_sdk::chat::post("support", format!("{}: {title}", event.subject()))?;
//!     }
//!     Ok(())
//! }
//! ```

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::bindings::witbot::plugin::events;
use crate::chat::{Content, Message, Standing};
use crate::error::{Error, Result};

/// One command, message or webhook. What it says does not change while the handler waits.
pub struct Event<'a> {
    raw: &'a events::Event,
}

impl<'a> Event<'a> {
    pub(crate) fn new(raw: &'a events::Event) -> Event<'a> {
        Event { raw }
    }

    /// Answers where the event was said: in the channel, or in the thread if it was said in one. The answer is a text, or
    /// anything else that is a [`Content`]:
    ///
    /// ```no_run
    /// use witbot_sdk::chat::{Card, State};
    /// use witbot_sdk::{Event, Result};
    ///
    /// fn status(event: &Event) -> Result {
    ///     event.reply("All is well.")?;
    ///     event.reply(Card::new("api").state(State::Success).field("Version", "v1.2"))?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// `invalid` (longer than 16 KiB, empty, or otherwise not to be said), `not-found` (the event was not said in a chat),
    /// `rate-limited`, `denied` (it would notify everybody).
    pub fn reply(&self, content: impl Into<Content>) -> Result<Message> {
        let message = match content.into() {
            Content::Plain(text) => self.raw.reply(&text)?,
            rich => self.raw.reply_with(&rich.raw())?,
        };
        Ok(Message::new(message))
    }

    /// Answers in the thread below what was said, or in the thread that it was said in. What has no message of its own,
    /// such as a slash command, is answered as by [`reply`](Event::reply).
    ///
    /// # Errors
    /// As [`reply`](Event::reply).
    pub fn reply_in_thread(&self, content: impl Into<Content>) -> Result<Message> {
        let message = self.raw.reply_in_thread(&content.into().raw())?;
        Ok(Message::new(message))
    }

    /// Says something there that only the person sees who caused the event. It cannot be changed, and is gone when that
    /// person comes back later.
    ///
    /// ```no_run
    /// # use witbot_sdk::{Event, Result};
    /// fn secret(event: &Event) -> Result {
    ///     event.whisper("Nobody else sees this.")
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`reply`](Event::reply).
    pub fn whisper(&self, content: impl Into<Content>) -> Result {
        Ok(self.raw.whisper(&content.into().raw())?)
    }

    /// Puts an emoji to what was said, by its name without colons, such as `eyes`. The same one twice is one.
    ///
    /// # Errors
    /// `invalid` (no such name is possible), `not-found` (what was said has no message of its own), `rate-limited`.
    pub fn react(&self, emoji: &str) -> Result {
        Ok(self.raw.react(emoji)?)
    }

    /// An argument of a command, or a named group of a listener; by number, from `0`, of a listener by Hubot's rules. None
    /// when it was not given.
    pub fn argument(&self, name: &str) -> Option<String> {
        self.raw.argument(name)
    }

    /// An argument that the usage does not make optional.
    ///
    /// # Errors
    /// `invalid`: the usage has no such argument, or it was left out after all.
    pub fn required(&self, name: &str) -> Result<String> {
        self.argument(name)
            .ok_or_else(|| Error::invalid(format!("`{name}` is missing")))
    }

    /// An argument as a number, or anything else that can be made from a text. None when it was not given.
    ///
    /// # Errors
    /// `invalid`: the text is not one.
    pub fn parse<T>(&self, name: &str) -> Result<Option<T>>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        self.argument(name)
            .map(|text| parse(name, &text))
            .transpose()
    }

    /// An argument that is declared as `<name:duration>`. None when it was not given.
    ///
    /// # Errors
    /// `invalid`: the argument is not a duration.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>> {
        Ok(self.parse(name)?.map(Duration::from_millis))
    }

    /// What was typed, without the bot's name. Empty for events that are not chat.
    pub fn text(&self) -> String {
        self.raw.text()
    }

    /// The id of the person who caused the event, when a person did.
    pub fn user(&self) -> Option<String> {
        self.raw.user()
    }

    /// How that person is called, their id when the chat service cannot be asked, or `somebody` when no person caused the
    /// event. For showing only: names change, and two people can share one.
    pub fn user_name(&self) -> String {
        self.raw
            .user_name()
            .unwrap_or_else(|| "somebody".to_owned())
    }

    /// How that person belongs to the workspace. None when no person caused the event.
    ///
    /// # Errors
    /// `unavailable`, `rate-limited`, `not-found` (the chat service does not know the person).
    pub fn user_standing(&self) -> Result<Option<Standing>> {
        Ok(self.raw.user_standing()?.map(Standing::from))
    }

    /// That person's login at GitHub, if they have linked their account (`link github`) and so proved that it is theirs. None
    /// when they have not, or no person caused the event.
    ///
    /// # Errors
    /// `unavailable`.
    pub fn user_github_login(&self) -> Result<Option<String>> {
        Ok(self.raw.user_github_login()?)
    }

    /// The id of the channel in which it was said.
    pub fn channel(&self) -> Option<String> {
        self.raw.channel()
    }

    /// Whether it was said to the bot alone, where nobody else can read it.
    pub fn is_direct(&self) -> bool {
        self.raw.direct()
    }

    /// What an event from outside is about: the repository, as `owner/name`, of a GitHub event; the project of a CI
    /// event; the name of a webhook; the id of a schedule. Empty for chat.
    pub fn subject(&self) -> String {
        self.raw.subject()
    }

    /// One value of a webhook's body, by JSON pointer (RFC 6901), such as `/deployment/id`. Strings come as they are,
    /// anything else as JSON. None when there is nothing there.
    pub fn field(&self, pointer: &str) -> Option<String> {
        self.raw.field(pointer)
    }

    /// One value of a webhook's body as a number, or anything else that can be made from a text.
    ///
    /// # Errors
    /// `invalid`: the text is not one.
    pub fn parse_field<T>(&self, pointer: &str) -> Result<Option<T>>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        self.field(pointer)
            .map(|text| parse(pointer, &text))
            .transpose()
    }

    /// The id of this run: the same whenever the run is resumed, different for every other.
    pub fn id(&self) -> String {
        self.raw.id()
    }

    /// `command`, `listener`, `schedule`, `webhook.NAME`, or for a subscription the kind that was subscribed to, such as
    /// `github.deployment`.
    pub fn kind(&self) -> String {
        self.raw.kind()
    }

    /// The id under which the handler was declared.
    pub fn handler(&self) -> String {
        self.raw.handler()
    }
}

fn parse<T>(name: &str, text: &str) -> Result<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    text.parse()
        .map_err(|error| Error::invalid(format!("`{name}` cannot be `{text}`: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_argument_is_named() {
        assert_eq!(parse::<u32>("count", "12"), Ok(12));
        let error = parse::<u32>("count", "twelve").unwrap_err();
        assert_eq!(
            error.message,
            "`count` cannot be `twelve`: invalid digit found in string"
        );
    }
}
