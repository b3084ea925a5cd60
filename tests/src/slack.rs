//! Slack as the whole-bot tests find it: a workspace, one person, one channel, and a bot that is to live there.

pub mod signed;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::bot::Bot;
use crate::fakes::Slack;
use crate::fakes::slack::{APP_TOKEN, BOT_TOKEN, Message, SIGNING_SECRET};
use crate::home::Home;
use crate::manifest;

/// A pace that no test waits for, as a setting.
pub const FAST: &str = "slack.channel_rate = { per_second = 1000.0, burst = 1000 }\n";

/// What the guest `speaks` asks for.
pub const GRANTS: &str = r#"
[plugins.speaks.grants]
chat = [{ channel = "deploys" }, { channel = "ops" }, { direct = true }]
"#;

/// How a bot hears what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Over sockets that it opens.
    Socket,
    /// By requests that Slack sends.
    Http,
}

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

impl Mode {
    /// Both, one after the other.
    pub const BOTH: [Mode; 2] = [Mode::Socket, Mode::Http];
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Socket => "socket",
            Mode::Http => "http",
        })
    }
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

    /// The home with all that a bot needs to live here, and more settings, which begin with those of no table. The bot
    /// has the scopes of the manifest, and no others.
    pub async fn home(&self, home: Home, mode: Mode, more: &str) -> Home {
        let url = self.slack.api_url();
        let settings = format!("slack.mode = \"{mode}\"\nslack.api_url = \"{url}\"\n{more}");
        let home = self.known_to(home).with_settings(&settings);
        let scopes = scopes(&home).await;
        self.slack.behave(|slack| slack.scopes = scopes);
        home
    }

    /// A workspace with a bot that says everything that it is told to say, as quickly as it can.
    pub async fn with_bot(mode: Mode) -> (Arc<Workspace>, Bot) {
        Workspace::with_bot_of(mode, &format!("{FAST}{GRANTS}")).await
    }

    /// The same with these settings, which begin with those of no table.
    pub async fn with_bot_of(mode: Mode, settings: &str) -> (Arc<Workspace>, Bot) {
        let workspace = Arc::new(Workspace::start().await);
        let bot = workspace.bot(mode, settings).await;
        (workspace, bot)
    }

    /// A bot that says everything that it is told to say, with these settings, which begin with those of no table.
    pub async fn bot(self: &Arc<Workspace>, mode: Mode, settings: &str) -> Bot {
        let home = Home::new().with_guest("speaks").with_plugin("hello");
        let home = self.home(home, mode, settings).await;
        Bot::start_in(home, self, mode).await
    }

    /// `anna` says something in `deploys`. Its name comes back.
    pub fn say(&self, text: &str) -> String {
        self.slack.say(&self.anna, &self.deploys, None, text)
    }

    /// `anna` mentions the bot in `deploys`, and the bot answers there: that is its next post.
    pub async fn ask(&self, text: &str) -> Message {
        let before = self.slack.post_count(&self.deploys);
        self.say(&format!("<@U000WITBOT> {text}"));
        self.answer(before).await
    }

    /// The post of the bot in `deploys` that comes after so many others.
    pub async fn answer(&self, before: usize) -> Message {
        let posts = self.slack.posts_of(&self.deploys, before + 1).await;
        posts[before].clone()
    }

    /// Waits until a post in `deploys` is as it should be.
    pub async fn becomes(&self, ts: &str, look: impl Fn(&Message) -> bool) -> Message {
        let found = |slack: &Slack| slack.message(&self.deploys, ts).filter(&look);
        self.slack.until(found).await
    }

    /// What the bot said in `deploys`, first to last.
    pub fn said(&self) -> Vec<String> {
        let posts = self.slack.posts(&self.deploys);
        posts.iter().map(|post| post.text().to_owned()).collect()
    }

    /// Waits until the bot has all that was sent to it, stops it, and gives back what it said in `deploys`: there comes
    /// nothing more.
    pub async fn said_at_the_end(&self, bot: &mut Bot) -> Vec<String> {
        self.slack.settled().await;
        bot.stop().await;
        self.said()
    }
}

/// The scopes that the bot's own manifest asks for.
async fn scopes(home: &Home) -> Vec<String> {
    let manifest = [
        "slack",
        "manifest",
        "--mode",
        "http",
        "--url",
        "https://bot.example.com",
    ];
    let manifest = manifest::read(&home.witbot(&manifest).await.ok());
    let scopes = manifest["oauth_config"]["scopes"]["bot"].as_array();
    let scopes = scopes.expect("a manifest has scopes").iter();
    scopes
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
