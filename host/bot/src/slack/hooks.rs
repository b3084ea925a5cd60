//! Slack over HTTP: `POST /hooks/slack/events`, `/hooks/slack/commands` and `/hooks/slack/interactions`.
//!
//! As with the other webhooks: bounded, then verified on its bytes, then read, then stored, and only then acknowledged.
//! What is done with a payload is the same as with Socket Mode; what it means is for `events`.

mod form;
mod payload;
mod signature;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use tokio::sync::Semaphore;
use witbot_core::event::Source;
use witbot_core::ids::UnixMillis;
use witbot_core::{limits, printable};

use self::signature::Signed;
use super::envelope::{Ack, Envelope, Kind, Retry};
use super::socket::Handle;
use crate::doors::hooks::body::{self, Unread};
use crate::doors::hooks::refusals::{Refusal, Refusals};
use crate::metrics::Metrics;
use crate::secret::Secret;

const EVENTS: &str = "/hooks/slack/events";
const COMMANDS: &str = "/hooks/slack/commands";
const INTERACTIONS: &str = "/hooks/slack/interactions";

/// Tells Slack that sending it again would not help.
const NO_RETRY: HeaderName = HeaderName::from_static("x-slack-no-retry");

/// What the routes need.
pub struct Hooks {
    /// Any of these has signed what Slack sends: there are two while one replaces the other. None: it is refused.
    pub secrets: Vec<Secret>,
    /// The clock.
    pub now: fn() -> UnixMillis,
    /// What is done with what comes.
    pub handle: Handle,
    /// Who counts what is refused.
    pub metrics: Metrics,
}

/// The routes.
pub fn router(hooks: Hooks) -> Router {
    routes(hooks, limits::HOOK_READ_TIME_MAX)
}

/// The same routes of a bot that has sockets instead: Slack sends each thing one way only, as the app says.
pub fn closed() -> Router {
    let closed = || {
        post(async || {
            let line = "This bot uses Socket Mode: switch it on on the page of the app at Slack, or set `mode = \"http\"` \
                under [slack] in witbot.toml.\n";
            (StatusCode::NOT_FOUND, line)
        })
    };
    Router::new()
        .route(EVENTS, closed())
        .route(COMMANDS, closed())
        .route(INTERACTIONS, closed())
}

fn routes(hooks: Hooks, read_time: Duration) -> Router {
    let large = Arc::new(Semaphore::new(limits::HOOKS_LARGE_AT_ONCE_MAX));
    // An empty secret would let everybody in who knows that it is empty.
    let usable = |secret: &Secret| !secret.expose().is_empty();
    let secrets: Vec<Secret> = hooks.secrets.into_iter().filter(usable).collect();
    let door = |kind| {
        let door = Door {
            kind,
            secrets: secrets.clone(),
            read_time,
            now: hooks.now,
            handle: hooks.handle.clone(),
            large: large.clone(),
            refusals: Refusals::new(hooks.metrics.clone()),
        };
        post(receive).with_state(Arc::new(door))
    };
    Router::new()
        .route(EVENTS, door(Kind::EventsApi))
        .route(COMMANDS, door(Kind::SlashCommands))
        .route(INTERACTIONS, door(Kind::Interactive))
}

struct Door {
    kind: Kind,
    secrets: Vec<Secret>,
    read_time: Duration,
    now: fn() -> UnixMillis,
    handle: Handle,
    large: Arc<Semaphore>,
    refusals: Refusals,
}

async fn receive(State(door): State<Arc<Door>>, request: Request) -> Response {
    match door.take(request).await {
        Ok(response) => response,
        Err(refusal) => {
            door.refusals.log(Source::Slack, &refusal, (door.now)());
            refusal.into_response()
        }
    }
}

impl Door {
    async fn take(&self, request: Request) -> Result<Response, Refusal> {
        if self.secrets.is_empty() {
            return Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "witbot cannot verify this: set SLACK_SIGNING_SECRET to the signing secret of the app, and start it again.",
            ));
        }
        let (head, body) = request.into_parts();
        let bytes_max = limits::SLACK_HOOK_BYTES_MAX;
        let read = body::read(&head.headers, body, bytes_max, &self.large);
        let read = tokio::time::timeout(self.read_time, read)
            .await
            .unwrap_or(Err(Unread::Slow));
        let body = read.map_err(|unread| unread.refusal(bytes_max))?;
        let signed = Signed::read(&head.headers)
            .filter(|signed| signed.fits(&self.secrets, &body.bytes))
            .ok_or_else(|| Refusal::unsigned("its signature is missing or wrong"))?;
        if !signed.is_of_now((self.now)()) {
            return Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                format!(
                    "It was signed more than {} minutes before or after now: if Slack sends it, check the clock of the machine that witbot runs on.",
                    limits::SLACK_SIGNED_WITHIN.as_secs() / 60
                ),
            ));
        }
        Ok(match payload::read(self.kind, &body.bytes) {
            Ok(payload) => self.answer(&head.headers, payload).await,
            Err(reason) => {
                let kind = self.kind;
                tracing::warn!(?kind, "what Slack sent cannot be read: {reason}");
                (StatusCode::OK, [(NO_RETRY, "1")]).into_response()
            }
        })
    }

    async fn answer(&self, headers: &HeaderMap, payload: Value) -> Response {
        if let Some(challenge) = payload::challenge(self.kind, &payload) {
            return challenge.to_owned().into_response();
        }
        let envelope = Envelope {
            // What is answered to needs no name here.
            id: String::new(),
            kind: self.kind,
            payload,
            accepts_answer: true,
            retry: retry(headers),
        };
        // On a task of its own: a sender that hangs up must not interrupt it.
        let handled = tokio::spawn((self.handle)(envelope)).await;
        match handled.map_err(anyhow::Error::from).flatten() {
            Ok(Ack {
                payload: Some(said),
            }) => Json(said).into_response(),
            Ok(Ack { payload: None }) => StatusCode::OK.into_response(),
            Err(error) => {
                tracing::error!(
                    source = Source::Slack.as_str(),
                    error = format!("{error:#}"),
                    "what Slack sent could not be stored"
                );
                let line = "It could not be stored: send it again.\n";
                (StatusCode::SERVICE_UNAVAILABLE, line).into_response()
            }
        }
    }
}

/// That Slack sends it again, and why.
fn retry(headers: &HeaderMap) -> Option<Retry> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let attempt: u64 = text("x-slack-retry-num")?.parse().ok()?;
    let reason = text("x-slack-retry-reason").unwrap_or_default();
    (attempt > 0).then(|| Retry {
        attempt,
        reason: printable::short(reason),
    })
}
