//! What an invocation has done so far, and what a call of it has to do: be performed, or be answered from the record.

#[cfg(test)]
mod prefixes;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::audit;
use crate::call::Operation;
use crate::chat::Said;
use crate::error::Error;
use crate::event::{MessageId, Place};
use crate::failure::Report;
use crate::ids::{CallId, Digest, InvocationId, PluginName, UnixMillis, UserId};
use crate::limits::plugin::PluginLimits;
use crate::usage::Used;

/// Bytes that are written as base64 in JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Blob, D::Error> {
        use base64::Engine as _;
        let text = String::deserialize(deserializer)?;
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .map(Blob)
            .map_err(serde::de::Error::custom)
    }
}

/// What a call was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Its answer.
    Ok(Value),
    /// Why not.
    Error(Error),
}

impl Outcome {
    /// Records an answer.
    pub fn of<T: Serialize>(result: Result<T, Error>) -> Outcome {
        match result.map(serde_json::to_value) {
            Ok(Ok(value)) => Outcome::Ok(value),
            Ok(Err(error)) => Outcome::Error(Error::invalid(format!(
                "the answer cannot be recorded: {error}"
            ))),
            Err(error) => Outcome::Error(error),
        }
    }
}

/// One call of an invocation.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Counted from 0 within the invocation.
    pub number: u32,
    /// Which call.
    pub name: String,
    /// With what.
    pub arguments: Value,
    /// Of name and arguments.
    pub digest: Digest,
    /// When it was answered, or else when it was begun.
    pub at: UnixMillis,
    /// None: it was begun, and perhaps performed.
    pub outcome: Option<Outcome>,
}

impl Entry {
    /// A call that begins now.
    pub fn begin(number: u32, operation: &Operation, at: UnixMillis) -> Entry {
        let arguments = operation.arguments();
        let digest = Entry::digest_of(operation.name(), &arguments);
        Entry {
            number,
            name: operation.name().to_owned(),
            arguments,
            digest,
            at,
            outcome: None,
        }
    }

    /// Whether this is the record of a call, written by a version of witbot that wrote it in another way: one whose
    /// calls had no place yet for what this call leaves open.
    fn means(&self, operation: &Operation) -> bool {
        Operation::recorded(&self.name, self.arguments.clone()).as_ref() == Some(operation)
    }

    /// What two calls have in common when they are the same call. The keys of JSON objects are sorted, so that the text
    /// is always the same.
    pub fn digest_of(name: &str, arguments: &Value) -> Digest {
        Digest::of(format!("{name}\n{arguments}").as_bytes())
    }
}

/// The record of an invocation while it is replayed and then goes on.
#[derive(Debug, Default)]
pub struct Journal {
    entries: Vec<Entry>,
    next: usize,
}

/// What a call has to do.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// It is new: perform it under this number.
    Live(u32),
    /// It was answered, at this time: perform nothing.
    Answered(Outcome, UnixMillis),
    /// It was begun, at this time, and not answered. Find out what became of it, under its number.
    Begun(u32, UnixMillis),
    /// The handler did something else than before.
    Differs(Difference),
}

/// Where a handler that was run again left the path of its record.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("call {number} was `{recorded}` and is now `{now}`")]
pub struct Difference {
    /// Which call, counted from 0.
    pub number: u32,
    /// Name and arguments in the record.
    pub recorded: String,
    /// Name and arguments now.
    pub now: String,
}

impl Journal {
    /// A record read from the store, in order of the numbers.
    pub fn new(entries: Vec<Entry>) -> Journal {
        Journal { entries, next: 0 }
    }

    /// What the handler's next call has to do.
    pub fn step(&mut self, operation: &Operation) -> Step {
        let number = self.next as u32;
        self.next += 1;
        let Some(entry) = self.entries.get(number as usize) else {
            return Step::Live(number);
        };
        let arguments = operation.arguments();
        if entry.digest != Entry::digest_of(operation.name(), &arguments) && !entry.means(operation)
        {
            return Step::Differs(Difference {
                number,
                recorded: format!("{} {}", entry.name, entry.arguments),
                now: format!("{} {arguments}", operation.name()),
            });
        }
        match &entry.outcome {
            Some(outcome) => Step::Answered(outcome.clone(), entry.at),
            None => Step::Begun(number, entry.at),
        }
    }

