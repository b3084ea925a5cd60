//! What happens elsewhere in a conversation with a plugin that is tested on its own: time passes, services answer, and events
//! come from outside.
//!
//! ```text
//! * time passes: 2h
//! * it is: 2026-11-23 17:00
//! * webhook.alerts comes with {"title": "disk full"}
//! * github.pull_request of acme/api comes with
//!     {"action": "closed", "number": 7}
//! * topic.deployed of api/production comes with {"commit": "0f3a6c1"}
//! ```
//!
//! An event comes as if it had been verified already; grants are asked as ever.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use serde_json::Value;

use super::answer::Answer;
use crate::command::kind::milliseconds;
use crate::event::{Source, TOPIC, Webhook};
use crate::ids::UnixMillis;

const PASSES: &str = "time passes:";
const IS: &str = "it is:";
const COMES: &str = " comes with";
const OF: &str = " of ";

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// A service answers.
    Answer(Answer),
    /// `* time passes: 2h`.
    Passes(Duration),
    /// `* it is: 2026-11-23 17:00`, in UTC.
    Is(UnixMillis),
    /// `* topic.deployed of api/production comes with {"commit": "0f3a6c1"}`.
    Comes(Webhook),
}

/// What a line begins with that is no line of somebody, but an event from outside. Nobody can type it.
const OUTSIDE: char = '\u{1}';

/// The line by which a bot in a rehearsal is asked to say when all is quiet: nothing is done or due.
pub const SETTLE: &str = "\u{1}";

/// A line to a bot in a rehearsal, with its number. It is one event however often it comes: who does not know whether it outlasted a
/// crash has it come again.
pub fn numbered(number: usize, line: &str) -> String {
    format!("{number}{OUTSIDE}{line}")
}

/// The number of such a line, and what it says.
pub fn number_of(line: &str) -> Option<(usize, &str)> {
    let (number, line) = line.split_once(OUTSIDE)?;
    Some((number.parse().ok()?, line))
}

/// The line by which a bot in a rehearsal is told of an event from outside.
pub fn line(event: &Webhook) -> String {
    let event = serde_json::to_value(event).unwrap_or_default();
    format!("{OUTSIDE}{event}")
}

/// The event that such a line tells of.
pub fn from_line(line: &str) -> Option<Webhook> {
    serde_json::from_str(line.strip_prefix(OUTSIDE)?).ok()
}

/// The door through which events of a kind come from outside. None: no such events do.
pub fn door(kind: &str) -> Option<Source> {
    let doors = [
        Source::Github,
        Source::Circleci,
        Source::Webhook,
        Source::Topic,
    ];
    let (source, name) = kind.split_once('.')?;
    let found = doors.into_iter().find(|door| door.as_str() == source);
    found.filter(|_| !name.is_empty())
}

impl Happening {
    /// Reads what stands behind `* `.
    pub fn read(order: &str) -> Result<Happening, String> {
        if let Some(length) = order.strip_prefix(PASSES) {
            let length = length.trim();
            let length = milliseconds(length).ok_or_else(|| {
                format!("`{length}` is no length of time such as `90s`, `15m` or `1h30m`")
            })?;
            return Ok(Happening::Passes(Duration::from_millis(length)));
        }
        if let Some(time) = order.strip_prefix(IS) {
            return moment(time.trim()).map(Happening::Is);
        }
        if let Some((event, body)) = order.split_once(COMES) {
            return came(event.trim(), body).map(Happening::Comes);
        }
        let answer = Answer::read(order).unwrap_or_else(|| {
            Err(format!(
                "`* {order}` is nothing that can happen here. What can: `* time passes: 2h`, `* it is: 2026-11-23 17:00`, \
                 `* github.resolve reference=main answers \"0f3a…\"`, `* http GET https://… fails timeout`, \
                 `* webhook.alerts comes with {{…}}`, `* github.push of acme/api comes with {{…}}`, \
                 `* settings:` and `* forgive: …`"
            ))
        });
        answer.map(Happening::Answer)
    }
}

