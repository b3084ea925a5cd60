//! Slack's Web API: one call at a time, each bounded in time, at the pace that Slack allows, and with a plain answer to
//! whether it was done.
//!
//! Answers are read leniently. What Slack says was done was done, whatever else it says about it.

mod account;
mod failure;
mod turns;

#[cfg(test)]
pub(crate) mod double;
#[cfg(test)]
mod tests;

use std::time::Duration;

use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use slack_morphism::prelude::{
    ClientResult, SlackApiToken, SlackApiTokenValue, SlackClient, SlackClientApiCallContext,
    SlackClientHttpConnector as _, SlackClientHyperConnector,
};
use tokio::time::{Instant, timeout};
use witbot_core::limits;

use self::turns::Turns;
use super::connect::Connector;
use super::socket::NoSocket;
use crate::metrics::Metrics;
use crate::secret::Secret;

pub use account::Account;
pub use failure::{Failure, Refusal};
pub use turns::Method;

/// The Web API, for whoever a token belongs to.
pub struct Api {
    client: SlackClient<SlackClientHyperConnector<Connector>>,
    /// For the one call whose headers are looked at, which the other client does not show.
    plain: Client<Connector, Empty<&'static [u8]>>,
    url: String,
    token: SlackApiToken,
    turns: Turns,
    metrics: Metrics,
}

impl Api {
    /// The Web API at an address, such as `https://slack.com/api`.
    pub fn new(connector: Connector, url: &str, token: &Secret, metrics: &Metrics) -> Api {
        let url = url.trim_end_matches('/').to_owned();
        let http = SlackClientHyperConnector::with_connector(connector.clone());
        Api {
            client: SlackClient::new(http.with_slack_api_url(&url)),
            plain: Client::builder(TokioExecutor::new()).build(connector),
            url,
            token: SlackApiToken::new(SlackApiTokenValue(token.expose().to_owned())),
            turns: Turns::default(),
            metrics: metrics.clone(),
        }
    }

    /// Asks for something. Waits for its turn, if that does not take long.
    pub async fn read<T: DeserializeOwned>(
        &self,
        method: Method,
        parameters: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(name, value)| (*name, Some(*value)))
            .collect();
        let session = self.client.open_session(&self.token);
        let api = &session.http_session_api;
        let call = || api.http_get::<Value, _, _>(method.name, &parameters, None);
        let answer = self.in_turn(method, call).await?;
        serde_json::from_value(answer).map_err(|error| {
            Failure::Unknown(format!(
                "the answer to {} cannot be read: {error}",
                method.name
            ))
        })
    }

    /// Does something. Waits for its turn, if that does not take long.
    pub async fn write_in_turn<B: Serialize + Send + Sync>(
        &self,
        method: Method,
        body: &B,
    ) -> Result<Value, Failure> {
        let session = self.client.open_session(&self.token);
        let api = &session.http_session_api;
        let call = || api.http_post::<_, Value>(method.name, body, None);
        self.in_turn(method, call).await
    }

    /// Does something, now or not at all.
    pub async fn write<B: Serialize + Send + Sync>(
        &self,
        method: Method,
        body: &B,
    ) -> Result<Value, Failure> {
        let turn = self.turns.take(method);
        turn.map_err(|after| Failure::RateLimited { after })?;
        let session = self.client.open_session(&self.token);
        let api = &session.http_session_api;
        let call = api.http_post::<_, Value>(method.name, body, None);
        self.outcome(method, call).await
    }

    /// Sends a file to the address that Slack gave for it. The address is a secret, and the token is none of its business.
    pub async fn upload(&self, url: &str, text: &str) -> Result<(), Failure> {
        let unreadable = |_| Failure::Unreached("Slack gave an address that cannot be read".into());
        let url = url.parse().map_err(unreadable)?;
        let context = SlackClientApiCallContext {
            rate_control_params: None,
            token: None,
            tracing_span: &tracing::Span::none(),
            is_sensitive_url: true,
        };
        let call = self
            .client
            .http_api
            .connector
            .http_post_uri_binary::<Value>(
                url,
                "text/plain; charset=utf-8".to_owned(),
                text.as_bytes(),
                context,
            );
        let sent = timeout(limits::SLACK_CALL_TIME_MAX, call);
        let sent = sent.await.map_err(|_| Failure::too_late("the upload"))?;
        sent.map(drop).map_err(|error| Failure::of(&error))
    }

    /// The address of a new socket, which is a secret. The token has to be one of the app.
    pub async fn open_socket_url(&self) -> Result<String, NoSocket> {
        let opened = self.write(Method::OPEN_SOCKET, &json!({})).await;
        match opened {
            Ok(answer) => match answer["url"].as_str() {
                Some(url) => Ok(url.to_owned()),
                None => Err(NoSocket::failed("Slack gave no address for a socket")),
            },
            Err(Failure::Refused(refusal)) => Err(NoSocket::of_code(&refusal.code, None)),
            Err(Failure::RateLimited { after }) => Err(NoSocket::Failed {
                why: "Slack opens no more sockets for the moment".to_owned(),
                retry_after: Some(after),
            }),
            Err(other) => Err(NoSocket::failed(other.to_string())),
        }
    }

    /// Calls until Slack takes it, or would not for long.
    async fn in_turn<C: Future<Output = ClientResult<Value>>>(
        &self,
        method: Method,
        call: impl Fn() -> C,
    ) -> Result<Value, Failure> {
        let latest = Instant::now() + limits::SLACK_TURN_WAIT_MAX;
        loop {
            while let Err(after) = self.turns.take(method) {
                if Instant::now() + after > latest {
                    return Err(Failure::RateLimited { after });
                }
                tokio::time::sleep(after).await;
            }
            match self.outcome(method, call()).await {
                // It is parked now, so the next turn comes when Slack allows it.
                Err(Failure::RateLimited { .. }) => {}
                answered => return answered,
            }
        }
    }

    async fn outcome(
        &self,
        method: Method,
        call: impl Future<Output = ClientResult<Value>>,
    ) -> Result<Value, Failure> {
        let asking = self.metrics.ask("slack");
        let outcome = match timeout(limits::SLACK_CALL_TIME_MAX, call).await {
            Ok(Ok(answer)) => failure::said_ok(answer),
            Ok(Err(error)) => failure::done_all_the_same(&error).ok_or_else(|| Failure::of(&error)),
            Err(_) => Err(Failure::too_late(method.name)),
        };
        match &outcome {
            Ok(_) => asking.answered(200),
            Err(failure) => asking.ended(failure.word()),
        }
        if let Err(Failure::RateLimited { after }) = &outcome {
            self.metrics.rate_limited("slack");
            self.turns.park(method, *after);
        }
        outcome
    }
}

/// How long a pause is that Slack asks for.
fn pause(asked: Option<Duration>) -> Duration {
    let asked = asked.unwrap_or(limits::SLACK_RETRY_AFTER_DEFAULT);
    // A pause of nothing would be a loop without an end.
    asked.clamp(Duration::from_secs(1), limits::SLACK_RETRY_AFTER_MAX)
}
