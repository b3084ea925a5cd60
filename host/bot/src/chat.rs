//! The chat that the bot speaks in: what the terminal and Slack have in common.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use witbot_core::chat::{Channel, ChannelKind, Person, Text};
use witbot_core::error::Error;
use witbot_core::ids::{ChannelId, UserId};
use witbot_store::outbox::Delivery;

/// A chat.
#[async_trait]
pub trait Chat: Send + Sync + 'static {
    /// Does one thing, in a time that is bounded. Answers what the chat service calls the message that was written,
    /// where it gives such ids.
    async fn send(&self, delivery: &Delivery) -> Result<Option<String>, Unsent>;

    /// Looks whether something was done that perhaps was. What may be done twice without harm need not be looked for.
    async fn find(&self, delivery: &Delivery) -> Result<Looked, Unsent>;

    /// The channel of a name or an id. `not-found` says how the bot gets to see it.
    async fn channel(&self, name: &str) -> Result<Channel, Error>;

    /// The conversation of the bot with one person.
    async fn direct(&self, user: &UserId) -> Result<ChannelId, Error>;

    /// What is known of a person now.
    async fn person(&self, user: &UserId) -> Result<Person, Error>;

    /// Whether somebody is one of a group of people that the chat service knows. No is only said of a group that is there
    /// and can be read: `invalid` is what is no group, and `not-found` one that there is not or no longer.
    async fn belongs(&self, user: &UserId, group: &UserId) -> Result<bool, Error>;

    /// Which of these are no groups that the bot can read, and why.
    async fn unreadable_groups(&self, groups: &BTreeSet<UserId>) -> Vec<(UserId, Error)>;

    /// Who can read what is said in a channel or a conversation.
    async fn kind(&self, channel: &ChannelId) -> Result<ChannelKind, Error>;
}

/// Why something was not done in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsent {
    /// Not now: it certainly did not happen, and can be tried again after this time.
    Later {
        /// For the log.
        reason: String,
        /// At the least.
        after: Duration,
        /// Whether the service looked at it and did not take it: what it does not take again and again is given up.
        counts: bool,
    },
    /// Nobody knows whether it happened. It is looked for before it is tried again.
    Doubt(String),
    /// It cannot be done, now or later.
    Never {
        /// What the service says, and what somebody can do about it, as a sentence for the log.
        reason: String,
        /// The same for the person who asked in the chat, who is told it alone; none if nobody there can help.
        told: Option<Text>,
    },
}

/// What became of something that was perhaps done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// It was done; what the service calls the message that was written.
    Done(Option<String>),
    /// It was not.
    NotDone,
}
