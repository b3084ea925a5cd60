//! How long a whole call of a plugin takes: a fresh instance, the handler, one reply through the gate, and the end. And
//! how long it takes until a run that has made many calls is where it was.
//!
//! Behind `--`, files of plugins are measured as well, by their first command: those that `witbot plugin new` makes in each
//! language do the same.
//!
//! Run it with `WITBOT_PLUGINS` naming a folder with `hello.wasm` (`cargo xtask plugins` makes one), and `WITBOT_GUESTS`
//! one with `waits.wasm` (`cargo xtask test` does).

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot be set up has nothing to go on with"
)]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value, json};
use witbot_core::call::Operation;
use witbot_core::error::Error;
use witbot_core::event::{Body, Event, Message, Place, Source, User};
use witbot_core::grants::Grants;
use witbot_core::ids::{CallId, ChannelId, InvocationId, PluginName, UnixMillis};
use witbot_core::journal::{Commit, Entry, Outcome};
use witbot_engine::{Caller, Compiler, Ending, Engine, Found, Invocation, Lost, Plugin, World};

const CALLS: usize = 20_000;
const WARM_UP: usize = 500;
const REPLAYS: usize = 2_000;
/// The calls of a run that is replayed: short sleeps, and a question at the end.
const RECORDED: u32 = 100;

/// A world in which nothing is kept but the calls of runs that are parked, so that the call itself is measured and not
/// the disk.
#[derive(Default)]
struct Void {
    parked: Mutex<Vec<Entry>>,
}

#[async_trait]
impl World for Void {
    fn now(&self) -> UnixMillis {
        UnixMillis(1_000)
    }
    fn grants(&self, _: &PluginName) -> Arc<Grants> {
        Arc::default()
    }
    async fn room(&self, _: &ChannelId) -> Result<(), Error> {
        Ok(())
    }

    async fn commit(&self, _: &InvocationId, commit: Commit) -> Result<(), Lost> {
        let mut parked = self.parked.lock().expect("nobody panics");
        parked.extend(commit.entries);
        Ok(())
    }
    async fn record(
        &self,
        _: &Caller,
        _: Commit,
        _: Entry,
        _: &Operation,
    ) -> Result<Outcome, Lost> {
        Ok(Outcome::Ok(Value::Null))
    }
    async fn perform(&self, _: &Caller, _: &CallId, _: &Operation) -> Outcome {
        Outcome::Ok(Value::Null)
    }
    async fn find(&self, _: &Caller, _: &CallId, _: &Operation, _: UnixMillis) -> Found {
        Found::Nothing
    }
    async fn canceled(&self, _: &InvocationId) -> Result<Option<String>, Lost> {
        Ok(None)
    }
    async fn look(&self, _: &Caller, _: &CallId, _: &Operation) -> Result<Option<Value>, Error> {
        Ok(None)
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(measure());
}

async fn measure() {
    let bytes = read("WITBOT_PLUGINS", "hello.wasm");
    let cache = tempfile::tempdir().expect("a temporary folder");
    let name: PluginName = "hello".parse().expect("a name");

    let engine = Engine::new(cache.path(), Compiler::Here).expect("an engine");
    let began = Instant::now();
    let plugin = engine
        .load(&name, bytes.clone())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    println!("load, compiled:   {:?}", began.elapsed());
    let began = Instant::now();
    engine
        .load(&name, bytes)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    println!("load, from cache: {:?}", began.elapsed());

    measure_calls(&engine, &plugin, "hello").await;
    measure_replay(&engine).await;
    for file in std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
    {
        let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let plugin = engine.load(&name, bytes).await;
        let plugin = plugin.unwrap_or_else(|error| panic!("{file}: {error}"));
        let commands = &plugin.declaration.declaration.commands;
        let handler = commands.first().expect("it has a command").id.clone();
        println!("{file}:");
        measure_calls(&engine, &plugin, &handler).await;
    }
}

async fn measure_calls(engine: &Engine, plugin: &Plugin, handler: &str) {
    let world: Arc<dyn World> = Arc::new(Void::default());
    let event = event();
    let mut times = Vec::with_capacity(CALLS);
    for call in 0..CALLS + WARM_UP {
        let invocation = Invocation {
            handler: handler.to_owned(),
            ..invocation(call, &event)
        };
        let began = Instant::now();
        let ended = engine.run(plugin, invocation, world.clone()).await;
        let took = began.elapsed();
        assert!(matches!(ended.ending, Ending::Done) && ended.rest.outgoing.len() == 1);
        if call >= WARM_UP {
            times.push(took);
        }
    }
    shares("a whole call:    ", times);
}

/// A run that has made all its calls but one is run again from the top, and then makes the last one.
async fn measure_replay(engine: &Engine) {
    let name: PluginName = "waits".parse().expect("a name");
    let bytes = read("WITBOT_GUESTS", "waits.wasm");
    let plugin = engine.load(&name, bytes).await;
    let plugin = plugin.unwrap_or_else(|error| panic!("{error}"));
    let world = Arc::new(Void::default());
    let event = event();
    let invocation = |journal| Invocation {
        handler: "often".into(),
        arguments: vec![("times".into(), (RECORDED - 1).to_string())],
        journal,
        ..invocation(0, &event)
    };
    let ended = engine
        .run(&plugin, invocation(Vec::new()), world.clone())
        .await;
    assert!(matches!(ended.ending, Ending::Parked));
    let mut journal = std::mem::take(&mut *world.parked.lock().expect("nobody panics"));
    assert_eq!(journal.len(), RECORDED as usize);
    if let Some(question) = journal.last_mut() {
        question.outcome = Some(Outcome::Ok(json!({ "choice": "Tea", "user": "ada" })));
    }
    let mut times = Vec::with_capacity(REPLAYS);
    for _ in 0..REPLAYS {
        let invocation = invocation(journal.clone());
        let began = Instant::now();
        let ended = engine.run(&plugin, invocation, world.clone()).await;
        times.push(began.elapsed());
        assert!(matches!(ended.ending, Ending::Done) && ended.rest.outgoing.len() == 1);
    }
    shares(&format!("replay of {RECORDED} calls:"), times);
}

fn shares(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| -> Duration { times[((times.len() - 1) as f64 * share) as usize] };
    println!(
        "{what} p50 {:?}  p90 {:?}  p99 {:?}  max {:?}",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
}

fn read(variable: &str, name: &str) -> Vec<u8> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| panic!("set {variable} to a folder with {name}"));
    let file = folder.join(name);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn event() -> Arc<Event> {
    let user = User::named("ada".parse().expect("an id"), "ada");
    let place = Place {
        channel: "general".parse().expect("an id"),
        thread: None,
    };
    let body = Body::Message(Message::to_bot(user, place, "hello Ada"));
    Arc::new(Event {
        source: Source::Console,
        key: "1".into(),
        received: UnixMillis(900),
        body,
    })
}

fn invocation(call: usize, event: &Arc<Event>) -> Invocation {
    let plugin = "hello".parse().expect("a name");
    Invocation {
        id: InvocationId::derive("console", &call.to_string(), &plugin, "hello"),
        handler: "hello".into(),
        arguments: vec![("name".into(), "Ada".into())],
        permission: witbot_core::journal::Permission::Given,
        event: event.clone(),
        event_row: 1,
        begin: None,
        opening: Vec::new(),
        journal: Vec::new(),
        limits: None,
        started: event.received,
    }
}
