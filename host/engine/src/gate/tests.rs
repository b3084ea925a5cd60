//! The gate without a sandbox: what is performed, what is recorded, and what a run that is resumed is told.

mod canceling;
mod counting;
mod saying;

use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use serde_json::json;
use witbot_core::call::{
    Ask, AwaitDeploymentStatus, CreateDeployment, Edit, KvGet, KvReplace, Post, Reply,
    ResolveReference, Sleep,
};
use witbot_core::chat::Answerers;
use witbot_core::github::DeploymentRequest;
use witbot_core::grants::Grants;
use witbot_core::ids::{ChannelId, InvocationId, PluginName};
use witbot_core::journal::{Blob, Permission};

use super::*;
use crate::world::Lost;

/// A world in memory. It outlives the gates that stand on it, as a disk outlives a process.
struct Memory {
    grants: Mutex<Arc<Grants>>,
    observed: Mutex<Option<Arc<Grants>>>,
    found: Mutex<Option<Found>>,
    looked: Mutex<Option<Error>>,
    kept: Mutex<Vec<Commit>>,
    canceled: Mutex<Option<String>>,
    performed: AtomicUsize,
    clock: AtomicU64,
}

impl Memory {
    fn new(grants: &str) -> Arc<Memory> {
        Arc::new(Memory {
            grants: Mutex::new(Arc::new(toml::from_str(grants).unwrap())),
            observed: Mutex::new(None),
            found: Mutex::new(None),
            looked: Mutex::new(None),
            kept: Mutex::default(),
            canceled: Mutex::default(),
            performed: AtomicUsize::new(0),
            clock: AtomicU64::new(1_000),
        })
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Commit>> {
        self.kept.lock().unwrap()
    }

    fn performed(&self) -> usize {
        self.performed.load(Ordering::Relaxed)
    }

    fn revoke_all(&self) {
        *self.grants.lock().unwrap() = Arc::default();
    }

    /// The record as a store would give it back after a crash.
    fn journal(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for commit in self.kept().iter() {
            entries.extend(commit.entries.clone());
            for (number, outcome, at) in &commit.answers {
                let entry = &mut entries[*number as usize];
                (entry.outcome, entry.at) = (Some(outcome.clone()), *at);
            }
        }
        entries
    }

    fn gate(self: &Arc<Self>) -> Gate {
        Gate::open(self.passage(self.clone(), self.journal()))
    }

    fn passage(&self, world: Arc<dyn World>, journal: Vec<Entry>) -> Passage {
        Passage {
            world,
            caller: Caller {
                plugin: "deploy".parse().unwrap(),
                invocation: "00112233445566778899".parse().unwrap(),
            },
            digest: Digest::of(b"deploy"),
            actor: None,
            permission: Permission::Given,
            migrates: false,
            begin: None,
            opening: Vec::new(),
            journal,
            limits: PluginLimits::default(),
            started: UnixMillis(500),
        }
    }
}

#[async_trait]
impl World for Memory {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.clock.fetch_add(1, Ordering::Relaxed))
    }

    fn grants(&self, _: &PluginName) -> Arc<Grants> {
        self.grants.lock().unwrap().clone()
    }

    fn observed(&self, _: &PluginName) -> Option<Arc<Grants>> {
        self.observed.lock().unwrap().clone()
    }

    async fn room(&self, channel: &ChannelId) -> Result<(), Error> {
        match channel.as_str() {
            "full" => Err(Error::new(Code::RateLimited, "too much waits there")),
            _ => Ok(()),
        }
    }

    async fn commit(&self, _: &InvocationId, commit: Commit) -> Result<(), Lost> {
        self.kept().push(commit);
        Ok(())
    }

    async fn record(
        &self,
        _: &Caller,
        before: Commit,
        entry: Entry,
        _: &Operation,
    ) -> Result<Outcome, Lost> {
        let entry = Entry {
            outcome: Some(Outcome::Ok(Value::Null)),
            ..entry
        };
        self.kept().extend([
            before,
            Commit {
                entries: vec![entry],
                ..Commit::default()
            },
        ]);
        Ok(Outcome::Ok(Value::Null))
    }

    async fn perform(&self, _: &Caller, id: &CallId, operation: &Operation) -> Outcome {
        self.performed.fetch_add(1, Ordering::Relaxed);
        match operation {
            Operation::CreateDeployment(_) => deployment(id),
            _ => Outcome::Ok(Value::Null),
        }
    }

    async fn find(&self, _: &Caller, _: &CallId, _: &Operation, _: UnixMillis) -> Found {
        self.found
            .lock()
            .unwrap()
            .take()
            .expect("nothing should be looked for")
    }

    async fn canceled(&self, _: &InvocationId) -> Result<Option<String>, Lost> {
        Ok(self.canceled.lock().unwrap().clone())
    }

    async fn look(&self, _: &Caller, _: &CallId, _: &Operation) -> Result<Option<Value>, Error> {
        self.looked.lock().unwrap().take().map_or(Ok(None), Err)
    }
}

