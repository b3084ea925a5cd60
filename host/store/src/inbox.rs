//! The inbox: every event that came in, once, before its sender is told that it arrived.

use rusqlite::Connection;

use witbot_core::event::{Body, Event};

use crate::Store;
use crate::column::{all, execute, first, json, stored_millis};
use crate::error::StoreError;

/// What became of an event at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is in this row of the inbox.
    New(i64),
    /// It had come in before.
    Duplicate,
}

impl Store {
    /// Puts an event into the inbox, unless the same key came from the same source before. `routed` says that nothing
    /// will answer it, so that it need not be looked at again.
    pub async fn accept(&self, event: &Event, routed: bool) -> Result<Accepted, StoreError> {
        let arrival = Arrival::of(event, routed)?;
        self.write(move |db| Ok(arrival.store(db)?)).await
    }

    /// The events that were accepted and then not routed, oldest first: the host was stopped in between.
    pub async fn events_unrouted(&self) -> Result<Vec<(i64, Event)>, StoreError> {
        self.read(|db| {
            all(
                db,
                "SELECT id, event FROM inbox WHERE routed = 0 ORDER BY id",
                (),
                event,
            )
        })
        .await
    }

    /// Notes that everything that answers an event has begun.
    pub async fn mark_routed(&self, row: i64) -> Result<(), StoreError> {
        self.write(move |db| Ok(mark_routed(db, row)?)).await
    }

    /// An event by its row, unless it was forgotten.
    pub async fn event(&self, row: i64) -> Result<Option<Event>, StoreError> {
        self.read(move |db| event_at(db, row)).await
    }

    /// The first event of a kind and about a subject that came in after a row of the inbox.
    ///
    /// Who parks a run because there is none has to ask again afterwards: one may have come in between.
    pub async fn first_event_after(
        &self,
        kind: &str,
        subject: &str,
        after_row: i64,
    ) -> Result<Option<(i64, Event)>, StoreError> {
        let which = (kind.to_owned(), subject.to_owned(), after_row);
        self.read(move |db| {
            first(
                db,
                "SELECT id, event FROM inbox WHERE kind = ? AND subject = ? AND id > ? ORDER BY id LIMIT 1",
                which,
                event,
            )
        })
        .await
    }
}

/// An event on its way into the inbox.
pub(crate) struct Arrival {
    source: &'static str,
    key: String,
    kind: Option<String>,
    subject: String,
    received: i64,
    text: String,
    routed: bool,
}

impl Arrival {
    pub(crate) fn of(event: &Event, routed: bool) -> Result<Arrival, StoreError> {
        let (kind, subject) = match &event.body {
            Body::Message(_) | Body::Click(_) => (None, String::new()),
            Body::Webhook(hook) => (Some(hook.kind.clone()), hook.subject.clone()),
        };
        Ok(Arrival {
            source: event.source.as_str(),
            key: event.key.clone(),
            kind,
            subject,
            received: stored_millis(event.received),
            text: serde_json::to_string(event)?,
            routed,
        })
    }

    /// How many of its kind are not told yet, counted up to so many.
    pub(crate) fn waiting(&self, db: &Connection, most: u32) -> Result<u32, StoreError> {
        let sql =
            "SELECT count(*) FROM (SELECT 1 FROM inbox WHERE routed = 0 AND kind = ? LIMIT ?)";
        let count = first(db, sql, (&self.kind, most), |row| Ok(row.get(0)?))?;
        Ok(count.unwrap_or(0))
    }

    pub(crate) fn store(self, db: &Connection) -> Result<Accepted, rusqlite::Error> {
        let Arrival {
            source,
            key,
            kind,
            subject,
            received,
            text,
            routed,
        } = self;
        let inserted = execute(
            db,
            "INSERT INTO inbox (source, key, kind, subject, received_ms, event, routed)
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, key) DO NOTHING",
            (source, key, kind, subject, received, text, routed),
        )?;
        Ok(if inserted == 1 {
            Accepted::New(db.last_insert_rowid())
        } else {
            Accepted::Duplicate
        })
    }
}

pub(crate) fn mark_routed(db: &Connection, row: i64) -> Result<(), rusqlite::Error> {
    execute(
        db,
        "UPDATE inbox SET routed = 1 WHERE id = ? AND routed = 0",
        (row,),
    )
    .map(|_| ())
}

/// An event by its row, unless it was forgotten.
pub(crate) fn event_at(db: &Connection, row: i64) -> Result<Option<Event>, StoreError> {
    let sql = "SELECT id, event FROM inbox WHERE id = ?";
    Ok(first(db, sql, (row,), event)?.map(|(_, event)| event))
}

fn event(row: &rusqlite::Row<'_>) -> Result<(i64, Event), StoreError> {
    Ok((row.get("id")?, json(row, "event")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{message, store, webhook};

    #[tokio::test]
    async fn an_event_that_comes_twice_is_kept_once() {
        let (_folder, store) = store();
        let event = message("1");
        let Accepted::New(row) = store.accept(&event, false).await.unwrap() else {
            panic!("it is new")
        };
        assert_eq!(
            store.accept(&event, false).await.unwrap(),
            Accepted::Duplicate
        );
        assert_eq!(store.event(row).await.unwrap(), Some(event));
        assert_eq!(store.event(row + 1).await.unwrap(), None);
        // The same key from another sender is another event.
        assert!(matches!(
            store
                .accept(&webhook("1", "github.push", "acme/api"), false)
                .await,
            Ok(Accepted::New(_))
        ));
    }

    #[tokio::test]
    async fn of_many_at_once_one_is_new() {
        let (_folder, store) = store();
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.accept(&message("1"), false).await.unwrap() })
            })
            .collect();
        let mut new = 0;
        for task in tasks {
            new += i32::from(task.await.unwrap() != Accepted::Duplicate);
        }
        assert_eq!(new, 1);
    }

    #[tokio::test]
    async fn only_what_is_not_routed_is_routed_again() {
        let (_folder, store) = store();
        let Accepted::New(first) = store.accept(&message("1"), false).await.unwrap() else {
            panic!("it is new")
        };
        store.accept(&message("2"), true).await.unwrap();
        let Accepted::New(third) = store.accept(&message("3"), false).await.unwrap() else {
            panic!("it is new")
        };
        store.mark_routed(first).await.unwrap();
        assert_eq!(
            store.events_unrouted().await.unwrap(),
            [(third, message("3"))]
        );
    }

    #[tokio::test]
    async fn events_are_found_by_kind_subject_and_order() {
        let (_folder, store) = store();
        for (key, kind, subject) in [
            ("a", "github.push", "acme/api"),
            ("b", "github.push", "acme/web"),
            ("c", "github.status", "acme/api"),
            ("d", "github.push", "acme/api"),
        ] {
            store
                .accept(&webhook(key, kind, subject), true)
                .await
                .unwrap();
        }
        let find = async |after| {
            let found = store
                .first_event_after("github.push", "acme/api", after)
                .await
                .unwrap();
            found.map(|(row, event)| (row, event.key))
        };
        assert_eq!(find(0).await, Some((1, "a".to_owned())));
        assert_eq!(find(1).await, Some((4, "d".to_owned())));
        assert_eq!(find(4).await, None);
    }
}
