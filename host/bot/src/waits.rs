//! Ends waits: by the clock, by looking at what is waited for, and when somebody says that it is worth a look.
//!
//! What waits is in the store, and is read when its time has come or there is news of it. Very many runs can wait, for
//! weeks, so none of them is in memory meanwhile: see `memory` for the little that is.

mod keys;
mod memory;
mod over;
mod polls;
#[cfg(test)]
mod tests;

pub use over::told;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use witbot_core::call::{self, Ask, Chosen, Operation, ask_key};
use witbot_core::chat::Answer;
use witbot_core::error::Error;
use witbot_core::event::{Click, Message, MessageId, Place};
use witbot_core::ids::{CallId, ChannelId, InvocationId, UnixMillis};
use witbot_core::journal::{Outcome, Outgoing, Wait};
use witbot_core::limits;
use witbot_store::Store;
use witbot_store::error::StoreError;

use crate::clock::{self, Moment};
use crate::future::BoxFuture;
use crate::wake::Wake;
use memory::Memory;
use over::{chosen, outcome};

/// Looks once whether a wait is over.
pub type Look = Arc<dyn Fn(Wait) -> BoxFuture<'static, Result<Option<Value>, Error>> + Send + Sync>;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// So many looks at once: each is a request to a service.
const LOOKS_AT_ONCE_MAX: usize = 8;
/// Waits that are in memory at once because their time has come: as many as are ended by one write to the disk.
const DUE_AT_ONCE_MAX: usize = limits::STORE_BATCH_MAX;
/// Waits, or keys of waits, that are read at once.
const PAGE: u32 = 256;
/// A message answers one of so many questions, those that its author was asked last in the channel, or that are for
/// more people than one: nobody means an older one. Buttons answer any.
const QUESTIONS_MAX: u32 = 100;
/// How often the clock is looked at, whether it was set. Until then, what waits still ends at the time that was right
/// before.
const CLOCK_LOOKED_AT_EVERY: Duration = Duration::from_secs(10);

/// All that waits. Cheap to clone.
#[derive(Clone)]
pub struct Waits {
    parts: Arc<Parts>,
}

/// A question that was answered.
pub struct Answered {
    /// Who waited for it.
    pub run: InvocationId,
    /// Where it stands: that it is answered is to be said there.
    pub channel: ChannelId,
}

/// What comes of a button.
pub enum Clicked {
    /// It answers the question.
    Answered(Answered),
    /// Somebody else is to answer it.
    NotTheirs(Box<Ask>),
    /// It was answered before, or nobody waits for the answer any more.
    Over,
}

struct Parts {
    store: Store,
    look: Look,
    wakes: mpsc::Sender<Wake>,
    clock: Clock,
    memory: Mutex<Memory>,
    /// There is something to be looked at sooner than was thought, or room for it.
    changed: Notify,
    looking: Semaphore,
}

/// Why a wait is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// Its time has come.
    Due,
    /// It is its turn, with so many looks in vain before.
    Turn(u32),
    /// There may be news.
    News,
}

/// What there may be news of.
enum News {
    /// A key.
    Of(String),
    /// What came in before the start.
    BeforeTheStart,
}

impl Waits {
    /// Nothing is looked at yet.
    pub fn new(store: Store, look: Look, wakes: mpsc::Sender<Wake>, clock: Clock) -> Waits {
        let parts = Parts {
            store,
            look,
            wakes,
            clock,
            memory: Mutex::default(),
            changed: Notify::new(),
            looking: Semaphore::new(LOOKS_AT_ONCE_MAX),
        };
        Waits {
            parts: Arc::new(parts),
        }
    }

    /// Takes up what waited before the start, and looks for what came in between.
    pub async fn recover(&self) -> Result<(), StoreError> {
        let parts = &self.parts;
        parts.look_at_the_clock().await?;
        let mut last: Option<String> = None;
        loop {
            let keys = parts.store.wait_keys(last.as_deref(), PAGE).await?;
            let polled: Vec<_> = keys
                .iter()
                .filter(|key| call::is_polled(key))
                .cloned()
                .collect();
            let runs = parts.store.runs_waiting_for(polled).await?;
            let uptime = (parts.clock)().uptime;
            let mut memory = parts.memory();
            keys.iter().for_each(|key| memory.keys.note(key));
            runs.iter().for_each(|run| memory.polls.put(run, 0, uptime));
            last = keys.into_iter().last();
            if last.is_none() {
                break;
            }
        }
        let parts = parts.clone();
        tokio::spawn(async move { parts.look_at_all(News::BeforeTheStart).await });
        Ok(())
    }

