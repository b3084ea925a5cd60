//! The terminal as a chat: a line is a message, and what the bot says is printed.
//!
//! `text` is said by you in the channel of the console; `@user #channel: text` is said by somebody, somewhere. A reply
//! is printed as `#channel witbot: text`, indented when it stands in a thread. Its further lines are indented more than
//! that, so that no text can look like a reply of its own.

use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::sync::Mutex;
use witbot_core::event::{Body, Event, Message, Place, Source, User};
use witbot_core::ids::{ChannelId, UnixMillis, UserId};
use witbot_core::journal::Outgoing;
use witbot_core::limits;
use witbot_core::printable;

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

    /// Prints what the bot says.
    pub async fn say(&self, outgoing: &Outgoing) {
        self.print(&shown(&self.name, outgoing)).await;
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

/// A message as it is printed. Further lines are indented more than any first line.
fn shown(name: &str, outgoing: &Outgoing) -> String {
    let indent = if outgoing.place.thread.is_some() {
        "  "
    } else {
        ""
    };
    let edited = if outgoing.edit { " (edited)" } else { "" };
    let text = printable::text(&outgoing.text).replace('\n', &format!("\n{indent}    "));
    format!(
        "{indent}#{} {name}{edited}: {text}\n",
        outgoing.place.channel
    )
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
    let text = addressed(text.trim(), bot, alias);
    if text.is_empty() {
        return None;
    }
    let id: UserId = user.parse().ok()?;
    let channel: ChannelId = channel.parse().ok()?;
    let message = Message {
        user: User {
            id,
            name: user.to_owned(),
        },
        place: Place {
            channel,
            thread: None,
        },
        text: text.to_owned(),
        addressed: true,
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

/// The text without the bot's name. On the console everything is meant for the bot, named or not.
fn addressed<'a>(text: &'a str, bot: &str, alias: Option<&str>) -> &'a str {
    let after_name = |name: &str| {
        let unmarked = text.strip_prefix('@').unwrap_or(text);
        let head = unmarked.get(..name.len())?;
        let rest = unmarked.get(name.len()..)?;
        let ends = rest.starts_with(|c: char| c.is_whitespace() || c == ':' || c == ',')
            || rest.is_empty();
        (head.eq_ignore_ascii_case(name) && ends)
            .then(|| rest.trim_start_matches([':', ',']).trim_start())
    };
    let after_alias = || {
        alias
            .and_then(|alias| text.strip_prefix(alias))
            .map(str::trim_start)
    };
    after_name(bot).or_else(after_alias).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use witbot_core::event::Thread;
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
        let mut outgoing = Outgoing {
            message: message.clone(),
            place,
            text: "a\u{1b}[2J\n#ops witbot: b".into(),
            edit: false,
        };
        assert_eq!(
            shown("witbot", &outgoing),
            "#deploys witbot: a\u{fffd}[2J\n    #ops witbot: b\n"
        );
        outgoing.place.thread = Some(Thread::Ours(message));
        outgoing.edit = true;
        assert_eq!(
            shown("witbot", &outgoing),
            "  #deploys witbot (edited): a\u{fffd}[2J\n      #ops witbot: b\n"
        );
    }
}
