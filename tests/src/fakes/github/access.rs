//! Who may do what: tokens, and apps with their installations.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::json::refusal;
use super::scope::Permissions;
use crate::fakes::clock;
use crate::fakes::request::{Answer, Request};

/// GitHub refuses an app's own token that lasts longer.
const APP_TOKEN_SECONDS_MAX: i64 = 600;

/// How far a token reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It can look.
    Read,
    /// It can change things too.
    Write,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) login: String,
    pub(super) access: Access,
    /// The repositories that it sees; all when none are named.
    pub(super) repositories: Option<Vec<String>>,
    /// What it may do in detail, when it is one of an installation.
    pub(super) permissions: Option<Permissions>,
}

#[derive(Debug, Clone)]
pub(super) struct App {
    pub(super) id: u64,
    pub(super) installation: u64,
    pub(super) repositories: Vec<String>,
    pub(super) permissions: Permissions,
}

/// Who sent a request.
#[derive(Debug, Clone)]
pub(super) enum Caller {
    Token(Token),
    App(App),
}

impl Token {
    pub(super) fn sees(&self, full_name: &str) -> bool {
        self.repositories.as_ref().is_none_or(|names| {
            names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(full_name))
        })
    }

    /// What it is good for, if it is one of an installation.
    pub(super) fn of_installation(&self) -> Option<String> {
        let permissions = self.permissions.as_ref()?.iter();
        let permissions = permissions.map(|(name, level)| format!(" {name}:{level}"));
        let repositories = self.repositories.as_ref()?.join(",");
        Some(format!("{repositories}{}", permissions.collect::<String>()))
    }

    /// The words for a change that it may not make.
    pub(super) fn refused(&self) -> Answer {
        let what = if self.login.ends_with("[bot]") {
            "integration"
        } else {
            "personal access token"
        };
        refusal(403, &format!("Resource not accessible by {what}"))
    }
}

/// Finds out who sent a request.
pub(super) fn caller(request: &Request, tokens: &[Token], apps: &[App]) -> Result<Caller, Answer> {
    let header = request.header("authorization").unwrap_or_default();
    let text = header.split_once(' ').map_or("", |(_, text)| text.trim());
    if text.is_empty() {
        return Err(refusal(401, "Requires authentication"));
    }
    if let Some(token) = tokens.iter().find(|token| token.text == text) {
        return Ok(Caller::Token(token.clone()));
    }
    app_of(text, apps).map(Caller::App)
}

/// The app whose own token this is. Its signature is not verified: the stand-in does not have the key.
fn app_of(text: &str, apps: &[App]) -> Result<App, Answer> {
    let bad = || refusal(401, "Bad credentials");
    let undecodable = || refusal(401, "A JSON web token could not be decoded");
    let mut parts = text.split('.');
    let (Some(head), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(bad());
    };
    let head = decoded(head).ok_or_else(undecodable)?;
    let claims = decoded(claims).ok_or_else(undecodable)?;
    if head["alg"] != "RS256" {
        return Err(undecodable());
    }
    let issuer = match &claims["iss"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let now = i64::try_from(clock::now() / 1000).unwrap_or(i64::MAX);
    match (claims["iat"].as_i64(), claims["exp"].as_i64()) {
        (_, Some(expires)) if expires <= now => {
            return Err(refusal(
                401,
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
            ));
        }
        (_, Some(expires)) if expires > now + APP_TOKEN_SECONDS_MAX => {
            return Err(refusal(
                401,
                "'Expiration time' claim ('exp') is too far in the future",
            ));
        }
        (Some(issued), Some(_)) if issued <= now => {}
        _ => {
            return Err(refusal(
                401,
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            ));
        }
    }
    let found = apps.iter().find(|app| app.id.to_string() == issuer);
    found
        .cloned()
        .ok_or_else(|| refusal(404, "Integration not found"))
}

fn decoded(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
