//! The audit: who did what, in a chain in which nothing can be changed, removed or moved unnoticed.
//!
//! The hashes have no key: they show tampering to somebody who kept the head of the chain elsewhere, and clumsy tampering
//! to everybody.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Row};
use serde_json::json;

use witbot_core::audit::Record;
use witbot_core::ids::{Digest, PluginName, UnixMillis, UserId};
use witbot_core::limits::{AUDIT_FORGOTTEN_ROWS, SETTING_RECORDED_CHARS_MAX};

use crate::Store;
use crate::column::{self, all, execute, first, stored_millis};
use crate::error::{Failure, StoreError};

/// A record in its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Counted from 1.
    pub seq: i64,
    /// What happened.
    pub record: Record,
    /// The hash of the record before it; empty for the first.
    pub previous: String,
    /// Of the record and all before it.
    pub hash: String,
}

impl Link {
    /// Whether it is as it was written, by itself: whether the record before it is the right one is for its hash to say.
    pub fn is_whole(&self) -> bool {
        let text = serde_json::to_string(&self.record);
        text.is_ok_and(|text| hash(&self.previous, &text) == self.hash)
    }
}

/// Which records are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only of this plugin.
    pub plugin: Option<PluginName>,
    /// Only caused by this person.
    pub actor: Option<UserId>,
    /// Only of this action; of all that begin so, when it ends with a dot.
    pub action: Option<String>,
    /// Only what came to this.
    pub outcome: Option<String>,
    /// Only of runs whose id begins so: the number of an incident is such a beginning.
    pub run: Option<String>,
    /// Only from this time on.
    pub since: Option<UnixMillis>,
    /// Only before this time.
    pub until: Option<UnixMillis>,
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

    /// The newest record's number and hash. Who keeps them elsewhere can tell later that nothing until then was changed.
    pub async fn audit_head(&self) -> Result<(i64, String), StoreError> {
        self.read(|db| Ok::<_, StoreError>(head(db)?)).await
    }

    /// The number of the record with a hash, if it is one of the chain: also of the last one that was forgotten.
    pub async fn audit_place_of(&self, hash: String) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT seq FROM audit WHERE hash = ?1 UNION ALL SELECT seq FROM audit_anchor WHERE hash = ?1 AND seq > 0";
        let read = |row: &Row<'_>| Ok(row.get(0)?);
        self.read(move |db| first(db, sql, [hash], read)).await
    }

    /// Forgets all records from before a time that have none after it before them, [`AUDIT_FORGOTTEN_ROWS`] at a time. Each
    /// time is a record itself, and the chain goes on from the last one that was forgotten. Answers how many they were.
    pub async fn audit_prune(
        &self,
        before: UnixMillis,
        now: UnixMillis,
    ) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let records = self.write(move |db| prune(db, before, now)).await?;
            forgotten += records;
            if records < u64::from(AUDIT_FORGOTTEN_ROWS) {
                return Ok(forgotten);
            }
        }
    }

    /// Notes the settings that are taken up, by key, and records what changed since the last time. Nothing changed when
    /// there was no last time.
    pub async fn settings_taken_up(
        &self,
        keys: BTreeMap<String, String>,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        self.write(move |db| taken_up(db, &keys, now)).await
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
        outcome,
        run,
        since,
        until,
    } = filter;
    all(
        db,
        "SELECT seq, record, previous, hash FROM audit
         WHERE (?1 IS NULL OR record ->> 'plugin' = ?1) AND (?2 IS NULL OR record ->> 'actor' = ?2)
             AND (?3 IS NULL OR record ->> 'action' = ?3
                 OR (substr(?3, -1) = '.' AND substr(record ->> 'action', 1, length(?3)) = ?3))
             AND (?4 IS NULL OR record ->> 'at' >= ?4) AND (?6 IS NULL OR record ->> 'at' < ?6)
             AND (?7 IS NULL OR record ->> 'outcome' = ?7)
             AND (?8 IS NULL OR substr(record ->> 'invocation', 1, length(?8)) = ?8)
         ORDER BY seq DESC LIMIT ?5",
        (
            plugin.as_ref().map(PluginName::as_str),
            actor.as_ref().map(UserId::as_str),
            action,
            since.map(stored_millis),
            limit,
            until.map(stored_millis),
            outcome,
            run,
        ),
        link,
    )
}

