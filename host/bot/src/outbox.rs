//! Says in the chat what runs have to say: each channel in order, one thing after the other, at the pace of the chat.
//!
//! A thing is done once: what is perhaps done is looked for at the chat service before it is tried again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use witbot_core::chat::Text;
use witbot_core::error::{Code, Error};
use witbot_core::ids::{CallId, ChannelId};
use witbot_core::journal::Act;
use witbot_core::limits;
use witbot_store::Store;
use witbot_store::error::StoreError;
use witbot_store::outbox::{Delivery, Next};

use crate::chat::{Chat, Looked, Unsent};
use crate::clock;
use crate::metrics::Metrics;
use crate::pace::Pace;

/// So many messages are taken at once. An edit that is taken can no longer be replaced by a later one, so it is not many.
const TAKEN_AT_ONCE_MAX: u32 = 16;
/// So many channels can have something handed over that nobody has taken up; anything more waits in the store.
const HANDED_OVER_MAX: usize = 256;

/// Tells somebody that a message was not sent: which, and a sentence.
pub type Tell = Arc<dyn Fn(CallId, Text) + Send + Sync>;

/// What is to be said. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    chat: Arc<dyn Chat>,
    /// None: the chat takes things as quickly as they come.
    pace: Option<Pace>,
    tell: Tell,
    tasks: TaskTracker,
    metrics: Metrics,
    /// The channels that somebody speaks in at this moment, and what came up since.
    speaking: Mutex<HashMap<ChannelId, More>>,
}

/// What came up for a channel while somebody spoke in it.
#[derive(Default)]
struct More {
    queued: bool,
    taken: Vec<Taken>,
}

/// Something that is marked as being sent.
struct Taken {
    delivery: Delivery,
    /// Whether it was perhaps sent before.
    doubtful: bool,
}

/// What came of it.
enum Report {
    Sent(Option<String>),
    Again {
        reason: String,
        after: Duration,
        counts: bool,
    },
    GivenUp {
        reason: String,
        told: Option<Text>,
    },
}

/// Whether it is stored what came of something.
#[derive(PartialEq, Eq)]
enum Stored {
    AtOnce,
    AfterAll,
    /// The store is closed, and nothing more may be said: nobody would know of it.
    Never,
}

impl Outbox {
    /// An outbox that leads to one chat. What the store hands over arrives in the receiver: see [`Outbox::run`].
    pub fn new(
        store: Store,
        chat: Arc<dyn Chat>,
        pace: Option<Pace>,
        tell: Tell,
        metrics: Metrics,
    ) -> (Outbox, mpsc::Receiver<Delivery>) {
        let (send, handed_over) = mpsc::channel(HANDED_OVER_MAX);
        store.outbox_hand_over(send);
        let parts = Parts {
            store,
            chat,
            pace,
            tell,
            tasks: TaskTracker::new(),
            metrics,
            speaking: Mutex::default(),
        };
        let outbox = Outbox {
            parts: Arc::new(parts),
        };
        (outbox, handed_over)
    }

    /// Takes up what the store hands over, for as long as the bot runs.
    pub async fn run(self, mut handed_over: mpsc::Receiver<Delivery>) {
        while let Some(delivery) = handed_over.recv().await {
            let channel = delivery.outgoing.place.channel.clone();
            let taken = Taken {
                delivery,
                doubtful: false,
            };
            self.speak(channel, |more| more.taken.push(taken));
        }
    }

    /// Says what was left unsaid when the bot was stopped. What was about to be said then is looked for first.
    pub async fn recover(&self) {
        let store = &self.parts.store;
        let mut left: HashMap<ChannelId, Vec<Taken>> = HashMap::new();
        for delivery in logged(store.outbox_in_doubt().await).unwrap_or_default() {
            let channel = delivery.outgoing.place.channel.clone();
            let taken = left.entry(channel).or_default();
            // Nothing is sent before it is stored what became of the last, so none but the first can have been.
            let doubtful = taken.is_empty();
            taken.push(Taken { delivery, doubtful });
        }
        for (channel, taken) in left {
            self.speak(channel, |more| more.taken = taken);
        }
        self.sweep().await;
    }

    /// Looks through all channels for what nobody has taken up.
    pub async fn sweep(&self) {
        for channel in logged(self.parts.store.outbox_channels().await).unwrap_or_default() {
            self.deliver(channel);
        }
    }

    /// Says what there is to say in a channel.
    pub fn deliver(&self, channel: ChannelId) {
        self.speak(channel, |more| more.queued = true);
    }

