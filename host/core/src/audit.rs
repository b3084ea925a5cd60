//! One line of the audit: who did what, with what, and what came of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{Digest, InvocationId, PluginName, UnixMillis, UserId};

/// A record. It is chained to the one before it when it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When.
    pub at: UnixMillis,
    /// The person who caused it, when a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<UserId>,
    /// The plugin that did it, when one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<PluginName>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// In which run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation: Option<InvocationId>,
    /// What was done: the name of a call, or `command`, `event`, `plugin.loaded`, `plugin.held`, `plugin.refused`,
    /// `plugin.removed`, `run.cancel`, `run.retry`; of runs that ended badly `run.failed` and `run.dead`, with the incident; of
    /// the bot itself `settings.changed` and `audit.pruned`.
    pub action: String,
    /// With what. Never holds a secret: those are added below the gate.
    pub detail: Value,
    /// `ok`, or the code of the error.
    pub outcome: String,
}
