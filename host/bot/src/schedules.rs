//! Calls handlers by the clock. When each is due next is in the store, so that what was missed while the bot did not run is
//! made up for: once, however often it was.
//!
//! What a schedule means is decided in `witbot_core::schedule`. Here the clock is looked at, and what is due becomes an event
//! with a key of plugin, schedule and time, so that nothing can call the handler twice for the same time: no crash, and no
//! clock that is set back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use witbot_core::event::{Body, Event, Source, Webhook};
use witbot_core::ids::{PluginName, UnixMillis};
use witbot_core::limits;
use witbot_core::schedule::{Kept, kept};
use witbot_store::Store;
use witbot_store::error::StoreError;
use witbot_store::inbox::Accepted;
use witbot_store::schedules::Due;

use crate::clock;
use crate::live::Live;
use crate::metrics::{Arrival, Metrics};
use crate::settings::Settings;
use crate::wake::Wake;

/// The kind of the events.
const KIND: &str = "schedule";

/// What plugins are called by the clock for.
pub struct Schedules {
    /// Where the next times are.
    pub store: Store,
    /// Who acts on what is due.
    pub wakes: mpsc::Sender<Wake>,
    /// Who serves.
    pub live: Arc<ArcSwap<Live>>,
    /// What the operator made of it.
    pub settings: Arc<ArcSwap<Settings>>,
    /// Who counts it.
    pub metrics: Metrics,
}

/// What one plugin that serves is to be called for.
struct Plan {
    plugin: PluginName,
    schedules: Vec<Kept>,
}

impl Schedules {
    /// Looks at the clock for as long as the bot runs.
    pub async fn run(self) {
        loop {
            let now = clock::now();
            let next = match self.look(&self.plans(), now).await {
                Ok(next) => next,
                Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::error!("what is due by the clock is not known: {error}");
                    None
                }
            };
            tokio::time::sleep(pause(next, clock::now())).await;
        }
    }

    /// What is to be called for by now, by the plugins, the settings and the grants as they are.
    fn plans(&self) -> Vec<Plan> {
        let (live, settings) = (self.live.load(), self.settings.load());
        let plans = live.serving.iter().map(|(name, plugin)| {
            let part = settings.plugins.get(name);
            let made_of = |id: &str| part?.schedules.get(id).cloned();
            let grants = part.map_or(&[][..], |part| part.grants.schedules.as_slice());
            Plan {
                plugin: name.clone(),
                schedules: kept(&plugin.declaration.schedules, made_of, grants),
            }
        });
        plans.collect()
    }

    /// Calls for what is due, and notes what is new. Answers when something is due next.
    async fn look(
        &self,
        plans: &[Plan],
        now: UnixMillis,
    ) -> Result<Option<UnixMillis>, StoreError> {
        let known = self.store.schedules().await?;
        self.forget(plans, &known).await?;
        let mut known: HashMap<(&PluginName, &str), &Due> = known
            .iter()
            .map(|due| ((&due.plugin, due.id.as_str()), due))
            .collect();
        let mut first: Option<UnixMillis> = None;
        for Plan { plugin, schedules } in plans {
            for schedule in schedules {
                let due = known.remove(&(plugin, schedule.id.as_str()));
                let next = self.keep(plugin, schedule, due, now).await?;
                first = first.into_iter().chain(next).min();
            }
        }
        Ok(first)
    }

    /// What a plugin that serves is not called for any more must not be made up for should it come back. What a plugin is
    /// called for that does not serve at the moment was missed.
    async fn forget(&self, plans: &[Plan], known: &[Due]) -> Result<(), StoreError> {
        let serving: HashSet<&PluginName> = plans.iter().map(|plan| &plan.plugin).collect();
        let kept: HashSet<(&PluginName, &str)> = plans
            .iter()
            .flat_map(|plan| {
                let ids = plan.schedules.iter().map(|one| one.id.as_str());
                ids.map(|id| (&plan.plugin, id))
            })
            .collect();
        let gone = known.iter().filter(|due| {
            serving.contains(&due.plugin) && !kept.contains(&(&due.plugin, due.id.as_str()))
        });
        for due in gone {
            self.store
                .unschedule(due.plugin.clone(), due.id.clone())
                .await?;
        }
        Ok(())
    }

    /// Calls for one if it is due. Answers when it is due next.
    async fn keep(
        &self,
        plugin: &PluginName,
        schedule: &Kept,
        known: Option<&Due>,
        now: UnixMillis,
    ) -> Result<Option<UnixMillis>, StoreError> {
        let next = schedule.when.next(now);
        let rule = schedule.when.as_str();
        let known = known.filter(|due| due.rule == rule).map(|due| due.at);
        let due = |at| Due {
            plugin: plugin.clone(),
            id: schedule.id.clone(),
            rule: rule.to_owned(),
            at,
        };
        match known {
            Some(at) if at <= now => self.fire(due(at), schedule, now, next).await?,
            // A clock that was set back must not keep everybody waiting until it is there again.
            Some(at) if next.is_none_or(|next| at <= next) => return Ok(Some(at)),
            Some(_) | None => {
                if let Some(next) = next {
                    self.store.schedule(due(next)).await?;
                }
            }
        }
        Ok(next)
    }

    async fn fire(
        &self,
        due: Due,
        schedule: &Kept,
        now: UnixMillis,
        next: Option<UnixMillis>,
    ) -> Result<(), StoreError> {
        let missed = schedule.when.next(due.at).is_some_and(|next| next <= now);
        let event = event(&due, missed, now);
        if let Accepted::New(row) = self.store.fire(&event, due, next).await? {
            self.metrics.event(event.source, Arrival::Accepted);
            let event = Arc::new(event);
            // A loop that has ended needs no telling: the next start finds the event in the inbox.
            let _ = self.wakes.send(Wake::Came { row, event }).await;
        }
        Ok(())
    }
}

/// How long the clock need not be looked at.
fn pause(next: Option<UnixMillis>, now: UnixMillis) -> Duration {
    let most = limits::SCHEDULES_LOOKED_AT_EVERY;
    let left = next.map(|next| Duration::from_millis(next.0.saturating_sub(now.0)));
    left.map_or(most, |left| left.min(most))
}

fn event(due: &Due, missed: bool, now: UnixMillis) -> Event {
    let mut body = json!({ "plugin": due.plugin, "due": due.at });
    if missed {
        body["missed"] = json!(true);
    }
    Event {
        source: Source::Schedule,
        key: format!("{} {} {}", due.plugin, due.id, due.at.0),
        received: now,
        body: Body::Webhook(Webhook {
            kind: KIND.to_owned(),
            subject: due.id.clone(),
            body,
            depth: 0,
        }),
    }
}

/// Whose schedule an event is of.
pub fn plugin_of(body: &Value) -> Option<PluginName> {
    body["plugin"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests;
