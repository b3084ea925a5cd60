//! Says in the chat what runs have to say: each channel in order, one after the other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::task::TaskTracker;
use witbot_core::ids::ChannelId;
use witbot_core::limits;
use witbot_store::Store;
use witbot_store::error::StoreError;
use witbot_store::outbox::{Delivery, Next};

use crate::clock;
use crate::doors::console::Console;

/// So many messages are taken at once. What is said cannot be taken back, so it is not many.
const TAKEN_AT_ONCE_MAX: u32 = 16;

/// What is to be said. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    chat: Console,
    tasks: TaskTracker,
    /// The channels that somebody speaks in at this moment, and whether there is more to say since.
    speaking: Mutex<HashMap<ChannelId, bool>>,
}

impl Outbox {
    /// An outbox that leads to one chat.
    pub fn new(store: Store, chat: Console) -> Outbox {
        let parts = Parts {
            store,
            chat,
            tasks: TaskTracker::new(),
            speaking: Mutex::default(),
        };
        Outbox {
            parts: Arc::new(parts),
        }
    }

    /// Says what was left unsaid when the bot was stopped. What was about to be said then is said again: on a terminal
    /// that harms nobody.
    pub async fn recover(&self) {
        let store = &self.parts.store;
        for delivery in logged(store.outbox_in_doubt().await).unwrap_or_default() {
            logged(
                store
                    .outbox_failed(delivery.id, "the bot was stopped", Some(clock::now()))
                    .await,
            );
        }
        for channel in logged(store.outbox_channels().await).unwrap_or_default() {
            self.deliver(channel);
        }
    }

    /// Says what there is to say in a channel.
    pub fn deliver(&self, channel: ChannelId) {
        let parts = self.parts.clone();
        let mut speaking = self.parts.speaking();
        if let Some(more) = speaking.get_mut(&channel) {
            *more = true;
            return;
        }
        speaking.insert(channel.clone(), false);
        drop(speaking);
        self.parts.tasks.spawn(async move {
            loop {
                parts.speak(&channel).await;
                // In one step, or what comes in between would stay unsaid.
                let mut speaking = parts.speaking();
                match speaking.get_mut(&channel) {
                    Some(more) if *more => *more = false,
                    Some(_) | None => {
                        speaking.remove(&channel);
                        return;
                    }
                }
            }
        });
    }

    /// Whether nothing is being said.
    pub fn idle(&self) -> bool {
        self.parts.tasks.is_empty()
    }

    /// Waits until all is said that was to be said.
    pub async fn stop(&self) {
        self.parts.tasks.close();
        self.parts.tasks.wait().await;
    }
}

impl Parts {
    fn speaking(&self) -> MutexGuard<'_, HashMap<ChannelId, bool>> {
        self.speaking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says all that there is. Gives up only when the store is closed: nobody else would say it.
    async fn speak(&self, channel: &ChannelId) {
        loop {
            match self
                .store
                .outbox_next(channel, TAKEN_AT_ONCE_MAX, clock::now())
                .await
            {
                Ok(Next::Nothing) | Err(StoreError::Closed) => return,
                Ok(Next::Send(deliveries)) => {
                    for delivery in deliveries {
                        self.send(delivery).await;
                    }
                }
                Ok(Next::Later(at)) => {
                    let wait = at.0.saturating_sub(clock::now().0);
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
                Err(error) => {
                    tracing::error!("what is to be said in {channel} cannot be read: {error}");
                    tokio::time::sleep(limits::STORE_AGAIN).await;
                }
            }
        }
    }

    async fn send(&self, delivery: Delivery) {
        self.chat.say(&delivery.outgoing).await;
        // Until this is stored, nothing that follows in the channel can be taken.
        while let Err(error) = self.store.outbox_sent(delivery.id, None).await {
            if error == StoreError::Closed {
                return;
            }
            tracing::error!("that a message was sent is not stored, and is tried again: {error}");
            tokio::time::sleep(limits::STORE_AGAIN).await;
        }
    }
}

fn logged<T>(result: Result<T, StoreError>) -> Option<T> {
    result
        .inspect_err(|error| tracing::error!("the outbox: {error}"))
        .ok()
}
