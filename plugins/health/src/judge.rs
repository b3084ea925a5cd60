//! Whether an answer is as a check wants it.

use std::time::Duration;

use serde_json::Value;
use witbot_sdk::flow::Timestamp;
use witbot_sdk::{Code, Error, http};

use crate::settings::Check;
use crate::words::{cut, precise};

/// What others wrote is shown up to here: people want to know what it was, not all of it.
const SHOWN_CHARS_MAX: usize = 80;
/// The message of the host can have a line of settings in it that is to be copied.
const MESSAGE_CHARS_MAX: usize = 400;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Where it redirects to.
    pub location: Option<String>,
    /// All of it.
    pub body: Vec<u8>,
    /// How long it took.
    pub elapsed: Duration,
    /// Until when its certificate is valid.
    pub certificate_expires: Option<Timestamp>,
}

impl Answer {
    /// As the bot gave it. The body is left there when the check does not look at it.
    pub fn of(response: &http::Response, check: &Check) -> Answer {
        let is_read = !check.json.is_empty() || check.contains.is_some();
        Answer {
            status: response.status(),
            location: response.header("location"),
            body: if is_read { response.body() } else { Vec::new() },
            elapsed: response.elapsed(),
            certificate_expires: response.certificate_expires(),
        }
    }
}

/// What came of a check. Reasons follow the name of the check: `answered 502`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All is as it should be.
    Passes,
    /// The service is not as it should be.
    Fails(String),
    /// Nothing is known of the service: the bot may not ask it.
    Unknown(String),
}

/// What came of a check that was answered.
pub fn answered(check: &Check, answer: &Answer) -> Outcome {
    let problem = wrong_status(check, answer)
        .or_else(|| too_slow(check, answer.elapsed))
        .or_else(|| wrong_json(check, &answer.body))
        .or_else(|| wrong_text(check, &answer.body));
    problem.map_or(Outcome::Passes, Outcome::Fails)
}

/// What came of a check that was not.
pub fn unanswered(check: &Check, error: &Error) -> Outcome {
    let message = cut(&error.message, MESSAGE_CHARS_MAX);
    match error.code {
        Code::Timeout => Outcome::Fails(format!("did not answer within {}", check.timeout)),
        // These are the bot's own.
        Code::Denied | Code::RateLimited | Code::Canceled => {
            Outcome::Unknown(format!("cannot be asked: {message}"))
        }
        _ => Outcome::Fails(format!("gave no answer: {}", message.trim_end_matches('.'))),
    }
}

fn wrong_status(check: &Check, answer: &Answer) -> Option<String> {
    let status = answer.status;
    let passes = match check.status.as_slice() {
        [] => (200..300).contains(&status),
        expected => expected.contains(&status),
    };
    if passes {
        return None;
    }
    let redirects = (300..400).contains(&status);
    Some(match answer.location.as_ref().filter(|_| redirects) {
        Some(location) => {
            let location = cut(location, SHOWN_CHARS_MAX);
            format!("answered {status}, a redirect to {location}")
        }
        None => format!("answered {status}"),
    })
}

fn too_slow(check: &Check, elapsed: Duration) -> Option<String> {
    let latency = check.latency.filter(|latency| elapsed > latency.0)?;
    Some(format!("took {}, more than {latency}", precise(elapsed)))
}

fn wrong_json(check: &Check, body: &[u8]) -> Option<String> {
    if check.json.is_empty() {
        return None;
    }
    let Ok(document) = serde_json::from_slice::<Value>(body) else {
        return Some("answered with something that is no JSON".to_owned());
    };
    check
        .json
        .iter()
        .find_map(|(pointer, expected)| match document.pointer(pointer) {
            Some(found) if found == expected => None,
            Some(found) => Some(format!(
                "answered {} at `{pointer}` instead of {}",
                cut(&found.to_string(), SHOWN_CHARS_MAX),
                cut(&expected.to_string(), SHOWN_CHARS_MAX)
            )),
            None => Some(format!("answered nothing at `{pointer}`")),
        })
}

fn wrong_text(check: &Check, body: &[u8]) -> Option<String> {
    let text = check.contains.as_ref()?;
    let found = String::from_utf8_lossy(body).contains(text.as_str());
    (!found).then(|| format!("answered without the text `{}`", cut(text, SHOWN_CHARS_MAX)))
}

