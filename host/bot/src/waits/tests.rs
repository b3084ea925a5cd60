//! Waits over a real store, with clocks that stand still until they are moved.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tempfile::TempDir;
use tokio::time::timeout;
use witbot_core::call::{AwaitDeploymentStatus, AwaitEvent, Sleep};
use witbot_core::chat::Answerers;
use witbot_core::error::Code;
use witbot_core::event::{Body, Event, Place, Source, User, Webhook};
use witbot_core::ids::{Digest, UserId};
use witbot_core::journal::{Begin, Commit, Entry, State};
use witbot_store::inbox::Accepted;
use witbot_store::invocations::Lease;

use super::*;

const HOUR_MS: u64 = 3_600_000;
/// Far more than anything here takes.
const LONGEST: Duration = Duration::from_secs(20);

/// Waits, and what they stand on.
struct Bench {
    folder: TempDir,
    store: Store,
    waits: Waits,
    woken: mpsc::Receiver<Wake>,
    watch: clock::Watch,
    moment: Arc<Mutex<Moment>>,
    looks: Arc<AtomicUsize>,
    answer: Arc<Mutex<Result<Option<Value>, Error>>>,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let moment = Moment {
            wall: UnixMillis(1_000 * HOUR_MS),
            uptime: Duration::from_secs(60),
        };
        Bench::over(folder, store, moment)
    }

    fn over(folder: TempDir, store: Store, moment: Moment) -> Bench {
        let moment = Arc::new(Mutex::new(moment));
        let answer = Arc::new(Mutex::new(Ok(None)));
        let looks = Arc::new(AtomicUsize::new(0));
        let (send, woken) = mpsc::channel(1_000);
        let (answers, counted, clock) = (answer.clone(), looks.clone(), moment.clone());
        let look: Look = Arc::new(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = answers.lock().unwrap().clone();
            Box::pin(async move { answer })
        });
        let clock: Clock = Arc::new(move || *clock.lock().unwrap());
        Bench {
            watch: clock::Watch::new(clock()),
            waits: Waits::new(store.clone(), look, send, clock),
            folder,
            store,
            woken,
            moment,
            looks,
            answer,
        }
    }

    /// The bot is stopped, and started again so much later.
    async fn restarted(self, later_ms: u64) -> Bench {
        self.pass(later_ms);
        let moment = *self.moment.lock().unwrap();
        self.store.close().await;
        let store = Store::open(self.folder.path()).unwrap();
        let bench = Bench::over(self.folder, store, moment);
        bench.waits.recover().await.unwrap();
        bench
    }

    fn now(&self) -> UnixMillis {
        self.moment.lock().unwrap().wall
    }

    fn pass(&self, ms: u64) {
        let mut moment = self.moment.lock().unwrap();
        moment.wall = moment.wall.plus_ms(ms);
        moment.uptime += Duration::from_millis(ms);
    }

    fn set_clock(&self, by_ms: i64) {
        let mut moment = self.moment.lock().unwrap();
        moment.wall = UnixMillis(moment.wall.0.checked_add_signed(by_ms).unwrap());
    }

    fn answers(&self, answer: Result<Option<Value>, Error>) {
        *self.answer.lock().unwrap() = answer;
    }

    /// Parks a run, so that it is stored.
    async fn park(&self, key: &str, operation: impl Into<Operation>, timeout_ms: u64) -> Wait {
        let operation = operation.into();
        let plugin = "deploy".parse().unwrap();
        let invocation = InvocationId::derive("console", key, &plugin, "deploy");
        let begun = self.now();
        let event = self.event(key);
        let Ok(Accepted::New(row)) = self.store.accept(&event, true).await else {
            panic!("{key} is not new")
        };
        let wait = Wait {
            invocation: invocation.clone(),
            number: 0,
            key: operation.wait_key(),
            deadline: begun.plus_ms(timeout_ms),
            operation,
        };
        let begin = Begin {
            event: row,
            plugin,
            digest: Digest::of(b"component"),
            handler: "deploy".into(),
            arguments: Vec::new(),
            permission: witbot_core::journal::Permission::Given,
            at: begun,
            routed: true,
        };
        let commit = Commit {
            begin: Some(begin),
            entries: vec![Entry::begin(0, &wait.operation, begun)],
            state: Some(State::Parked(Box::new(wait.clone()))),
            ..Commit::default()
        };
        let lease = Lease {
            owner: "test".into(),
            until: UnixMillis(u64::MAX),
        };
        self.store
            .commit(&invocation, &lease, commit)
            .await
            .unwrap();
        wait
    }

    /// The same, of one that the bot knows of.
    async fn add(&self, key: &str, operation: impl Into<Operation>, timeout_ms: u64) -> Wait {
        let wait = self.park(key, operation, timeout_ms).await;
        self.waits.add(wait.clone());
        wait
    }

    async fn sleeper(&self, key: &str, milliseconds: u64) -> InvocationId {
        let sleep = Sleep { milliseconds };
        self.add(key, sleep, milliseconds).await.invocation
    }

    fn event(&self, key: &str) -> Event {
        let body = Body::Webhook(Webhook {
            kind: "github.push".into(),
            subject: "acme/api".into(),
            body: json!({}),
            depth: 0,
        });
        Event {
            source: Source::Github,
            key: key.into(),
            received: self.now(),
            body,
        }
    }

    async fn turn(&mut self) -> Duration {
        self.waits.turn(&mut self.watch).await.unwrap()
    }

    /// The next run that goes on.
    async fn woken(&mut self) -> InvocationId {
        loop {
            match timeout(LONGEST, self.woken.recv()).await {
                Ok(Some(Wake::Runnable(run))) => return run,
                Ok(Some(Wake::ToSay(_))) => {}
                other => panic!("nothing goes on: {other:?}"),
            }
        }
    }

    /// What is looked at just now is looked at to its end.
    async fn settled(&self) {
        let settled = async {
            while self.waits.parts.memory().is_looking() {
                tokio::task::yield_now().await;
            }
        };
        let settled = timeout(LONGEST, settled).await;
        settled.expect("it is not looked at for ever");
    }

    /// A turn in which nothing goes on.
    async fn nothing_ends(&mut self) -> Duration {
        let pause = self.turn().await;
        self.settled().await;
        let woken = self.woken.try_recv();
        assert!(woken.is_err(), "{woken:?}");
        pause
    }

    fn looks(&self) -> usize {
        self.looks.load(Ordering::SeqCst)
    }
}

