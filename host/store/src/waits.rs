//! What parked runs wait for. Who learns something looks here; whoever fulfils a wait first, wins.
//!
//! There can be very many waits, so nothing here reads all of them at once.

use rusqlite::{Connection, Params, Row};

use witbot_core::call::Operation;
use witbot_core::ids::{InvocationId, UnixMillis, UserId};
use witbot_core::journal::{Outcome, Outgoing, Wait};

use crate::Store;
use crate::answer::Answer;
use crate::column::{all, damaged, execute, first, id, json, millis, stored_millis};
use crate::error::StoreError;
use crate::inbox::mark_routed;
use crate::outbox::Letter;

const SELECT: &str = "SELECT id, number, name, journal.arguments AS arguments, key, deadline_ms
     FROM waits JOIN journal USING (run, number) JOIN invocations USING (run)";
/// What `is_asked_about` of `witbot_core::call` says, once more.
const DUE: &str = "WHERE deadline_ms <= ? AND (key <> 'time' AND key NOT GLOB 'ask *') = ?
                   ORDER BY deadline_ms, waits.run LIMIT ?";
/// The row of the run that a page comes after. Rows begin with 1.
const AFTER: &str = "coalesce((SELECT run FROM invocations WHERE id = ?), 0)";

impl Store {
    /// What a run waits for, if it waits.
    pub async fn wait(&self, run: &InvocationId) -> Result<Option<Wait>, StoreError> {
        let which = run.to_string();
        let found = self
            .read(move |db| select(db, "WHERE id = ?", (which,)))
            .await;
        Ok(found?.pop())
    }

    /// The waits that something about a key may end, after that of a run and at most so many: what is read at once is to
    /// be bounded. They are in the order in which their runs began.
    pub async fn waits_for_key(
        &self,
        key: &str,
        after: Option<&InvocationId>,
        limit: u32,
    ) -> Result<Vec<Wait>, StoreError> {
        let page = (key.to_owned(), after.map(InvocationId::to_string), limit);
        self.read(move |db| {
            let rest = format!("WHERE key = ? AND waits.run > {AFTER} ORDER BY waits.run LIMIT ?");
            select(db, &rest, page)
        })
        .await
    }

    /// The questions of a key that a person was asked, or that can be answered by more people than the one who was, at
    /// most so many; the one that was asked last is the first.
    pub async fn questions(
        &self,
        key: &str,
        to: &UserId,
        limit: u32,
    ) -> Result<Vec<Wait>, StoreError> {
        let which = (key.to_owned(), to.as_str().to_owned(), limit);
        self.read(move |db| {
            let rest = "WHERE key = ? AND (journal.arguments ->> 'user' = ? OR journal.arguments -> 'answerers' NOT NULL)
                        ORDER BY journal.at_ms DESC, waits.run DESC LIMIT ?";
            select(db, rest, which)
        })
        .await
    }

    /// Whether anything waits for a key.
    pub async fn is_waited_for(&self, key: &str) -> Result<bool, StoreError> {
        let key = key.to_owned();
        self.read(move |db| {
            let sql = "SELECT 1 FROM waits WHERE key = ? LIMIT 1";
            Ok(first(db, sql, (key,), |_| Ok(()))?.is_some())
        })
        .await
    }

    /// The waits whose deadline is not after a time, the soonest first: of those that something outside is asked about,
    /// or of the others.
    pub async fn waits_due(
        &self,
        at: UnixMillis,
        asked_about: bool,
        limit: u32,
    ) -> Result<Vec<Wait>, StoreError> {
        let due = (stored_millis(at), asked_about, limit);
        self.read(move |db| select(db, DUE, due)).await
    }

    /// The soonest deadline of those after a time.
    pub async fn next_deadline(&self, after: UnixMillis) -> Result<Option<UnixMillis>, StoreError> {
        let after = stored_millis(after);
        self.read(move |db| {
            let sql =
                "SELECT deadline_ms FROM waits WHERE deadline_ms > ? ORDER BY deadline_ms LIMIT 1";
            first(db, sql, (after,), |row| millis(row, "deadline_ms"))
        })
        .await
    }

