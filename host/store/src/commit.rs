//! What an invocation makes durable at once, all of it or nothing.

mod encoded;
mod row;

use witbot_core::ids::{ChannelId, InvocationId};
use witbot_core::journal::{Begin, Commit};

use crate::Store;
use crate::error::{Failure, StoreError};
use crate::inbox::mark_routed;
use crate::invocations::Lease;

pub(crate) use encoded::{Applied, Encoded};
pub(crate) use row::{Beginning, Line, Standing};

/// Why a commit was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Somebody else runs this invocation, or has run it, or it had begun before: nothing was stored. Stop at once.
    #[error("the run goes on elsewhere, or has ended")]
    Superseded,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for CommitError {
    fn from(error: rusqlite::Error) -> CommitError {
        CommitError::Store(error.into())
    }
}

impl Failure for CommitError {
    fn of_store(&self) -> Option<&StoreError> {
        match self {
            CommitError::Superseded => None,
            CommitError::Store(error) => Some(error),
        }
    }
}

impl Store {
    /// Makes durable what an invocation did, if the lease is good. One that is free is taken. Answers the channels in
    /// which something waits to be said since; not those where it was handed over at once.
    ///
    /// When the invocation of `commit.begin` exists already, its event is not marked as routed either: do that.
    pub async fn commit(
        &self,
        id: &InvocationId,
        lease: &Lease,
        commit: Commit,
    ) -> Result<Vec<ChannelId>, CommitError> {
        let commit = Encoded::new(id, lease, commit, self.sender())?;
        self.write_then(move |db| commit.apply(db), Applied::go)
            .await
    }

