//! Who wants something.

use serde::{Deserialize, Serialize};
use witbot_sdk::Event;
use witbot_sdk::chat::Text;

use crate::settings::Settings;

/// Somebody, in the chat and at GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// In the chat; none when nobody there wanted it.
    pub id: Option<String>,
    /// What they are called, for showing.
    pub name: String,
    /// At GitHub, when they have shown it, or else the settings say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub github: Option<String>,
}

impl Person {
    /// Who caused an event.
    pub fn of(event: &Event, settings: &Settings) -> Person {
        let id = event.user();
        // It is told to those who look at the deployment: nothing is decided by it, so it may be missing.
        let shown = event.user_github_login().unwrap_or_default();
        let github = shown.or_else(|| settings.people.get(id.as_ref()?).cloned());
        Person {
            name: event.user_name(),
            id,
            github,
        }
    }

    /// Nobody: the bot itself.
    pub fn bot() -> Person {
        Person {
            id: None,
            name: "auto-deploy".to_owned(),
            github: None,
        }
    }

    /// As a card shows them: with a mention where there is somebody to be mentioned.
    pub fn shown(&self) -> Text {
        let text = match &self.id {
            Some(id) => Text::new().user(id),
            None => Text::from(&self.name),
        };
        match &self.github {
            Some(login) => text.plain(format!(" ({login} at GitHub)")),
            None => text,
        }
    }

    /// Whether it is the same person: by id, since names change.
    pub fn is(&self, other: &Person) -> bool {
        self.id.is_some() && self.id == other.id
    }
}