    /// Whether there is room for more in a channel. `rate-limited`: so much waits there that nobody would read it in
    /// time.
    pub async fn room(&self, channel: &ChannelId) -> Result<(), Error> {
        let Some(pace) = &self.parts.pace else {
            return Ok(());
        };
        if !self.parts.speaking().contains_key(channel) {
            return Ok(());
        }
        let waiting = self.parts.store.outbox_waiting(channel).await;
        let waiting = logged(waiting).unwrap_or(0);
        if waiting < limits::OUTBOX_CHANNEL_MAX {
            return Ok(());
        }
        let message = format!("{waiting} messages wait to be said in {channel}: say less there");
        let mut error = Error::new(Code::RateLimited, message);
        error.retry_after_ms = Some(pace.time_for(waiting / 2).as_millis() as u64);
        Err(error)
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

    /// Has somebody speak in a channel who knows of this.
    fn speak(&self, channel: ChannelId, note: impl FnOnce(&mut More)) {
        let mut speaking = self.parts.speaking();
        if let Some(more) = speaking.get_mut(&channel) {
            return note(more);
        }
        let mut more = More::default();
        note(&mut more);
        speaking.insert(channel.clone(), More::default());
        drop(speaking);
        let parts = self.parts.clone();
        self.parts.tasks.spawn(async move {
            let _speaker = Speaker {
                parts: &parts,
                channel: &channel,
            };
            loop {
                parts.speak(&channel, more).await;
                // In one step, or what comes in between would stay unsaid.
                let mut speaking = parts.speaking();
                match speaking.get_mut(&channel).map(std::mem::take) {
                    Some(came) if came.queued || !came.taken.is_empty() => more = came,
                    Some(_) | None => {
                        speaking.remove(&channel);
                        return;
                    }
                }
            }
        });
    }
}

/// Somebody who speaks in a channel. Even one that panics does not silence it for ever.
struct Speaker<'a> {
    parts: &'a Parts,
    channel: &'a ChannelId,
}

impl Drop for Speaker<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.parts.speaking().remove(self.channel);
        }
    }
}

impl Parts {
    fn speaking(&self) -> MutexGuard<'_, HashMap<ChannelId, More>> {
        self.speaking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says all that there is.
    async fn speak(&self, channel: &ChannelId, more: More) {
        let mut taken = more.taken;
        if taken.is_empty() {
            taken = self.next(channel).await;
        }
        while !taken.is_empty() {
            taken = self.say(channel, taken).await;
        }
    }

    /// Says these things in order, and answers what is next.
    async fn say(&self, channel: &ChannelId, taken: Vec<Taken>) -> Vec<Taken> {
        let mut rest = taken.into_iter();
        while let Some(taken) = rest.next() {
            let report = self.attempt(channel, &taken).await;
            // What was taken after something that is tried again went back into the queue with it.
            let last = rest.len() == 0 || matches!(report, Report::Again { .. });
            let reported = self.report(&taken.delivery, report);
            if last {
                // Asked for at once, so that both reach the disk together.
                let (stored, next) = tokio::join!(reported, self.next(channel));
                return match stored {
                    Stored::AfterAll if next.is_empty() => self.next(channel).await,
                    Stored::AtOnce | Stored::AfterAll => next,
                    Stored::Never => Vec::new(),
                };
            }
            if reported.await == Stored::Never {
                break;
            }
        }
        Vec::new()
    }

