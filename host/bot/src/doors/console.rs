//! The terminal as a chat: a line is a message, and what the bot says is printed.
//!
//! `text` is said by you in the channel of the console; `@user #channel: text` is said by somebody, somewhere. A reply
//! is printed as `#channel witbot: text`, indented when it stands in a thread. Its further lines are indented more than
//! that, so that no text can look like a reply of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Mutex;
use witbot_core::address::Names;
use witbot_core::chat::{Channel, ChannelKind, Person, Standing};
use witbot_core::error::Error;
use witbot_core::event::{Body, Event, Message, Place, Source, User};
use witbot_core::hubot;
use witbot_core::ids::{ChannelId, UnixMillis, UserId};
use witbot_core::journal::{Act, Outgoing};
use witbot_core::limits;
use witbot_core::printable;
use witbot_store::outbox::Delivery;

use crate::chat::{Chat, Looked, Unsent};

/// Who speaks when a line does not say it.
const USER: &str = "you";
/// Where, when a line does not say it.
const CHANNEL: &str = "console";

/// The terminal. Cheap to clone.
#[derive(Clone)]
pub struct Console {
    name: Arc<str>,
    output: Arc<Mutex<tokio::io::Stdout>>,
}

impl Console {
    /// The terminal of a bot with this name.
    pub fn new(name: &str) -> Console {
        Console {
            name: name.into(),
            output: Arc::new(Mutex::new(tokio::io::stdout())),
        }
    }

    /// Prints a line that somebody said, for a transcript.
    pub async fn echo(&self, line: &str) {
        self.print(&format!("> {}\n", printable::line(line))).await;
    }

    async fn print(&self, text: &str) {
        let mut output = self.output.lock().await;
        let printed = async {
            output.write_all(text.as_bytes()).await?;
            output.flush().await
        };
        if let Err(error) = printed.await {
            tracing::warn!("cannot write to the console: {error}");
        }
    }
}

#[async_trait]
impl Chat for Console {
    async fn send(&self, delivery: &Delivery) -> Result<Option<String>, Unsent> {
        self.print(&shown(&self.name, &delivery.outgoing)).await;
        Ok(None)
    }

    /// A terminal cannot be asked. What was about to be printed is printed again: that harms nobody.
    async fn find(&self, _: &Delivery) -> Result<Looked, Unsent> {
        Ok(Looked::NotDone)
    }

    /// On a terminal everything is called by its name.
    async fn channel(&self, name: &str) -> Result<Channel, Error> {
        let id = name
            .parse()
            .map_err(|error| Error::invalid(format!("{error}")))?;
        let name = name.to_owned();
        Ok(Channel { id, name })
    }

    async fn direct(&self, user: &UserId) -> Result<ChannelId, Error> {
        format!("@{user}")
            .parse()
            .map_err(|error| Error::invalid(format!("{error}")))
    }

    async fn person(&self, user: &UserId) -> Result<Person, Error> {
        Ok(Person {
            id: user.clone(),
            name: user.to_string(),
            standing: Standing::Member,
        })
    }

    async fn belongs(&self, _: &UserId, group: &UserId) -> Result<bool, Error> {
        Err(no_groups(group))
    }

    async fn unreadable_groups(&self, groups: &BTreeSet<UserId>) -> Vec<(UserId, Error)> {
        let unreadable = groups.iter().map(|group| (group.clone(), no_groups(group)));
        unreadable.collect()
    }

    /// A terminal is one person's, even where it plays a channel.
    async fn kind(&self, channel: &ChannelId) -> Result<ChannelKind, Error> {
        Ok(if channel.as_str().starts_with('@') {
            ChannelKind::Direct
        } else {
            ChannelKind::Private
        })
    }
}

/// It does not say that nobody is in it: a rule may deny something to those who are.
fn no_groups(group: &UserId) -> Error {
    Error::invalid(format!(
        "The terminal knows no user groups, and so not who is in `{group}`."
    ))
}

