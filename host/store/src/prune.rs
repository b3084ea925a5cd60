//! Forgets what is old and over. What plugins remember stays, and the audit is forgotten apart, if at all.

use rusqlite::Connection;

use witbot_core::ids::UnixMillis;
use witbot_core::limits::STORE_PRUNE_ROWS;
use witbot_core::usage::day;

use crate::Store;
use crate::column::{execute, first, stored_millis};
use crate::error::StoreError;

/// A table that grows with every event. Its rows are numbered in the order in which they came. The last one always
/// stays, so that no number is ever used again.
struct Growing {
    /// The last of the next `?2` rows after the row `?1`, and the earliest time among them.
    next: &'static str,
    /// Deletes what is over and from before the time `?3`, after the row `?1` and up to the row `?2`.
    delete: &'static str,
    /// From before which of the two times.
    of: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Any,
    /// What schedules begin, often and mostly for nothing.
    Ticks,
}

/// In this order, since events are kept for their runs.
const TABLES: [Growing; 5] = [
    Growing {
        next: "SELECT max(id), min(at_ms) FROM (SELECT id, at_ms FROM outbox WHERE id > ? ORDER BY id LIMIT ?)",
        delete: "DELETE FROM outbox WHERE id > ?1 AND id <= ?2 AND at_ms < ?3 AND state IN ('sent', 'failed')
                     AND id < (SELECT max(id) FROM outbox)",
        of: Kind::Any,
    },
    Growing {
        next: "SELECT max(run), min(created_ms)
               FROM (SELECT run, created_ms FROM invocations WHERE run > ? ORDER BY run LIMIT ?)",
        delete: "DELETE FROM invocations WHERE run > ?1 AND run <= ?2 AND updated_ms < ?3
                     AND state IN ('done', 'failed', 'dead') AND run < (SELECT max(run) FROM invocations)",
        of: Kind::Any,
    },
    // Messages are found again by their runs, so a run that said something stays.
    Growing {
        next: "SELECT max(run), min(created_ms)
               FROM (SELECT run, created_ms FROM invocations WHERE run > ? ORDER BY run LIMIT ?)",
        delete: "DELETE FROM invocations WHERE run > ?1 AND run <= ?2 AND updated_ms < ?3
                     AND state = 'done' AND run < (SELECT max(run) FROM invocations)
                     AND (SELECT source FROM inbox WHERE inbox.id = invocations.event) = 'schedule'
                     AND NOT EXISTS (SELECT 1 FROM journal
                                     WHERE journal.run = invocations.run AND name LIKE 'chat.%')",
        of: Kind::Ticks,
    },
    Growing {
        next: "SELECT max(id), min(received_ms)
               FROM (SELECT id, received_ms FROM inbox WHERE id > ? ORDER BY id LIMIT ?)",
        delete: "DELETE FROM inbox WHERE id > ?1 AND id <= ?2 AND received_ms < ?3 AND routed = 1
                     AND NOT EXISTS (SELECT 1 FROM invocations WHERE event = inbox.id)
                     AND id < (SELECT max(id) FROM inbox)",
        of: Kind::Any,
    },
    Growing {
        next: "SELECT max(id), min(received_ms)
               FROM (SELECT id, received_ms FROM inbox WHERE id > ? ORDER BY id LIMIT ?)",
        delete: "DELETE FROM inbox WHERE id > ?1 AND id <= ?2 AND received_ms < ?3 AND routed = 1
                     AND source = 'schedule'
                     AND NOT EXISTS (SELECT 1 FROM invocations WHERE event = inbox.id)
                     AND id < (SELECT max(id) FROM inbox)",
        of: Kind::Ticks,
    },
];

impl Store {
    /// Forgets events, runs with their journals, and messages that are over and from before a time, and answers how
    /// many rows that were. An event that is forgotten is not recognised when it comes again, and a message that is
    /// forgotten can no longer be edited. What schedules began, and went well with nothing said, is forgotten if it is from
    /// before another time: no service sends it again.
    pub async fn prune(&self, before: UnixMillis, ticks: UnixMillis) -> Result<u64, StoreError> {
        let first_day = day(before).cast_signed();
        let (before, ticks) = (stored_millis(before), stored_millis(ticks));
        let forget = "DELETE FROM usage WHERE day < ?";
        let mut forgotten = self
            .write(move |db| Ok::<_, StoreError>(execute(db, forget, [first_day])? as u64))
            .await?;
        for table in &TABLES {
            let mut after = 0;
            let before = match table.of {
                Kind::Any => before,
                Kind::Ticks => ticks,
            };
            while let Some((last, deleted)) =
                self.write(move |db| step(db, table, after, before)).await?
            {
                forgotten += deleted;
                after = last;
            }
        }
        let mut after = Vec::new();
        while let Some(last) = self.write(move |db| blobs(db, &after)).await? {
            after = last;
        }
        loop {
            let deleted = self.write(move |db| messages(db, before)).await?;
            forgotten += deleted;
            if deleted < u64::from(STORE_PRUNE_ROWS) {
                return Ok(forgotten);
            }
        }
    }
}

/// Looks at some rows. Answers how far it came and what it deleted, or nothing at the end of what is old.
fn step(
    db: &Connection,
    table: &Growing,
    after: i64,
    before: i64,
) -> Result<Option<(i64, u64)>, StoreError> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
    };
    match first(db, table.next, (after, STORE_PRUNE_ROWS), read)? {
        Some((Some(last), Some(earliest))) if earliest < before => Ok(Some((
            last,
            execute(db, table.delete, (after, last, before))? as u64,
        ))),
        Some(_) | None => Ok(None),
    }
}

