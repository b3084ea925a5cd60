//! The log lines of refused webhooks: not one for each, as anybody can send them.

use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use witbot_core::ids::UnixMillis;
use witbot_core::limits;

use super::sender::Sender;

/// When the last line was written, and how many were not since.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<(Option<UnixMillis>, u64)>);

impl Refusals {
    /// Writes a line, unless one was written a short time ago. Nothing of the payload is in it.
    pub fn log(&self, sender: Sender, status: StatusCode, reason: &str, now: UnixMillis) {
        if let Some(unlogged) = self.due(now) {
            let (source, status) = (sender.source().as_str(), status.as_u16());
            tracing::warn!(source, status, reason, unlogged, "a webhook was refused");
        }
    }

    /// How many were not logged, if this one shall be.
    fn due(&self, now: UnixMillis) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, unlogged) = &mut *state;
        let every = limits::HOOK_REFUSAL_LOG_EVERY.as_millis();
        // A clock that was set back must not silence the log.
        if last.is_some_and(|last| last <= now && u128::from(now.0 - last.0) < every) {
            *unlogged += 1;
            return None;
        }
        *last = Some(now);
        Some(std::mem::take(unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_minute_and_the_number_of_the_others() {
        let refusals = Refusals::default();
        let due = [1_000, 1_001, 60_999, 61_000, 61_001, 5, 60_005]
            .map(|now| refusals.due(UnixMillis(now)));
        assert_eq!(due, [Some(0), None, None, Some(2), None, Some(1), Some(0)]);
    }
}