    /// What is to be said next, when it is time for it. Empty: nothing, or the store is closed and nobody would say it.
    async fn next(&self, channel: &ChannelId) -> Vec<Taken> {
        loop {
            let mut limit = TAKEN_AT_ONCE_MAX;
            if let Some(pace) = &self.pace {
                // Nothing is taken before its time: an edit that waits can still be replaced by a later one.
                until_time_for(channel, pace).await;
                limit = pace.room(channel, Instant::now()).clamp(1, limit);
            }
            match self.store.outbox_next(channel, limit, clock::now()).await {
                Ok(Next::Nothing) | Err(StoreError::Closed) => return Vec::new(),
                Ok(Next::Send(deliveries)) => {
                    let certain = |delivery| Taken {
                        delivery,
                        doubtful: false,
                    };
                    return deliveries.into_iter().map(certain).collect();
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

    async fn attempt(&self, channel: &ChannelId, taken: &Taken) -> Report {
        let delivery = &taken.delivery;
        if taken.doubtful
            && let Some(report) = self.settle(delivery).await
        {
            return report;
        }
        if let Some(pace) = &self.pace {
            until_time_for(channel, pace).await;
            pace.spend(channel, Instant::now());
        }
        let began = Instant::now();
        let sent = self.chat.send(delivery).await;
        self.metrics.sent(&sent, began.elapsed());
        match sent {
            Ok(remote) => Report::Sent(remote),
            Err(Unsent::Doubt(reason)) => {
                tracing::warn!(id = %delivery.outgoing.message, "perhaps said, perhaps not: {reason}");
                match self.settle(delivery).await {
                    Some(report) => report,
                    // The looks took their time as well.
                    None => again(delivery, reason, limits::DOUBT_GRACE, true),
                }
            }
            Err(Unsent::Later {
                reason,
                after,
                counts,
            }) => again(delivery, reason, after, counts),
            Err(Unsent::Never { reason, told }) => Report::GivenUp { reason, told },
        }
    }

    /// Finds out whether something was said. None: it certainly was not, or saying it twice does no harm.
    async fn settle(&self, delivery: &Delivery) -> Option<Report> {
        if !matches!(delivery.outgoing.act, Act::Post(_)) {
            return None;
        }
        let mut looks = 0;
        loop {
            match self.chat.find(delivery).await {
                Ok(Looked::Done(remote)) => return Some(Report::Sent(remote)),
                // A request that was cut off can still be under way there.
                Ok(Looked::NotDone) if looks > 0 => return None,
                Ok(Looked::NotDone) => tokio::time::sleep(limits::DOUBT_GRACE).await,
                Err(Unsent::Never { reason, told }) => {
                    return Some(Report::GivenUp { reason, told });
                }
                Err(Unsent::Later { reason, after, .. }) => {
                    tracing::warn!(id = %delivery.outgoing.message, "cannot be looked for yet: {reason}");
                    tokio::time::sleep(after).await;
                    continue;
                }
                Err(Unsent::Doubt(reason)) => {
                    tracing::warn!(id = %delivery.outgoing.message, "cannot be looked for yet: {reason}");
                    tokio::time::sleep(limits::OUTBOX_AGAIN).await;
                    continue;
                }
            }
            looks += 1;
        }
    }

    /// Stores what came of something. Until this is stored, nothing that follows in the channel can be taken.
    async fn report(&self, delivery: &Delivery, report: Report) -> Stored {
        let message = &delivery.outgoing.message;
        match &report {
            Report::Sent(_) => self.metrics.said(message, clock::now()),
            // A turn that comes soon.
            Report::Again { reason, after, .. } if *after < limits::OUTBOX_AGAIN => {
                tracing::debug!(id = %message, "not said yet, and tried again in {after:?}: {reason}");
            }
            Report::Again { reason, after, .. } => {
                tracing::warn!(id = %message, "not said yet, and tried again in {after:?}: {reason}");
            }
            Report::GivenUp { reason, told } => {
                tracing::error!(id = %message, channel = %delivery.outgoing.place.channel, "not said: {reason}");
                if let Some(told) = told {
                    (self.tell)(message.clone(), told.clone());
                }
            }
        }
        let mut stored = Stored::AtOnce;
        while let Err(error) = self.stored(delivery.id, &report).await {
            if error == StoreError::Closed {
                return Stored::Never;
            }
            stored = Stored::AfterAll;
            tracing::error!(id = %message, "what came of a message is not stored, and is tried again: {error}");
            tokio::time::sleep(limits::STORE_AGAIN).await;
        }
        stored
    }

    async fn stored(&self, id: i64, report: &Report) -> Result<(), StoreError> {
        match report {
            Report::Sent(remote) => self.store.outbox_sent(id, remote.clone()).await,
            Report::Again {
                reason,
                after,
                counts,
            } => {
                let at = clock::now().plus_ms(after.as_millis() as u64);
                self.store.outbox_again(id, reason, at, *counts).await
            }
            Report::GivenUp { reason, .. } => self.store.outbox_given_up(id, reason).await,
        }
    }
}

/// What is tried again: not for ever, if the chat service looked at it each time, for it holds its channel up.
fn again(delivery: &Delivery, reason: String, after: Duration, counts: bool) -> Report {
    if counts && delivery.attempts + 1 >= limits::OUTBOX_ATTEMPTS_MAX {
        let attempts = limits::OUTBOX_ATTEMPTS_MAX;
        return Report::GivenUp {
            reason: format!("it was not taken {attempts} times: {reason}"),
            told: Some(
                "I could not say my answer: the chat did not take it. The log says more.".into(),
            ),
        };
    }
    Report::Again {
        reason,
        after,
        counts,
    }
}

/// Waits until something may be said in a channel.
async fn until_time_for(channel: &ChannelId, pace: &Pace) {
    let wait = pace.wait(channel, Instant::now());
    // To sleep for no time at all takes up to a millisecond, as long as a fourth of all that an answer takes.
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

fn logged<T>(result: Result<T, StoreError>) -> Option<T> {
    result
        .inspect_err(|error| tracing::error!("the outbox: {error}"))
        .ok()
}
