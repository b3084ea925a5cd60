//! Who the bot is to Slack, and what it may do: `auth.test`.

use std::collections::BTreeSet;

use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use serde_json::Value;
use tokio::time::timeout;
use witbot_core::limits;

use super::{Api, Failure, failure, pause};
use crate::slack::events::Identity;

/// What Slack says of the one that a token belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The ids.
    pub identity: Identity,
    /// What people write after an `@`.
    pub name: String,
    /// Where the workspace is, for people.
    pub url: String,
    /// What it may do. None: Slack does not say.
    pub scopes: Option<BTreeSet<String>>,
}

impl Account {
    /// Whether it may do something; perhaps, if Slack does not say.
    pub fn may(&self, scope: &str) -> bool {
        self.scopes
            .as_ref()
            .is_none_or(|scopes| scopes.contains(scope))
    }

    fn of(answer: &Value, headers: &HeaderMap) -> Result<Account, Failure> {
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let needed = |name| {
            text(name).ok_or_else(|| {
                Failure::Unknown(format!("Slack's answer to auth.test has no `{name}`"))
            })
        };
        let scopes = headers
            .get("x-oauth-scopes")
            .and_then(|scopes| scopes.to_str().ok());
        let (team, enterprise) = (needed("team_id")?, text("enterprise_id"));
        Ok(Account {
            identity: Identity {
                organisation_wide: answer["is_enterprise_install"] == true
                    || enterprise.as_ref() == Some(&team),
                team,
                enterprise,
                user: needed("user_id")?,
                bot: text("bot_id"),
            },
            name: needed("user")?,
            url: text("url").unwrap_or_default(),
            scopes: scopes.map(|scopes| {
                let scopes = scopes.split(',').map(str::trim);
                scopes
                    .filter(|scope| !scope.is_empty())
                    .map(str::to_owned)
                    .collect()
            }),
        })
    }
}

impl Api {
    /// Asks whom the token belongs to.
    pub async fn account(&self) -> Result<Account, Failure> {
        let asked = timeout(limits::SLACK_CALL_TIME_MAX, self.ask_account()).await;
        asked.unwrap_or_else(|_| Err(Failure::too_late("auth.test")))
    }

    async fn ask_account(&self) -> Result<Account, Failure> {
        let request = Request::post(format!("{}/auth.test", self.url))
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", self.token.token_value.0),
            )
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Empty::new())
            .map_err(|error| Failure::Unreached(error.to_string()))?;
        let answer = self.plain.request(request).await;
        let (head, body) = answer
            .map_err(|error| Failure::of_connection(&error))?
            .into_parts();
        if head.status == http::StatusCode::TOO_MANY_REQUESTS {
            let seconds = head.headers.get(header::RETRY_AFTER);
            let seconds = seconds.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
            let after = pause(seconds.map(std::time::Duration::from_secs));
            return Err(Failure::RateLimited { after });
        }
        if !head.status.is_success() {
            return Err(Failure::of_status(head.status.as_u16()));
        }
        let body = Limited::new(body, limits::SLACK_ANSWER_BYTES_MAX)
            .collect()
            .await;
        let body = body
            .map_err(|error| Failure::Unknown(error.to_string()))?
            .to_bytes();
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if let Some(code) = answer["error"].as_str() {
            return Err(Failure::of_code(code, str::from_utf8(&body).ok()));
        }
        Account::of(&failure::said_ok(answer)?, &head.headers)
    }
}
