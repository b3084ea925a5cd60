//! Slack as the whole-bot tests find it: a workspace, one person, one channel, and a bot that is to live there.

use crate::fakes::Slack;
use crate::fakes::slack::{APP_TOKEN, BOT_TOKEN, SIGNING_SECRET};
use crate::home::Home;

/// The workspace.
#[derive(Debug)]
pub struct Workspace {
    /// The stand-in.
    pub slack: Slack,
    /// The id of a member, called `anna`.
    pub anna: String,
    /// The id of the public channel `deploys`, which the bot is in.
    pub deploys: String,
}

impl Workspace {
    /// Starts it.
    pub async fn start() -> Workspace {
        let slack = Slack::start().await.expect("there is a free port");
        let anna = slack.add_user("anna");
        let deploys = slack.add_channel("deploys");
        Workspace {
            slack,
            anna,
            deploys,
        }
    }

    /// The settings of a bot that finds it, with the mode `socket` or `http`, and these settings of `[slack]` more.
    pub fn settings(&self, mode: &str, more: &str) -> String {
        let url = self.slack.api_url();
        format!("[slack]\nmode = \"{mode}\"\napi_url = \"{url}\"\n{more}\n")
    }

    /// The home with the secrets that both modes ask for.
    pub fn known_to(&self, home: Home) -> Home {
        home.with_secret("SLACK_BOT_TOKEN", BOT_TOKEN)
            .with_secret("SLACK_APP_TOKEN", APP_TOKEN)
            .with_secret("SLACK_SIGNING_SECRET", SIGNING_SECRET)
    }

    /// `anna` says something in `deploys`. Its name comes back.
    pub fn say(&self, text: &str) -> String {
        self.slack.say(&self.anna, &self.deploys, None, text)
    }
}
