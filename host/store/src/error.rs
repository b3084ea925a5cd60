//! Why the store did not do something, for operators.

use rusqlite::ErrorCode;

/// Why something was not stored or not read. Changes that share a write to the disk share its error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room.
    #[error(
        "the disk with the data folder is full; free some space, witbot goes on by itself ({0})"
    )]
    Full(String),
    /// The disk failed. What was to be stored may or may not be found after a restart.
    #[error("the disk with the data folder failed; look at the system's log for its reason ({0})")]
    Disk(String),
    /// The database makes no sense.
    #[error(
        "the database in the data folder is damaged; stop witbot and restore the folder from a backup ({0})"
    )]
    Damaged(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The store was opened to read.
    #[error("the store was opened to be read, and cannot be changed")]
    ReadOnly,
    /// Another program holds the database.
    #[error(
        "another program holds the database in the data folder; end it, witbot goes on by itself ({0})"
    )]
    Busy(String),
    /// A mistake of witbot's.
    #[error("the database refused it ({0})")]
    Refused(String),
}

/// What a change or a question can fail with.
pub(crate) trait Failure: From<StoreError> + From<rusqlite::Error> + Send + 'static {
    /// The failure of the store that it is, if it is one.
    fn of_store(&self) -> Option<&StoreError>;
}

impl Failure for StoreError {
    fn of_store(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full(text),
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly) => {
                StoreError::Disk(text)
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged(text),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(text),
            // The rest of SQLite's long list means that we asked for something impossible.
            _ => StoreError::Refused(text),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> StoreError {
        StoreError::Refused(format!("a value cannot be written as JSON: {error}"))
    }
}
