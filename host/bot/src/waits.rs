//! Ends waits: by the clock, by looking at what is waited for, and when somebody says that it is worth a look.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore, mpsc};
use witbot_core::call::{Ask, Chosen, Operation, ask_key};
use witbot_core::chat::{Answer, Question, Said};
use witbot_core::error::{Code, Error};
use witbot_core::event::{Click, Message};
use witbot_core::ids::{CallId, ChannelId, InvocationId, UnixMillis, UserId};
use witbot_core::journal::{Act, Outcome, Outgoing, Wait};
use witbot_core::limits;
use witbot_store::Store;
use witbot_store::error::StoreError;

use crate::clock;
use crate::future::BoxFuture;
use crate::wake::Wake;

/// Looks once whether a wait is over.
pub type Look = Arc<dyn Fn(Wait) -> BoxFuture<'static, Result<Option<Value>, Error>> + Send + Sync>;

/// So many looks at once: each is a request to a service.
const LOOKS_AT_ONCE_MAX: usize = 8;

/// A webhook can overtake the wait that it is for by the time of one commit, which is far less.
const POKES_KEPT_MS: u64 = 5_000;
/// More webhooks than this in that time are not awaited one by one.
const POKES_KEPT_MAX: usize = 256;

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
    waiting: Mutex<Waiting>,
    changed: Notify,
    /// How many looks are under way, and how many may be.
    under_way: AtomicUsize,
    looking: Semaphore,
}

/// What waits, by when it is to be looked at and by what may end it.
#[derive(Default)]
struct Waiting {
    by_run: HashMap<InvocationId, (UnixMillis, Wait)>,
    by_time: BTreeSet<(UnixMillis, InvocationId)>,
    by_key: HashMap<String, Vec<InvocationId>>,
    /// Those that are looked at just now, by their key, and whether they were poked meanwhile.
    looked_at: HashMap<InvocationId, (String, bool)>,
    /// What was poked lately: the wait for it may be on its way here.
    poked: VecDeque<(UnixMillis, String)>,
}

impl Waits {
    /// Nothing waits yet.
    pub fn new(store: Store, look: Look, wakes: mpsc::Sender<Wake>) -> Waits {
        let parts = Parts {
            store,
            look,
            wakes,
            waiting: Mutex::default(),
            changed: Notify::new(),
            under_way: AtomicUsize::new(0),
            looking: Semaphore::new(LOOKS_AT_ONCE_MAX),
        };
        Waits {
            parts: Arc::new(parts),
        }
    }

    /// Takes a wait up that was just parked or was found at the start. What it waits for may have come in between.
    pub fn add(&self, wait: Wait) {
        let now = clock::now();
        let mut waiting = self.parts.waiting();
        let at = match pace(&wait) {
            Pace::Clock => wait.deadline,
            Pace::Once => now,
            Pace::Poll if waiting.was_poked(&wait.key, now) => now,
            Pace::Poll => now.plus_ms(interval(wait.looks)).min(wait.deadline),
        };
        waiting.insert(at, wait);
        self.parts.changed.notify_one();
    }

    /// Looks at the waits for a key now.
    pub fn poke(&self, key: &str) {
        let now = clock::now();
        let mut waiting = self.parts.waiting();
        waiting.note_poke(key, now);
        for run in waiting.by_key.get(key).cloned().unwrap_or_default() {
            waiting.reschedule(&run, now);
        }
        self.parts.changed.notify_one();
    }

