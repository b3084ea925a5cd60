//! Values that the tests of several files need.

use serde_json::json;
use tempfile::TempDir;

use witbot_core::audit::Record;
use witbot_core::event::{Body, Event, Message, Place, Source, User, Webhook};
use witbot_core::ids::{CallId, Digest, InvocationId, UnixMillis};
use witbot_core::journal::{Act, Begin, Commit, Outgoing, State};

use crate::Store;
use crate::commit::CommitError;
use crate::inbox::Accepted;
use crate::invocations::Lease;

pub(crate) fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    (folder, store)
}

pub(crate) fn place() -> Place {
    Place {
        channel: "ops".parse().unwrap(),
        thread: None,
    }
}

pub(crate) fn message(key: &str) -> Event {
    let user = User::named("U1".parse().unwrap(), "ada");
    let body = Body::Message(Message::to_bot(user, place(), "deploy api"));
    Event {
        source: Source::Console,
        key: key.into(),
        received: UnixMillis(5),
        body,
    }
}

pub(crate) fn webhook(key: &str, kind: &str, subject: &str) -> Event {
    let body = Body::Webhook(Webhook {
        kind: kind.into(),
        subject: subject.into(),
        body: json!({"a": 1}),
        depth: 0,
    });
    Event {
        source: Source::Github,
        key: key.into(),
        received: UnixMillis(5),
        body,
    }
}

pub(crate) fn invocation_id(key: &str) -> InvocationId {
    InvocationId::derive("console", key, &"deploy".parse().unwrap(), "deploy")
}

pub(crate) fn lease(owner: &str, until: u64) -> Lease {
    Lease {
        owner: owner.into(),
        until: UnixMillis(until),
    }
}

pub(crate) fn begin(event: i64) -> Begin {
    Begin {
        event,
        plugin: "deploy".parse().unwrap(),
        digest: Digest::of(b"component"),
        handler: "deploy".into(),
        arguments: vec![("app".into(), "api".into())],
        permission: witbot_core::journal::Permission::Given,
        at: UnixMillis(10),
        routed: true,
    }
}

pub(crate) fn outgoing(invocation: &InvocationId, number: u32, text: &str, edit: bool) -> Outgoing {
    Outgoing {
        message: CallId::new(invocation, number),
        place: place(),
        act: if edit {
            Act::Edit(text.into())
        } else {
            Act::Post(text.into())
        },
    }
}

pub(crate) fn said(outgoing: &Outgoing) -> String {
    match &outgoing.act {
        Act::Post(said) | Act::Edit(said) | Act::Whisper { said, .. } => said.shown(),
        Act::Delete | Act::React { .. } => String::new(),
    }
}

pub(crate) fn record(action: &str) -> Record {
    Record {
        at: UnixMillis(15),
        actor: Some("U1".parse().unwrap()),
        plugin: Some("deploy".parse().unwrap()),
        digest: None,
        invocation: None,
        action: action.into(),
        detail: json!({"app": "api"}),
        outcome: "ok".into(),
    }
}

/// Accepts a message and answers its row.
pub(crate) async fn accepted(store: &Store, key: &str) -> i64 {
    match store.accept(&message(key), false).await.unwrap() {
        Accepted::New(row) => row,
        Accepted::Duplicate => panic!("{key} is not new"),
    }
}

/// Accepts a message and begins an invocation of it.
pub(crate) async fn begun(store: &Store, key: &str, lease: &Lease) -> InvocationId {
    let row = accepted(store, key).await;
    let id = invocation_id(key);
    store
        .commit(
            &id,
            lease,
            Commit {
                begin: Some(begin(row)),
                ..Commit::default()
            },
        )
        .await
        .unwrap();
    id
}

pub(crate) async fn finish(
    store: &Store,
    id: &InvocationId,
    lease: &Lease,
) -> Result<(), CommitError> {
    store
        .commit(
            id,
            lease,
            Commit {
                state: Some(State::Done),
                ..Commit::default()
            },
        )
        .await
        .map(drop)
}
