//! `GET /healthz`, `/readyz` and `/metrics`: for who looks after the bot.

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::json;

use crate::metrics::health::{Health, Missing};
use crate::metrics::scrape::{Crowded, Scraper};

/// The text format of OpenMetrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether the bot is well and ready. What is told may be known to anybody.
pub fn health(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(health)
}

/// The numbers. Nobody but operators should be able to read them.
pub fn metrics(scraper: Scraper) -> Router {
    Router::new()
        .route("/metrics", get(scrape))
        .with_state(scraper)
}

/// Where the numbers are not.
pub fn no_metrics() -> Router {
    let line = "There are no metrics here: set `metrics` under [listen] in witbot.toml.\n";
    Router::new().route("/metrics", get(async move || (StatusCode::NOT_FOUND, line)))
}

async fn healthz(State(health): State<Health>, headers: HeaderMap) -> Response {
    told("ok", &health.not_well(), &headers)
}

async fn readyz(State(health): State<Health>, headers: HeaderMap) -> Response {
    told("ready", &health.not_ready(), &headers)
}

/// One line if all is there, else one for each thing that is not.
fn told(well: &'static str, missing: &[Missing], headers: &HeaderMap) -> Response {
    let status = match missing {
        [] => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("application/json")) {
        let parts = missing
            .iter()
            .map(|missing| json!({ "part": missing.part(), "reason": missing.reason() }));
        let parts: Vec<_> = parts.collect();
        return (
            status,
            Json(json!({ well: missing.is_empty(), "missing": parts })),
        )
            .into_response();
    }
    let lines = match missing {
        [] => format!("{well}\n"),
        _ => missing
            .iter()
            .map(|missing| format!("{missing}\n"))
            .collect(),
    };
    (status, lines).into_response()
}

async fn scrape(State(scraper): State<Scraper>) -> Response {
    match scraper.scrape().await {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(Crowded) => {
            let line = "Others read this at the moment.\n";
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], line).into_response()
        }
    }
}
