//! What Slack says of the tokens: `witbot check --online`. It asks over the same way that the bot takes, writes nothing
//! anywhere, and opens a socket only until Slack's hello.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::api::{Account, Api, Failure};
use super::connect::{Connector, connector};
use super::manifest::SCOPES;
use super::socket::{FetchUrl, NoSocket, SocketMode, dial};
use crate::metrics::Metrics;
use crate::settings::secrets::slack::{
    APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackAccess, SlackEar,
};
use crate::settings::slack::SlackSettings;

/// One thing that was found out.
#[derive(Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is as it has to be, or Slack cannot be asked.
    Good(String),
    /// It is not.
    Bad {
        /// What is missing.
        what: String,
        /// What to do about it.
        help: String,
    },
}

/// Where most of it is mended.
const APPS: &str = "https://api.slack.com/apps";

impl Finding {
    /// Whether there is nothing to be done.
    pub fn is_good(&self) -> bool {
        matches!(self, Finding::Good(_))
    }

    fn bad(what: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding::Bad {
            what: what.into(),
            help: help.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Good(what) => write!(f, "Slack: {what}"),
            Finding::Bad { what, help } => write!(f, "Slack: {what}\n  help: {help}"),
        }
    }
}

/// Asks Slack, and says what it says.
pub async fn check(settings: &SlackSettings, access: &SlackAccess) -> Vec<Finding> {
    match connector() {
        Ok(connector) => check_over(connector, settings, access).await,
        Err(error) => vec![Finding::bad(
            format!("it cannot be asked: {error:#}"),
            "mend that, and run this again",
        )],
    }
}

async fn check_over(
    connector: Connector,
    settings: &SlackSettings,
    access: &SlackAccess,
) -> Vec<Finding> {
    let api = |token| Api::new(connector.clone(), &settings.api_url, token, &Metrics::new());
    let mut findings = match api(&access.bot_token).account().await {
        Ok(account) => known(&account),
        Err(failure) => vec![no_account(&failure)],
    };
    findings.push(match &access.ear {
        SlackEar::Socket { app_token } => socket(api(app_token), connector.clone()).await,
        SlackEar::Http { .. } => Finding::Good(format!(
            "{SIGNING_SECRET} is not tried: only what Slack sends to `/hooks/slack/…` can prove it"
        )),
    });
    findings
}

/// Whom the bot token belongs to, and what it may do beside what the bot has to do.
fn known(account: &Account) -> Vec<Finding> {
    let who = format!(
        "{BOT_TOKEN} is good: the bot is @{} at {}",
        account.name, account.url
    );
    let lacking: Vec<String> = SCOPES
        .iter()
        .filter(|scope| !account.may(scope.name))
        .map(|scope| format!("\n  - {scope}"))
        .collect();
    let scopes = match (&account.scopes, lacking.len()) {
        (None, _) => Finding::Good(
            "it did not say which scopes the token has, so they are not compared".to_owned(),
        ),
        (Some(_), 0) => Finding::Good("all scopes that the bot needs are there".to_owned()),
        (Some(_), number) => Finding::bad(
            format!(
                "the bot token lacks {number} of the scopes that the bot needs:{}",
                lacking.concat()
            ),
            format!("add them at {APPS} under `OAuth & Permissions`, and install the app again"),
        ),
    };
    vec![Finding::Good(who), scopes]
}

fn no_account(failure: &Failure) -> Finding {
    match failure {
        Failure::Refused(refusal) => Finding::bad(
            format!("{BOT_TOKEN} is of no use: {refusal}"),
            format!(
                "install the app at {APPS} and copy the `Bot User OAuth Token` of `OAuth & Permissions` again"
            ),
        ),
        Failure::RateLimited { .. }
        | Failure::Unreached(_)
        | Failure::NotTaken(_)
        | Failure::Unknown(_) => Finding::bad(
            format!("{BOT_TOKEN} cannot be tried: {failure}"),
            "the bot has to reach Slack, directly or through the proxy that HTTPS_PROXY names",
        ),
    }
}

async fn socket(api: Api, connector: Connector) -> Finding {
    let api = Arc::new(api);
    let fetch_url: FetchUrl = Arc::new(move || {
        let api = api.clone();
        Box::pin(async move { api.open_socket_url().await })
    });
    let mode = SocketMode {
        sockets: 1,
        fetch_url,
        dial: dial(connector),
        // What is not acknowledged, Slack sends again, to the bot.
        handle: Arc::new(|_| Box::pin(async { anyhow::bail!("this is only a check") })),
        connected: watch::Sender::new(0),
    };
    match mode.probe().await {
        Ok(()) => Finding::Good(format!(
            "{APP_TOKEN} is good: a socket was opened, and closed again"
        )),
        Err(why @ (NoSocket::Refused(_) | NoSocket::SwitchedOff)) => Finding::bad(
            format!("there is no socket: {why}"),
            "mend that, and run this again",
        ),
        Err(why @ NoSocket::TooMany) => Finding::bad(
            format!("there is no socket: {why}"),
            "stop one of them, or set `slack.connections` to less",
        ),
        Err(why @ NoSocket::Failed { .. }) => Finding::bad(
            format!("there is no socket: {why}"),
            "if a proxy is in between, it has to let WebSockets to `wss-primary.slack.com` and `wss-backup.slack.com` through",
        ),
    }
}