    /// The keys of all waits, each once, in their order, after one of them and at most so many.
    pub async fn wait_keys(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let page = (after.unwrap_or_default().to_owned(), limit);
        self.read(move |db| {
            let sql = "SELECT DISTINCT key FROM waits WHERE key > ? ORDER BY key LIMIT ?";
            all(db, sql, page, |row| Ok(row.get("key")?))
        })
        .await
    }

    /// The runs that wait for any of these keys.
    pub async fn runs_waiting_for(
        &self,
        keys: Vec<String>,
    ) -> Result<Vec<InvocationId>, StoreError> {
        self.read(move |db| {
            let sql = "SELECT id FROM waits JOIN invocations USING (run) WHERE key = ?";
            let mut runs = Vec::new();
            for key in keys {
                runs.extend(all(db, sql, (key,), |row| id(row, "id"))?);
            }
            Ok(runs)
        })
        .await
    }

    /// How many waits there are whose key does not begin with these words.
    pub async fn waits_besides(&self, words: &str) -> Result<u64, StoreError> {
        let words = words.to_owned();
        self.read(move |db| {
            let sql = "SELECT count(*) FROM waits WHERE substr(key, 1, length(?1)) <> ?1";
            let count = first(db, sql, (words,), |row| Ok(row.get::<_, i64>(0)?))?;
            Ok(count.unwrap_or(0).cast_unsigned())
        })
        .await
    }

    /// The waits for an event that is in the inbox already, after that of a run and at most so many: the host was
    /// stopped after the event came and before the wait was looked at.
    pub async fn waits_for_what_came(
        &self,
        after: Option<&InvocationId>,
        limit: u32,
    ) -> Result<Vec<Wait>, StoreError> {
        let page = (after.map(InvocationId::to_string), limit);
        self.read(move |db| {
            let rest = format!(
                "WHERE name = 'flow.await-event' AND waits.run > {AFTER} AND EXISTS (
                     SELECT 1 FROM inbox WHERE kind = journal.arguments ->> 'kind'
                         AND subject = journal.arguments ->> 'subject' AND inbox.id > journal.arguments ->> 'after')
                 ORDER BY waits.run LIMIT ?"
            );
            select(db, &rest, page)
        })
        .await
    }

    /// The clock was set, so that it shows `by_ms` more than it would, or less: all deadlines move along, for a wait
    /// lasts as long as it was to. What began to wait between `since` and `now` began by the new time. Answers how many
    /// moved.
    pub async fn clock_was_set(
        &self,
        by_ms: i64,
        since: UnixMillis,
        now: UnixMillis,
    ) -> Result<usize, StoreError> {
        let (since, now) = (stored_millis(since), stored_millis(now));
        self.write(move |db| {
            let sql = "UPDATE waits SET deadline_ms = max(0, deadline_ms + ?)
                       WHERE NOT EXISTS (SELECT 1 FROM journal
                           WHERE journal.run = waits.run AND journal.number = waits.number AND at_ms BETWEEN ? AND ?)";
            Ok(execute(db, sql, (by_ms, since, now))?)
        })
        .await
    }

    /// Whether what is stored is from later than `now`, by more than clocks are off: then the clock was set back while
    /// nobody looked.
    pub async fn is_from_later_than(
        &self,
        now: UnixMillis,
        off_ms: u64,
    ) -> Result<bool, StoreError> {
        let latest = stored_millis(now.plus_ms(off_ms));
        self.read(move |db| {
            let sql = "SELECT 1 WHERE (SELECT received_ms FROM inbox ORDER BY id DESC LIMIT 1) > ?1
                           OR (SELECT updated_ms FROM invocations ORDER BY run DESC LIMIT 1) > ?1";
            Ok(first(db, sql, (latest,), |_| Ok(()))?.is_some())
        })
        .await
    }

    /// The clock was set back while nobody looked, and nobody knows by how much: no wait lasts longer from now on than it
    /// was to last altogether, which is `longest_ms` where it has no bound of its own. Answers how many deadlines moved.
    /// Done twice, it is the same.
    pub async fn clock_was_set_back(
        &self,
        now: UnixMillis,
        longest_ms: u64,
    ) -> Result<usize, StoreError> {
        let (now, longest) = (stored_millis(now), longest_ms.cast_signed());
        self.write(move |db| {
            let latest = "?1 + min(?2, coalesce(arguments ->> 'timeout_ms', arguments ->> 'milliseconds', ?2))";
            let sql = format!(
                "UPDATE waits SET deadline_ms = {latest} FROM journal
                 WHERE journal.run = waits.run AND journal.number = waits.number AND deadline_ms > {latest}"
            );
            Ok(execute(db, &sql, (now, longest))?)
        })
        .await
    }

    /// Ends a wait: its call is answered, and its run is free to be claimed. False: it had ended before. An event of
    /// the inbox that was the answer is thereby routed, so that it cannot answer anything else. What is to be told about
    /// it in the chat waits in the outbox.
    pub async fn fulfil(
        &self,
        wait: &Wait,
        outcome: Outcome,
        at: UnixMillis,
        event_row: Option<i64>,
        told: Option<Outgoing>,
    ) -> Result<bool, StoreError> {
        let answer = Answer::new(&outcome)?;
        let told = told.map(|told| Letter::new(told, at)).transpose()?;
        let (which, number, at) = (wait.invocation.to_string(), wait.number, stored_millis(at));
        self.write(move |db| {
            let Some(run) = remove(db, &which, number)? else { return Ok(false) };
            answer.give(db, run, number, at)?;
            execute(
                db,
                "UPDATE invocations SET state = 'running', updated_ms = max(updated_ms, ?), lease_owner = NULL,
                     lease_until_ms = 0 WHERE run = ? AND state = 'parked'",
                (at, run),
            )?;
            if let Some(row) = event_row {
                mark_routed(db, row)?;
            }
            if let Some(told) = &told {
                told.post(db, None)?;
            }
            Ok(true)
        })
        .await
    }
}

