//! What a service answers in a conversation. No service is asked: the first answer that fits a call and was not given yet is
//! its answer, and when all that fit were given, the last of them is given again.
//!
//! ```text
//! * github.resolve reference=main answers "0f3a6c1b9d2e4f5a6b7c8d9e0f1a2b3c4d5e6f70"
//! * ci.trigger project.name=gh/acme/api fails rate-limited: too many runs
//! * http GET https://status.example.com/api/… answers 200
//!     {"status": {"description": "All systems operational"}}
//! ```
//!
//! First the call, by its name in the record of runs (`witbot runs show` has it). Then those of its arguments that matter: names
//! of fields within fields have a dot between them, `…` stands for anything, and a value with blanks stands in `"…"`. Then what
//! is answered: JSON, on the line or on indented lines below it. Fields that are left out, or all of it, are those of the
//! call's [sample](SAMPLES). For `http` it is the status, perhaps with headers (`location=/login`), `elapsed=900ms` and
//! `certificate-expires=2026-12-01T00:00`, with the body below. Or why it fails: one of the codes of the contract,
//! and a message.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::happening::moment;
use super::pattern::matches;
use crate::call::Operation;
use crate::command::kind::milliseconds;
use crate::error::{Code, Error};
use crate::http::Response;
use crate::journal::{Blob, Outcome};

/// An answer to each call that a service answers, but for requests to the web.
const SAMPLES: &str = include_str!("samples.json");

/// Between the arguments and the answer.
const ANSWERS: &str = "answers";
/// Between the arguments and why there is none.
const FAILS: &str = "fails";
/// Stands for both calls to the web.
const WEB: &str = "http";
const WEB_CALLS: [&str; 2] = ["http.fetch", "http.send"];
/// Calls that the grants answer end so.
const OPEN: &str = ".open";
/// Calls that a service answers begin so.
const SERVED: [&str; 3] = ["github.", "ci.", "http."];

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    call: String,
    /// Where in the arguments, as a JSON pointer, and what has to be there.
    arguments: Vec<(String, String)>,
    /// What is answered.
    pub outcome: Outcome,
}

impl Answer {
    /// Reads what stands behind `* `. None: it is not about an answer.
    pub fn read(order: &str) -> Option<Result<Answer, String>> {
        let (line, below) = order.split_once('\n').unwrap_or((order, ""));
        let (words, how, rest) = parts(line)?;
        Some(read(&words, how, rest.trim(), below))
    }

    /// Whether it is an answer to a call.
    pub fn fits(&self, operation: &Operation) -> bool {
        let name = operation.name();
        if self.call != name && !(self.call == WEB && WEB_CALLS.contains(&name)) {
            return false;
        }
        let arguments = shown_arguments(operation);
        self.arguments.iter().all(|(at, pattern)| {
            let value = arguments.pointer(at).and_then(plain);
            value.is_some_and(|value| matches(pattern, &value))
        })
    }
}

/// Whether a service answers a call, and not the bot itself.
pub fn is_served(operation: &Operation) -> bool {
    SERVED
        .iter()
        .any(|begin| operation.name().starts_with(begin))
}

/// A call as a line that answers it.
pub fn written(operation: &Operation) -> String {
    let arguments = shown_arguments(operation);
    if WEB_CALLS.contains(&operation.name()) {
        let text = |at: &str| arguments.pointer(at).and_then(plain).unwrap_or_default();
        let (method, url) = (text("/request/method"), text("/request/url"));
        return format!("{WEB} {method} {url} {ANSWERS} 200");
    }
    let mut words = vec![operation.name().to_owned()];
    flatten(&arguments, "", &mut words);
    format!("{} {ANSWERS}", words.join(" "))
}

fn flatten(value: &Value, path: &str, words: &mut Vec<String>) {
    if let Value::Object(fields) = value {
        for (name, value) in fields {
            let dot = if path.is_empty() { "" } else { "." };
            flatten(value, &format!("{path}{dot}{name}"), words);
        }
    } else if let Some(value) = plain(value).filter(|value| !value.is_empty()) {
        let quoted = value
            .contains([' ', '"', '\n'])
            .then(|| Value::from(value.as_str()).to_string());
        words.push(format!("{path}={}", quoted.unwrap_or(value)));
    }
}

/// The arguments of a call, with the body of a request as text.
fn shown_arguments(operation: &Operation) -> Value {
    let mut arguments = operation.arguments();
    let request = match operation {
        Operation::HttpFetch(call) => Some(&call.request),
        Operation::HttpSend(call) => Some(&call.request),
        _ => None,
    };
    if let Some(request) = request {
        arguments["request"]["body"] = String::from_utf8_lossy(&request.body.0).into();
    }
    arguments
}