/// Looks at some large answers, after a digest, and forgets those that no call has any more: they are parts of runs that
/// were counted. Answers how far it came, or nothing at the end.
fn blobs(db: &Connection, after: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT max(digest) FROM (SELECT digest FROM blobs WHERE digest > ? ORDER BY digest LIMIT ?)";
    let last = first(db, sql, (after, STORE_PRUNE_ROWS), |row| Ok(row.get(0)?))?;
    let Some(last): Option<Vec<u8>> = last.flatten() else {
        return Ok(None);
    };
    let sql = "DELETE FROM blobs WHERE digest > ? AND digest <= ?
                   AND NOT EXISTS (SELECT 1 FROM journal WHERE outcome_digest = blobs.digest)";
    execute(db, sql, (after, &last))?;
    Ok(Some(last))
}

fn messages(db: &Connection, before: i64) -> Result<u64, StoreError> {
    let sql = "DELETE FROM messages WHERE message IN (SELECT message FROM messages WHERE at_ms < ? LIMIT ?)";
    Ok(execute(db, sql, (before, STORE_PRUNE_ROWS))? as u64)
}

#[cfg(test)]
mod tests {
    use witbot_core::call::{Operation, Post, ReadSettings};
    use witbot_core::event::{Event, Source};
    use witbot_core::ids::CallId;
    use witbot_core::journal::{Commit, Entry, State};

    use super::*;
    use crate::fixture::{
        accepted, begin, begun, finish, invocation_id, lease, outgoing, place, record, store,
        webhook,
    };
    use crate::inbox::Accepted;
    use crate::outbox::Next;

    #[tokio::test]
    async fn only_what_is_old_and_over_is_forgotten() {
        let (_folder, store) = store();
        let lease = lease("a", 2_000);
        let over = begun(&store, "over", &lease).await;
        let call = Entry::begin(0, &ReadSettings {}.into(), UnixMillis(20));
        let (entries, audit) = (vec![call], vec![record("command")]);
        let outgoing = vec![
            outgoing(&over, 1, "done", false),
            outgoing(&over, 2, "more", false),
        ];
        let commit = Commit {
            entries,
            audit,
            outgoing,
            state: Some(State::Done),
            ..Commit::default()
        };
        store.commit(&over, &lease, commit).await.unwrap();
        let Next::Send(taken) = store
            .outbox_next(&place().channel, 9, UnixMillis(0))
            .await
            .unwrap()
        else {
            panic!("two were queued")
        };
        store
            .outbox_sent(taken[0].id, Some("171.5".into()))
            .await
            .unwrap();
        let running = begun(&store, "running", &lease).await;
        let last = begun(&store, "last", &lease).await;
        finish(&store, &last, &lease).await.unwrap();
        let unrouted = accepted(&store, "unrouted").await;

        assert_eq!(
            store.prune(UnixMillis(5), UnixMillis(5)).await.unwrap(),
            0,
            "nothing is older"
        );
        // The run, its event, its message that was sent, and the id of that. The last run stays, and so its event.
        assert_eq!(
            store
                .prune(UnixMillis(10_000), UnixMillis(10_000))
                .await
                .unwrap(),
            4
        );
        assert_eq!(store.invocation(&over).await.unwrap(), None);
        assert_eq!(store.journal(&over).await.unwrap(), []);
        assert_eq!(store.remote(&CallId::new(&over, 1)).await.unwrap(), None);
        assert!(store.invocation(&running).await.unwrap().is_some());
        assert!(store.invocation(&last).await.unwrap().is_some());
        assert_eq!(store.events_unrouted().await.unwrap()[0].0, unrouted);
        assert_eq!(store.outbox_in_doubt().await.unwrap().len(), 1);
        assert_eq!(store.audit_verify().await.unwrap(), 1);
        assert_eq!(
            store
                .prune(UnixMillis(10_000), UnixMillis(10_000))
                .await
                .unwrap(),
            0
        );
        // It would be new if it came again, and gets a new number.
        let again = store
            .accept(&crate::fixture::message("over"), true)
            .await
            .unwrap();
        assert_eq!(again, Accepted::New(unrouted + 1));
    }

    #[tokio::test]
    async fn what_schedules_began_is_forgotten_sooner_if_it_went_well_with_nothing_said() {
        let (_folder, store) = store();
        let read = Operation::from(ReadSettings {});
        let post = Operation::from(Post {
            channel: place().channel,
            name: None,
            text: "It fails.".into(),
        });
        let failed = State::Failed {
            reason: "it crashed".into(),
            incident: "i1".into(),
        };
        for (key, source, call, state) in [
            ("over", Source::Schedule, &read, State::Done),
            ("said", Source::Schedule, &post, State::Done),
            ("failed", Source::Schedule, &read, failed),
            ("asked", Source::Console, &read, State::Done),
            ("last", Source::Schedule, &read, State::Done),
        ] {
            let event = Event {
                source,
                ..webhook(key, "schedule", "watch")
            };
            let Accepted::New(row) = store.accept(&event, false).await.unwrap() else {
                panic!("{key} is new")
            };
            let commit = Commit {
                begin: Some(begin(row)),
                entries: vec![Entry::begin(0, call, UnixMillis(20))],
                state: Some(state),
                ..Commit::default()
            };
            let lease = lease("a", 2_000);
            store
                .commit(&invocation_id(key), &lease, commit)
                .await
                .unwrap();
        }
        let (before, ticks) = (UnixMillis(5), UnixMillis(10_000));
        // The run and its event.
        assert_eq!(store.prune(before, ticks).await.unwrap(), 2);
        for (key, stays) in [
            ("over", false),
            ("said", true),
            ("failed", true),
            ("asked", true),
            ("last", true),
        ] {
            let run = store.invocation(&invocation_id(key)).await.unwrap();
            assert_eq!(run.is_some(), stays, "{key}");
        }
    }
}
