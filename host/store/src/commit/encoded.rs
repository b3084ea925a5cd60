//! A commit on its way to the disk.

use rusqlite::{Connection, params};
use tokio::sync::mpsc::Sender;

use witbot_core::ids::{ChannelId, InvocationId, UnixMillis};
use witbot_core::journal::{Commit, Outcome};

use super::CommitError;
use super::row::{Beginning, Line, Standing, expect_one};
use crate::answer::Answer;
use crate::audit;
use crate::column::{execute, first, stored_millis};
use crate::error::StoreError;
use crate::inbox::mark_routed;
use crate::invocations::Lease;
use crate::outbox::{Delivery, HandedOver, Letter, Posted};
use crate::usage::Usage;

/// A commit with everything turned into text: everybody waits for the thread that stores it, so it only has to store.
pub(crate) struct Encoded {
    id: InvocationId,
    lease: Lease,
    begin: Option<Beginning>,
    standing: Standing,
    entries: Vec<Line>,
    answers: Vec<(u32, Answer, i64)>,
    outgoing: Vec<Letter>,
    sender: Option<Sender<Delivery>>,
    audit: Vec<String>,
    usage: Usage,
    limits: Option<String>,
    report: Option<String>,
}

/// What a commit came to, before it is on the disk.
pub(crate) struct Applied {
    /// The row of the invocation.
    pub(crate) run: i64,
    handed_over: Vec<HandedOver>,
    queued: Vec<ChannelId>,
}

impl Applied {
    /// The commit is on the disk. Answers the channels in which something waits to be said.
    pub(crate) fn go(mut self) -> Vec<ChannelId> {
        self.handed_over.into_iter().for_each(HandedOver::go);
        self.queued.sort();
        self.queued.dedup();
        self.queued
    }
}

impl Encoded {
    pub(crate) fn new(
        id: &InvocationId,
        lease: &Lease,
        commit: Commit,
        sender: Option<Sender<Delivery>>,
    ) -> Result<Encoded, StoreError> {
        let at = newest(&commit);
        let answer = |(number, outcome, at): &(u32, Outcome, UnixMillis)| {
            Ok((*number, Answer::new(outcome)?, stored_millis(*at)))
        };
        Ok(Encoded {
            id: id.clone(),
            lease: lease.clone(),
            begin: commit.begin.map(Beginning::new).transpose()?,
            standing: Standing::after(commit.state, stored_millis(at)),
            entries: commit
                .entries
                .into_iter()
                .map(Line::new)
                .collect::<Result<_, _>>()?,
            answers: commit
                .answers
                .iter()
                .map(answer)
                .collect::<Result<_, StoreError>>()?,
            outgoing: commit
                .outgoing
                .into_iter()
                .map(|one| Letter::new(one, at))
                .collect::<Result<_, _>>()?,
            sender,
            audit: audit::texts(&commit.audit)?,
            usage: Usage::new(commit.usage)?,
            limits: commit
                .limits
                .map(|limits| serde_json::to_string(&limits))
                .transpose()?,
            report: commit
                .failure
                .map(|report| serde_json::to_string(&report))
                .transpose()?,
        })
    }

    /// Stores all of it. An error leaves it to the caller to undo the rest.
    pub(crate) fn apply(&self, db: &Connection) -> Result<Applied, CommitError> {
        let run = match &self.begin {
            Some(begin) => self.begin(db, begin)?,
            None => self.hold(db)?,
        };
        for line in &self.entries {
            line.insert(db, run)?;
        }
        for (number, answer, at) in &self.answers {
            expect_one(answer.give(db, run, *number, *at)?)?;
        }
        let (mut handed_over, mut queued) = (Vec::new(), Vec::new());
        for letter in &self.outgoing {
            match letter.post(db, self.sender.as_ref())? {
                Posted::HandedOver(letter) => handed_over.push(*letter),
                Posted::Queued(channel) => queued.push(channel),
            }
        }
        audit::append(db, &self.audit)?;
        self.usage.count(db)?;
        if let Some(wait) = &self.standing.wait {
            execute(
                db,
                "INSERT INTO waits (run, number, key, deadline_ms) VALUES (?, ?, ?, ?)",
                (run, wait.number, &wait.key, stored_millis(wait.deadline)),
            )?;
        }
        if self.limits.is_some() || self.report.is_some() {
            execute(
                db,
                "UPDATE invocations SET limits = coalesce(?, limits), report = coalesce(?, report) WHERE run = ?",
                (&self.limits, &self.report, run),
            )?;
        }
        Ok(Applied {
            run,
            handed_over,
            queued,
        })
    }

    fn begin(&self, db: &Connection, begin: &Beginning) -> Result<i64, CommitError> {
        let run = begin.insert(db, &self.id, &self.standing, Some(&self.lease))?;
        if let Some(event) = begin.routed() {
            mark_routed(db, event)?;
        }
        run.ok_or(CommitError::Superseded)
    }

    /// Makes sure that the invocation is ours, and brings its row up to date. One that was canceled while it was about to
    /// wait is not parked: when it is run again, it is told.
    fn hold(&self, db: &Connection) -> Result<i64, CommitError> {
        let standing = &self.standing;
        let (owner, until) = standing.held_by(Some(&self.lease));
        let row = params![
            standing.status.as_str(),
            standing.reason,
            standing.incident,
            standing.at,
            owner,
            until,
            self.id.as_str(),
            self.lease.owner,
        ];
        let run = first(
            db,
            "UPDATE invocations
             SET state = ?1, reason = ?2, incident = ?3, updated_ms = max(updated_ms, ?4),
                 lease_owner = ?5, lease_until_ms = ?6, attempts = iif(?1 = 'parked', 0, attempts)
             WHERE id = ?7 AND state = 'running' AND (lease_owner IS NULL OR lease_owner = ?8)
                 AND NOT (?1 = 'parked' AND canceled_by IS NOT NULL)
             RETURNING run",
            row,
            |row| Ok(row.get(0)?),
        )?;
        run.ok_or(CommitError::Superseded)
    }
}

/// The latest time that a commit names.
fn newest(commit: &Commit) -> UnixMillis {
    let begin = commit.begin.iter().map(|begin| begin.at);
    let entries = commit.entries.iter().map(|entry| entry.at);
    let answers = commit.answers.iter().map(|(_, _, at)| *at);
    let audit = commit.audit.iter().map(|record| record.at);
    let all = begin.chain(entries).chain(answers).chain(audit);
    all.max().unwrap_or_default().max(commit.at)
}
