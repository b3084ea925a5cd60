//! Why a call of the Web API did not do what it should. Nothing of what was sent or answered is repeated: it is not for
//! the log.

use std::error::Error as StdError;
use std::time::Duration;

use serde_json::Value;
use slack_morphism::errors::SlackClientError;
use witbot_core::{limits, printable};

/// Why a call did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It was too much at once. Nothing was done.
    #[error("Slack takes no more of this for {} s", after.as_secs_f64().ceil())]
    RateLimited {
        /// How long there is to wait.
        after: Duration,
    },
    /// Slack says no. Nothing was done.
    #[error("{0}")]
    Refused(Refusal),
    /// It did not get as far as Slack, or not to the part that does anything. What was asked has nothing to do with it.
    #[error("Slack cannot be reached: {0}")]
    Unreached(String),
    /// Somebody looked at it and did not take it, without saying why. Nothing was done.
    #[error("it was not taken: {0}")]
    NotTaken(String),
    /// It was perhaps done.
    #[error("{0}")]
    Unknown(String),
}

impl Failure {
    /// What is counted: the HTTP status, as far as it says anything. A refusal has the status 200.
    pub fn word(&self) -> &'static str {
        match self {
            Failure::RateLimited { .. } => "429",
            Failure::Refused(_) => "refused",
            Failure::NotTaken(_) => "5xx",
            Failure::Unreached(_) | Failure::Unknown(_) => "lost",
        }
    }
}

/// That Slack says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why, as Slack calls it.
    pub code: String,
    /// The scope that is missing, if that is why.
    pub needed: Option<String>,
    /// What is wrong with what was sent.
    pub details: Vec<String>,
}

/// As it may stand in a log.
impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slack answers `{}`", self.code)?;
        if let Some(scope) = &self.needed {
            write!(f, ", the scope `{scope}` is missing")?;
        }
        for detail in &self.details {
            write!(f, "; {detail}")?;
        }
        Ok(())
    }
}

impl StdError for Refusal {}

impl Refusal {
    /// Whether it is about the token, and no call works until there is another.
    pub fn is_about_token(&self) -> bool {
        matches!(
            self.code.as_str(),
            "not_authed"
                | "invalid_auth"
                | "token_revoked"
                | "token_expired"
                | "account_inactive"
                | "user_removed_from_team"
                | "team_disabled"
                | "team_access_not_granted"
                | "org_login_required"
                | "not_allowed_token_type"
        )
    }

    /// One that says no more than why.
    pub fn new(code: &str) -> Refusal {
        Refusal::of(code, None)
    }

    fn of(code: &str, body: Option<&str>) -> Refusal {
        let body: Value = body
            .and_then(|body| serde_json::from_str(body).ok())
            .unwrap_or_default();
        let details = body.pointer("/response_metadata/messages");
        let details = details.or(body.get("errors")).and_then(Value::as_array);
        Refusal {
            code: printable::short(code),
            needed: body["needed"].as_str().map(printable::short),
            // The first ones say enough.
            details: details
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .take(3)
                .map(printable::short)
                .collect(),
        }
    }
}

impl Failure {
    /// There was no answer.
    pub(super) fn too_late(what: &str) -> Failure {
        let seconds = limits::SLACK_CALL_TIME_MAX.as_secs();
        Failure::Unknown(format!("Slack did not answer {what} within {seconds} s"))
    }

    /// What an error of the client means.
    pub(super) fn of(error: &SlackClientError) -> Failure {
        match error {
            SlackClientError::ApiError(error) => {
                Failure::of_code(&error.code, error.http_response_body.as_deref())
            }
            SlackClientError::RateLimitError(error) => Failure::RateLimited {
                after: super::pause(error.retry_after),
            },
            SlackClientError::HttpError(error) => Failure::of_status(error.status_code.as_u16()),
            SlackClientError::HttpProtocolError(error) => match &error.cause {
                Some(cause) => Failure::of_connection(cause.as_ref()),
                None => Failure::Unknown("the connection to Slack broke".to_owned()),
            },
            SlackClientError::ProtocolError(error) => {
                match refused_in(error.json_body.as_deref()) {
                    Some(code) => Failure::of_code(&code, error.json_body.as_deref()),
                    None => Failure::Unknown("Slack's answer cannot be read".to_owned()),
                }
            }
            SlackClientError::SystemError(error) => match &error.cause {
                Some(cause) => Failure::Unknown(chain(cause.as_ref())),
                None => Failure::Unknown("the connection to Slack broke".to_owned()),
            },
            SlackClientError::EndOfStream(_) | SlackClientError::SocketModeProtocolError(_) => {
                Failure::Unknown("the connection to Slack broke".to_owned())
            }
        }
    }

    /// What an error code of Slack means; `body` is the answer that it stands in.
    pub(super) fn of_code(code: &str, body: Option<&str>) -> Failure {
        match code {
            "ratelimited" | "rate_limited" => Failure::RateLimited {
                after: super::pause(None),
            },
            // Slack says that some of it may have been done.
            "fatal_error" | "internal_error" | "service_unavailable" | "update_failed" => {
                Failure::Unknown(format!("Slack has trouble and answers `{code}`"))
            }
            // The workspace or the channel is being moved to an organisation.
            "team_added_to_org" | "external_channel_migrating" => {
                Failure::Unreached(format!("it answers `{code}`"))
            }
            // What arrived was only a part of it.
            "request_timeout" => Failure::NotTaken(format!("Slack answers `{code}`")),
            code => Failure::Refused(Refusal::of(code, body)),
        }
    }

    /// What an HTTP status means that is none of a proper answer.
    pub(super) fn of_status(status: u16) -> Failure {
        match status {
            408 | 500.. => Failure::Unknown(format!("Slack answers with HTTP status {status}")),
            // A proxy that wants to know who we are, or a page to log in at.
            407 | ..400 => {
                Failure::Unreached(format!("something answers with HTTP status {status}"))
            }
            // Whatever watches over the way to Slack may find fault with this one alone.
            _ => Failure::NotTaken(format!("something answers with HTTP status {status}")),
        }
    }

    /// What an error of a connection means.
    pub(super) fn of_connection(error: &(dyn StdError + Send + Sync + 'static)) -> Failure {
        let client = error.downcast_ref::<hyper_util::client::legacy::Error>();
        if client.is_some_and(hyper_util::client::legacy::Error::is_connect) {
            Failure::Unreached(chain(error))
        } else {
            Failure::Unknown(format!("the connection to Slack broke: {}", chain(error)))
        }
    }
}

/// An answer that says that the thing was done. Some that are none do not say so, such as a page of a proxy.
pub(super) fn said_ok(answer: Value) -> Result<Value, Failure> {
    if answer["ok"] == true {
        Ok(answer)
    } else {
        Err(Failure::Unknown("Slack's answer is none".to_owned()))
    }
}

/// The answer that the client could not read although it says that the thing was done.
pub(super) fn done_all_the_same(error: &SlackClientError) -> Option<Value> {
    let SlackClientError::ProtocolError(error) = error else {
        return None;
    };
    let answer = serde_json::from_str(error.json_body.as_deref()?).ok()?;
    said_ok(answer).ok()
}

fn refused_in(body: Option<&str>) -> Option<String> {
    let answer: Value = serde_json::from_str(body?).ok()?;
    answer["error"].as_str().map(str::to_owned)
}

fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !said.ends_with(&next) {
            said = format!("{said}: {next}");
        }
        cause = error.source();
    }
    said
}
