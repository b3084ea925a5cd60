//! What plugins remember, each in a space of its own and in spaces that they share. A write is made in the transaction
//! that records the call, so it happens once.

use std::fmt;

use rusqlite::{Connection, Row};

use serde_json::Value;

use witbot_core::error::{Code, Error};
use witbot_core::ids::{Namespace, PluginName};

use crate::Store;
use crate::column::{execute, first};
use crate::error::StoreError;

/// Whose keys these are. As text it is the owner in the table: no plugin's name has a colon, so that none is taken for a
/// shared space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Space {
    /// One plugin's.
    Own(PluginName),
    /// Those of all plugins that are granted it.
    Shared(Namespace),
}

impl Space {
    /// The space of a call of a plugin.
    pub fn of(plugin: &PluginName, namespace: Option<&Namespace>) -> Space {
        match namespace {
            None => Space::Own(plugin.clone()),
            Some(namespace) => Space::Shared(namespace.clone()),
        }
    }

    /// In words, for who writes to it.
    fn told(&self) -> String {
        match self {
            Space::Own(_) => "the plugin's kv space".to_owned(),
            Space::Shared(namespace) => format!("the shared kv space `{namespace}`"),
        }
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Space::Own(plugin) => plugin.fmt(f),
            Space::Shared(namespace) => write!(f, "shared:{namespace}"),
        }
    }
}

/// A change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KvWrite {
    /// Sets it.
    Set {
        /// Which key.
        key: String,
        /// To this.
        value: Vec<u8>,
    },
    /// Sets it if its value is the expected one, and answers whether it was.
    Replace {
        /// Which key.
        key: String,
        /// None: there must be no such key.
        expected: Option<Vec<u8>>,
        /// To this.
        value: Vec<u8>,
    },
    /// Removes it.
    Delete {
        /// Which key.
        key: String,
    },
}

impl Store {
    /// The value of a key.
    pub async fn kv_get(&self, space: &Space, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let which = (space.to_string(), key.to_owned());
        self.read(move |db| value(db, &which.0, &which.1)).await
    }

    /// The keys that begin with `prefix` and come after the key `after`, in order of their bytes.
    pub async fn kv_keys(
        &self,
        space: &Space,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let (owner, prefix) = (space.to_string(), prefix.to_owned());
        let after = after.map(str::to_owned);
        self.read(move |db| keys(db, &owner, &prefix, after.as_deref(), limit))
            .await
    }

    /// The bytes of all keys and values of a space together.
    pub async fn kv_bytes(&self, space: &Space) -> Result<u64, StoreError> {
        let owner = space.to_string();
        self.read(move |db| usage(db, &owner)).await
    }
}

impl KvWrite {
    /// Answers what the plugin is answered. A space that would grow beyond `max_bytes` is left as it is, and that is
    /// answered with `conflict`.
    pub(crate) fn apply(
        self,
        db: &Connection,
        space: &Space,
        max_bytes: u64,
    ) -> Result<Result<Value, Error>, StoreError> {
        let owner = &space.to_string();
        let null = |done: Result<(), Error>| done.map(|()| Value::Null);
        match self {
            KvWrite::Set { key, value } => Ok(null(set(db, space, &key, &value, max_bytes)?)),
            KvWrite::Replace {
                key,
                expected,
                value,
            } => {
                if self::value(db, owner, &key)? != expected {
                    return Ok(Ok(Value::Bool(false)));
                }
                let done = set(db, space, &key, &value, max_bytes)?;
                Ok(done.map(|()| Value::Bool(true)))
            }
            KvWrite::Delete { key } => Ok(null(Ok(delete(db, owner, &key)?))),
        }
    }
}