    /// The run that goes on because a message answers the question that its author was last asked there. The message is
    /// then routed.
    pub async fn answer(&self, row: i64, message: &Message) -> Option<Answered> {
        let asked = self
            .parts
            .waiting()
            .with_key(&ask_key(&message.place.channel));
        for wait in asked.into_iter().rev() {
            let Operation::Ask(ask) = &wait.operation else {
                continue;
            };
            let (user, text) = (&message.user.id, message.text.trim());
            let mut choices = ask.choices.iter();
            let choice = choices.find(|choice| choice.eq_ignore_ascii_case(text));
            if let Some(choice) = choice.filter(|_| ask.answerers.allow(user, &ask.user)) {
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
        let Some(wait) = self.parts.waiting().of_run(&run) else {
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

    /// How many runs wait for something else than an answer by a person.
    pub fn busy(&self) -> usize {
        let waiting = self.parts.waiting();
        let parked = waiting
            .by_run
            .values()
            .filter(|(_, wait)| !matches!(wait.operation, Operation::Ask(_)))
            .count();
        parked + self.parts.under_way.load(Ordering::Relaxed)
    }

    /// Ends waits for as long as the bot runs.
    pub async fn run(&self) {
        loop {
            let next = self.parts.waiting().by_time.first().map(|(at, _)| *at);
            let now = clock::now();
            match next {
                Some(at) if at <= now => self.due(now),
                Some(at) => {
                    let wait = Duration::from_millis(at.0 - now.0);
                    let _ = tokio::time::timeout(wait, self.parts.changed.notified()).await;
                }
                None => self.parts.changed.notified().await,
            }
        }
    }

    fn due(&self, now: UnixMillis) {
        let mut waiting = self.parts.waiting();
        for wait in waiting.take_due(now) {
            self.parts.under_way.fetch_add(1, Ordering::Relaxed);
            let parts = self.parts.clone();
            tokio::spawn(async move {
                parts.check(wait).await;
                parts.under_way.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }
}

impl Parts {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a wait that is over, and puts it back otherwise.
    async fn check(&self, mut wait: Wait) {
        let looked = match pace(&wait) {
            Pace::Clock => Ok(None),
            Pace::Once | Pace::Poll => {
                let _permit = self.looking.acquire().await;
                (self.look)(wait.clone()).await
            }
        };
        let now = clock::now();
        let outcome = match looked {
            Ok(Some(answer)) => Some(Outcome::Ok(answer)),
            Err(error) if !error.is_transient() => Some(Outcome::Error(error)),
            Ok(None) | Err(_) if now >= wait.deadline => Some(over(&wait)),
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(run = %wait.invocation, "{} cannot be looked at: {error}", wait.key);
                None
            }
        };
        if let Some(outcome) = outcome {
            let run = wait.invocation.clone();
            let told = told(&wait, Answer::Nobody);
            let channel = told.as_ref().map(|told| told.place.channel.clone());
            if self.end(wait, outcome, None, told).await {
                let _ = self.wakes.send(Wake::Runnable(run)).await;
                if let Some(channel) = channel {
                    let _ = self.wakes.send(Wake::ToSay(vec![channel])).await;
                }
            }
            return;
        }
        wait.looks += 1;
        let next = match pace(&wait) {
            Pace::Clock | Pace::Once => wait.deadline,
            Pace::Poll => now.plus_ms(interval(wait.looks)).min(wait.deadline),
        };
        self.waiting().put_back(next, wait, now);
        self.changed.notify_one();
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
        self.waiting().forget(&wait.invocation);
        loop {
            let (outcome, told) = (outcome.clone(), told.clone());
            let fulfilled = self
                .store
                .fulfil(&wait, outcome, clock::now(), event_row, told)
                .await;
            match fulfilled {
                Ok(fulfilled) => return fulfilled,
                Err(StoreError::Closed) => return false,
                Err(error) => {
                    tracing::error!(run = %wait.invocation, "the end of a wait is not stored, and is tried again: {error}");
                    tokio::time::sleep(limits::STORE_AGAIN).await;
                }
            }
        }
    }
}

impl Waiting {
    fn insert(&mut self, at: UnixMillis, wait: Wait) {
        self.remove(&wait.invocation);
        self.by_time.insert((at, wait.invocation.clone()));
        self.by_key
            .entry(wait.key.clone())
            .or_default()
            .push(wait.invocation.clone());
        self.by_run.insert(wait.invocation.clone(), (at, wait));
    }

    fn remove(&mut self, run: &InvocationId) -> Option<Wait> {
        let (at, wait) = self.by_run.remove(run)?;
        self.by_time.remove(&(at, run.clone()));
        if let Some(runs) = self.by_key.get_mut(&wait.key) {
            runs.retain(|other| other != run);
            if runs.is_empty() {
                self.by_key.remove(&wait.key);
            }
        }
        Some(wait)
    }

    /// Puts a wait back that was looked at in vain: to be looked at again at once if it was poked meanwhile.
    fn put_back(&mut self, at: UnixMillis, wait: Wait, now: UnixMillis) {
        let poked = self
            .looked_at
            .remove(&wait.invocation)
            .is_some_and(|(_, poked)| poked);
        self.insert(if poked { now } else { at }, wait);
    }

    fn forget(&mut self, run: &InvocationId) {
        self.looked_at.remove(run);
        self.remove(run);
    }

    fn note_poke(&mut self, key: &str, now: UnixMillis) {
        self.looked_at
            .values_mut()
            .filter(|(looked_at, _)| looked_at == key)
            .for_each(|(_, poked)| *poked = true);
        if self.poked.len() == POKES_KEPT_MAX {
            self.poked.pop_front();
        }
        self.poked.push_back((now, key.to_owned()));
    }

    fn was_poked(&self, key: &str, now: UnixMillis) -> bool {
        let lately = UnixMillis(now.0.saturating_sub(POKES_KEPT_MS));
        self.poked
            .iter()
            .rev()
            .take_while(|(at, _)| *at >= lately)
            .any(|(_, poked)| poked == key)
    }

    fn reschedule(&mut self, run: &InvocationId, at: UnixMillis) {
        if let Some(wait) = self.remove(run) {
            self.insert(at, wait);
        }
    }

    fn with_key(&self, key: &str) -> Vec<Wait> {
        let runs = self.by_key.get(key).map(Vec::as_slice).unwrap_or_default();
        runs.iter()
            .filter_map(|run| self.by_run.get(run))
            .map(|(_, wait)| wait.clone())
            .collect()
    }

    fn of_run(&self, run: &InvocationId) -> Option<Wait> {
        self.by_run.get(run).map(|(_, wait)| wait.clone())
    }

    fn take_due(&mut self, now: UnixMillis) -> Vec<Wait> {
        let due: Vec<InvocationId> = self
            .by_time
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, run)| run.clone())
            .collect();
        let due: Vec<Wait> = due.iter().filter_map(|run| self.remove(run)).collect();
        self.looked_at.extend(
            due.iter()
                .map(|wait| (wait.invocation.clone(), (wait.key.clone(), false))),
        );
        due
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
        Operation::AwaitDeploymentStatus(_) | Operation::AwaitRun(_) => Pace::Poll,
        Operation::AwaitEvent(_) => Pace::Once,
        _ => Pace::Clock,
    }
}

/// Half as long again with each look, up to the slowest.
fn interval(looks: u32) -> u64 {
    let first = limits::POLL_FIRST.as_millis() as u64;
    let slowest = limits::POLL_SLOWEST.as_millis() as u64;
    (0..looks.min(16))
        .fold(first, |interval, _| interval * 3 / 2)
        .min(slowest)
}

fn chosen(choice: &str, user: &UserId) -> Chosen {
    Chosen {
        choice: choice.to_owned(),
        user: user.clone(),
    }
}

/// What a question looks like when it is over.
fn told(wait: &Wait, answer: Answer) -> Option<Outgoing> {
    let Operation::Ask(ask) = &wait.operation else {
        return None;
    };
    let mut question = Question::new(ask.question.clone(), ask.choices.clone());
    question.answer = Some(answer);
    Some(Outgoing {
        message: CallId::new(&wait.invocation, wait.number),
        place: ask.place.clone(),
        act: Act::Edit(Said::Question(question)),
    })
}

fn over(wait: &Wait) -> Outcome {
    match wait.operation {
        Operation::Sleep(_) => Outcome::Ok(json!(null)),
        _ => Outcome::Error(Error::new(
            Code::Timeout,
            "what was waited for did not happen in time",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use witbot_core::call::Sleep;

    fn wait(run: &str, key: &str) -> Wait {
        let operation: Operation = Sleep { milliseconds: 1 }.into();
        let invocation = InvocationId::derive("console", run, &"p".parse().unwrap(), "h");
        Wait {
            invocation,
            number: 0,
            operation,
            key: key.to_owned(),
            deadline: UnixMillis(9),
            looks: 0,
        }
    }

    #[test]
    fn polling_slows_down_to_a_bound() {
        let intervals: Vec<u64> = (0..8).map(interval).collect();
        assert_eq!(
            intervals,
            [5000, 7500, 11250, 16875, 25312, 30000, 30000, 30000]
        );
    }

    #[test]
    fn a_poke_that_came_before_its_wait_is_remembered_for_a_while() {
        let mut waiting = Waiting::default();
        waiting.note_poke("k", UnixMillis(10_000));
        assert!(waiting.was_poked("k", UnixMillis(12_000)));
        assert!(!waiting.was_poked("k", UnixMillis(16_000)));
        assert!(!waiting.was_poked("other", UnixMillis(12_000)));
        (0..1_000).for_each(|_| waiting.note_poke("other", UnixMillis(12_000)));
        assert_eq!(waiting.poked.len(), POKES_KEPT_MAX);
    }

    #[test]
    fn a_poke_while_a_wait_is_looked_at_is_not_lost() {
        let mut waiting = Waiting::default();
        waiting.insert(UnixMillis(5), wait("a", "k"));
        let looked_at = waiting.take_due(UnixMillis(5)).remove(0);
        waiting.note_poke("k", UnixMillis(6));
        waiting.put_back(UnixMillis(99), looked_at, UnixMillis(7));
        let looked_at = waiting.take_due(UnixMillis(7)).remove(0);
        waiting.put_back(UnixMillis(99), looked_at, UnixMillis(8));
        assert!(
            waiting.take_due(UnixMillis(98)).is_empty(),
            "one poke is one look"
        );
    }

    #[test]
    fn what_is_due_is_taken_once_and_leaves_no_trace() {
        let mut waiting = Waiting::default();
        waiting.insert(UnixMillis(5), wait("a", "k"));
        waiting.insert(UnixMillis(7), wait("b", "k"));
        waiting.insert(UnixMillis(6), wait("a", "k"));
        assert_eq!(waiting.with_key("k").len(), 2);
        assert!(waiting.take_due(UnixMillis(5)).is_empty());
        assert_eq!(waiting.take_due(UnixMillis(6)), [wait("a", "k")]);
        assert_eq!(waiting.take_due(UnixMillis(100)), [wait("b", "k")]);
        assert!(
            waiting.by_key.is_empty() && waiting.by_run.is_empty() && waiting.by_time.is_empty()
        );
    }
}
