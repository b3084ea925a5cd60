//! Webhooks: `POST /hooks/github`, `POST /hooks/circleci` and `POST /hooks/in/NAME`.
//!
//! What comes in is bounded, then verified on its bytes, then read, then stored, and only then acknowledged. Nothing is
//! read of a webhook that is not signed, and nothing of it is logged.

pub mod body;
pub mod refusals;
pub mod signature;

mod inbound;
pub mod sender;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use tokio::sync::Semaphore;
use witbot_core::event::{Body, Event};
use witbot_core::ids::UnixMillis;
use witbot_core::limits;

use self::body::Unread;
use self::inbound::Inbound;
use self::refusals::{Refusal, Refusals};
use self::sender::{Said, Sender};
use crate::metrics::Metrics;
use crate::secret::Secret;
use crate::settings::secrets::webhooks::Locks;

/// Something that is on its way.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Stores an event; answers whether it is new. What it has answered is on the disk.
pub type Accept = Arc<dyn Fn(Event) -> BoxFuture<'static, anyhow::Result<bool>> + Send + Sync>;

/// What the routes need.
pub struct Hooks {
    /// Any of these has signed what GitHub sends: there are two while one replaces the other. None: it is refused.
    pub github: Vec<Secret>,
    /// The same for CircleCI.
    pub circleci: Vec<Secret>,
    /// How the senders of all other webhooks prove themselves.
    pub inbound: Arc<ArcSwap<Locks>>,
    /// The clock.
    pub now: fn() -> UnixMillis,
    /// Where events go.
    pub accept: Accept,
    /// Who counts what is refused.
    pub metrics: Metrics,
}

/// The routes.
pub fn router(hooks: Hooks) -> Router {
    routes(hooks, limits::HOOK_READ_TIME_MAX)
}

fn routes(hooks: Hooks, read_time: Duration) -> Router {
    let large = Arc::new(Semaphore::new(limits::HOOKS_LARGE_AT_ONCE_MAX));
    let door = |sender: Sender, secrets: Vec<Secret>| {
        Arc::new(Door {
            sender,
            // An empty secret would let everybody in who knows that it is empty.
            secrets: secrets
                .into_iter()
                .filter(|secret| !secret.expose().is_empty())
                .collect(),
            read_time,
            now: hooks.now,
            accept: hooks.accept.clone(),
            large: large.clone(),
            refusals: Refusals::new(hooks.metrics.clone()),
        })
    };
    let github = door(Sender::Github, hooks.github);
    let circleci = door(Sender::Circleci, hooks.circleci);
    let inbound = Inbound {
        locks: hooks.inbound,
        read_time,
        now: hooks.now,
        accept: hooks.accept.clone(),
        large: large.clone(),
        refusals: Refusals::new(hooks.metrics),
    };
    Router::new()
        .route("/hooks/github", post(receive).with_state(github))
        .route("/hooks/circleci", post(receive).with_state(circleci))
        .merge(inbound.router())
}

struct Door {
    sender: Sender,
    secrets: Vec<Secret>,
    read_time: Duration,
    now: fn() -> UnixMillis,
    accept: Accept,
    large: Arc<Semaphore>,
    refusals: Refusals,
}

async fn receive(State(door): State<Arc<Door>>, request: Request) -> Response {
    match door.take(request).await {
        Ok(response) => response,
        Err(refusal) => {
            door.refusals
                .log(door.sender.source(), &refusal, (door.now)());
            refusal.into_response()
        }
    }
}

impl Door {
    async fn take(&self, request: Request) -> Result<Response, Refusal> {
        if self.secrets.is_empty() {
            let variable = self.sender.variable();
            return Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                format!(
                    "witbot cannot verify this: set {variable} to the webhook's secret, and start it again."
                ),
            ));
        }
        let (head, body) = request.into_parts();
        let read = body::read(&head.headers, body, self.sender.bytes_max(), &self.large);
        let read = tokio::time::timeout(self.read_time, read)
            .await
            .unwrap_or(Err(Unread::Slow));
        let body = read.map_err(|unread| unread.refusal(self.sender.bytes_max()))?;
        if !self
            .sender
            .is_signed(&head.headers, &body.bytes, &self.secrets)
        {
            return Err(Refusal::unsigned("its signature is missing or wrong"));
        }
        match self.sender.read(&head.headers, &body.bytes)? {
            Said::Ping => Ok((StatusCode::OK, "pong\n").into_response()),
            Said::Event { key, webhook } => {
                let received = (self.now)();
                let event = Event {
                    source: self.sender.source(),
                    key,
                    received,
                    body: Body::Webhook(webhook),
                };
                Ok(store(&self.accept, event).await)
            }
        }
    }
}

/// On a task of its own: a sender that hangs up must not interrupt it, as GitHub sends nothing again.
async fn store(accept: &Accept, event: Event) -> Response {
    let source = event.source.as_str();
    let stored = tokio::spawn(accept(event)).await;
    match stored.map_err(anyhow::Error::from).flatten() {
        Ok(true) => (StatusCode::ACCEPTED, "accepted\n").into_response(),
        Ok(false) => (StatusCode::OK, "received before\n").into_response(),
        Err(error) => {
            tracing::error!(
                source,
                error = format!("{error:#}"),
                "a webhook could not be stored"
            );
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "It could not be stored: send it again.\n",
            )
                .into_response()
        }
    }
}
