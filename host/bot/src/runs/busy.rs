//! What becomes of runs whose plugin has as many calls as it may: people are told, and everything else waits in the store.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, MutexGuard, PoisonError};

use witbot_core::event::Body;
use witbot_core::ids::{InvocationId, PluginName};
use witbot_core::journal::Commit;
use witbot_engine::{Busy, Invocation, Plugin, World as _};

use super::{Parts, failed, failure};

impl Parts {
    /// Ends a run that did not begin, with a line to the person who asked. One that nobody waits for begins later.
    pub(super) async fn turn_away(
        self: &Arc<Self>,
        plugin: &Plugin,
        invocation: Invocation,
        busy: Busy,
    ) {
        let (id, event, row) = (invocation.id, invocation.event, invocation.event_row);
        let name = &plugin.name;
        let begins = Commit {
            begin: invocation.begin,
            audit: invocation.opening,
            ..Commit::default()
        };
        let mut listeners = plugin.declaration.declaration.listeners.iter();
        let listens = listeners.any(|listener| listener.id == invocation.handler);
        if !matches!(event.body, Body::Message(_)) || listens {
            tracing::info!(run = %id, plugin = %name, "the run begins later: {busy}");
            return self.begin_later(name, &id, row, begins).await;
        }
        tracing::warn!(run = %id, plugin = %name, "the run is refused: {busy}");
        let text = format!("`{name}` is busy: {busy}. Try again in a moment.");
        let mut commit = failed(&id, &event, begins, text, "its plugin was busy");
        let record = commit.state.as_ref();
        let record = record.and_then(|state| failure(&id, plugin, &event, state));
        commit.audit.extend(record);
        self.end(&id, plugin, row, &event, commit).await;
    }

    /// Stores a run that is to begin when there is a place for it. Until it does, nobody holds it.
    async fn begin_later(
        self: &Arc<Self>,
        plugin: &PluginName,
        id: &InvocationId,
        row: i64,
        begins: Commit,
    ) {
        let Some(begin) = begins.begin else {
            return self.defer(plugin, id).await;
        };
        let store = &self.ground.store;
        match store.begin_all(row, vec![(id.clone(), begin)]).await {
            Ok(new) if new.is_empty() => return,
            Ok(_) => self.defer(plugin, id).await,
            Err(error) => {
                return tracing::error!(run = %id, %plugin, "the run begins after the next start: {error}");
            }
        }
        if let Err(error) = store.audit(begins.audit).await {
            tracing::error!(run = %id, %plugin, "the beginning of the run is not in the audit: {error}");
        }
    }

    /// Has a run that is stored go on when its plugin is not busy.
    pub(super) async fn defer(&self, plugin: &PluginName, id: &InvocationId) {
        self.deferred()
            .entry(plugin.clone())
            .or_default()
            .push_back(id.clone());
        // Looked at after it is noted: whoever ends meanwhile finds the run, or this does.
        let free = self
            .engine
            .enter(plugin, &self.ground.limits(plugin))
            .is_ok();
        if free {
            self.undefer(plugin).await;
        }
    }

    /// A call of a plugin has ended: one that was deferred goes on.
    pub(super) async fn undefer(&self, plugin: &PluginName) {
        let next = {
            let mut deferred = self.deferred();
            let next = deferred.get_mut(plugin).and_then(VecDeque::pop_front);
            if deferred.get(plugin).is_some_and(VecDeque::is_empty) {
                deferred.remove(plugin);
            }
            next
        };
        if let Some(run) = next {
            let _ = self.wakes.send(super::Wake::Runnable(run)).await;
        }
    }

    fn deferred(&self) -> MutexGuard<'_, HashMap<PluginName, VecDeque<InvocationId>>> {
        self.deferred.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
