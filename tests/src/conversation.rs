//! Conversations in text files, which are held on the console and over Slack, for tests that need no Rust.
//!
//! `witbot_core::conversation` says how they are written. Here `* ` is also what happens at GitHub and CircleCI: `order.rs` has all
//! sentences, and a wrong one is answered with them. In `* settings:`, `{@ada}` and `{#ops}` stand for ids.
//!
//! The services stand still until they are told to move. There is no clock to move: the bot goes by the system's. A conversation
//! of one plugin, as `witbot plugin test` has it, is different: there the services are pretended, and time passes as it is written.

mod blocks;
mod happening;
mod mrkdwn;
mod order;
mod pretence;
mod sentence;
mod side;
mod stage;

use stage::Stage;
use witbot_core::conversation::script::{Script, What};

use order::Order;
use pretence::Pretence;

/// Where a conversation is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chat {
    /// At a terminal.
    Console,
    /// In a workspace that the bot is connected to by sockets.
    Slack,
}

impl Chat {
    /// All of them.
    pub const ALL: [Chat; 2] = [Chat::Console, Chat::Slack];

    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Chat::Console => "console",
            Chat::Slack => "slack",
        }
    }
}

/// Has a conversation with a new bot that has one plugin, and services that are only pretended, to its end: as
/// `witbot plugin test` has it, and over Slack as well.
///
/// # Panics
///
/// When it goes otherwise than it is written.
pub async fn rehearse(chat: Chat, file: &str, plugin: &str, text: &str, settings: &str) {
    let script = Script::read(text).unwrap_or_else(|why| panic!("{file}:{why}"));
    let pretence = Pretence::of(&script).unwrap_or_else(|why| panic!("{file}:{why}"));
    let mut stage = Stage::rehearsal(chat, (file, plugin), &script, settings, pretence).await;
    for step in &script.steps {
        stage.perform(step).await;
    }
    stage.end().await;
}

/// Has a conversation with a new bot that has all plugins and finds both services, to its end. `file` is what it is called
/// when something is wrong, and `settings` are those that all conversations have.
///
/// # Panics
///
/// When it goes otherwise than it is written.
pub async fn hold(chat: Chat, file: &str, text: &str, settings: &str) {
    let script = Script::read(text).unwrap_or_else(|why| panic!("{file}:{why}"));
    for step in &script.steps {
        if let What::Happen(order) = &step.what
            && let Err(why) = Order::read(order)
        {
            panic!("{file}:{}: {why}", step.line);
        }
    }
    let mut stage = Stage::new(chat, file, &script, settings).await;
    for step in &script.steps {
        stage.perform(step).await;
    }
    stage.end().await;
}
