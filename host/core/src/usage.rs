//! What plugins use of what they are granted, counted by the day, so that an operator sees what a grant is for.
//!
//! Calls that need no grant are not counted, and opening something does nothing that would be worth it.

use serde::{Deserialize, Serialize};

use crate::audit;
use crate::call::{Class, Operation};
use crate::ids::{Namespace, PluginName, UnixMillis};
use crate::limits;

/// Milliseconds.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// What became of a call that a grant is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// It was done.
    Ok,
    /// It was allowed, and did not succeed.
    Error,
    /// The grants do not cover it.
    Denied,
    /// The grants cover it, and those that are tried do not.
    WouldDeny,
}

impl Use {
    /// As the store spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Use::Ok => "ok",
            Use::Error => "error",
            Use::Denied => "denied",
            Use::WouldDeny => "would-deny",
        }
    }

    /// What a word in the store stands for.
    pub fn named(word: &str) -> Option<Use> {
        let all = [Use::Ok, Use::Error, Use::Denied, Use::WouldDeny];
        all.into_iter().find(|used| used.as_str() == word)
    }
}

/// A call to be counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Used {
    /// When.
    pub at: UnixMillis,
    /// Whose.
    pub plugin: PluginName,
    /// The name of the call.
    pub call: &'static str,
    /// What it was about: see [`subject`].
    pub subject: String,
    /// What became of it.
    pub outcome: Use,
    /// The line of the settings that would allow it, if it is denied or would be, and a grant could allow it.
    pub line: Option<String>,
    /// What is put into the audit with the first of its kind on a day.
    pub first: Option<audit::Record>,
}

/// Calls of one kind that were counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The name of the call.
    pub call: String,
    /// What they were about.
    pub subject: String,
    /// What became of them.
    pub outcome: Use,
    /// The line of the settings that would allow them.
    pub line: Option<String>,
    /// How many.
    pub count: u64,
    /// When the last one was.
    pub last: UnixMillis,
}

/// The day, in UTC, counted from 1970.
pub fn day(at: UnixMillis) -> u64 {
    at.0 / DAY_MS
}

/// The first day that is shown and kept.
pub fn first_day(now: UnixMillis) -> u64 {
    day(now).saturating_sub(limits::USAGE_DAYS)
}

/// Whether a call that succeeds is counted: opening something does nothing yet.
pub fn counts(operation: &Operation) -> bool {
    operation.class() != Class::Open
        || matches!(
            operation,
            Operation::Broadcast(_) | Operation::MentionGroup(_)
        )
}

