//! Cancels a run: at once where nobody runs it, and otherwise by a note that whoever runs it finds when it would wait.

use rusqlite::Connection;

use witbot_core::audit::Record;
use witbot_core::error::Error;
use witbot_core::event::Event;
use witbot_core::ids::{InvocationId, UnixMillis};
use witbot_core::journal::{Outcome, Outgoing, Wait};

use super::{Invocation, Status, find};
use crate::Store;
use crate::answer::Answer;
use crate::audit;
use crate::column::{execute, first, stored_millis};
use crate::error::StoreError;
use crate::inbox;
use crate::outbox::Letter;
use crate::waits;

/// Who cancels a run, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Cancel {
    /// As the plugin and the operator read it.
    pub by: String,
    /// When.
    pub at: UnixMillis,
    /// What is audited, if there is anything to cancel.
    pub audit: Record,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Canceled {
    /// It waited. The wait is over, and the run is free to be claimed.
    Woken,
    /// It is run, or is to be run: it is told when it would wait.
    Noted,
    /// It was put aside, and has ended now.
    Ended,
    /// Somebody did that before.
    Before(String),
    /// It had ended.
    Over(Status),
    /// There is no such run.
    Unknown,
}

impl Store {
    /// Cancels a run. What is to be told about it in the chat is asked for as the run stands, with its event and with what
    /// it waits for; it is queued.
    pub async fn cancel(
        &self,
        invocation: &InvocationId,
        cancel: Cancel,
        told: impl FnOnce(&Invocation, Option<&Event>, Option<&Wait>) -> Vec<Outgoing> + Send + 'static,
    ) -> Result<Canceled, StoreError> {
        let which = invocation.clone();
        self.write(move |db| {
            let Some((run, found)) = find(db, &which)? else {
                return Ok(Canceled::Unknown);
            };
            match (found.status, &found.canceled_by) {
                (Status::Done | Status::Failed, _) => return Ok(Canceled::Over(found.status)),
                (_, Some(by)) => return Ok(Canceled::Before(by.clone())),
                (Status::Running | Status::Parked | Status::Dead, None) => {}
            }
            let wait = waits::of_run(db, run)?;
            let event = inbox::event_at(db, found.event)?;
            for outgoing in told(&found, event.as_ref(), wait.as_ref()) {
                Letter::new(outgoing, cancel.at)?.post(db, None)?;
            }
            audit::append(db, &audit::texts(std::slice::from_ref(&cancel.audit))?)?;
            apply(db, run, &found, &cancel)
        })
        .await
    }

    /// Who wants the run to end, if somebody does.
    pub async fn canceled_by(
        &self,
        invocation: &InvocationId,
    ) -> Result<Option<String>, StoreError> {
        let found = self.invocation(invocation).await?;
        Ok(found.and_then(|found| found.canceled_by))
    }
}

