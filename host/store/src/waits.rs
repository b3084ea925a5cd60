//! What parked runs wait for. Who learns something looks here; whoever fulfils a wait first, wins.

use rusqlite::{Connection, Params, Row};

use witbot_core::call::Operation;
use witbot_core::ids::UnixMillis;
use witbot_core::journal::{Outcome, Outgoing, Wait};

use crate::Store;
use crate::column::{damaged, execute, first, id, json, millis, stored_millis};
use crate::error::StoreError;
use crate::inbox::mark_routed;
use crate::outbox::Letter;

const SELECT: &str =
    "SELECT id, number, name, journal.arguments AS arguments, key, deadline_ms, looks
     FROM waits JOIN journal USING (run, number) JOIN invocations USING (run)";

impl Store {
    /// Every wait, the soonest deadline first. There can be very many: to look only at those that are over, see
    /// [`Store::waits_due`].
    pub async fn waits(&self) -> Result<Vec<Wait>, StoreError> {
        self.read(|db| select(db, "ORDER BY deadline_ms, run", ()))
            .await
    }

    /// The waits that something about a key may end.
    pub async fn waits_for_key(&self, key: &str) -> Result<Vec<Wait>, StoreError> {
        let key = key.to_owned();
        self.read(move |db| select(db, "WHERE key = ? ORDER BY run", (key,)))
            .await
    }

    /// The waits whose deadline is not after a time, the soonest first.
    pub async fn waits_due(&self, at: UnixMillis, limit: u32) -> Result<Vec<Wait>, StoreError> {
        let at = stored_millis(at);
        self.read(move |db| {
            select(
                db,
                "WHERE deadline_ms <= ? ORDER BY deadline_ms, run LIMIT ?",
                (at, limit),
            )
        })
        .await
    }

    /// The soonest deadline of all.
    pub async fn next_deadline(&self) -> Result<Option<UnixMillis>, StoreError> {
        self.read(|db| {
            let sql = "SELECT deadline_ms FROM waits ORDER BY deadline_ms LIMIT 1";
            first(db, sql, (), |row| millis(row, "deadline_ms"))
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
        let outcome = serde_json::to_string(&outcome)?;
        let told = told.map(|told| Letter::new(told, at)).transpose()?;
        let (which, number, at) = (wait.invocation.to_string(), wait.number, stored_millis(at));
        self.write(move |db| {
            let Some(run) = remove(db, &which, number)? else { return Ok(false) };
            execute(
                db,
                "UPDATE journal SET outcome = ?, at_ms = ? WHERE run = ? AND number = ? AND outcome IS NULL",
                (outcome, at, run, number),
            )?;
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

    /// Counts a look that did not end a wait.
    pub async fn looked(&self, wait: &Wait) -> Result<(), StoreError> {
        let (which, number) = (wait.invocation.to_string(), wait.number);
        self.write(move |db| {
            execute(
                db,
                "UPDATE waits SET looks = looks + 1
                 WHERE run = (SELECT run FROM invocations WHERE id = ?) AND number = ?",
                (which, number),
            )?;
            Ok(())
        })
        .await
    }
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
        looks: row.get("looks")?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use witbot_core::call::Sleep;
    use witbot_core::ids::InvocationId;
    use witbot_core::journal::{Commit, Entry, State};

    use super::*;
    use crate::fixture::{begun, finish, lease, store};
    use crate::invocations::Status;

    async fn parked(store: &Store, name: &str, deadline: u64) -> (InvocationId, Wait) {
        let lease = lease("a", 2_000);
        let id = begun(store, name, &lease).await;
        let operation: Operation = Sleep { milliseconds: 5 }.into();
        let entries = vec![Entry::begin(0, &operation, UnixMillis(20))];
        let (key, deadline) = (format!("key:{name}"), UnixMillis(deadline));
        let wait = Wait {
            invocation: id.clone(),
            number: 0,
            operation,
            key,
            deadline,
            looks: 0,
        };
        let commit = Commit {
            entries,
            state: Some(State::Parked(wait.clone())),
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
        assert_eq!(store.recover().await.unwrap().runs, [], "it does not run");
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
        assert_eq!(store.waits().await.unwrap(), []);
        let run = store
            .claim(&id, &lease("b", 9_000), UnixMillis(40))
            .await
            .unwrap()
            .unwrap();
        assert_eq!((run.status, run.attempts), (Status::Running, 0));
        assert_eq!(
            store
                .claim(&id, &lease("c", 9_000), UnixMillis(40))
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
                .claim(&id, &lease("b", 9_000), UnixMillis(40))
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
            state: Some(State::Parked(wait.clone())),
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
    async fn waits_are_found_by_key_and_deadline_also_after_a_restart() {
        let (folder, store) = store();
        let (_, late) = parked(&store, "1", 900).await;
        let (_, soon) = parked(&store, "2", 500).await;
        store.looked(&late).await.unwrap();
        let late = Wait { looks: 1, ..late };
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.waits().await.unwrap(), [soon.clone(), late.clone()]);
        assert_eq!(store.waits_for_key("key:1").await.unwrap(), [late]);
        assert_eq!(store.waits_for_key("key:3").await.unwrap(), []);
        assert_eq!(store.waits_due(UnixMillis(499), 9).await.unwrap(), []);
        assert_eq!(store.waits_due(UnixMillis(500), 9).await.unwrap(), [soon]);
        assert_eq!(store.next_deadline().await.unwrap(), Some(UnixMillis(500)));
    }
}