fn set(
    db: &Connection,
    space: &Space,
    key: &str,
    value: &[u8],
    max_bytes: u64,
) -> Result<Result<(), Error>, StoreError> {
    let owner = &space.to_string();
    let size = (key.len() + value.len()) as u64;
    let (used, freed) = (usage(db, owner)?, size_of(db, owner, key)?);
    let total = used.saturating_sub(freed) + size;
    // What makes a space smaller is welcome, even if the space was given less room meanwhile.
    if total > max_bytes && size > freed {
        return Ok(Err(Error::new(
            Code::Conflict,
            format!(
                "{} is full: it holds {used} of {max_bytes} bytes, and would hold {total}",
                space.told()
            ),
        )));
    }
    execute(
        db,
        "INSERT INTO kv (plugin, key, value) VALUES (?, ?, ?)
         ON CONFLICT (plugin, key) DO UPDATE SET value = excluded.value",
        (owner, key, value),
    )?;
    store_usage(db, owner, total)?;
    Ok(Ok(()))
}

fn delete(db: &Connection, owner: &str, key: &str) -> Result<(), StoreError> {
    let freed = size_of(db, owner, key)?;
    if execute(
        db,
        "DELETE FROM kv WHERE plugin = ? AND key = ?",
        (owner, key),
    )? == 1
    {
        store_usage(db, owner, usage(db, owner)?.saturating_sub(freed))?;
    }
    Ok(())
}

fn value(db: &Connection, owner: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    first(
        db,
        "SELECT value FROM kv WHERE plugin = ? AND key = ?",
        (owner, key),
        |row| Ok(row.get(0)?),
    )
}

fn keys(
    db: &Connection,
    owner: &str,
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT key FROM kv WHERE plugin = ?1 AND key >= ?2 AND (?3 IS NULL OR key > ?3) ORDER BY key LIMIT ?4",
    )?;
    // Starting at the later of the two keeps it from walking over what is not wanted.
    let from = after.map_or(prefix, |after| after.max(prefix));
    let mut rows = statement.query((owner, from, after, limit))?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        if !key.starts_with(prefix) {
            break;
        }
        keys.push(key);
    }
    Ok(keys)
}

fn usage(db: &Connection, owner: &str) -> Result<u64, StoreError> {
    let used = first(
        db,
        "SELECT bytes FROM kv_usage WHERE plugin = ?",
        (owner,),
        number,
    )?;
    Ok(used.unwrap_or(0))
}

fn store_usage(db: &Connection, owner: &str, bytes: u64) -> Result<(), StoreError> {
    execute(
        db,
        "INSERT INTO kv_usage (plugin, bytes) VALUES (?, ?)
         ON CONFLICT (plugin) DO UPDATE SET bytes = excluded.bytes",
        (owner, bytes.cast_signed()),
    )?;
    Ok(())
}

/// What a key and its value take; 0 if there is no such key.
fn size_of(db: &Connection, owner: &str, key: &str) -> Result<u64, StoreError> {
    let sql = "SELECT octet_length(key) + length(value) FROM kv WHERE plugin = ? AND key = ?";
    Ok(first(db, sql, (owner, key), number)?.unwrap_or(0))
}

