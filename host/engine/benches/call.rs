//! How long a whole call of a plugin takes: a fresh instance, the handler, one reply through the gate, and the end.
//!
//! Run it with `WITBOT_PLUGINS` naming a folder with `hello.wasm` (`cargo xtask plugins` makes one).

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot be set up has nothing to go on with"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::Value;
use witbot_core::call::Operation;
use witbot_core::error::Error;
use witbot_core::event::{Body, Event, Message, Place, Source, User};
use witbot_core::grants::Grants;
use witbot_core::ids::{CallId, ChannelId, InvocationId, PluginName, UnixMillis};
use witbot_core::journal::{Commit, Entry, Outcome};
use witbot_engine::{Caller, Ending, Engine, Found, Invocation, Lost, World};

const CALLS: usize = 20_000;
const WARM_UP: usize = 500;

/// A world in which nothing is kept, so that the call itself is measured and not the disk.
struct Void;

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

    async fn commit(&self, _: &InvocationId, _: Commit) -> Result<(), Lost> {
        Ok(())
    }
    async fn write_kv(
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
    async fn find(&self, _: &CallId, _: &Operation, _: UnixMillis) -> Found {
        Found::Nothing
    }
    async fn canceled(&self, _: &InvocationId) -> Result<Option<String>, Lost> {
        Ok(None)
    }
    async fn look(&self, _: &Operation) -> Result<Option<Value>, Error> {
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
    let folder = PathBuf::from(
        std::env::var_os("WITBOT_PLUGINS").expect("set WITBOT_PLUGINS to a folder with hello.wasm"),
    );
    let bytes = std::fs::read(folder.join("hello.wasm"))
        .expect("hello.wasm; `cargo xtask plugins` makes it");
    let cache = tempfile::tempdir().expect("a temporary folder");
    let name: PluginName = "hello".parse().expect("a name");

    let engine = Engine::new(cache.path()).expect("an engine");
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

    let world: Arc<dyn World> = Arc::new(Void);
    let event = event();
    let mut times = Vec::with_capacity(CALLS);
    for call in 0..CALLS + WARM_UP {
        let invocation = invocation(call, &event);
        let began = Instant::now();
        let ended = engine.run(&plugin, invocation, world.clone()).await;
        let took = began.elapsed();
        assert!(matches!(ended.ending, Ending::Done) && ended.rest.outgoing.len() == 1);
        if call >= WARM_UP {
            times.push(took);
        }
    }
    times.sort();
    let at = |share: f64| -> Duration { times[((times.len() - 1) as f64 * share) as usize] };
    println!(
        "a whole call:     p50 {:?}  p90 {:?}  p99 {:?}  max {:?}",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
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
        event: event.clone(),
        event_row: 1,
        begin: None,
        opening: Vec::new(),
        journal: Vec::new(),
        started: event.received,
    }
}