    /// Something is about to wait for this key, and what it waits for may come at once.
    pub fn expect(&self, key: &str) {
        self.parts.memory().keys.note(key);
    }

    /// Takes a wait up that was just parked. What it waits for may have come in between.
    pub fn add(&self, wait: Wait) {
        let parts = &self.parts;
        let uptime = (parts.clock)().uptime;
        let mut memory = parts.memory();
        if !matches!(wait.operation, Operation::Sleep(_)) {
            memory.keys.note(&wait.key);
        }
        if memory.next_deadline.is_none_or(|next| wait.deadline < next) {
            parts.changed.notify_one();
        }
        let look_now = match pace(&wait) {
            Pace::Clock => false,
            Pace::Once => true,
            Pace::Poll => memory.was_poked(&wait.key, uptime),
        };
        if look_now {
            drop(memory);
            parts.look_at(wait, Why::News);
        } else if matches!(pace(&wait), Pace::Poll) {
            memory.polls.put(&wait.invocation, 0, uptime);
            parts.changed.notify_one();
        }
    }

    /// Looks at the waits for a key now.
    pub fn poke(&self, key: &str) {
        let mut memory = self.parts.memory();
        memory.poke(key, (self.parts.clock)().uptime);
        if memory.keys.noted(key).is_none() {
            return;
        }
        drop(memory);
        let (parts, news) = (self.parts.clone(), News::Of(key.to_owned()));
        tokio::spawn(async move { parts.look_at_all(news).await });
    }

    /// The run that goes on because a message to the bot answers the question that its author was last asked in that place.
    /// The message is then routed.
    pub async fn answer(&self, row: i64, message: &Message) -> Option<Answered> {
        // People say yes and no to each other.
        if !message.addressed {
            return None;
        }
        for wait in self.parts.questions(message).await {
            let Operation::Ask(ask) = &wait.operation else {
                continue;
            };
            let (user, text) = (&message.user.id, message.text.trim());
            let mut choices = ask.choices.iter();
            let choice = choices.find(|choice| choice.eq_ignore_ascii_case(text));
            let may = ask.answerers.allow(user, &ask.user);
            if let Some(choice) = choice.filter(|_| may)
                && self.parts.is_there(&wait, &ask.place, message).await
            {
                let chosen = chosen(choice, user);
                if let Some(answered) = self.parts.choose(wait, chosen, row).await {
                    return Some(answered);
                }
            }
        }
        None
    }

    /// What comes of a button that was pressed to answer a question. When it answers it, the click is routed.
    pub async fn click(&self, row: i64, click: &Click) -> Clicked {
        self.click_for(row, click, false).await
    }

    /// The same of somebody who may answer, if `vouched`, although the question does not name them.
    pub async fn click_for(&self, row: i64, click: &Click, vouched: bool) -> Clicked {
        let run = click.message.invocation();
        let Some(wait) = self.parts.of_run(&run).await else {
            return Clicked::Over;
        };
        let Operation::Ask(ask) = &wait.operation else {
            return Clicked::Over;
        };
        if CallId::new(&run, wait.number) != click.message || !ask.choices.contains(&click.choice) {
            return Clicked::Over;
        }
        if !vouched && !ask.answerers.allow(&click.user.id, &ask.user) {
            return Clicked::NotTheirs(Box::new(ask.clone()));
        }
        let chosen = chosen(&click.choice, &click.user.id);
        match self.parts.choose(wait, chosen, row).await {
            Some(answered) => Clicked::Answered(answered),
            None => Clicked::Over,
        }
    }

    /// Whether runs wait for something else than an answer by a person.
    pub async fn busy(&self) -> bool {
        let others = self.parts.store.waits_besides(call::ASKED).await;
        self.parts.memory().is_looking() || others.is_ok_and(|others| others > 0)
    }

