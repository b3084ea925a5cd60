//! `POST /hooks/in/NAME`: webhooks of any sender, for the plugins that were granted the name. How the sender proves itself is
//! part of the grant.

mod proof;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use tokio::sync::Semaphore;
use witbot_core::event::{Body, Event, Source};
use witbot_core::ids::UnixMillis;
use witbot_core::{inbound, limits};

use super::body::{self, Unread};
use super::refusals::{Refusal, Refusals};
use super::{Accept, store};
use crate::settings::secrets::webhooks::Locks;

/// What the route needs.
pub(super) struct Inbound {
    /// As they are now.
    pub locks: Arc<ArcSwap<Locks>>,
    pub read_time: Duration,
    pub now: fn() -> UnixMillis,
    pub accept: Accept,
    pub large: Arc<Semaphore>,
    pub refusals: Refusals,
}

impl Inbound {
    pub(super) fn router(self) -> Router {
        Router::new()
            .route("/hooks/in/{name}", post(receive))
            .with_state(Arc::new(self))
    }

    async fn take(&self, name: &str, request: Request) -> Result<Response, Refusal> {
        let locks = self.locks.load_full();
        let Some((name, lock)) = locks.get(name) else {
            let line = "No plugin was granted a webhook of this name.";
            return Err(Refusal::new(StatusCode::NOT_FOUND, line));
        };
        let (head, body) = request.into_parts();
        let most = limits::INBOUND_HOOK_BYTES_MAX;
        let read = body::read(&head.headers, body, most, &self.large);
        let read = tokio::time::timeout(self.read_time, read).await;
        let read = read.unwrap_or(Err(Unread::Slow));
        let body = read.map_err(|unread| unread.refusal(most))?;
        let now = (self.now)();
        let proved = proof::look(lock, &head.headers, &body.bytes, now)
            .map_err(|proof::Unproved(why)| Refusal::unsigned(format!("{name}: {why}")))?;
        let kind = head.headers.get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok());
        let webhook = inbound::webhook(name, kind, &body.bytes)
            .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error.to_string()))?;
        let event = Event {
            source: Source::Webhook,
            key: inbound::key(name, proved.id, &body.bytes, now),
            received: now,
            body: Body::Webhook(webhook),
        };
        Ok(store(&self.accept, event).await)
    }
}

async fn receive(
    State(inbound): State<Arc<Inbound>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    match inbound.take(&name, request).await {
        Ok(response) => response,
        Err(refusal) => {
            let now = (inbound.now)();
            inbound.refusals.log(Source::Webhook, &refusal, now);
            refusal.into_response()
        }
    }
}