/// What a call is about, as far as grants look at it, cut to what people read. None: it needs no grant.
pub fn subject(operation: &Operation) -> Option<String> {
    let subject = match operation {
        Operation::ReadSettings(_)
        | Operation::Reply(_)
        | Operation::Edit(_)
        | Operation::Delete(_)
        | Operation::React(_)
        | Operation::Whisper(_)
        | Operation::FindMessage(_)
        | Operation::FindPerson(_)
        | Operation::FindGithubLogin(_)
        | Operation::Sleep(_)
        | Operation::LineUp(_)
        | Operation::AwaitTurn(_)
        | Operation::LeaveLine(_)
        | Operation::StopRun(_)
        | Operation::Judge(_)
        | Operation::May(_)
        | Operation::Ask(_) => return None,

        Operation::Post(call) => named(call.name.as_deref(), call.channel.as_str()),
        Operation::Broadcast(call) => named(call.name.as_deref(), call.channel.as_str()),
        Operation::MentionGroup(call) => named(call.name.as_deref(), call.channel.as_str()),
        Operation::FindChannel(call) => call.name.clone(),
        Operation::PostDirect(_) | Operation::FindDirect(_) => "people in private".to_owned(),

        Operation::OpenRepository(call) => call.repository.to_string(),
        Operation::ResolveReference(call) => call.repository.to_string(),
        Operation::ReadCommit(call) => call.repository.to_string(),
        Operation::ReadDefaultBranch(call) => call.repository.to_string(),
        Operation::ListBranches(call) => call.repository.to_string(),
        Operation::Merge(call) => call.repository.to_string(),
        Operation::ReadChecks(call) => call.repository.to_string(),
        Operation::Compare(call) => call.repository.to_string(),
        Operation::CreateDeployment(call) => {
            format!("{} {}", call.repository, call.request.environment)
        }
        Operation::AddDeploymentStatus(call) => format!("{} {}", call.repository, call.environment),
        Operation::ReadDeployment(call) => call.repository.to_string(),
        Operation::ListDeployments(call) => call.repository.to_string(),
        Operation::ReadDeploymentStatus(call) => call.repository.to_string(),
        Operation::AwaitDeploymentStatus(call) => call.repository.to_string(),

        Operation::OpenProject(call) => call.project.name.clone(),
        Operation::TriggerRun(call) => call.project.name.clone(),
        Operation::ListRuns(call) => call.project.name.clone(),
        Operation::ReadRun(call) => call.project.name.clone(),
        Operation::AwaitRun(call) => call.project.name.clone(),
        Operation::CancelRun(call) => call.project.name.clone(),
        Operation::RerunRun(call) => call.project.name.clone(),
        Operation::ApproveRun(call) => call.project.name.clone(),

        Operation::KvOpen(call) => call.namespace.to_string(),
        Operation::KvGet(call) => space(call.namespace.as_ref()),
        Operation::KvKeys(call) => space(call.namespace.as_ref()),
        Operation::KvSet(call) => space(call.namespace.as_ref()),
        Operation::KvReplace(call) => space(call.namespace.as_ref()),
        Operation::KvDelete(call) => space(call.namespace.as_ref()),

        Operation::HttpFetch(call) => host(&call.request.method, &call.request.url),
        Operation::HttpSend(call) => host(&call.request.method, &call.request.url),

        Operation::Publish(call) => call.topic.to_string(),
        Operation::AwaitEvent(call) => format!("{} {}", call.kind, call.subject),
    };
    Some(subject.chars().take(limits::SHOWN_CHARS_MAX).collect())
}

/// The line as far as it is kept: one that is cut would say something else.
pub fn line(line: Option<String>) -> Option<String> {
    line.filter(|line| line.len() <= limits::USAGE_LINE_BYTES_MAX)
}

fn named(name: Option<&str>, id: &str) -> String {
    name.unwrap_or(id).to_owned()
}

/// The shared one; nothing for the plugin's own.
fn space(namespace: Option<&Namespace>) -> String {
    namespace.map_or(String::new(), Namespace::to_string)
}

/// Only the host: paths and queries can hold what is secret.
fn host(method: &str, url: &str) -> String {
    let url = url::Url::parse(url).ok();
    let host = url.as_ref().and_then(url::Url::host_str);
    format!("{method} {}", host.unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{HttpFetch, KvGet, OpenRepository, Sleep};
    use crate::http::Request;
    use crate::journal::Blob;

    fn get() -> Operation {
        let key = "k".to_owned();
        KvGet {
            namespace: None,
            key,
        }
        .into()
    }

    #[test]
    fn what_grants_are_about_is_counted_without_what_may_be_secret() {
        let fetch = HttpFetch {
            request: Request {
                method: "GET".to_owned(),
                url: "https://me:pw@status.example.com:8443/hidden?token=1".to_owned(),
                headers: Vec::new(),
                body: Blob::default(),
                timeout_ms: 1,
            },
        };
        let about = |operation: Operation| subject(&operation);
        assert_eq!(
            about(fetch.into()).as_deref(),
            Some("GET status.example.com")
        );
        assert_eq!(about(get()).as_deref(), Some(""));
        assert_eq!(about(Sleep { milliseconds: 1 }.into()), None);
    }

    #[test]
    fn opening_does_nothing_yet() {
        let repository = "acme/api".parse().unwrap();
        assert!(!counts(&OpenRepository { repository }.into()));
        assert!(counts(&get()));
    }

    #[test]
    fn a_day_begins_at_midnight() {
        assert_eq!(day(UnixMillis(DAY_MS - 1)), 0);
        assert_eq!(day(UnixMillis(DAY_MS)), 1);
        let now = UnixMillis(40 * DAY_MS);
        assert_eq!(first_day(now), 40 - limits::USAGE_DAYS);
    }
}
