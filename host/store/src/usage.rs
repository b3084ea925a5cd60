//! What plugins use of what they are granted, counted by the day in the commits of their runs.

use rusqlite::{Connection, Row};

use witbot_core::ids::PluginName;
use witbot_core::limits::USAGE_SUBJECTS_MAX;
use witbot_core::usage::{Counted, Use, Used, day};

use crate::Store;
use crate::audit;
use crate::column::{all, damaged, execute, millis, stored_millis};
use crate::error::StoreError;

/// What stands for all that is one thing too many.
const REST: &str = "…";

impl Store {
    /// What a plugin used since a day, and what it was denied: by call, and within that the latest first.
    pub async fn usage(
        &self,
        plugin: &PluginName,
        first_day: u64,
    ) -> Result<Vec<Counted>, StoreError> {
        let plugin = plugin.to_string();
        self.read(move |db| {
            all(
                db,
                "SELECT call, subject, outcome, line, sum(count) AS count, max(last_ms) AS last_ms FROM usage
                 WHERE plugin = ? AND day >= ? GROUP BY call, subject, outcome, line
                 ORDER BY call, max(last_ms) DESC, subject",
                (&plugin, first_day.cast_signed()),
                counted,
            )
        })
        .await
    }
}

/// Rows that are ready to be counted.
pub(crate) struct Usage(Vec<(Used, String)>);

impl Usage {
    /// With the records for the audit turned into text.
    pub(crate) fn new(used: Vec<Used>) -> Result<Usage, StoreError> {
        let rows = used.into_iter().map(|used| {
            let first = match &used.first {
                Some(record) => serde_json::to_string(record)?,
                None => String::new(),
            };
            Ok((used, first))
        });
        rows.collect::<Result<_, _>>().map(Usage)
    }

    /// Counts all of it, and audits what is to be known of the first of its kind on a day.
    pub(crate) fn count(&self, db: &Connection) -> Result<(), rusqlite::Error> {
        let mut audited = Vec::new();
        for (used, first) in &self.0 {
            if count(db, used)? && !first.is_empty() {
                audited.push(first.clone());
            }
        }
        audit::append(db, &audited)
    }
}

/// Says whether it is the first of its kind on its day.
fn count(db: &Connection, used: &Used) -> Result<bool, rusqlite::Error> {
    let line = used.line.as_deref().unwrap_or_default();
    if again(db, used, &used.subject, line)? {
        return Ok(false);
    }
    let known = "SELECT count(*) FROM usage WHERE plugin = ? AND day = ?";
    let known: u32 = db
        .prepare_cached(known)?
        .query_row((used.plugin.as_str(), day(used.at).cast_signed()), |row| {
            row.get(0)
        })?;
    if known < USAGE_SUBJECTS_MAX {
        insert(db, used, &used.subject, line)?;
        return Ok(true);
    }
    if !again(db, used, REST, "")? {
        insert(db, used, REST, "")?;
    }
    Ok(false)
}

/// Counts one more of what is known. False: it is not.
fn again(db: &Connection, used: &Used, subject: &str, line: &str) -> Result<bool, rusqlite::Error> {
    let updated = execute(
        db,
        "UPDATE usage SET count = count + 1, last_ms = max(last_ms, ?)
         WHERE plugin = ? AND day = ? AND call = ? AND subject = ? AND outcome = ? AND line = ?",
        (
            stored_millis(used.at),
            used.plugin.as_str(),
            day(used.at).cast_signed(),
            used.call,
            subject,
            used.outcome.as_str(),
            line,
        ),
    )?;
    Ok(updated > 0)
}

fn insert(db: &Connection, used: &Used, subject: &str, line: &str) -> Result<(), rusqlite::Error> {
    execute(
        db,
        "INSERT INTO usage (plugin, day, call, subject, outcome, line, count, last_ms)
         VALUES (?, ?, ?, ?, ?, ?, 1, ?)",
        (
            used.plugin.as_str(),
            day(used.at).cast_signed(),
            used.call,
            subject,
            used.outcome.as_str(),
            line,
            stored_millis(used.at),
        ),
    )?;
    Ok(())
}

