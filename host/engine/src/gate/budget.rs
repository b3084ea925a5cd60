//! What one run may use up, and how large one call may be. All of it depends on the calls alone, so that a run that is
//! resumed meets the same bounds at the same calls.

mod said;

use serde_json::Value;
use witbot_core::call::{HttpFetch, HttpSend, Operation, Publish};
use witbot_core::ci::{Parameter, RunRequest};
use witbot_core::error::{Code, Error};
use witbot_core::github::DeploymentRequest;
use witbot_core::http::Request;
use witbot_core::limits;
use witbot_core::limits::plugin::PluginLimits;

use super::{Refusal, Stop};

/// What a run has used up.
#[derive(Default)]
pub(crate) struct Budget {
    limits: PluginLimits,
    calls: u32,
    /// Of them, those of the host before the plugin's.
    own: u32,
    messages: u32,
    requests: u32,
    published: u32,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(limits: PluginLimits) -> Budget {
        Budget {
            limits,
            ..Budget::default()
        }
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> u32 {
        self.calls
    }

    /// What was used up, in words.
    pub(crate) fn used(&self) -> Vec<String> {
        let PluginLimits {
            calls,
            messages,
            http_requests,
            ..
        } = self.limits;
        vec![
            format!("{} of {calls} calls", self.calls.min(calls)),
            format!("{} of {messages} messages", self.messages.min(messages)),
            format!(
                "{} of {http_requests} http requests",
                self.requests.min(http_requests)
            ),
        ]
    }

    /// The calls until now were the host's own, in the name of the run.
    pub(crate) fn hand_over(&mut self) {
        self.own = self.calls;
    }

    /// Whether there was no call by the plugin.
    pub(crate) fn is_untouched(&self) -> bool {
        self.calls == self.own
    }

    /// Counts a call. Too many calls end the run; anything else is told to the plugin.
    pub(crate) fn spend(&mut self, operation: &Operation) -> Result<(), Refusal> {
        self.calls += 1;
        if self.calls > self.limits.calls {
            return Err(Stop::Budget(format!(
                "the run made more than {} calls to the host",
                self.limits.calls
            ))
            .into());
        }
        check_size(operation)?;
        self.bytes = self.bytes.saturating_add(bytes(operation));
        if self.bytes > limits::RUN_BYTES_MAX {
            let most = limits::RUN_BYTES_MAX >> 20;
            return Err(
                Stop::Budget(format!("the run handed more than {most} MiB to the host")).into(),
            );
        }
        match operation {
            Operation::Reply(_)
            | Operation::Post(_)
            | Operation::PostDirect(_)
            | Operation::Edit(_)
            | Operation::Delete(_)
            | Operation::React(_)
            | Operation::Whisper(_)
            | Operation::Ask(_) => {
                self.messages += 1;
                within(
                    self.messages,
                    self.limits.messages,
                    "messages, edits and questions",
                )
            }
            Operation::HttpFetch(_) | Operation::HttpSend(_) => {
                self.requests += 1;
                within(self.requests, self.limits.http_requests, "http requests")
            }
            Operation::Publish(_) => {
                self.published += 1;
                within(self.published, limits::PUBLISHED_MAX, "events of topics")
            }
            _ => Ok(()),
        }
    }
}

fn within(used: u32, allowed: u32, what: &str) -> Result<(), Refusal> {
    if used <= allowed {
        return Ok(());
    }
    Err(Error::new(
        Code::RateLimited,
        format!("a run may have {allowed} {what}"),
    )
    .into())
}

fn check_size(operation: &Operation) -> Result<(), Error> {
    for (what, text) in texts(operation) {
        at_most(text.len(), limits::TEXT_BYTES_MAX, what)?;
    }
    match operation {
        Operation::Reply(call) => said::message(&call.text),
        Operation::Post(call) => said::message(&call.text),
        Operation::PostDirect(call) => said::message(&call.text),
        Operation::Edit(call) => said::message(&call.text),
        Operation::Whisper(call) => said::message(&call.text),
        Operation::React(call) => said::emoji(&call.emoji),
        Operation::Ask(call) => {
            said::question(&call.question, &call.choices, &call.answerers)?;
            wait(call.timeout_ms)
        }
        Operation::Sleep(call) => wait(call.milliseconds),
        Operation::AwaitEvent(call) => wait(call.timeout_ms),
        Operation::AwaitRun(call) => wait(call.timeout_ms),
        Operation::AwaitDeploymentStatus(call) => wait(call.timeout_ms),
        Operation::AwaitTurn(call) => wait(call.timeout_ms),
        Operation::LineUp(call) => line(&call.line),
        Operation::KvGet(call) => key(&call.key),
        Operation::KvDelete(call) => key(&call.key),
        Operation::KvSet(call) => key(&call.key).and_then(|()| value(&call.value.0)),
        Operation::KvReplace(call) => {
            key(&call.key)?;
            value(&call.value.0)?;
            call.expected
                .as_ref()
                .map_or(Ok(()), |expected| value(&expected.0))
        }
        Operation::Publish(call) => published(call),
        Operation::HttpFetch(call) => request(&call.request),
        Operation::HttpSend(call) => request(&call.request),
        _ => Ok(()),
    }
}

/// The texts of a call that no other bound is set to, with what they are.
fn texts(operation: &Operation) -> Vec<(&'static str, &str)> {
    match operation {
        Operation::ResolveReference(call) => vec![("a reference", &call.reference)],
        Operation::ReadChecks(call) => vec![("a reference", &call.reference)],
        Operation::ReadCommit(call) => vec![("a reference", &call.reference)],
        Operation::Merge(call) => vec![
            ("a branch", &call.base),
            ("a reference", &call.head),
            ("the message of a commit", &call.message),
        ],
        Operation::Compare(call) => vec![("a reference", &call.base), ("a reference", &call.head)],
        Operation::CreateDeployment(call) => deployment_texts(&call.request),
        Operation::ListDeployments(call) => optional("an environment", &call.environment)
            .into_iter()
            .collect(),
        Operation::AddDeploymentStatus(call) => {
            let request = &call.request;
            let texts = [
                ("an environment", &*call.environment),
                ("a state", &request.state),
                ("a description", &request.description),
            ];
            let urls = [
                optional("an address", &request.log_url),
                optional("an address", &request.environment_url),
            ];
            texts
                .into_iter()
                .chain(urls.into_iter().flatten())
                .collect()
        }
        Operation::OpenProject(call) => vec![("a project", &call.project.name)],
        Operation::TriggerRun(call) => {
            let mut texts = run_texts(&call.request);
            texts.push(("a project", &call.project.name));
            texts
        }
        Operation::ListRuns(call) => vec![("a project", &call.project.name)],
        Operation::Publish(call) => vec![("a subject", &call.subject)],
        Operation::ReadRun(call) => vec![
            ("a project", &call.project.name),
            ("the id of a run", &call.run),
        ],
        Operation::AwaitRun(call) => {
            vec![
                ("a project", &call.project.name),
                ("the id of a run", &call.run),
                ("a phase", &call.past),
            ]
        }
        Operation::CancelRun(call) => vec![
            ("a project", &call.project.name),
            ("the id of a run", &call.run),
        ],
        Operation::RerunRun(call) => vec![
            ("a project", &call.project.name),
            ("the id of a run", &call.run),
        ],
        Operation::ApproveRun(call) => vec![
            ("a project", &call.project.name),
            ("the id of a run", &call.run),
            ("the id of an approval", &call.approval),
        ],
        Operation::KvKeys(call) => std::iter::once(("a prefix", &*call.prefix))
            .chain(optional("a key", &call.after))
            .collect(),
        Operation::HttpFetch(HttpFetch { request }) | Operation::HttpSend(HttpSend { request }) => {
            vec![("a method", &request.method), ("an address", &request.url)]
        }
        Operation::FindChannel(call) => vec![("the name of a channel", &call.name)],
        Operation::AwaitEvent(call) => vec![("a kind", &call.kind), ("a subject", &call.subject)],
        Operation::ReadSettings(_)
        | Operation::Reply(_)
        | Operation::Post(_)
        | Operation::PostDirect(_)
        | Operation::Edit(_)
        | Operation::Delete(_)
        | Operation::React(_)
        | Operation::Whisper(_)
        | Operation::Broadcast(_)
        | Operation::MentionGroup(_)
        | Operation::FindDirect(_)
        | Operation::FindMessage(_)
        | Operation::FindPerson(_)
        | Operation::FindGithubLogin(_)
        | Operation::OpenRepository(_)
        | Operation::ReadDefaultBranch(_)
        | Operation::ListBranches(_)
        | Operation::LineUp(_)
        | Operation::AwaitTurn(_)
        | Operation::LeaveLine(_)
        | Operation::StopRun(_)
        | Operation::Judge(_)
        | Operation::May(_)
        | Operation::ReadDeployment(_)
        | Operation::ReadDeploymentStatus(_)
        | Operation::AwaitDeploymentStatus(_)
        | Operation::KvOpen(_)
        | Operation::KvGet(_)
        | Operation::KvSet(_)
        | Operation::KvReplace(_)
        | Operation::KvDelete(_)
        | Operation::Sleep(_)
        | Operation::Ask(_) => Vec::new(),
    }
}

fn optional<'a>(what: &'static str, text: &'a Option<String>) -> Option<(&'static str, &'a str)> {
    text.as_deref().map(|text| (what, text))
}

