//! Whether the bot is well, and whether it is ready: signs of life of its parts, and what is missing when one is.
//!
//! What is told is one of a few sentences of ours. Anybody may read it, so nothing of what happens inside is in it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::{Instant, sleep};
use witbot_core::limits;
use witbot_store::Store;
use witbot_store::error::StoreError;

/// What is known of the parts. Cheap to clone.
#[derive(Clone)]
pub struct Health(Arc<Mutex<State>>);

struct State {
    phase: Phase,
    turned: Instant,
    answered: Instant,
    writable: bool,
    connected: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Running,
    Stopping,
}

/// Why the bot is not ready, or not well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It has just been started.
    Plugins,
    /// Nobody can be heard.
    Chat,
    /// Nothing can be stored.
    Disk,
    /// The store does not answer.
    Store,
    /// The loop does not turn.
    Loop,
    /// It was told to stop.
    Stopping,
}

impl Missing {
    /// The part, in a word.
    pub fn part(self) -> &'static str {
        match self {
            Missing::Plugins => "plugins",
            Missing::Chat => "chat",
            Missing::Disk | Missing::Store => "store",
            Missing::Loop => "loop",
            Missing::Stopping => "bot",
        }
    }

    /// What is the matter with it.
    pub fn reason(self) -> &'static str {
        match self {
            Missing::Plugins => "not loaded yet",
            Missing::Chat => "not connected",
            Missing::Disk => "cannot write to its disk",
            Missing::Store => "does not answer",
            Missing::Loop => "does not turn",
            Missing::Stopping => "stopping",
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part(), self.reason())
    }
}

impl Default for Health {
    fn default() -> Health {
        Health::new()
    }
}

impl Health {
    /// A bot that has just been started, and is connected to nothing.
    pub fn new() -> Health {
        let now = Instant::now();
        Health(Arc::new(Mutex::new(State {
            phase: Phase::Starting,
            turned: now,
            answered: now,
            writable: true,
            connected: false,
        })))
    }

    /// What keeps the bot from being of use at the moment. Nothing: it is ready.
    pub fn not_ready(&self) -> Vec<Missing> {
        let state = self.state();
        let mut missing = Vec::new();
        match state.phase {
            Phase::Starting => missing.push(Missing::Plugins),
            Phase::Running => {}
            Phase::Stopping => return vec![Missing::Stopping],
        }
        if !state.connected {
            missing.push(Missing::Chat);
        }
        if !state.writable {
            missing.push(Missing::Disk);
        }
        missing.extend(state.silent());
        missing
    }

    /// What only a restart can mend. Nothing: it is well, which it can be without being ready.
    pub fn not_well(&self) -> Vec<Missing> {
        self.state().silent()
    }

    /// The loop turns.
    pub fn turned(&self) {
        self.state().turned = Instant::now();
    }

    /// From now on the loop has to turn.
    pub fn running(&self) {
        let mut state = self.state();
        state.turned = Instant::now();
        state.phase = Phase::Running;
    }

    /// The bot was told to stop.
    pub fn stopping(&self) {
        self.state().phase = Phase::Stopping;
    }

    /// Whether people can be heard.
    pub fn connected(&self, connected: bool) {
        self.state().connected = connected;
    }

    /// The store wrote, or could not.
    pub fn written(&self, stored: bool) {
        let mut state = self.state();
        state.answered = Instant::now();
        state.writable = stored;
    }

    /// Looks again and again whether the store answers. As long as nothing fails nothing is written for this; after that,
    /// whether it goes on failing is tried.
    pub async fn watch(self, store: Store) {
        loop {
            let looked = match self.is_writable() {
                // A write can fail meanwhile, and must not be taken for one that did not.
                true => store.ping().await.map(|()| self.answered()),
                false => store.try_to_write().await.map(|()| self.written(true)),
            };
            match looked {
                Ok(()) => {}
                Err(StoreError::Closed) => return,
                Err(_) => self.written(false),
            }
            sleep(limits::HEALTH_LOOKED_AT_EVERY).await;
        }
    }

    fn answered(&self) {
        self.state().answered = Instant::now();
    }

    fn is_writable(&self) -> bool {
        self.state().writable
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What should have given a sign of life. While the bot starts or stops, the loop does not turn.
    fn silent(&self) -> Vec<Missing> {
        let mut silent = Vec::new();
        let is_silent = |since: Instant| since.elapsed() > limits::HEALTH_SILENCE_MAX;
        if self.phase == Phase::Running && is_silent(self.turned) {
            silent.push(Missing::Loop);
        }
        if self.phase != Phase::Stopping && is_silent(self.answered) {
            silent.push(Missing::Store);
        }
        silent
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LONG: Duration = Duration::from_secs(31);

    #[tokio::test(start_paused = true)]
    async fn what_is_missing_is_named() {
        let health = Health::new();
        assert_eq!(health.not_ready(), [Missing::Plugins, Missing::Chat]);
        assert_eq!(health.not_well(), []);
        health.running();
        health.connected(true);
        assert_eq!(health.not_ready(), []);
        health.connected(false);
        health.written(false);
        assert_eq!(health.not_ready(), [Missing::Chat, Missing::Disk]);
        assert_eq!(health.not_well(), [], "a restart would not mend that");
        health.stopping();
        assert_eq!(health.not_ready(), [Missing::Stopping]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_no_sign_of_life_is_not_well() {
        let health = Health::new();
        health.running();
        health.connected(true);
        tokio::time::advance(LONG).await;
        health.turned();
        assert_eq!(health.not_well(), [Missing::Store]);
        assert_eq!(health.not_ready(), [Missing::Store]);
        health.written(true);
        assert_eq!(health.not_well(), []);
        tokio::time::advance(LONG).await;
        health.written(true);
        assert_eq!(health.not_well(), [Missing::Loop]);
        health.stopping();
        assert_eq!(health.not_well(), [], "it ends anyway");
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_start_is_no_illness_of_the_loop() {
        let health = Health::new();
        tokio::time::advance(LONG).await;
        health.written(true);
        assert_eq!(health.not_well(), []);
    }

    #[tokio::test]
    async fn a_store_that_writes_again_is_found_out() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let health = Health::new();
        health.written(false);
        let watching = tokio::spawn(health.clone().watch(store.clone()));
        let writable = async {
            while health.not_ready().contains(&Missing::Disk) {
                tokio::task::yield_now().await;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(30), writable).await;
        assert!(found.is_ok(), "{:?}", health.not_ready());
        store.close().await;
        // It ends at its next look, after the store is closed.
        watching.abort();
    }
}