fn status(deployment: u64) -> AwaitDeploymentStatus {
    AwaitDeploymentStatus {
        repository: "acme/api".parse().unwrap(),
        deployment,
        after: None,
        timeout_ms: HOUR_MS,
    }
}

fn push(after: i64) -> AwaitEvent {
    AwaitEvent {
        kind: "github.push".into(),
        subject: "acme/api".into(),
        after,
        timeout_ms: HOUR_MS,
    }
}

fn ask(user: &str, question: &str) -> Ask {
    Ask {
        place: place(),
        user: user.parse().unwrap(),
        question: question.into(),
        choices: vec!["Tea".into(), "Coffee".into()],
        answerers: Answerers::Asked,
        timeout_ms: HOUR_MS,
    }
}

fn place() -> Place {
    Place {
        channel: "ops".parse().unwrap(),
        thread: None,
    }
}

fn says(user: &str, text: &str) -> Message {
    let user: UserId = user.parse().unwrap();
    Message::to_bot(User::named(user, "somebody"), place(), text)
}

#[tokio::test]
async fn who_sleeps_is_woken_at_the_time_and_once() {
    let mut bench = Bench::new();
    let run = bench.sleeper("1", 1_000).await;
    assert_eq!(bench.nothing_ends().await, Duration::from_secs(1));
    bench.pass(999);
    assert_eq!(bench.nothing_ends().await, Duration::from_millis(1));
    bench.pass(1);
    bench.turn().await;
    assert_eq!(bench.woken().await, run);
    bench.settled().await;
    assert_eq!(bench.nothing_ends().await, Duration::MAX);
}

#[tokio::test]
async fn a_sooner_deadline_is_not_slept_through() {
    let mut bench = Bench::new();
    bench.sleeper("1", HOUR_MS).await;
    bench.turn().await;
    let changed = bench.waits.parts.clone();
    // What `add` said before the turn is read away.
    let _ = timeout(Duration::ZERO, changed.changed.notified()).await;
    bench.sleeper("2", 2 * HOUR_MS).await;
    let later = timeout(Duration::ZERO, changed.changed.notified()).await;
    assert!(later.is_err(), "the next turn is soon enough for that");
    bench.sleeper("3", 1_000).await;
    let sooner = timeout(LONGEST, changed.changed.notified()).await;
    assert!(sooner.is_ok());
    assert_eq!(bench.nothing_ends().await, Duration::from_secs(1));
}