fn came(event: &str, body: &str) -> Result<Webhook, String> {
    let (kind, subject) = match event.split_once(OF) {
        Some((kind, subject)) => (kind.trim(), Some(subject.trim())),
        None => (event, None),
    };
    let known = "events that come are such as `webhook.alerts`, `github.pull_request of acme/api`, \
                 `circleci.workflow-completed of gh/acme/api` and `topic.deployed of api/production`";
    let source = door(kind).ok_or_else(|| format!("`{kind}` is no event: {known}"))?;
    let name = &kind[source.as_str().len() + 1..];
    let subject = match (source, subject) {
        (Source::Webhook, None) => name,
        (Source::Webhook, Some(_)) => return Err(format!("a webhook is `{kind} comes with`")),
        (_, Some(subject)) if !subject.is_empty() => subject,
        (_, _) => {
            return Err(format!(
                "say what it is about: `{kind} of … comes with`; {known}"
            ));
        }
    };
    let body: Value = serde_json::from_str(body)
        .map_err(|error| format!("what `{kind}` comes with is no JSON: {error}"))?;
    Ok(Webhook {
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        body,
        depth: u8::from(kind.starts_with(TOPIC)),
    })
}

/// A time in UTC.
pub(super) fn moment(text: &str) -> Result<UnixMillis, String> {
    let wrong = || format!("`{text}` is no time such as `2026-11-23 17:00`, in UTC");
    let time: DateTime = text.parse().map_err(|_| wrong())?;
    let time = time.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
    let time = time.timestamp().as_millisecond();
    u64::try_from(time).map(UnixMillis).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_happens_is_read() {
        let passes = Happening::Passes(Duration::from_secs(5_400));
        assert_eq!(Happening::read("time passes: 1h30m"), Ok(passes));
        let at = Happening::Is(UnixMillis(1_795_453_200_000));
        assert_eq!(Happening::read("it is: 2026-11-23 17:00"), Ok(at));
        let event = |kind: &str, subject: &str, depth| {
            Happening::Comes(Webhook {
                kind: kind.to_owned(),
                subject: subject.to_owned(),
                body: json!({"a": 1}),
                depth,
            })
        };
        for (order, expected) in [
            (
                "webhook.alerts comes with {\"a\": 1}",
                event("webhook.alerts", "alerts", 0),
            ),
            (
                "github.push of acme/api comes with\n{\"a\":\n 1}",
                event("github.push", "acme/api", 0),
            ),
            (
                "topic.deployed of api/production comes with {\"a\": 1}",
                event("topic.deployed", "api/production", 1),
            ),
        ] {
            assert_eq!(Happening::read(order), Ok(expected.clone()));
            let Happening::Comes(event) = expected else {
                panic!()
            };
            assert_eq!(from_line(&line(&event)), Some(event));
        }
        assert_eq!(from_line("hello"), None);
        assert_eq!(number_of(&numbered(7, "hello")), Some((7, "hello")));
        assert_eq!(number_of(SETTLE), None);
        let answer = Happening::read("github.branches answers []");
        assert!(matches!(answer, Ok(Happening::Answer(_))), "{answer:?}");
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (order, expected) in [
            ("time passes: a while", "`a while` is no length of time"),
            ("it is: teatime", "`teatime` is no time such as"),
            (
                "it is: 1960-01-01 00:00",
                "`1960-01-01 00:00` is no time such as",
            ),
            (
                "circleci: begins",
                "`* circleci: begins` is nothing that can happen here. ",
            ),
            (
                "chat.message of ops comes with {}",
                "`chat.message` is no event: events that come are such as",
            ),
            (
                "github.push comes with {}",
                "say what it is about: `github.push of …",
            ),
            (
                "webhook.alerts comes with alerts",
                "what `webhook.alerts` comes with is no JSON: ",
            ),
            ("kv.get answers 1", "`kv.get` is answered by the bot itself"),
        ] {
            let error = Happening::read(order).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
