//! What the gate stands on: the clock, the store and the services, built by the floor above.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use witbot_core::call::Operation;
use witbot_core::error::Error;
use witbot_core::grants::Grants;
use witbot_core::ids::{CallId, ChannelId, InvocationId, PluginName, UnixMillis};
use witbot_core::journal::{Commit, Entry, Outcome};
use witbot_core::limits::plugin::PluginLimits;

/// Whose call it is.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The plugin.
    pub plugin: PluginName,
    /// The run.
    pub invocation: InvocationId,
}

/// The run cannot go on here: somebody else has it, or nothing can be stored.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Lost(pub String);

/// What became of an effect that was begun.
#[derive(Debug, PartialEq)]
pub enum Found {
    /// It took place, with this outcome.
    Happened(Outcome),
    /// It did not take place.
    Nothing,
    /// Nobody can say.
    Unknown,
}

/// What became of a call at the gate, for who counts them. A call that is answered from the journal is not among them.
#[derive(Debug, Clone, Copy)]
pub enum Passed<'a> {
    /// It is allowed, and about to be performed.
    Called(&'a Operation),
    /// It is not allowed.
    Denied(&'a Operation),
    /// It is more than a run may.
    OverBudget(&'a Operation),
}

/// Everything outside the sandbox that a run needs.
#[async_trait]
pub trait World: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> UnixMillis;

    /// What the operator grants a plugin at this moment: revoking acts at once.
    fn grants(&self, plugin: &PluginName) -> Arc<Grants>;

    /// What runs of a plugin that begin at this moment may use up.
    fn limits(&self, _plugin: &PluginName) -> PluginLimits {
        PluginLimits::default()
    }

    /// Grants that the operator tries: what they would deny is counted, and done.
    fn observed(&self, _plugin: &PluginName) -> Option<Arc<Grants>> {
        None
    }

    /// A call came to the gate. It must not take time.
    fn passed(&self, _caller: &Caller, _passed: Passed<'_>) {}

    /// Whether more can be said in a channel now. `rate-limited`: too much waits there already.
    async fn room(&self, channel: &ChannelId) -> Result<(), Error>;

    /// Makes what a run did durable, all of it or nothing.
    async fn commit(&self, invocation: &InvocationId, commit: Commit) -> Result<(), Lost>;

    /// Makes `before` durable, changes what the store keeps for the plugin (its kv space, its lines, its runs), and records
    /// the change with its outcome, all at once.
    async fn record(
        &self,
        caller: &Caller,
        before: Commit,
        entry: Entry,
        operation: &Operation,
    ) -> Result<Outcome, Lost>;

    /// Performs a read or an effect. An effect is marked with `id`, so that it can be found again.
    async fn perform(&self, caller: &Caller, id: &CallId, operation: &Operation) -> Outcome;

    /// Looks for an effect that was begun at a time and perhaps performed.
    async fn find(
        &self,
        caller: &Caller,
        id: &CallId,
        operation: &Operation,
        begun: UnixMillis,
    ) -> Found;

    /// Who canceled a run, if somebody did. Asked before it waits.
    async fn canceled(&self, invocation: &InvocationId) -> Result<Option<String>, Lost>;

    /// Looks once whether a wait is over. An error ends the wait too.
    async fn look(
        &self,
        caller: &Caller,
        id: &CallId,
        operation: &Operation,
    ) -> Result<Option<Value>, Error>;

    /// Who watches a run that is only replayed: it is answered from its record, and ends at the first call that is not
    /// answered there. Nothing is performed.
    fn witness(&self) -> Option<Arc<dyn Witness>> {
        None
    }
}

/// Watches a run that is replayed.
pub trait Witness: Send + Sync {
    /// A call is answered from the record.
    fn answered(&self, operation: &Operation, outcome: &Outcome);

    /// The first call that the record does not answer.
    fn beyond(&self, operation: &Operation);

    /// The plugin logs a line, at a level.
    fn logged(&self, level: &str, line: &str);
}
