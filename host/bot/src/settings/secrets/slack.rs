//! The secrets of Slack: three texts that are easily taken for each other, two of which are needed at a time.

use std::ffi::OsString;

use crate::secret::Secret;
use crate::settings::problem::{Problem, Problems, SettingsError};
use crate::settings::slack::SlackMode;

use super::Reader;

/// Where the bot's own token stands.
pub const BOT_TOKEN: &str = "SLACK_BOT_TOKEN";
/// Where the token for sockets stands.
pub const APP_TOKEN: &str = "SLACK_APP_TOKEN";
/// Where that stands which Slack signs its requests with.
pub const SIGNING_SECRET: &str = "SLACK_SIGNING_SECRET";

/// What is known of Slack's secrets; which of them are needed depends on the mode.
#[derive(Debug, Clone)]
pub struct SlackSecrets {
    /// As whom the bot speaks.
    pub bot_token: Secret,
    /// What it opens sockets with.
    pub app_token: Option<Secret>,
    /// What Slack signs its requests with. Any of these: there are two while one replaces the other.
    pub signing_secrets: Vec<Secret>,
}

/// All that the bot needs to talk at Slack.
#[derive(Debug, Clone)]
pub struct SlackAccess {
    /// As whom the bot speaks.
    pub bot_token: Secret,
    /// How it hears.
    pub ear: SlackEar,
}

/// What the bot needs to hear what happens at Slack.
#[derive(Debug, Clone)]
pub enum SlackEar {
    /// Over sockets.
    Socket {
        /// What they are opened with.
        app_token: Secret,
    },
    /// With requests.
    Http {
        /// What they are signed with: any of these, of which there is at least one.
        signing_secrets: Vec<Secret>,
    },
}

impl SlackAccess {
    /// What is needed in a mode, or which variables are missing and where Slack shows their values.
    pub fn new(
        secrets: Option<&SlackSecrets>,
        mode: SlackMode,
    ) -> Result<SlackAccess, SettingsError> {
        let bot_token = secrets.map(|secrets| secrets.bot_token.clone());
        let ear = secrets.and_then(|secrets| secrets.ear(mode));
        let mut problems = Problems::default();
        if bot_token.is_none() {
            problems.add(missing(BOT_TOKEN, "witbot speaks to Slack with it"));
        }
        if ear.is_none() {
            problems.add(match mode {
                SlackMode::Socket => missing(APP_TOKEN, "`slack.mode` is `socket`"),
                SlackMode::Http => missing(SIGNING_SECRET, "`slack.mode` is `http`"),
            });
        }
        match (bot_token, ear) {
            (Some(bot_token), Some(ear)) => Ok(SlackAccess { bot_token, ear }),
            _ => Err(problems.in_environment()),
        }
    }
}

impl SlackSecrets {
    fn ear(&self, mode: SlackMode) -> Option<SlackEar> {
        match mode {
            SlackMode::Socket => Some(SlackEar::Socket {
                app_token: self.app_token.clone()?,
            }),
            SlackMode::Http => (!self.signing_secrets.is_empty()).then(|| SlackEar::Http {
                signing_secrets: self.signing_secrets.clone(),
            }),
        }
    }
}

impl<F: Fn(&str) -> Option<OsString>> Reader<F> {
    pub(super) fn slack(&mut self) -> Option<SlackSecrets> {
        let bot_token = self.slack_token(BOT_TOKEN, "xoxb-");
        let app_token = self.slack_token(APP_TOKEN, "xapp-");
        let signing_secrets = self.several(SIGNING_SECRET);
        for secret in &signing_secrets {
            if let Some(is) = kind(secret.expose()) {
                self.wrong::<()>(
                    &format!("`{SIGNING_SECRET}` is {is}"),
                    &find(SIGNING_SECRET),
                );
            }
        }
        if !self.is_given(BOT_TOKEN) {
            for other in [APP_TOKEN, SIGNING_SECRET] {
                if self.is_given(other) {
                    self.wrong::<()>(
                        &format!("`{other}` is set, and `{BOT_TOKEN}` is not"),
                        &find(BOT_TOKEN),
                    );
                }
            }
        }
        Some(SlackSecrets {
            bot_token: bot_token?,
            app_token,
            signing_secrets,
        })
    }

    fn slack_token(&mut self, name: &str, prefix: &str) -> Option<Secret> {
        let token = self.word(name)?;
        if token.expose().starts_with(prefix) {
            return Some(token);
        }
        let is = kind(token.expose()).unwrap_or("no token of Slack");
        self.wrong(
            &format!("`{name}` is {is}, and not one that begins with `{prefix}`"),
            &find(name),
        )
    }
}

/// What a secret is by its first letters, which are no secret.
fn kind(secret: &str) -> Option<&'static str> {
    const KINDS: [(&str, &str); 5] = [
        ("xoxb-", "a bot token (`xoxb-`)"),
        ("xapp-", "an app-level token (`xapp-`)"),
        ("xoxp-", "the token of a person (`xoxp-`)"),
        (
            "xoxe",
            "a token that expires (`xoxe`), because token rotation is switched on for the app",
        ),
        ("xox", "a token of another kind"),
    ];
    let kind = KINDS.iter().find(|(prefix, _)| secret.starts_with(prefix));
    kind.map(|(_, kind)| *kind)
}

fn missing(name: &str, why: &str) -> Problem {
    Problem::plain(format!("`{name}` is not set, and {why}")).help(find(name))
}

/// Where Slack shows a secret.
fn find(name: &str) -> String {
    let place = match name {
        BOT_TOKEN => {
            "under `OAuth & Permissions` as `Bot User OAuth Token`, when the app is installed; it begins with `xoxb-`"
        }
        APP_TOKEN => {
            "under `Basic Information`, `App-Level Tokens`: make one with the scope `connections:write`; it begins with `xapp-`"
        }
        _ => "under `Basic Information`, `App Credentials` as `Signing Secret`",
    };
    format!("Slack shows it at https://api.slack.com/apps in your app, {place}")
}
