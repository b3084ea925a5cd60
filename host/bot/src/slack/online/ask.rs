//! One question to Slack's Web API, with the scopes that it names in the head of its answer.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;
use witbot_core::limits;

use crate::secret::Secret;
use crate::slack::connect::Connector;

/// Asks Slack.
pub(super) struct Ask {
    client: Client<Connector, Empty<&'static [u8]>>,
    api_url: String,
}

/// What Slack said.
pub(super) struct Said {
    /// The answer itself.
    pub body: Value,
    /// What the token may do, with commas between.
    pub scopes: Option<String>,
}

impl Said {
    /// Slack's word for what is wrong.
    pub fn error(&self) -> Option<&str> {
        let ok = self.body.get("ok").and_then(Value::as_bool) == Some(true);
        let code = self.body.get("error").and_then(Value::as_str);
        (!ok).then(|| code.unwrap_or("no reason"))
    }
}

impl Ask {
    pub fn new(connector: Connector, api_url: String) -> Ask {
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ask { client, api_url }
    }

    /// Calls a method that has no arguments, or says why there is no answer.
    pub async fn post(&self, method: &str, token: &Secret) -> Result<Said, String> {
        let seconds = limits::SLACK_CHECK_TIME_MAX.as_secs();
        match timeout(limits::SLACK_CHECK_TIME_MAX, self.answer(method, token)).await {
            Ok(answer) => answer.map_err(|error| format!("{method}: {error:#}")),
            Err(_) => Err(format!("{method}: there was no answer within {seconds} s")),
        }
    }

    async fn answer(&self, method: &str, token: &Secret) -> anyhow::Result<Said> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()))?;
        bearer.set_sensitive(true);
        let request = Request::post(format!("{}/{method}", self.api_url))
            .header(AUTHORIZATION, bearer)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Empty::new())?;
        let (head, body) = self.client.request(request).await?.into_parts();
        anyhow::ensure!(
            head.status.is_success(),
            "the answer is HTTP {}",
            head.status
        );
        let body = Limited::new(body, limits::SLACK_CHECK_BYTES_MAX)
            .collect()
            .await;
        let body = body.map_err(anyhow::Error::from_boxed)?.to_bytes();
        let scopes = head.headers.get("x-oauth-scopes");
        Ok(Said {
            body: serde_json::from_slice(&body)?,
            scopes: scopes.and_then(|scopes| Some(scopes.to_str().ok()?.to_owned())),
        })
    }
}