fn apply(
    db: &Connection,
    run: i64,
    found: &Invocation,
    cancel: &Cancel,
) -> Result<Canceled, StoreError> {
    let at = stored_millis(cancel.at);
    execute(
        db,
        "UPDATE invocations SET canceled_by = ?, updated_ms = max(updated_ms, ?) WHERE run = ?",
        (&cancel.by, at, run),
    )?;
    match found.status {
        Status::Parked => {
            let answer = Answer::new(&Outcome::Error(Error::canceled(&cancel.by)))?;
            let sql = "DELETE FROM waits WHERE run = ? RETURNING number";
            if let Some(number) = first(db, sql, (run,), |row| Ok(row.get(0)?))? {
                answer.give(db, run, number, at)?;
            }
            execute(
                db,
                "UPDATE invocations SET state = 'running', lease_owner = NULL, lease_until_ms = 0 WHERE run = ?",
                (run,),
            )?;
            Ok(Canceled::Woken)
        }
        Status::Dead => {
            let reason = Error::canceled(&cancel.by).message;
            execute(
                db,
                "UPDATE invocations SET state = 'failed', reason = ?, incident = ? WHERE run = ?",
                (reason, found.id.short(), run),
            )?;
            Ok(Canceled::Ended)
        }
        Status::Running | Status::Done | Status::Failed => Ok(Canceled::Noted),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use witbot_core::call::{Operation, Sleep};
    use witbot_core::journal::{Commit, Entry, State};

    use super::*;
    use crate::commit::CommitError;
    use crate::fixture::{begun, finish, lease, outgoing, record, store};

    fn by(name: &str) -> Cancel {
        Cancel {
            by: name.to_owned(),
            at: UnixMillis(50),
            audit: record("run.cancel"),
        }
    }

    async fn cancel(store: &Store, id: &InvocationId, name: &str) -> Canceled {
        let told = |run: &Invocation, event: Option<&Event>, _: Option<&Wait>| {
            assert!(event.is_some());
            vec![outgoing(&run.id, 900, "canceled", false)]
        };
        store.cancel(id, by(name), told).await.unwrap()
    }

    fn sleep(id: &InvocationId) -> Commit {
        let operation: Operation = Sleep { milliseconds: 5 }.into();
        Commit {
            entries: vec![Entry::begin(0, &operation, UnixMillis(20))],
            state: Some(State::Parked(Box::new(Wait {
                invocation: id.clone(),
                number: 0,
                key: operation.wait_key(),
                operation,
                deadline: UnixMillis(500),
            }))),
            ..Commit::default()
        }
    }

    #[tokio::test]
    async fn a_parked_run_is_told_at_once_and_once() {
        let (_folder, store) = store();
        let ours = lease("a", 2_000);
        let id = begun(&store, "1", &ours).await;
        store.commit(&id, &ours, sleep(&id)).await.unwrap();
        assert_eq!(cancel(&store, &id, "ada").await, Canceled::Woken);
        assert_eq!(
            cancel(&store, &id, "bob").await,
            Canceled::Before("ada".into())
        );
        assert_eq!(store.wait(&id).await.unwrap(), None);
        let entry = store.journal(&id).await.unwrap().remove(0);
        assert_eq!(entry.outcome, Some(Outcome::Error(Error::canceled("ada"))));
        assert_eq!(store.outbox_waiting(&"ops".parse().unwrap()).await, Ok(1));
        assert_eq!(store.audit_verify().await.unwrap(), 1);
        let run = store.claim(&id, &ours, UnixMillis(60), nobody).await;
        assert_eq!(run.unwrap().unwrap().canceled_by.as_deref(), Some("ada"));
        finish(&store, &id, &ours).await.unwrap();
        assert_eq!(
            cancel(&store, &id, "bob").await,
            Canceled::Over(Status::Done)
        );
    }

    #[tokio::test]
    async fn a_run_that_was_canceled_while_it_ran_cannot_be_parked() {
        let (_folder, store) = store();
        let ours = lease("a", 2_000);
        let id = begun(&store, "1", &ours).await;
        assert_eq!(cancel(&store, &id, "ada").await, Canceled::Noted);
        assert_eq!(
            store.canceled_by(&id).await.unwrap().as_deref(),
            Some("ada")
        );
        assert_eq!(
            store.commit(&id, &ours, sleep(&id)).await,
            Err(CommitError::Superseded)
        );
        assert_eq!(store.journal(&id).await.unwrap(), []);
        let told = Commit {
            entries: vec![Entry {
                outcome: Some(Outcome::Ok(json!(1))),
                ..Entry::begin(0, &Sleep { milliseconds: 5 }.into(), UnixMillis(20))
            }],
            ..Commit::default()
        };
        store.commit(&id, &ours, told).await.unwrap();
    }

    #[tokio::test]
    async fn a_dead_run_ends_and_an_unknown_one_is_unknown() {
        let (_folder, store) = store();
        let ours = lease("a", 2_000);
        let id = begun(&store, "1", &ours).await;
        while store.invocation(&id).await.unwrap().unwrap().status != Status::Dead {
            let stuck = store
                .could_not_go_on(&id, &ours, "no file", UnixMillis(50), nobody)
                .await;
            assert!(stuck.unwrap().is_some());
        }
        assert_eq!(cancel(&store, &id, "ada").await, Canceled::Ended);
        let run = store.invocation(&id).await.unwrap().unwrap();
        assert_eq!(
            (run.status, run.reason.as_deref(), run.incident.as_deref()),
            (Status::Failed, Some("canceled by ada"), Some(id.short()))
        );
        let unknown = crate::fixture::invocation_id("other");
        assert_eq!(cancel(&store, &unknown, "ada").await, Canceled::Unknown);
    }

    fn nobody(_: &Invocation, _: &Event) -> Option<Outgoing> {
        None
    }
}