const MAY_DEPLOY: &str = r#"github = [{ repository = "acme/api", permissions = ["deployments:write"] }]
kv = [{ max_bytes = 1000 }]"#;

fn deployment(id: &CallId) -> Outcome {
    Outcome::Ok(json!({
        "id": 5_000_000_000u64, "reference": "main", "sha": "1a2b", "task": "deploy", "environment": "staging",
        "description": id.as_str(), "creator": "bot", "payload": "{}", "created": 7,
    }))
}

fn create() -> CreateDeployment {
    CreateDeployment {
        repository: "acme/api".parse().unwrap(),
        request: DeploymentRequest {
            reference: "main".into(),
            environment: "staging".into(),
            task: "deploy".into(),
            description: String::new(),
            payload: "{}".into(),
            production: None,
            transient: false,
            auto_merge: false,
            required_contexts: Vec::new(),
        },
    }
}

fn reply(text: &str) -> Reply {
    Reply {
        place: Place {
            channel: "deploys".parse().unwrap(),
            thread: None,
        },
        text: text.into(),
    }
}

fn error(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Error(error) => error,
        Refusal::Stop(stop) => panic!("stopped: {stop:?}"),
    }
}

fn stop(refusal: Refusal) -> Stop {
    match refusal {
        Refusal::Error(error) => panic!("refused: {error}"),
        Refusal::Stop(stop) => stop
            .downcast()
            .expect("the gate stops with a reason of its own"),
    }
}

#[tokio::test]
async fn an_effect_is_durable_before_it_is_performed_and_after() {
    let world = Memory::new(MAY_DEPLOY);
    world.gate().pass(create()).await.unwrap();
    let kept = world.kept();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0].entries[0].outcome, None);
    assert_eq!(kept[1].answers.len(), 1);
    assert_eq!(kept[1].audit[0].action, "github.create-deployment");
}

#[tokio::test]
async fn what_was_answered_is_not_performed_again() {
    let world = Memory::new(MAY_DEPLOY);
    let first = world.gate().pass(create()).await.unwrap();
    world.revoke_all();
    let mut again = world.gate();
    assert_eq!(again.pass(create()).await.unwrap(), first);
    assert_eq!(world.performed(), 1);
    assert!(
        again.now() > UnixMillis(1_000),
        "the plugin's clock is that of the answer"
    );
}

/// What a run is told whose host was killed between the intent and its result.
async fn after_a_crash(world: &Arc<Memory>, found: Found) -> Result<String, Error> {
    let entry = Entry::begin(0, &create().into(), UnixMillis(900));
    world.kept().push(Commit {
        entries: vec![entry],
        ..Commit::default()
    });
    *world.found.lock().unwrap() = Some(found);
    world
        .gate()
        .pass(create())
        .await
        .map(|deployment| deployment.description)
        .map_err(error)
}

#[tokio::test]
async fn a_channel_that_is_full_takes_nothing_more_and_says_so_again() {
    let world = Memory::new("");
    let mut full = reply("one more");
    full.place.channel = "full".parse().unwrap();
    let mut gate = world.gate();
    let refusal = gate.pass(full.clone()).await.map_err(error).unwrap_err();
    assert_eq!(refusal.code, Code::RateLimited);
    assert!(gate.pass(reply("elsewhere")).await.is_ok());
    let rest = gate.finish();
    assert_eq!(rest.outgoing.len(), 1);
    world.kept().push(rest);
    // It is told the same when it runs again, however empty the channel may be by then.
    let told = world.gate().pass(full).await.map_err(error).unwrap_err();
    assert_eq!(told.code, Code::RateLimited);
}

