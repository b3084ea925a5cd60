//! The first runs of a version are its trial. When they crash, the version before it is put back, as an operator would do it.

use witbot_core::audit;
use witbot_core::limits;
use witbot_store::audit::Filter;
use witbot_store::error::StoreError;
use witbot_store::orders::BY_ITSELF;
use witbot_store::trial::Trial;

use super::followed::Followers;
use super::plugins::{PluginOrder, What};
use crate::clock;
use crate::wake::Crash;

impl Followers {
    /// Goes back to the version before, if the one that crashed has lost its trial by it. What people are told of it.
    ///
    /// A version that an operator released after that stays: they know of it.
    pub async fn after_crash(&self, crash: &Crash) -> Result<Option<String>, StoreError> {
        // One after the other: the second of two would go back one version more.
        let _one = self.trials.lock().await;
        if !self.serves(crash) {
            return Ok(None);
        }
        let trial = self.store.trial(&crash.plugin, crash.digest).await?;
        if !trial.is_lost() || self.went_back_from(crash).await? {
            return Ok(None);
        }
        let noted = self.carry_out(&order(crash, trial)).await?;
        if !noted.well {
            if trial.crashed == limits::TRIAL_CRASHES {
                tracing::warn!(plugin = %crash.plugin, "its first runs crash, and it goes on serving: {}", noted.text);
            }
            return Ok(None);
        }
        let (plugin, run) = (&crash.plugin, crash.run.short());
        tracing::warn!(%plugin, run = %crash.run, "the version before it serves again: {}", noted.text);
        Ok(Some(format!(
            "The new version of `{plugin}` crashed {} times, so the one before it serves again. An operator sees why with `witbot runs {run}`.",
            trial.crashed
        )))
    }

    /// Whether it is the file that serves, and nobody ordered anything.
    fn serves(&self, crash: &Crash) -> bool {
        let live = self.live.load();
        live.standing(&crash.plugin).is_some_and(|standing| {
            standing.serving == Some(crash.digest) && standing.problem.is_none()
        })
    }

    async fn went_back_from(&self, crash: &Crash) -> Result<bool, StoreError> {
        /// Who was put back that often since is as good as new.
        const LOOKED_AT: u32 = 100;
        let filter = Filter {
            plugin: Some(crash.plugin.clone()),
            action: Some("plugin.rollback".to_owned()),
            ..Filter::default()
        };
        let links = self.store.audit_tail(LOOKED_AT, filter).await?;
        let from = serde_json::json!(crash.digest);
        let of_it = |record: &audit::Record| {
            record.detail["by"] == BY_ITSELF && record.detail["from"] == from
        };
        Ok(links.iter().any(|link| of_it(&link.record)))
    }
}

fn order(crash: &Crash, trial: Trial) -> PluginOrder {
    let Trial { ended, crashed } = trial;
    PluginOrder {
        what: What::Rollback(None),
        plugin: crash.plugin.clone(),
        reason: format!(
            "{crashed} of the first {ended} runs of the new version crashed, the last of them {}",
            crash.run.short()
        ),
        by: BY_ITSELF.to_owned(),
        at: clock::now(),
        person: None,
    }
}
