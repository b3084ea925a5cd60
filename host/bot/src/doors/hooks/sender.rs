//! The services that send webhooks: how each signs, and how it says what happened.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use witbot_core::event::{Source, Webhook};
use witbot_core::limits;

use super::refusals::Refusal;
use super::signature;
use crate::secret::Secret;

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// GitHub.
    Github,
    /// CircleCI.
    Circleci,
}

/// What a verified webhook says.
#[derive(Debug, PartialEq)]
pub enum Said {
    /// That it works.
    Ping,
    /// That something happened.
    Event {
        /// The same when it is sent again.
        key: String,
        /// What.
        webhook: Webhook,
    },
}

/// Keys are kept as long as events are; both services send UUIDs.
const KEY_CHARS_MAX: usize = 100;
/// Kinds of events are single words.
const KIND_CHARS_MAX: usize = 64;

impl Sender {
    /// The door that it is.
    pub fn source(self) -> Source {
        match self {
            Sender::Github => Source::Github,
            Sender::Circleci => Source::Circleci,
        }
    }

    /// Where operators put the secret.
    pub fn variable(self) -> &'static str {
        match self {
            Sender::Github => "GITHUB_WEBHOOK_SECRET",
            Sender::Circleci => "CIRCLECI_WEBHOOK_SECRET",
        }
    }

    /// The largest body.
    pub fn bytes_max(self) -> usize {
        match self {
            Sender::Github => limits::GITHUB_HOOK_BYTES_MAX,
            Sender::Circleci => limits::CIRCLECI_HOOK_BYTES_MAX,
        }
    }

    /// Whether one of the secrets has signed it.
    pub fn is_signed(self, headers: &HeaderMap, body: &[u8], secrets: &[Secret]) -> bool {
        let fits = |signature: &str| signature::fits(secrets, &[body], signature);
        match self {
            Sender::Github => text(headers, "x-hub-signature-256")
                .and_then(|text| text.strip_prefix("sha256="))
                .is_some_and(fits),
            // Further versions may follow; the only one that there is now must be right.
            Sender::Circleci => text(headers, "circleci-signature")
                .and_then(|text| {
                    text.split(',')
                        .find_map(|part| part.trim().strip_prefix("v1="))
                })
                .is_some_and(fits),
        }
    }

    /// Reads it. Only for what is signed.
    pub(super) fn read(self, headers: &HeaderMap, body: &[u8]) -> Result<Said, Refusal> {
        match self {
            Sender::Github => github(headers, body),
            Sender::Circleci => circleci(body),
        }
    }
}

fn github(headers: &HeaderMap, body: &[u8]) -> Result<Said, Refusal> {
    let kind = text(headers, "x-github-event").filter(|kind| is_kind(kind));
    let kind = kind.ok_or_else(|| {
        bad("The header `X-GitHub-Event` is missing, or is not the name of an event.")
    })?;
    if kind == "ping" {
        return Ok(Said::Ping);
    }
    let key = text(headers, "x-github-delivery").filter(|key| is_key(key));
    let key = key.ok_or_else(|| {
        bad("The header `X-GitHub-Delivery` is missing, or is not the id of a delivery.")
    })?;
    if text(headers, CONTENT_TYPE.as_str())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Choose `application/json` as the content type in the settings of the webhook, and redeliver this.",
        ));
    }
    let body = json(body)?;
    let key = known_by_id(kind, &body).unwrap_or_else(|| key.to_owned());
    let subject = body
        .pointer("/repository/full_name")
        .or_else(|| body.pointer("/organization/login"));
    let subject = subject
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    Ok(Said::Event {
        key,
        webhook: Webhook {
            kind: format!("github.{kind}"),
            subject,
            body,
            depth: 0,
        },
    })
}

/// The key of what is created once and never changes. The webhooks of an organisation and of a repository each tell of it
/// in a delivery of their own, and the bot itself, when it knows of it before any of them comes.
fn known_by_id(kind: &str, body: &Value) -> Option<String> {
    let id = |pointer: &str| body.pointer(pointer).and_then(Value::as_u64);
    match kind {
        "deployment" => Some(deployment_key(id("/deployment/id")?)),
        "deployment_status" => Some(status_key(id("/deployment_status/id")?)),
        _ => None,
    }
}

/// The key under which a deployment comes in, whoever tells of it.
pub fn deployment_key(id: u64) -> String {
    format!("deployment {id}")
}

/// The key under which a status of a deployment comes in.
pub fn status_key(id: u64) -> String {
    format!("deployment_status {id}")
}

/// The header with the kind is not signed, so the body is asked.
fn circleci(body: &[u8]) -> Result<Said, Refusal> {
    let body = json(body)?;
    let kind = body["type"].as_str().filter(|kind| is_kind(kind));
    let kind = kind.ok_or_else(|| bad("`type` is missing, or is not the name of an event."))?;
    if kind == "ping" {
        return Ok(Said::Ping);
    }
    let key = body["id"].as_str().filter(|key| is_key(key));
    let key = key
        .ok_or_else(|| bad("`id` is missing, or is not the id of an event."))?
        .to_owned();
    let subject = body
        .pointer("/project/slug")
        .and_then(Value::as_str)
        .map(slug)
        .unwrap_or_default();
    Ok(Said::Event {
        key,
        webhook: Webhook {
            kind: format!("circleci.{kind}"),
            subject,
            body,
            depth: 0,
        },
    })
}

/// Webhooks say `github/acme/api` where the API, and therefore grants, say `gh/acme/api`.
fn slug(text: &str) -> String {
    match text.split_once('/') {
        Some(("github", rest)) => format!("gh/{rest}"),
        Some(("bitbucket", rest)) => format!("bb/{rest}"),
        Some(_) | None => text.to_owned(),
    }
}

fn json(body: &[u8]) -> Result<Value, Refusal> {
    let value: Value = serde_json::from_slice(body).map_err(|_| bad("The body is not JSON."))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(bad("The body is not a JSON object."))
    }
}

fn is_kind(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    (1..=KIND_CHARS_MAX).contains(&text.len()) && text.chars().all(plain)
}

fn is_key(text: &str) -> bool {
    (1..=KEY_CHARS_MAX).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn bad(line: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, line)
}