#[tokio::test]
async fn an_effect_in_doubt_that_is_found_is_not_repeated() {
    let world = Memory::new(MAY_DEPLOY);
    let id = CallId::new(&"00112233445566778899".parse().unwrap(), 0);
    let told = after_a_crash(&world, Found::Happened(deployment(&id))).await;
    assert_eq!(told.unwrap(), "00112233445566778899-0");
    assert_eq!(world.performed(), 0);
    assert!(world.journal()[0].outcome.is_some());
}

#[tokio::test]
async fn an_effect_in_doubt_that_did_not_happen_is_performed_once() {
    let world = Memory::new(MAY_DEPLOY);
    assert!(after_a_crash(&world, Found::Nothing).await.is_ok());
    assert_eq!(world.performed(), 1);
    assert_eq!(world.journal().len(), 1);
}

#[tokio::test]
async fn an_effect_in_doubt_that_did_not_happen_needs_its_grant_still() {
    let world = Memory::new(MAY_DEPLOY);
    world.revoke_all();
    assert_eq!(
        after_a_crash(&world, Found::Nothing)
            .await
            .unwrap_err()
            .code,
        Code::Denied
    );
    assert_eq!(world.performed(), 0);
}

#[tokio::test]
async fn an_effect_that_nobody_knows_about_is_in_doubt_for_ever() {
    let world = Memory::new(MAY_DEPLOY);
    assert_eq!(
        after_a_crash(&world, Found::Unknown)
            .await
            .unwrap_err()
            .code,
        Code::InDoubt
    );
    assert_eq!(
        world
            .gate()
            .pass(create())
            .await
            .map_err(error)
            .unwrap_err()
            .code,
        Code::InDoubt
    );
    assert_eq!(world.performed(), 0);
}

