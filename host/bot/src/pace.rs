//! How quickly things may follow each other in one channel: a few at once, and then so many a second.
//!
//! This is the generic cell rate algorithm. Unlike the limiters of libraries it can be asked how long there is to wait
//! without using anything up: what is said is taken as late as possible, so that a later edit can still replace it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use witbot_core::ids::ChannelId;

/// More channels than this are gone through for those whose pause is over.
const CHANNELS_KEPT: usize = 1_024;

/// The pace of all channels of a chat.
#[derive(Debug)]
pub struct Pace {
    every: Duration,
    burst: u32,
    /// When each channel would be even, if nothing more was said in it.
    even: Mutex<HashMap<ChannelId, Instant>>,
}

impl Pace {
    /// So many a second for long, and so many at once, each at least one.
    pub fn new(per_second: f64, burst: u32) -> Pace {
        Pace {
            every: Duration::from_secs_f64(1.0 / per_second),
            burst: burst.max(1),
            even: Mutex::default(),
        }
    }

    /// How long to wait until something may be said; zero most of the time.
    pub fn wait(&self, channel: &ChannelId, now: Instant) -> Duration {
        let even = self.even().get(channel).copied().unwrap_or(now);
        let ahead = even.saturating_duration_since(now);
        ahead.saturating_sub(self.every * (self.burst - 1))
    }

    /// How many may be said now.
    pub fn room(&self, channel: &ChannelId, now: Instant) -> u32 {
        let even = self.even().get(channel).copied().unwrap_or(now);
        let ahead = even.saturating_duration_since(now);
        let free = (self.every * self.burst).saturating_sub(ahead);
        (free.as_nanos() / self.every.as_nanos().max(1)).min(u128::from(self.burst)) as u32
    }

    /// Something is being said.
    pub fn spend(&self, channel: &ChannelId, now: Instant) {
        let mut even = self.even();
        if even.len() > CHANNELS_KEPT {
            even.retain(|_, even| *even > now);
        }
        let at = even.entry(channel.clone()).or_insert(now);
        *at = (*at).max(now) + self.every;
    }

    /// How long it takes until so many are said.
    pub fn time_for(&self, messages: u32) -> Duration {
        self.every.saturating_mul(messages)
    }

    fn even(&self) -> MutexGuard<'_, HashMap<ChannelId, Instant>> {
        self.even.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(name: &str) -> ChannelId {
        name.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_once_and_then_one_a_second_each_channel_by_itself() {
        let pace = Pace::new(1.0, 3);
        let (busy, quiet) = (channel("busy"), channel("quiet"));
        let start = Instant::now();
        for left in [3, 2, 1] {
            assert_eq!(pace.room(&busy, start), left);
            assert_eq!(pace.wait(&busy, start), Duration::ZERO);
            pace.spend(&busy, start);
        }
        assert_eq!(pace.room(&busy, start), 0);
        assert_eq!(pace.wait(&busy, start), Duration::from_secs(1));
        assert_eq!(pace.wait(&quiet, start), Duration::ZERO);
        let later = start + Duration::from_secs(1);
        assert_eq!(pace.wait(&busy, later), Duration::ZERO);
        pace.spend(&busy, later);
        assert_eq!(pace.wait(&busy, later), Duration::from_secs(1));
        assert_eq!(pace.room(&busy, later + Duration::from_secs(60)), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn channels_that_are_quiet_again_are_forgotten() {
        let pace = Pace::new(1.0, 1);
        let start = Instant::now();
        for number in 0..=CHANNELS_KEPT {
            pace.spend(&channel(&format!("c{number}")), start);
        }
        pace.spend(&channel("last"), start + Duration::from_secs(5));
        assert_eq!(pace.even().len(), 1);
    }
}
