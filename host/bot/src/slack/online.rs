//! What Slack says of the tokens: `witbot check --online`. It asks over the same way that the bot takes, writes nothing
//! anywhere, and opens a socket only until Slack's hello.

mod ask;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use self::ask::{Ask, Said};
use super::connect::{Connector, connector};
use super::manifest::SCOPES;
use super::socket::{FetchUrl, NoSocket, SocketMode, dial};
use crate::secret::Secret;
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
            "mend that first",
        )],
    }
}

async fn check_over(
    connector: Connector,
    settings: &SlackSettings,
    access: &SlackAccess,
) -> Vec<Finding> {
    let ask = Ask::new(connector.clone(), settings.api_url.clone());
    let mut findings = bot_token(&ask, &access.bot_token).await;
    findings.push(match &access.ear {
        SlackEar::Socket { app_token } => socket(ask, connector, app_token).await,
        SlackEar::Http { .. } => Finding::Good(format!(
            "{SIGNING_SECRET} is not tried: only what Slack sends can prove it. Slack sends to `/hooks/slack/…`"
        )),
    });
    findings
}

async fn bot_token(ask: &Ask, token: &Secret) -> Vec<Finding> {
    let said = match ask.post("auth.test", token).await {
        Ok(said) => said,
        Err(why) => return vec![unreachable(&why)],
    };
    if let Some(code) = said.error() {
        return vec![refused(code)];
    }
    let text = |key| said.body.get(key).and_then(Value::as_str).unwrap_or("?");
    let known = format!(
        "{BOT_TOKEN} is good: the bot is @{} in the workspace {}",
        text("user"),
        text("team")
    );
    let mut findings = vec![Finding::Good(known)];
    findings.extend(scopes(&said));
    findings
}

/// What the token may do, beside what the bot has to do.
fn scopes(said: &Said) -> Vec<Finding> {
    let Some(scopes) = &said.scopes else {
        return vec![Finding::Good(
            "it did not say which scopes the token has, so they are not compared".to_owned(),
        )];
    };
    let has: BTreeSet<&str> = scopes.split(',').map(str::trim).collect();
    let lacking: Vec<Finding> = SCOPES
        .iter()
        .filter(|scope| !has.contains(scope.name))
        .map(|scope| {
            Finding::bad(
                format!(
                    "the scope `{}` is missing: the bot cannot {}",
                    scope.name, scope.purpose
                ),
                format!("add it at {APPS} under `OAuth & Permissions`, and install the app again"),
            )
        })
        .collect();
    if lacking.is_empty() {
        let number = SCOPES.len();
        return vec![Finding::Good(format!(
            "all {number} scopes that the bot needs are there"
        ))];
    }
    lacking
}

async fn socket(ask: Ask, connector: Connector, app_token: &Secret) -> Finding {
    let mode = SocketMode {
        sockets: 1,
        fetch_url: fetch_url(Arc::new(ask), app_token.clone()),
        dial: dial(connector),
        // What is not acknowledged, Slack sends again, to the bot.
        handle: Arc::new(|_| Box::pin(async { anyhow::bail!("this is only a check") })),
        connected: watch::Sender::new(0),
    };
    match mode.probe().await {
        Ok(()) => Finding::Good(format!(
            "{APP_TOKEN} is good: a socket was opened, and closed again"
        )),
        Err(why @ (NoSocket::Refused(_) | NoSocket::SwitchedOff)) => {
            Finding::bad(format!("there is no socket: {why}"), "then run this again")
        }
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

fn fetch_url(ask: Arc<Ask>, token: Secret) -> FetchUrl {
    Arc::new(move || {
        let (ask, token) = (ask.clone(), token.clone());
        Box::pin(async move {
            let said = ask
                .post("apps.connections.open", &token)
                .await
                .map_err(NoSocket::failed)?;
            match (said.error(), said.body.get("url").and_then(Value::as_str)) {
                (Some(code), _) => Err(NoSocket::of_code(code, None)),
                (None, Some(url)) => Ok(url.to_owned()),
                (None, None) => Err(NoSocket::failed("Slack gave no address of a socket")),
            }
        })
    })
}

fn unreachable(why: &str) -> Finding {
    Finding::bad(
        format!("it cannot be asked: {why}"),
        "the bot has to reach https://slack.com, directly or through the proxy that HTTPS_PROXY names",
    )
}

fn refused(code: &str) -> Finding {
    let why = match code {
        "invalid_auth" | "not_authed" => "Slack does not know it",
        "token_revoked" | "token_expired" => "it is no longer valid",
        "account_inactive" => "the app is not installed any more, or its workspace is gone",
        "not_allowed_token_type" => "it is a token of another kind",
        _ => "Slack refuses it",
    };
    Finding::bad(
        format!("{BOT_TOKEN} is of no use: {why} (`{code}`)"),
        format!(
            "install the app at {APPS} and copy the `Bot User OAuth Token` of `OAuth & Permissions` again"
        ),
    )
}