#[tokio::test]
async fn a_denial_is_a_value_that_names_the_line_and_is_audited_and_recorded() {
    let world = Memory::new("");
    let mut gate = world.gate();
    let denied = error(gate.pass(create()).await.unwrap_err());
    assert_eq!(denied.code, Code::Denied);
    assert!(
        denied.message.contains("[plugins.deploy.grants]"),
        "{}",
        denied.message
    );
    assert!(
        denied.message.contains(r#"repository = "acme/api""#),
        "{}",
        denied.message
    );
    let (unused, rest) = (gate.unused(), gate.finish());
    assert_eq!(
        (rest.audit[0].outcome.as_str(), rest.entries.len(), unused),
        ("denied", 1, None)
    );
}

#[tokio::test]
async fn a_denial_is_replayed_after_the_grant_came() {
    let world = Memory::new("");
    let mut gate = world.gate();
    let _ = gate.pass(create()).await;
    world.kept().push(gate.finish());
    *world.grants.lock().unwrap() = Arc::new(toml::from_str(MAY_DEPLOY).unwrap());
    let mut again = world.gate();
    assert_eq!(
        error(again.pass(create()).await.unwrap_err()).code,
        Code::Denied
    );
    assert!(again.pass(create()).await.is_ok(), "the next call is new");
}

#[tokio::test]
async fn messages_go_with_the_next_commit_and_keep_their_ids() {
    let world = Memory::new(MAY_DEPLOY);
    let mut gate = world.gate();
    let first = gate.pass(reply("one")).await.unwrap();
    let edit = Edit {
        message: first.clone(),
        place: reply("").place,
        text: "two".into(),
    };
    gate.pass(edit).await.unwrap();
    assert!(world.kept().is_empty());
    gate.pass(create()).await.unwrap();
    let said: Vec<_> = world.kept()[0]
        .outgoing
        .iter()
        .map(|out| out.act.clone())
        .collect();
    assert_eq!(said, [Act::Post("one".into()), Act::Edit("two".into())]);
    let again = world.gate().pass(reply("one")).await.unwrap();
    assert_eq!(again, first);
}

#[tokio::test]
async fn a_long_wait_parks_the_run_and_a_short_one_does_not() {
    let world = Memory::new(MAY_DEPLOY);
    let mut gate = world.gate();
    gate.pass(Sleep { milliseconds: 1 }).await.unwrap();
    assert!(matches!(
        stop(
            gate.pass(Sleep {
                milliseconds: 60_000
            })
            .await
            .unwrap_err()
        ),
        Stop::Parked
    ));
    let kept = world.kept();
    let Some(State::Parked(wait)) = &kept[0].state else {
        panic!("{kept:?}")
    };
    assert_eq!(
        (wait.number, wait.deadline.0 - kept[0].entries[1].at.0),
        (1, 60_000)
    );
}

#[tokio::test]
async fn a_wait_that_is_taken_up_again_keeps_its_deadline() {
    let world = Memory::new(MAY_DEPLOY);
    let _ = world
        .gate()
        .pass(Sleep {
            milliseconds: 60_000,
        })
        .await;
    let begun = world.journal()[0].at;
    world.clock.store(50_000, Ordering::Relaxed);
    let _ = world
        .gate()
        .pass(Sleep {
            milliseconds: 60_000,
        })
        .await;
    let kept = world.kept();
    let Some(State::Parked(wait)) = &kept[1].state else {
        panic!("{kept:?}")
    };
    assert_eq!(wait.deadline, begun.plus_ms(60_000));
}

/// How a wait ends that cannot be looked at.
async fn look_that_fails(code: Code) -> Refusal {
    let world = Memory::new(
        r#"github = [{ repository = "acme/api", permissions = ["deployments:read"] }]"#,
    );
    *world.looked.lock().unwrap() = Some(Error::new(code, "no"));
    let repository = "acme/api".parse().unwrap();
    let call = AwaitDeploymentStatus {
        repository,
        deployment: 1,
        after: None,
        timeout_ms: 60_000,
    };
    world.gate().pass(call).await.unwrap_err()
}

#[tokio::test]
async fn a_service_that_is_away_does_not_end_a_wait() {
    for code in [Code::Unavailable, Code::RateLimited, Code::Timeout] {
        assert!(
            matches!(stop(look_that_fails(code).await), Stop::Parked),
            "{code:?}"
        );
    }
    assert_eq!(
        error(look_that_fails(Code::NotFound).await).code,
        Code::NotFound
    );
}

#[tokio::test]
async fn a_record_that_cannot_be_read_ends_the_run() {
    let world = Memory::new(MAY_DEPLOY);
    let entry = Entry::begin(0, &create().into(), UnixMillis(900));
    let entry = Entry {
        outcome: Some(Outcome::Ok(json!("a text"))),
        ..entry
    };
    world.kept().push(Commit {
        entries: vec![entry],
        ..Commit::default()
    });
    let unreadable = stop(world.gate().pass(create()).await.unwrap_err());
    assert!(matches!(unreadable, Stop::Unreadable(..)), "{unreadable}");
    assert!(
        unreadable.to_string().contains("github.create-deployment"),
        "{unreadable}"
    );
}

#[tokio::test]
async fn a_gate_is_live_when_the_record_is_at_its_end() {
    let world = Memory::new(MAY_DEPLOY);
    assert!(world.gate().is_live());
    world.gate().pass(create()).await.unwrap();
    let mut again = world.gate();
    assert!(!again.is_live() && again.is_untouched());
    again.pass(create()).await.unwrap();
    assert!(again.is_live() && !again.is_untouched());
}

#[tokio::test]
async fn what_a_run_hands_over_is_bounded() {
    let world = Memory::new("");
    let mut gate = world.gate();
    let value = Blob(vec![0; limits::KV_VALUE_BYTES_MAX]);
    let replace = || KvReplace {
        namespace: None,
        key: "a".into(),
        expected: Some(value.clone()),
        value: value.clone(),
    };
    for _ in 0..limits::RUN_BYTES_MAX / (2 * limits::KV_VALUE_BYTES_MAX + 1) {
        assert_eq!(
            error(gate.pass(replace()).await.unwrap_err()).code,
            Code::Denied
        );
    }
    let stopped = stop(gate.pass(replace()).await.unwrap_err());
    assert!(
        matches!(&stopped, Stop::Budget(text) if text.contains("32 MiB")),
        "{stopped}"
    );
}

async fn invalid(call: impl Call) -> String {
    let told = error(
        Memory::new("")
            .gate()
            .pass(call)
            .await
            .map(drop)
            .unwrap_err(),
    );
    assert_eq!(told.code, Code::Invalid);
    told.message
}

#[tokio::test]
async fn each_text_is_bounded() {
    let reference = "x".repeat(limits::TEXT_BYTES_MAX + 1);
    let call = ResolveReference {
        repository: "acme/api".parse().unwrap(),
        reference: reference.clone(),
    };
    assert_eq!(
        invalid(call).await,
        "a reference can have 4096 bytes, not 4097"
    );
    let mut call = create();
    call.request.required_contexts = vec![reference];
    assert_eq!(
        invalid(call).await,
        "the name of a context can have 4096 bytes, not 4097"
    );
}

#[tokio::test]
async fn a_question_is_bounded_in_characters_and_in_time() {
    let ask = |characters, timeout_ms| Ask {
        place: reply("").place,
        user: "ada".parse().unwrap(),
        question: "\u{20ac}".repeat(characters).into(),
        choices: vec!["yes".into(), "no".into()],
        answerers: Answerers::Asked,
        timeout_ms,
    };
    let month = limits::WAIT_MAX.as_millis() as u64;
    assert!(invalid(ask(3_001, 1)).await.contains("3000 characters"));
    assert!(invalid(ask(3_000, month + 1)).await.contains("30 days"));
    let parked = Memory::new("")
        .gate()
        .pass(ask(3_000, month))
        .await
        .unwrap_err();
    assert!(matches!(stop(parked), Stop::Parked));
}

#[tokio::test]
async fn another_call_than_before_stops_the_run() {
    let world = Memory::new(MAY_DEPLOY);
    world.gate().pass(create()).await.unwrap();
    let difference = stop(
        world
            .gate()
            .pass(KvGet {
                namespace: None,
                key: "a".into(),
            })
            .await
            .unwrap_err(),
    );
    assert!(matches!(difference, Stop::Differs(_)), "{difference}");
    assert!(
        world.gate().unused().is_some(),
        "ending early is a difference too"
    );
}

#[tokio::test]
async fn sizes_and_counts_are_bounded() {
    let world = Memory::new(MAY_DEPLOY);
    let mut gate = world.gate();
    let long = "x".repeat(limits::MESSAGE_BYTES_MAX + 1);
    assert_eq!(
        error(gate.pass(reply(&long)).await.unwrap_err()).code,
        Code::Invalid
    );
    assert_eq!(
        error(gate.pass(reply(" \n")).await.unwrap_err()).code,
        Code::Invalid
    );
    for _ in 1..limits::MESSAGES_MAX {
        let _ = gate.pass(reply("x")).await;
    }
    assert!(gate.pass(reply("the last one")).await.is_ok());
    assert_eq!(
        error(gate.pass(reply("one more")).await.unwrap_err()).code,
        Code::RateLimited
    );
    // The two that were refused for their size were calls as well, and so was the one too many.
    for _ in limits::MESSAGES_MAX + 3..limits::CALLS_MAX {
        gate.pass(KvGet {
            namespace: None,
            key: "a".into(),
        })
        .await
        .map_err(error)
        .unwrap();
    }
    assert!(matches!(
        stop(
            gate.pass(KvGet {
                namespace: None,
                key: "a".into()
            })
            .await
            .unwrap_err()
        ),
        Stop::Budget(_)
    ));
}

#[tokio::test]
async fn nothing_passes_while_a_plugin_describes_itself() {
    let mut gate = Gate::closed();
    assert_eq!(
        error(gate.pass(reply("hello")).await.unwrap_err()).code,
        Code::Denied
    );
    let post = Post {
        channel: "deploys".parse().unwrap(),
        name: None,
        text: "x".into(),
    };
    assert_eq!(error(gate.pass(post).await.unwrap_err()).code, Code::Denied);
}
