//! The error that plugins are given as a value. What the host tells operators is each floor's own.

use serde::{Deserialize, Serialize};

/// Why something that a plugin asked for was not done: `witbot:types/types.error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What kind of refusal it is.
    pub code: Code,
    /// A sentence for people.
    pub message: String,
    /// When it makes sense to try again, in milliseconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// The codes that the contract reserves. On the wire they are strings, so that plugins survive a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The operator's grants do not cover it.
    Denied,
    /// There is no such thing, or the bot's credentials cannot see it.
    NotFound,
    /// The arguments are not acceptable.
    Invalid,
    /// It clashes with the present state.
    Conflict,
    /// Too much at once.
    RateLimited,
    /// What was waited for did not happen in time.
    Timeout,
    /// The service could not be reached, or failed.
    Unavailable,
    /// The bot was stopped in the middle of it and cannot find out whether it happened.
    InDoubt,
    /// Somebody canceled the run.
    Canceled,
}

impl Code {
    /// The code as the contract spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Denied => "denied",
            Code::NotFound => "not-found",
            Code::Invalid => "invalid",
            Code::Conflict => "conflict",
            Code::RateLimited => "rate-limited",
            Code::Timeout => "timeout",
            Code::Unavailable => "unavailable",
            Code::InDoubt => "in-doubt",
            Code::Canceled => "canceled",
        }
    }
}

impl Error {
    /// An error without a time to come back at.
    pub fn new(code: Code, message: impl Into<String>) -> Error {
        Error {
            code,
            message: message.into(),
            retry_after_ms: None,
        }
    }

    /// Whether asking again later may help.
    pub fn is_transient(&self) -> bool {
        match self.code {
            Code::RateLimited | Code::Timeout | Code::Unavailable => true,
            Code::Denied
            | Code::NotFound
            | Code::Invalid
            | Code::Conflict
            | Code::InDoubt
            | Code::Canceled => false,
        }
    }

    /// `canceled`, with who did it.
    pub fn canceled(by: &str) -> Error {
        Error::new(Code::Canceled, format!("canceled by {by}"))
    }

    /// `invalid`, with its reason.
    pub fn invalid(message: impl Into<String>) -> Error {
        Error::new(Code::Invalid, message)
    }
}