/// A value that can stand on a line.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The words before the answer, which of the two kinds it is, and what follows.
fn parts(line: &str) -> Option<(Vec<&str>, &str, &str)> {
    let (mut words, mut rest) = (Vec::new(), line.trim_start());
    while !rest.is_empty() {
        let (word, after) = rest.split_at(end_of_word(rest));
        if word == ANSWERS || word == FAILS {
            return Some((words, word, after));
        }
        words.push(word);
        rest = after.trim_start();
    }
    None
}

/// A blank between quotation marks ends no word.
fn end_of_word(text: &str) -> usize {
    let (mut within, mut escaped) = (false, false);
    let ends = |c: char| {
        let ends = c.is_whitespace() && !within;
        within ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    };
    text.find(ends).unwrap_or(text.len())
}

fn read(words: &[&str], how: &str, rest: &str, below: &str) -> Result<Answer, String> {
    let (call, arguments) = words.split_first().ok_or("which call is meant?")?;
    let arguments = if *call == WEB {
        of_request(arguments)?
    } else {
        is_answerable(call)?;
        let arguments = arguments.iter().map(|word| argument(word));
        arguments.collect::<Result<_, _>>()?
    };
    let outcome = match how {
        FAILS => Outcome::Error(error(rest)?),
        _ if *call == WEB => Outcome::Ok(response(rest, below)?),
        _ => Outcome::Ok(value(call, &format!("{rest}\n{below}"))?),
    };
    Ok(Answer {
        call: (*call).to_owned(),
        arguments,
        outcome,
    })
}

fn is_answerable(call: &str) -> Result<(), String> {
    let names = Operation::NAMES.iter().copied();
    let mut names = names
        .filter(|name| SERVED.iter().any(|begin| name.starts_with(begin)) && !name.ends_with(OPEN));
    if names.any(|name| name == call) {
        return Ok(());
    }
    if Operation::NAMES.contains(&call) {
        return Err(format!("`{call}` is answered by the bot itself"));
    }
    let service = call.split_once('.').map_or(call, |(service, _)| service);
    let near = Operation::NAMES
        .iter()
        .filter(|name| name.starts_with(service));
    let near: Vec<&str> = near.copied().collect();
    Err(match near.as_slice() {
        [] => {
            format!("there is no call `{call}`: those to services are of `github`, `ci` and `http`")
        }
        near => format!("there is no call `{call}`; there are {}", near.join(", ")),
    })
}

/// Of the form `project.name=gh/acme/api`.
fn argument(word: &str) -> Result<(String, String), String> {
    let (name, value) = word
        .split_once('=')
        .ok_or_else(|| format!("`{word}` is no argument such as `reference=main`"))?;
    let value = match value.strip_prefix('"') {
        Some(_) => serde_json::from_str(value)
            .map_err(|error| format!("the value of `{name}` does not end as it begins: {error}"))?,
        None => value.to_owned(),
    };
    Ok((format!("/{}", name.replace('.', "/")), value))
}

/// Of the form `GET https://example.com body=…`.
fn of_request(words: &[&str]) -> Result<Vec<(String, String)>, String> {
    let [method, url, more @ ..] = words else {
        return Err(
            "a request has a method and an address: `http GET https://example.com/…`".to_owned(),
        );
    };
    let mut arguments = vec![
        ("/request/method".to_owned(), (*method).to_owned()),
        ("/request/url".to_owned(), (*url).to_owned()),
    ];
    for word in more {
        let (at, value) = argument(word)?;
        arguments.push((format!("/request{at}"), value));
    }
    Ok(arguments)
}

/// Of the form `unavailable: no connection`.
fn error(text: &str) -> Result<Error, String> {
    let (code, message) = text
        .split_once(':')
        .unwrap_or((text, "as the conversation has it"));
    let code = code.trim();
    let known: Code = serde_json::from_value(code.into()).map_err(|_| {
        format!("`{code}` is no code of an error: there are not-found, invalid, conflict, rate-limited, timeout, unavailable and in-doubt")
    })?;
    Ok(Error::new(known, message.trim()))
}

