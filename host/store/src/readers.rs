//! The threads that answer questions. They see the latest committed state and never wait for the writer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use witbot_core::limits::{STORE_QUEUE_MAX, STORE_READERS};

use crate::error::{Failure, StoreError};
use crate::folder::{OpenError, connect_to_read};

type Question = Box<dyn FnOnce(&Connection) + Send>;

enum Message {
    Question(Question),
    Close,
}

/// A few threads with a connection each, which take questions from one queue.
pub(crate) struct Readers {
    queue: mpsc::Sender<Message>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    /// Connects and starts.
    pub(crate) fn start(database: &Path) -> Result<Readers, OpenError> {
        let (queue, waiting) = mpsc::channel(STORE_QUEUE_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut threads = Vec::new();
        for _ in 0..STORE_READERS {
            let connection = connect_to_read(database)?;
            let waiting = Arc::clone(&waiting);
            let thread = thread::Builder::new().name("witbot-read".to_owned());
            threads.push(
                thread
                    .spawn(move || serve(&connection, &waiting))
                    .map_err(OpenError::Thread)?,
            );
        }
        Ok(Readers {
            queue,
            threads: Mutex::new(threads),
        })
    }

    /// Asks a question.
    pub(crate) async fn read<T, E, R>(&self, question: R) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        R: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let question: Question = Box::new(move |db| {
            // The caller may have gone away.
            let _ = answer.send(question(db));
        });
        let closed = |_| StoreError::Closed;
        self.queue
            .send(Message::Question(question))
            .await
            .map_err(|_| StoreError::Closed)?;
        answered.await.map_err(closed)?
    }

    /// Takes no more questions; those that wait are still answered.
    pub(crate) async fn refuse(&self) {
        // It fails when that has happened before.
        let _ = self.queue.send(Message::Close).await;
    }

    /// Waits until the threads have ended.
    pub(crate) fn join(&self) {
        for thread in self
            .threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
        {
            if thread.join().is_err() {
                tracing::error!("a reading thread of the store panicked");
            }
        }
    }
}

fn serve(db: &Connection, waiting: &Mutex<mpsc::Receiver<Message>>) {
    loop {
        // One thread waits for the next question, the others wait for the lock.
        let mut queue = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let message = queue.blocking_recv();
        match message {
            Some(Message::Question(question)) => {
                drop(queue);
                if catch_unwind(AssertUnwindSafe(|| question(db))).is_err() {
                    tracing::error!("a question to the store panicked; the store goes on");
                }
            }
            Some(Message::Close) => queue.close(),
            None => return,
        }
    }
}