/// Something that is said, as it is printed. Further lines are indented more than any first line.
fn shown(name: &str, outgoing: &Outgoing) -> String {
    let indent = if outgoing.place.thread.is_some() {
        "  "
    } else {
        ""
    };
    let (how, text) = match &outgoing.act {
        Act::Post(said) => (String::new(), said.shown()),
        Act::Edit(said) => (" (edited)".to_owned(), said.shown()),
        Act::Whisper { user, said } => (format!(" (to @{user} alone)"), said.shown()),
        Act::Delete => (" (deleted)".to_owned(), "a message".to_owned()),
        Act::React { emoji, .. } => (" (reacted)".to_owned(), format!(":{emoji}:")),
    };
    let text = printable::text(&text).replace('\n', &format!("\n{indent}    "));
    let channel = channel_name(&outgoing.place.channel);
    format!("{indent}{channel} {name}{how}: {text}\n")
}

/// Channels begin with `#`, and conversations with one person with `@` already.
fn channel_name(channel: &ChannelId) -> String {
    if channel.as_str().starts_with('@') {
        channel.to_string()
    } else {
        format!("#{channel}")
    }
}

/// The event of a line; none for an empty one. `key` has to differ from line to line.
pub fn event(
    line: &str,
    key: String,
    bot: &str,
    alias: Option<&str>,
    at: UnixMillis,
) -> Option<Event> {
    let line: String = line.trim().chars().take(limits::INPUT_CHARS_MAX).collect();
    let (user, channel, text) = speaker(&line).unwrap_or((USER, CHANNEL, &line));
    let names = Names {
        name: bot,
        alias,
        id: None,
    };
    // On the console everything is meant for the bot, named or not.
    let whole = hubot::whole(text.trim(), names, true);
    let text = names
        .addressed(text, true)
        .filter(|text| !text.is_empty())?;
    let id: UserId = user.parse().ok()?;
    let channel: ChannelId = channel.parse().ok()?;
    let place = Place {
        channel,
        thread: None,
    };
    let message = Message {
        whole: Some(whole),
        ..Message::to_bot(User::named(id, user), place, text)
    };
    Some(Event {
        source: Source::Console,
        key,
        received: at,
        body: Body::Message(message),
    })
}

/// Who speaks where, in a line of the form `@user #channel: text`.
fn speaker(line: &str) -> Option<(&str, &str, &str)> {
    let (user, rest) = line.strip_prefix('@')?.split_once(char::is_whitespace)?;
    let (channel, text) = rest.trim_start().strip_prefix('#')?.split_once(':')?;
    Some((user, channel, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use witbot_core::event::MessageId;
    use witbot_core::ids::CallId;

    fn heard(line: &str) -> Option<String> {
        let event = event(line, "k".into(), "witbot", Some("/"), UnixMillis(0))?;
        let Body::Message(message) = event.body else {
            panic!()
        };
        Some(format!(
            "{} #{} {:?}",
            message.user.id, message.place.channel, message.text
        ))
    }

    #[test]
    fn a_line_is_what_somebody_said_somewhere() {
        for (line, expected) in [
            ("ping", r#"you #console "ping""#),
            ("  witbot ping ", r#"you #console "ping""#),
            ("@Witbot: ping", r#"you #console "ping""#),
            ("witbot, ping", r#"you #console "ping""#),
            ("witbotping", r#"you #console "witbotping""#),
            ("/ping", r#"you #console "ping""#),
            (
                "@ada #deploys: witbot deploy api",
                r#"ada #deploys "deploy api""#,
            ),
            (
                "@ada #deploys no colon",
                r#"you #console "@ada #deploys no colon""#,
            ),
        ] {
            assert_eq!(heard(line).as_deref(), Some(expected), "{line}");
        }
        assert_eq!(heard("   "), None);
        assert_eq!(heard("witbot"), None);
    }

    #[test]
    fn what_is_said_cannot_drive_the_terminal_or_look_like_another_reply() {
        let place = Place {
            channel: "deploys".parse().unwrap(),
            thread: None,
        };
        let message = CallId::new(&"00112233445566778899".parse().unwrap(), 1);
        let text = "a\u{1b}[2J\n#ops witbot: b";
        let mut outgoing = Outgoing::post(message.clone(), place, text);
        assert_eq!(
            shown("witbot", &outgoing),
            "#deploys witbot: a\u{fffd}[2J\n    #ops witbot: b\n"
        );
        outgoing.place.thread = Some(MessageId::Ours(message));
        outgoing.act = Act::Edit(text.into());
        assert_eq!(
            shown("witbot", &outgoing),
            "  #deploys witbot (edited): a\u{fffd}[2J\n      #ops witbot: b\n"
        );
    }
}