fn response(line: &str, body: &str) -> Result<Value, String> {
    let mut words = line.split_whitespace();
    let status: u16 = words
        .next()
        .and_then(|status| status.parse().ok())
        .filter(|status| (100..600).contains(status))
        .ok_or_else(|| {
            format!("`{line}` is no status such as 200; the body stands on indented lines below")
        })?;
    let body = body.trim_end();
    let is_json = serde_json::from_str::<Value>(body).is_ok();
    let kind = if is_json {
        "application/json"
    } else {
        "text/plain; charset=utf-8"
    };
    let mut response = Response {
        status,
        headers: vec![("content-type".to_owned(), kind.to_owned())],
        body: Blob(body.as_bytes().to_vec()),
        elapsed_ms: 0,
        certificate_expires: None,
    };
    for word in words {
        let (name, value) = word.split_once('=').ok_or_else(|| {
            format!("`{word}` is no header such as `location=/login`, and neither `elapsed=900ms` nor `certificate-expires=2026-12-01T00:00`")
        })?;
        match name {
            "elapsed" => {
                let elapsed = milliseconds(value);
                response.elapsed_ms = elapsed
                    .ok_or_else(|| format!("`{value}` is no length of time such as `900ms`"))?;
            }
            "certificate-expires" => response.certificate_expires = Some(moment(value)?),
            _ => response
                .headers
                .push((name.to_ascii_lowercase(), value.to_owned())),
        }
    }
    serde_json::to_value(response).map_err(|error| error.to_string())
}

/// What a call answers, if it is of its type.
fn value(call: &str, text: &str) -> Result<Value, String> {
    let text = text.trim();
    let written = (!text.is_empty())
        .then(|| serde_json::from_str(text))
        .transpose();
    let written: Option<Value> =
        written.map_err(|error| format!("the answer is no JSON: {error}"))?;
    let value = match (written, sample(call)) {
        (Some(written), sample) => completed(written, &sample),
        (None, sample) => sample,
    };
    match Operation::answered(call, &value) {
        Some(Err(error)) => Err(format!("`{call}` does not answer so: {error}")),
        Some(Ok(())) | None => Ok(value),
    }
}

fn sample(call: &str) -> Value {
    let samples: Value = serde_json::from_str(SAMPLES).expect("a test reads it");
    samples.get(call).cloned().unwrap_or_default()
}

