//! Why something was not done.
//!
//! ```no_run
//! use witbot_sdk::{Code, Error, Event, Result, http};
//!
//! fn weather(event: &Event) -> Result {
//!     let answer = match http::get("https://weather.example.com/today").send() {
//!         Ok(answer) => answer,
//!         // The message has the line that the operator would add.
//!         Err(error) if error.code == Code::Denied => return Err(error),
//!         Err(error) => {
//!             let text = format!("The weather cannot be asked just now: {error}");
//!             return Err(Error::new(Code::Unavailable, text));
//!         }
//!     };
//!     event.reply(String::from_utf8_lossy(&answer.body()).into_owned())?;
//!     Ok(())
//! }
//! ```

use std::fmt;
use std::time::Duration;

use crate::bindings::witbot::types::types;

/// What handlers return, and everything that can be refused.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Why something was not done. Returned by a handler, its message is told to the person who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What kind of refusal it is.
    pub code: Code,
    /// A sentence for people.
    pub message: String,
    /// When it makes sense to try again, if that is known.
    pub retry_after: Option<Duration>,
}

impl Error {
    /// An error without a time to come back at.
    pub fn new(code: Code, message: impl Into<String>) -> Error {
        Error {
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    /// What was given is not acceptable.
    pub fn invalid(message: impl Into<String>) -> Error {
        Error::new(Code::Invalid, message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Error {
        Error::new(Code::NotFound, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Error {
        Error {
            code: Code::from(error.code),
            message: error.message,
            retry_after: error.retry_after_ms.map(Duration::from_millis),
        }
    }
}

impl From<Error> for types::Error {
    fn from(error: Error) -> types::Error {
        types::Error {
            code: error.code.as_str().to_owned(),
            message: error.message,
            retry_after_ms: error.retry_after.map(crate::time::milliseconds),
        }
    }
}

/// What a text or a value of the plugin's own turned out to be is an `invalid` argument.
macro_rules! invalid_from {
    ($($type:ty),* $(,)?) => {
        $(
            impl From<$type> for Error {
                fn from(error: $type) -> Error {
                    Error::invalid(error.to_string())
                }
            }
        )*
    };
}

invalid_from!(
    String,
    &str,
    fmt::Error,
    serde_json::Error,
    std::num::ParseFloatError,
    std::num::ParseIntError,
    std::num::TryFromIntError,
    std::str::ParseBoolError,
    std::str::Utf8Error,
    std::string::FromUtf8Error,
);

/// What kind of refusal an [`Error`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// The operator's grants do not cover it. The message has the line that would.
    Denied,
    /// There is no such thing, or the bot's credentials cannot see it.
    NotFound,
    /// The arguments are not acceptable. Trying again does not help.
    Invalid,
    /// It clashes with the present state, such as a merge conflict or a failed check.
    Conflict,
    /// Too much at once.
    RateLimited,
    /// What was waited for did not happen in time.
    Timeout,
    /// The service could not be reached, or failed.
    Unavailable,
    /// The bot was stopped in the middle of it, and cannot find out whether it happened. It was not repeated.
    InDoubt,
    /// Somebody canceled this run. What waits answers so, once: clean up and return. A run that waits again is ended.
    Canceled,
    /// One that this version of the SDK does not know.
    Other(String),
}

impl Code {
    /// As the contract spells it.
    pub fn as_str(&self) -> &str {
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
            Code::Other(code) => code,
        }
    }
}

impl From<String> for Code {
    fn from(code: String) -> Code {
        match code.as_str() {
            "denied" => Code::Denied,
            "not-found" => Code::NotFound,
            "invalid" => Code::Invalid,
            "conflict" => Code::Conflict,
            "rate-limited" => Code::RateLimited,
            "timeout" => Code::Timeout,
            "unavailable" => Code::Unavailable,
            "in-doubt" => Code::InDoubt,
            "canceled" => Code::Canceled,
            _ => Code::Other(code),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails() -> Result<u32> {
        Ok("seven".parse::<u32>()?)
    }

    #[test]
    fn questions_marks_make_invalid_errors() {
        let error = fails().unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            (Code::Invalid, "invalid digit found in string")
        );
        assert_eq!(Error::from("no such app").code, Code::Invalid);
    }

    #[test]
    fn codes_survive_the_way_there_and_back() {
        for code in [
            "denied",
            "not-found",
            "invalid",
            "conflict",
            "rate-limited",
            "timeout",
            "unavailable",
            "in-doubt",
            "canceled",
        ] {
            let parsed = Code::from(code.to_owned());
            assert!(!matches!(parsed, Code::Other(_)), "{code}");
            assert_eq!(parsed.as_str(), code);
        }
        assert_eq!(
            Code::from("tired".to_owned()),
            Code::Other("tired".to_owned())
        );
    }

    #[test]
    fn a_time_to_come_back_is_kept() {
        let error = Error {
            retry_after: Some(Duration::from_secs(2)),
            ..Error::new(Code::RateLimited, "later")
        };
        let raw = types::Error::from(error.clone());
        assert_eq!(raw.retry_after_ms, Some(2_000));
        assert_eq!(Error::from(raw), error);
    }
}
