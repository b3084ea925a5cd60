//! Calls that change what the store keeps for a plugin, and whose answer depends on what it finds: the change is made in the
//! transaction that records the call, so it happens once.

use rusqlite::Connection;
use serde_json::Value;

use witbot_core::error::{Code, Error};
use witbot_core::event::Event;
use witbot_core::ids::{ChannelId, InvocationId, PluginName};
use witbot_core::journal::{Commit, Entry, Outcome};

use crate::Store;
use crate::commit::{Applied, CommitError, Encoded, Line};
use crate::error::StoreError;
use crate::inbox::{Accepted, Arrival};
use crate::invocations::Lease;
use crate::kv::{KvWrite, Space};
use crate::turns;

/// What a call changes.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A kv space, unless it would grow beyond so many bytes: that is answered with `conflict`.
    Kv(Space, KvWrite, u64),
    /// The run stands in a line of the plugin, unless so many do already: that is answered with `rate-limited`. Answers how
    /// many stand before it.
    LineUp(String, u32),
    /// The run leaves a line of the plugin.
    Leave(String),
    /// An event comes in that the run has published, unless so many of its kind wait already: that is answered with
    /// `rate-limited`. Answers its row in the inbox.
    Publish(Box<Event>, u32),
}

impl Store {
    /// Makes durable at once what an invocation did before, a change, and the call that asked for it, with its answer, which
    /// is returned. The channels are those of [`Store::commit`].
    pub async fn record(
        &self,
        id: &InvocationId,
        lease: &Lease,
        commit: Commit,
        entry: Entry,
        plugin: &PluginName,
        change: Change,
    ) -> Result<(Outcome, Vec<ChannelId>), CommitError> {
        let commit = Encoded::new(id, lease, commit, self.sender())?;
        let mut line = Line::new(entry)?;
        let plugin = plugin.to_string();
        let work = move |db: &Connection| {
            let applied = commit.apply(db)?;
            let outcome = match change.apply(db, &plugin, applied.run)? {
                Ok(answer) => Outcome::Ok(answer),
                Err(refusal) => Outcome::Error(refusal),
            };
            line.answer(&outcome)?;
            line.insert(db, applied.run)?;
            Ok((applied, outcome))
        };
        let go = |(applied, outcome): (Applied, Outcome)| (outcome, applied.go());
        self.write_then(work, go).await
    }
}

impl Change {
    /// Answers what the plugin is answered.
    fn apply(
        self,
        db: &Connection,
        plugin: &str,
        run: i64,
    ) -> Result<Result<Value, Error>, StoreError> {
        match self {
            Change::Kv(space, write, max_bytes) => write.apply(db, &space, max_bytes),
            Change::LineUp(line, most) => turns::line_up(db, plugin, &line, run, most),
            Change::Leave(line) => {
                turns::leave(db, plugin, &line, run)?;
                Ok(Ok(Value::Null))
            }
            Change::Publish(event, most) => {
                let arrival = Arrival::of(&event, false)?;
                if arrival.waiting(db, most)? >= most {
                    let text = format!(
                        "{most} events of this topic wait until they are told already: plugins that answer each other several times over?"
                    );
                    return Ok(Err(Error::new(Code::RateLimited, text)));
                }
                // Its key is the id of the call, which is recorded in this transaction and in no other.
                match arrival.store(db)? {
                    Accepted::New(row) => Ok(Ok(row.into())),
                    Accepted::Duplicate => Err(StoreError::Damaged(
                        "an event was published before its call was recorded".to_owned(),
                    )),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use witbot_core::call::{Operation, ReadSettings};
    use witbot_core::ids::UnixMillis;

    use super::*;
    use crate::fixture::{begun, invocation_id, lease, store, webhook};

    #[tokio::test]
    async fn so_many_events_of_a_topic_wait_and_no_more() {
        let (_folder, store) = store();
        let lease = lease("a", 2_000);
        let run = begun(&store, "run", &lease).await;
        assert_eq!(run, invocation_id("run"));
        let mut answers = Vec::new();
        for (number, kind) in ["topic.a", "topic.a", "topic.a", "topic.b"]
            .into_iter()
            .enumerate()
        {
            let event = webhook(&format!("call-{number}"), kind, "api");
            let call = Operation::from(ReadSettings {});
            let entry = Entry::begin(number as u32, &call, UnixMillis(20));
            let change = Change::Publish(Box::new(event), 2);
            let plugin = "deploy".parse().unwrap();
            let recorded = store.record(&run, &lease, Commit::default(), entry, &plugin, change);
            let (outcome, _) = recorded.await.unwrap();
            answers.push(match outcome {
                Outcome::Ok(_) => None,
                Outcome::Error(error) => Some(error.code),
            });
        }
        assert_eq!(answers, [None, None, Some(Code::RateLimited), None]);
    }
}
