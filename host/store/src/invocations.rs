//! Runs of handlers: which there are, and who runs them.

mod answered;
mod aside;
mod cancel;
mod kept;

use rusqlite::{Connection, Row};

use witbot_core::event::Source;
use witbot_core::ids::{ChannelId, Digest, InvocationId, PluginName, UnixMillis, UserId};
use witbot_core::journal::{Entry, Permission};

use crate::Store;
use crate::answer::OUTCOME;
use crate::column::{
    all, damaged, digest, execute, first, id, json, json_option, millis, stored_millis,
};
use crate::error::StoreError;

pub use aside::LastWord;
pub use cancel::{Cancel, Canceled};

/// The right to run an invocation. Whoever has lost it can store nothing more of that run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it: a text that nobody else uses, nor a later host in this place.
    pub owner: String,
    /// When others may take it for granted that the owner is gone.
    pub until: UnixMillis,
}

/// One handler's answer to one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// Its id.
    pub id: InvocationId,
    /// The row of the event in the inbox.
    pub event: i64,
    /// Whose handler.
    pub plugin: PluginName,
    /// Of which version.
    pub digest: Digest,
    /// Which handler.
    pub handler: String,
    /// The named values of the command or listener.
    pub arguments: Vec<(String, String)>,
    /// Whether it may be done.
    pub permission: Permission,
    /// How it stands.
    pub status: Status,
    /// Why it failed or was put aside.
    pub reason: Option<String>,
    /// What the chat and the log call its failure.
    pub incident: Option<String>,
    /// Who wants it to end.
    pub canceled_by: Option<String>,
    /// How often a host was stopped in the middle of it, or could not go on with it, since it began or last waited.
    pub attempts: u32,
    /// When it began.
    pub created: UnixMillis,
    /// The latest time in its record.
    pub updated: UnixMillis,
    /// Who runs it. None: nobody.
    pub lease: Option<Lease>,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is run, or is to be run.
    Running,
    /// It waits.
    Parked,
    /// It came to its end.
    Done,
    /// It came to a bad end.
    Failed,
    /// It was put aside: hosts were stopped in the middle of it, or could not go on with it, too often.
    Dead,
}

impl Status {
    /// The word in the database and in lists.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Parked => "parked",
            Status::Done => "done",
            Status::Failed => "failed",
            Status::Dead => "dead",
        }
    }

    /// The status that a word stands for.
    pub fn named(word: &str) -> Option<Status> {
        let all = [
            Status::Running,
            Status::Parked,
            Status::Done,
            Status::Failed,
            Status::Dead,
        ];
        all.into_iter().find(|status| status.as_str() == word)
    }
}

/// Which runs are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Only of this plugin.
    pub plugin: Option<PluginName>,
    /// Only with this status.
    pub status: Option<Status>,
    /// At most so many.
    pub limit: u32,
}

/// Whose runs, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theirs {
    /// The chat.
    pub source: Source,
    /// Who began them.
    pub user: UserId,
    /// In which channel.
    pub channel: ChannelId,
    /// Only those that began with an event before this row of the inbox.
    pub before_row: i64,
}

/// What a start finds unfinished.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recovered {
    /// To be claimed and run again, oldest first.
    pub runs: Vec<Invocation>,
    /// Put aside by this start: the operator has to be told.
    pub dead: Vec<Invocation>,
}

impl Store {
    /// What an invocation has done, in the order of its calls. Empty if there is no such invocation.
    pub async fn journal(&self, invocation: &InvocationId) -> Result<Vec<Entry>, StoreError> {
        let which = invocation.as_str().to_owned();
        self.read(move |db| {
            let sql = format!(
                "SELECT number, name, journal.arguments, journal.digest, at_ms, {OUTCOME} AS outcome
                 FROM invocations JOIN journal USING (run) WHERE id = ? ORDER BY number"
            );
            all(db, &sql, (which,), entry)
        })
        .await
    }

    /// An invocation by its id.
    pub async fn invocation(
        &self,
        invocation: &InvocationId,
    ) -> Result<Option<Invocation>, StoreError> {
        let which = invocation.as_str().to_owned();
        self.read(move |db| {
            first(
                db,
                "SELECT * FROM invocations WHERE id = ?",
                (which,),
                self::invocation,
            )
        })
        .await
    }

