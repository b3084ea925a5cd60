//! Calls and their answers in one short line, without what may be a secret: of requests to the web only what the audit has
//! of them, of what plugins remember only its size, and nothing that sounds or looks like a token.

use serde_json::{Map, Value, json};
use witbot_core::call::Operation;
use witbot_core::http;
use witbot_core::journal::{Entry, Outcome};
use witbot_core::printable;

use crate::settings::mask;

/// Arguments and answers are cut to this.
const SHOWN_CHARS_MAX: usize = 160;

const MASK: &str = "***";

/// What tokens begin with: of GitHub, Slack, CircleCI, GitLab, AWS, OpenAI and the like, and of signed JSON.
const TOKENS: [&str; 21] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xoxr-",
    "xoxs-",
    "xoxe",
    "xapp-",
    "CCIPAT_",
    "CCIPRJ_",
    "glpat-",
    "AKIA",
    "ASIA",
    "sk-",
    "npm_",
    "eyJ",
];
/// Shorter words are none, however they begin.
const TOKEN_CHARS_MIN: usize = 16;
/// A word of this length with small and capital letters and digits is no word of people's.
const RANDOM_CHARS_MIN: usize = 32;

/// A call with its arguments and what came of it.
pub fn step(entry: &Entry) -> String {
    let outcome = entry.outcome.as_ref();
    let outcome = outcome.map_or("(not answered)".to_owned(), |outcome| {
        answer(&entry.name, outcome)
    });
    format!("{} -> {outcome}", call(&entry.name, &entry.arguments))
}

/// A call with its arguments.
pub fn call(name: &str, arguments: &Value) -> String {
    format!(
        "{name} {}",
        cut(&masked_arguments(name, arguments).to_string())
    )
}

/// All arguments of a call, over several lines, to be compared.
pub fn arguments_in_full(name: &str, arguments: &Value) -> String {
    let masked = masked_arguments(name, arguments);
    serde_json::to_string_pretty(&masked).unwrap_or_default()
}

/// What a call was answered with.
pub fn answer(name: &str, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ok(Value::Null) => "ok".to_owned(),
        Outcome::Ok(value) => cut(&masked(result(name, value)).to_string()),
        Outcome::Error(error) => {
            format!(
                "{}: {}",
                error.code.as_str(),
                cut(&masked_text(&error.message))
            )
        }
    }
}

/// A length of time, as short as it can be understood.
pub fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    match seconds {
        0 => format!("{milliseconds}ms"),
        1..60 => format!("{}.{}s", seconds, milliseconds % 1_000 / 100),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// A line has to stay a line, and a short one.
pub fn cut(text: &str) -> String {
    let line = printable::line(text);
    let mut shown: String = line.chars().take(SHOWN_CHARS_MAX).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}

/// A text without the words in it that look like tokens.
pub fn masked_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '.') {
            word.push(c);
            continue;
        }
        shown += if is_token(&word) { MASK } else { &word };
        word.clear();
        shown.push(c);
    }
    shown.pop();
    shown
}

fn is_token(word: &str) -> bool {
    let begins = TOKENS.iter().any(|beginning| word.starts_with(beginning));
    let has = |kind: fn(&char) -> bool| word.chars().any(|c| kind(&c));
    let random = word.len() >= RANDOM_CHARS_MIN
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_digit);
    random || (begins && word.len() >= TOKEN_CHARS_MIN)
}

fn masked_arguments(name: &str, arguments: &Value) -> Value {
    let audited = match Operation::recorded(name, arguments.clone()) {
        Some(operation) => operation.audited(),
        // One of an older or newer witbot.
        None => arguments.clone(),
    };
    let kept = match name {
        "kv.set" | "kv.replace" => sized(audited, &["value", "expected"]),
        _ => audited,
    };
    masked(kept)
}

/// What an answer of a call looks like where it may be or hold a secret.
fn result(name: &str, value: &Value) -> Value {
    match (name, value) {
        ("kv.get", Value::String(blob)) => json!(size(blob)),
        ("http.fetch" | "http.send", Value::Object(response)) => response_without_secrets(response),
        _ => value.clone(),
    }
}

fn response_without_secrets(response: &Map<String, Value>) -> Value {
    let headers = response.get("headers").and_then(Value::as_array);
    let names: Vec<&Value> = headers
        .into_iter()
        .flatten()
        .filter_map(|header| header.get(0))
        .collect();
    let body = response.get("body").and_then(Value::as_str);
    json!({ "status": response.get("status"), "headers": names, "body": body.map(size) })
}

fn sized(mut value: Value, fields: &[&str]) -> Value {
    for field in fields {
        if let Some(Value::String(blob)) = value.get(*field) {
            value[*field] = json!(size(blob));
        }
    }
    value
}

/// How much it is, of base64.
fn size(blob: &str) -> String {
    let bytes = blob.trim_end_matches('=').len() * 3 / 4;
    format!("({bytes} bytes)")
}

