//! How long to wait before a socket is opened again.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use witbot_core::limits;

/// Pauses that grow.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    tries: u32,
}

impl Pauses {
    /// Begins anew.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }

    /// The next one: `share` of what it is at the most, which is between 0 and 1.
    pub(super) fn next(&mut self, share: f64) -> Duration {
        let most = limits::SLACK_SOCKET_PAUSE_FIRST
            .saturating_mul(2u32.saturating_pow(self.tries))
            .min(limits::SLACK_SOCKET_PAUSE_MAX);
        self.tries += 1;
        most.mul_f64(share)
    }
}

/// A number between 0 and 1. It has to be different in different bots, and no more.
pub(super) fn random() -> f64 {
    f64::from(RandomState::new().hash_one(()) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_begin_anew() {
        let mut pauses = Pauses::default();
        let seconds = |pause: Duration| pause.as_secs();
        let given: Vec<_> = (0..8).map(|_| seconds(pauses.next(1.0))).collect();
        assert_eq!(given, [1, 2, 4, 8, 16, 30, 30, 30]);
        for _ in 0..100 {
            pauses.next(1.0);
        }
        assert_eq!(seconds(pauses.next(0.5)), 15);
        pauses.reset();
        assert_eq!(pauses.next(0.5), Duration::from_millis(500));
        assert_eq!(pauses.next(0.0), Duration::ZERO);
    }

    #[test]
    fn random_numbers_differ_and_stay_in_their_bounds() {
        let given: Vec<f64> = (0..100).map(|_| random()).collect();
        assert!(given.iter().all(|share| (0.0..=1.0).contains(share)));
        assert!(given.iter().any(|share| *share < 0.5));
        assert!(given.iter().any(|share| *share > 0.5));
    }
}
