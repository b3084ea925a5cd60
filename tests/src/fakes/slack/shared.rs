//! What the parts of the stand-in share: the workspace behind a lock, and the news of it.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::time::{sleep, sleep_until, timeout};

use super::hooks;
use super::socket::Acknowledgement;
use super::state::State;
use crate::fakes::fault::{Fault, Faults, Moment, Trouble};
use crate::fakes::traffic::lock;

/// What is awaited for longer than this will not come: everything is on this machine.
const AWAITED_MAX: Duration = Duration::from_secs(60);
/// Redelivery is not more punctual than this, so that it costs nothing while everything is acknowledged.
const LATE_MAX: Duration = Duration::from_millis(5);

/// Something that the bot posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Where.
    pub channel: String,
    /// Its name.
    pub ts: String,
    /// In which thread.
    pub thread_ts: Option<String>,
    /// The raw text.
    pub text: String,
}

type Listener = Arc<dyn Fn(&Post) + Send + Sync>;

pub(super) struct Shared {
    state: Mutex<State>,
    faults: Mutex<Faults>,
    listener: Mutex<Option<Listener>>,
    changes: watch::Sender<u64>,
    stop: watch::Sender<bool>,
    timer: Notify,
    pub(super) client: reqwest::Client,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn new(state: State, client: reqwest::Client) -> Shared {
        Shared {
            state: Mutex::new(state),
            faults: Mutex::default(),
            listener: Mutex::default(),
            changes: watch::Sender::new(0),
            stop: watch::Sender::new(false),
            timer: Notify::new(),
            client,
        }
    }

    /// To look only: who changes something uses [`Shared::change`].
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Does something with the workspace, and sends what comes of it.
    pub(super) fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let done = change(&mut state);
        let next = state.office.next_deadline();
        let parcels = std::mem::take(&mut state.outgoing);
        for parcel in parcels {
            match state.target.clone() {
                Some(target) => {
                    state.under_way += 1;
                    tokio::spawn(hooks::carry(self.clone(), target, parcel));
                }
                None => {
                    let State {
                        office, behaviour, ..
                    } = &mut *state;
                    office.send(parcel, 0, behaviour);
                }
            }
        }
        let sooner = state.office.next_deadline() != next;
        let posted = std::mem::take(&mut state.posted);
        drop(state);
        if sooner {
            self.timer.notify_one();
        }
        if !posted.is_empty() {
            self.tell(&posted);
        }
        self.changed();
        done
    }

    /// Has somebody told of every post, at once and in order of posting per channel.
    pub(super) fn listen(&self, listener: Listener) {
        *lock(&self.listener) = Some(listener);
        self.lock().heard = true;
    }

    fn tell(&self, posted: &[Post]) {
        let listener = lock(&self.listener).clone();
        for post in posted {
            if let Some(listener) = &listener {
                listener(post);
            }
        }
    }

    /// Takes what the bot says on a socket.
    pub(super) fn acknowledged(self: &Arc<Self>, text: &str) {
        let said: Option<Acknowledgement> = serde_json::from_str(text).ok();
        self.change(|state| match said {
            Some(said) => state.acknowledge(&said.envelope_id, said.payload),
            None => state.office.counts.strange += 1,
        });
    }

    pub(super) fn inject(&self, fault: Fault) {
        lock(&self.faults).add(fault);
    }

    pub(super) fn clear_faults(&self) {
        lock(&self.faults).clear();
    }

    /// The trouble that befalls a request, whose method does not matter.
    pub(super) fn trouble(&self, path: &str) -> Option<(Trouble, Moment)> {
        lock(&self.faults).take("POST", path)
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
                "what was awaited did not come within {AWAITED_MAX:?}: {}",
                self.lock().summary()
            ),
        }
    }

    /// True once the stand-in stops.
    pub(super) fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Has redelivery look at the clock again.
    pub(super) fn look_after(&self) {
        self.timer.notify_one();
    }

    /// Redelivers what is not acknowledged in time, until the stand-in stops.
    pub(super) async fn redeliver(self: Arc<Self>) {
        let mut stopped = self.stopped();
        loop {
            let next = self.lock().office.next_deadline();
            tokio::select! {
                () = until(next) => {}
                () = self.timer.notified() => continue,
                () = gone(&mut stopped) => return,
            }
            sleep(LATE_MAX).await;
            let State {
                office, behaviour, ..
            } = &mut *self.lock();
            let before = office.counts;
            office.look_after(behaviour);
            if office.counts != before {
                self.changed();
            }
        }
    }

    /// Refuses a method from now on.
    pub(super) fn refuse(&self, method: &str, error: &str, times: usize) {
        let refusal = (method.to_owned(), error.to_owned(), times);
        self.lock().refusals.push(refusal);
    }

    /// Refuses nothing from now on.
    pub(super) fn clear_refusals(&self) {
        self.lock().refusals.clear();
    }
}

/// Waits until the stand-in stops.
pub(super) async fn gone(stopped: &mut watch::Receiver<bool>) {
    // An error means that it was dropped, which stops it as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}
