//! A request to a service, from its beginning to its end, whatever that is: one that is given up counts as lost.

use std::time::Instant;

use super::Metrics;

/// A request that was not answered yet.
#[must_use = "it is counted as lost when it is dropped"]
pub struct Asking {
    metrics: Metrics,
    service: &'static str,
    status: &'static str,
    began: Instant,
}

impl Asking {
    /// A request begins. `service` is a word of ours.
    pub(super) fn new(metrics: &Metrics, service: &'static str) -> Asking {
        Asking {
            metrics: metrics.clone(),
            service,
            status: "lost",
            began: Instant::now(),
        }
    }

    /// It was answered with this HTTP status.
    pub fn answered(mut self, status: u16) {
        self.status = class(status);
    }

    /// It ended in a way that has no HTTP status. `how` is a word of ours.
    pub fn ended(mut self, how: &'static str) {
        self.status = how;
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        self.metrics.requested(self.service, self.status, took);
    }
}

/// The class of a status. What says that there was too much is for itself.
pub fn class(status: u16) -> &'static str {
    match status {
        429 => "429",
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500..600 => "5xx",
        _ => "lost",
    }
}
