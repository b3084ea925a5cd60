//! Why webhooks are refused, and the log lines of it: not one for each, as anybody can send them.

use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use witbot_core::event::Source;
use witbot_core::ids::UnixMillis;
use witbot_core::limits;

use crate::metrics::Metrics;

/// Why a webhook is not taken.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    /// For whoever set the webhook up, who sees it in the list of deliveries.
    line: String,
    /// Who cannot sign is told nothing.
    told: bool,
}

impl Refusal {
    /// A refusal that says why. Only for what is signed, and for what anybody may know.
    pub fn new(status: StatusCode, line: impl Into<String>) -> Refusal {
        Refusal {
            status,
            line: line.into(),
            told: true,
        }
    }

    /// A refusal of what is not signed; the reason is for the log.
    pub fn unsigned(line: impl Into<String>) -> Refusal {
        Refusal {
            told: false,
            ..Refusal::new(StatusCode::UNAUTHORIZED, line)
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let line = match self.told {
            true => format!("{}\n", self.line),
            false => String::new(),
        };
        (self.status, line).into_response()
    }
}

/// When the last line was written, and how many were not since.
#[derive(Debug, Default)]
pub struct Refusals {
    last: Mutex<(Option<UnixMillis>, u64)>,
    metrics: Metrics,
}

impl Refusals {
    /// None yet.
    pub fn new(metrics: Metrics) -> Refusals {
        Refusals {
            last: Mutex::default(),
            metrics,
        }
    }

    /// Counts it, and writes a line, unless one was written a short time ago. Nothing of the payload is in it.
    pub fn log(&self, source: Source, refusal: &Refusal, now: UnixMillis) {
        self.metrics
            .webhook_refused(source, refusal.status.as_u16());
        if let Some(unlogged) = self.due(now) {
            let (source, status) = (source.as_str(), refusal.status.as_u16());
            let reason = refusal.line.as_str();
            tracing::warn!(source, status, reason, unlogged, "a webhook was refused");
        }
    }

    /// How many were not logged, if this one shall be.
    fn due(&self, now: UnixMillis) -> Option<u64> {
        let mut state = self.last.lock().unwrap_or_else(PoisonError::into_inner);
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
