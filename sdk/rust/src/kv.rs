//! What a plugin remembers from one call to the next, as JSON. Each plugin has a space of its own; it survives restarts,
//! and new versions of the plugin. Plugins can also share spaces: see [`Namespace`].
//!
//! Grant: `kv = [{ max_bytes = 1048576 }]`. A key has 1 to 256 bytes, a value at most 64 KiB. Every call can answer
//! `denied` and `invalid` (a key or value of a wrong size, or a value that is not of the type), and those that write
//! `conflict` (the space is full).
//!
//! ```no_run
//! use witbot_sdk::{Event, Result, kv};
//!
//! fn count(event: &Event) -> Result {
//!     let count = kv::update("count", |count: Option<u64>| count.unwrap_or(0) + 1)?;
//!     event.reply(format!("I was asked {count} times."))?;
//!     Ok(())
//! }
//! ```

mod namespace;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use namespace::Namespace;

use crate::bindings::witbot::kv::kv;
use crate::error::{Code, Error, Result};

/// How often [`update`] begins again before it gives up. Runs of one plugin that write the same key at the same time
/// are few.
const UPDATES_MAX: usize = 20;

/// The value of a key. None when there is no such key.
pub fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>> {
    read(key, get_bytes(key)?.as_deref())
}

/// Sets a key.
pub fn set<T: Serialize + ?Sized>(key: &str, value: &T) -> Result {
    set_bytes(key, &serde_json::to_vec(value)?)
}

/// Sets a key if its value is what is `expected` (none: there is no such key), and says whether it was.
///
/// Values are the same when they are written the same, so use types that are always written in one order.
pub fn replace<T: Serialize + ?Sized>(key: &str, expected: Option<&T>, value: &T) -> Result<bool> {
    let expected = expected.map(serde_json::to_vec).transpose()?;
    replace_bytes(key, expected.as_deref(), &serde_json::to_vec(value)?)
}

/// Changes the value of a key, and returns the new one. Nothing that other runs write meanwhile is lost: `change` is
/// then called again, with what they wrote.
///
/// # Errors
/// `conflict`: others wrote the key all the time, or the space is full.
pub fn update<T: Serialize + DeserializeOwned>(
    key: &str,
    change: impl Fn(Option<T>) -> T,
) -> Result<T> {
    updated(
        key,
        || get_bytes(key),
        |before, after| replace_bytes(key, before, after),
        change,
    )
}

/// Removes a key, if it is there.
pub fn delete(key: &str) -> Result {
    Ok(kv::delete(key)?)
}

/// The keys that begin with `prefix` and come after the key `after`, in order of their bytes, at most `limit` (1 to
/// 1,000).
pub fn keys(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>> {
    Ok(kv::keys(prefix, after, limit)?)
}

/// The value of a key, whatever it is. None when there is no such key.
pub fn get_bytes(key: &str) -> Result<Option<Vec<u8>>> {
    Ok(kv::get(key)?)
}

/// Sets a key to any value.
pub fn set_bytes(key: &str, value: &[u8]) -> Result {
    Ok(kv::set(key, value)?)
}

/// Sets a key if its value is what is `expected` (none: there is no such key), and says whether it was.
pub fn replace_bytes(key: &str, expected: Option<&[u8]>, value: &[u8]) -> Result<bool> {
    Ok(kv::replace(key, expected, value)?)
}

/// Changes a value, by ways to get it and to replace it.
fn updated<T: Serialize + DeserializeOwned>(
    key: &str,
    get: impl Fn() -> Result<Option<Vec<u8>>>,
    replace: impl Fn(Option<&[u8]>, &[u8]) -> Result<bool>,
    change: impl Fn(Option<T>) -> T,
) -> Result<T> {
    for _ in 0..UPDATES_MAX {
        let before = get()?;
        let value = change(read(key, before.as_deref())?);
        if replace(before.as_deref(), &serde_json::to_vec(&value)?)? {
            return Ok(value);
        }
    }
    Err(Error::new(
        Code::Conflict,
        format!("too many are writing `{key}` at once; try again later"),
    ))
}

fn read<T: DeserializeOwned>(key: &str, bytes: Option<&[u8]>) -> Result<Option<T>> {
    let value = bytes.map(serde_json::from_slice).transpose();
    value.map_err(|error| {
        Error::invalid(format!(
            "what is kept as `{key}` is something else: {error}"
        ))
    })
}
