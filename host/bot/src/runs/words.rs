//! How a run stands, in words: for people in the chat and for operators.

use chrono::{DateTime, SecondsFormat};
use witbot_core::call::Operation;
use witbot_core::event::{Body, Event, Place, User};
use witbot_core::ids::UnixMillis;
use witbot_core::journal::Wait;
use witbot_core::limits;

/// What a run waits for, and until when at the latest.
pub fn waits_for(wait: &Wait) -> String {
    let until = moment(wait.deadline);
    match &wait.operation {
        Operation::Sleep(_) => format!("waits until {until}"),
        Operation::Ask(ask) => {
            let question = quoted(&ask.question.shown());
            format!("waits for an answer to `{question}`, until {until}")
        }
        Operation::AwaitRun(call) => {
            let (project, run, past) = (&call.project.name, &call.run, &call.past);
            format!("waits for the run {run} of {project} to leave `{past}`, until {until}")
        }
        Operation::AwaitDeploymentStatus(call) => {
            let (repository, deployment) = (&call.repository, call.deployment);
            format!("waits for a status of deployment {deployment} of {repository}, until {until}")
        }
        Operation::AwaitEvent(call) => {
            let (kind, subject) = (&call.kind, &call.subject);
            format!("waits for {kind} of {subject}, until {until}")
        }
        Operation::AwaitTurn(call) => {
            let (line, ahead) = (quoted(&call.line), call.ahead);
            format!("waits in the line `{line}` with {ahead} before it, until {until}")
        }
        other => format!("waits for {}, until {until}", other.name()),
    }
}

/// What was asked for, as it is shown behind the name of whoever asked.
pub fn asked(event: &Event) -> String {
    match &event.body {
        Body::Message(message) => quoted(&message.text),
        Body::Click(click) => quoted(&click.choice),
        Body::Webhook(hook) => format!("{} of {}", hook.kind, hook.subject),
    }
}

/// Who caused an event, and where, if a person did it somewhere.
pub fn from(event: &Event) -> Option<(&User, &Place)> {
    match &event.body {
        Body::Message(message) => Some((&message.user, &message.place)),
        Body::Click(click) => Some((&click.user, &click.place)),
        Body::Webhook(_) => None,
    }
}

/// What people call somebody: the name where it is known, and otherwise the id.
pub fn name(user: &User) -> String {
    match &user.name {
        Some(name) => format!("@{name}"),
        None => format!("@{}", user.id),
    }
}

/// A point in time, as everybody reads it alike.
pub fn moment(at: UnixMillis) -> String {
    let time = i64::try_from(at.0)
        .ok()
        .and_then(DateTime::from_timestamp_millis);
    time.map_or_else(
        || "the end of time".to_owned(),
        |time| time.to_rfc3339_opts(SecondsFormat::Secs, true),
    )
}

/// The beginning of what somebody wrote. Grave accents would end the code that it is shown as.
fn quoted(text: &str) -> String {
    let line = text.replace('`', "'").replace('\n', " ");
    let mut shown: String = line.chars().take(limits::SHOWN_CHARS_MAX).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use witbot_core::call::AwaitEvent;

    use super::*;

    #[test]
    fn times_are_those_of_utc_and_never_fail() {
        assert_eq!(
            moment(UnixMillis(1_700_000_000_999)),
            "2023-11-14T22:13:20Z"
        );
        assert_eq!(moment(UnixMillis(u64::MAX)), "the end of time");
    }

    #[test]
    fn a_wait_says_what_for_and_until_when() {
        let operation: Operation = AwaitEvent {
            kind: "github.push".into(),
            subject: "acme/api".into(),
            after: 1,
            timeout_ms: 5,
        }
        .into();
        let wait = Wait {
            invocation: "00112233445566778899".parse().unwrap(),
            number: 0,
            key: operation.wait_key(),
            operation,
            deadline: UnixMillis(0),
        };
        assert_eq!(
            waits_for(&wait),
            "waits for github.push of acme/api, until 1970-01-01T00:00:00Z"
        );
    }

    #[test]
    fn what_was_asked_stays_in_its_quotes() {
        assert_eq!(quoted("a `b`\nc"), "a 'b' c");
        assert_eq!(quoted(&"x".repeat(1_000)).chars().count(), 101);
    }
}
