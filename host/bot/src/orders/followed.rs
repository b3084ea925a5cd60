//! Orders about plugins in a bot that runs: noted in the store, and followed at once.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;
use witbot_store::Store;
use witbot_store::error::StoreError;

use super::plugins::{Noted, PluginOrder, note, otherwise};
use crate::live::Live;
use crate::plugins::Plugins;
use crate::runs::Runs;

/// What follows orders. Cheap to clone.
#[derive(Clone)]
pub struct Followers {
    /// Where they are noted.
    pub store: Store,
    /// Who serves.
    pub plugins: Plugins,
    /// How they stand.
    pub live: Arc<ArcSwap<Live>>,
    /// What goes on.
    pub runs: Runs,
    /// Held by whoever looks whether a version has lost its trial.
    pub trials: Arc<Mutex<()>>,
}

impl Followers {
    /// Carries an order out, and waits until it has taken effect.
    pub async fn carry_out(&self, order: &PluginOrder) -> Result<Noted, StoreError> {
        let live = self.live.load_full();
        let mut noted = note(&self.store, self.plugins.artefacts(), &live, order).await?;
        if !noted.well {
            return Ok(noted);
        }
        if self.plugins.follow_orders().await {
            self.runs.release();
            if let Some(otherwise) = otherwise(&self.live.load(), order) {
                noted.text = format!("{} {otherwise}", noted.text);
            }
        } else {
            self.release_later();
            noted.text += " It takes effect in a moment: plugins are just being loaded.";
        }
        Ok(noted)
    }

    fn release_later(&self) {
        let (plugins, runs) = (self.plugins.clone(), self.runs.clone());
        tokio::spawn(async move {
            while !plugins.follow_orders().await {}
            runs.release();
        });
    }
}
