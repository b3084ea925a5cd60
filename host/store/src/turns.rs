//! Lines in which runs of a plugin stand, first come first. A run that has ended, or was put aside, stands in none: there is
//! nothing that would have to be given back.

use rusqlite::Connection;
use serde_json::{Value, json};

use witbot_core::error::{Code, Error};
use witbot_core::ids::{InvocationId, PluginName};

use crate::Store;
use crate::column::{all, execute, first};
use crate::error::StoreError;

/// Those in a line that count.
const STANDING: &str = "turns JOIN invocations USING (run) WHERE turns.plugin = ?1 AND line = ?2 \
     AND state IN ('running', 'parked')";

impl Store {
    /// How many stand in a line before a run. None: it does not stand there.
    pub async fn ahead(
        &self,
        plugin: &PluginName,
        line: &str,
        run: &InvocationId,
    ) -> Result<Option<u32>, StoreError> {
        let (plugin, line, run) = (plugin.to_string(), line.to_owned(), run.to_string());
        self.read(move |db| {
            let sql = format!("SELECT seq FROM {STANDING} AND invocations.id = ?3");
            let seq = first(db, &sql, (&plugin, &line, &run), |row| Ok(row.get(0)?))?;
            seq.map(|seq| before(db, &plugin, &line, seq)).transpose()
        })
        .await
    }

    /// The lines in which runs stand, each with the plugin and one of its runs.
    pub async fn lines(&self) -> Result<Vec<(PluginName, String, InvocationId)>, StoreError> {
        self.read(|db| {
            let sql =
                "SELECT turns.plugin, line, invocations.id FROM turns JOIN invocations USING (run)
                       WHERE state IN ('running', 'parked')";
            all(db, sql, (), |row| {
                let run = crate::column::id(row, "id")?;
                Ok((crate::column::id(row, "plugin")?, row.get("line")?, run))
            })
        })
        .await
    }
}

pub(crate) fn line_up(
    db: &Connection,
    plugin: &str,
    line: &str,
    run: i64,
    most: u32,
) -> Result<Result<Value, Error>, StoreError> {
    let sql = "SELECT seq FROM turns WHERE plugin = ? AND line = ? AND run = ?";
    let stands = first(db, sql, (plugin, line, run), |row| Ok(row.get(0)?))?;
    let seq = match stands {
        Some(seq) => seq,
        None => {
            forget_gone(db, plugin, line)?;
            let length = before(db, plugin, line, i64::MAX)?;
            if length >= most {
                let text = format!("{length} runs stand in the line `{line}` already");
                return Ok(Err(Error::new(Code::RateLimited, text)));
            }
            execute(
                db,
                "INSERT INTO turns (plugin, line, run) VALUES (?, ?, ?)",
                (plugin, line, run),
            )?;
            db.last_insert_rowid()
        }
    };
    Ok(Ok(json!(before(db, plugin, line, seq)?)))
}

pub(crate) fn leave(db: &Connection, plugin: &str, line: &str, run: i64) -> Result<(), StoreError> {
    execute(
        db,
        "DELETE FROM turns WHERE plugin = ? AND line = ? AND run = ?",
        (plugin, line, run),
    )?;
    Ok(())
}

/// Takes those from their lines who were put aside and are to go on: others have had their turn since.
pub(crate) fn leave_all(db: &Connection, run: i64) -> Result<(), StoreError> {
    execute(db, "DELETE FROM turns WHERE run = ?", (run,))?;
    Ok(())
}

/// Those who do not count any more are not to be passed over again with each look.
fn forget_gone(db: &Connection, plugin: &str, line: &str) -> Result<(), StoreError> {
    execute(
        db,
        "DELETE FROM turns WHERE plugin = ? AND line = ? AND run IN (
             SELECT run FROM invocations WHERE invocations.run = turns.run
                 AND state NOT IN ('running', 'parked'))",
        (plugin, line),
    )?;
    Ok(())
}

