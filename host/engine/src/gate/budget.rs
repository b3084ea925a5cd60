//! What one run may use up, and how large one call may be. All of it depends on the calls alone, so that a run that is
//! resumed meets the same bounds at the same calls.

use witbot_core::call::Operation;
use witbot_core::error::{Code, Error};
use witbot_core::limits;

use super::{Refusal, Stop};

/// What a run has used up.
#[derive(Default)]
pub(crate) struct Budget {
    calls: u32,
    messages: u32,
    requests: u32,
}

impl Budget {
    /// Counts a call. Too many calls end the run; anything else is told to the plugin.
    pub(crate) fn spend(&mut self, operation: &Operation) -> Result<(), Refusal> {
        self.calls += 1;
        if self.calls > limits::CALLS_MAX {
            return Err(Stop::Budget(format!("the run made more than {} calls to the host", limits::CALLS_MAX)).into());
        }
        check_size(operation)?;
        match operation {
            Operation::Reply(_) | Operation::Post(_) | Operation::Edit(_) | Operation::Ask(_) => {
                self.messages += 1;
                within(self.messages, limits::MESSAGES_MAX, "messages and edits")
            }
            Operation::HttpFetch(_) | Operation::HttpSend(_) => {
                self.requests += 1;
                within(self.requests, limits::HTTP_REQUESTS_MAX, "http requests")
            }
            _ => Ok(()),
        }
    }
}

fn within(used: u32, allowed: u32, what: &str) -> Result<(), Refusal> {
    if used <= allowed {
        return Ok(());
    }
    Err(Error::new(Code::RateLimited, format!("a run may have {allowed} {what}")).into())
}

fn check_size(operation: &Operation) -> Result<(), Error> {
    match operation {
        Operation::Reply(call) => message(&call.text),
        Operation::Post(call) => message(&call.text),
        Operation::Edit(call) => message(&call.text),
        Operation::Ask(call) => question(&call.question, &call.choices),
        Operation::Sleep(call) => wait(call.milliseconds),
        Operation::AwaitEvent(call) => wait(call.timeout_ms),
        Operation::AwaitRun(call) => wait(call.timeout_ms),
        Operation::AwaitDeploymentStatus(call) => wait(call.timeout_ms),
        Operation::KvGet(call) => key(&call.key),
        Operation::KvDelete(call) => key(&call.key),
        Operation::KvSet(call) => key(&call.key).and_then(|()| value(&call.value.0)),
        Operation::KvReplace(call) => key(&call.key).and_then(|()| value(&call.value.0)),
        Operation::HttpFetch(call) => body(&call.request.body.0),
        Operation::HttpSend(call) => body(&call.request.body.0),
        _ => Ok(()),
    }
}

fn message(text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid("a message needs some text"));
    }
    at_most(text.len(), limits::MESSAGE_BYTES_MAX, "a message")
}

fn question(question: &str, choices: &[String]) -> Result<(), Error> {
    message(question)?;
    at_most(question.len(), 3_000, "a question")?;
    if !(2..=10).contains(&choices.len()) {
        return Err(Error::invalid(format!("a question needs 2 to 10 choices, not {}", choices.len())));
    }
    match choices.iter().find(|choice| choice.trim().is_empty() || choice.chars().count() > 75) {
        Some(choice) => Err(Error::invalid(format!("the choice `{choice}` does not have 1 to 75 characters"))),
        None => Ok(()),
    }
}

fn wait(milliseconds: u64) -> Result<(), Error> {
    if u128::from(milliseconds) <= limits::WAIT_MAX.as_millis() {
        return Ok(());
    }
    Err(Error::invalid("a wait can last 30 days at most"))
}

fn key(key: &str) -> Result<(), Error> {
    if key.is_empty() {
        return Err(Error::invalid("a key cannot be empty"));
    }
    at_most(key.len(), limits::KV_KEY_BYTES_MAX, "a key")
}

fn value(value: &[u8]) -> Result<(), Error> {
    at_most(value.len(), limits::KV_VALUE_BYTES_MAX, "a value")
}

fn body(body: &[u8]) -> Result<(), Error> {
    at_most(body.len(), limits::HTTP_REQUEST_BYTES_MAX, "the body of a request")
}

fn at_most(bytes: usize, allowed: usize, what: &str) -> Result<(), Error> {
    if bytes <= allowed {
        return Ok(());
    }
    Err(Error::invalid(format!("{what} can have {allowed} bytes, not {bytes}")))
}