fn number(row: &Row<'_>) -> Result<u64, StoreError> {
    Ok(row.get::<_, i64>(0)?.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use witbot_core::call::KvGet;
    use witbot_core::ids::{InvocationId, UnixMillis};
    use witbot_core::journal::{Commit, Entry, Outcome};

    use super::*;
    use crate::commit::CommitError;
    use crate::fixture::{begun, lease, store};
    use crate::record::Change;

    /// A run that writes.
    struct Run {
        store: Store,
        id: InvocationId,
        plugin: PluginName,
        calls: u32,
    }

    impl Run {
        async fn new(store: &Store) -> Run {
            let id = begun(store, "1", &lease("a", 2_000)).await;
            Run {
                store: store.clone(),
                id,
                plugin: "deploy".parse().unwrap(),
                calls: 0,
            }
        }

        async fn write(&mut self, write: KvWrite, max_bytes: u64) -> Outcome {
            let own = Space::Own(self.plugin.clone());
            self.write_in(own, write, max_bytes).await
        }

        async fn write_in(&mut self, space: Space, write: KvWrite, max_bytes: u64) -> Outcome {
            let entry = Entry::begin(
                self.calls,
                &KvGet {
                    namespace: None,
                    key: "x".into(),
                }
                .into(),
                UnixMillis(20),
            );
            self.calls += 1;
            let (store, lease) = (self.store.clone(), lease("a", 2_000));
            let commit = Commit::default();
            let written = store
                .record(
                    &self.id,
                    &lease,
                    commit,
                    entry,
                    &self.plugin,
                    Change::Kv(space, write, max_bytes),
                )
                .await;
            let (outcome, _queued) = written.unwrap();
            let journal = self.store.journal(&self.id).await.unwrap();
            assert_eq!(
                journal.last().and_then(|entry| entry.outcome.as_ref()),
                Some(&outcome)
            );
            outcome
        }

        async fn get(&self, key: &str) -> Option<Vec<u8>> {
            self.store
                .kv_get(&Space::Own(self.plugin.clone()), key)
                .await
                .unwrap()
        }

        async fn bytes(&self) -> u64 {
            self.store
                .kv_bytes(&Space::Own(self.plugin.clone()))
                .await
                .unwrap()
        }
    }

    fn set(key: &str, value: &[u8]) -> KvWrite {
        KvWrite::Set {
            key: key.into(),
            value: value.into(),
        }
    }

    fn replace(expected: Option<&[u8]>, value: &[u8]) -> KvWrite {
        KvWrite::Replace {
            key: "k".into(),
            expected: expected.map(Into::into),
            value: value.into(),
        }
    }

    #[tokio::test]
    async fn a_space_does_not_outgrow_its_quota() {
        let (_folder, store) = store();
        let mut run = Run::new(&store).await;
        assert_eq!(
            run.write(set("ab", b"12345678"), 20).await,
            Outcome::Ok(Value::Null)
        );
        assert_eq!(run.bytes().await, 10);
        let Outcome::Error(error) = run.write(set("b", b"1234567890"), 20).await else {
            panic!("it is full")
        };
        assert_eq!(error.code, Code::Conflict);
        assert_eq!(
            error.message,
            "the plugin's kv space is full: it holds 10 of 20 bytes, and would hold 21"
        );
        assert_eq!(run.get("b").await, None);
        assert_eq!(
            run.write(set("b", b"123456789"), 20).await,
            Outcome::Ok(Value::Null)
        );
        assert_eq!(run.bytes().await, 20);
        // With less room than it takes, it can still shrink.
        assert_eq!(run.write(set("b", b"1"), 5).await, Outcome::Ok(Value::Null));
        assert!(matches!(
            run.write(set("b", b"12"), 5).await,
            Outcome::Error(_)
        ));
        let delete = |key: &str| KvWrite::Delete { key: key.into() };
        assert_eq!(run.write(delete("ab"), 5).await, Outcome::Ok(Value::Null));
        assert_eq!(run.write(delete("ab"), 5).await, Outcome::Ok(Value::Null));
        assert_eq!(run.bytes().await, 2);
        // Bytes are counted, not characters.
        run.write(set("é", b""), 5).await;
        assert_eq!(run.bytes().await, 4);
    }

    #[tokio::test]
    async fn a_value_is_replaced_only_by_who_knows_it() {
        let (_folder, store) = store();
        let mut run = Run::new(&store).await;
        assert_eq!(
            run.write(replace(Some(b"1"), b"2"), 99).await,
            Outcome::Ok(json!(false))
        );
        assert_eq!(
            run.write(replace(None, b"1"), 99).await,
            Outcome::Ok(json!(true))
        );
        assert_eq!(
            run.write(replace(None, b"2"), 99).await,
            Outcome::Ok(json!(false))
        );
        assert_eq!(
            run.write(replace(Some(b"1"), b"22"), 99).await,
            Outcome::Ok(json!(true))
        );
        assert_eq!(run.get("k").await, Some(b"22".to_vec()));
        assert!(matches!(
            run.write(replace(Some(b"22"), b"333"), 3).await,
            Outcome::Error(_)
        ));
        assert_eq!(run.get("k").await, Some(b"22".to_vec()));
    }

    #[tokio::test]
    async fn what_is_superseded_writes_nothing() {
        let (_folder, store) = store();
        let mut run = Run::new(&store).await;
        run.write(set("k", b"1"), 99).await;
        let entry = Entry::begin(
            0,
            &KvGet {
                namespace: None,
                key: "x".into(),
            }
            .into(),
            UnixMillis(20),
        );
        for (owner, number) in [("b", 1), ("a", 0)] {
            let entry = Entry {
                number,
                ..entry.clone()
            };
            let (lease, commit) = (lease(owner, 2_000), Commit::default());
            let written = store
                .record(
                    &run.id,
                    &lease,
                    commit,
                    entry,
                    &run.plugin,
                    Change::Kv(Space::Own(run.plugin.clone()), set("k", b"222"), 99),
                )
                .await;
            assert_eq!(written, Err(CommitError::Superseded));
        }
        assert_eq!(
            (run.get("k").await, run.bytes().await),
            (Some(b"1".to_vec()), 2)
        );
    }

    #[tokio::test]
    async fn a_shared_space_is_nobodys_own() {
        let (_folder, store) = store();
        let mut run = Run::new(&store).await;
        run.write(set("k", b"own"), 99).await;
        let team: Namespace = "team".parse().unwrap();
        let of_run = Space::of(&run.plugin, Some(&team));
        let of_other = Space::of(&"other".parse().unwrap(), Some(&team));
        assert_eq!(of_run, of_other);
        assert_eq!(
            run.write_in(of_run.clone(), set("k", b"1"), 2).await,
            Outcome::Ok(Value::Null)
        );
        let Outcome::Error(error) = run.write_in(of_run, set("k", b"12"), 2).await else {
            panic!("it is full")
        };
        assert_eq!(
            error.message,
            "the shared kv space `team` is full: it holds 2 of 2 bytes, and would hold 3"
        );
        assert_eq!(run.get("k").await, Some(b"own".to_vec()));
        let shared = store.kv_get(&of_other, "k").await.unwrap();
        assert_eq!(shared, Some(b"1".to_vec()));
        // A plugin of the space's name has its own keys all the same, and none can have the name in the table.
        let same_name = Space::Own("team".parse().unwrap());
        assert_eq!(store.kv_get(&same_name, "k").await.unwrap(), None);
        assert!(of_other.to_string().parse::<PluginName>().is_err());
    }

    #[tokio::test]
    async fn keys_are_listed_in_order_by_prefix_and_position() {
        let (_folder, store) = store();
        let mut run = Run::new(&store).await;
        for key in ["b/2", "a", "b/1", "é", "b/10", "c"] {
            run.write(set(key, b""), 99).await;
        }
        let keys = async |prefix, after, limit| {
            store
                .kv_keys(&Space::Own(run.plugin.clone()), prefix, after, limit)
                .await
                .unwrap()
        };
        assert_eq!(
            keys("", None, 9).await,
            ["a", "b/1", "b/10", "b/2", "c", "é"]
        );
        assert_eq!(keys("b/", None, 9).await, ["b/1", "b/10", "b/2"]);
        assert_eq!(keys("b/", Some("b/1"), 1).await, ["b/10"]);
        assert_eq!(keys("b/", Some("a"), 1).await, ["b/1"]);
        assert_eq!(keys("b/", Some("c"), 9).await, Vec::<String>::new());
        assert_eq!(
            store
                .kv_keys(&Space::Own("other".parse().unwrap()), "", None, 9)
                .await
                .unwrap(),
            Vec::<String>::new()
        );
    }
}
