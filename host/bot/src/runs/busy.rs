//! What becomes of runs whose plugin has as many calls as it may: people are told, and everything else waits in the store, in the
//! order in which it came.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, MutexGuard, PoisonError};

use witbot_core::event::Body;
use witbot_core::ids::{InvocationId, PluginName};
use witbot_core::journal::Commit;
use witbot_core::limits::DEFERRED_KNOWN_MAX;
use witbot_engine::{Busy, Invocation, Place, Plugin, World as _};

use super::{Parts, Runs, failed, failure};

/// The runs of one plugin that wait in the store.
#[derive(Debug, Default)]
pub(super) struct Deferred {
    /// The next ones, by the rows of their events.
    next: BTreeSet<(i64, InvocationId)>,
    /// There are others behind these.
    more: bool,
}

impl Deferred {
    fn add(&mut self, row: i64, id: InvocationId) {
        let is_behind = self.next.last().is_some_and(|last| row > last.0);
        if self.more && is_behind {
            return;
        }
        self.next.insert((row, id));
        if self.next.len() > DEFERRED_KNOWN_MAX {
            self.next.pop_last();
            self.more = true;
        }
    }
}

impl Parts {
    /// A place for a run that has not begun. One that nobody waits for does not overtake those that wait in the store.
    pub(super) fn place(&self, plugin: &Plugin, invocation: &Invocation) -> Result<Place, Busy> {
        let name = &plugin.name;
        if is_waited_for(plugin, invocation) {
            return self.engine.enter(name, &self.ground.limits(name));
        }
        self.place_behind(name)
    }

    /// A place for a run, unless others wait in the store.
    pub(super) fn place_behind(&self, plugin: &PluginName) -> Result<Place, Busy> {
        let deferred = self.deferred();
        if deferred.contains_key(plugin) {
            let calls = self.engine.calls_now();
            let own = calls.into_iter().find(|(name, _)| name == plugin);
            let (running, waiting) = (0, 0);
            return Err(own.map_or(Busy { running, waiting }, |(_, busy)| busy));
        }
        self.engine.enter(plugin, &self.ground.limits(plugin))
    }

    /// Ends a run that did not begin, with a line to the person who asked. One that nobody waits for begins later.
    pub(super) async fn turn_away(
        self: &Arc<Self>,
        plugin: &Plugin,
        invocation: Invocation,
        busy: Busy,
    ) {
        let name = &plugin.name;
        let waited_for = is_waited_for(plugin, &invocation);
        let (id, event, row) = (invocation.id, invocation.event, invocation.event_row);
        let begins = Commit {
            begin: invocation.begin,
            audit: invocation.opening,
            ..Commit::default()
        };
        if !waited_for {
            return self.begin_later(name, &id, row, begins, busy).await;
        }
        self.ground.metrics.run_turned_away(name);
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
        busy: Busy,
    ) {
        let Some(begin) = begins.begin else {
            return self.defer(plugin, row, id).await;
        };
        let store = &self.ground.store;
        match store.begin_all(row, vec![(id.clone(), begin)]).await {
            Ok(new) if new.is_empty() => return,
            Ok(_) => {
                tracing::info!(run = %id, %plugin, "the run begins later: {busy}");
                self.defer(plugin, row, id).await;
            }
            Err(error) => {
                return tracing::error!(run = %id, %plugin, "the run begins after the next start: {error}");
            }
        }
        if let Err(error) = store.audit(begins.audit).await {
            tracing::error!(run = %id, %plugin, "the beginning of the run is not in the audit: {error}");
        }
    }

    /// Has a run that is stored go on when its plugin is not busy.
    pub(super) async fn defer(self: &Arc<Self>, plugin: &PluginName, row: i64, id: &InvocationId) {
        let of_plugin = plugin.clone();
        self.deferred()
            .entry(of_plugin)
            .or_default()
            .add(row, id.clone());
        // Looked at after it is noted: whoever ends meanwhile finds the run, or this does.
        self.undefer(plugin).await;
    }

    /// A call of a plugin has ended: the first that was deferred goes on. It gets its place while nobody else can take out the
    /// next, so that they go on in their order.
    pub(super) async fn undefer(self: &Arc<Self>, plugin: &PluginName) {
        self.know_more(plugin).await;
        let next = {
            let mut deferred = self.deferred();
            let Some(of_plugin) = deferred.get_mut(plugin) else {
                return;
            };
            let next = self.next(plugin, of_plugin);
            if of_plugin.next.is_empty() && !of_plugin.more {
                deferred.remove(plugin);
            }
            next
        };
        if let Some((run, place)) = next {
            let parts = self.clone();
            Runs { parts }.go_on(run, Some(place));
        }
    }

    /// The first that was deferred, with a place. None: there is none, or a call that runs still will see to it when it ends.
    fn next(&self, plugin: &PluginName, deferred: &mut Deferred) -> Option<(InvocationId, Place)> {
        deferred.next.first()?;
        let place = self
            .engine
            .enter(plugin, &self.ground.limits(plugin))
            .ok()?;
        deferred.next.pop_first().map(|(_, run)| (run, place))
    }

    /// Reads those that wait behind the ones that are known, when these are through.
    async fn know_more(&self, plugin: &PluginName) {
        let through = |deferred: &Deferred| deferred.more && deferred.next.is_empty();
        if !self.deferred().get(plugin).is_some_and(through) {
            return;
        }
        let store = &self.ground.store;
        let found = match store.unclaimed(plugin, DEFERRED_KNOWN_MAX + 1).await {
            Ok(found) => found,
            Err(error) => {
                return tracing::error!(%plugin, "what waits in the store is not known: {error}");
            }
        };
        let mut deferred = self.deferred();
        let Some(deferred) = deferred.get_mut(plugin) else {
            return;
        };
        deferred.more = false;
        // One that is on its way already is looked at once more when it is out, and found to be done.
        for (row, run) in found {
            deferred.add(row, run);
        }
    }

    fn deferred(&self) -> MutexGuard<'_, HashMap<PluginName, Deferred>> {
        self.deferred.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether somebody gave a command, and is to be told at once what becomes of it.
fn is_waited_for(plugin: &Plugin, invocation: &Invocation) -> bool {
    let mut listeners = plugin.declaration.declaration.listeners.iter();
    let listens = listeners.any(|listener| listener.id == invocation.handler);
    matches!(invocation.event.body, Body::Message(_)) && !listens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(number: usize) -> InvocationId {
        format!("{number:020x}").parse().unwrap()
    }

    #[test]
    fn the_first_are_known_in_order_however_many_wait() {
        let mut deferred = Deferred::default();
        let rows = (1..=DEFERRED_KNOWN_MAX + 5).rev();
        for row in rows.chain([DEFERRED_KNOWN_MAX + 9]) {
            deferred.add(row as i64, run(row));
        }
        assert!(deferred.more);
        let known: Vec<i64> = deferred.next.iter().map(|(row, _)| *row).collect();
        let first: Vec<i64> = (1..=DEFERRED_KNOWN_MAX as i64).collect();
        assert_eq!(known, first);
        // One that was through, and found no place, is the first again.
        let first = deferred.next.pop_first().unwrap();
        deferred.add(first.0, first.1.clone());
        assert_eq!(deferred.next.first(), Some(&first));
    }
}
