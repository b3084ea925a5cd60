//! What witbot remembers: events, runs and their journals, what is to be said, what plugins keep, the audit. SQLite.
//!
//! Whatever an `async` function here has answered is on the disk. Many callers share one write to the disk: a single
//! thread changes the database, takes all that waits for it, and answers when all of it is durable (`writer`). Two
//! hosts never share a folder; `folder` sees to that. What the stored things mean is decided above, by the words of
//! `witbot-core`.
//!
//! A call whose future is dropped may still take effect.

mod answer;
pub mod audit;
mod column;
pub mod commit;
pub mod error;
pub mod expected;
pub mod folder;
pub mod health;
pub mod identities;
pub mod inbox;
pub mod invocations;
pub mod kv;
pub mod orders;
pub mod outbox;
mod prune;
mod readers;
pub mod record;
pub mod schedules;
mod schema;
pub mod takeovers;
pub mod trial;
mod turns;
mod usage;
pub mod waits;
mod writer;

#[cfg(test)]
mod fixture;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rusqlite::Connection;
use tokio::sync::mpsc::Sender;

use error::{Failure, StoreError};
use folder::{Folder, OpenError};
use health::Observer;
use outbox::Delivery;
use readers::Readers;
use writer::Writer;

/// A handle on the store; cloning it is cheap. When the last one is gone, the store is closed.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    readers: Readers,
    /// None: opened to read.
    writer: Option<Writer>,
    /// Who sends what is to be said.
    sender: OnceLock<Sender<Delivery>>,
    /// Who is told of each write.
    observer: Arc<OnceLock<Observer>>,
}

impl Shared {
    fn new(
        readers: Readers,
        writer: Option<Writer>,
        observer: Arc<OnceLock<Observer>>,
    ) -> Arc<Shared> {
        Arc::new(Shared {
            readers,
            writer,
            sender: OnceLock::new(),
            observer,
        })
    }
}

impl Store {
    /// Opens the store in a folder, which is made when it is missing, and keeps other hosts out of it.
    ///
    /// Blocks while it prepares the database: call it at the start.
    pub fn open(folder: &Path) -> Result<Store, OpenError> {
        let folder = Folder::claim(folder)?;
        let mut connection = folder.connect()?;
        schema::migrate(&mut connection, folder.database())?;
        let readers = Readers::start(folder.database())?;
        let observer = Arc::default();
        let writer = Writer::start(connection, folder, Arc::clone(&observer))?;
        Ok(Store {
            shared: Shared::new(readers, Some(writer), observer),
        })
    }

    /// Opens the store in a folder for reading alone, also while a host uses it. What would change something
    /// answers [`StoreError::ReadOnly`].
    pub fn open_to_read(folder: &Path) -> Result<Store, OpenError> {
        let database = folder::existing_database(folder)?;
        schema::check(&folder::connect_to_read(&database)?, &database)?;
        let readers = Readers::start(&database)?;
        Ok(Store {
            shared: Shared::new(readers, None, Arc::default()),
        })
    }

    /// Stores what waits, tidies the database up and ends the threads. Whatever is called afterwards, on any handle,
    /// answers [`StoreError::Closed`].
    pub async fn close(&self) {
        let shared = Arc::clone(&self.shared);
        shared.readers.refuse().await;
        if let Some(writer) = &shared.writer {
            writer.refuse().await;
        }
        // Joining blocks, if only for the time of the last write.
        let joined = tokio::task::spawn_blocking(move || {
            shared.readers.join();
            if let Some(writer) = &shared.writer {
                writer.join();
            }
        });
        if joined.await.is_err() {
            tracing::error!("the threads of the store could not be joined");
        }
    }

    /// Who is handed what can be sent at once.
    fn sender(&self) -> Option<Sender<Delivery>> {
        self.shared.sender.get().cloned()
    }

    /// Runs a change by itself, or rather as if it were: its `Err` undoes what it did, and nothing else.
    async fn write<T, E, W>(&self, change: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        W: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        self.write_then(change, |done| done).await
    }

    /// The same, with something to be done as soon as the change is on the disk, even if the caller has gone away.
    async fn write_then<D, T, E, W>(&self, change: W, then: fn(D) -> T) -> Result<T, E>
    where
        D: Send + 'static,
        T: Send + 'static,
        E: Failure,
        W: FnOnce(&Connection) -> Result<D, E> + Send + 'static,
    {
        match &self.shared.writer {
            Some(writer) => writer.write(change, then).await,
            None => Err(StoreError::ReadOnly.into()),
        }
    }

    /// Runs a question on a connection that sees everything that was answered before.
    async fn read<T, E, R>(&self, question: R) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        R: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        self.shared.readers.read(question).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{message, store};

    #[tokio::test]
    async fn a_second_host_is_refused_and_told_what_to_do() {
        let (folder, store) = store();
        let refusal = Store::open(folder.path())
            .err()
            .expect("the folder is in use")
            .to_string();
        assert!(
            refusal.contains("another witbot") && refusal.contains("`data`"),
            "{refusal}"
        );
        assert!(
            refusal.contains(&std::process::id().to_string()),
            "{refusal}"
        );
        store.close().await;
        Store::open(folder.path()).expect("it is free again");
    }

    #[tokio::test]
    async fn everything_is_refused_after_closing() {
        let (_folder, store) = store();
        let other = store.clone();
        store.close().await;
        assert!(matches!(
            other.accept(&message("1"), false).await,
            Err(StoreError::Closed)
        ));
        assert!(matches!(
            other.events_unrouted().await,
            Err(StoreError::Closed)
        ));
        other.close().await;
    }

    #[tokio::test]
    async fn a_dropped_store_keeps_everything_and_frees_the_folder() {
        let (folder, store) = store();
        for key in ["1", "2", "3"] {
            store.accept(&message(key), false).await.unwrap();
        }
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.events_unrouted().await.unwrap().len(), 3);
    }

    #[tokio::test]
    async fn a_killed_host_keeps_everything_that_was_answered() {
        let (folder, store) = store();
        for key in ["1", "2", "3"] {
            store.accept(&message(key), false).await.unwrap();
        }
        // The files as they are at this moment, while the host is at work, are what a crash leaves behind.
        let after = tempfile::tempdir().unwrap();
        for file in ["witbot.db", "witbot.db-wal"] {
            std::fs::copy(folder.path().join(file), after.path().join(file)).unwrap();
        }
        let found = Store::open(after.path())
            .unwrap()
            .events_unrouted()
            .await
            .unwrap();
        assert_eq!(
            found
                .iter()
                .map(|(_, event)| event.key.as_str())
                .collect::<Vec<_>>(),
            ["1", "2", "3"]
        );
    }

    #[tokio::test]
    async fn a_reader_beside_the_host_sees_what_is_stored_and_changes_nothing() {
        let (folder, store) = store();
        store.accept(&message("1"), false).await.unwrap();
        let reader = Store::open_to_read(folder.path()).unwrap();
        assert_eq!(reader.events_unrouted().await.unwrap().len(), 1);
        store.accept(&message("2"), false).await.unwrap();
        assert_eq!(reader.events_unrouted().await.unwrap().len(), 2);
        assert!(matches!(
            reader.accept(&message("3"), false).await,
            Err(StoreError::ReadOnly)
        ));
        store.close().await;
        assert_eq!(reader.events_unrouted().await.unwrap().len(), 2);
    }
}
