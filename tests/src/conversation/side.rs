//! The chat that a conversation is held in: what people do there, and what they see.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::bot::Bot;
use crate::fakes::slack::BOT_USER;
use crate::home::Home;
use crate::services::Services;
use crate::slack::{FAST, Mode, Workspace};

use super::message::{self, Message};
use super::script::Speaker;
use super::{blocks, mrkdwn};

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
    pub(super) fn with_ids(&self, settings: &str) -> String {
        let mut written = String::new();
        let mut rest = settings;
        while let Some((before, after)) = rest.split_once('{') {
            written.push_str(before);
            let name = after
                .split_once('}')
                .filter(|(name, _)| name.starts_with(['@', '#']));
            let Some((name, after)) = name else {
                written.push('{');
                rest = after;
                continue;
            };
            written.push_str(&self.id(name));
            rest = after;
        }
        written + rest
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
                let command = stands_for(&messages, &format!("#{}", by.channel), label)?;
                bot.say(&typed(by, &command)).await;
            }
            Side::Slack(workspace) => {
                let (user, channel) = self.ids(by);
                let found = workspace.slack.newest_with(&channel, label);
                let message = found.ok_or_else(|| missing(label))?;
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

/// What somebody types instead of pressing something: the command of a button, or the answer itself.
fn stands_for(messages: &[Message], channel: &str, label: &str) -> Result<String, String> {
    let in_channel = messages
        .iter()
        .rev()
        .filter(|message| message.channel == channel);
    let mut changed = Vec::new();
    for message in in_channel {
        // What was changed since does not look like this any more.
        let card = (message.position, message.title());
        if changed.contains(&card) {
            continue;
        }
        let lines = std::iter::once(&message.text).chain(&message.rest);
        if let Some(command) = lines.filter_map(|line| offered(line, label)).next() {
            return Ok(command);
        }
        if message.is_edited() {
            changed.push(card);
        }
    }
    Err(missing(label))
}

/// What a label stands for, if a line has it: ``[Cancel] `cancel deploy api` ``, or `Sure? [Yes / No]`.
fn offered(line: &str, label: &str) -> Option<String> {
    let button = line.trim().strip_prefix(&format!("[{label}] `"));
    if let Some(command) = button {
        return command.strip_suffix('`').map(str::to_owned);
    }
    let (_, choices) = line.strip_suffix(']')?.rsplit_once('[')?;
    let mut choices = choices.split(" / ");
    choices
        .any(|choice| choice == label)
        .then(|| label.to_owned())
}

fn missing(label: &str) -> String {
    format!("there is nothing called `{label}` to be pressed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_take_the_place_of_names() {
        let settings = "force = [\"{@ada}\"]\nannounce = \"{#ops}\"\nx = { y = \"{sha}\" }";
        let expected = "force = [\"ada\"]\nannounce = \"ops\"\nx = { y = \"{sha}\" }";
        assert_eq!(Side::Console.with_ids(settings), expected);
    }

    const PRINTED: &str = "#ops witbot: [running] a\n    [Cancel] `cancel a`\n#ops witbot: [running] b\n    \
        [Cancel] `cancel b`\n#ops witbot (edited): [success] b\n#dev witbot: Sure? [Yes / No]";

    #[test]
    fn what_can_be_pressed_stands_for_what_is_typed() {
        let messages = message::read(PRINTED.lines());
        let pressed = |channel, label| stands_for(&messages, channel, label).ok();
        assert_eq!(pressed("#ops", "Cancel").as_deref(), Some("cancel a"));
        assert_eq!(pressed("#dev", "No").as_deref(), Some("No"));
        assert_eq!(pressed("#dev", "Cancel"), None);
        assert_eq!(pressed("#ops", "Yes"), None);
    }
}