/// What is written, with what the sample has besides.
fn completed(written: Value, sample: &Value) -> Value {
    match (written, sample) {
        (Value::Object(written), Value::Object(sample)) => {
            let mut all = sample.clone();
            all.extend(written);
            Value::Object(all)
        }
        (Value::Array(written), Value::Array(samples)) => {
            let sample = samples.first().unwrap_or(&Value::Null);
            let all = written.into_iter().map(|one| completed(one, sample));
            Value::Array(all.collect())
        }
        (written, _) => written,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::call::{HttpFetch, ResolveReference};
    use crate::http::Request;

    fn answer(order: &str) -> Answer {
        Answer::read(order).unwrap().unwrap()
    }

    fn resolve(reference: &str) -> Operation {
        ResolveReference {
            repository: "acme/api".parse().unwrap(),
            reference: reference.to_owned(),
        }
        .into()
    }

    fn fetch(url: &str) -> Operation {
        HttpFetch {
            request: Request {
                method: "GET".to_owned(),
                url: url.to_owned(),
                headers: Vec::new(),
                body: Blob(b"a body".to_vec()),
                timeout_ms: 1_000,
            },
        }
        .into()
    }

    #[test]
    fn it_fits_calls_with_these_arguments() {
        let found = answer("github.resolve repository=acme/… reference=main answers \"0f3a\"");
        assert!(found.fits(&resolve("main")) && !found.fits(&resolve("next")));
        assert_eq!(found.outcome, Outcome::Ok("0f3a".into()));
        assert!(answer("github.resolve answers \"0f3a\"").fits(&resolve("next")));
        assert!(!answer("github.resolve branch=main answers \"0f3a\"").fits(&resolve("main")));
        assert!(!answer("github.branches answers []").fits(&resolve("main")));
        let blanks = answer("github.resolve reference=\"two words\" fails timeout: no answer");
        assert!(blanks.fits(&resolve("two words")));
        assert_eq!(
            blanks.outcome,
            Outcome::Error(Error::new(Code::Timeout, "no answer"))
        );
    }

    #[test]
    fn requests_to_the_web_are_answered_with_a_status_and_a_body() {
        let found = answer("http GET https://example.com/… body=\"a …\" answers 503\n{\"a\": 1}\n");
        assert!(found.fits(&fetch("https://example.com/x?y=z")));
        assert!(!found.fits(&fetch("https://example.org/")));
        let Outcome::Ok(value) = found.outcome else {
            panic!()
        };
        let response: Response = serde_json::from_value(value).unwrap();
        assert_eq!(
            (response.status, response.body),
            (503, Blob(b"{\"a\": 1}".to_vec()))
        );
        assert_eq!(
            response.headers,
            [("content-type".into(), "application/json".into())]
        );
    }

    #[test]
    fn what_else_an_answer_of_the_web_has_stands_behind_its_status() {
        let order = "http GET https://a.example/ answers 302 location=/login elapsed=1s500ms certificate-expires=2026-12-01T00:00";
        let Outcome::Ok(value) = answer(order).outcome else {
            panic!()
        };
        let response: Response = serde_json::from_value(value).unwrap();
        assert_eq!(response.headers[1], ("location".into(), "/login".into()));
        assert_eq!(response.elapsed_ms, 1_500);
        let expires = response.certificate_expires.unwrap();
        assert_eq!(expires.0, 1_796_083_200_000);
    }

    #[test]
    fn a_call_is_written_as_the_line_that_answers_it() {
        for call in [
            resolve("main"),
            resolve("two \"words\""),
            fetch("https://example.com/x"),
        ] {
            let line = written(&call);
            assert!(answer(&line).fits(&call), "{line}");
        }
        let line = "github.resolve reference=main repository=acme/api answers";
        assert_eq!(written(&resolve("main")), line);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (order, expected) in [
            ("answers 1", "which call is meant?"),
            (
                "github.reslove answers 1",
                "there is no call `github.reslove`; there are github.open, github.resolve, ",
            ),
            (
                "slack answers 1",
                "there is no call `slack`: those to services are of `github`, `ci` and `http`",
            ),
            (
                "kv.get answers null",
                "`kv.get` is answered by the bot itself",
            ),
            (
                "github.resolve main answers \"0f3a\"",
                "`main` is no argument such as `reference=main`",
            ),
            (
                "github.resolve answers 1",
                "`github.resolve` does not answer so: invalid type: integer `1`, expected a string",
            ),
            (
                "github.resolve answers \"0f",
                "the answer is no JSON: EOF while parsing a string",
            ),
            (
                "github.resolve fails 404",
                "`404` is no code of an error: there are not-found, ",
            ),
            (
                "http GET answers 200",
                "a request has a method and an address: ",
            ),
            (
                "http GET https://example.com answers ok",
                "`ok` is no status such as 200",
            ),
            (
                "http GET https://example.com answers 200 OK",
                "`OK` is no header such as `location=/login`, ",
            ),
            (
                "http GET https://example.com answers 200 elapsed=slow",
                "`slow` is no length of time",
            ),
        ] {
            let error = Answer::read(order).unwrap().unwrap_err();
            assert!(error.starts_with(expected), "{order}: {error}");
        }
        assert_eq!(Answer::read("circleci: begins"), None);
    }

    #[test]
    fn what_is_left_out_is_that_of_the_sample() {
        let of = |order: &str| answer(order).outcome;
        let Outcome::Ok(deployments) = of("github.deployments answers [{\"id\": 7}]") else {
            panic!()
        };
        assert_eq!(
            (&deployments[0]["id"], &deployments[0]["reference"]),
            (&json!(7), &json!("main"))
        );
        assert_eq!(
            of("github.default-branch answers"),
            Outcome::Ok("main".into())
        );
        assert_eq!(of("github.deployments answers []"), Outcome::Ok(json!([])));
        assert_eq!(of("github.merge answers null"), Outcome::Ok(Value::Null));
    }

    #[test]
    fn every_call_to_a_service_has_a_sample() {
        let samples: serde_json::Map<String, Value> = serde_json::from_str(SAMPLES).unwrap();
        for (call, sample) in &samples {
            let fits = Operation::answered(call, sample);
            assert!(matches!(fits, Some(Ok(()))), "{call}: {fits:?}");
        }
        let served = |name: &&&str| SERVED.iter().any(|begin| name.starts_with(begin));
        for call in Operation::NAMES.iter().filter(served) {
            let needs_one = !call.ends_with(OPEN) && !WEB_CALLS.contains(call);
            assert_eq!(samples.contains_key(*call), needs_one, "{call}");
        }
    }

    #[test]
    fn answers_of_several_lines_are_json_too() {
        let found = answer("github.branches answers\n[\n\"main\"\n]\n");
        assert_eq!(found.outcome, Outcome::Ok(json!(["main"])));
    }
}
