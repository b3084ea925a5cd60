//! The data folder: who may use it, and connections to the database in it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use witbot_core::limits::STORE_BUSY_MAX;

const DATABASE: &str = "witbot.db";
const LOCK: &str = "lock";
/// More than there are different statements.
const STATEMENTS_CACHED: usize = 100;

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is something else.
    #[error("`{}` is not a folder; let `data` in witbot.toml name a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The folder cannot be made, or nothing can be written in it.
    #[error("the data folder `{}` cannot be used: {error}; witbot must be allowed to write there, or let `data` in witbot.toml name another folder", .folder.display())]
    NotWritable {
        /// Which.
        folder: PathBuf,
        /// Why not.
        #[source]
        error: io::Error,
    },
    /// Another host has it.
    #[error("another witbot{} uses the data folder `{}`; stop it, or give this one another `data` folder", who(.process), .folder.display())]
    InUse {
        /// Which.
        folder: PathBuf,
        /// The process that has it, if it said so.
        process: Option<u32>,
    },
    /// Written by a later witbot.
    #[error("`{}` was written by a newer witbot (schema {found}, this one knows {known}); run that version or a later one: there is no way back", .database.display())]
    Newer {
        /// Which file.
        database: PathBuf,
        /// What it has.
        found: i64,
        /// What we know.
        known: i64,
    },
    /// Written by an earlier witbot, and we may only read.
    #[error("`{}` was written by an older witbot (schema {found}, this one needs {known}); start `witbot run` once to bring it up to date", .database.display())]
    Older {
        /// Which file.
        database: PathBuf,
        /// What it has.
        found: i64,
        /// What we know.
        known: i64,
    },
    /// There is nothing to read.
    #[error("there is no `{}` yet; `witbot run` makes it", .0.display())]
    Missing(PathBuf),
    /// Not a database, or not ours.
    #[error("`{}` is not a database of witbot's, or is damaged: {reason}; restore the data folder from a backup, or move the file away to begin anew", .database.display())]
    Damaged {
        /// Which file.
        database: PathBuf,
        /// What was found.
        reason: String,
    },
    /// No room, or a broken disk: SQLite needs a little of it even to read.
    #[error("`{}` cannot be opened, for its disk is full or fails: {reason}; free some space, or look at the system's log", .database.display())]
    Disk {
        /// Which file.
        database: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// Anything else that SQLite says.
    #[error("`{}` cannot be opened: {reason}", .database.display())]
    Refused {
        /// Which file.
        database: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The system refuses threads.
    #[error("the store cannot start a thread: {0}; raise the limit of processes")]
    Thread(#[source] io::Error),
}

fn who(process: &Option<u32>) -> String {
    process
        .map(|process| format!(" (process {process})"))
        .unwrap_or_default()
}

/// A data folder that is ours for as long as this lives.
#[derive(Debug)]
pub(crate) struct Folder {
    database: PathBuf,
    /// The lock is bound to the open file: it ends with the process, however that ends.
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is missing, and locks it.
    pub(crate) fn claim(folder: &Path) -> Result<Folder, OpenError> {
        if folder.exists() && !folder.is_dir() {
            return Err(OpenError::NotAFolder(folder.to_owned()));
        }
        let not_writable = |error| OpenError::NotWritable {
            folder: folder.to_owned(),
            error,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(not_writable)?;
        warn_of_onlookers(folder);
        let lock = lock(folder)?;
        let database = folder.join(DATABASE);
        // SQLite would make it with the mode of any file. An existing one is left alone: closing a file that SQLite
        // has open would end SQLite's own locks on it.
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&database)
        {
            Ok(_) => (),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => (),
            Err(error) => return Err(not_writable(error)),
        }
        Ok(Folder {
            database,
            _lock: lock,
        })
    }

    /// The file of the database.
    pub(crate) fn database(&self) -> &Path {
        &self.database
    }

    /// The connection that writes. There is only one.
    pub(crate) fn connect(&self) -> Result<Connection, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connect = || {
            let connection = Connection::open_with_flags(&self.database, flags)?;
            connection.busy_timeout(STORE_BUSY_MAX)?;
            prepare_once(&connection)?;
            let mode: String =
                connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0))?;
            // FULL: a commit returns when it is on the disk. The log is moved into the database by us, in quiet
            // moments. Undo records of savepoints stay in memory. 4 MiB of cache.
            connection.execute_batch(
                "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864;
                 PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;
                 PRAGMA trusted_schema = OFF; PRAGMA cache_size = -4096;",
            )?;
            Ok((connection, mode))
        };
        let (connection, mode) = connect().map_err(|error| open_error(&self.database, &error))?;
        if mode != "wal" {
            let reason =
                "its file system has no shared memory; put the data folder on a local disk"
                    .to_owned();
            return Err(OpenError::Refused {
                database: self.database.clone(),
                reason,
            });
        }
        Ok(connection)
    }
}

