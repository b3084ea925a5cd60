//! The chat that a conversation is held in: what people do there, and what they see.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::bot::Bot;
use crate::fakes::slack::BOT_USER;
use crate::home::Home;
use crate::services::Services;
use crate::slack::{FAST, Mode, Workspace};

use super::{blocks, mrkdwn};
use witbot_core::conversation::message::{self, Message};
use witbot_core::conversation::script::Speaker;
use witbot_core::conversation::{press, settings};

/// What is awaited for longer than this will not come: the bot looks after lost webhooks within 30 s.
pub(super) const AWAITED_MAX: Duration = Duration::from_secs(45);

/// What messages that are meant for the bot begin with where there is no mention.
const NAME: &str = "witbot";

/// The chat.
#[derive(Debug)]
pub(super) enum Side {
    /// The terminal, where everybody types.
    Console,
    /// A workspace.
    Slack(Arc<Workspace>),
}

impl Side {
    /// A workspace with these people, and with these channels, which the bot is in.
    pub(super) async fn slack(people: &[&str], channels: &[&str]) -> Side {
        let workspace = Workspace::start().await;
        for person in people {
            workspace.slack.add_user(person);
        }
        for channel in channels {
            workspace.slack.add_channel(channel);
        }
        Side::Slack(Arc::new(workspace))
    }

    /// Settings in which `{@ada}` and `{#ops}` are replaced by the ids of the person and the channel.
    pub(super) fn with_ids(&self, text: &str) -> String {
        settings::with_ids(text, |name| self.id(name))
    }

    /// Starts a bot.
    pub(super) async fn start(&self, home: Home, settings: &str, services: &Arc<Services>) -> Bot {
        match self {
            Side::Console => Bot::start_for(home.with_settings(settings), services).await,
            Side::Slack(workspace) => {
                let settings = format!("{FAST}{settings}");
                let home = workspace.home(home, Mode::Socket, &settings).await;
                Bot::start_in_for(home, workspace, Mode::Socket, services).await
            }
        }
    }

    /// Starts a bot that speaks to nobody but the chat.
    pub(super) async fn rehearse(&self, home: Home, settings: &str) -> Bot {
        match self {
            Side::Console => Bot::start(home.with_settings(settings)).await,
            Side::Slack(workspace) => {
                let settings = format!("{FAST}{settings}");
                let home = workspace.home(home, Mode::Socket, &settings).await;
                Bot::start_in(home, workspace, Mode::Socket).await
            }
        }
    }

    /// Somebody says something to the bot.
    pub(super) async fn say(&self, bot: &mut Bot, by: &Speaker, text: &str) {
        match self {
            Side::Console => bot.say(&typed(by, text)).await,
            Side::Slack(workspace) => {
                let words = mrkdwn::escaped(text);
                let is_addressed = text.starts_with(NAME);
                let words = if is_addressed {
                    words
                } else {
                    format!("<@{BOT_USER}> {words}")
                };
                let (user, channel) = self.ids(by);
                bot.note(&typed(by, text));
                workspace.slack.say(&user, &channel, None, &words);
            }
        }
    }

    /// Somebody presses a button, or answers a question, of the newest message that has it. On the terminal, where nothing
    /// can be pressed, they type what it stands for.
    pub(super) async fn press(
        &self,
        bot: &mut Bot,
        by: &Speaker,
        label: &str,
    ) -> Result<(), String> {
        match self {
            Side::Console => {
                let messages = message::read(bot.printed().iter().map(String::as_str));
                let command = press::stands_for(&messages, &format!("#{}", by.channel), label)?;
                bot.say(&typed(by, &command)).await;
            }
            Side::Slack(workspace) => {
                let (user, channel) = self.ids(by);
                let found = workspace.slack.newest_with(&channel, label);
                let message = found.ok_or_else(|| press::missing(label))?;
                bot.note(&format!("@{} #{} presses: {label}", by.user, by.channel));
                workspace.slack.click(&user, &channel, &message.ts, label);
            }
        }
        Ok(())
    }

    /// Looks at all that the bot said so far, after every change, until there is something to see. Gives up after
    /// a while.
    pub(super) async fn until<T>(
        &self,
        bot: &Bot,
        mut look: impl FnMut(&[Message]) -> Option<T>,
    ) -> Option<T> {
        match self {
            Side::Console => {
                bot.until_printed(AWAITED_MAX, || look(&self.messages(bot)))
                    .await
            }
            Side::Slack(workspace) => {
                let seen = workspace.slack.until(|_| look(&self.messages(bot)));
                timeout(AWAITED_MAX, seen).await.ok()
            }
        }
    }

    /// All that the bot said so far.
    pub(super) fn messages(&self, bot: &Bot) -> Vec<Message> {
        match self {
            Side::Console => message::read(bot.printed().iter().map(String::as_str)),
            Side::Slack(workspace) => {
                let names = workspace.slack.names();
                let feed = workspace.slack.feed();
                feed.iter()
                    .map(|seen| blocks::message(seen, &names))
                    .collect()
            }
        }
    }

    /// Waits until the bot has heard everything.
    pub(super) async fn settled(&self) {
        if let Side::Slack(workspace) = self {
            workspace.slack.settled().await;
        }
    }

    fn ids(&self, by: &Speaker) -> (String, String) {
        (
            self.id(&format!("@{}", by.user)),
            self.id(&format!("#{}", by.channel)),
        )
    }

    /// The id of a name with its sign. On the terminal it is the name.
    fn id(&self, name: &str) -> String {
        let plain = || name[1..].to_owned();
        let Side::Slack(workspace) = self else {
            return plain();
        };
        let names = workspace.slack.names();
        let found = names.into_iter().find(|(_, known)| known == name);
        found.map_or_else(plain, |(id, _)| id)
    }
}

/// As it is typed at a terminal.
fn typed(by: &Speaker, text: &str) -> String {
    format!("@{} #{}: {text}", by.user, by.channel)
}
