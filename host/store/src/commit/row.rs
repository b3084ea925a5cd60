//! The rows of a commit, as they are stored.

use rusqlite::{Connection, params};

use witbot_core::ids::InvocationId;
use witbot_core::journal::{Begin, Entry, Outcome, State, Wait};

use super::CommitError;
use crate::answer::Answer;
use crate::column::{execute, stored_millis};
use crate::error::StoreError;
use crate::invocations::{Lease, Status};

/// The columns of an invocation that begins.
pub(crate) struct Beginning {
    begin: Begin,
    arguments: String,
}

impl Beginning {
    pub(crate) fn new(begin: Begin) -> Result<Beginning, StoreError> {
        let arguments = serde_json::to_string(&begin.arguments)?;
        Ok(Beginning { begin, arguments })
    }

    /// The row of the event, if it needs no more routing.
    pub(crate) fn routed(&self) -> Option<i64> {
        self.begin.routed.then_some(self.begin.event)
    }

    /// Answers its row, or nothing if there is such an invocation already.
    pub(crate) fn insert(
        &self,
        db: &Connection,
        id: &InvocationId,
        standing: &Standing,
        lease: Option<&Lease>,
    ) -> Result<Option<i64>, rusqlite::Error> {
        let Begin {
            event,
            plugin,
            digest,
            handler,
            permission,
            at,
            ..
        } = &self.begin;
        let (owner, until) = standing.held_by(lease);
        let created = stored_millis(*at);
        let inserted = execute(
            db,
            "INSERT INTO invocations (id, event, plugin, digest, handler, arguments, state, reason, incident,
                 created_ms, updated_ms, lease_owner, lease_until_ms, permission)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            params![
                id.as_str(),
                event,
                plugin.as_str(),
                digest.as_bytes(),
                handler,
                self.arguments,
                standing.status.as_str(),
                standing.reason,
                standing.incident,
                created,
                standing.at.max(created),
                owner,
                until,
                permission.as_str(),
            ],
        )?;
        Ok((inserted == 1).then(|| db.last_insert_rowid()))
    }
}

/// The columns that say how an invocation stands after a commit.
pub(crate) struct Standing {
    pub(crate) status: Status,
    pub(crate) reason: Option<String>,
    pub(crate) incident: Option<String>,
    pub(crate) wait: Option<Wait>,
    /// The latest time in the commit, or 0.
    pub(crate) at: i64,
}

impl Standing {
    pub(crate) fn running(at: i64) -> Standing {
        Standing {
            status: Status::Running,
            reason: None,
            incident: None,
            wait: None,
            at,
        }
    }

    pub(crate) fn after(state: Option<State>, at: i64) -> Standing {
        let mut standing = Standing::running(at);
        match state {
            None => (),
            Some(State::Parked(wait)) => {
                standing.status = Status::Parked;
                standing.wait = Some(*wait);
            }
            Some(State::Done) => standing.status = Status::Done,
            Some(State::Failed { reason, incident }) => {
                standing.status = Status::Failed;
                standing.reason = Some(reason);
                standing.incident = Some(incident);
            }
        }
        standing
    }

    /// A lease lasts only while the invocation runs.
    pub(crate) fn held_by<'a>(&self, lease: Option<&'a Lease>) -> (Option<&'a str>, i64) {
        match lease.filter(|_| self.status == Status::Running) {
            Some(lease) => (Some(&lease.owner), stored_millis(lease.until)),
            None => (None, 0),
        }
    }
}

/// The columns of a call.
pub(crate) struct Line {
    entry: Entry,
    arguments: String,
    answer: Option<Answer>,
}

impl Line {
    pub(crate) fn new(entry: Entry) -> Result<Line, StoreError> {
        let arguments = entry.arguments.to_string();
        let answer = entry.outcome.as_ref().map(Answer::new).transpose()?;
        Ok(Line {
            entry,
            arguments,
            answer,
        })
    }

    /// Gives a call its answer.
    pub(crate) fn answer(&mut self, outcome: &Outcome) -> Result<(), StoreError> {
        self.answer = Some(Answer::new(outcome)?);
        Ok(())
    }

    /// The number is the fence: of two runs of the same invocation only one gets it.
    pub(crate) fn insert(&self, db: &Connection, run: i64) -> Result<(), CommitError> {
        let Entry {
            number,
            name,
            digest,
            at,
            ..
        } = &self.entry;
        let kept = self.answer.as_ref().map(|answer| answer.keep(db));
        let (outcome, outcome_digest) = kept.transpose()?.unwrap_or_default();
        let inserted = execute(
            db,
            "INSERT INTO journal (run, number, name, arguments, digest, at_ms, outcome, outcome_digest)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, number) DO NOTHING",
            (
                run,
                number,
                name,
                &self.arguments,
                digest.as_bytes(),
                stored_millis(*at),
                outcome,
                outcome_digest,
            ),
        )?;
        expect_one(inserted)
    }
}

/// A number that is taken, or an answer that is there, means that somebody else was here.
pub(crate) fn expect_one(rows: usize) -> Result<(), CommitError> {
    if rows == 1 {
        Ok(())
    } else {
        Err(CommitError::Superseded)
    }
}
