//! What GitHub refuses, said so that the person in the chat knows what to do.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use witbot_core::error::{Code, Error};
use witbot_core::ids::UnixMillis;
use witbot_core::limits;

use super::asked::{Asked, Identity};

/// Longer messages of GitHub are cut: they are read in a chat.
const MESSAGE_CHARS_MAX: usize = 300;

/// An answer that is not what was asked for.
#[derive(Debug)]
pub struct Refusal {
    /// Its status.
    pub status: StatusCode,
    headers: HeaderMap,
    message: String,
}

impl Refusal {
    /// Makes one line of GitHub's `message` and `errors`.
    pub fn new(
        status: StatusCode,
        headers: HeaderMap,
        message: Option<&str>,
        errors: &Value,
    ) -> Refusal {
        let message = message
            .or(status.canonical_reason())
            .unwrap_or("no reason given");
        let message = message
            .trim()
            .trim_start_matches("Conflict: ")
            .trim_end_matches('.');
        let details = details(errors);
        let text = match (details.as_str(), message) {
            ("", message) => message.to_owned(),
            (details, "Validation Failed") => details.to_owned(),
            (details, message) => format!("{message}: {details}"),
        };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = text
            .chars()
            .filter(|c| !c.is_control())
            .take(MESSAGE_CHARS_MAX)
            .collect();
        Refusal {
            status,
            headers,
            message: text,
        }
    }

    /// What GitHub says, in one line without a final stop.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The refusal as a plugin and the chat get it.
    pub fn error(&self, asked: &Asked, identity: Identity, now: UnixMillis) -> Error {
        if let Some(wait) = self.limited(now) {
            return limited(wait);
        }
        let (Asked { action, thing }, message) = (asked, &self.message);
        match self.status.as_u16() {
            401 => Error::new(
                Code::Unavailable,
                format!(
                    "GitHub refused the bot's credentials ({}): {message}. Whoever runs the bot can set new ones.",
                    identity.settings()
                ),
            ),
            403 => self.forbidden(action, identity),
            301 | 302 | 307 | 308 => Error::new(
                Code::NotFound,
                format!("GitHub did not {action}: the repository has another name now. Use that."),
            ),
            404 | 451 => self.unseen(thing, identity),
            409 => Error::new(
                Code::Conflict,
                format!("GitHub did not {action}: {message}."),
            ),
            400 | 413 | 414 | 422 => Error::new(
                Code::Invalid,
                format!("GitHub did not {action}: {message}."),
            ),
            // Not about the arguments: a version of the API that is gone, or something between the bot and GitHub.
            400..=499 => Error::new(
                Code::Unavailable,
                format!("GitHub did not {action}: {message}."),
            ),
            status => Error::new(
                Code::Unavailable,
                format!("GitHub failed ({status}) when asked to {action}. Try again in a while."),
            ),
        }
    }

    /// A 404. GitHub says it of what the credentials may not see as well, and of some writes that they may not do.
    fn unseen(&self, thing: &str, identity: Identity) -> Error {
        let credentials = identity.settings();
        let mut text = format!(
            "GitHub has no {thing}, or the bot's credentials ({credentials}) cannot see it."
        );
        if let Some(needed) = self.needed() {
            text.push_str(&format!(" They need {needed} for it."));
        }
        Error::new(Code::NotFound, text)
    }

    /// A 403 that is about rights.
    fn forbidden(&self, action: &str, identity: Identity) -> Error {
        let credentials = identity.settings();
        let mut text = format!("GitHub does not let the bot {action}: {}.", self.message);
        if self.header("x-github-sso").is_some() {
            text.push_str(" Its token must be authorized for the organization's single sign-on.");
        } else if let Some(needed) = self.needed() {
            text.push_str(&format!(
                " The bot's credentials ({credentials}) need {needed}."
            ));
        }
        Error::new(Code::Denied, text)
    }