/// For how many whole days the certificate is still valid, if that is so few that it is to be warned of.
pub fn days_left(check: &Check, expires: Option<Timestamp>, now: Timestamp) -> Option<u64> {
    let days = expires?.since(now).as_secs() / (24 * 3_600);
    (days < u64::from(check.certificate_days)).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: &str) -> Check {
        let document = format!(r#"{{"name": "web", "url": "https://a.example/"{fields}}}"#);
        witbot_sdk::config::parse(&document).unwrap()
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            location: None,
            body: body.as_bytes().to_vec(),
            elapsed: Duration::from_millis(120),
            certificate_expires: None,
        }
    }

    fn fails(check: &Check, answer: &Answer) -> String {
        match answered(check, answer) {
            Outcome::Fails(reason) => reason,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_status_is_one_of_success_or_one_that_was_named() {
        assert_eq!(answered(&check(""), &answer(204, "")), Outcome::Passes);
        assert_eq!(fails(&check(""), &answer(502, "")), "answered 502");
        let named = check(r#", "status": [302, 401]"#);
        assert_eq!(answered(&named, &answer(401, "")), Outcome::Passes);
        assert_eq!(fails(&named, &answer(200, "")), "answered 200");
    }

    #[test]
    fn a_redirect_is_no_success_and_says_where_to() {
        let redirect = |location: &str| Answer {
            location: Some(location.to_owned()),
            ..answer(302, "")
        };
        assert_eq!(
            fails(&check(""), &redirect("https://a.example/login")),
            "answered 302, a redirect to https://a.example/login"
        );
        let long = fails(&check(""), &redirect(&"x".repeat(5_000)));
        assert!(long.chars().count() < 150 && long.ends_with('…'), "{long}");
        assert_eq!(fails(&check(""), &answer(304, "")), "answered 304");
    }

    #[test]
    fn a_slow_answer_fails() {
        let slow = check(r#", "latency": "100ms""#);
        assert_eq!(
            fails(&slow, &answer(200, "")),
            "took 120 ms, more than 100 ms"
        );
        let exact = check(r#", "latency": "120ms""#);
        assert_eq!(answered(&exact, &answer(200, "")), Outcome::Passes);
    }

    #[test]
    fn json_is_compared_by_value() {
        let json = check(r#", "json": {"/db/up": true, "/status": "ok"}"#);
        let told = |body: &str| fails(&json, &answer(200, body));
        assert_eq!(told(r#"{"status": "ok", "db": {"up": true}}"#), "Passes");
        assert_eq!(
            told(r#"{"status": "ok", "db": {"up": "yes"}}"#),
            "answered \"yes\" at `/db/up` instead of true"
        );
        assert_eq!(told(r#"{"status": "ok"}"#), "answered nothing at `/db/up`");
        for body in ["", "<html>", "{\"status\": ", "\u{0}"] {
            assert_eq!(told(body), "answered with something that is no JSON");
        }
    }

    #[test]
    fn a_text_has_to_be_in_the_answer() {
        let contains = check(r#", "contains": "Welcome""#);
        assert_eq!(
            answered(&contains, &answer(200, "<h1>Welcome!")),
            Outcome::Passes
        );
        assert_eq!(
            fails(&contains, &answer(200, "Maintenance")),
            "answered without the text `Welcome`"
        );
        let broken = Answer {
            body: vec![0xff, 0xfe],
            ..answer(200, "")
        };
        assert!(fails(&contains, &broken).starts_with("answered without"));
    }

    #[test]
    fn no_answer_is_a_failure_unless_the_bot_may_not_ask() {
        let told = |code: Code, message: &str| unanswered(&check(""), &Error::new(code, message));
        assert_eq!(
            told(Code::Timeout, "a.example did not answer within 5000 ms."),
            Outcome::Fails("did not answer within 5 s".to_owned())
        );
        assert_eq!(
            told(
                Code::Invalid,
                "The answer of a.example has more than 4 MiB."
            ),
            Outcome::Fails(
                "gave no answer: The answer of a.example has more than 4 MiB".to_owned()
            )
        );
        let grant = "a.example is in a private network. The operator can allow it: `private = true` in the plugin's `http` grant.";
        assert_eq!(
            told(Code::Denied, grant),
            Outcome::Unknown(format!("cannot be asked: {grant}"))
        );
    }

    #[test]
    fn a_certificate_is_warned_of_in_time() {
        let now = Timestamp::from_millis(1_000_000_000_000);
        let left = |days: u64, fields: &str| {
            let expires = now + Duration::from_secs(days * 24 * 3_600 + 60);
            days_left(&check(fields), Some(expires), now)
        };
        assert_eq!(left(14, ""), None);
        assert_eq!(left(13, ""), Some(13));
        assert_eq!(left(0, ""), Some(0));
        assert_eq!(left(3, r#", "certificate_days": 0"#), None);
        assert_eq!(days_left(&check(""), None, now), None);
    }
}
