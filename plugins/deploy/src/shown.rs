//! How a deployment is shown: as a card that changes as the deployment moves.

use witbot_sdk::chat::{self, Card, Text};
use witbot_sdk::github::State;

use crate::names;

/// What stays the same about a deployment, whatever becomes of it.
pub struct Shown {
    /// The application.
    pub app: String,
    /// Where it is deployed.
    pub environment: String,
    /// The branch, tag or commit that was asked for.
    pub reference: String,
    /// The commit.
    pub sha: String,
    /// The id of who asked, and what they are called.
    pub requested_by: (Option<String>, String),
}

/// What is told of it at one moment.
#[derive(Default)]
pub struct News {
    /// In words.
    pub text: String,
    /// Addresses with their labels.
    pub links: Vec<(&'static str, String)>,
    /// Whether it can be canceled from here on.
    pub cancelable: bool,
}

impl Shown {
    /// What is being done, in one line.
    pub fn headline(&self) -> String {
        let version = names::version(&self.reference, &self.sha);
        let (app, environment, (_, name)) = (&self.app, &self.environment, &self.requested_by);
        format!("Deploying {app} {version} to {environment} for {name}")
    }

    /// The card.
    pub fn card(&self, state: chat::State, news: News) -> Card {
        let (app, environment) = (&self.app, &self.environment);
        let mut card = Card::new(format!("{app} to {environment}"))
            .state(state)
            .text(news.text)
            .field("Version", names::version(&self.reference, &self.sha))
            .field("For", self.person());
        for (label, url) in news.links {
            card = card.link(label, url);
        }
        if news.cancelable {
            card = card.button("Cancel", format!("cancel deploy {app} in {environment}"));
        }
        card
    }

    fn person(&self) -> Text {
        match &self.requested_by {
            (Some(id), _) => Text::new().user(id),
            (None, name) => Text::from(name),
        }
    }
}

/// How a status of GitHub looks. GitHub has no state for what was canceled: it is an error that says so.
pub fn state(state: &State, description: &str) -> chat::State {
    match state {
        State::Queued | State::Pending => chat::State::Waiting,
        State::Success => chat::State::Success,
        State::Failure => chat::State::Failure,
        State::Error if is_canceled(description) => chat::State::Canceled,
        State::Error => chat::State::Failure,
        State::Inactive => chat::State::Canceled,
        _ => chat::State::Running,
    }
}

/// Whether the description of an error says that somebody wanted it so.
pub fn is_canceled(description: &str) -> bool {
    description.starts_with("Canceled")
}

#[cfg(test)]
pub fn example() -> Shown {
    Shown {
        app: "api".to_owned(),
        environment: "staging".to_owned(),
        reference: "main".to_owned(),
        sha: "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d".to_owned(),
        requested_by: (Some("U1".to_owned()), "alice".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_can_be_canceled_while_that_is_possible() {
        let card = |cancelable| {
            let news = News {
                text: "In progress.".to_owned(),
                links: vec![("Log", "https://ci.example/12".to_owned())],
                cancelable,
            };
            example().card(chat::State::Running, news)
        };
        let expected = Card::new("api to staging")
            .state(chat::State::Running)
            .text("In progress.")
            .field("Version", "main (1a2b3c4)")
            .field("For", Text::new().user("U1"))
            .link("Log", "https://ci.example/12");
        assert_eq!(card(false), expected);
        let expected = expected.button("Cancel", "cancel deploy api in staging");
        assert_eq!(card(true), expected);
    }

    #[test]
    fn errors_that_were_wanted_look_canceled() {
        for (github, description, shown) in [
            (State::Queued, "", chat::State::Waiting),
            (State::InProgress, "", chat::State::Running),
            (State::Error, "Canceled by alice.", chat::State::Canceled),
            (State::Error, "CI could not run it", chat::State::Failure),
            (State::Other("paused".to_owned()), "", chat::State::Running),
        ] {
            assert_eq!(state(&github, description), shown, "{github} {description}");
        }
    }
}