/// A connection that cannot change anything.
pub(crate) fn connect_to_read(database: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connect = || {
        let connection = Connection::open_with_flags(database, flags)?;
        connection.busy_timeout(STORE_BUSY_MAX)?;
        prepare_once(&connection)?;
        connection.execute_batch(
            "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;",
        )?;
        Ok(connection)
    };
    connect().map_err(|error| open_error(database, &error))
}

/// Keeps each statement prepared. Otherwise SQLite looks at the values that some are given, and prepares those again for
/// every new one.
fn prepare_once(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// The database in a folder, if there is one.
pub(crate) fn existing_database(folder: &Path) -> Result<PathBuf, OpenError> {
    let database = folder.join(DATABASE);
    match database.try_exists() {
        Ok(true) => Ok(database),
        Ok(false) => Err(OpenError::Missing(database)),
        Err(error) => Err(OpenError::Refused {
            database,
            reason: error.to_string(),
        }),
    }
}

/// What SQLite's error means to somebody who opens a database.
pub(crate) fn open_error(database: &Path, error: &rusqlite::Error) -> OpenError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, DiskFull, NotADatabase, SystemIoFailure};
    let (database, reason) = (database.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => OpenError::Damaged { database, reason },
        Some(DiskFull | SystemIoFailure) => OpenError::Disk { database, reason },
        _ => OpenError::Refused { database, reason },
    }
}

fn lock(folder: &Path) -> Result<File, OpenError> {
    let not_writable = |error| OpenError::NotWritable {
        folder: folder.to_owned(),
        error,
    };
    let path = folder.join(LOCK);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(not_writable)?;
    match file.try_lock() {
        Ok(()) => (),
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            let read = (&mut file).take(20).read_to_string(&mut process).is_ok();
            let process = read.then(|| process.trim().parse().ok()).flatten();
            return Err(OpenError::InUse {
                folder: folder.to_owned(),
                process,
            });
        }
        Err(TryLockError::Error(error)) => return Err(not_writable(error)),
    }
    // For the one who is refused.
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(not_writable)?;
    Ok(file)
}

fn warn_of_onlookers(folder: &Path) {
    let mode = folder
        .metadata()
        .map(|data| data.permissions().mode())
        .unwrap_or_default();
    if mode & 0o007 != 0 {
        let folder = folder.display();
        tracing::warn!(
            "every user of this machine can look into the data folder `{folder}`; run `chmod 700` on it"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    fn refusal(folder: &Path) -> String {
        Store::open(folder)
            .err()
            .expect("it is refused")
            .to_string()
    }

    #[test]
    fn the_folder_is_made_for_us_alone() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/data");
        let _store = Store::open(&folder).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join(DATABASE)), 0o600);
        assert_eq!(mode(&folder.join("witbot.db-wal")), 0o600);
    }

    #[test]
    fn a_file_is_not_a_folder() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("data");
        std::fs::write(&file, "").unwrap();
        assert!(refusal(&file).contains("is not a folder; let `data`"));
        assert!(refusal(&file.join("below")).contains("cannot be used"));
    }

    #[test]
    fn what_is_not_our_database_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(DATABASE);
        std::fs::write(
            &file,
            "somebody's notes, long enough to be looked at: ".repeat(100),
        )
        .unwrap();
        let text = refusal(folder.path());
        assert!(
            text.contains("damaged") && text.contains("backup"),
            "{text}"
        );
        assert!(
            std::fs::read_to_string(&file)
                .unwrap()
                .starts_with("somebody's notes")
        );

        std::fs::remove_file(&file).unwrap();
        Connection::open(&file)
            .unwrap()
            .execute_batch("CREATE TABLE theirs (a); PRAGMA user_version = 1")
            .unwrap();
        assert!(refusal(folder.path()).contains("not a database of witbot's"));
    }

    #[test]
    fn reading_needs_something_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let text = Store::open_to_read(folder.path())
            .err()
            .expect("there is nothing")
            .to_string();
        assert!(text.contains("`witbot run` makes it"), "{text}");
    }

    #[test]
    fn a_full_disk_is_called_one() {
        use rusqlite::ffi;
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let told = open_error(Path::new("data/witbot.db"), &error).to_string();
            assert!(
                told.contains("full") && told.contains("free some"),
                "{told}"
            );
        }
    }
}