fn deployment_texts(request: &DeploymentRequest) -> Vec<(&'static str, &str)> {
    let mut texts: Vec<(&str, &str)> = vec![
        ("a reference", &request.reference),
        ("an environment", &request.environment),
        ("a task", &request.task),
        ("a description", &request.description),
    ];
    texts.extend(
        request
            .required_contexts
            .iter()
            .map(|name| ("the name of a context", &**name)),
    );
    texts
}

fn run_texts(request: &RunRequest) -> Vec<(&'static str, &str)> {
    let named = [
        ("a branch", &request.branch),
        ("a tag", &request.tag),
        ("the id of a definition", &request.definition),
        ("the name of a parameter", &request.correlate_by),
    ];
    let mut texts: Vec<(&str, &str)> = named
        .into_iter()
        .filter_map(|(what, text)| Some((what, text.as_deref()?)))
        .collect();
    for (name, value) in &request.parameters {
        texts.push(("the name of a parameter", name));
        if let Parameter::Text(text) = value {
            texts.push(("the value of a parameter", text));
        }
    }
    texts
}

/// About what the arguments of a call take in the record.
fn bytes(operation: &Operation) -> usize {
    let large = match operation {
        Operation::Reply(call) => call.text.bytes(),
        Operation::Post(call) => call.text.bytes(),
        Operation::PostDirect(call) => call.text.bytes(),
        Operation::Edit(call) => call.text.bytes(),
        Operation::Whisper(call) => call.text.bytes(),
        Operation::Ask(call) => {
            call.question.bytes() + call.choices.iter().map(String::len).sum::<usize>()
        }
        Operation::CreateDeployment(call) => call.request.payload.len(),
        Operation::Publish(call) => json_bytes(&call.body),
        Operation::Judge(call) => call.command.len() + pairs(&call.arguments),
        Operation::May(call) => call.command.len() + pairs(&call.arguments),
        Operation::KvGet(call) => call.key.len(),
        Operation::KvDelete(call) => call.key.len(),
        Operation::KvSet(call) => call.key.len() + call.value.0.len(),
        Operation::KvReplace(call) => {
            call.key.len()
                + call.value.0.len()
                + call
                    .expected
                    .as_ref()
                    .map_or(0, |expected| expected.0.len())
        }
        Operation::HttpFetch(HttpFetch { request }) | Operation::HttpSend(HttpSend { request }) => {
            headers_bytes(request) + request.body.0.len()
        }
        _ => 0,
    };
    large
        + texts(operation)
            .iter()
            .map(|(_, text)| text.len())
            .sum::<usize>()
}

