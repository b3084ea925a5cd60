//! The audit: who did what, in a chain in which nothing can be changed, removed or moved unnoticed.
//!
//! The hashes have no key: they show tampering to somebody who kept the head of the chain elsewhere, and clumsy tampering
//! to everybody.

use rusqlite::{Connection, Row};

use witbot_core::audit::Record;
use witbot_core::ids::{Digest, PluginName, UnixMillis, UserId};

use crate::Store;
use crate::column::{all, execute, json, stored_millis};
use crate::error::{Failure, StoreError};

/// A record in its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Counted from 1.
    pub seq: i64,
    /// What happened.
    pub record: Record,
    /// Of the record and all before it.
    pub hash: String,
}

/// Which records are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only of this plugin.
    pub plugin: Option<PluginName>,
    /// Only caused by this person.
    pub actor: Option<UserId>,
    /// Only of this action.
    pub action: Option<String>,
    /// Only from this time on.
    pub since: Option<UnixMillis>,
}

/// What is wrong with an audit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// The chain is broken.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where the chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit was tampered with: {what} at record {seq}; compare it with a backup")]
pub struct Broken {
    /// The first record that is not as it was written.
    pub seq: i64,
    /// In which way.
    pub what: &'static str,
}

impl From<rusqlite::Error> for AuditError {
    fn from(error: rusqlite::Error) -> AuditError {
        AuditError::Store(error.into())
    }
}

impl Failure for AuditError {
    fn of_store(&self) -> Option<&StoreError> {
        match self {
            AuditError::Broken(_) => None,
            AuditError::Store(error) => Some(error),
        }
    }
}

impl Store {
    /// Appends records that do not belong to an invocation. Those that do are part of its commits.
    pub async fn audit(&self, records: Vec<Record>) -> Result<(), StoreError> {
        let texts = texts(&records)?;
        self.write(move |db| Ok(append(db, &texts)?)).await
    }

    /// The latest records that a filter lets through, in the order in which they were written.
    pub async fn audit_tail(&self, limit: u32, filter: Filter) -> Result<Vec<Link>, StoreError> {
        let mut found = self.read(move |db| tail(db, limit, &filter)).await?;
        found.reverse();
        Ok(found)
    }

    /// Checks the whole chain, and answers how many records it has.
    pub async fn audit_verify(&self) -> Result<u64, AuditError> {
        self.read(verify).await
    }
}

/// Records as they are stored.
pub(crate) fn texts(records: &[Record]) -> Result<Vec<String>, StoreError> {
    records
        .iter()
        .map(|record| Ok(serde_json::to_string(record)?))
        .collect()
}

/// Appends records to the chain.
pub(crate) fn append(db: &Connection, texts: &[String]) -> Result<(), rusqlite::Error> {
    if texts.is_empty() {
        return Ok(());
    }
    let (mut seq, mut previous) = head(db)?;
    for text in texts {
        let hash = hash(&previous, text);
        seq += 1;
        let row = (seq, text, &previous, &hash);
        execute(
            db,
            "INSERT INTO audit (seq, record, previous, hash) VALUES (?, ?, ?, ?)",
            row,
        )?;
        previous = hash;
    }
    execute(
        db,
        "UPDATE audit_head SET seq = ?, hash = ?",
        (seq, &previous),
    )?;
    Ok(())
}

fn head(db: &Connection) -> Result<(i64, String), rusqlite::Error> {
    let mut statement = db.prepare_cached("SELECT seq, hash FROM audit_head")?;
    statement.query_row((), |row| Ok((row.get(0)?, row.get(1)?)))
}

fn hash(previous: &str, text: &str) -> String {
    Digest::of(format!("{previous}\n{text}").as_bytes()).to_string()
}

fn tail(db: &Connection, limit: u32, filter: &Filter) -> Result<Vec<Link>, StoreError> {
    let Filter {
        plugin,
        actor,
        action,
        since,
    } = filter;
    all(
        db,
        "SELECT seq, record, hash FROM audit
         WHERE (?1 IS NULL OR record ->> 'plugin' = ?1) AND (?2 IS NULL OR record ->> 'actor' = ?2)
             AND (?3 IS NULL OR record ->> 'action' = ?3) AND (?4 IS NULL OR record ->> 'at' >= ?4)
         ORDER BY seq DESC LIMIT ?5",
        (
            plugin.as_ref().map(PluginName::as_str),
            actor.as_ref().map(UserId::as_str),
            action,
            since.map(stored_millis),
            limit,
        ),
        link,
    )
}

fn link(row: &Row<'_>) -> Result<Link, StoreError> {
    Ok(Link {
        seq: row.get("seq")?,
        record: json(row, "record")?,
        hash: row.get("hash")?,
    })
}

