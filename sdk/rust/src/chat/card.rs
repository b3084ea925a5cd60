//! Something that is told in a frame of its own.

use super::text::Text;
use crate::bindings::witbot::chat::content;

/// Something that is told in a frame of its own, with its details and what can be done about it. Everything but the title
/// can be left out. Where a chat has no such thing, all of it is shown as text.
///
/// ```
/// use witbot_sdk::chat::{Card, State, Text};
///
/// let card = Card::new("Deploying api to staging")
///     .state(State::Running)
///     .field("Version", "main (1a2b3c4)")
///     .field("For", Text::new().user("U024BE7LH"))
///     .link("Log", "https://ci.example/12")
///     .button("Cancel", "cancel deploy api in staging");
/// ```
///
/// It can have 20 fields, 10 links, 10 buttons and 3 menus, and no more than 16 KiB in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    title: String,
    state: Option<State>,
    text: Option<Text>,
    fields: Vec<(String, Text)>,
    links: Vec<(String, String)>,
    buttons: Vec<(String, String, Style)>,
    menus: Vec<(String, Vec<(String, String)>)>,
    footer: Option<Text>,
}

impl Card {
    /// A card with nothing but a title, in one line of 1 to 150 characters.
    pub fn new(title: impl Into<String>) -> Card {
        Card {
            title: title.into(),
            state: None,
            text: None,
            fields: Vec::new(),
            links: Vec::new(),
            buttons: Vec::new(),
            menus: Vec::new(),
            footer: None,
        }
    }

    /// How that stands, shown as a colour or a sign.
    pub fn state(mut self, state: State) -> Card {
        self.state = Some(state);
        self
    }

    /// More about it.
    pub fn text(mut self, text: impl Into<Text>) -> Card {
        self.text = Some(text.into());
        self
    }

    /// Adds a detail under a name of 1 to 100 characters; its value has 1 to 1,000.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Text>) -> Card {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Adds an address, `http` or `https`, under a label of 1 to 75 characters.
    pub fn link(mut self, label: impl Into<String>, url: impl Into<String>) -> Card {
        self.links.push((label.into(), url.into()));
        self
    }

    /// Adds a button, with a label of 1 to 75 characters. Pressing it is as if whoever presses it had typed the command, of
    /// 1 to 500 characters, to the bot; it must be a command of this plugin.
    pub fn button(self, label: impl Into<String>, command: impl Into<String>) -> Card {
        self.styled_button(label, command, Style::Default)
    }

    /// Adds a button that looks in some way.
    pub fn styled_button(
        mut self,
        label: impl Into<String>,
        command: impl Into<String>,
        style: Style,
    ) -> Card {
        self.buttons.push((label.into(), command.into(), style));
        self
    }

    /// Adds commands to choose one from, under a label: each with what is shown, of 1 to 75 characters, and the command, of
    /// 1 to 150. Choosing one is as if it had been typed. Up to 100.
    ///
    /// ```
    /// use witbot_sdk::chat::Card;
    ///
    /// let versions = ["v1.2", "v1.1"];
    /// let card = Card::new("api in production").menu(
    ///     "Roll back to",
    ///     versions.map(|version| (version, format!("deploy api/{version} to production"))),
    /// );
    /// ```
    pub fn menu<L: Into<String>, C: Into<String>>(
        mut self,
        label: impl Into<String>,
        commands: impl IntoIterator<Item = (L, C)>,
    ) -> Card {
        let commands = commands
            .into_iter()
            .map(|(label, command)| (label.into(), command.into()));
        self.menus.push((label.into(), commands.collect()));
        self
    }

    /// Small print.
    pub fn footer(mut self, text: impl Into<Text>) -> Card {
        self.footer = Some(text.into());
        self
    }

    pub(crate) fn raw(&self) -> content::Card {
        let raw = content::Card::new(&self.title);
        if let Some(state) = self.state {
            raw.state(state.as_str());
        }
        if let Some(text) = &self.text {
            raw.text(&text.raw());
        }
        for (name, value) in &self.fields {
            raw.field(name, &value.raw());
        }
        for (label, url) in &self.links {
            raw.link(label, url);
        }
        for (label, command, style) in &self.buttons {
            raw.button(label, command, style.as_str());
        }
        for (label, commands) in &self.menus {
            raw.menu(label, commands);
        }
        if let Some(text) = &self.footer {
            raw.footer(&text.raw());
        }
        raw
    }
}

/// How the thing stands that a card is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
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

impl State {
    /// As the contract spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Running => "running",
            State::Success => "success",
            State::Warning => "warning",
            State::Failure => "failure",
            State::Canceled => "canceled",
        }
    }
}

/// How a button looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
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
    /// As the contract spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Style::Default => "default",
            Style::Primary => "primary",
            Style::Danger => "danger",
        }
    }
}
