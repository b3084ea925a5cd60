//! What can be said in a chat, in words that every chat service can render: text, cards, questions.
//!
//! How each looks is decided where it is said: Slack shows Block Kit, the terminal shows the text of [`Said::shown`].

pub mod card;
pub mod question;
pub mod text;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use card::{Button, Card, CardState, Field, Link, Menu, Style};
pub use question::{Answer, Answerers, Question};
pub use text::{Audience, Span, Text};

use crate::ids::{ChannelId, UserId};

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Said {
    /// A text.
    Text(Text),
    /// A question, while it is open and when it is answered.
    Question(Question),
    /// A card.
    Card(Card),
}

impl Said {
    /// As it reads without buttons and colours.
    pub fn shown(&self) -> String {
        match self {
            Said::Text(text) => text.shown(),
            Said::Card(card) => card.shown(),
            Said::Question(question) => question.shown(),
        }
    }

    /// All texts in it that can have mentions.
    pub fn texts(&self) -> Vec<&Text> {
        match self {
            Said::Text(text) => vec![text],
            Said::Card(card) => card.texts(),
            Said::Question(question) => vec![&question.text],
        }
    }

    /// Whom it would call all at once: everybody in a channel, or in the whole workspace.
    pub fn audience(&self) -> Option<Audience> {
        self.texts().into_iter().filter_map(Text::audience).max()
    }

    /// The groups that it mentions, each once, in order of their ids.
    pub fn groups(&self) -> BTreeSet<&UserId> {
        self.texts().into_iter().flat_map(Text::groups).collect()
    }

    /// About what it takes in the record, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Said::Text(text) => text.bytes(),
            Said::Card(card) => card.bytes(),
            Said::Question(question) => {
                question.text.bytes() + question.choices.iter().map(String::len).sum::<usize>()
            }
        }
    }
}

impl From<Text> for Said {
    fn from(text: Text) -> Said {
        Said::Text(text)
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Said {
        Said::Text(text.into())
    }
}

impl From<String> for Said {
    fn from(text: String) -> Said {
        Said::Text(text.into())
    }
}

/// A person, as the chat service describes them now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// For showing only: names change, and two people can share one.
    pub name: String,
    /// How they belong to the workspace.
    pub standing: Standing,
}

/// How somebody belongs to the workspace that the bot is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// As everybody else.
    #[default]
    Member,
    /// Invited to some channels only.
    Guest,
    /// Of another organisation, in a channel that is shared with it.
    Stranger,
    /// Not a person.
    Bot,
}

impl Standing {
    /// As the contract spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Member => "member",
            Standing::Guest => "guest",
            Standing::Stranger => "stranger",
            Standing::Bot => "bot",
        }
    }
}

/// Who can read what is said in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// Everybody in the workspace.
    Public,
    /// Who was invited.
    Private,
    /// One person and the bot.
    Direct,
    /// A few people among themselves.
    Group,
    /// People of another organisation as well, whatever else it is.
    Shared,
}

impl ChannelKind {
    /// All of them.
    pub const ALL: [ChannelKind; 5] = [
        ChannelKind::Public,
        ChannelKind::Private,
        ChannelKind::Direct,
        ChannelKind::Group,
        ChannelKind::Shared,
    ];

    /// As settings spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            ChannelKind::Public => "public",
            ChannelKind::Private => "private",
            ChannelKind::Direct => "direct",
            ChannelKind::Group => "group",
            ChannelKind::Shared => "shared",
        }
    }
}

/// A channel, as the chat service describes it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Which.
    pub id: ChannelId,
    /// As people name it, without `#`. Names change.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_kind_is_read_back_and_a_plain_text_is_a_string() {
        let card = Card {
            title: "api to staging".into(),
            state: Some(CardState::Running),
            buttons: vec![Button::new("Cancel", "cancel deploy api in staging")],
            ..Card::default()
        };
        let question = Question::new("Sure?", ["yes", "no"]);
        for said in [
            Said::from("plain"),
            Said::Text(Text::default().plain("for ").user("U1".parse().unwrap())),
            Said::Card(card),
            Said::Question(question),
        ] {
            let json = serde_json::to_value(&said).unwrap();
            assert_eq!(serde_json::from_value::<Said>(json).unwrap(), said);
        }
        assert_eq!(json!(Said::from("plain")), json!("plain"));
    }

    #[test]
    fn calling_everybody_is_seen_wherever_it_stands() {
        let loud = Text::default().everyone(Audience::Channel);
        let card = Card {
            title: "t".into(),
            fields: vec![Field::new("who", loud)],
            ..Card::default()
        };
        assert_eq!(Said::Card(card).audience(), Some(Audience::Channel));
        assert_eq!(Said::from("<!channel> @channel").audience(), None);
    }

    #[test]
    fn groups_are_seen_wherever_they_stand() {
        let group = |id: &str| Span::Group(id.parse().unwrap());
        let mut text = Text::default();
        text.push(group("S2"));
        text.push(group("S1"));
        text.push(group("S2"));
        let card = Card {
            title: "t".into(),
            fields: vec![Field::new("who", text)],
            ..Card::default()
        };
        let groups: Vec<String> = Said::Card(card)
            .groups()
            .into_iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(groups, ["S1", "S2"]);
        assert!(Said::from("<!subteam^S1> @S1").groups().is_empty());
    }
}