fn counted(row: &Row<'_>) -> Result<Counted, StoreError> {
    let outcome: String = row.get("outcome")?;
    let line: String = row.get("line")?;
    let count: i64 = row.get("count")?;
    Ok(Counted {
        call: row.get("call")?,
        subject: row.get("subject")?,
        outcome: Use::named(&outcome).ok_or_else(|| damaged("outcome", &outcome))?,
        line: Some(line).filter(|line| !line.is_empty()),
        count: count.cast_unsigned(),
        last: millis(row, "last_ms")?,
    })
}

#[cfg(test)]
mod tests {
    use witbot_core::audit::Record;
    use witbot_core::ids::UnixMillis;
    use witbot_core::journal::Commit;

    use super::*;
    use crate::fixture::{begun, lease, record, store};

    const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

    fn used(day: u64, subject: &str, outcome: Use) -> Used {
        Used {
            at: UnixMillis(day * DAY_MS + 7),
            plugin: "deploy".parse().unwrap(),
            call: "github.merge",
            subject: subject.to_owned(),
            outcome,
            line: (outcome == Use::Denied).then(|| format!("github = [{subject}]")),
            first: (outcome == Use::WouldDeny).then(|| Record {
                action: "observed".to_owned(),
                ..record("a")
            }),
        }
    }

    async fn commit(store: &Store, run: &str, usage: Vec<Used>) {
        let lease = lease("a", 2_000);
        let id = begun(store, run, &lease).await;
        let commit = Commit {
            usage,
            ..Commit::default()
        };
        store.commit(&id, &lease, commit).await.unwrap();
    }

    async fn shown(store: &Store, first_day: u64) -> Vec<String> {
        let plugin = "deploy".parse().unwrap();
        let counted = store.usage(&plugin, first_day).await.unwrap();
        counted
            .into_iter()
            .map(|one| {
                let outcome = one.outcome.as_str();
                let line = one.line.unwrap_or_default();
                format!(
                    "{} {outcome} {} {} {line}",
                    one.subject,
                    one.count,
                    one.last.0 / DAY_MS
                )
            })
            .collect()
    }

    #[tokio::test]
    async fn days_are_summed_up_and_old_ones_are_left_out_and_forgotten() {
        let (_folder, store) = store();
        let usage = vec![
            used(1, "api", Use::Ok),
            used(2, "api", Use::Ok),
            used(2, "api", Use::Ok),
            used(2, "web", Use::Denied),
        ];
        commit(&store, "1", usage).await;
        let all = ["api ok 3 2 ", "web denied 1 2 github = [web]"];
        assert_eq!(shown(&store, 1).await, all);
        assert_eq!(shown(&store, 2).await[0], "api ok 2 2 ");
        assert_eq!(shown(&store, 3).await, [""; 0]);
        store
            .prune(UnixMillis(2 * DAY_MS), UnixMillis(0))
            .await
            .unwrap();
        assert_eq!(shown(&store, 0).await[0], "api ok 2 2 ");
    }

    #[tokio::test]
    async fn only_the_first_of_a_day_is_audited() {
        let (_folder, store) = store();
        let observed = || {
            vec![
                used(1, "api", Use::WouldDeny),
                used(1, "api", Use::WouldDeny),
            ]
        };
        commit(&store, "1", observed()).await;
        commit(&store, "2", observed()).await;
        commit(&store, "3", vec![used(1, "web", Use::WouldDeny)]).await;
        commit(&store, "4", vec![used(2, "api", Use::WouldDeny)]).await;
        assert_eq!(store.audit_verify().await.unwrap(), 3);
    }

    #[tokio::test]
    async fn what_is_too_many_is_counted_together() {
        let (_folder, store) = store();
        let most = u64::from(USAGE_SUBJECTS_MAX);
        let usage = (0..most + 3).map(|number| used(1, &number.to_string(), Use::Denied));
        commit(&store, "1", usage.collect()).await;
        let all = shown(&store, 1).await;
        assert_eq!(all.len() as u64, most + 1);
        assert!(all.contains(&"… denied 3 1 ".to_owned()), "{all:?}");
    }
}