fn verify(db: &Connection) -> Result<u64, AuditError> {
    // In one transaction, so that records that are appended meanwhile do not look like a wrong head.
    let transaction = db.unchecked_transaction()?;
    let (end, last) = head(&transaction)?;
    let mut statement =
        transaction.prepare_cached("SELECT seq, record, previous, hash FROM audit ORDER BY seq")?;
    let mut rows = statement.query(())?;
    let (mut records, mut previous) = (0, String::new());
    while let Some(row) = rows.next()? {
        records += 1;
        let (seq, record): (i64, String) = (row.get(0)?, row.get(1)?);
        let (before, stored): (String, String) = (row.get(2)?, row.get(3)?);
        let broken = |seq, what| Err(Broken { seq, what }.into());
        if seq != records {
            return broken(records, "something was removed or added");
        }
        if before != previous {
            return broken(seq, "something was removed, added or moved");
        }
        previous = hash(&previous, &record);
        if stored != previous {
            return broken(seq, "something was changed");
        }
    }
    if (end, &last) != (records, &previous) {
        return Err(Broken {
            seq: records + 1,
            what: "the end was removed or added",
        }
        .into());
    }
    Ok(records.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{record, store};

    async fn with_records() -> (tempfile::TempDir, Store) {
        let (folder, store) = store();
        store.audit(vec![record("a"), record("b")]).await.unwrap();
        store
            .audit(vec![record("c"), record("d"), record("e")])
            .await
            .unwrap();
        assert_eq!(store.audit_verify().await, Ok(5));
        (folder, store)
    }

    #[tokio::test]
    async fn tampering_is_found() {
        for (sql, seq, what) in [
            (
                "UPDATE audit SET record = replace(record, 'U1', 'U2') WHERE seq = 2",
                2,
                "something was changed",
            ),
            (
                "UPDATE audit SET hash = (SELECT hash FROM audit WHERE seq = 1) WHERE seq = 3",
                3,
                "something was changed",
            ),
            (
                "DELETE FROM audit WHERE seq = 2",
                2,
                "something was removed or added",
            ),
            (
                "DELETE FROM audit WHERE seq = 5",
                5,
                "the end was removed or added",
            ),
            ("DELETE FROM audit", 1, "the end was removed or added"),
            (
                "DELETE FROM audit WHERE seq = 2; UPDATE audit SET seq = seq - 1 WHERE seq > 2",
                2,
                "something was removed, added or moved",
            ),
            (
                "UPDATE audit SET seq = 9 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;
                 UPDATE audit SET seq = 3 WHERE seq = 9",
                2,
                "something was removed, added or moved",
            ),
            (
                "INSERT INTO audit SELECT 6, record, hash, hash FROM audit WHERE seq = 5",
                6,
                "something was changed",
            ),
        ] {
            let (_folder, store) = with_records().await;
            store
                .write(move |db| Ok::<_, StoreError>(db.execute_batch(sql)?))
                .await
                .unwrap();
            assert_eq!(
                store.audit_verify().await,
                Err(Broken { seq, what }.into()),
                "{sql}"
            );
        }
    }

    #[tokio::test]
    async fn the_latest_records_are_shown_in_order() {
        let (_folder, store) = with_records().await;
        let other = Record {
            plugin: None,
            actor: Some("U2".parse().unwrap()),
            at: UnixMillis(99),
            ..record("a")
        };
        store.audit(vec![other]).await.unwrap();
        let show = async |limit, filter| {
            let links = store.audit_tail(limit, filter).await.unwrap();
            links
                .into_iter()
                .map(|link| format!("{}{}", link.seq, link.record.action))
                .collect::<Vec<_>>()
        };
        assert_eq!(show(2, Filter::default()).await, ["5e", "6a"]);
        assert_eq!(
            show(
                9,
                Filter {
                    action: Some("a".into()),
                    ..Filter::default()
                }
            )
            .await,
            ["1a", "6a"]
        );
        let plugin = Some("deploy".parse().unwrap());
        assert_eq!(
            show(
                1,
                Filter {
                    plugin,
                    ..Filter::default()
                }
            )
            .await,
            ["5e"]
        );
        assert_eq!(
            show(
                9,
                Filter {
                    actor: Some("U2".parse().unwrap()),
                    ..Filter::default()
                }
            )
            .await,
            ["6a"]
        );
        assert_eq!(
            show(
                9,
                Filter {
                    since: Some(UnixMillis(16)),
                    ..Filter::default()
                }
            )
            .await,
            ["6a"]
        );
    }
}
