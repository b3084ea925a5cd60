//! Counting what a plugin uses of what it is granted, and trying grants without enforcing them.
//!
//! What is counted goes with the commit that records the call, and never asks for one of its own.

use witbot_core::audit;
use witbot_core::call::Operation;
use witbot_core::grants::denial::Denial;
use witbot_core::ids::UnixMillis;
use witbot_core::journal::{Entry, Outcome};
use witbot_core::usage::{self, Use, Used};

use super::Run;

/// What is audited of a call that would be denied.
const WOULD_DENY: &str = "would-deny";

impl Run {
    /// Records a call that the grants allow, and counts it.
    pub(super) fn count_and_record(
        &mut self,
        entry: Entry,
        operation: &Operation,
        outcome: Outcome,
    ) -> (Outcome, UnixMillis) {
        self.count(operation, Some(&outcome), entry.at);
        self.record(entry, outcome)
    }

    /// Counts a call that the grants allow, and whether the grants that are tried would have denied it. To be called where
    /// its record is made, so that both are stored together.
    pub(super) fn count(
        &mut self,
        operation: &Operation,
        outcome: Option<&Outcome>,
        at: UnixMillis,
    ) {
        let used = match outcome {
            Some(Outcome::Error(_)) => Use::Error,
            Some(Outcome::Ok(_)) | None => Use::Ok,
        };
        if usage::counts(operation)
            && let Some(used) = self.used(operation, used, None, at)
        {
            self.pending.usage.push(used);
        }
        let tried = self.world.observed(&self.caller.plugin);
        let denial = tried.and_then(|grants| grants.allows(operation).err());
        if let Some(denial) = denial
            && let Some(used) = self.used(operation, Use::WouldDeny, Some(&denial), at)
        {
            let first = Some(self.audited(operation, WOULD_DENY));
            self.pending.usage.push(Used { first, ..used });
        }
    }

    /// Counts a call that the grants do not allow.
    pub(super) fn count_denied(&mut self, operation: &Operation, denial: &Denial, at: UnixMillis) {
        if let Some(used) = self.used(operation, Use::Denied, Some(denial), at) {
            self.pending.usage.push(used);
        }
    }

    fn used(
        &self,
        operation: &Operation,
        outcome: Use,
        denial: Option<&Denial>,
        at: UnixMillis,
    ) -> Option<Used> {
        Some(Used {
            at,
            plugin: self.caller.plugin.clone(),
            call: operation.name(),
            subject: usage::subject(operation)?,
            outcome,
            line: usage::line(denial.and_then(Denial::line)),
            first: None,
        })
    }

    /// A record for the audit.
    pub(super) fn audited(&self, operation: &Operation, outcome: &str) -> audit::Record {
        audit::Record {
            at: self.world.now(),
            actor: self.actor.clone(),
            plugin: Some(self.caller.plugin.clone()),
            digest: Some(self.digest),
            invocation: Some(self.caller.invocation.clone()),
            action: operation.name().to_owned(),
            detail: operation.audited(),
            outcome: outcome.to_owned(),
        }
    }
}