/// What a run waits for, by its row.
pub(crate) fn of_run(db: &Connection, run: i64) -> Result<Option<Wait>, StoreError> {
    Ok(select(db, "WHERE waits.run = ?", (run,))?.pop())
}

/// Answers the row of the invocation, if the wait was there.
fn remove(db: &Connection, invocation: &str, number: u32) -> Result<Option<i64>, StoreError> {
    first(
        db,
        "DELETE FROM waits WHERE run = (SELECT run FROM invocations WHERE id = ?) AND number = ? RETURNING run",
        (invocation, number),
        |row| Ok(row.get(0)?),
    )
}

fn select(db: &Connection, rest: &str, params: impl Params) -> Result<Vec<Wait>, StoreError> {
    let mut statement = db.prepare_cached(&format!("{SELECT} {rest}"))?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        match wait(row) {
            Ok(wait) => found.push(wait),
            // One that a later witbot stored, perhaps. It must not hold up the others.
            Err(error) => {
                let invocation: String = row.get("id")?;
                tracing::error!(
                    "the run {invocation} waits for something that is not understood: {error}"
                );
            }
        }
    }
    Ok(found)
}

fn wait(row: &Row<'_>) -> Result<Wait, StoreError> {
    let name: String = row.get("name")?;
    let operation = Operation::recorded(&name, json(row, "arguments")?);
    Ok(Wait {
        invocation: id(row, "id")?,
        number: row.get("number")?,
        operation: operation.ok_or_else(|| damaged("name", format!("a call `{name}`")))?,
        key: row.get("key")?,
        deadline: millis(row, "deadline_ms")?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use witbot_core::call::{self, Ask, AwaitEvent, Sleep};
    use witbot_core::chat::Answerers;
    use witbot_core::journal::{Commit, Entry, State};

    use super::*;
    use crate::fixture::{begun, finish, invocation_id, lease, place, store, webhook};
    use crate::invocations::Status;

    async fn parked(store: &Store, name: &str, deadline: u64) -> (InvocationId, Wait) {
        parked_at(store, name, &format!("key:{name}"), deadline).await
    }

    async fn parked_at(
        store: &Store,
        name: &str,
        key: &str,
        deadline: u64,
    ) -> (InvocationId, Wait) {
        let operation = Sleep { milliseconds: 5 }.into();
        park(store, name, operation, key, deadline).await
    }

    async fn park(
        store: &Store,
        name: &str,
        operation: Operation,
        key: &str,
        deadline: u64,
    ) -> (InvocationId, Wait) {
        let lease = lease("a", 2_000);
        let id = begun(store, name, &lease).await;
        let entries = vec![Entry::begin(0, &operation, UnixMillis(20))];
        let (key, deadline) = (key.to_owned(), UnixMillis(deadline));
        let wait = Wait {
            invocation: id.clone(),
            number: 0,
            operation,
            key,
            deadline,
        };
        let commit = Commit {
            entries,
            state: Some(State::Parked(Box::new(wait.clone()))),
            ..Commit::default()
        };
        store.commit(&id, &lease, commit).await.unwrap();
        (id, wait)
    }

    #[tokio::test]
    async fn a_wait_is_fulfilled_once() {
        let (_folder, store) = store();
        let (id, wait) = parked(&store, "1", 500).await;
        assert_eq!(
            store.invocation(&id).await.unwrap().unwrap().status,
            Status::Parked
        );
        assert_eq!(
            store
                .recover(UnixMillis(50), |_, _| None)
                .await
                .unwrap()
                .runs,
            [],
            "it does not run"
        );
        let answers = tokio::join!(
            store.fulfil(
                &wait,
                Outcome::Ok(json!("first")),
                UnixMillis(30),
                None,
                None
            ),
            store.fulfil(
                &wait,
                Outcome::Ok(json!("second")),
                UnixMillis(31),
                None,
                None
            ),
        );
        assert_eq!(answers, (Ok(true), Ok(false)));
        let entry = store.journal(&id).await.unwrap().remove(0);
        assert_eq!(
            (entry.outcome, entry.at),
            (Some(Outcome::Ok(json!("first"))), UnixMillis(30))
        );
        assert_eq!(store.wait(&id).await.unwrap(), None);
        let run = store
            .claim(&id, &lease("b", 9_000), UnixMillis(40), |_, _| None)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((run.status, run.attempts), (Status::Running, 0));
        assert_eq!(
            store
                .claim(&id, &lease("c", 9_000), UnixMillis(40), |_, _| None)
                .await
                .unwrap(),
            None
        );
        finish(&store, &id, &lease("b", 9_000)).await.unwrap();
    }

    #[tokio::test]
    async fn a_parked_run_that_is_claimed_waits_no_more() {
        let (_folder, store) = store();
        let (id, wait) = parked(&store, "1", 500).await;
        assert!(
            store
                .claim(&id, &lease("b", 9_000), UnixMillis(40), |_, _| None)
                .await
                .unwrap()
                .is_some()
        );
        assert_eq!(
            store
                .fulfil(&wait, Outcome::Ok(json!(1)), UnixMillis(50), None, None)
                .await,
            Ok(false)
        );
        assert_eq!(store.journal(&id).await.unwrap()[0].outcome, None);
        // It finds nothing and waits for the same call again.
        let again = Commit {
            state: Some(State::Parked(Box::new(wait.clone()))),
            ..Commit::default()
        };
        store.commit(&id, &lease("b", 9_000), again).await.unwrap();
        assert_eq!(
            store
                .fulfil(&wait, Outcome::Ok(json!(1)), UnixMillis(60), None, None)
                .await,
            Ok(true)
        );
    }

    #[tokio::test]
    async fn waits_are_found_by_run_key_and_deadline_also_after_a_restart() {
        let (folder, store) = store();
        let (id, late) = parked(&store, "1", 900).await;
        let (_, soon) = parked(&store, "2", 500).await;
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.wait(&id).await.unwrap(), Some(late.clone()));
        assert_eq!(store.wait(&invocation_id("3")).await.unwrap(), None);
        let by_key = async |key: &str| store.waits_for_key(key, None, 9).await.unwrap();
        assert_eq!(by_key("key:1").await, std::slice::from_ref(&late));
        assert_eq!(by_key("key:3").await, []);
        let due = async |at, limit| store.waits_due(UnixMillis(at), true, limit).await.unwrap();
        assert_eq!(due(499, 9).await, []);
        assert_eq!(due(500, 9).await, std::slice::from_ref(&soon));
        assert_eq!(due(900, 1).await, std::slice::from_ref(&soon));
        assert_eq!(due(900, 9).await, [soon, late]);
        let next = async |after| store.next_deadline(UnixMillis(after)).await.unwrap();
        assert_eq!(next(0).await, Some(UnixMillis(500)));
        assert_eq!(next(500).await, Some(UnixMillis(900)));
        assert_eq!(next(900).await, None);
    }

    #[tokio::test]
    async fn due_are_those_that_are_asked_about_or_the_others() {
        let (_folder, store) = store();
        for (name, key) in [
            "time",
            "ask ops",
            "asking",
            "event push a",
            "run circleci 1",
        ]
        .into_iter()
        .enumerate()
        {
            parked_at(&store, &name.to_string(), key, 500).await;
        }
        for asked_about in [true, false] {
            let due = store.waits_due(UnixMillis(500), asked_about, 9).await;
            let keys: Vec<_> = due.unwrap().into_iter().map(|wait| wait.key).collect();
            assert!(
                keys.iter()
                    .all(|key| call::is_asked_about(key) == asked_about),
                "{keys:?}"
            );
            assert_eq!(keys.len(), if asked_about { 3 } else { 2 });
        }
    }

    #[tokio::test]
    async fn the_waits_of_a_key_are_read_in_pages() {
        let (_folder, store) = store();
        let mut parked_runs = Vec::new();
        for name in ["1", "2", "3"] {
            parked_runs.push(parked_at(&store, name, "k", 500).await.0);
        }
        parked(&store, "4", 500).await;
        let page = async |after, limit| {
            let found = store.waits_for_key("k", after, limit).await.unwrap();
            found
                .into_iter()
                .map(|wait| wait.invocation)
                .collect::<Vec<_>>()
        };
        assert_eq!(page(None, 2).await, parked_runs[..2]);
        assert_eq!(page(Some(&parked_runs[1]), 2).await, parked_runs[2..]);
        assert_eq!(page(Some(&parked_runs[2]), 2).await, []);
        let keys = async |after| store.wait_keys(after, 1).await.unwrap();
        assert_eq!(keys(None).await, ["k"]);
        assert_eq!(keys(Some("k")).await, ["key:4"]);
        assert_eq!(keys(Some("key:4")).await, [] as [&str; 0]);
        let both = vec!["k".to_owned(), "key:4".to_owned(), "x".to_owned()];
        assert_eq!(store.runs_waiting_for(both).await.unwrap().len(), 4);
        assert!(store.is_waited_for("k").await.unwrap());
        assert!(!store.is_waited_for("ke").await.unwrap());
        assert_eq!(store.waits_besides("key").await.unwrap(), 3);
    }

    #[tokio::test]
    async fn questions_are_found_by_whom_they_are_for() {
        let (_folder, store) = store();
        let asked = async |name: &str, user: &str, answerers| {
            let ask = Ask {
                place: place(),
                user: user.parse().unwrap(),
                question: "Tea?".into(),
                choices: vec!["Yes".into()],
                answerers,
                timeout_ms: 9,
            };
            park(&store, name, ask.into(), "ask ops", 500).await.0
        };
        let first = asked("1", "ada", Answerers::Asked).await;
        let anyone = asked("2", "bob", Answerers::Anyone).await;
        asked("3", "bob", Answerers::Asked).await;
        let last = asked("4", "ada", Answerers::Asked).await;
        let questions = async |limit| {
            let ada = "ada".parse().unwrap();
            let found = store.questions("ask ops", &ada, limit).await.unwrap();
            found
                .into_iter()
                .map(|wait| wait.invocation)
                .collect::<Vec<_>>()
        };
        assert_eq!(questions(9).await, [last.clone(), anyone, first]);
        assert_eq!(questions(1).await, [last]);
    }

    #[tokio::test]
    async fn only_waits_for_what_came_after_they_began_are_over_at_the_start() {
        let (_folder, store) = store();
        let wait_for = async |name: &str, subject: &str, after| {
            let operation = AwaitEvent {
                kind: "github.push".into(),
                subject: subject.into(),
                after,
                timeout_ms: 9,
            };
            park(&store, name, operation.into(), "k", 500).await.0
        };
        let first = wait_for("1", "acme/api", 0).await;
        let second = wait_for("2", "acme/api", 1).await;
        wait_for("3", "acme/api", 1_000).await;
        wait_for("4", "acme/web", 0).await;
        parked(&store, "5", 500).await;
        let none = store.waits_for_what_came(None, 9).await.unwrap();
        assert_eq!(none, []);
        let push = webhook("push", "github.push", "acme/api");
        store.accept(&push, true).await.unwrap();
        let page = async |after, limit| {
            let found = store.waits_for_what_came(after, limit).await.unwrap();
            found
                .into_iter()
                .map(|wait| wait.invocation)
                .collect::<Vec<_>>()
        };
        assert_eq!(page(None, 9).await, [first.clone(), second.clone()]);
        assert_eq!(page(None, 1).await, std::slice::from_ref(&first));
        assert_eq!(page(Some(&first), 9).await, [second]);
    }

    #[tokio::test]
    async fn waits_last_as_long_as_they_were_to_when_the_clock_is_set() {
        let (_folder, store) = store();
        // The calls began at 20.
        parked(&store, "1", 500).await;
        let set = async |by_ms, since, now| {
            let (since, now) = (UnixMillis(since), UnixMillis(now));
            store.clock_was_set(by_ms, since, now).await.unwrap()
        };
        let deadline = async || store.next_deadline(UnixMillis(0)).await.unwrap();
        assert_eq!(set(1_000, 1_100, 1_200).await, 1);
        assert_eq!(deadline().await, Some(UnixMillis(1_500)));
        assert_eq!(set(-1_200, 21, 30).await, 1);
        assert_eq!(deadline().await, Some(UnixMillis(300)));
        assert_eq!(set(-200, 15, 30).await, 0, "it began by the new time");
        assert_eq!(deadline().await, Some(UnixMillis(300)));
    }

    #[tokio::test]
    async fn no_wait_lasts_longer_than_altogether_when_the_clock_was_set_back_meanwhile() {
        let (_folder, store) = store();
        // It began at 20 and was to last for 5.
        parked(&store, "1", 25).await;
        let later = async |now| store.is_from_later_than(UnixMillis(now), 3).await.unwrap();
        let latest = store
            .invocation(&invocation_id("1"))
            .await
            .unwrap()
            .unwrap();
        let latest = latest.updated.0.max(20);
        assert!(!later(latest).await);
        let back = async |now| store.clock_was_set_back(UnixMillis(now), 9).await.unwrap();
        let deadline = async || store.next_deadline(UnixMillis(0)).await.unwrap();
        assert_eq!(back(20).await, 0, "it is as it should be");
        assert_eq!(back(22).await, 0, "it will end in time");
        assert_eq!(deadline().await, Some(UnixMillis(25)));
        assert!(later(4).await);
        assert_eq!(back(4).await, 1);
        assert_eq!(deadline().await, Some(UnixMillis(9)));
        assert_eq!(back(4).await, 0);
    }

    /// How SQLite goes about a query over waits: with many of them, none may read the whole table.
    #[tokio::test]
    async fn what_the_bot_asks_often_is_answered_by_indices() {
        let (_folder, store) = store();
        let page = format!("WHERE key = 'k' AND waits.run > {AFTER} ORDER BY waits.run LIMIT 9");
        for sql in [
            format!("{SELECT} WHERE id = ?"),
            format!("{SELECT} {page}"),
            format!("{SELECT} {DUE}"),
            "SELECT deadline_ms FROM waits WHERE deadline_ms > ? ORDER BY deadline_ms LIMIT 1"
                .into(),
            "SELECT 1 FROM waits WHERE key = ? LIMIT 1".into(),
            "SELECT * FROM invocations WHERE state = 'running' ORDER BY run".into(),
            "SELECT id, event FROM inbox WHERE routed = 0 ORDER BY id".into(),
        ] {
            let plan = plan(&store, &sql).await;
            let read_whole = |step: &&String| {
                step.starts_with("SCAN") && !step.contains("inbox_unrouted")
                    || step.contains("TEMP B-TREE")
            };
            assert_eq!(plan.iter().find(read_whole), None, "{sql}: {plan:#?}");
        }
    }

    async fn plan(store: &Store, sql: &str) -> Vec<String> {
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let question = move |db: &Connection| {
            let mut statement = db.prepare(&sql)?;
            let mut steps = statement.raw_query();
            let mut plan = Vec::new();
            while let Some(step) = steps.next()? {
                plan.push(step.get("detail")?);
            }
            Ok::<Vec<String>, StoreError>(plan)
        };
        let plan = store.read(question).await.unwrap();
        assert!(!plan.is_empty());
        plan
    }
}