    /// Whether the next call is new.
    pub fn is_live(&self) -> bool {
        self.next >= self.entries.len()
    }

    /// The first recorded call that the handler, which has ended, did not make this time.
    pub fn unused(&self) -> Option<Difference> {
        self.entries.get(self.next).map(|entry| Difference {
            number: entry.number,
            recorded: format!("{} {}", entry.name, entry.arguments),
            now: "the end of the handler".to_owned(),
        })
    }
}

/// What one invocation makes durable at once: all of it or nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commit {
    /// When, if nothing in it says so.
    pub at: UnixMillis,
    /// The invocation itself, with its first commit.
    pub begin: Option<Begin>,
    /// New calls.
    pub entries: Vec<Entry>,
    /// Answers to calls that were committed as begun: number, answer, time.
    pub answers: Vec<(u32, Outcome, UnixMillis)>,
    /// What is to be said in a chat.
    pub outgoing: Vec<Outgoing>,
    /// What is to be remembered of it for ever.
    pub audit: Vec<audit::Record>,
    /// What is counted of it.
    pub usage: Vec<Used>,
    /// How the invocation stands after it, when that changes.
    pub state: Option<State>,
    /// The limits of the run, with its first commit, if they are not the defaults: it keeps them, so that it finds the same
    /// ones when it is resumed.
    pub limits: Option<PluginLimits>,
    /// Why it failed, in full.
    pub failure: Option<Box<Report>>,
}

impl Commit {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self == &Commit::default()
    }
}

/// An invocation that begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Begin {
    /// The row of the event in the inbox.
    pub event: i64,
    /// Who answers.
    pub plugin: PluginName,
    /// Which version of it: a resumed run goes on with the version that it began with.
    pub digest: Digest,
    /// Which handler, by its declared id.
    pub handler: String,
    /// The named values of a command or listener.
    pub arguments: Vec<(String, String)>,
    /// Whether it may be done, as far as that is decided.
    pub permission: Permission,
    /// When.
    pub at: UnixMillis,
    /// Whether this is the last invocation of its event, so that the event need not be routed again.
    pub routed: bool,
}

/// Whether what somebody asked for may be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Permission {
    /// It may: that is decided, or nobody asked.
    #[default]
    Given,
    /// Somebody has to say yes, before the handler is called.
    Before,
    /// The handler asks for it, when it knows what the command comes to. Until then it has no effects.
    Within,
}

impl Permission {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Permission::Given => "given",
            Permission::Before => "before",
            Permission::Within => "within",
        }
    }

    /// What a word in the database stands for.
    pub fn named(word: &str) -> Option<Permission> {
        let all = [Permission::Given, Permission::Before, Permission::Within];
        all.into_iter()
            .find(|permission| permission.as_str() == word)
    }
}

/// How an invocation stands.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// Waits: the call with this number, for this long.
    Parked(Box<Wait>),
    /// Came to its end.
    Done,
    /// Came to a bad end, which has been told.
    Failed {
        /// For the operator.
        reason: String,
        /// In the chat and the log.
        incident: String,
    },
}

/// A call that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Wait {
    /// Whose call.
    pub invocation: InvocationId,
    /// Which call.
    pub number: u32,
    /// What it waits for.
    pub operation: Operation,
    /// What may end it: whoever learns something about this key looks at the wait again.
    pub key: String,
    /// When it is over at the latest.
    pub deadline: UnixMillis,
}

/// Something to be done in a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Our id of the message that is written, changed or taken away; of the call, where there is no such message.
    pub message: CallId,
    /// Where.
    pub place: Place,
    /// What.
    pub act: Act,
}