    /// What it takes. GitHub names the permission for apps and fine-grained tokens, and scopes for classic ones.
    fn needed(&self) -> Option<String> {
        let named = |header: &str| self.header(header).filter(|text| !text.is_empty());
        let permissions = named("x-accepted-github-permissions");
        permissions.map_or_else(
            || {
                let scopes = named("x-accepted-oauth-scopes")?;
                Some(format!("one of the scopes `{scopes}`"))
            },
            |permissions| Some(format!("`{permissions}`")),
        )
    }

    /// How long to stay away, if it was too much: GitHub says so in three different ways, with 403 or 429.
    pub fn limited(&self, now: UnixMillis) -> Option<Duration> {
        let number = |name: &str| self.header(name)?.trim().parse::<u64>().ok();
        let retry_after = number("retry-after");
        let exhausted = number("x-ratelimit-remaining") == Some(0);
        let said = self.message.to_ascii_lowercase();
        let limited = match self.status.as_u16() {
            429 => true,
            403 => {
                retry_after.is_some()
                    || exhausted
                    || said.contains("rate limit")
                    || said.contains("abuse")
            }
            _ => false,
        };
        if !limited {
            return None;
        }
        let until_reset = || {
            let reset = number("x-ratelimit-reset").filter(|_| exhausted)?;
            Some(Duration::from_secs(
                reset.saturating_sub(now.0 / 1000).max(1),
            ))
        };
        Some(
            retry_after
                .map(Duration::from_secs)
                .or_else(until_reset)
                .unwrap_or(limits::GITHUB_LIMIT_WAIT),
        )
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// `rate-limited`, with the time to come back at.
pub fn limited(wait: Duration) -> Error {
    let seconds = wait.as_millis().div_ceil(1000);
    Error {
        code: Code::RateLimited,
        message: format!("GitHub wants fewer requests of the bot: try again in {seconds} s."),
        retry_after_ms: Some(wait.as_millis().try_into().unwrap_or(u64::MAX)),
    }
}

/// GitHub's `errors`: mostly a list of objects, sometimes of texts, sometimes one text.
fn details(errors: &Value) -> String {
    let list = match errors {
        Value::Array(list) => list.as_slice(),
        Value::Null => &[],
        one => std::slice::from_ref(one),
    };
    list.iter()
        .map(detail)
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

fn detail(error: &Value) -> String {
    if let Some(text) = error.as_str() {
        return text.to_owned();
    }
    if let Some(contexts) = error["contexts"].as_array() {
        let of = |context: &Value, key: &str| context[key].as_str().unwrap_or("unknown").to_owned();
        let contexts = contexts
            .iter()
            .map(|one| format!("{} is {}", of(one, "context"), of(one, "state")));
        return contexts.collect::<Vec<_>>().join(", ");
    }
    if let Some(text) = error["message"].as_str() {
        return text.trim_end_matches('.').to_owned();
    }
    match (error["field"].as_str(), error["code"].as_str()) {
        (Some(field), Some("missing" | "missing_field")) => format!("`{field}` is missing"),
        (Some(field), Some(code)) => format!("`{field}` is {}", code.replace('_', " ")),
        (None, Some(code)) => code.replace('_', " "),
        (_, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(status: u16, headers: &[(&'static str, &str)], body: Value, expected: &str) {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let status = StatusCode::from_u16(status).unwrap();
        let asked = Asked {
            action: "deploy acme/api".to_owned(),
            thing: "acme/api".to_owned(),
        };
        let refusal = Refusal::new(status, headers, body["message"].as_str(), &body["errors"]);
        let error = refusal.error(&asked, Identity::Token, UnixMillis(1_000_000));
        let after = error
            .retry_after_ms
            .map(|ms| format!(" [{ms} ms]"))
            .unwrap_or_default();
        assert_eq!(format!("{}{after}: {error}", error.code.as_str()), expected);
    }

    #[test]
    fn credentials_and_rights() {
        check(
            401,
            &[],
            json!({"message": "Bad credentials"}),
            "unavailable: GitHub refused the bot's credentials (GITHUB_TOKEN): Bad credentials. Whoever runs the bot can set new ones.",
        );
        check(
            403,
            &[
                ("x-accepted-github-permissions", "deployments=write"),
                ("x-ratelimit-remaining", "4999"),
            ],
            json!({"message": "Resource not accessible by integration"}),
            "denied: GitHub does not let the bot deploy acme/api: Resource not accessible by integration. The bot's credentials (GITHUB_TOKEN) need `deployments=write`.",
        );
        check(
            403,
            &[("x-accepted-oauth-scopes", "repo, repo_deployment")],
            json!({"message": "Must have admin rights to Repository."}),
            "denied: GitHub does not let the bot deploy acme/api: Must have admin rights to Repository. The bot's credentials (GITHUB_TOKEN) need one of the scopes `repo, repo_deployment`.",
        );
        check(
            403,
            &[(
                "x-github-sso",
                "required; url=https://github.com/orgs/acme/sso",
            )],
            json!({"message": "Resource protected by organization SAML enforcement."}),
            "denied: GitHub does not let the bot deploy acme/api: Resource protected by organization SAML enforcement. Its token must be authorized for the organization's single sign-on.",
        );
        check(
            404,
            &[],
            json!({"message": "Not Found"}),
            "not-found: GitHub has no acme/api, or the bot's credentials (GITHUB_TOKEN) cannot see it.",
        );
        check(
            404,
            &[("x-accepted-github-permissions", "contents=write")],
            json!({"message": "Not Found"}),
            "not-found: GitHub has no acme/api, or the bot's credentials (GITHUB_TOKEN) cannot see it. They need `contents=write` for it.",
        );
    }

    #[test]
    fn limits_are_told_in_several_ways() {
        let again = |seconds: u64| {
            format!(
                "rate-limited [{} ms]: GitHub wants fewer requests of the bot: try again in {seconds} s.",
                seconds * 1000
            )
        };
        check(429, &[], json!({}), &again(60));
        check(
            403,
            &[("retry-after", "7")],
            json!({"message": "no"}),
            &again(7),
        );
        let exhausted = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1090"),
        ];
        check(
            403,
            &exhausted,
            json!({"message": "API rate limit exceeded"}),
            &again(90),
        );
        let secondary =
            json!({"message": "You have exceeded a secondary rate limit. Please wait."});
        check(
            403,
            &[
                ("x-ratelimit-remaining", "4000"),
                ("x-ratelimit-reset", "9000"),
            ],
            secondary,
            &again(60),
        );
    }

    #[test]
    fn conflicts_and_invalid_arguments() {
        check(
            409,
            &[],
            json!({"message": "Conflict: Commit status checks failed for topic.", "errors": [{
                "contexts": [{"context": "ci/build", "state": "pending"}, {"context": "lint", "state": "failure"}],
                "resource": "Deployment", "field": "required_contexts", "code": "invalid",
            }]}),
            "conflict: GitHub did not deploy acme/api: Commit status checks failed for topic: ci/build is pending, lint is failure.",
        );
        check(
            422,
            &[],
            json!({"message": "No ref found for: nowhere"}),
            "invalid: GitHub did not deploy acme/api: No ref found for: nowhere.",
        );
        check(
            422,
            &[],
            json!({"message": "Validation Failed", "errors": [{"resource": "DeploymentStatus", "code": "missing_field", "field": "state"}]}),
            "invalid: GitHub did not deploy acme/api: `state` is missing.",
        );
        check(
            422,
            &[],
            json!({"message": "Validation Failed", "errors": "too\nlong"}),
            "invalid: GitHub did not deploy acme/api: too long.",
        );
        check(
            410,
            &[],
            json!({"message": "This version of the API is gone"}),
            "unavailable: GitHub did not deploy acme/api: This version of the API is gone.",
        );
        check(
            502,
            &[],
            json!(null),
            "unavailable: GitHub failed (502) when asked to deploy acme/api. Try again in a while.",
        );
    }
}
