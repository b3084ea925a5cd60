//! What people ordered to be done with plugins, as it bears on who serves: a hold, and a rollback to an older version.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use witbot_core::audit;
use witbot_core::ids::{Digest, PluginName};
use witbot_core::limits;
use witbot_engine::Plugin;
use witbot_store::error::StoreError;
use witbot_store::orders::Rollback;

use super::{Artefacts, Entry, Keeper, Parts, Plugins};
use crate::clock;
use crate::live::{Live, Problem};
use crate::settings::PluginSettings;

/// A rollback, with the version that is to serve.
pub(super) struct Back {
    rollback: Rollback,
    /// The error: why it cannot be loaded. Then nothing serves, since the file is what people went back from.
    plugin: Result<Arc<Plugin>, String>,
}

impl Back {
    /// The version that is to serve, if it could be loaded.
    pub(super) fn plugin(&self) -> Option<&Arc<Plugin>> {
        self.plugin.as_ref().ok()
    }
}

impl Plugins {
    /// Has what is stored of orders take effect, and waits for it. False: that takes longer than people wait, as when
    /// other plugins are just being loaded; it follows.
    pub async fn follow_orders(&self) -> bool {
        let (asked, done) = &self.parts.orders;
        let mut times = 0;
        asked.send_modify(|asked| {
            *asked += 1;
            times = *asked;
        });
        let mut done = done.subscribe();
        let followed = done.wait_for(|done| *done >= times);
        tokio::time::timeout(limits::ORDER_FOLLOWED_MAX, followed)
            .await
            .is_ok()
    }

    /// Where the versions are kept.
    pub fn artefacts(&self) -> &Artefacts {
        &self.parts.artefacts
    }
}

impl Parts {
    /// The versions that the plugins which have a file can go back to.
    pub(super) async fn gone_back_to(&self, live: &Live) -> Result<Vec<Digest>, StoreError> {
        let Some(store) = &self.store else {
            return Ok(Vec::new());
        };
        let orders = store.plugin_orders().await?;
        let known = orders
            .into_iter()
            .filter(|(name, its)| its.rollback.is_some() || live.standing(name).is_some());
        let versions = known.flat_map(|(_, its)| {
            let pinned = its.rollback.map(|rollback| rollback.to);
            its.versions.into_iter().chain(pinned)
        });
        Ok(versions.collect())
    }
}

impl Keeper {
    /// Reads what is ordered, and loads the versions that are gone back to.
    pub(super) async fn take_up_orders(&mut self) {
        if let Some(store) = &self.parts.store {
            match store.plugin_orders().await {
                Ok(orders) => self.orders = orders,
                Err(StoreError::Closed) => {}
                Err(error) => tracing::error!("what is ordered of plugins is not known: {error}"),
            }
        }
        let plugins = Plugins {
            parts: self.parts.clone(),
        };
        for (name, entry) in &mut self.entries {
            let orders = self.orders.get(name);
            entry.hold = orders.and_then(|orders| orders.hold.clone());
            entry.served_last = orders.and_then(|orders| orders.versions.first().copied());
            entry.takeover = orders.and_then(|orders| orders.takeover.clone());
            let Some(rollback) = orders.and_then(|orders| orders.rollback.clone()) else {
                entry.back = None;
                continue;
            };
            if let Some(Back {
                rollback: before,
                plugin: Ok(_),
            }) = &entry.back
                && *before == rollback
            {
                continue;
            }
            let version = plugins.version(name.clone(), rollback.to).await;
            let plugin = version.map_err(|error| format!("{error:#}"));
            entry.back = Some(Back { rollback, plugin });
        }
    }

    /// Those that are held by an order.
    pub(super) fn held(&self) -> BTreeSet<PluginName> {
        let held = self.orders.iter();
        held.filter(|(_, orders)| orders.hold.is_some())
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Notes which file serves, so that it can be gone back to, and that a rollback which a new file ended is over.
    pub(super) async fn note_version(&mut self, name: &PluginName) {
        let (Some(store), Some(entry)) = (&self.parts.store, self.entries.get(name)) else {
            return;
        };
        let Some(digest) = entry.digest() else {
            return;
        };
        let orders = self.orders.entry(name.clone()).or_default();
        if let Some(rollback) = &orders.rollback {
            if entry.back.is_some() {
                return;
            }
            let ended = store.end_rollback(name, rollback.from, record(name, digest));
            if let Err(error) = ended.await {
                return tracing::error!(plugin = %name, "the end of the rollback is not stored: {error}");
            }
            orders.rollback = None;
        }
        // Another file that was to take over is gone when this one is the file.
        let is_over = orders.takeover.is_some()
            && entry.newest.as_ref().map(|newest| newest.digest) == Some(digest);
        let is_known = orders.versions.first() == Some(&digest) && !is_over;
        if !is_known && let Err(error) = store.plugin_serves(name, digest).await {
            tracing::error!(plugin = %name, "it is not stored that it serves, so it cannot be gone back to: {error}");
        }
    }
}

fn record(name: &PluginName, digest: Digest) -> audit::Record {
    audit::Record {
        at: clock::now(),
        actor: None,
        plugin: Some(name.clone()),
        digest: Some(digest),
        invocation: None,
        action: "plugin.release".to_owned(),
        detail: json!({ "by": "a new file", "rollback": true }),
        outcome: "ok".to_owned(),
    }
}

impl Entry {
    /// Has the older version serve that somebody ordered, until another file than the one that they went back from could.
    /// To be called when it is decided about the file.
    pub(super) fn go_back(&mut self, part: Option<&PluginSettings>, conflict: Option<Problem>) {
        let Some(back) = &self.back else {
            return;
        };
        let from = back.rollback.from;
        let newest = self.newest.as_ref().map(|newest| newest.digest);
        if newest.is_some_and(|newest| newest != from) && self.problem.is_none() {
            self.back = None;
            return;
        }
        let refused =
            |reason: &String| Problem::Refused(format!("it is rolled back, and {reason}"));
        let problem = match &back.plugin {
            Err(reason) => Some(refused(reason)),
            Ok(plugin) => conflict.or_else(|| self.problem_of(plugin, part)),
        };
        // A newer file that does not serve either is what the operator has to see.
        let stands = match &self.problem {
            Some(problem) if newest != Some(from) || self.refused.is_some() => problem.clone(),
            Some(_) | None => Problem::RolledBack(back.rollback.clone()),
        };
        self.serving = match problem {
            None => back.plugin().cloned(),
            Some(_) => None,
        };
        self.problem = Some(problem.unwrap_or(stands));
    }
}
