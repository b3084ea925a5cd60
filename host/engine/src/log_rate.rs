//! How much of the bot's log one plugin may fill: a run has its own bound, and there can be a thousand runs a second.

use std::num::NonZeroU32;

use governor::clock::DefaultClock;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use witbot_core::ids::PluginName;
use witbot_core::limits;

const SECOND: NonZeroU32 = NonZeroU32::new(limits::LOG_BYTES_PER_SECOND).expect("it is some");
const AT_ONCE: NonZeroU32 = NonZeroU32::new(limits::LOG_BYTES_AT_ONCE).expect("it is some");

/// The rate of each plugin.
pub(crate) struct LogRate(RateLimiter<PluginName, HashMapStateStore<PluginName>, DefaultClock>);

impl LogRate {
    pub(crate) fn new() -> LogRate {
        LogRate(RateLimiter::hashmap(
            Quota::per_second(SECOND).allow_burst(AT_ONCE),
        ))
    }

    /// Whether a plugin may write so many bytes now.
    pub(crate) fn allows(&self, plugin: &PluginName, bytes: usize) -> bool {
        let bytes = u32::try_from(bytes).ok().and_then(NonZeroU32::new);
        let allowed = bytes.map(|bytes| self.0.check_key_n(plugin, bytes));
        matches!(allowed, Some(Ok(Ok(()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_at_its_rate_takes_nothing_from_another() {
        let rate = LogRate::new();
        let [noisy, quiet] = ["noisy", "quiet"].map(|name| name.parse().unwrap());
        let line = 1 << 10;
        let allowed = (0..10_000).filter(|_| rate.allows(&noisy, line)).count();
        let at_once = limits::LOG_BYTES_AT_ONCE as usize / line;
        assert!(allowed >= at_once && allowed < 10_000, "{allowed}");
        assert!(rate.allows(&quiet, line));
        assert!(!rate.allows(&quiet, usize::MAX), "more than there ever is");
    }
}