fn before(db: &Connection, plugin: &str, line: &str, seq: i64) -> Result<u32, StoreError> {
    let sql = format!("SELECT count(*) FROM {STANDING} AND seq < ?3");
    let count = first(db, &sql, (plugin, line, seq), |row| Ok(row.get(0)?))?;
    Ok(count.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use witbot_core::call::LineUp;
    use witbot_core::ids::UnixMillis;
    use witbot_core::journal::{Commit, Entry, Outcome, State};
    use witbot_core::limits::ATTEMPTS_MAX;

    use super::*;
    use crate::fixture::{begun, lease, record, store};
    use crate::invocations::Status;
    use crate::record::Change;

    const LINE: &str = "api in staging";

    fn plugin() -> PluginName {
        "deploy".parse().unwrap()
    }

    async fn change(store: &Store, id: &InvocationId, number: u32, change: Change) -> Outcome {
        let call = LineUp {
            line: LINE.to_owned(),
        }
        .into();
        let entry = Entry::begin(number, &call, UnixMillis(20));
        let (lease, plugin, commit) = (lease("a", 2_000), plugin(), Commit::default());
        let recorded = store.record(id, &lease, commit, entry, &plugin, change);
        recorded.await.unwrap().0
    }

    async fn line_up(store: &Store, id: &InvocationId, number: u32) -> Outcome {
        change(store, id, number, Change::LineUp(LINE.to_owned(), 3)).await
    }

    async fn ahead(store: &Store, id: &InvocationId) -> Option<u32> {
        store.ahead(&plugin(), LINE, id).await.unwrap()
    }

    #[tokio::test]
    async fn who_comes_first_is_first_and_keeps_its_place() {
        let (_folder, store) = store();
        let mut ids = Vec::new();
        for (index, name) in ["1", "2", "3"].into_iter().enumerate() {
            let id = begun(&store, name, &lease("a", 2_000)).await;
            assert_eq!(line_up(&store, &id, 0).await, Outcome::Ok(json!(index)));
            ids.push(id);
        }
        assert_eq!(line_up(&store, &ids[1], 1).await, Outcome::Ok(json!(1)));
        change(&store, &ids[0], 1, Change::Leave(LINE.to_owned())).await;
        assert_eq!(ahead(&store, &ids[0]).await, None);
        assert_eq!(ahead(&store, &ids[1]).await, Some(0));
        assert_eq!(ahead(&store, &ids[2]).await, Some(1));
        // Who comes back stands behind the others.
        assert_eq!(line_up(&store, &ids[0], 2).await, Outcome::Ok(json!(2)));
    }

    #[tokio::test]
    async fn whose_run_is_over_stands_nowhere() {
        let (_folder, store) = store();
        let lease = lease("a", 2_000);
        let failed = State::Failed {
            reason: "no".to_owned(),
            incident: "1".to_owned(),
        };
        for (name, state) in [("1", State::Done), ("2", failed)] {
            let first = begun(&store, name, &lease).await;
            let second = begun(&store, &format!("{name} next"), &lease).await;
            line_up(&store, &first, 0).await;
            line_up(&store, &second, 0).await;
            assert_eq!(ahead(&store, &second).await, Some(1));
            let over = Commit {
                state: Some(state),
                ..Commit::default()
            };
            store.commit(&first, &lease, over).await.unwrap();
            assert_eq!(ahead(&store, &second).await, Some(0));
            let lines = store.lines().await.unwrap();
            assert_eq!(lines, [(plugin(), LINE.to_owned(), second.clone())]);
            change(&store, &second, 1, Change::Leave(LINE.to_owned())).await;
        }
    }

    #[tokio::test]
    async fn who_was_put_aside_does_not_come_back_before_the_others() {
        let (_folder, store) = store();
        let lease = lease("a", 2_000);
        let first = begun(&store, "1", &lease).await;
        let second = begun(&store, "2", &lease).await;
        line_up(&store, &first, 0).await;
        line_up(&store, &second, 0).await;
        for _ in 0..ATTEMPTS_MAX {
            let stuck =
                store.could_not_go_on(&first, &lease, "no file", UnixMillis(50), |_, _| None);
            stuck.await.unwrap().unwrap();
        }
        assert_eq!(ahead(&store, &first).await, None);
        assert_eq!(ahead(&store, &second).await, Some(0));
        let before = store.retry(&first, record("run.retry")).await.unwrap();
        assert_eq!(before, Some(Status::Dead));
        assert_eq!(ahead(&store, &first).await, None);
        assert_eq!(ahead(&store, &second).await, Some(0));
    }

    #[tokio::test]
    async fn a_line_has_an_end() {
        let (_folder, store) = store();
        for name in ["1", "2", "3"] {
            let id = begun(&store, name, &lease("a", 2_000)).await;
            line_up(&store, &id, 0).await;
        }
        let late = begun(&store, "4", &lease("a", 2_000)).await;
        let Outcome::Error(error) = line_up(&store, &late, 0).await else {
            panic!("there is no room")
        };
        assert_eq!(error.code, Code::RateLimited);
        assert_eq!(ahead(&store, &late).await, None);
    }
}