    /// Whether there are waits that are over, and runs that do not know it yet.
    pub async fn is_due(&self) -> Result<bool, StoreError> {
        let now = clock::now();
        let next = self.parts.store.next_deadline(UnixMillis(0)).await?;
        Ok(self.parts.memory().is_looking() || next.is_some_and(|next| next <= now))
    }

    /// Ends waits for as long as the bot runs.
    pub async fn run(&self) {
        let mut watch = clock::Watch::new((self.parts.clock)());
        loop {
            let pause = match self.turn(&mut watch).await {
                Ok(pause) => pause,
                Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::error!("what waits cannot be read, and is read again: {error}");
                    limits::STORE_AGAIN
                }
            };
            let pause = pause.min(CLOCK_LOOKED_AT_EVERY);
            let _ = tokio::time::timeout(pause, self.parts.changed.notified()).await;
        }
    }

    /// Looks at all whose time has come. Answers how long there is nothing to do then, unless something changes.
    async fn turn(&self, watch: &mut clock::Watch) -> Result<Duration, StoreError> {
        let parts = &self.parts;
        let now = (parts.clock)();
        if let Some(set) = watch.look(now) {
            parts.clock_was_set(set, now.wall).await;
        }
        // Until the store has answered, whatever is added is looked at in the next turn.
        parts.memory().next_deadline = None;
        parts.look_in_turn(now.uptime).await?;
        parts.end_due(now.wall).await?;
        let next = parts.store.next_deadline(now.wall).await?;
        let mut memory = parts.memory();
        memory.next_deadline = next;
        let deadline = next.map(|next| Duration::from_millis(next.0 - now.wall.0));
        let poll = memory.polls.next();
        let poll = poll.filter(|_| memory.looked_at(true) < DUE_AT_ONCE_MAX);
        let poll = poll.map(|next| next.saturating_sub(now.uptime));
        Ok(deadline
            .into_iter()
            .chain(poll)
            .min()
            .unwrap_or(Duration::MAX))
    }
}

impl Parts {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to end those whose deadline is over, as long as there is room. When there was not enough, the end of any
    /// look begins the next turn. Those that a service is asked about first do not keep the others from ending.
    async fn end_due(self: &Arc<Self>, now: UnixMillis) -> Result<(), StoreError> {
        for asks in [false, true] {
            // Those that are looked at already are among them.
            let due = self.store.waits_due(now, asks, DUE_AT_ONCE_MAX as u32);
            for wait in due.await? {
                if self.memory().looked_at(asks) < DUE_AT_ONCE_MAX {
                    self.look_at(wait, Why::Due);
                }
            }
        }
        Ok(())
    }