#[tokio::test]
async fn a_wait_that_was_over_while_the_bot_was_down_ends_after_the_start() {
    let bench = Bench::new();
    let run = bench.sleeper("1", 1_000).await;
    let mut bench = bench.restarted(HOUR_MS).await;
    bench.turn().await;
    assert_eq!(bench.woken().await, run);
}

#[tokio::test]
async fn a_clock_that_is_set_neither_ends_a_sleep_early_nor_late() {
    for by_ms in [3 * HOUR_MS.cast_signed(), -3 * HOUR_MS.cast_signed()] {
        let mut bench = Bench::new();
        let run = bench.sleeper("1", HOUR_MS).await;
        bench.nothing_ends().await;
        bench.pass(HOUR_MS / 2);
        bench.set_clock(by_ms);
        bench.pass(5_000);
        let left = bench.nothing_ends().await;
        assert_eq!(left, Duration::from_millis(HOUR_MS / 2 - 5_000), "{by_ms}");
        bench.pass(HOUR_MS / 2 - 5_001);
        bench.nothing_ends().await;
        bench.pass(1);
        bench.turn().await;
        assert_eq!(bench.woken().await, run);
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_while_the_bot_is_down_makes_no_wait_longer_than_it_was_to_be() {
    let bench = Bench::new();
    let short = bench.sleeper("1", HOUR_MS).await;
    let long = bench.sleeper("2", u64::MAX).await;
    bench.pass(HOUR_MS / 2);
    bench.set_clock(-9 * HOUR_MS.cast_signed());
    let mut bench = bench.restarted(5_000).await;
    assert_eq!(
        bench.nothing_ends().await,
        Duration::from_millis(HOUR_MS),
        "not 9 hours more"
    );
    bench.pass(HOUR_MS);
    bench.turn().await;
    assert_eq!(bench.woken().await, short);
    let deadline = bench.store.wait(&long).await.unwrap().unwrap().deadline;
    let longest_ms = limits::WAIT_MAX.as_millis() as u64;
    assert_eq!(deadline.0, bench.now().0 - HOUR_MS + longest_ms);
}

#[tokio::test]
async fn time_that_passes_while_the_bot_is_down_is_part_of_a_wait() {
    let bench = Bench::new();
    let run = bench.sleeper("1", HOUR_MS).await;
    // As clocks are put right, a little at a time.
    bench.set_clock(-20_000);
    let bench = bench.restarted(0).await;
    let mut bench = bench.restarted(HOUR_MS + 20_000).await;
    bench.turn().await;
    assert_eq!(bench.woken().await, run);
}

#[tokio::test]
async fn what_began_after_the_clock_was_set_goes_by_the_new_time() {
    for by_ms in [3 * HOUR_MS.cast_signed(), -3 * HOUR_MS.cast_signed()] {
        let mut bench = Bench::new();
        bench.sleeper("1", HOUR_MS).await;
        bench.pass(1_000);
        bench.set_clock(by_ms);
        bench.pass(1_000);
        let run = bench.sleeper("2", 10_000).await;
        bench.pass(1_000);
        assert_eq!(bench.nothing_ends().await, Duration::from_secs(9));
        bench.pass(9_000);
        bench.turn().await;
        assert_eq!(bench.woken().await, run);
    }
}

#[tokio::test]
async fn more_than_can_be_ended_at_once_are_ended_each_once() {
    let mut bench = Bench::new();
    let mut asleep = BTreeSet::new();
    for number in 0..DUE_AT_ONCE_MAX + 50 {
        let sleep = Sleep { milliseconds: 1 };
        let wait = bench.park(&number.to_string(), sleep, 1).await;
        asleep.insert(wait.invocation);
    }
    bench.pass(1);
    bench.turn().await;
    for _ in 0..DUE_AT_ONCE_MAX {
        assert!(asleep.remove(&bench.woken().await));
    }
    bench.settled().await;
    bench.turn().await;
    for _ in 0..50 {
        assert!(asleep.remove(&bench.woken().await));
    }
    bench.settled().await;
    assert_eq!(bench.nothing_ends().await, Duration::MAX);
}

#[tokio::test]
async fn a_service_that_does_not_answer_keeps_nobody_asleep() {
    let mut bench = Bench::new();
    let hangs: Look = Arc::new(|_| Box::pin(std::future::pending()));
    let clock = bench.waits.parts.clock.clone();
    let wakes = bench.waits.parts.wakes.clone();
    bench.waits = Waits::new(bench.store.clone(), hangs, wakes, clock);
    for number in 0..DUE_AT_ONCE_MAX as u64 + 1 {
        bench.park(&number.to_string(), status(number), 1).await;
    }
    let run = bench.sleeper("sleeper", 2).await;
    bench.pass(2);
    bench.turn().await;
    assert_eq!(bench.woken().await, run);
    let memory = bench.waits.parts.memory();
    assert_eq!(memory.looked_at(true), DUE_AT_ONCE_MAX, "there is a bound");
}

#[tokio::test]
async fn what_can_be_missed_is_looked_at_again_and_again() {
    let mut bench = Bench::new();
    let run = bench.add("1", status(1), HOUR_MS).await.invocation;
    assert_eq!(bench.nothing_ends().await, Duration::from_secs(5));
    assert_eq!(bench.looks(), 0);
    bench.pass(5_000);
    bench.nothing_ends().await;
    assert_eq!(bench.looks(), 1);
    assert_eq!(bench.nothing_ends().await, Duration::from_millis(7_500));
    // The pace does not depend on the clock on the wall.
    bench.set_clock(-3 * HOUR_MS.cast_signed());
    bench.pass(7_500);
    bench.answers(Ok(Some(json!("success"))));
    bench.turn().await;
    assert_eq!(bench.woken().await, run);
    assert_eq!(bench.looks(), 2);
    let outcome = bench.store.journal(&run).await.unwrap().remove(0).outcome;
    assert_eq!(outcome, Some(Outcome::Ok(json!("success"))));
}

#[tokio::test]
async fn a_look_that_fails_for_good_ends_the_wait_and_another_does_not() {
    let mut bench = Bench::new();
    let run = bench.add("1", status(1), HOUR_MS).await.invocation;
    bench.answers(Err(Error::new(Code::Unavailable, "later")));
    bench.pass(5_000);
    bench.nothing_ends().await;
    bench.answers(Err(Error::new(Code::Denied, "never")));
    bench.pass(10_000);
    bench.turn().await;
    assert_eq!(bench.woken().await, run);
    assert_eq!(bench.looks(), 2);
}

#[tokio::test]
async fn a_deadline_ends_what_is_looked_at_in_vain() {
    let mut bench = Bench::new();
    let run = bench.add("1", status(1), 6_000).await.invocation;
    bench.pass(5_000);
    bench.nothing_ends().await;
    bench.pass(1_000);
    bench.turn().await;
    assert_eq!(bench.woken().await, run);
    assert_eq!(bench.looks(), 2, "it is looked at for the last time");
    let outcome = bench.store.journal(&run).await.unwrap().remove(0).outcome;
    assert!(matches!(outcome, Some(Outcome::Error(error)) if error.code == Code::Timeout));
}

#[tokio::test]
async fn after_a_start_what_can_be_missed_is_looked_at_again() {
    let bench = Bench::new();
    let run = bench.add("1", status(1), HOUR_MS).await.invocation;
    let mut bench = bench.restarted(1_000).await;
    bench.answers(Ok(Some(json!(1))));
    assert_eq!(bench.nothing_ends().await, Duration::from_secs(5));
    bench.pass(5_000);
    bench.turn().await;
    assert_eq!(bench.woken().await, run);
}

#[tokio::test]
async fn news_ends_a_wait_whether_it_comes_before_or_after_the_wait() {
    let mut bench = Bench::new();
    let key = call::deployment_key("acme/api", 1);
    bench.waits.poke(&key);
    assert_eq!(bench.looks(), 0, "nobody waits for it");
    bench.answers(Ok(Some(json!(1))));
    let first = bench.add("1", status(1), HOUR_MS).await.invocation;
    assert_eq!(bench.woken().await, first);

    bench.pass(60_000);
    let second = bench.add("2", status(1), HOUR_MS).await.invocation;
    bench.nothing_ends().await;
    bench.waits.poke(&call::deployment_key("acme/api", 2));
    bench.nothing_ends().await;
    bench.waits.poke(&key);
    assert_eq!(bench.woken().await, second);
    bench.settled().await;
    assert!(bench.waits.parts.memory().keys.noted(&key).is_none());
}

#[tokio::test]
async fn an_event_is_looked_for_when_its_wait_begins_and_when_one_came() {
    let mut bench = Bench::new();
    let wait = bench.add("1", push(0), HOUR_MS).await;
    bench.settled().await;
    assert_eq!(bench.looks(), 1);
    bench.pass(60_000);
    bench.nothing_ends().await;
    assert_eq!(bench.looks(), 1);
    bench.answers(Ok(Some(json!(1))));
    bench.waits.poke(&wait.key);
    assert_eq!(bench.woken().await, wait.invocation);
}

#[tokio::test]
async fn an_event_that_came_before_the_start_ends_the_wait_for_it() {
    let bench = Bench::new();
    // The events that began these runs are pushes themselves, in rows 1 and 2.
    let run = bench.park("1", push(1), HOUR_MS).await.invocation;
    bench.park("2", push(2), HOUR_MS).await;
    let folder = bench.folder;
    bench.store.close().await;
    let moment = *bench.moment.lock().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut bench = Bench::over(folder, store, moment);
    bench.answers(Ok(Some(json!(1))));
    bench.waits.recover().await.unwrap();
    assert_eq!(bench.woken().await, run);
    bench.nothing_ends().await;
    assert_eq!(bench.looks(), 1);
}

#[tokio::test]
async fn a_message_answers_the_question_that_its_author_was_asked_last() {
    let bench = Bench::new();
    let first = bench.park("1", ask("ada", "First?"), HOUR_MS).await;
    bench.pass(1_000);
    let second = bench.park("2", ask("ada", "Second?"), HOUR_MS).await;
    let other = bench.park("3", ask("bob", "Third?"), HOUR_MS).await;
    let bench = bench.restarted(1_000).await;
    let answered = async |user: &str, text: &str| {
        let answered = bench.waits.answer(1, &says(user, text)).await;
        answered.map(|answered| answered.run)
    };
    assert_eq!(answered("ada", "milk").await, None);
    assert_eq!(answered("eve", "tea").await, None);
    assert_eq!(answered("ada", " tea ").await, Some(second.invocation));
    assert_eq!(answered("ada", "coffee").await, Some(first.invocation));
    assert_eq!(answered("ada", "coffee").await, None);
    assert!(bench.waits.parts.memory().keys.noted(&other.key).is_some());
    assert_eq!(answered("bob", "Tea").await, Some(other.invocation));
    assert!(bench.waits.parts.memory().keys.noted(&other.key).is_none());
}

#[tokio::test]
async fn a_button_answers_its_question_once_and_only_for_whom_it_is() {
    let bench = Bench::new();
    let wait = bench.park("1", ask("ada", "Tea?"), HOUR_MS).await;
    let click = |user: &str, number| Click {
        user: User::named(user.parse().unwrap(), "somebody"),
        place: place(),
        message: CallId::new(&wait.invocation, number),
        choice: "Tea".into(),
    };
    let clicked = async |click: Click, vouched| bench.waits.click_for(1, &click, vouched).await;
    assert!(matches!(
        clicked(click("bob", 0), false).await,
        Clicked::NotTheirs(_)
    ));
    assert!(matches!(
        clicked(click("ada", 1), false).await,
        Clicked::Over
    ));
    let answered = clicked(click("bob", 0), true).await;
    assert!(matches!(answered, Clicked::Answered(answered) if answered.run == wait.invocation));
    assert!(matches!(
        clicked(click("ada", 0), false).await,
        Clicked::Over
    ));
}

#[tokio::test]
async fn only_those_who_wait_for_something_else_than_people_keep_the_bot_busy() {
    let mut bench = Bench::new();
    assert!(!bench.waits.busy().await);
    bench.add("1", ask("ada", "Tea?"), HOUR_MS).await;
    assert!(!bench.waits.busy().await);
    bench.sleeper("2", 1).await;
    assert!(bench.waits.busy().await);
    bench.pass(1);
    bench.turn().await;
    bench.woken().await;
    bench.settled().await;
    assert!(!bench.waits.busy().await);
}
