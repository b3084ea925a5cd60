//! What has gone through a stand-in, and the news of it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::fault::{Fault, Faults, Moment, Trouble};
use super::request::Request;

/// What is awaited for longer than this will not come: everything is on this machine.
const AWAITED_MAX: Duration = Duration::from_secs(60);

/// Requests that came, faults that wait for theirs, and a bell for everything that changes.
#[derive(Debug)]
pub(super) struct Traffic {
    requests: Mutex<Vec<Request>>,
    faults: Mutex<Faults>,
    changes: watch::Sender<u64>,
}

impl Traffic {
    pub(super) fn new() -> Traffic {
        Traffic {
            requests: Mutex::default(),
            faults: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    /// Keeps the request, and tells what befalls it.
    pub(super) fn arrived(&self, request: &Request) -> Option<(Trouble, Moment)> {
        lock(&self.requests).push(request.clone());
        lock(&self.faults).take(&request.method, &request.path)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        lock(&self.requests).clone()
    }

    pub(super) fn inject(&self, fault: Fault) {
        lock(&self.faults).add(fault);
    }

    pub(super) fn clear_faults(&self) {
        lock(&self.faults).clear();
    }

    /// Tells those who wait to look again.
    pub(super) fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Looks after every change until there is something to see.
    ///
    /// # Panics
    ///
    /// When it does not come within a minute: the test is wrong, or the bot is.
    pub(super) async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        let looking = async {
            loop {
                changes.mark_unchanged();
                if let Some(seen) = look() {
                    return Some(seen);
                }
                if changes.changed().await.is_err() {
                    return None;
                }
            }
        };
        match timeout(AWAITED_MAX, looking).await {
            Ok(Some(seen)) => seen,
            Ok(None) | Err(_) => panic!(
                "what was awaited did not come within {AWAITED_MAX:?}; the requests so far: {:#?}",
                self.requests()
                    .iter()
                    .map(|r| format!("{} {}", r.method, r.path))
                    .collect::<Vec<_>>()
            ),
        }
    }
}

/// The lock, also after a test that held it has panicked.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