/// A document without values whose names sound like secrets, and without what looks like one.
fn masked(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(masked_address(&text)),
        Value::Array(values) => values.into_iter().map(masked).collect(),
        Value::Object(fields) => {
            let masked = fields.into_iter().map(|(name, value)| {
                let value = match value {
                    Value::String(_) | Value::Number(_) | Value::Array(_)
                        if mask::is_secret(&name) =>
                    {
                        json!(MASK)
                    }
                    other => masked(other),
                };
                (name, value)
            });
            Value::Object(masked.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// Addresses are shown without what can be a secret in them.
fn masked_address(text: &str) -> String {
    let is_address = text.starts_with("https://") || text.starts_with("http://");
    if is_address && !text.contains(char::is_whitespace) {
        masked_text(&http::without_secrets(text))
    } else {
        masked_text(text)
    }
}

#[cfg(test)]
mod tests {
    use witbot_core::call::{HttpSend, KvSet};
    use witbot_core::error::{Code, Error};
    use witbot_core::http::Request;
    use witbot_core::ids::UnixMillis;
    use witbot_core::journal::Blob;

    use super::*;

    const TOKEN: &str = "ghp_0123456789abcdefghij";

    fn entry(operation: &Operation, outcome: Outcome) -> Entry {
        let entry = Entry::begin(0, operation, UnixMillis(0));
        Entry {
            outcome: Some(outcome),
            ..entry
        }
    }

    #[test]
    fn what_is_shown_is_one_short_line_that_cannot_drive_the_terminal() {
        assert_eq!(cut("a\n\u{1b}[2J\u{9b}2J"), "a \u{fffd}[2J\u{fffd}2J");
        let long = cut(&"ü".repeat(SHOWN_CHARS_MAX + 1));
        assert_eq!(long.chars().count(), SHOWN_CHARS_MAX + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn of_a_request_and_its_answer_no_secret_is_shown() {
        let request = Request {
            method: "POST".into(),
            url: format!("https://me:pw@example.com/a?key={TOKEN}"),
            headers: vec![("authorization".into(), "Bearer secret".into())],
            body: Blob(b"secret".to_vec()),
            timeout_ms: 5,
        };
        let response =
            json!({ "status": 200, "headers": [["set-cookie", "secret"]], "body": "c2VjcmV0" });
        let shown = step(&entry(&HttpSend { request }.into(), Outcome::Ok(response)));
        assert_eq!(
            shown,
            r#"http.send {"body_bytes":6,"headers":["authorization"],"method":"POST","url":"https://example.com/a"} -> {"body":"(6 bytes)","headers":["set-cookie"],"status":200}"#
        );
    }

    #[test]
    fn what_is_remembered_is_shown_by_its_size() {
        let set = KvSet {
            namespace: None,
            key: "k".into(),
            value: Blob(b"secret".to_vec()),
        };
        let shown = step(&entry(&set.into(), Outcome::Ok(Value::Null)));
        assert_eq!(shown, r#"kv.set {"key":"k","value":"(6 bytes)"} -> ok"#);
        assert_eq!(
            answer("kv.get", &Outcome::Ok(json!("c2VjcmV0"))),
            r#""(6 bytes)""#
        );
    }

    #[test]
    fn what_sounds_or_looks_like_a_token_is_covered_and_nothing_else() {
        for (text, expected) in [
            (format!("use {TOKEN}, please"), "use ***, please".to_owned()),
            ("xoxb-12".into(), "xoxb-12".into()),
            (
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc".into(),
                "***".into(),
            ),
            (
                "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8".into(),
                "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8".into(),
            ),
            (
                "9f86d081-884c-4d63-a1b6-0f9e4f3c2b1a".into(),
                "9f86d081-884c-4d63-a1b6-0f9e4f3c2b1a".into(),
            ),
            ("Aa0Aa0Aa0Aa0Aa0Aa0Aa0Aa0Aa0Aa0Aa".into(), "***".into()),
        ] {
            assert_eq!(masked_text(&text), expected);
        }
        let settings = json!({ "api_token": "x", "limits": [1], "url": "https://u:p@example.com/?a=b", "deep": { "Password": 1 } });
        assert_eq!(
            masked(settings),
            json!({ "api_token": "***", "limits": [1], "url": "https://example.com/", "deep": { "Password": "***" } })
        );
        let error = Outcome::Error(Error::new(Code::Denied, format!("no {TOKEN}")));
        assert_eq!(answer("github.open", &error), "denied: no ***");
    }

    #[test]
    fn durations_are_short() {
        for (milliseconds, expected) in [
            (0, "0ms"),
            (999, "999ms"),
            (1_250, "1.2s"),
            (61_000, "1m01s"),
            (7_260_000, "2h01m"),
            (90_000_000, "1d01h"),
        ] {
            assert_eq!(duration(milliseconds), expected);
        }
    }
}