    /// The newest invocations, newest first.
    pub async fn invocations(&self, filter: Filter) -> Result<Vec<Invocation>, StoreError> {
        self.read(move |db| {
            let plugin = filter.plugin.as_ref().map(PluginName::as_str);
            all(
                db,
                "SELECT * FROM invocations WHERE (?1 IS NULL OR plugin = ?1) AND (?2 IS NULL OR state = ?2)
                 ORDER BY run DESC LIMIT ?3",
                (plugin, filter.status.map(Status::as_str), filter.limit),
                invocation,
            )
        })
        .await
    }

    /// The invocations of one person in one channel that are not over, newest first.
    pub async fn invocations_of(
        &self,
        theirs: Theirs,
        limit: u32,
    ) -> Result<Vec<Invocation>, StoreError> {
        self.read(move |db| {
            all(
                db,
                "SELECT invocations.* FROM invocations JOIN inbox ON inbox.id = invocations.event
                 WHERE state IN ('running', 'parked', 'dead') AND kind IS NULL AND inbox.id < ? AND source = ?
                     AND json_extract(inbox.event, '$.body.message.user.id') = ?
                     AND json_extract(inbox.event, '$.body.message.place.channel') = ?
                 ORDER BY run DESC LIMIT ?",
                (
                    theirs.before_row,
                    theirs.source.as_str(),
                    theirs.user.as_str(),
                    theirs.channel.as_str(),
                    limit,
                ),
                invocation,
            )
        })
        .await
    }

    /// The first runs of a plugin that go on, or are to begin, and that nobody holds, in the order of their events. At most
    /// `limit`, each with the row of its event.
    pub async fn unclaimed(
        &self,
        plugin: &PluginName,
        limit: usize,
    ) -> Result<Vec<(i64, InvocationId)>, StoreError> {
        let plugin = plugin.clone();
        self.read(move |db| {
            all(
                db,
                "SELECT event, id FROM invocations WHERE state = 'running' AND lease_owner IS NULL AND plugin = ?
                 ORDER BY event LIMIT ?",
                (plugin.as_str(), i64::try_from(limit).unwrap_or(i64::MAX)),
                |row| Ok((row.get("event")?, id(row, "id")?)),
            )
        })
        .await
    }

    /// The versions of plugins that unfinished invocations began with: their artefacts are still needed.
    pub async fn digests_in_use(&self) -> Result<Vec<Digest>, StoreError> {
        self.read(|db| {
            all(
                db,
                "SELECT DISTINCT digest FROM invocations WHERE state IN ('running', 'parked', 'dead')",
                (),
                |row| digest(row, "digest"),
            )
        })
        .await
    }

    /// Takes a running or parked invocation for a run; a wait of it is forgotten, for the run will wait again if it
    /// must. None: there is nothing to run, or another owner's lease is good until after `at`.
    ///
    /// When its last owner was lost in the middle of it once too often, it is put aside instead, and returned as
    /// [`Status::Dead`]: then tell the operator and do not run it.
    pub async fn claim(
        &self,
        invocation: &InvocationId,
        lease: &Lease,
        at: UnixMillis,
        last_word: LastWord,
    ) -> Result<Option<Invocation>, StoreError> {
        let (which, lease) = (invocation.clone(), lease.clone());
        self.write(move |db| {
            let Some((run, mut found)) = find(db, &which)? else {
                return Ok(None);
            };
            let other = found
                .lease
                .as_ref()
                .filter(|held| held.owner != lease.owner);
            match found.status {
                Status::Done | Status::Failed | Status::Dead => return Ok(None),
                Status::Running if other.is_some_and(|held| held.until > at) => return Ok(None),
                Status::Running => found.attempts += u32::from(other.is_some()),
                Status::Parked => {
                    execute(db, "DELETE FROM waits WHERE run = ?", (run,))?;
                }
            }
            let why = found.stopped();
            found.settle(Some(lease), &why);
            found.save(db, run)?;
            found.say(db, at, last_word)?;
            Ok(Some(found))
        })
        .await
    }

    /// The runs whose id begins with a text, newest first, at most ten: people write the beginning of one.
    pub async fn invocations_like(&self, beginning: &str) -> Result<Vec<Invocation>, StoreError> {
        let beginning = beginning.to_owned();
        self.read(move |db| {
            let sql = "SELECT * FROM invocations WHERE substr(id, 1, length(?1)) = ?1 ORDER BY run DESC LIMIT 10";
            all(db, sql, (beginning,), invocation)
        })
        .await
    }