fn published(call: &Publish) -> Result<(), Error> {
    if call.subject.is_empty() {
        return Err(Error::invalid(
            "say what it is about: the subject cannot be empty",
        ));
    }
    at_most(
        call.subject.len(),
        limits::TOPIC_SUBJECT_BYTES_MAX,
        "the subject of a topic",
    )?;
    at_most(
        json_bytes(&call.body),
        limits::TOPIC_BODY_BYTES_MAX,
        "the body of a topic",
    )?;
    if call.depth > limits::TOPIC_DEPTH_MAX {
        return Err(Error::new(
            Code::Conflict,
            format!(
                "this comes of a topic that comes of a topic, {} deep: plugins would go on answering each other for ever",
                limits::TOPIC_DEPTH_MAX
            ),
        ));
    }
    Ok(())
}

fn json_bytes(value: &Value) -> usize {
    value.to_string().len()
}

fn pairs(arguments: &[(String, String)]) -> usize {
    let lengths = arguments.iter();
    lengths.map(|(name, value)| name.len() + value.len()).sum()
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

fn line(name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::invalid("the name of a line cannot be empty"));
    }
    at_most(
        name.len(),
        limits::LINE_NAME_BYTES_MAX,
        "the name of a line",
    )
}

fn value(value: &[u8]) -> Result<(), Error> {
    at_most(value.len(), limits::KV_VALUE_BYTES_MAX, "a value")
}

fn request(request: &Request) -> Result<(), Error> {
    let (headers, body) = (headers_bytes(request), request.body.0.len());
    at_most(
        headers,
        limits::HTTP_HEADERS_BYTES_MAX,
        "the headers of a request",
    )?;
    at_most(
        body,
        limits::HTTP_REQUEST_BYTES_MAX,
        "the body of a request",
    )
}

fn headers_bytes(request: &Request) -> usize {
    let headers = request.headers.iter();
    headers.map(|(name, value)| name.len() + value.len()).sum()
}

fn at_most(bytes: usize, allowed: usize, what: &str) -> Result<(), Error> {
    if bytes <= allowed {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "{what} can have {allowed} bytes, not {bytes}"
    )))
}
