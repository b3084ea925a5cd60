//! How the store is: what its writer does, what waits in it, and whether it answers.

use std::time::Duration;

use rusqlite::Connection;

use witbot_core::ids::UnixMillis;
use witbot_core::limits::BACKLOG_COUNTED_MAX;

use crate::Store;
use crate::column::{execute, stored_millis};
use crate::error::StoreError;

/// One write to the disk.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// How many changes it had in it.
    pub changes: usize,
    /// How long it took, until it was on the disk or failed.
    pub took: Duration,
    /// Whether it is on the disk. A change that was undone alone is no failure of the write.
    pub stored: bool,
}

/// Is told of each write, on the writing thread: it must not wait for anything.
pub type Observer = Box<dyn Fn(Written) + Send + Sync>;

/// What waits in the store. Each count ends at [`BACKLOG_COUNTED_MAX`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Events that nobody has acted on yet.
    pub events_unhandled: u32,
    /// Runs that wait for something.
    pub runs_parked: u32,
    /// Runs that are executed, or are to be.
    pub runs_open: u32,
    /// What is to be said and is not said yet.
    pub outbox_waiting: u32,
    /// Since when the oldest of it could be said. None: nothing is due.
    pub outbox_due_since: Option<UnixMillis>,
}

impl Store {
    /// Has an observer told of each write from now on. There can be one; a second is not told anything.
    pub fn observe_writes(&self, observer: Observer) {
        let _ = self.shared.observer.set(observer);
    }

    /// Counts what waits, on a thread that reads: no write waits for it.
    pub async fn backlog(&self, now: UnixMillis) -> Result<Backlog, StoreError> {
        self.read(move |db| backlog(db, now)).await
    }

    /// Whether the writer answers. Nothing is written.
    pub async fn ping(&self) -> Result<(), StoreError> {
        match &self.shared.writer {
            Some(writer) => writer.ping().await,
            None => Err(StoreError::ReadOnly),
        }
    }

    /// Whether something can be written: a row is replaced by itself.
    pub async fn try_to_write(&self) -> Result<(), StoreError> {
        self.write(|db: &Connection| {
            execute(db, "UPDATE audit_head SET seq = seq WHERE id = 1", ())?;
            Ok::<_, StoreError>(())
        })
        .await
    }
}

fn time(stored: i64) -> UnixMillis {
    UnixMillis(stored.try_into().unwrap_or(0))
}

fn backlog(db: &Connection, now: UnixMillis) -> Result<Backlog, StoreError> {
    // Each part is answered by an index of what is open, which is short, and not gone through to its end.
    const SQL: &str = "SELECT
        (SELECT count(*) FROM (SELECT 1 FROM inbox WHERE routed = 0 LIMIT ?1)),
        (SELECT count(*) FROM (SELECT 1 FROM invocations WHERE state = 'parked' LIMIT ?1)),
        (SELECT count(*) FROM (SELECT 1 FROM invocations WHERE state = 'running' LIMIT ?1)),
        count(*), min(since_ms) FILTER (WHERE since_ms <= ?2)
        FROM (SELECT max(at_ms, due_ms) AS since_ms FROM outbox WHERE state = 'queued' OR state = 'sending' LIMIT ?1)";
    let mut statement = db.prepare_cached(SQL)?;
    let found = statement.query_row((BACKLOG_COUNTED_MAX, stored_millis(now)), |row| {
        let count = |column| row.get::<_, u32>(column);
        Ok(Backlog {
            events_unhandled: count(0)?,
            runs_parked: count(1)?,
            runs_open: count(2)?,
            outbox_waiting: count(3)?,
            outbox_due_since: row.get::<_, Option<i64>>(4)?.map(time),
        })
    });
    Ok(found?)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;
    use crate::fixture::{message, store};

    #[tokio::test]
    async fn what_waits_is_counted() {
        let (_folder, store) = store();
        let now = UnixMillis(1_000);
        assert_eq!(store.backlog(now).await.unwrap(), Backlog::default());
        store.accept(&message("1"), false).await.unwrap();
        store.accept(&message("2"), true).await.unwrap();
        let say = "INSERT INTO outbox (message, channel, act, edit, state, due_ms, at_ms) VALUES
            ('a', 'ops', '{}', 0, 'queued', 0, 300), ('b', 'ops', '{}', 0, 'queued', 5000, 200),
            ('c', 'ops', '{}', 0, 'sending', 400, 100), ('d', 'ops', '{}', 0, 'sent', 0, 50)";
        let run = "INSERT INTO invocations (id, event, plugin, digest, handler, arguments, state, created_ms, updated_ms)
            VALUES ('r', 1, 'a', zeroblob(32), 'h', '[]', 'parked', 0, 0), ('s', 1, 'a', zeroblob(32), 'h', '[]', 'done', 0, 0)";
        let insert = move |db: &Connection| {
            execute(db, say, ())?;
            execute(db, run, ())?;
            Ok::<_, StoreError>(())
        };
        store.write(insert).await.unwrap();
        let expected = Backlog {
            events_unhandled: 1,
            runs_parked: 1,
            runs_open: 0,
            outbox_waiting: 3,
            outbox_due_since: Some(UnixMillis(300)),
        };
        assert_eq!(store.backlog(now).await.unwrap(), expected);
    }

    #[tokio::test]
    async fn each_write_is_told() {
        let (_folder, store) = store();
        let (tell, told) = sync_channel(8);
        store.observe_writes(Box::new(move |written| tell.send(written).unwrap()));
        store.ping().await.unwrap();
        store.try_to_write().await.unwrap();
        let written = told.recv().unwrap();
        assert!(written.stored && written.changes == 1, "{written:?}");
        assert!(told.try_recv().is_err(), "asking writes nothing");
        let full = |_: &Connection| Err::<(), _>(StoreError::Full("no room".to_owned()));
        store.write(full).await.unwrap_err();
        assert!(!told.recv().unwrap().stored);
        let refused = |_: &Connection| Err::<(), _>(StoreError::Refused("a mistake".to_owned()));
        store.write(refused).await.unwrap_err();
        assert!(told.recv().unwrap().stored, "it is of that change alone");
        store.close().await;
        assert_eq!(store.ping().await, Err(StoreError::Closed));
    }

    /// Whoever counts must not read whole tables.
    #[tokio::test]
    async fn counting_uses_indexes() {
        let (_folder, store) = store();
        let plan = |db: &Connection| {
            let sql = "EXPLAIN QUERY PLAN SELECT count(*) FROM outbox WHERE state = 'queued' OR state = 'sending'";
            Ok::<_, StoreError>(db.query_row(sql, (), |row| row.get::<_, String>(3))?)
        };
        let plan = store.read(plan).await.unwrap();
        assert!(plan.contains("outbox_open"), "{plan}");
    }
}