fn link(row: &Row<'_>) -> Result<Link, StoreError> {
    Ok(Link {
        seq: row.get("seq")?,
        record: column::json(row, "record")?,
        previous: row.get("previous")?,
        hash: row.get("hash")?,
    })
}

fn verify(db: &Connection) -> Result<u64, AuditError> {
    // In one transaction, so that records that are appended meanwhile do not look like a wrong head.
    let transaction = db.unchecked_transaction()?;
    let (end, last) = head(&transaction)?;
    let (forgotten, anchor) = anchor(&transaction)?;
    let mut statement =
        transaction.prepare_cached("SELECT seq, record, previous, hash FROM audit ORDER BY seq")?;
    let mut rows = statement.query(())?;
    let (mut records, mut previous) = (forgotten, anchor.clone());
    // What was forgotten is told by a record further on.
    let mut told = forgotten == 0;
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
        told = told || tells_of(&record, forgotten, &anchor);
    }
    if !told {
        let what = "the beginning was removed";
        return Err(Broken {
            seq: forgotten,
            what,
        }
        .into());
    }
    if (end, &last) != (records, &previous) {
        return Err(Broken {
            seq: records + 1,
            what: "the end was removed or added",
        }
        .into());
    }
    Ok((records - forgotten).cast_unsigned())
}

/// The action of the record which tells that records were forgotten.
const PRUNED: &str = "audit.pruned";

