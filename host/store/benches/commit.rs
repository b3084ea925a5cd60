//! What a durable commit costs, alone and in company. Numbers depend on the disk: the interesting one is their ratio.

use std::sync::atomic::{AtomicU64, Ordering};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use witbot_core::call::Reply;
use witbot_core::event::{Body, Event, Message, Place, Source, User};
use witbot_core::ids::{CallId, Digest, InvocationId, UnixMillis};
use witbot_core::journal::{Begin, Commit, Entry, Outcome, Outgoing, State};
use witbot_store::Store;
use witbot_store::inbox::Accepted;
use witbot_store::invocations::Lease;

/// As many messages at once as the design promises to answer.
const TOGETHER: u64 = 64;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// One chat message: it is accepted, and a run that replies is committed.
async fn answer(store: &Store) {
    let key = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
    let place = Place {
        channel: "ops".parse().expect("a channel"),
        thread: None,
    };
    let user = User::named("U1".parse().expect("a user"), "ada");
    let text = "deploy api/main to staging";
    let body = Body::Message(Message::to_bot(user, place.clone(), text));
    let event = Event {
        source: Source::Console,
        key,
        received: UnixMillis(1),
        body,
    };
    let Ok(Accepted::New(row)) = store.accept(&event, false).await else {
        panic!("every key is new")
    };

    let plugin = "deploy".parse().expect("a plugin");
    let id = InvocationId::derive("console", &event.key, &plugin, "deploy");
    let message = CallId::new(&id, 0);
    let reply = Reply {
        place: place.clone(),
        text: "deploying".into(),
    };
    let mut entry = Entry::begin(0, &reply.into(), UnixMillis(2));
    entry.outcome = Some(Outcome::Ok(json!(message.as_str())));
    let digest = Digest::of(b"component");
    let handler = "deploy".to_owned();
    let arguments = vec![("app".to_owned(), "api".to_owned())];
    let commit = Commit {
        begin: Some(Begin {
            event: row,
            plugin,
            digest,
            handler,
            arguments,
            permission: witbot_core::journal::Permission::Given,
            at: UnixMillis(2),
            routed: true,
        }),
        entries: vec![entry],
        outgoing: vec![Outgoing::post(message, place, "deploying")],
        state: Some(State::Done),
        ..Commit::default()
    };
    let lease = Lease {
        owner: "bench".to_owned(),
        until: UnixMillis(u64::MAX),
    };
    store
        .commit(&id, &lease, commit)
        .await
        .expect("the lease is good");
}

fn commits(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    let mut group = criterion.benchmark_group("messages");
    for together in [1, TOGETHER] {
        group.throughput(Throughput::Elements(together));
        group.bench_function(format!("{together} at once"), |bencher| {
            bencher.to_async(&runtime).iter(async || {
                let mut all = JoinSet::new();
                for _ in 0..together {
                    let store = store.clone();
                    all.spawn(async move { answer(&store).await });
                }
                all.join_all().await;
            });
        });
    }
    group.finish();
    runtime.block_on(store.close());
}

criterion_group!(benches, commits);
criterion_main!(benches);
