//! Looks for webhooks of GitHub that did not arrive, as when the bot was down, and has them sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::time::MissedTickBehavior;
use witbot_core::error::Code;
use witbot_core::ids::Repository;
use witbot_core::limits;

use crate::clock;
use crate::live::Live;
use crate::services::github::Github;
use crate::settings::Settings;

/// What the bot may not see is tried again after this: somebody may have changed that.
const UNSEEN_FOR: Duration = Duration::from_secs(3600);

/// Since when it is known of repositories that the bot may not see their webhooks.
type Unseen = BTreeMap<Repository, Instant>;

/// Looks for as long as the bot runs: at once, and then every so often. A repository whose webhooks the bot may not see is
/// said, and looked at once an hour.
pub async fn run(github: Github, settings: Arc<ArcSwap<Settings>>, live: Arc<ArcSwap<Live>>) {
    let mut unseen = Unseen::new();
    let mut every = tokio::time::interval(limits::RECONCILE_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        for repository in repositories(&settings.load(), &live.load()) {
            let is_unseen = unseen
                .get(&repository)
                .is_some_and(|since| since.elapsed() < UNSEEN_FOR);
            if !is_unseen {
                look(&github, repository, &mut unseen).await;
            }
        }
    }
}

async fn look(github: &Github, repository: Repository, unseen: &mut Unseen) {
    let back = Duration::as_millis(&limits::DELIVERY_AGE_MAX) as u64;
    let since = clock::now().minus_ms(back);
    match github.redeliver(&repository, since).await {
        Ok(0) => {}
        Ok(count) => {
            tracing::info!(%repository, count, "webhooks that did not arrive are sent again")
        }
        Err(error) if matches!(error.code, Code::Denied | Code::NotFound) => {
            tracing::info!(
                %repository,
                "webhooks that do not arrive cannot be looked for, because the bot's credentials may not see the \
                 webhooks there (`admin:repo_hook`, or `Webhooks: write` of an app): {error}"
            );
            unseen.insert(repository, Instant::now());
        }
        Err(error) => tracing::debug!(%repository, "webhooks that did not arrive: {error}"),
    }
}

/// Those that a plugin that serves hears of and was granted by name.
fn repositories(settings: &Settings, live: &Live) -> BTreeSet<Repository> {
    let hears = |plugin: &Arc<witbot_engine::Plugin>| {
        let subscriptions = &plugin.declaration.declaration.subscriptions;
        subscriptions
            .iter()
            .any(|subscription| subscription.kind.starts_with("github."))
    };
    let hearing = live.serving.iter().filter(|(_, plugin)| hears(plugin));
    let granted = hearing.filter_map(|(name, _)| settings.plugins.get(name));
    granted
        .flat_map(|plugin| plugin.grants.repositories())
        .cloned()
        .collect()
}