    /// What was running when the last host ended, however that ended. Nobody can be running it now, since the folder
    /// is ours, so all of it is free to be claimed.
    pub async fn recover(
        &self,
        at: UnixMillis,
        last_word: LastWord,
    ) -> Result<Recovered, StoreError> {
        self.write(move |db| {
            let read = |row: &Row<'_>| Ok((row.get::<_, i64>("run")?, invocation(row)?));
            let mut found = all(
                db,
                "SELECT * FROM invocations WHERE state = 'running' ORDER BY run",
                (),
                read,
            )?;
            let mut recovered = Recovered::default();
            // Not the order in which they were stored: several events are taken up at once.
            found.sort_by_key(|(_, run)| run.event);
            for (run, mut found) in found {
                // One that nobody had taken yet did not bring the host down.
                if found.lease.is_some() {
                    found.attempts += 1;
                    let why = found.stopped();
                    found.settle(None, &why);
                    found.save(db, run)?;
                    found.say(db, at, last_word)?;
                }
                let list = match found.status {
                    Status::Dead => &mut recovered.dead,
                    Status::Running | Status::Parked | Status::Done | Status::Failed => {
                        &mut recovered.runs
                    }
                };
                list.push(found);
            }
            Ok(recovered)
        })
        .await
    }
}

impl Invocation {
    fn save(&self, db: &Connection, run: i64) -> Result<(), rusqlite::Error> {
        let owner = self.lease.as_ref().map(|lease| lease.owner.as_str());
        let until = self
            .lease
            .as_ref()
            .map_or(0, |lease| stored_millis(lease.until));
        execute(
            db,
            "UPDATE invocations SET state = ?, reason = ?, attempts = ?, lease_owner = ?, lease_until_ms = ?
             WHERE run = ?",
            (self.status.as_str(), &self.reason, self.attempts, owner, until, run),
        )?;
        Ok(())
    }
}

/// An invocation with its row.
fn find(db: &Connection, id: &InvocationId) -> Result<Option<(i64, Invocation)>, StoreError> {
    let read = |row: &Row<'_>| Ok((row.get::<_, i64>("run")?, invocation(row)?));
    let sql = "SELECT * FROM invocations WHERE id = ?";
    first(db, sql, (id.as_str(),), read)
}

fn invocation(row: &Row<'_>) -> Result<Invocation, StoreError> {
    let state: String = row.get("state")?;
    let permission: String = row.get("permission")?;
    let owner: Option<String> = row.get("lease_owner")?;
    let until = millis(row, "lease_until_ms")?;
    Ok(Invocation {
        id: id(row, "id")?,
        event: row.get("event")?,
        plugin: id(row, "plugin")?,
        digest: digest(row, "digest")?,
        handler: row.get("handler")?,
        arguments: json(row, "arguments")?,
        permission: Permission::named(&permission)
            .ok_or_else(|| damaged("permission", &permission))?,
        status: Status::named(&state).ok_or_else(|| damaged("state", &state))?,
        reason: row.get("reason")?,
        incident: row.get("incident")?,
        canceled_by: row.get("canceled_by")?,
        attempts: row.get("attempts")?,
        created: millis(row, "created_ms")?,
        updated: millis(row, "updated_ms")?,
        lease: owner.map(|owner| Lease { owner, until }),
    })
}

fn entry(row: &Row<'_>) -> Result<Entry, StoreError> {
    Ok(Entry {
        number: row.get("number")?,
        name: row.get("name")?,
        arguments: json(row, "arguments")?,
        digest: digest(row, "digest")?,
        at: millis(row, "at_ms")?,
        outcome: json_option(row, "outcome")?,
    })
}

#[cfg(test)]
mod tests {
    use witbot_core::event::Event;
    use witbot_core::journal::{Commit, Outgoing, State};
    use witbot_core::limits::ATTEMPTS_MAX;

    use super::*;
    use crate::commit::CommitError;
    use crate::fixture::{begun, finish, lease, store};

    const AT: UnixMillis = UnixMillis(1_000);

    fn nobody(_: &Invocation, _: &Event) -> Option<Outgoing> {
        None
    }

