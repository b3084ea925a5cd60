//! What people ordered to be done with plugins, and the versions that can be gone back to. An order is audited in the
//! transaction that stores it.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};

use witbot_core::audit::Record;
use witbot_core::ids::{Digest, PluginName, UnixMillis};
use witbot_core::limits::VERSIONS_KEPT_MAX;

use crate::Store;
use crate::audit;
use crate::column::{all, damaged, digest, execute, id, millis, stored_millis};
use crate::error::StoreError;
use crate::takeovers::{TAKEOVERS, Takeover, takeover};

/// Who ordered what the bot did by itself.
pub const BY_ITSELF: &str = "witbot itself";

/// By whom something was ordered, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// Who, in words.
    pub by: String,
    /// Why. Empty: they did not say.
    pub reason: String,
    /// When.
    pub at: UnixMillis,
}

/// A version serves in place of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// By whom and why.
    pub ordered: Ordered,
    /// The file as it was then. Another one ends the rollback when it serves.
    pub from: Digest,
    /// The version that serves.
    pub to: Digest,
}

/// What is known of one plugin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PluginOrders {
    /// It does not serve.
    pub hold: Option<Ordered>,
    /// It serves an older version.
    pub rollback: Option<Rollback>,
    /// The versions that served, the newest first: at the most [`VERSIONS_KEPT_MAX`].
    pub versions: Vec<Digest>,
    /// A version that is about to take over.
    pub takeover: Option<Takeover>,
}

impl Store {
    /// What is ordered, and can be gone back to, for each plugin that ever served or was to.
    pub async fn plugin_orders(&self) -> Result<BTreeMap<PluginName, PluginOrders>, StoreError> {
        self.read(|db| {
            let mut found: BTreeMap<PluginName, PluginOrders> = BTreeMap::new();
            let orders =
                "SELECT plugin, what, by, reason, at_ms, from_digest, to_digest FROM plugin_orders";
            for (plugin, order) in all(db, orders, (), order)? {
                let its = found.entry(plugin).or_default();
                match order {
                    Order::Hold(ordered) => its.hold = Some(ordered),
                    Order::Rollback(rollback) => its.rollback = Some(rollback),
                }
            }
            let versions = "SELECT plugin, digest FROM plugin_versions ORDER BY number DESC";
            let version = |row: &Row<'_>| Ok((id(row, "plugin")?, digest(row, "digest")?));
            for (plugin, digest) in all(db, versions, (), version)? {
                found.entry(plugin).or_default().versions.push(digest);
            }
            for (plugin, takeover) in all(db, TAKEOVERS, (), takeover)? {
                found.entry(plugin).or_default().takeover = Some(takeover);
            }
            Ok(found)
        })
        .await
    }

    /// Has a plugin not serve. A second order replaces the first.
    pub async fn hold_plugin(
        &self,
        plugin: &PluginName,
        ordered: Ordered,
        record: Record,
    ) -> Result<(), StoreError> {
        let (plugin, texts) = (plugin.clone(), audit::texts(&[record])?);
        self.write(move |db| {
            put(db, &plugin, "hold", &ordered, None)?;
            Ok(audit::append(db, &texts)?)
        })
        .await
    }

    /// Has a plugin serve an older version. A second order replaces the first.
    pub async fn roll_back_plugin(
        &self,
        plugin: &PluginName,
        rollback: Rollback,
        record: Record,
    ) -> Result<(), StoreError> {
        let (plugin, texts) = (plugin.clone(), audit::texts(&[record])?);
        self.write(move |db| {
            let Rollback { ordered, from, to } = &rollback;
            put(db, &plugin, "rollback", ordered, Some((from, to)))?;
            Ok(audit::append(db, &texts)?)
        })
        .await
    }

    /// Forgets what was ordered for a plugin, and that a migration of it failed. False: there was nothing, and nothing is
    /// audited.
    pub async fn release_plugin(
        &self,
        plugin: &PluginName,
        record: Record,
    ) -> Result<bool, StoreError> {
        let (plugin, texts) = (plugin.clone(), audit::texts(&[record])?);
        self.write(move |db| {
            let sql = "DELETE FROM plugin_orders WHERE plugin = ?";
            let failed = "DELETE FROM plugin_takeovers WHERE plugin = ? AND NOT EXISTS
                          (SELECT 1 FROM invocations WHERE id = plugin_takeovers.run AND state NOT IN ('failed', 'dead'))";
            let gone = execute(db, sql, [plugin.as_str()])? + execute(db, failed, [plugin.as_str()])?;
            if gone > 0 {
                audit::append(db, &texts)?;
            }
            Ok(gone > 0)
        })
        .await
    }

    /// Ends a rollback, unless another one was ordered since.
    pub async fn end_rollback(
        &self,
        plugin: &PluginName,
        from: Digest,
        record: Record,
    ) -> Result<(), StoreError> {
        let (plugin, texts) = (plugin.clone(), audit::texts(&[record])?);
        self.write(move |db| {
            let sql = "DELETE FROM plugin_orders WHERE plugin = ? AND what = 'rollback' AND from_digest = ?";
            if execute(db, sql, (plugin.as_str(), from.as_bytes()))? > 0 {
                audit::append(db, &texts)?;
            }
            Ok(())
        })
        .await
    }

