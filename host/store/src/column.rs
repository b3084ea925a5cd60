//! Between columns and the words of `witbot-core`. What cannot be read back is damage, and is called so.

use std::fmt::Display;
use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use serde::de::DeserializeOwned;

use witbot_core::ids::{CallId, Digest, UnixMillis};

use crate::error::StoreError;

/// All rows that a query finds.
pub(crate) fn all<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The first row that a query finds.
pub(crate) fn first<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = db.prepare_cached(sql)?;
    let found = statement
        .query_row(params, |row| Ok(read(row)))
        .optional()?;
    found.transpose()
}

/// Runs a statement and says how many rows it changed.
pub(crate) fn execute(
    db: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<usize, rusqlite::Error> {
    db.prepare_cached(sql)?.execute(params)
}

/// A text that is one of our identifiers.
pub(crate) fn id<T: FromStr<Err: Display>>(row: &Row<'_>, column: &str) -> Result<T, StoreError> {
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(|error| damaged(column, error))?;
    text.parse().map_err(|error| damaged(column, error))
}

/// A text that is JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T, StoreError> {
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(|error| damaged(column, error))?;
    serde_json::from_str(text).map_err(|error| damaged(column, error))
}

/// The same, where there may be none.
pub(crate) fn json_option<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> Result<Option<T>, StoreError> {
    let text = row
        .get_ref(column)?
        .as_str_or_null()
        .map_err(|error| damaged(column, error))?;
    text.map(serde_json::from_str)
        .transpose()
        .map_err(|error| damaged(column, error))
}

/// The 32 bytes of a digest.
pub(crate) fn digest(row: &Row<'_>, column: &str) -> Result<Digest, StoreError> {
    let bytes = row
        .get_ref(column)?
        .as_blob()
        .map_err(|error| damaged(column, error))?;
    Digest::try_from(hex::encode(bytes)).map_err(|error| damaged(column, error))
}

/// The id of a message of ours. Any text is one.
pub(crate) fn call_id(row: &Row<'_>, column: &str) -> Result<CallId, StoreError> {
    let text: String = row.get(column)?;
    serde_json::from_value(text.into()).map_err(|error| damaged(column, error))
}

/// A point in time.
pub(crate) fn millis(row: &Row<'_>, column: &str) -> Result<UnixMillis, StoreError> {
    let number: i64 = row.get(column)?;
    u64::try_from(number)
        .map(UnixMillis)
        .map_err(|error| damaged(column, error))
}

/// A point in time as it is stored. What lies further off than SQLite's numbers reach lies at their end.
pub(crate) fn stored_millis(time: UnixMillis) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

/// A column that does not hold what we wrote there.
pub(crate) fn damaged(column: &str, error: impl Display) -> StoreError {
    StoreError::Damaged(format!("column {column}: {error}"))
}
