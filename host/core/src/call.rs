//! Everything that a plugin can ask of the world, as one closed list. An import of the contract becomes one of these,
//! and passes the gate as such; what is answered is kept in the journal as JSON.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::chat::{self, Answerers, Audience, Said, Text};
use crate::event::{MessageId, Place, Source, User};
use crate::ids::{
    CallId, ChannelId, InvocationId, Namespace, PluginName, Repository, TopicName, UserId,
};
use crate::journal::Blob;
use crate::policy::{Judgement, Origin};
use crate::{ci, github, http};

/// How a call is made to happen once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Asks for nothing but a permission: the grants answer it.
    Open,
    /// Changes nothing. Its answer is recorded; after a crash before that, it is asked again.
    Read,
    /// Changes only what we store ourselves, in the same transaction that records it.
    Record,
    /// Changes something elsewhere: an intent is recorded before it, its result after it.
    Effect,
    /// Waits for something. The run is parked meanwhile.
    Wait,
}

/// A call of one kind, with the type of its answer.
pub trait Call: Clone + Into<Operation> + Send {
    /// What it is answered with.
    type Answer: Serialize + DeserializeOwned + Send;
}

macro_rules! calls {
    ($(
        $(#[$doc:meta])*
        $class:ident $name:literal $type:ident { $( $(#[$field_doc:meta])* $field:ident : $field_type:ty),* $(,)? } -> $answer:ty;
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            pub struct $type { $( $(#[$field_doc])* pub $field: $field_type, )* }

            impl Call for $type {
                type Answer = $answer;
            }

            impl From<$type> for Operation {
                fn from(call: $type) -> Operation {
                    Operation::$type(call)
                }
            }
        )*

        /// Any call.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Operation { $( $(#[$doc])* $type($type), )* }

        impl Operation {
            /// All names.
            pub const NAMES: &[&str] = &[$( $name, )*];

            /// The name in the journal and the audit.
            pub fn name(&self) -> &'static str {
                match self { $( Operation::$type(_) => $name, )* }
            }

            /// How it is made to happen once.
            pub fn class(&self) -> Class {
                match self { $( Operation::$type(_) => Class::$class, )* }
            }

            /// The call that was recorded under a name, if its arguments are still understood.
            pub fn recorded(name: &str, arguments: Value) -> Option<Operation> {
                match name {
                    $( $name => serde_json::from_value(arguments).ok().map(Operation::$type), )*
                    _ => None,
                }
            }

            /// Whether a value is an answer to calls of a name. None: there are none of this name.
            pub fn answered(name: &str, answer: &Value) -> Option<Result<(), serde_json::Error>> {
                match name {
                    $( $name => Some(<$answer>::deserialize(answer).map(drop)), )*
                    _ => None,
                }
            }
        }
    };
}

calls! {
    /// The operator's settings for the plugin, as they are now.
    Read "config.document" ReadSettings {} -> Value;

    /// Write where the event was said.
    Record "chat.reply" Reply {
        /// Where.
        place: Place,
        /// What.
        text: Said,
    } -> CallId;
    /// Write in a channel where nobody asked.
    Record "chat.post" Post {
        /// Where.
        channel: ChannelId,
        /// How people call the channel: grants may name it so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// What.
        text: Said,
    } -> CallId;
    /// Write to one person alone, in the conversation that they have with the bot.
    Record "chat.post-direct" PostDirect {
        /// To whom.
        user: UserId,
        /// The conversation.
        channel: ChannelId,
        /// What.
        text: Said,
    } -> CallId;
    /// Change a message of ours.
    Record "chat.edit" Edit {
        /// Which.
        message: CallId,
        /// Where it stands.
        place: Place,
        /// The new text.
        text: Said,
    } -> ();
    /// Take a message of ours away.
    Record "chat.delete" Delete {
        /// Which.
        message: CallId,
        /// Where it stands.
        place: Place,
    } -> ();
    /// Put an emoji to a message.
    Record "chat.react" React {
        /// To which.
        message: MessageId,
        /// Where it stands.
        place: Place,
        /// The name of the emoji, without colons.
        emoji: String,
    } -> ();
    /// Say something where the event was said that only the person who caused it sees.
    Record "chat.whisper" Whisper {
        /// Where.
        place: Place,
        /// To whom.
        user: UserId,
        /// What.
        text: Said,
    } -> ();
    /// Notify everybody with the next message.
    Open "chat.broadcast" Broadcast {
        /// Where.
        channel: ChannelId,
        /// How people call the channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Whom.
        audience: Audience,
    } -> ();
    /// Notify a group of people with the next message.
    Open "chat.mention-group" MentionGroup {
        /// Where.
        channel: ChannelId,
        /// How people call the channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Which group, by the chat service's id.
        group: UserId,
    } -> ();
    /// Where a message of ours stands that was written in an earlier run.
    Read "chat.message" FindMessage {
        /// Which.
        message: CallId,
    } -> Place;
    /// The channel that people call so.
    Read "chat.channel" FindChannel {
        /// Its name, or its id.
        name: String,
    } -> chat::Channel;
    /// The conversation of the bot with one person.
    Read "chat.direct" FindDirect {
        /// With whom.
        user: UserId,
    } -> ChannelId;
    /// What the chat service knows of a person.
    Read "chat.person" FindPerson {
        /// Whom.
        user: UserId,
    } -> chat::Person;
    /// The login at GitHub that a person has proved to be theirs.
    Read "people.github-login" FindGithubLogin {
        /// Where they were heard.
        source: Source,
        /// Whom.
        user: UserId,
    } -> Option<String>;

    /// Open a repository.
    Open "github.open" OpenRepository {
        /// Which repository.
        repository: Repository,
    } -> ();
    /// The commit that a reference stands for.
    Read "github.resolve" ResolveReference {
        /// Which repository.
        repository: Repository,
        /// Branch, tag, or SHA.
        reference: String,
    } -> String;
    /// The commit that a reference stands for, with what it says.
    Read "github.commit" ReadCommit {
        /// Which repository.
        repository: Repository,
        /// Branch, tag, or SHA.
        reference: String,
    } -> github::Commit;
    /// The name of the default branch.
    Read "github.default-branch" ReadDefaultBranch {
        /// Which repository.
        repository: Repository,
    } -> String;
    /// The names of the branches.
    Read "github.branches" ListBranches {
        /// Which repository.
        repository: Repository,
        /// At most so many.
        limit: u32,
    } -> Vec<String>;
    /// Merge into a branch.
    Effect "github.merge" Merge {
        /// Which repository.
        repository: Repository,
        /// Into this branch.
        base: String,
        /// This branch or commit.
        head: String,
        /// What the commit says.
        message: String,
    } -> Option<String>;
    /// The checks of a commit.
    Read "github.checks" ReadChecks {
        /// Which repository.
        repository: Repository,
        /// Branch, tag, or SHA.
        reference: String,
    } -> github::Checks;
    /// How one reference stands to another.
    Read "github.compare" Compare {
        /// Which repository.
        repository: Repository,
        /// Compared to this.
        base: String,
        /// This one.
        head: String,
    } -> github::Comparison;
    /// Create a deployment.
    Effect "github.create-deployment" CreateDeployment {
        /// Which repository.
        repository: Repository,
        /// What to create.
        request: github::DeploymentRequest,
    } -> github::Deployment;
    /// One deployment.
    Read "github.deployment" ReadDeployment {
        /// Which repository.
        repository: Repository,
        /// Which one.
        deployment: u64,
    } -> github::Deployment;
    /// The newest deployments.
    Read "github.deployments" ListDeployments {
        /// Which repository.
        repository: Repository,
        /// Only of this environment.
        environment: Option<String>,
        /// At most so many.
        limit: u32,
    } -> Vec<github::Deployment>;
    /// The latest status of a deployment.
    Read "github.deployment-status" ReadDeploymentStatus {
        /// Which repository.
        repository: Repository,
        /// Which deployment.
        deployment: u64,
    } -> Option<github::DeploymentStatus>;
    /// Add a status to a deployment.
    Effect "github.add-deployment-status" AddDeploymentStatus {
        /// Which repository.
        repository: Repository,
        /// Which deployment.
        deployment: u64,
        /// Its environment: grants look at it.
        environment: String,
        /// What to add.
        request: github::StatusRequest,
    } -> github::DeploymentStatus;
    /// The next status of a deployment.
    Wait "github.next-deployment-status" AwaitDeploymentStatus {
        /// Which repository.
        repository: Repository,
        /// Which deployment.
        deployment: u64,
        /// Only one with a greater id.
        after: Option<u64>,
        /// How long to wait.
        timeout_ms: u64,
    } -> github::DeploymentStatus;

    /// Open a project.
    Open "ci.open" OpenProject {
        /// Which project.
        project: ci::Project,
    } -> ();
    /// Start a run.
    Effect "ci.trigger" TriggerRun {
        /// Where.
        project: ci::Project,
        /// What to start.
        request: ci::RunRequest,
    } -> ci::Run;
    /// The newest runs.
    Read "ci.recent" ListRuns {
        /// Where.
        project: ci::Project,
        /// At most so many.
        limit: u32,
    } -> Vec<ci::RecentRun>;
    /// How a run stands.
    Read "ci.status" ReadRun {
        /// Where.
        project: ci::Project,
        /// Which run.
        run: String,
    } -> ci::RunStatus;
    /// How a run stands when it has left a phase.
    Wait "ci.past" AwaitRun {
        /// Where.
        project: ci::Project,
        /// Which run.
        run: String,
        /// The phase to be left, in the contract's spelling.
        past: String,
        /// How long to wait.
        timeout_ms: u64,
    } -> ci::RunStatus;
    /// Stop a run.
    Effect "ci.cancel" CancelRun {
        /// Where.
        project: ci::Project,
        /// Which run.
        run: String,
    } -> ();
    /// Run a run once more.
    Effect "ci.rerun" RerunRun {
        /// Where.
        project: ci::Project,
        /// Which run.
        run: String,
        /// Only what failed.
        only_failed: bool,
    } -> ();
    /// Give an approval that a run waits for.
    Effect "ci.approve" ApproveRun {
        /// Where.
        project: ci::Project,
        /// Which run.
        run: String,
        /// The id of the approval, from the status of the run.
        approval: String,
    } -> ();

    /// Open a space that plugins share.
    Open "kv.open" KvOpen {
        /// Which.
        namespace: Namespace,
    } -> ();
    /// The value of a key.
    Read "kv.get" KvGet {
        /// In which shared space. None: in the plugin's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<Namespace>,
        /// Which key.
        key: String,
    } -> Option<Blob>;
    /// The keys of a range.
    Read "kv.keys" KvKeys {
        /// In which shared space. None: in the plugin's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<Namespace>,
        /// They begin with this.
        prefix: String,
        /// And come after this.
        after: Option<String>,
        /// At most so many.
        limit: u32,
    } -> Vec<String>;
    /// Set a key.
    Record "kv.set" KvSet {
        /// In which shared space. None: in the plugin's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<Namespace>,
        /// Which key.
        key: String,
        /// To this.
        value: Blob,
    } -> ();
    /// Set a key that has an expected value.
    Record "kv.replace" KvReplace {
        /// In which shared space. None: in the plugin's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<Namespace>,
        /// Which key.
        key: String,
        /// None: there must be no such key.
        expected: Option<Blob>,
        /// To this.
        value: Blob,
    } -> bool;
    /// Remove a key.
    Record "kv.delete" KvDelete {
        /// In which shared space. None: in the plugin's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<Namespace>,
        /// Which key.
        key: String,
    } -> ();

    /// A request that changes nothing: `GET` or `HEAD`.
    Read "http.fetch" HttpFetch {
        /// What is sent.
        request: http::Request,
    } -> http::Response;
    /// A request that may change something.
    Effect "http.send" HttpSend {
        /// What is sent.
        request: http::Request,
    } -> http::Response;

    /// Tell all plugins that want to know.
    Record "topics.publish" Publish {
        /// In which topic.
        topic: TopicName,
        /// What it is about.
        subject: String,
        /// What is told.
        body: Value,
        /// How many events of topics stand before it.
        #[serde(default)]
        depth: u8,
    } -> i64;

    /// Let time pass.
    Wait "flow.sleep" Sleep {
        /// So long.
        milliseconds: u64,
    } -> ();
    /// Ask somebody to choose.
    Wait "flow.ask" Ask {
        /// Where.
        place: Place,
        /// Who caused the event.
        user: UserId,
        /// What.
        question: Text,
        /// What can be answered.
        choices: Vec<String>,
        /// Who may answer.
        #[serde(default, skip_serializing_if = "Answerers::is_default")]
        answerers: Answerers,
        /// How long to wait.
        timeout_ms: u64,
    } -> Chosen;
    /// Whether somebody may have done what they asked for.
    Read "policy.judge" Judge {
        /// Who.
        user: User,
        /// Where.
        place: Place,
        /// How it was said.
        origin: Origin,
        /// Which command, by its id.
        command: String,
        /// What it comes to.
        arguments: Vec<(String, String)>,
        /// Whether the person has confirmed it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        confirmed: bool,
        /// Who has approved it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approved_by: Vec<UserId>,
    } -> Judgement;
    /// Whether somebody could have something else done.
    Read "policy.may" May {
        /// Who.
        user: User,
        /// Where.
        place: Place,
        /// How it would be said.
        origin: Origin,
        /// Which command, by its id.
        command: String,
        /// With what.
        arguments: Vec<(String, String)>,
    } -> bool;
    /// Stand in a line.
    Record "flow.line-up" LineUp {
        /// Which line, of those of the plugin.
        line: String,
    } -> u32;
    /// Fewer stand before this run.
    Wait "flow.closer" AwaitTurn {
        /// Whose line.
        plugin: PluginName,
        /// Which run stands in it.
        run: InvocationId,
        /// In which line.
        line: String,
        /// How many stood before it when it was last told.
        ahead: u32,
        /// How long to wait.
        timeout_ms: u64,
    } -> u32;
    /// Leave a line.
    Record "flow.leave-line" LeaveLine {
        /// Which line.
        line: String,
    } -> ();
    /// Cancel another run of the plugin.
    Effect "flow.cancel" StopRun {
        /// Which.
        run: InvocationId,
    } -> bool;
    /// An event from outside.
    Wait "flow.await-event" AwaitEvent {
        /// Of this kind.
        kind: String,
        /// About this.
        subject: String,
        /// Only one that came into the inbox after this row of it.
        after: i64,
        /// How long to wait.
        timeout_ms: u64,
    } -> Occurrence;
}

/// An answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// One of the choices.
    pub choice: String,
    /// Who chose.
    pub user: UserId,
}

/// An event that was waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Occurrence {
    /// Its row in the inbox: the next wait looks behind it.
    pub event: i64,
    /// Its kind.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// All that it said.
    pub body: Value,
}

impl Operation {
    /// The arguments as they are kept in the journal.
    pub fn arguments(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    /// The arguments as they are kept in the audit, which operators read and keep for years: of a request to the web
    /// neither the values of headers, nor the query, nor the body, because all of them can be secrets.
    pub fn audited(&self) -> Value {
        match self {
            Operation::HttpFetch(HttpFetch { request })
            | Operation::HttpSend(HttpSend { request }) => {
                let headers: Vec<&str> = request
                    .headers
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .collect();
                json!({
                    "method": request.method,
                    "url": http::without_secrets(&request.url),
                    "headers": headers,
                    "body_bytes": request.body.0.len(),
                })
            }
            // What is said to one person alone is nobody else's business.
            Operation::PostDirect(call) => {
                json!({ "user": call.user, "channel": call.channel, "bytes": call.text.bytes() })
            }
            other => other.arguments(),
        }
    }

    /// What a wait looks at: whoever learns something new about the thing of this key looks at the wait again. Calls
    /// that do not wait have an empty key.
    pub fn wait_key(&self) -> String {
        match self {
            Operation::AwaitDeploymentStatus(call) => {
                deployment_key(call.repository.as_str(), call.deployment)
            }
            Operation::AwaitRun(call) => run_key(call.project.provider, &call.run),
            Operation::AwaitEvent(call) => event_key(&call.kind, &call.subject),
            Operation::Ask(call) => ask_key(&call.place.channel),
            Operation::Sleep(_) => SLEPT.to_owned(),
            Operation::AwaitTurn(call) => line_key(&call.plugin, &call.line),
            _ => String::new(),
        }
    }

    /// How long a waiting call waits at the most; none for the others, and for `sleep`, which ends well.
    pub fn timeout_ms(&self) -> Option<u64> {
        match self {
            Operation::AwaitDeploymentStatus(call) => Some(call.timeout_ms),
            Operation::AwaitRun(call) => Some(call.timeout_ms),
            Operation::Ask(call) => Some(call.timeout_ms),
            Operation::AwaitEvent(call) => Some(call.timeout_ms),
            Operation::AwaitTurn(call) => Some(call.timeout_ms),
            _ => None,
        }
    }
}

/// The key of waits for the statuses of a deployment.
pub fn deployment_key(repository: &str, deployment: u64) -> String {
    format!("deployment {repository} {deployment}")
}

/// The key of waits for a run.
pub fn run_key(provider: ci::Provider, run: &str) -> String {
    format!("run {} {run}", provider.as_str())
}

/// The key of waits for an event.
pub fn event_key(kind: &str, subject: &str) -> String {
    format!("event {kind} {subject}")
}

/// The key of all who stand in a line.
pub fn line_key(plugin: &PluginName, line: &str) -> String {
    format!("{LINED_UP}{plugin} {line}")
}

/// What the keys of all lines begin with.
pub const LINED_UP: &str = "line ";

/// The key of all who sleep.
pub const SLEPT: &str = "time";

/// What the keys of all questions begin with.
pub const ASKED: &str = "ask ";

/// The key of questions in a channel.
pub fn ask_key(channel: &ChannelId) -> String {
    format!("{ASKED}{channel}")
}

/// Whether something outside says when what a key stands for is over, and not just the clock or a person.
pub fn is_asked_about(key: &str) -> bool {
    key != SLEPT && !key.starts_with(ASKED)
}

/// Whether what a key stands for is looked at again and again, because the news of it can be lost.
pub fn is_polled(key: &str) -> bool {
    ["deployment ", "run ", LINED_UP]
        .iter()
        .any(|kind| key.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_call_is_read_back() {
        let call: Operation = KvSet {
            namespace: None,
            key: "a".into(),
            value: Blob(vec![0, 255]),
        }
        .into();
        assert_eq!(
            Operation::recorded(call.name(), call.arguments()),
            Some(call)
        );
        assert_eq!(Operation::recorded("no.such", Value::Null), None);
    }

    #[test]
    fn the_audit_of_a_request_has_no_secrets() {
        let call: Operation = HttpSend {
            request: http::Request {
                method: "POST".into(),
                url: "https://me:secret@example.com/hook?key=secret".into(),
                headers: vec![("authorization".into(), "secret".into())],
                body: Blob(b"secret".to_vec()),
                timeout_ms: 1,
            },
        }
        .into();
        let expected = json!({
            "method": "POST", "url": "https://example.com/hook", "headers": ["authorization"], "body_bytes": 6,
        });
        assert_eq!(call.audited(), expected);
    }
}
