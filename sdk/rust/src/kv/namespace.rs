//! Spaces that plugins share.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{read, updated};
use crate::bindings::witbot::kv::kv;
use crate::error::Result;

/// A space that all plugins share which are granted it by its name. What one of them sets, the others find.
///
/// Grant: `kv = [{ namespace = "team" }]` to read it, `kv = [{ namespace = "team", write = true }]` to change it. It holds as
/// much as the largest `max_bytes` of all grants that name it. Everything else is as in the plugin's own space; but as
/// others write here too, change values with [`Namespace::update`] or [`Namespace::replace`] rather than with
/// [`Namespace::set`].
///
/// ```no_run
/// use witbot_sdk::{Event, Result, kv};
///
/// fn on_call(event: &Event) -> Result {
///     let team = kv::Namespace::open("team")?;
///     let who: Option<String> = team.get("on-call")?;
///     event.reply(who.unwrap_or_else(|| "Nobody is.".to_owned()))?;
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Namespace {
    raw: kv::Namespace,
}

impl Namespace {
    /// The space of a name: lower-case letters, digits and hyphens, at most 40, beginning with a letter. It is there as
    /// soon as it is granted.
    ///
    /// # Errors
    /// `denied` without a grant, and `invalid` when there can be no such name.
    pub fn open(name: &str) -> Result<Namespace> {
        let raw = kv::Namespace::open(name)?;
        Ok(Namespace { raw })
    }

    /// The value of a key. None when there is no such key.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        read(key, self.get_bytes(key)?.as_deref())
    }

    /// Sets a key.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result {
        self.set_bytes(key, &serde_json::to_vec(value)?)
    }

    /// Sets a key if its value is what is `expected` (none: there is no such key), and says whether it was.
    ///
    /// Values are the same when they are written the same, so use types that are always written in one order.
    pub fn replace<T: Serialize + ?Sized>(
        &self,
        key: &str,
        expected: Option<&T>,
        value: &T,
    ) -> Result<bool> {
        let expected = expected.map(serde_json::to_vec).transpose()?;
        self.replace_bytes(key, expected.as_deref(), &serde_json::to_vec(value)?)
    }

    /// Changes the value of a key, and returns the new one. Nothing that others write meanwhile is lost: `change` is then
    /// called again, with what they wrote.
    ///
    /// # Errors
    /// `conflict`: others wrote the key all the time, or the space is full.
    pub fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        change: impl Fn(Option<T>) -> T,
    ) -> Result<T> {
        updated(
            key,
            || self.get_bytes(key),
            |before, after| self.replace_bytes(key, before, after),
            change,
        )
    }

    /// Removes a key, if it is there.
    pub fn delete(&self, key: &str) -> Result {
        Ok(self.raw.delete(key)?)
    }

    /// The keys that begin with `prefix` and come after the key `after`, in order of their bytes, at most `limit` (1 to
    /// 1,000).
    pub fn keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>> {
        Ok(self.raw.keys(prefix, after, limit)?)
    }

    /// The value of a key, whatever it is. None when there is no such key.
    pub fn get_bytes(&self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.raw.get(key)?)
    }

    /// Sets a key to any value.
    pub fn set_bytes(&self, key: &str, value: &[u8]) -> Result {
        Ok(self.raw.set(key, value)?)
    }

    /// Sets a key if its value is what is `expected` (none: there is no such key), and says whether it was.
    pub fn replace_bytes(&self, key: &str, expected: Option<&[u8]>, value: &[u8]) -> Result<bool> {
        Ok(self.raw.replace(key, expected, value)?)
    }
}
