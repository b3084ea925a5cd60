//! The numbered steps that bring a database to the present schema. They only go forward.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::folder::{OpenError, open_error};

/// Each takes the schema from its index to the next number. Steps that were released are never changed.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_start.sql"),
    include_str!("migrations/0002_acts.sql"),
    include_str!("migrations/0003_canceled.sql"),
    include_str!("migrations/0004_turns.sql"),
    include_str!("migrations/0005_expected.sql"),
    include_str!("migrations/0006_blobs.sql"),
    include_str!("migrations/0007_permission.sql"),
    include_str!("migrations/0008_audit.sql"),
    include_str!("migrations/0009_identities.sql"),
    include_str!("migrations/0010_schedules.sql"),
    include_str!("migrations/0011_usage.sql"),
    include_str!("migrations/0012_orders.sql"),
    include_str!("migrations/0013_reports.sql"),
    include_str!("migrations/0014_takeovers.sql"),
];
const KNOWN: i64 = MIGRATIONS.len() as i64;
/// Marks the file as ours, also for `file` and the like: "wbot".
const APPLICATION: i64 = 0x77_62_6f_74;

/// Brings a database to the present schema, all of it or nothing.
pub(crate) fn migrate(connection: &mut Connection, database: &Path) -> Result<(), OpenError> {
    let found = version(connection, database)?;
    if found == KNOWN {
        return Ok(());
    }
    let mut migrate = || {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for step in &MIGRATIONS[found as usize..] {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", KNOWN)?;
        transaction.commit()
    };
    migrate().map_err(|error| open_error(database, &error))
}

/// Whether a database has the present schema.
pub(crate) fn check(connection: &Connection, database: &Path) -> Result<(), OpenError> {
    let found = version(connection, database)?;
    if found < KNOWN {
        return Err(OpenError::Older {
            database: database.to_owned(),
            found,
            known: KNOWN,
        });
    }
    Ok(())
}

/// The schema of a database that is ours, or new, and not newer than we are.
fn version(connection: &Connection, database: &Path) -> Result<i64, OpenError> {
    let number = |sql: &str| -> Result<i64, OpenError> {
        connection
            .query_row(sql, (), |row| row.get(0))
            .map_err(|error| open_error(database, &error))
    };
    let found = number("PRAGMA user_version")?;
    let application = number("PRAGMA application_id")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if application != APPLICATION && (found != 0 || tables != 0) {
        let reason = "it belongs to another program".to_owned();
        return Err(OpenError::Damaged {
            database: database.to_owned(),
            reason,
        });
    }
    match found {
        0..=KNOWN => Ok(found),
        _ => Err(OpenError::Newer {
            database: database.to_owned(),
            found,
            known: KNOWN,
        }),
    }
}

#[cfg(test)]
mod tests {
    use witbot_core::ids::UnixMillis;
    use witbot_core::journal::Outcome;

    use super::*;
    use crate::Store;
    use crate::fixture::invocation_id;

    fn with_version(version: i64) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path()).unwrap());
        let connection = Connection::open(folder.path().join("witbot.db")).unwrap();
        connection
            .pragma_update(None, "user_version", version)
            .unwrap();
        folder
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let folder = with_version(KNOWN + 1);
        for refusal in [
            Store::open(folder.path()).err(),
            Store::open_to_read(folder.path()).err(),
        ] {
            let refusal = refusal.expect("it is newer").to_string();
            assert!(
                refusal.contains(&format!(
                    "newer witbot (schema {}, this one knows {KNOWN})",
                    KNOWN + 1
                )),
                "{refusal}"
            );
        }
    }

    #[tokio::test]
    async fn what_an_older_witbot_stored_is_there_after_the_steps() {
        let folder = tempfile::tempdir().unwrap();
        let older = Connection::open(folder.path().join("witbot.db")).unwrap();
        MIGRATIONS[..5]
            .iter()
            .for_each(|step| older.execute_batch(step).unwrap());
        let id = invocation_id("1");
        let rows = format!(
            r#"INSERT INTO inbox VALUES (1, 'console', 'k', NULL, '', 5, '{{}}', 1);
            INSERT INTO invocations (run, id, event, plugin, digest, handler, arguments, state, created_ms, updated_ms)
            VALUES (1, '{id}', 1, 'deploy', zeroblob(32), 'deploy', '[]', 'parked', 10, 20);
            INSERT INTO journal VALUES (1, 0, 'kv.get', '{{"key":"a"}}', zeroblob(32), 20, '{{"ok":"b"}}');
            INSERT INTO journal VALUES (1, 1, 'flow.sleep', '{{"milliseconds":5}}', zeroblob(32), 20, NULL);
            INSERT INTO waits VALUES (1, 1, 'time', 25, 3);
            PRAGMA application_id = {APPLICATION}; PRAGMA user_version = 5;"#
        );
        older.execute_batch(&rows).unwrap();
        drop(older);
        let store = Store::open(folder.path()).unwrap();
        let journal = store.journal(&id).await.unwrap();
        let outcomes: Vec<_> = journal.into_iter().map(|entry| entry.outcome).collect();
        assert_eq!(outcomes, [Some(Outcome::Ok("b".into())), None]);
        let wait = store.wait(&id).await.unwrap().unwrap();
        assert_eq!((wait.number, wait.deadline), (1, UnixMillis(25)));
    }

    #[test]
    fn an_older_schema_is_not_read() {
        let folder = with_version(0);
        let refusal = Store::open_to_read(folder.path())
            .err()
            .expect("it is older")
            .to_string();
        assert!(refusal.contains("start `witbot run` once"), "{refusal}");
    }
}
