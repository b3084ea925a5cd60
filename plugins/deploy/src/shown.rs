//! How a deployment is shown: as a card that changes as the deployment moves.

use witbot_sdk::chat::{self, Card, Style, Text};
use witbot_sdk::github::State;

use crate::changes::Changes;
use crate::names;
use crate::person::Person;
use crate::words::joined;

/// What a button can carry.
const COMMAND_CHARS_MAX: usize = 500;

/// What a card's heading has room for.
const TITLE_CHARS_MAX: usize = 150;

/// What stays the same about a deployment, whatever becomes of it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The application.
    pub app: String,
    /// Where it is deployed.
    pub environment: String,
    /// What is done, where that is not the usual, and on which machines.
    pub task: Option<String>,
    /// On which machines.
    pub hosts: Option<String>,
    /// The branch, tag or commit that was asked for.
    pub reference: String,
    /// The commit.
    pub sha: String,
    /// What it is about, with its author.
    pub commit: String,
    /// Who asked.
    pub by: Person,
    /// The checks that said no, and who went on although they did.
    pub forced: Option<(Vec<String>, String)>,
    /// What is new since the last one there.
    pub changes: Option<Changes>,
    /// The command that does the same again, where that is not `deploy` of the reference: going back, or on, is about a commit.
    pub again: Option<String>,
}

/// What is told of it at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// In words.
    pub text: String,
    /// Addresses with their labels.
    pub links: Vec<(String, String)>,
    /// What can be done: labels and commands.
    pub buttons: Vec<(String, String)>,
}

impl News {
    /// Words alone.
    pub fn text(text: impl Into<String>) -> News {
        News {
            text: text.into(),
            ..News::default()
        }
    }

    /// Adds something that can be done. A command that is longer than a button can carry has to be typed.
    pub fn button(mut self, label: impl Into<String>, command: impl Into<String>) -> News {
        let command = command.into();
        if command.chars().count() <= COMMAND_CHARS_MAX {
            self.buttons.push((label.into(), command));
        }
        self
    }

    /// Adds an address, unless it is none: whoever writes statuses and checks can write anything there.
    pub fn link(mut self, label: impl Into<String>, url: Option<String>) -> News {
        if let Some(url) = url.filter(|url| is_address(url)) {
            self.links.push((label.into(), url));
        }
        self
    }
}

impl Shown {
    /// What is being done, in one line.
    pub fn headline(&self) -> String {
        let (app, environment, name) = (&self.app, &self.environment, &self.by.name);
        let version = names::version(&self.reference, &self.sha);
        match &self.task {
            None => format!("Deploying {app} {version} to {environment} for {name}"),
            Some(task) => format!("Running {task} of {app} {version} in {environment} for {name}"),
        }
    }

    /// What it is about, in a few words.
    pub fn title(&self) -> String {
        let (app, environment) = (&self.app, &self.environment);
        match &self.task {
            None => format!("{app} to {environment}"),
            Some(task) => format!("{task} of {app} in {environment}"),
        }
    }

    /// The version that is deployed.
    pub fn version(&self) -> String {
        names::version(&self.reference, &self.sha)
    }

    /// The command that does the same again.
    pub fn again(&self) -> String {
        if let Some(again) = &self.again {
            return again.clone();
        }
        let task = self
            .task
            .as_ref()
            .map_or(String::new(), |task| format!(":{}", names::typed(task)));
        let hosts = self
            .hosts
            .as_ref()
            .map_or(String::new(), |hosts| format!("/{}", names::typed(hosts)));
        format!(
            "deploy{task} {}/{} to {}{hosts}",
            self.app, self.reference, self.environment
        )
    }

    /// The card, with the steps so far.
    pub fn card(&self, state: chat::State, news: &News, steps: &str) -> Card {
        let mut card = Card::new(names::cut(&self.title(), TITLE_CHARS_MAX))
            .state(state)
            .text(&news.text)
            .field("Version", self.version())
            .field("For", self.by.shown())
            .field("Commit", Text::from(&self.commit));
        if let Some(hosts) = &self.hosts {
            card = card.field("Hosts", hosts);
        }
        if let Some((checks, by)) = &self.forced {
            card = card.field("Forced", format!("{}, by {by}", joined(checks)));
        }
        if let Some(changes) = &self.changes {
            card = card.field("Changes", &changes.text);
        }
        for (label, url) in &news.links {
            card = card.link(names::cut(label, 75), url);
        }
        if let Some(changes) = &self.changes {
            card = card.link("Compare", &changes.url);
        }
        for (label, command) in &news.buttons {
            card = card.styled_button(label, command, Style::Default);
        }
        card.footer(steps)
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

fn is_address(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url.chars().count() <= 2_000
        && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
pub fn example() -> Shown {
    Shown {
        app: "api".to_owned(),
        environment: "staging".to_owned(),
        task: None,
        hosts: None,
        reference: "main".to_owned(),
        sha: "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d".to_owned(),
        commit: "Fix the login, by octo-ada".to_owned(),
        by: Person {
            id: Some("U1".to_owned()),
            name: "ada".to_owned(),
            github: None,
        },
        forced: None,
        changes: None,
        again: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_has_what_there_is_to_tell() {
        let news = News::text("In progress.")
            .link("Log", Some("https://ci.example/12".to_owned()))
            .link("See", Some("javascript:alert(1)".to_owned()))
            .link("None", None)
            .button("Cancel", "cancel deploy api in staging number 7");
        let mut shown = example();
        let start = Card::new("api to staging")
            .state(chat::State::Running)
            .text("In progress.")
            .field("Version", "main (1a2b3c4)")
            .field("For", Text::new().user("U1"))
            .field("Commit", "Fix the login, by octo-ada");
        let end = |card: Card| {
            card.button("Cancel", "cancel deploy api in staging number 7")
                .footer("checks")
        };
        let card = |shown: &Shown| shown.card(chat::State::Running, &news, "checks");
        let log = "https://ci.example/12";
        assert_eq!(card(&shown), end(start.clone().link("Log", log)));
        shown.forced = Some((
            vec!["lock".to_owned(), "contexts".to_owned()],
            "ada".to_owned(),
        ));
        let url = "https://github.example/compare";
        shown.changes = Some(Changes {
            text: "1 commit".to_owned(),
            url: url.to_owned(),
        });
        let more = start
            .field("Forced", "lock and contexts, by ada")
            .field("Changes", "1 commit")
            .link("Log", log)
            .link("Compare", url);
        assert_eq!(card(&shown), end(more));
    }

    #[test]
    fn other_tasks_are_told_apart() {
        let mut shown = example();
        assert_eq!(
            shown.headline(),
            "Deploying api main (1a2b3c4) to staging for ada"
        );
        assert_eq!(shown.again(), "deploy api/main to staging");
        shown.task = Some("migrate".to_owned());
        shown.hosts = Some("db1".to_owned());
        assert_eq!(shown.title(), "migrate of api in staging");
        assert_eq!(
            shown.headline(),
            "Running migrate of api main (1a2b3c4) in staging for ada"
        );
        assert_eq!(shown.again(), "deploy:migrate api/main to staging/db1");
        // The branch may hold what was just taken back.
        shown.again = Some("rollback api in staging to 1a2b3c4".to_owned());
        assert_eq!(shown.again(), "rollback api in staging to 1a2b3c4");
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
