//! A message as the console prints it, which is how it is written in a conversation, whatever the chat.
//!
//! ```text
//! #ops witbot: a message in a channel
//!     and its second line
//!   #ops witbot (edited): a message in a thread, which was changed
//!       and its second line
//! ```

use std::fmt;

use super::pattern::matches;

/// What a line stands for that is nothing else: any number of lines.
pub const ANYTHING: &str = "…";
/// Before a message that stands in a thread if the chat has threads that a button can answer in.
const EITHER: &str = "~ ";
/// The name that bots of tests have.
const BOT: &str = "witbot";
/// How much further the lines after the first are indented.
const INDENT: usize = 4;

/// A message, or what one should be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// In the channel, in a thread, or that does not matter.
    pub position: Position,
    /// With its sign: `#ops` for a channel, `@ada` for the conversation with a person.
    pub channel: String,
    /// What was done, in brackets: `edited`, `to @ada alone`; empty for a new message.
    pub how: String,
    /// What it says.
    pub text: String,
    /// What it says below that.
    pub rest: Vec<String>,
}

/// Where in its channel a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// In the channel itself.
    Channel,
    /// In a thread.
    Thread,
    /// Either.
    Any,
}

impl Message {
    /// The message that begins with a line, if one does.
    pub fn begun_by(line: &str) -> Option<Message> {
        let (position, rest) = if let Some(rest) = line.strip_prefix(EITHER) {
            (Position::Any, rest)
        } else if let Some(rest) = line.strip_prefix("  ") {
            (Position::Thread, rest)
        } else {
            (Position::Channel, line)
        };
        let (channel, rest) = rest.split_once(' ')?;
        let is_channel = channel.len() > 1 && channel.starts_with(['#', '@']);
        let rest = rest.strip_prefix(BOT).filter(|_| is_channel)?;
        let (how, text) = match rest.strip_prefix(" (") {
            Some(rest) => rest.split_once("):")?,
            None => ("", rest.strip_prefix(':')?),
        };
        Some(Message {
            position,
            channel: channel.to_owned(),
            how: how.to_owned(),
            text: text.trim().to_owned(),
            rest: Vec::new(),
        })
    }

    /// Adds a line that is indented as one below the first is. Says whether it is.
    pub fn add(&mut self, line: &str) -> bool {
        let indent = self.position.indent() + INDENT;
        let added = line.get(indent..).filter(|_| line.starts_with("    "));
        let blank = line
            .get(..indent)
            .is_some_and(|begin| begin.trim().is_empty());
        let Some(added) = added.filter(|_| blank) else {
            return false;
        };
        self.rest.push(added.trim_end().to_owned());
        true
    }

    /// Whether a message was changed.
    pub fn is_edited(&self) -> bool {
        self.how == "edited"
    }

    /// What a message is about, however it stands: the title of a card.
    pub fn title(&self) -> &str {
        match self.text.split_once("] ") {
            Some((state, title)) if state.starts_with('[') => title,
            _ => &self.text,
        }
    }

    /// Whether a message can be the one that is meant: it stands where that should stand.
    pub fn is_beside(&self, other: &Message) -> bool {
        self.channel == other.channel
            && self.how == other.how
            && self.position.covers(other.position)
    }

    /// Whether a message is as this one says that it should be.
    pub fn describes(&self, other: &Message) -> bool {
        self.is_beside(other)
            && matches(&self.text, &other.text)
            && describe(&self.rest, &other.rest)
    }
}

/// Whether lines are as they should be.
fn describe(expected: &[String], lines: &[String]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first.trim() == ANYTHING => {
            (0..=lines.len()).any(|skipped| describe(rest, &lines[skipped..]))
        }
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, more)| matches(first, line) && describe(rest, more)),
    }
}

impl Position {
    /// Where a message can really stand.
    pub const PLACES: [Position; 2] = [Position::Channel, Position::Thread];

    fn indent(self) -> usize {
        match self {
            Position::Channel => 0,
            Position::Thread | Position::Any => 2,
        }
    }

    fn covers(self, other: Position) -> bool {
        self == Position::Any || self == other
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.position {
            Position::Channel => "",
            Position::Thread => "  ",
            Position::Any => EITHER,
        };
        let how = match self.how.as_str() {
            "" => String::new(),
            how => format!(" ({how})"),
        };
        write!(f, "{sign}{} {BOT}{how}: {}", self.channel, self.text)?;
        let indent = self.position.indent() + INDENT;
        for line in &self.rest {
            write!(f, "\n{:indent$}{line}", "")?;
        }
        Ok(())
    }
}

/// The messages in lines that were printed.
pub fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let added = messages.last_mut().is_some_and(|last| last.add(line));
        if !added {
            messages.push(Message::begun_by(line).unwrap_or_else(|| strange(line)));
        }
    }
    messages
}

/// A line that is none of a message, and that nothing describes.
fn strange(line: &str) -> Message {
    Message {
        position: Position::Channel,
        channel: "?".to_owned(),
        how: String::new(),
        text: line.to_owned(),
        rest: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "#ops witbot: a\n    b\n  #ops witbot (edited): [running] c to d\n      e\n        f\n@ada witbot: g";

    fn one(lines: &str) -> Message {
        let messages = read(lines.lines());
        let [message] = messages.as_slice() else {
            panic!("{messages:#?}")
        };
        message.clone()
    }

    #[test]
    fn what_is_printed_is_read_and_shown_again() {
        let messages = read(PRINTED.lines());
        let shown: Vec<String> = messages.iter().map(Message::to_string).collect();
        assert_eq!(shown.join("\n"), PRINTED);
        assert_eq!(messages.len(), 3);
        assert_eq!(messages[1].title(), "c to d");
        assert_eq!(messages[1].rest, ["e", "  f"]);
        assert!(messages[1].is_edited() && !messages[0].is_edited());
    }

    #[test]
    fn what_begins_no_message() {
        for line in [
            "witbot: a",
            "# witbot: a",
            "#ops somebody: a",
            "a",
            "    #ops witbot: a",
        ] {
            assert_eq!(Message::begun_by(line), None, "{line}");
        }
    }

    #[test]
    fn messages_are_described_by_patterns() {
        let message = one("  #ops witbot: [running] api to staging\n      a\n      b\n      c");
        for (expected, right) in [
            (
                "  #ops witbot: [running] …\n      a\n      b\n      c",
                true,
            ),
            ("  #ops witbot: [running] …\n      …", true),
            ("  #ops witbot: [running] …\n      …\n      c", true),
            ("~ #ops witbot: [running] …\n      a\n      …", true),
            ("  #ops witbot: [running] …\n      a\n      b", false),
            ("  #ops witbot: [running] …", false),
            ("#ops witbot: [running] …\n    …", false),
            ("  #dev witbot: [running] …\n      …", false),
            ("  #ops witbot (edited): [running] …\n      …", false),
        ] {
            assert_eq!(one(expected).describes(&message), right, "{expected}");
        }
    }
}
