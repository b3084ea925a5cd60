//! A card: something that is told in a frame of its own, with its state, its details and what can be done about it.

use serde::{Deserialize, Serialize};

use super::Text;

/// A card. Everything but the title can be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// What it is about, in one line.
    pub title: String,
    /// Whether that goes well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<CardState>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Details, each under its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// Where to read on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// What can be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
    /// The same, where there is much to choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub menus: Vec<Menu>,
    /// Small print.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<Text>,
}

/// How the thing stands that a card is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CardState {
    /// It has not begun.
    Waiting,
    /// It goes on.
    Running,
    /// It went well.
    Success,
    /// Somebody should look.
    Warning,
    /// It went wrong.
    Failure,
    /// It was stopped, or does not matter any more.
    Canceled,
}

impl CardState {
    /// All of them.
    pub const ALL: [CardState; 6] = [
        CardState::Waiting,
        CardState::Running,
        CardState::Success,
        CardState::Warning,
        CardState::Failure,
        CardState::Canceled,
    ];

    /// As the contract spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            CardState::Waiting => "waiting",
            CardState::Running => "running",
            CardState::Success => "success",
            CardState::Warning => "warning",
            CardState::Failure => "failure",
            CardState::Canceled => "canceled",
        }
    }

    /// The state that the contract spells so.
    pub fn named(name: &str) -> Option<CardState> {
        CardState::ALL
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// A detail of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// What it is.
    pub name: String,
    /// Its value.
    pub value: Text,
}

impl Field {
    /// A value under a name.
    pub fn new(name: impl Into<String>, value: impl Into<Text>) -> Field {
        Field {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// An address with a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What is shown.
    pub label: String,
    /// Where it leads.
    pub url: String,
}

/// A button. Pressing it is the same as typing its command, for whoever presses it; the command has to be one of the
/// plugin whose card it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What is shown.
    pub label: String,
    /// What is as if it was typed.
    pub command: String,
    /// How it looks.
    #[serde(default, skip_serializing_if = "Style::is_default")]
    pub style: Style,
}

impl Button {
    /// A button that looks like most.
    pub fn new(label: impl Into<String>, command: impl Into<String>) -> Button {
        Button {
            label: label.into(),
            command: command.into(),
            style: Style::Default,
        }
    }
}

/// How a button looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// Like most.
    #[default]
    Default,
    /// What is usually done.
    Primary,
    /// What cannot be undone. Whoever presses it is asked once more.
    Danger,
}

impl Style {
    /// The style that the contract spells so.
    pub fn named(name: &str) -> Option<Style> {
        match name {
            "default" => Some(Style::Default),
            "primary" => Some(Style::Primary),
            "danger" => Some(Style::Danger),
            _ => None,
        }
    }

    fn is_default(&self) -> bool {
        *self == Style::Default
    }
}

/// Commands to choose one from. As with a button, choosing one is the same as typing it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Menu {
    /// What is shown before anything is chosen.
    pub label: String,
    /// What can be chosen: what is shown, and what is as if it was typed.
    pub options: Vec<(String, String)>,
}

impl Card {
    /// All texts in it that can have mentions.
    pub fn texts(&self) -> Vec<&Text> {
        let fields = self.fields.iter().map(|field| &field.value);
        self.text.iter().chain(fields).chain(&self.footer).collect()
    }

    /// As it reads where nothing can be clicked.
    pub fn shown(&self) -> String {
        let mut lines = Vec::new();
        lines.push(match self.state {
            Some(state) => format!("[{}] {}", state.as_str(), self.title),
            None => self.title.clone(),
        });
        lines.extend(self.text.as_ref().map(Text::shown));
        lines.extend(
            self.fields
                .iter()
                .map(|field| format!("{}: {}", field.name, field.value.shown())),
        );
        lines.extend(
            self.links
                .iter()
                .map(|link| format!("{}: {}", link.label, link.url)),
        );
        lines.extend(
            self.buttons
                .iter()
                .map(|button| format!("[{}] `{}`", button.label, button.command)),
        );
        for menu in &self.menus {
            lines.push(format!("{}:", menu.label));
            lines.extend(
                menu.options
                    .iter()
                    .map(|(label, command)| format!("  [{label}] `{command}`")),
            );
        }
        lines.extend(self.footer.as_ref().map(Text::shown));
        lines.join("\n")
    }

    /// About what it takes in the record, in bytes.
    pub fn bytes(&self) -> usize {
        let texts: usize = self.texts().into_iter().map(Text::bytes).sum();
        let fields: usize = self.fields.iter().map(|field| field.name.len()).sum();
        let links = self
            .links
            .iter()
            .map(|link| link.label.len() + link.url.len());
        let buttons = self
            .buttons
            .iter()
            .map(|button| button.label.len() + button.command.len());
        let menus = self.menus.iter().flat_map(|menu| &menu.options);
        let options = menus.map(|(label, command)| label.len() + command.len());
        let pairs: usize = links.chain(buttons).chain(options).sum();
        self.title.len() + texts + fields + pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_reads_well_without_a_chat() {
        let card = Card {
            title: "api to staging".into(),
            state: Some(CardState::Running),
            text: Some("Run 12 has begun.".into()),
            fields: vec![Field::new("Version", "main (1234567)")],
            links: vec![Link {
                label: "Log".into(),
                url: "https://ci.example/12".into(),
            }],
            buttons: vec![Button::new("Cancel", "cancel deploy api in staging")],
            menus: vec![Menu {
                label: "Roll back to".into(),
                options: vec![("v1".into(), "rollback api to v1".into())],
            }],
            footer: Some("for ada".into()),
        };
        let shown = "[running] api to staging\nRun 12 has begun.\nVersion: main (1234567)\n\
            Log: https://ci.example/12\n[Cancel] `cancel deploy api in staging`\n\
            Roll back to:\n  [v1] `rollback api to v1`\nfor ada";
        assert_eq!(card.shown(), shown);
    }

    #[test]
    fn states_are_found_by_the_name_they_are_shown_with() {
        for state in CardState::ALL {
            assert_eq!(CardState::named(state.as_str()), Some(state));
        }
        assert_eq!(CardState::named("purple"), None);
    }
}