fn anchor(db: &Connection) -> Result<(i64, String), rusqlite::Error> {
    let mut statement = db.prepare_cached("SELECT seq, hash FROM audit_anchor")?;
    statement.query_row((), |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Whether a record tells that all until another one were forgotten.
fn tells_of(text: &str, last: i64, hash: &str) -> bool {
    let record: Option<Record> = serde_json::from_str(text).ok();
    record.is_some_and(|record| {
        let detail = &record.detail;
        record.action == PRUNED && detail["last"] == last && detail["hash"] == hash
    })
}

fn prune(db: &Connection, before: UnixMillis, now: UnixMillis) -> Result<u64, StoreError> {
    let (forgotten, _) = anchor(db)?;
    let (newest, _) = head(db)?;
    // The newest one always stays, so that no number is ever used again.
    let end = (newest - 1).min(forgotten + i64::from(AUDIT_FORGOTTEN_ROWS));
    let sql = "SELECT min(seq) FROM audit WHERE seq <= ? AND record ->> 'at' >= ?";
    let mut statement = db.prepare_cached(sql)?;
    let kept: Option<i64> = statement.query_row((end, stored_millis(before)), |row| row.get(0))?;
    let last = kept.map_or(end, |kept| kept - 1);
    if last <= forgotten {
        return Ok(0);
    }
    let mut statement = db.prepare_cached("SELECT hash FROM audit WHERE seq = ?")?;
    let hash: String = statement.query_row([last], |row| row.get(0))?;
    let records = execute(db, "DELETE FROM audit WHERE seq <= ?", [last])? as u64;
    execute(
        db,
        "UPDATE audit_anchor SET seq = ?, hash = ?",
        (last, &hash),
    )?;
    let detail = json!({ "first": forgotten + 1, "last": last, "records": records, "hash": hash });
    append(db, &texts(&[of_host(PRUNED, detail, now)])?)?;
    Ok(records)
}

fn taken_up(
    db: &Connection,
    keys: &BTreeMap<String, String>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let sql = "SELECT keys FROM settings_taken_up";
    let before: Option<BTreeMap<String, String>> =
        first(db, sql, (), |row| column::json(row, "keys"))?;
    if before.as_ref() == Some(keys) {
        return Ok(());
    }
    let text = serde_json::to_string(keys)?;
    let sql = "INSERT INTO settings_taken_up (id, keys) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET keys = ?1";
    execute(db, sql, [text])?;
    let Some(before) = before else {
        return Ok(());
    };
    let names: BTreeSet<&String> = before.keys().chain(keys.keys()).collect();
    let differs = names
        .into_iter()
        .filter(|name| before.get(*name) != keys.get(*name));
    let mut records = Vec::new();
    for name in differs {
        let (before, now_set) = differing(before.get(name), keys.get(name));
        let detail = json!({ "key": name, "before": before, "now": now_set });
        records.push(of_host("settings.changed", detail, now));
    }
    append(db, &texts(&records)?)?;
    Ok(())
}

/// Two values that differ, as far as they are told: when one of them is long, from a little before where they begin to differ.
fn differing(before: Option<&String>, now: Option<&String>) -> (Option<String>, Option<String>) {
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let (old, new) = (text(before), text(now));
    let same = old
        .chars()
        .zip(new.chars())
        .take_while(|(old, new)| old == new)
        .count();
    let is_long = |value: &str| value.chars().count() > SETTING_RECORDED_CHARS_MAX;
    let from = if is_long(&old) || is_long(&new) {
        same.saturating_sub(SETTING_RECORDED_CHARS_MAX / 4)
    } else {
        0
    };
    let cut = |value: &String| {
        let mut rest = value.chars().skip(from);
        let told: String = rest.by_ref().take(SETTING_RECORDED_CHARS_MAX).collect();
        let (left, right) = (from > 0, rest.next().is_some());
        format!(
            "{}{told}{}",
            if left { "…" } else { "" },
            if right { "…" } else { "" }
        )
    };
    (before.map(cut), now.map(cut))
}

/// What the bot does by itself.
fn of_host(action: &str, detail: serde_json::Value, at: UnixMillis) -> Record {
    Record {
        at,
        actor: None,
        plugin: None,
        digest: None,
        invocation: None,
        action: action.to_owned(),
        detail,
        outcome: "ok".to_owned(),
    }
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
    async fn much_is_forgotten_step_by_step_and_stays_provable() {
        let (_folder, store) = store();
        let rows = u64::from(AUDIT_FORGOTTEN_ROWS);
        let records = (1..=2 * rows + 10).map(|number| Record {
            at: UnixMillis(number),
            ..record("a")
        });
        store.audit(records.collect()).await.unwrap();
        let before = UnixMillis(2 * rows + 4);
        let forgotten = store.audit_prune(before, UnixMillis(9 * rows)).await;
        assert_eq!(forgotten, Ok(2 * rows + 3));
        let filter = Filter {
            action: Some(PRUNED.into()),
            ..Filter::default()
        };
        let told = store.audit_tail(9, filter).await.unwrap();
        let spans: Vec<_> = told
            .iter()
            .map(|link| {
                (
                    link.record.detail["first"].as_u64(),
                    link.record.detail["last"].as_u64(),
                )
            })
            .collect();
        let expected = [
            (1, rows),
            (rows + 1, 2 * rows),
            (2 * rows + 1, 2 * rows + 3),
        ];
        assert_eq!(
            spans,
            expected.map(|(first, last)| (Some(first), Some(last)))
        );
        assert_eq!(store.audit_verify().await, Ok(7 + 3));
    }

    #[tokio::test]
    async fn no_hash_is_no_head() {
        let (_folder, store) = with_records().await;
        assert_eq!(store.audit_place_of(String::new()).await, Ok(None));
    }

    #[tokio::test]
    async fn of_a_long_setting_is_told_where_it_changed() {
        let (_folder, store) = store();
        let rules = |last: &str| {
            let value = "x".repeat(3 * SETTING_RECORDED_CHARS_MAX) + last;
            BTreeMap::from([("rules".to_owned(), value)])
        };
        store
            .settings_taken_up(rules("deny"), UnixMillis(1))
            .await
            .unwrap();
        store
            .settings_taken_up(rules("allow"), UnixMillis(2))
            .await
            .unwrap();
        let told = store.audit_tail(9, Filter::default()).await.unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
        let detail = &told[0].record.detail;
        for (which, end) in [("before", "xdeny"), ("now", "xallow")] {
            let value = detail[which].as_str().unwrap();
            assert!(value.starts_with('…') && value.ends_with(end), "{value}");
            assert!(
                value.chars().count() <= SETTING_RECORDED_CHARS_MAX + 2,
                "{value}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_forgotten_is_told_and_the_chain_goes_on_from_it() {
        let (_folder, store) = store();
        let at = |number: u64| Record {
            at: UnixMillis(number * 1_000),
            ..record("a")
        };
        for number in 1..=6 {
            store.audit(vec![at(number)]).await.unwrap();
        }
        let (_, third) = {
            let links = store.audit_tail(9, Filter::default()).await.unwrap();
            (links[0].seq, links[2].hash.clone())
        };
        assert_eq!(
            store
                .audit_prune(UnixMillis(4_000), UnixMillis(7_000))
                .await,
            Ok(3)
        );
        assert_eq!(
            store.audit_verify().await,
            Ok(4),
            "three are left, and the record of it"
        );
        assert_eq!(store.audit_place_of(third).await, Ok(Some(3)));
        // Nothing more is as old.
        assert_eq!(
            store
                .audit_prune(UnixMillis(4_000), UnixMillis(7_000))
                .await,
            Ok(0)
        );
        // The newest stays, whatever its age.
        assert_eq!(
            store
                .audit_prune(UnixMillis(99_000), UnixMillis(8_000))
                .await,
            Ok(3)
        );
        assert_eq!(store.audit_verify().await, Ok(2));
        let links = store.audit_tail(9, Filter::default()).await.unwrap();
        assert!(links.iter().all(Link::is_whole));
        assert_eq!(links[1].record.detail["last"], 6);
    }

    #[tokio::test]
    async fn a_beginning_that_was_cut_off_is_found() {
        let (folder, store) = with_records().await;
        drop(store);
        let db = Connection::open(folder.path().join("witbot.db")).unwrap();
        db.execute_batch(
            "UPDATE audit_anchor SET seq = 2, hash = (SELECT hash FROM audit WHERE seq = 2);
             DELETE FROM audit WHERE seq <= 2",
        )
        .unwrap();
        drop(db);
        let store = Store::open(folder.path()).unwrap();
        let what = "the beginning was removed";
        let broken = AuditError::Broken(Broken { seq: 2, what });
        assert_eq!(store.audit_verify().await, Err(broken));
    }

    #[tokio::test]
    async fn settings_that_change_are_told_key_by_key() {
        let (_folder, store) = store();
        let keys = |all: &[(&str, &str)]| {
            let all = all
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            all.collect::<BTreeMap<_, _>>()
        };
        for (number, taken) in [
            keys(&[("name", "witbot"), ("alias", "/")]),
            keys(&[("name", "witbot"), ("alias", "/")]),
            keys(&[("name", "bot"), ("data", "x")]),
        ]
        .into_iter()
        .enumerate()
        {
            store
                .settings_taken_up(taken, UnixMillis(number as u64))
                .await
                .unwrap();
        }
        let links = store.audit_tail(9, Filter::default()).await.unwrap();
        let told = links.iter().map(|link| link.record.detail.to_string());
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                r#"{"before":"/","key":"alias","now":null}"#,
                r#"{"before":null,"key":"data","now":"x"}"#,
                r#"{"before":"witbot","key":"name","now":"bot"}"#,
            ]
        );
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