    /// Begins all invocations of one event, which is routed thereby. They are free to be claimed. Answers which of
    /// them are new: those that had begun before are left as they are.
    pub async fn begin_all(
        &self,
        event_row: i64,
        invocations: Vec<(InvocationId, Begin)>,
    ) -> Result<Vec<InvocationId>, StoreError> {
        self.write(move |db| {
            let mut new = Vec::new();
            for (id, begin) in invocations {
                let begin = Beginning::new(Begin {
                    event: event_row,
                    ..begin
                })?;
                let standing = Standing::running(0);
                if begin.insert(db, &id, &standing, None)?.is_some() {
                    new.push(id);
                }
            }
            mark_routed(db, event_row)?;
            Ok(new)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use serde_json::json;

    use witbot_core::call::{KvGet, Sleep};
    use witbot_core::ids::UnixMillis;
    use witbot_core::journal::{Entry, Outcome, State};

    use super::*;
    use crate::fixture::{
        accepted, begin, begun, finish, invocation_id, lease, outgoing, record, store,
    };
    use crate::invocations::{Filter, Status};
    use crate::kv::Space;

    fn read(number: u32) -> Entry {
        let call = KvGet {
            namespace: None,
            key: number.to_string(),
        }
        .into();
        Entry {
            outcome: Some(Outcome::Ok(json!(number))),
            ..Entry::begin(number, &call, UnixMillis(20))
        }
    }

    fn sleep(number: u32) -> Entry {
        Entry::begin(number, &Sleep { milliseconds: 5 }.into(), UnixMillis(20))
    }

    fn calls(entries: Vec<Entry>) -> Commit {
        Commit {
            entries,
            ..Commit::default()
        }
    }

    #[tokio::test]
    async fn a_whole_run_in_one_commit() {
        let (_folder, store) = store();
        let row = accepted(&store, "1").await;
        let id = invocation_id("1");
        let commit = Commit {
            begin: Some(begin(row)),
            entries: vec![read(0)],
            outgoing: vec![outgoing(&id, 1, "done", false)],
            audit: vec![record("command")],
            state: Some(State::Done),
            ..Commit::default()
        };
        store.commit(&id, &lease("a", 2_000), commit).await.unwrap();
        let stored = store.invocation(&id).await.unwrap().unwrap();
        assert_eq!(
            (stored.status, stored.event, stored.lease),
            (Status::Done, row, None)
        );
        assert_eq!(
            (stored.created, stored.updated),
            (UnixMillis(10), UnixMillis(20))
        );
        assert_eq!(stored.arguments, [("app".to_owned(), "api".to_owned())]);
        assert_eq!(store.journal(&id).await.unwrap(), [read(0)]);
        assert_eq!(store.events_unrouted().await.unwrap(), []);
        assert_eq!(store.audit_verify().await.unwrap(), 1);
    }

    #[tokio::test]
    async fn the_journal_is_read_in_order_of_the_calls() {
        let (_folder, store) = store();
        let lease = lease("a", 2_000);
        let id = begun(&store, "1", &lease).await;
        begun(&store, "2", &lease).await;
        store
            .commit(&id, &lease, calls(vec![read(2), read(0)]))
            .await
            .unwrap();
        store
            .commit(&id, &lease, calls(vec![sleep(1)]))
            .await
            .unwrap();
        assert_eq!(
            store.journal(&id).await.unwrap(),
            [read(0), sleep(1), read(2)]
        );
        let answer = Commit {
            answers: vec![(1, Outcome::Ok(json!(null)), UnixMillis(99))],
            ..Commit::default()
        };
        store.commit(&id, &lease, answer).await.unwrap();
        let answered = Entry {
            outcome: Some(Outcome::Ok(json!(null))),
            at: UnixMillis(99),
            ..sleep(1)
        };
        assert_eq!(
            store.journal(&id).await.unwrap(),
            [read(0), answered, read(2)]
        );
        assert_eq!(
            store.invocation(&id).await.unwrap().unwrap().updated,
            UnixMillis(99)
        );
    }

    /// Everything that a commit can touch, for comparing.
    async fn snapshot(store: &Store, id: &InvocationId) -> String {
        let runs = store
            .invocations(Filter {
                plugin: None,
                status: None,
                limit: 9,
            })
            .await
            .unwrap();
        let journal = store.journal(id).await.unwrap();
        let events = store.events_unrouted().await.unwrap();
        let audit = store.audit_verify().await.unwrap();
        let channels = store.outbox_channels().await.unwrap();
        format!(
            "{runs:?} {journal:?} {events:?} {audit} {channels:?} {:?}",
            store.wait(id).await.unwrap()
        )
    }

    #[tokio::test]
    async fn a_commit_that_is_superseded_leaves_nothing() {
        let (_folder, store) = store();
        let ours = lease("a", 2_000);
        let id = begun(&store, "1", &ours).await;
        store
            .commit(&id, &ours, calls(vec![read(0)]))
            .await
            .unwrap();
        let row = accepted(&store, "2").await;
        let before = snapshot(&store, &id).await;
        let full = || Commit {
            outgoing: vec![outgoing(&id, 7, "hello", false)],
            audit: vec![record("command")],
            state: Some(State::Done),
            ..calls(vec![read(1)])
        };
        let answer = |number| vec![(number, Outcome::Ok(json!(1)), UnixMillis(30))];
        for (what, lease, commit) in [
            ("another owner", lease("b", 2_000), full()),
            (
                "begun before",
                lease("a", 2_000),
                Commit {
                    begin: Some(begin(row)),
                    ..full()
                },
            ),
            (
                "a number that is taken",
                lease("a", 2_000),
                Commit {
                    entries: vec![read(1), read(0)],
                    ..full()
                },
            ),
            (
                "an answer to what was answered",
                lease("a", 2_000),
                Commit {
                    answers: answer(0),
                    ..full()
                },
            ),
            (
                "an answer to what was not begun",
                lease("a", 2_000),
                Commit {
                    answers: answer(5),
                    ..full()
                },
            ),
        ] {
            assert_eq!(
                store.commit(&id, &lease, commit).await,
                Err(CommitError::Superseded),
                "{what}"
            );
            assert_eq!(snapshot(&store, &id).await, before, "{what}");
        }
        finish(&store, &id, &ours).await.unwrap();
        assert_eq!(
            store.commit(&id, &ours, full()).await,
            Err(CommitError::Superseded),
            "it has ended"
        );
        let unknown = invocation_id("nobody");
        assert_eq!(
            store.commit(&unknown, &ours, full()).await,
            Err(CommitError::Superseded),
            "there is none"
        );
    }

    #[tokio::test]
    async fn an_event_that_is_routed_again_begins_nothing_twice() {
        let (_folder, store) = store();
        let row = accepted(&store, "1").await;
        let (first, second) = (invocation_id("a"), invocation_id("b"));
        let commit = Commit {
            begin: Some(Begin {
                routed: false,
                ..begin(row)
            }),
            ..Commit::default()
        };
        store
            .commit(&first, &lease("a", 2_000), commit)
            .await
            .unwrap();
        assert_eq!(store.events_unrouted().await.unwrap().len(), 1);

        let both = vec![(first.clone(), begin(row)), (second.clone(), begin(row))];
        assert_eq!(
            store.begin_all(row, both).await.unwrap(),
            std::slice::from_ref(&second)
        );
        assert_eq!(store.events_unrouted().await.unwrap(), []);
        assert_eq!(
            store.invocation(&first).await.unwrap().unwrap().lease,
            Some(lease("a", 2_000))
        );
        // What is free is taken by the first who commits.
        assert_eq!(
            store.invocation(&second).await.unwrap().unwrap().lease,
            None
        );
        store
            .commit(&second, &lease("b", 2_000), calls(vec![]))
            .await
            .unwrap();
        assert_eq!(
            finish(&store, &second, &lease("c", 2_000)).await,
            Err(CommitError::Superseded)
        );
    }

    #[tokio::test]
    async fn a_change_that_fails_is_undone_alone() {
        let (_folder, store) = store();
        let ours = lease("a", 2_000);
        let id = begun(&store, "1", &ours).await;
        // All of them wait while the thread is held up, and so go to the disk together.
        let (go, held) = std::sync::mpsc::sync_channel::<()>(1);
        let hold = store.write(move |_| Ok::<_, StoreError>(held.recv().is_ok()));
        let clash = store.commit(&id, &ours, calls(vec![read(0), read(1), read(0)]));
        let good = store.commit(&id, &ours, calls(vec![read(0)]));
        let refused = store.write(|db| {
            db.execute(
                "INSERT INTO kv (plugin, key, value) VALUES ('a', 'b', x'00')",
                (),
            )?;
            Ok::<_, StoreError>(db.execute(
                "INSERT INTO kv (plugin, key, value) VALUES ('a', 'b', x'00')",
                (),
            )?)
        });
        let panics = store.write(|_| -> Result<(), StoreError> { panic!("on purpose") });
        let last = store.commit(&id, &ours, calls(vec![read(1)]));
        let release = async { go.send(()).unwrap() };
        let (_, clash, good, refused, panics, last, ()) =
            tokio::join!(hold, clash, good, refused, panics, last, release);
        assert_eq!(clash, Err(CommitError::Superseded));
        assert_eq!((good, last), (Ok(vec![]), Ok(vec![])));
        assert!(
            matches!(refused, Err(StoreError::Refused(_))),
            "{refused:?}"
        );
        assert!(matches!(panics, Err(StoreError::Refused(_))), "{panics:?}");
        assert_eq!(store.journal(&id).await.unwrap(), [read(0), read(1)]);
        assert_eq!(
            store
                .kv_get(&Space::Own("a".parse().unwrap()), "b")
                .await
                .unwrap(),
            None
        );
    }

    #[tokio::test]
    async fn a_full_disk_is_called_so_and_the_store_goes_on() {
        let (_folder, store) = store();
        let ours = lease("a", 2_000);
        let id = begun(&store, "1", &ours).await;
        let limit = async |pages: u32| {
            let set = move |db: &Connection| {
                db.query_row(&format!("PRAGMA max_page_count = {pages}"), (), |row| {
                    row.get::<_, i64>(0)
                })?;
                Ok::<_, StoreError>(())
            };
            store.write(set).await.unwrap();
        };
        limit(1).await;
        let large = outgoing(&id, 1, &"x".repeat(100_000), false);
        let commit = Commit {
            outgoing: vec![large],
            ..calls(vec![read(0)])
        };
        let refusal = store.commit(&id, &ours, commit.clone()).await.unwrap_err();
        assert!(
            matches!(&refusal, CommitError::Store(StoreError::Full(_))),
            "{refusal}"
        );
        assert_eq!(store.journal(&id).await.unwrap(), []);
        limit(1_000_000).await;
        store.commit(&id, &ours, commit).await.unwrap();
    }
}
