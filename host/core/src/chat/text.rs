//! A text whose mentions are data: what somebody wrote into a branch name can never call anybody.

use serde::{Deserialize, Serialize};

use crate::ids::{ChannelId, UserId};

/// A text, piece by piece. Plain pieces may use the simple formatting of chats: `*bold*`, `_italic_`, `` `code` ``.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Text {
    spans: Vec<Span>,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    /// Words. Whatever looks like a mention in them is none.
    Plain(String),
    /// Words to be shown exactly as they are; with a line break in them, as lines of their own.
    Code(String),
    /// An address with a label.
    Link {
        /// What is shown.
        label: String,
        /// Where it leads.
        url: String,
    },
    /// A person, who is notified.
    User(UserId),
    /// A channel, as a link to it.
    Channel(ChannelId),
    /// A group of people, by the chat service's id, who are notified.
    Group(UserId),
    /// Everybody. Needs a grant.
    Everyone(Audience),
}

/// Who is notified when everybody is. The later ones are more people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Those in the channel who are active now.
    Here,
    /// All in the channel.
    Channel,
    /// All in the workspace.
    Everyone,
}

impl Audience {
    /// As people and the contract spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Audience::Here => "here",
            Audience::Channel => "channel",
            Audience::Everyone => "everyone",
        }
    }
}

impl Text {
    /// The pieces.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// With another piece.
    pub fn with(mut self, span: Span) -> Text {
        self.push(span);
        self
    }

    /// Adds a piece. Plain ones that follow each other become one.
    pub fn push(&mut self, span: Span) {
        match (self.spans.last_mut(), span) {
            (Some(Span::Plain(last)), Span::Plain(more)) => last.push_str(&more),
            (_, span) => self.spans.push(span),
        }
    }

    /// With words.
    pub fn plain(self, words: impl Into<String>) -> Text {
        self.with(Span::Plain(words.into()))
    }

    /// With a mention of a person.
    pub fn user(self, user: UserId) -> Text {
        self.with(Span::User(user))
    }

    /// With a call to everybody.
    pub fn everyone(self, audience: Audience) -> Text {
        self.with(Span::Everyone(audience))
    }

    /// Whether there is nothing to read.
    pub fn is_blank(&self) -> bool {
        self.spans.iter().all(|span| match span {
            Span::Plain(words) | Span::Code(words) => words.trim().is_empty(),
            Span::Link { .. }
            | Span::User(_)
            | Span::Channel(_)
            | Span::Group(_)
            | Span::Everyone(_) => false,
        })
    }

    /// Whom it would call all at once, if it does.
    pub fn audience(&self) -> Option<Audience> {
        let audiences = self.spans.iter().filter_map(|span| match span {
            Span::Everyone(audience) => Some(*audience),
            _ => None,
        });
        audiences.max()
    }

    /// The groups that it mentions.
    pub fn groups(&self) -> impl Iterator<Item = &UserId> {
        self.spans.iter().filter_map(|span| match span {
            Span::Group(group) => Some(group),
            _ => None,
        })
    }

    /// As it reads where nothing can be clicked.
    pub fn shown(&self) -> String {
        self.spans.iter().map(shown).collect()
    }

    /// The bytes of its words.
    pub fn bytes(&self) -> usize {
        self.spans
            .iter()
            .map(|span| match span {
                Span::Plain(words) | Span::Code(words) => words.len(),
                Span::Link { label, url } => label.len() + url.len(),
                Span::User(id) | Span::Group(id) => id.as_str().len(),
                Span::Channel(id) => id.as_str().len(),
                Span::Everyone(audience) => audience.as_str().len(),
            })
            .sum()
    }
}

fn shown(span: &Span) -> String {
    match span {
        Span::Plain(words) => words.clone(),
        Span::Code(words) if words.contains('\n') => words.trim_matches('\n').to_owned(),
        Span::Code(words) => format!("`{words}`"),
        Span::Link { label, url } if label.is_empty() || label == url => url.clone(),
        Span::Link { label, url } => format!("{label} ({url})"),
        Span::User(id) | Span::Group(id) => format!("@{id}"),
        Span::Channel(id) => format!("#{id}"),
        Span::Everyone(audience) => format!("@{}", audience.as_str()),
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Text {
        words.to_owned().into()
    }
}

impl From<String> for Text {
    fn from(words: String) -> Text {
        Text {
            spans: vec![Span::Plain(words)],
        }
    }
}

/// In JSON: nearly every text is one plain piece, and is then written as a string.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Plain(String),
    Spans(Vec<Span>),
}

impl From<Written> for Text {
    fn from(written: Written) -> Text {
        match written {
            Written::Plain(words) => words.into(),
            Written::Spans(spans) => Text { spans },
        }
    }
}

impl From<Text> for Written {
    fn from(text: Text) -> Written {
        match <[Span; 1]>::try_from(text.spans) {
            Ok([Span::Plain(words)]) => Written::Plain(words),
            Ok([other]) => Written::Spans(vec![other]),
            Err(spans) => Written::Spans(spans),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_well_without_a_chat() {
        let text = Text::default()
            .plain("Deploying ")
            .plain("api for ")
            .user("U1".parse().unwrap())
            .plain(", see ")
            .with(Span::Link {
                label: "the log".into(),
                url: "https://ci.example/1".into(),
            });
        assert_eq!(
            text.shown(),
            "Deploying api for @U1, see the log (https://ci.example/1)"
        );
        assert_eq!(text.spans().len(), 4);
    }

    #[test]
    fn blank_is_what_nobody_can_read() {
        assert!(Text::default().is_blank() && Text::from(" \n").is_blank());
        assert!(!Text::default().user("U1".parse().unwrap()).is_blank());
    }
}