    /// Begins to look at those whose turn it is.
    async fn look_in_turn(self: &Arc<Self>, uptime: Duration) -> Result<(), StoreError> {
        let due = {
            let mut memory = self.memory();
            let room = DUE_AT_ONCE_MAX.saturating_sub(memory.looked_at(true));
            memory.polls.take_due(uptime, room)
        };
        for (index, (run, looks)) in due.iter().enumerate() {
            match self.store.wait(run).await {
                Ok(Some(wait)) if call::is_polled(&wait.key) => {
                    self.look_at(wait, Why::Turn(*looks));
                }
                Ok(_) => {}
                Err(error) => {
                    let mut memory = self.memory();
                    let rest = due[index..].iter();
                    rest.for_each(|(run, looks)| memory.polls.put(run, *looks, uptime));
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Looks at all waits of which there is news, a page at a time.
    async fn look_at_all(self: &Arc<Self>, news: News) {
        let mut last: Option<InvocationId> = None;
        loop {
            let waits = match &news {
                News::Of(key) => self.store.waits_for_key(key, last.as_ref(), PAGE).await,
                News::BeforeTheStart => self.store.waits_for_what_came(last.as_ref(), PAGE).await,
            };
            let waits = match waits {
                Ok(waits) => waits,
                Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::error!("what waits cannot be read, and is read again: {error}");
                    tokio::time::sleep(limits::STORE_AGAIN).await;
                    continue;
                }
            };
            last = waits.last().map(|wait| wait.invocation.clone());
            if last.is_none() {
                return;
            }
            let mut looks = JoinSet::new();
            for look in waits
                .into_iter()
                .filter_map(|wait| self.look_at(wait, Why::News))
            {
                looks.spawn(look);
            }
            looks.join_all().await;
        }
    }

    /// Looks at a wait in a task of its own, if nobody does.
    fn look_at(self: &Arc<Self>, wait: Wait, why: Why) -> Option<JoinHandle<()>> {
        let mut memory = self.memory();
        if !memory.begin(&wait) {
            if why == Why::News {
                memory.again(&wait.invocation);
            }
            return None;
        }
        let looks = memory.polls.take(&wait.invocation).unwrap_or(0);
        let looks = match why {
            Why::Turn(looks) => looks,
            Why::Due | Why::News => looks,
        };
        drop(memory);
        let parts = self.clone();
        Some(tokio::spawn(async move {
            let mut looked_at = LookedAt {
                parts: &parts,
                run: wait.invocation.clone(),
                put_back: false,
            };
            looked_at.put_back = parts.check(wait, looks, why == Why::Due).await;
        }))
    }

    /// Ends a wait that is over, and puts it back otherwise. True: it was put back.
    async fn check(&self, wait: Wait, mut looks: u32, due: bool) -> bool {
        loop {
            let looked = match pace(&wait) {
                Pace::Clock => Ok(None),
                Pace::Once | Pace::Poll => {
                    let _permit = self.looking.acquire().await;
                    (self.look)(wait.clone()).await
                }
            };
            if let Some(outcome) = outcome(&wait, looked, due) {
                self.end_by_itself(wait, outcome).await;
                return false;
            }
            looks += 1;
            let uptime = (self.clock)().uptime;
            if !self.memory().in_vain(&wait, looks, uptime) {
                return true;
            }
        }
    }

    /// Ends a wait that nobody has answered.
    async fn end_by_itself(&self, wait: Wait, outcome: Outcome) {
        let run = wait.invocation.clone();
        let told = told(&wait, Answer::Nobody);
        let channel = told.as_ref().map(|told| told.place.channel.clone());
        if self.end(wait, outcome, None, told).await {
            let _ = self.wakes.send(Wake::Runnable(run)).await;
            if let Some(channel) = channel {
                let _ = self.wakes.send(Wake::ToSay(vec![channel])).await;
            }
        }
    }

    /// Whether something was said where a question stands, or in the thread below it.
    async fn is_there(&self, wait: &Wait, asked: &Place, message: &Message) -> bool {
        // A terminal has no threads to write in.
        if message.id.is_none() || message.place.thread == asked.thread {
            return true;
        }
        let Some(MessageId::Theirs(thread)) = &message.place.thread else {
            return false;
        };
        let question = CallId::new(&wait.invocation, wait.number);
        let head = match &asked.thread {
            None => self.store.remote(&question).await,
            Some(MessageId::Ours(head)) => self.store.remote(head).await,
            Some(MessageId::Theirs(_)) => return false,
        };
        head.is_ok_and(|head| head.as_ref() == Some(thread))
    }

    /// Ends a wait for an answer, if it was still there.
    async fn choose(&self, wait: Wait, chosen: Chosen, row: i64) -> Option<Answered> {
        let answer = Answer::Chosen {
            choice: chosen.choice.clone(),
            user: chosen.user.clone(),
        };
        let told = told(&wait, answer);
        let answered = Answered {
            run: wait.invocation.clone(),
            channel: told.as_ref()?.place.channel.clone(),
        };
        let outcome = Outcome::of(Ok(chosen));
        self.end(wait, outcome, Some(row), told)
            .await
            .then_some(answered)
    }

    /// Ends a wait; true if it was still there. What cannot be stored is tried again, for the answer is not to be lost.
    async fn end(
        &self,
        wait: Wait,
        outcome: Outcome,
        event_row: Option<i64>,
        told: Option<Outgoing>,
    ) -> bool {
        loop {
            let (outcome, told) = (outcome.clone(), told.clone());
            let now = (self.clock)().wall;
            let fulfilled = self.store.fulfil(&wait, outcome, now, event_row, told);
            match fulfilled.await {
                Ok(fulfilled) => {
                    self.memory().polls.take(&wait.invocation);
                    self.forget_key(&wait.key).await;
                    return fulfilled;
                }
                Err(StoreError::Closed) => return false,
                Err(error) => {
                    tracing::error!(run = %wait.invocation, "the end of a wait is not stored, and is tried again: {error}");
                    tokio::time::sleep(limits::STORE_AGAIN).await;
                }
            }
        }
    }

    /// Forgets a key that nothing waits for any more.
    async fn forget_key(&self, key: &str) {
        let Some(noted) = self.memory().keys.noted(key) else {
            return;
        };
        if let Ok(false) = self.store.is_waited_for(key).await {
            self.memory().keys.forget(key, noted);
        }
    }

    /// The questions that a message may answer, the last one first.
    async fn questions(&self, message: &Message) -> Vec<Wait> {
        let key = ask_key(&message.place.channel);
        if self.memory().keys.noted(&key).is_none() {
            return Vec::new();
        }
        let questions = self.store.questions(&key, &message.user.id, QUESTIONS_MAX);
        let questions = questions.await.inspect_err(|error| {
            tracing::error!("whether a message answers a question cannot be found out, so it is taken for something else: {error}");
        });
        questions.unwrap_or_default()
    }

    async fn of_run(&self, run: &InvocationId) -> Option<Wait> {
        let wait = self.store.wait(run).await;
        let wait = wait.inspect_err(|error| {
            tracing::error!(%run, "what a question stands for cannot be found out: {error}");
        });
        wait.ok().flatten()
    }

    /// Notices at the start when the clock was set back meanwhile, to before what is stored. By how much is not known, as
    /// nobody knows how long the bot was down; that it was set forward cannot be told from time that passed.
    async fn look_at_the_clock(&self) -> Result<(), StoreError> {
        let now = (self.clock)().wall;
        let off_ms = clock::SET_BY_AT_LEAST.as_millis() as u64;
        if !self.store.is_from_later_than(now, off_ms).await? {
            return Ok(());
        }
        let longest_ms = limits::WAIT_MAX.as_millis() as u64;
        let moved = self.store.clock_was_set_back(now, longest_ms).await?;
        tracing::warn!(
            "the clock was set back since the last stop: {moved} waits begin anew, so that none lasts too long"
        );
        Ok(())
    }

    /// All deadlines move along with the clock. Nothing ends before that, for it may be too early.
    async fn clock_was_set(&self, set: clock::Set, now: UnixMillis) {
        let direction = if set.by_ms > 0 { "forward" } else { "back" };
        let seconds = set.by_ms.unsigned_abs() / 1_000;
        loop {
            match self.store.clock_was_set(set.by_ms, set.since, now).await {
                Ok(moved) => {
                    return tracing::warn!(
                        "the clock was set {direction} by {seconds} s: the deadlines of {moved} waits move along"
                    );
                }
                Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::error!("the deadlines do not move along with the clock yet: {error}");
                    tokio::time::sleep(limits::STORE_AGAIN).await;
                }
            }
        }
    }
}

/// A wait while it is looked at. Even a look that panics ends.
struct LookedAt<'a> {
    parts: &'a Parts,
    run: InvocationId,
    /// It is over already, and another may have begun.
    put_back: bool,
}

impl Drop for LookedAt<'_> {
    fn drop(&mut self) {
        if !self.put_back {
            self.parts.memory().end(&self.run);
        }
        self.parts.changed.notify_one();
    }
}

/// How a wait is looked after.
enum Pace {
    /// Only time ends it, or somebody from outside.
    Clock,
    /// A look when it begins, for what came in between; after that somebody pokes it.
    Once,
    /// A webhook may be lost, so it is looked at again and again.
    Poll,
}

fn pace(wait: &Wait) -> Pace {
    match wait.operation {
        Operation::AwaitDeploymentStatus(_) | Operation::AwaitRun(_) | Operation::AwaitTurn(_) => {
            Pace::Poll
        }
        Operation::AwaitEvent(_) => Pace::Once,
        _ => Pace::Clock,
    }
}
