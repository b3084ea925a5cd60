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
    use super::*;
    use crate::Store;

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
