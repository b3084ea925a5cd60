//! Calls that change what the store keeps for a plugin, and whose answer depends on what it finds: the change is made in the
//! transaction that records the call, so it happens once.

use rusqlite::Connection;
use serde_json::Value;

use witbot_core::error::Error;
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
    /// An event comes in that the run has published. Answers its row in the inbox.
    Publish(Box<Event>),
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
            // Its key is the id of the call, which is recorded in this transaction and in no other.
            Change::Publish(event) => match Arrival::of(&event, false)?.store(db)? {
                Accepted::New(row) => Ok(Ok(row.into())),
                Accepted::Duplicate => Err(StoreError::Damaged(
                    "an event was published before its call was recorded".to_owned(),
                )),
            },
        }
    }
}