/// What is done in a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// A message is written.
    Post(Said),
    /// It is changed, so that it says this.
    Edit(Said),
    /// It is taken away.
    Delete,
    /// An emoji is put to a message.
    React {
        /// To which.
        to: MessageId,
        /// Its name, without colons.
        emoji: String,
    },
    /// Something is said that one person alone sees, and that cannot be changed.
    Whisper {
        /// To whom.
        user: UserId,
        /// What.
        said: Said,
    },
}

impl Outgoing {
    /// A message that is written.
    pub fn post(message: CallId, place: Place, said: impl Into<Said>) -> Outgoing {
        let act = Act::Post(said.into());
        Outgoing {
            message,
            place,
            act,
        }
    }

    /// The message of ours whose id at the chat service is needed for it.
    pub fn needs(&self) -> Option<&CallId> {
        match (&self.act, &self.place.thread) {
            (Act::Edit(_) | Act::Delete, _) => Some(&self.message),
            (
                Act::React {
                    to: MessageId::Ours(message),
                    ..
                },
                _,
            ) => Some(message),
            (
                Act::React {
                    to: MessageId::Theirs(_),
                    ..
                },
                _,
            ) => None,
            (Act::Post(_) | Act::Whisper { .. }, Some(MessageId::Ours(message))) => Some(message),
            (Act::Post(_) | Act::Whisper { .. }, Some(MessageId::Theirs(_)) | None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{KvGet, KvKeys, Sleep};

    fn get(key: &str) -> Operation {
        KvGet {
            namespace: None,
            key: key.into(),
        }
        .into()
    }

    fn answered(number: u32, operation: &Operation) -> Entry {
        Entry {
            outcome: Some(Outcome::Ok(Value::Null)),
            ..Entry::begin(number, operation, UnixMillis(7))
        }
    }

    #[test]
    fn recorded_calls_are_answered_and_the_next_is_live() {
        let mut journal = Journal::new(vec![answered(0, &get("a"))]);
        assert!(!journal.is_live());
        assert_eq!(
            journal.step(&get("a")),
            Step::Answered(Outcome::Ok(Value::Null), UnixMillis(7))
        );
        assert!(journal.is_live());
        assert_eq!(journal.step(&get("b")), Step::Live(1));
    }

    #[test]
    fn a_call_that_was_begun_is_not_live() {
        let mut journal = Journal::new(vec![Entry::begin(0, &get("a"), UnixMillis(7))]);
        assert_eq!(journal.step(&get("a")), Step::Begun(0, UnixMillis(7)));
    }

    #[test]
    fn a_call_that_was_recorded_before_it_had_a_new_field_is_the_same_call() {
        let now = |after| {
            Operation::from(KvKeys {
                namespace: None,
                prefix: "a".into(),
                after,
                limit: 1,
            })
        };
        let arguments = serde_json::json!({ "prefix": "a", "limit": 1 });
        let digest = Entry::digest_of("kv.keys", &arguments);
        let entries = vec![Entry {
            arguments,
            digest,
            ..answered(0, &now(None))
        }];
        let step = Journal::new(entries.clone()).step(&now(None));
        assert_eq!(
            step,
            Step::Answered(Outcome::Ok(Value::Null), UnixMillis(7))
        );
        let step = Journal::new(entries).step(&now(Some("b".into())));
        assert!(matches!(step, Step::Differs(_)), "{step:?}");
    }

    #[test]
    fn another_argument_or_name_or_an_early_end_is_a_difference() {
        let entries = vec![answered(0, &get("a"))];
        let step = Journal::new(entries.clone()).step(&get("b"));
        assert!(
            matches!(&step, Step::Differs(d) if d.to_string() == r#"call 0 was `kv.get {"key":"a"}` and is now `kv.get {"key":"b"}`"#),
            "{step:?}"
        );
        let step = Journal::new(entries.clone()).step(&Sleep { milliseconds: 1 }.into());
        assert!(matches!(step, Step::Differs(_)));
        assert!(Journal::new(entries).unused().is_some());
    }
}