    /// Notes that the file of a plugin serves, and forgets the versions that are too old to be gone back to.
    pub async fn plugin_serves(
        &self,
        plugin: &PluginName,
        digest: Digest,
    ) -> Result<(), StoreError> {
        let plugin = plugin.clone();
        self.write(move |db| {
            let insert = "INSERT OR REPLACE INTO plugin_versions (number, plugin, digest)
                          VALUES ((SELECT coalesce(max(number), 0) + 1 FROM plugin_versions), ?, ?)";
            execute(db, insert, (plugin.as_str(), digest.as_bytes()))?;
            let forget = "DELETE FROM plugin_versions WHERE plugin = ?1 AND number NOT IN
                          (SELECT number FROM plugin_versions WHERE plugin = ?1 ORDER BY number DESC LIMIT ?2)";
            execute(db, forget, (plugin.as_str(), VERSIONS_KEPT_MAX))?;
            let taken_over = "DELETE FROM plugin_takeovers WHERE plugin = ?";
            execute(db, taken_over, [plugin.as_str()])?;
            Ok(())
        })
        .await
    }
}

fn put(
    db: &Connection,
    plugin: &PluginName,
    what: &str,
    ordered: &Ordered,
    versions: Option<(&Digest, &Digest)>,
) -> Result<(), rusqlite::Error> {
    execute(
        db,
        "INSERT OR REPLACE INTO plugin_orders (plugin, what, by, reason, at_ms, from_digest, to_digest)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            plugin.as_str(),
            what,
            &ordered.by,
            &ordered.reason,
            stored_millis(ordered.at),
            versions.map(|(from, _)| from.as_bytes()),
            versions.map(|(_, to)| to.as_bytes()),
        ),
    )?;
    Ok(())
}

enum Order {
    Hold(Ordered),
    Rollback(Rollback),
}

fn order(row: &Row<'_>) -> Result<(PluginName, Order), StoreError> {
    let ordered = Ordered {
        by: row.get("by")?,
        reason: row.get("reason")?,
        at: millis(row, "at_ms")?,
    };
    let what: String = row.get("what")?;
    let order = match what.as_str() {
        "hold" => Order::Hold(ordered),
        "rollback" => Order::Rollback(Rollback {
            ordered,
            from: digest(row, "from_digest")?,
            to: digest(row, "to_digest")?,
        }),
        other => return Err(damaged("what", format!("`{other}` is no order"))),
    };
    Ok((id(row, "plugin")?, order))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Filter;
    use crate::fixture::{record, store};

    fn ordered(by: &str) -> Ordered {
        Ordered {
            by: by.to_owned(),
            reason: "it leaks".to_owned(),
            at: UnixMillis(5),
        }
    }

    fn version(number: u32) -> Digest {
        Digest::of(&number.to_be_bytes())
    }

    #[tokio::test]
    async fn orders_last_until_they_are_released_and_are_audited() {
        let (folder, store) = store();
        let plugin: PluginName = "deploy".parse().unwrap();
        let rollback = Rollback {
            ordered: ordered("bob"),
            from: version(2),
            to: version(1),
        };
        store
            .hold_plugin(&plugin, ordered("ada"), record("a"))
            .await
            .unwrap();
        let rolled = store.roll_back_plugin(&plugin, rollback.clone(), record("b"));
        rolled.await.unwrap();
        store.close().await;
        let store = Store::open(folder.path()).unwrap();
        let orders = &store.plugin_orders().await.unwrap()[&plugin];
        assert_eq!(orders.hold, Some(ordered("ada")));
        assert_eq!(orders.rollback, Some(rollback));

        // Of another rollback, which is not this one any more.
        store
            .end_rollback(&plugin, version(7), record("c"))
            .await
            .unwrap();
        assert!(
            store.plugin_orders().await.unwrap()[&plugin]
                .rollback
                .is_some()
        );
        store
            .end_rollback(&plugin, version(2), record("c"))
            .await
            .unwrap();
        let orders = &store.plugin_orders().await.unwrap()[&plugin];
        assert!(orders.rollback.is_none() && orders.hold.is_some());
        assert!(store.release_plugin(&plugin, record("d")).await.unwrap());
        assert!(!store.release_plugin(&plugin, record("e")).await.unwrap());
        assert_eq!(store.plugin_orders().await.unwrap(), BTreeMap::new());
        let audit = store.audit_tail(10, Filter::default()).await.unwrap();
        assert_eq!(audit.len(), 4, "what changed nothing is not in the audit");
    }

    #[tokio::test]
    async fn the_last_versions_are_known_and_one_that_comes_again_is_the_newest() {
        let (_folder, store) = store();
        let plugin: PluginName = "deploy".parse().unwrap();
        let other: PluginName = "greet".parse().unwrap();
        store.plugin_serves(&other, version(1)).await.unwrap();
        for number in (1..=VERSIONS_KEPT_MAX + 2).chain([4]) {
            store.plugin_serves(&plugin, version(number)).await.unwrap();
        }
        let orders = store.plugin_orders().await.unwrap();
        let versions = &orders[&plugin].versions;
        assert_eq!(versions.len(), VERSIONS_KEPT_MAX as usize);
        assert_eq!(versions[..2], [version(4), version(VERSIONS_KEPT_MAX + 2)]);
        assert_eq!(orders[&other].versions, [version(1)]);
    }
}
