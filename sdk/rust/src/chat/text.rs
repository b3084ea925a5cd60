//! A text with mentions and links.

use crate::bindings::witbot::chat::content;

/// A text, piece by piece. Whatever looks like a mention in words is none, so that names of branches, titles and the like
/// can be put in as they are, whoever wrote them.
///
/// ```
/// use witbot_sdk::chat::Text;
///
/// let text = Text::new()
///     .plain("Deploying ")
///     .code("fix-login")
///     .plain(" for ")
///     .user("U024BE7LH");
/// ```
///
/// Words can have the simple formatting of chats: `*bold*`, `_italic_`, `~struck out~`, `` `code` ``, and three
/// backquotes around several lines of code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Code(String),
    Link(String, String),
    User(String),
    Channel(String),
    Group(String),
    Everyone(Audience),
}

impl Text {
    /// An empty text.
    pub fn new() -> Text {
        Text::default()
    }

    /// Adds words.
    pub fn plain(self, words: impl Into<String>) -> Text {
        self.with(Piece::Plain(words.into()))
    }

    /// Adds words that are shown exactly as they are, as code.
    pub fn code(self, words: impl Into<String>) -> Text {
        self.with(Piece::Code(words.into()))
    }

    /// Adds an address, `http` or `https`. Shown is the label, of at most 75 characters, or without one the address.
    pub fn link(self, label: impl Into<String>, url: impl Into<String>) -> Text {
        self.with(Piece::Link(label.into(), url.into()))
    }

    /// Mentions a person, by id, and notifies them.
    pub fn user(self, id: impl Into<String>) -> Text {
        self.with(Piece::User(id.into()))
    }

    /// Adds a link to a channel, by id.
    pub fn channel(self, id: impl Into<String>) -> Text {
        self.with(Piece::Channel(id.into()))
    }

    /// Mentions a group of people, by the chat service's id, and notifies them.
    ///
    /// Grant: `chat = [{ channel = "deploys", mentions = true }]`. Without it, saying this is `denied`.
    pub fn group(self, id: impl Into<String>) -> Text {
        self.with(Piece::Group(id.into()))
    }

    /// Notifies many at once.
    ///
    /// Grant: `chat = [{ channel = "deploys", broadcast = true }]`. Without it, saying this is `denied`.
    pub fn everyone(self, audience: Audience) -> Text {
        self.with(Piece::Everyone(audience))
    }

    fn with(mut self, piece: Piece) -> Text {
        self.pieces.push(piece);
        self
    }

    pub(crate) fn raw(&self) -> content::Text {
        let raw = content::Text::new("");
        for piece in &self.pieces {
            match piece {
                Piece::Plain(words) => raw.plain(words),
                Piece::Code(words) => raw.code(words),
                Piece::Link(label, url) => raw.link(label, url),
                Piece::User(id) => raw.user(id),
                Piece::Channel(id) => raw.channel(id),
                Piece::Group(id) => raw.group(id),
                Piece::Everyone(audience) => raw.everyone(audience.as_str()),
            }
        }
        raw
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Text {
        Text::new().plain(words)
    }
}

impl From<String> for Text {
    fn from(words: String) -> Text {
        Text::new().plain(words)
    }
}

impl From<&String> for Text {
    fn from(words: &String) -> Text {
        Text::new().plain(words)
    }
}

/// Who is notified when everybody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Those in the channel who are active now.
    Here,
    /// All in the channel.
    Channel,
    /// All in the workspace.
    Everyone,
}

impl Audience {
    /// As the contract spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Audience::Here => "here",
            Audience::Channel => "channel",
            Audience::Everyone => "everyone",
        }
    }
}
