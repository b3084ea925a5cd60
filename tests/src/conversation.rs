//! Conversations in text files, which are held on the console and over Slack, for tests that need no Rust.
//!
//! ```text
//! # Who deploys sees how it goes.
//! > @ada #ops: deploy api/main to staging
//! #ops witbot: Deploying api main (…) to staging for ada
//! …
//! * circleci: begins
//!   #ops witbot (edited): [running] api to staging
//!       In progress. …
//!       …
//! > @ada #ops presses: Cancel
//! ~ #ops witbot: Canceled the deployment of api main (…) to staging.
//! ```
//!
//! A line begins with what it is:
//!
//! | Begins with | What it is |
//! |---|---|
//! | `> ` | What somebody says to the bot: `> @ada #ops: text`, or `> text` of `you` in `#console`. |
//! | `> … presses: ` | A button that somebody presses, or an answer they choose: of the newest message that has one of this name. |
//! | `* ` | What happens elsewhere. `order.rs` has all sentences; a wrong one is answered with them. |
//! | `* settings:` | Settings, as TOML on the indented lines below, on top of those in `witbot.toml` beside the file. `{@ada}` and `{#ops}` stand for ids. |
//! | `* forgive: ` | A record of the log that may be an error, such as `ERROR [deploy] …`. |
//! | `# `, or nothing | A line for readers. |
//! | `…` alone | Any number of messages before the next one, where that one is. |
//! | anything else | A message of the bot, as the console prints it, with the indented lines below it. |
//!
//! In a message `…` stands for anything, and a line that is only `…` for any number of lines.
//!
//! The bot's messages have to come in the order of the file in each place: in a channel, and in the threads of a channel.
//! Changes of messages, `(edited)`, are a place of their own, in which earlier ones of the same title are passed over: no chat
//! has to show all of them. At the end there must be no message left that nobody expected.
//!
//! The two chats differ in one thing: what is answered to a pressed button stands in the thread of the button, and on the
//! console, where its command is typed, it does not. A message with `~ ` before it may stand in either.
//!
//! The services stand still until they are told to move. There is no clock to move: the bot goes by the system's.

mod blocks;
mod happening;
mod message;
mod mrkdwn;
mod order;
mod screen;
mod script;
mod sentence;
mod settings;
mod side;
mod stage;

use script::Script;
use stage::Stage;

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

/// Has a conversation with a new bot that has all plugins and finds both services, to its end. `file` is what it is called
/// when something is wrong, and `settings` are those that all conversations have.
///
/// # Panics
///
/// When it goes otherwise than it is written.
pub async fn hold(chat: Chat, file: &str, text: &str, settings: &str) {
    let script = Script::read(text).unwrap_or_else(|why| panic!("{file}:{why}"));
    let mut stage = Stage::new(chat, file, &script, settings).await;
    for step in &script.steps {
        stage.perform(step).await;
    }
    stage.end().await;
}
