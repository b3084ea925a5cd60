//! A version that migrates what its plugin keeps before it takes over from another one. Until it has, the other one serves;
//! that it is to, and the run in which it does, are in the store, so that it happens once whatever happens to the bot.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc;
use witbot_core::audit;
use witbot_core::event::{Body, Event, Source, Webhook};
use witbot_core::ids::{InvocationId, PluginName};
use witbot_core::journal::{Begin, Permission};
use witbot_engine::Plugin;
use witbot_store::invocations::Status;

use super::{Entry, Keeper, Plugins};
use crate::clock;
use crate::live::Problem;
use crate::wake::Wake;

/// The kind of the event.
const KIND: &str = "migrate";

impl Plugins {
    /// Has it decided again who serves, without waiting for it.
    pub fn decide_again(&self) {
        self.parts.orders.0.send_modify(|asked| *asked += 1);
    }
}

impl Entry {
    /// What keeps the newest version from taking over that is otherwise ready to.
    pub(super) fn migration(&self) -> Option<Problem> {
        let newest = self.newest.as_ref()?;
        newest.declaration.declaration.migrates.as_ref()?;
        if self.served_last? == newest.digest {
            return None;
        }
        let takeover = self.takeover.as_ref();
        let Some(takeover) = takeover.filter(|takeover| takeover.to == newest.digest) else {
            return Some(Problem::Migrates);
        };
        match takeover.status {
            Some(Status::Done) => None,
            Some(Status::Running | Status::Parked) => Some(Problem::Migrates),
            Some(Status::Failed | Status::Dead) | None => Some(Problem::NotMigrated {
                run: takeover.run.clone(),
                reason: takeover.reason.clone().unwrap_or_default(),
            }),
        }
    }

    /// The version that is to begin its migration: one at a time for each plugin.
    fn to_migrate(&self) -> Option<(&Arc<Plugin>, &str)> {
        let newest = self.newest.as_ref()?;
        let underway = |status| matches!(status, Some(Status::Running | Status::Parked));
        let takeover = self.takeover.as_ref();
        let begins = self.problem == Some(Problem::Migrates)
            && takeover
                .is_none_or(|takeover| takeover.to != newest.digest && !underway(takeover.status));
        let handler = newest.declaration.declaration.migrates.as_deref()?;
        begins.then_some((newest, handler))
    }
}

impl Keeper {
    /// Has the version that served last serve on, when a restart finds another one in the folder that cannot take over yet.
    pub(super) async fn serve_on(&mut self, name: &PluginName) {
        let Some(entry) = self.entries.get(name) else {
            return;
        };
        let waits = entry.serving.is_none() && entry.back.is_none() && entry.migration().is_some();
        let (Some(last), true) = (entry.served_last, waits) else {
            return;
        };
        let plugins = Plugins {
            parts: self.parts.clone(),
        };
        let last = match plugins.version(name.clone(), last).await {
            Ok(last) if self.conflict(name, Some(&last)).is_none() => last,
            Ok(_) => return,
            Err(error) => {
                return tracing::debug!(plugin = %name, "the version that served last cannot serve on: {error:#}");
            }
        };
        if let Some(entry) = self.entries.get_mut(name) {
            entry.serving = Some(last);
        }
    }

    /// Begins the migrations that nothing is in the way of. What begins before the bot runs is found by its start.
    pub(super) async fn begin_migrations(&mut self) {
        let Some(store) = self.parts.store.clone() else {
            return;
        };
        let begun: Vec<_> = self
            .entries
            .iter()
            .filter_map(|(name, entry)| Some((name, entry, entry.to_migrate()?)))
            .map(|(name, entry, (newest, handler))| takeover(name, entry, newest, handler))
            .collect();
        for Takeover { event, run, begin } in begun {
            let (name, record) = (begin.plugin.clone(), record(&event, &run, &begin));
            match store.begin_takeover(&event, &run, begin, record).await {
                Ok(true) => {
                    tracing::info!(plugin = %name, run = %run, "the new version migrates what the plugin keeps");
                    self.wake(run).await;
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(plugin = %name, "its migration cannot begin: {error}");
                }
            }
        }
    }

    async fn wake(&self, run: InvocationId) {
        if let Some(wakes) = &self.wakes {
            // A loop that has ended needs no telling: the next start finds the run.
            let _ = wakes.send(Wake::Runnable(run)).await;
        }
    }

    /// Who acts on what begins from now on.
    pub(super) fn wakes(&mut self, wakes: mpsc::Sender<Wake>) {
        self.wakes = Some(wakes);
    }
}

/// A migration that is about to begin.
struct Takeover {
    event: Event,
    run: InvocationId,
    begin: Begin,
}

fn takeover(name: &PluginName, entry: &Entry, newest: &Plugin, handler: &str) -> Takeover {
    let now = clock::now();
    let other = entry
        .serving
        .as_ref()
        .filter(|other| Some(other.digest) == entry.served_last);
    let version = other.map(|other| &other.declaration.declaration.version);
    let from = json!({ "digest": entry.served_last, "version": version });
    let event = Event {
        source: Source::Reload,
        key: format!("{name} {} {}", newest.digest.short(), now.0),
        received: now,
        body: Body::Webhook(Webhook {
            kind: KIND.to_owned(),
            subject: String::new(),
            body: json!({ "from": from }),
            depth: 0,
        }),
    };
    let begin = Begin {
        // It is not stored yet.
        event: 0,
        plugin: name.clone(),
        digest: newest.digest,
        handler: handler.to_owned(),
        arguments: Vec::new(),
        permission: Permission::Given,
        at: now,
        routed: true,
    };
    Takeover {
        run: InvocationId::derive(event.source.as_str(), &event.key, name, handler),
        event,
        begin,
    }
}

fn record(event: &Event, run: &InvocationId, begin: &Begin) -> audit::Record {
    let detail = match &event.body {
        Body::Webhook(hook) => hook.body.clone(),
        Body::Message(_) | Body::Click(_) => json!({}),
    };
    audit::Record {
        at: begin.at,
        actor: None,
        plugin: Some(begin.plugin.clone()),
        digest: Some(begin.digest),
        invocation: Some(run.clone()),
        action: "plugin.migrate".to_owned(),
        detail,
        outcome: "begun".to_owned(),
    }
}
