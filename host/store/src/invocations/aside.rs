//! Runs that are put aside, because hosts were stopped in the middle of them or could not go on with them too often; and
//! how they get back.

use rusqlite::Connection;
use serde_json::json;

use witbot_core::audit::Record;
use witbot_core::event::{Body, Event};
use witbot_core::ids::{InvocationId, UnixMillis, UserId};
use witbot_core::journal::Outgoing;
use witbot_core::limits::ATTEMPTS_MAX;

use super::{Invocation, Lease, Status, find};
use crate::Store;
use crate::audit;
use crate::column::execute;
use crate::error::StoreError;
use crate::inbox;
use crate::outbox::Letter;
use crate::turns;

/// What is said in the chat about a run that is put aside, in the transaction that does it. It is queued.
pub type LastWord = fn(&Invocation, &Event) -> Option<Outgoing>;

impl Store {
    /// Notes that a run that we claimed could not go on. Answers how it stands now: free to be claimed again, or put aside.
    /// None: it is not ours.
    pub async fn could_not_go_on(
        &self,
        invocation: &InvocationId,
        lease: &Lease,
        why: &str,
        at: UnixMillis,
        last_word: LastWord,
    ) -> Result<Option<Invocation>, StoreError> {
        let (which, lease, why) = (invocation.clone(), lease.clone(), why.to_owned());
        self.write(move |db| {
            let Some((run, mut found)) = find(db, &which)? else {
                return Ok(None);
            };
            let others = found
                .lease
                .as_ref()
                .is_some_and(|held| held.owner != lease.owner);
            if others || found.status != Status::Running {
                return Ok(None);
            }
            found.attempts += 1;
            let why = format!("it could not go on, {} times: {why}", found.attempts);
            found.settle(None, &why);
            found.save(db, run)?;
            found.say(db, at, last_word)?;
            Ok(Some(found))
        })
        .await
    }

    /// Lets a run that was put aside run again, as if it had never been tried. Answers how it stood before; none: there is
    /// no such run.
    pub async fn retry(
        &self,
        invocation: &InvocationId,
        record: Record,
    ) -> Result<Option<Status>, StoreError> {
        let which = invocation.clone();
        self.write(move |db| {
            let Some((run, found)) = find(db, &which)? else {
                return Ok(None);
            };
            if found.status == Status::Dead {
                execute(
                    db,
                    "UPDATE invocations SET state = 'running', reason = NULL, attempts = 0, lease_owner = NULL,
                         lease_until_ms = 0 WHERE run = ?",
                    (run,),
                )?;
                turns::leave_all(db, run)?;
                audit::append(db, &audit::texts(&[record])?)?;
            }
            Ok(Some(found.status))
        })
        .await
    }
}

impl Invocation {
    /// Says what there is to say about a run that is put aside, in the chat and in the audit.
    pub(super) fn say(
        &self,
        db: &Connection,
        at: UnixMillis,
        last_word: LastWord,
    ) -> Result<(), StoreError> {
        if self.status != Status::Dead {
            return Ok(());
        }
        let event = inbox::event_at(db, self.event)?;
        let actor = event.as_ref().and_then(|event| match &event.body {
            Body::Message(message) => Some(message.user.id.clone()),
            Body::Click(click) => Some(click.user.id.clone()),
            Body::Webhook(_) => None,
        });
        audit::append(db, &audit::texts(&[self.aside(actor, at)])?)?;
        if let Some(outgoing) = event.and_then(|event| last_word(self, &event)) {
            Letter::new(outgoing, self.updated)?.post(db, None)?;
        }
        Ok(())
    }

    fn aside(&self, actor: Option<UserId>, at: UnixMillis) -> Record {
        Record {
            at,
            actor,
            plugin: Some(self.plugin.clone()),
            digest: Some(self.digest),
            invocation: Some(self.id.clone()),
            action: "run.dead".to_owned(),
            detail: json!({ "reason": self.reason, "incident": self.id.short() }),
            outcome: "dead".to_owned(),
        }
    }

    /// Gives it to an owner, or puts it aside.
    pub(super) fn settle(&mut self, lease: Option<Lease>, why: &str) {
        if self.attempts >= ATTEMPTS_MAX {
            self.status = Status::Dead;
            self.reason = Some(why.to_owned());
            self.lease = None;
        } else {
            self.status = Status::Running;
            self.lease = lease;
        }
    }

    /// Why it is put aside when hosts were stopped in the middle of it.
    pub(super) fn stopped(&self) -> String {
        format!(
            "witbot was stopped in the middle of it {} times",
            self.attempts
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Filter;
    use crate::fixture::{begun, lease, outgoing, record, store};

    fn word(run: &Invocation, _: &Event) -> Option<Outgoing> {
        Some(outgoing(&run.id, 901, "it is put aside", false))
    }

    #[tokio::test]
    async fn one_that_cannot_go_on_is_put_aside_with_one_line_and_can_come_back() {
        let (_folder, store) = store();
        let ours = lease("a", 2_000);
        let id = begun(&store, "1", &ours).await;
        let channel = "ops".parse().unwrap();
        for attempt in 1..=ATTEMPTS_MAX {
            assert_eq!(store.outbox_waiting(&channel).await, Ok(0));
            let run = store.claim(&id, &ours, UnixMillis(40), word).await.unwrap();
            assert_eq!(run.unwrap().attempts, attempt - 1);
            let stuck = store
                .could_not_go_on(&id, &ours, "no file", UnixMillis(50), word)
                .await;
            assert_eq!(stuck.unwrap().unwrap().attempts, attempt);
        }
        let dead = store.invocation(&id).await.unwrap().unwrap();
        assert_eq!(
            (dead.status, dead.reason.as_deref()),
            (Status::Dead, Some("it could not go on, 5 times: no file"))
        );
        assert_eq!(store.outbox_waiting(&channel).await, Ok(1));
        let told = store.audit_tail(9, Filter::default()).await.unwrap();
        let [told] = told.as_slice() else {
            panic!("told once, not {told:?}");
        };
        assert_eq!(
            (told.record.action.as_str(), told.record.at),
            ("run.dead", UnixMillis(50))
        );
        assert_eq!(told.record.detail["incident"], id.short());
        assert_eq!(
            told.record.detail["reason"],
            "it could not go on, 5 times: no file"
        );
        let again = store
            .could_not_go_on(&id, &ours, "no file", UnixMillis(50), word)
            .await;
        assert_eq!(again, Ok(None));

        let before = store.retry(&id, record("run.retry")).await;
        assert_eq!(before, Ok(Some(Status::Dead)));
        let before = store.retry(&id, record("run.retry")).await;
        assert_eq!(before, Ok(Some(Status::Running)));
        assert_eq!(store.audit_verify().await, Ok(2), "once");
        let run = store.claim(&id, &ours, UnixMillis(40), word).await.unwrap();
        let run = run.unwrap();
        assert_eq!((run.attempts, run.reason), (0, None));
    }
}
