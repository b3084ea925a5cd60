//! The one thread that changes the database, and the group commit.
//!
//! Reaching the disk takes a thousand times longer than the change itself, so whatever waits at the moment goes there
//! together. Each change is a savepoint of its own within one transaction: one that fails is undone alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use witbot_core::limits::{
    STORE_BATCH_MAX, STORE_LOG_PAGES_MAX, STORE_LOG_PAGES_QUIET, STORE_QUEUE_MAX,
};

use crate::column::execute;
use crate::error::{Failure, StoreError};
use crate::folder::{Folder, OpenError};
use crate::health::{Observer, Written};

/// Says how long the log is.
const NOOP: &str = "PRAGMA wal_checkpoint(NOOP)";
/// Moves what nobody reads any more.
const PASSIVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";
/// Moves everything, and empties the file.
const TRUNCATE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// The way to the thread.
pub(crate) struct Writer {
    /// None: the handle is being dropped.
    queue: Option<mpsc::Sender<Message>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Change(Box<dyn Change>),
    /// Somebody wants to know whether the thread is at work.
    Ping(oneshot::Sender<()>),
    Close,
}

impl Writer {
    /// Starts the thread. The folder stays ours until the thread has ended. The observer, once there is one, is told of
    /// each write.
    pub(crate) fn start(
        db: Connection,
        folder: Folder,
        observer: Arc<OnceLock<Observer>>,
    ) -> Result<Writer, OpenError> {
        let (queue, waiting) = mpsc::channel(STORE_QUEUE_MAX);
        let thread = thread::Builder::new().name("witbot-store".to_owned());
        let serve = move || {
            let thread = Thread {
                db,
                waiting,
                observer,
            };
            thread.serve();
            drop(folder);
        };
        let thread = thread.spawn(serve).map_err(OpenError::Thread)?;
        Ok(Writer {
            queue: Some(queue),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Runs a change, and answers when it is on the disk.
    pub(crate) async fn write<D, T, E, W>(&self, work: W, then: fn(D) -> T) -> Result<T, E>
    where
        D: Send + 'static,
        T: Send + 'static,
        E: Failure,
        W: FnOnce(&Connection) -> Result<D, E> + Send + 'static,
    {
        let (caller, answered) = oneshot::channel();
        let change = Box::new(Task {
            work: Some(work),
            result: None,
            then,
            caller,
        });
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue
            .send(Message::Change(change))
            .await
            .map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Answers when the thread comes to it, among the changes that wait.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        let sent = queue.send(Message::Ping(answer)).await;
        sent.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)
    }

    /// Takes no more changes; those that wait are still stored.
    pub(crate) async fn refuse(&self) {
        if let Some(queue) = &self.queue {
            // It fails when that has happened before.
            let _ = queue.send(Message::Close).await;
        }
    }

    /// Waits until the thread has ended.
    pub(crate) fn join(&self) {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writing thread of the store panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        // Nobody is left who could have a change waiting, so this takes no longer than closing the files.
        self.join();
    }
}

/// A change of any type.
trait Change: Send {
    /// Does it. False: it must be undone.
    fn run(&mut self, db: &Connection) -> bool;
    /// The failure of the store that it met.
    fn failure(&self) -> Option<StoreError>;
    /// It did not reach the disk, whatever it came to.
    fn fail(&mut self, error: &StoreError);
    /// Tells the caller.
    fn answer(self: Box<Self>);
}

struct Task<W, D, T, E> {
    work: Option<W>,
    result: Option<Result<D, E>>,
    then: fn(D) -> T,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<W, D, T, E> Change for Task<W, D, T, E>
where
    D: Send,
    T: Send,
    E: Failure,
    W: FnOnce(&Connection) -> Result<D, E> + Send,
{
    fn run(&mut self, db: &Connection) -> bool {
        let Some(work) = self.work.take() else {
            return true;
        };
        let result = catch_unwind(AssertUnwindSafe(|| work(db))).unwrap_or_else(|_| {
            tracing::error!("a change to the store panicked and is undone; the store goes on");
            Err(StoreError::Refused("the change panicked".to_owned()).into())
        });
        let done = result.is_ok();
        self.result = Some(result);
        done
    }

    fn failure(&self) -> Option<StoreError> {
        let error = self.result.as_ref()?.as_ref().err()?;
        error.of_store().cloned()
    }

    fn fail(&mut self, error: &StoreError) {
        self.result = Some(Err(error.clone().into()));
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            // The caller may have gone away.
            let _ = self.caller.send(result.map(self.then));
        }
    }
}

struct Thread {
    db: Connection,
    waiting: mpsc::Receiver<Message>,
    observer: Arc<OnceLock<Observer>>,
}

impl Thread {
    fn serve(mut self) {
        let mut batch = Vec::new();
        while let Some(first) = self.waiting.blocking_recv() {
            self.take(first, &mut batch);
            while batch.len() < STORE_BATCH_MAX
                && let Ok(next) = self.waiting.try_recv()
            {
                self.take(next, &mut batch);
            }
            self.store(&mut batch);
            self.shorten_log();
        }
        if let Err(error) = self.checkpoint(TRUNCATE) {
            tracing::warn!(
                "the log of the database was not emptied, which the next start will do: {error}"
            );
        }
    }

    fn take(&mut self, message: Message, batch: &mut Vec<Box<dyn Change>>) {
        match message {
            Message::Change(change) => batch.push(change),
            Message::Ping(answer) => {
                // Who asked may have gone away.
                let _ = answer.send(());
            }
            Message::Close => self.waiting.close(),
        }
    }

    fn store(&self, batch: &mut Vec<Box<dyn Change>>) {
        if batch.is_empty() {
            return;
        }
        let began = Instant::now();
        let transaction = self.transaction(batch);
        if let Some(observer) = self.observer.get() {
            observer(Written {
                changes: batch.len(),
                took: began.elapsed(),
                stored: transaction.is_ok() && !batch.iter().any(|change| is_fatal(&**change)),
            });
        }
        if let Err(error) = transaction {
            tracing::error!("{} changes were not stored: {error}", batch.len());
            if !self.db.is_autocommit()
                && let Err(error) = execute(&self.db, "ROLLBACK", ())
            {
                tracing::error!("undoing them failed too: {error}");
            }
            for change in batch.iter_mut() {
                change.fail(&error);
            }
        }
        for change in batch.drain(..) {
            change.answer();
        }
    }

    fn transaction(&self, batch: &mut [Box<dyn Change>]) -> Result<(), StoreError> {
        execute(&self.db, "BEGIN IMMEDIATE", ())?;
        for change in batch {
            execute(&self.db, "SAVEPOINT change", ())?;
            if !change.run(&self.db) {
                // A full or broken disk ends the whole transaction.
                if self.db.is_autocommit() {
                    let ended = || StoreError::Refused("the transaction was ended".to_owned());
                    return Err(change.failure().unwrap_or_else(ended));
                }
                execute(&self.db, "ROLLBACK TO change", ())?;
            }
            execute(&self.db, "RELEASE change", ())?;
        }
        execute(&self.db, "COMMIT", ())?;
        Ok(())
    }

    /// Moves the log into the database when it is long, if possible while nothing waits. Callers have been answered.
    fn shorten_log(&self) {
        let shorten = || {
            let pages = self.checkpoint(NOOP)?;
            let due = if self.waiting.is_empty() {
                STORE_LOG_PAGES_QUIET
            } else {
                STORE_LOG_PAGES_MAX
            };
            if pages > due {
                self.checkpoint(PASSIVE)
            } else {
                Ok(pages)
            }
        };
        if let Err(error) = shorten() {
            let error = StoreError::from(error);
            tracing::warn!(
                "the log of the database was not shortened, which will be tried again: {error}"
            );
        }
    }

    /// Answers how many pages of the log are not in the database yet.
    fn checkpoint(&self, sql: &str) -> Result<i64, rusqlite::Error> {
        let mut statement = self.db.prepare_cached(sql)?;
        statement.query_row((), |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))
    }
}

/// Whether a change that was undone alone failed for a reason that any other would meet.
fn is_fatal(change: &dyn Change) -> bool {
    matches!(
        change.failure(),
        Some(StoreError::Full(_) | StoreError::Disk(_) | StoreError::Damaged(_))
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::store;

    #[tokio::test]
    async fn the_log_is_used_again_and_again() {
        let (folder, store) = store();
        let large = async || {
            let sql = "INSERT OR REPLACE INTO kv (plugin, key, value) VALUES ('a', 'b', zeroblob(8000000))";
            store
                .write(move |db| Ok::<_, StoreError>(db.execute(sql, ())?))
                .await
                .unwrap();
        };
        for _ in 0..5 {
            large().await;
        }
        let log = folder
            .path()
            .join("witbot.db-wal")
            .metadata()
            .unwrap()
            .len();
        assert!(log < 20_000_000, "{log} bytes");
    }

    #[tokio::test]
    async fn what_waits_meanwhile_is_one_commit() {
        const WAITING: i64 = 8;
        let (folder, store) = store();
        let (release, released) = std::sync::mpsc::sync_channel::<()>(1);
        let (begun, has_begun) = oneshot::channel();
        let busy = store.write(move |_: &Connection| {
            let _ = begun.send(());
            let _ = released.recv();
            Ok::<_, StoreError>(())
        });
        let mut waiting = tokio::task::JoinSet::new();
        let release = async {
            // Whatever comes before it is at work would be of the same commit.
            has_begun.await.unwrap();
            for number in 0..WAITING {
                let (store, database) = (store.clone(), folder.path().join("witbot.db"));
                waiting.spawn(async move {
                    store
                        .write(move |db: &Connection| {
                            let sql = "INSERT INTO kv (plugin, key, value) VALUES ('a', ?1, x'')";
                            db.execute(sql, [number])?;
                            let count = "SELECT count(*) FROM kv";
                            let here = db.query_row(count, (), |row| row.get::<_, i64>(0))?;
                            let on_disk =
                                Connection::open(database)?
                                    .query_row(count, (), |row| row.get::<_, i64>(0))?;
                            Ok::<_, StoreError>((here, on_disk))
                        })
                        .await
                });
            }
            // All of them are polled, in turn, and stand in the queue: the runtime looks at other things in between.
            for _ in 0..10 * WAITING {
                tokio::task::yield_now().await;
            }
            release.send(()).unwrap();
        };
        let (busy, ()) = tokio::join!(busy, release);
        busy.unwrap();
        let mut seen = Vec::new();
        while let Some(waited) = waiting.join_next().await {
            seen.push(waited.unwrap().unwrap());
        }
        seen.sort_unstable();
        let together: Vec<_> = (1..=WAITING).map(|here| (here, 0)).collect();
        assert_eq!(seen, together);
    }

    #[tokio::test]
    async fn looking_at_the_log_leaves_it_alone() {
        let (_folder, store) = store();
        store
            .audit(vec![crate::fixture::record("a")])
            .await
            .unwrap();
        let look = |db: &Connection| {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
            Ok::<_, StoreError>(db.query_row(NOOP, (), read)?)
        };
        let (pages, moved) = store.read(look).await.unwrap();
        assert!(pages > 0);
        assert_eq!(moved, 0);
    }
}