    #[tokio::test]
    async fn a_lease_that_is_good_keeps_others_away() {
        let (_folder, store) = store();
        let id = begun(&store, "1", &lease("a", 2_000)).await;
        assert_eq!(
            store
                .claim(&id, &lease("b", 9_000), AT, nobody)
                .await
                .unwrap(),
            None
        );
        // The owner may take it again, and others when the time is over; then the first one is out.
        assert_eq!(
            store
                .claim(&id, &lease("a", 2_000), AT, nobody)
                .await
                .unwrap()
                .unwrap()
                .attempts,
            0
        );
        let claimed = store
            .claim(&id, &lease("b", 9_000), UnixMillis(2_000), nobody)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (claimed.attempts, claimed.lease),
            (1, Some(lease("b", 9_000)))
        );
        assert_eq!(
            finish(&store, &id, &lease("a", 2_000)).await,
            Err(CommitError::Superseded)
        );
        assert_eq!(finish(&store, &id, &lease("b", 9_000)).await, Ok(()));
        assert_eq!(
            store
                .claim(&id, &lease("b", 9_000), UnixMillis(99_000), nobody)
                .await
                .unwrap(),
            None
        );
    }

    #[tokio::test]
    async fn an_owner_that_is_lost_too_often_is_not_followed() {
        let (_folder, store) = store();
        let id = begun(&store, "1", &lease("0", 0)).await;
        for attempt in 1..ATTEMPTS_MAX {
            let claimed = store
                .claim(&id, &lease(&attempt.to_string(), 0), AT, nobody)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(
                (claimed.status, claimed.attempts),
                (Status::Running, attempt)
            );
        }
        let claimed = store
            .claim(&id, &lease("last", 0), AT, nobody)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(claimed.status, Status::Dead);
        assert_eq!(
            claimed.reason.as_deref(),
            Some("witbot was stopped in the middle of it 5 times")
        );
        assert_eq!(
            finish(&store, &id, &lease("last", 0)).await,
            Err(CommitError::Superseded)
        );
        assert_eq!(
            store
                .claim(&id, &lease("last", 0), AT, nobody)
                .await
                .unwrap(),
            None
        );
    }

    #[tokio::test]
    async fn every_start_that_finds_it_running_is_counted() {
        let (folder, mut store) = store();
        let id = begun(&store, "1", &lease("0", 0)).await;
        for attempt in 1..ATTEMPTS_MAX {
            drop(store);
            store = Store::open(folder.path()).unwrap();
            let recovered = store.recover(UnixMillis(50), nobody).await.unwrap();
            assert_eq!(
                recovered
                    .runs
                    .iter()
                    .map(|run| (&run.id, run.attempts))
                    .collect::<Vec<_>>(),
                [(&id, attempt)]
            );
            // A start that did not get as far as running it does not count.
            assert_eq!(
                store.recover(UnixMillis(50), nobody).await.unwrap().runs[0].attempts,
                attempt
            );
            store
                .claim(&id, &lease(&attempt.to_string(), 9_000), AT, nobody)
                .await
                .unwrap()
                .unwrap();
        }
        let recovered = store.recover(UnixMillis(50), nobody).await.unwrap();
        assert_eq!((recovered.runs.len(), recovered.dead.len()), (0, 1));
        assert_eq!(
            store.invocation(&id).await.unwrap().unwrap().status,
            Status::Dead
        );
        assert_eq!(
            store.recover(UnixMillis(50), nobody).await.unwrap(),
            Recovered::default()
        );
    }

    #[tokio::test]
    async fn lists_are_newest_first_and_filtered() {
        let (_folder, store) = store();
        let lease = lease("a", 2_000);
        let first = begun(&store, "1", &lease).await;
        let second = begun(&store, "2", &lease).await;
        let failed = State::Failed {
            reason: "a trap".into(),
            incident: "i-1".into(),
        };
        store
            .commit(
                &second,
                &lease,
                Commit {
                    state: Some(failed),
                    ..Commit::default()
                },
            )
            .await
            .unwrap();
        let list = async |status, limit| {
            let found = store
                .invocations(Filter {
                    plugin: None,
                    status,
                    limit,
                })
                .await
                .unwrap();
            found.into_iter().map(|run| run.id).collect::<Vec<_>>()
        };
        assert_eq!(list(None, 9).await, [second.clone(), first.clone()]);
        assert_eq!(list(None, 1).await, std::slice::from_ref(&second));
        assert_eq!(list(Some(Status::Running), 9).await, [first]);
        let found = store.invocation(&second).await.unwrap().unwrap();
        assert_eq!(
            (found.status, found.reason.as_deref()),
            (Status::Failed, Some("a trap"))
        );
        assert_eq!(
            (found.incident.as_deref(), found.lease),
            (Some("i-1"), None)
        );
        assert_eq!(store.digests_in_use().await.unwrap().len(), 1);
    }
}
