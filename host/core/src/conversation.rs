//! Conversations in text files: who says what, and what the bot answers. Authors test their plugins with them, and we ours.
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
//! | `* settings:` | Settings, as TOML on the indented lines below, on top of those in `witbot.toml` beside the file. |
//! | `* forgive: ` | A record of the log that may be an error, such as `ERROR [deploy] …`. |
//! | `* ` | What happens elsewhere, as whoever holds the conversation understands it, perhaps with indented lines below. For `witbot plugin test` see [`happening`] and [`answer`]. |
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
//! Chats differ in one thing: what is answered to a pressed button stands in the thread of the button, and on the console,
//! where its command is typed, it does not. A message with `~ ` before it may stand in either.

pub mod answer;
pub mod happening;
pub mod message;
pub mod pattern;
pub mod press;
pub mod screen;
pub mod script;
pub mod settings;
