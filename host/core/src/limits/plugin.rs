//! The bounds of one plugin's runs, which the operator can set within ceilings. What is not set is as in [`super`].

use serde::{Deserialize, Serialize};

use super::{
    CALL_TIME_MAX, CALL_WALL_TIME_MAX, CALLS_MAX, HTTP_REQUESTS_MAX, INSTANCES_PER_PLUGIN_MAX,
    LEASE, LOG_BYTES_MAX, MEMORY_BYTES_MAX, MESSAGES_MAX, WAITING_PER_PLUGIN_MAX,
};

/// The largest memory that an operator can give: a handful of instances of it still fit into a small machine.
pub const MEMORY_MIB_CEILING: u32 = 256;
/// The longest computing: whoever asked has gone away after that.
pub const CALL_SECONDS_CEILING: u32 = 60;
/// The longest call with everything that it asks of services: half of the time for which the right to a run is good.
pub const WALL_SECONDS_CEILING: u32 = LEASE.as_secs() as u32 / 2;
/// The most calls to the host: each is a row of the journal, and all of them are read again when the run is resumed.
pub const CALLS_CEILING: u32 = 5_000;
/// The longest log of a run: all of it is in memory, and on the disk soon.
pub const LOG_KIB_CEILING: u32 = 1_024;
/// The most messages of a run: Slack takes one a second in a channel, and others have something to say there, too.
pub const MESSAGES_CEILING: u32 = 200;
/// The most requests of a run to the web: with the longest that one may take they fill the longest call many times.
pub const HTTP_REQUESTS_CEILING: u32 = 200;
/// The most instances at once: less than half of those of all plugins.
pub const INSTANCES_CEILING: u32 = 24;
/// The most calls that wait for others of the plugin to end: each is held in memory with its event.
pub const WAITING_CEILING: u32 = 1_000;

/// What runs of one plugin may use up, each for itself, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PluginLimits {
    /// All memories of an instance together, in MiB.
    pub memory_mib: u32,
    /// How long one call computes, in seconds.
    pub call_seconds: u32,
    /// How long one call takes with all that it asks of services, in seconds. Waits do not count.
    pub wall_seconds: u32,
    /// Calls to the host in one run.
    pub calls: u32,
    /// The log of one run, in KiB.
    pub log_kib: u32,
    /// Messages, edits and questions of one run.
    pub messages: u32,
    /// Requests to the web in one run.
    pub http_requests: u32,
    /// How many instances of it there are at once.
    pub instances: u32,
    /// How many calls wait for one of these. Whoever comes after that is told that it is busy.
    pub waiting: u32,
}

impl Default for PluginLimits {
    fn default() -> PluginLimits {
        PluginLimits {
            memory_mib: (MEMORY_BYTES_MAX >> 20) as u32,
            call_seconds: CALL_TIME_MAX.as_secs() as u32,
            wall_seconds: CALL_WALL_TIME_MAX.as_secs() as u32,
            calls: CALLS_MAX,
            log_kib: (LOG_BYTES_MAX >> 10) as u32,
            messages: MESSAGES_MAX,
            http_requests: HTTP_REQUESTS_MAX,
            instances: INSTANCES_PER_PLUGIN_MAX as u32,
            waiting: WAITING_PER_PLUGIN_MAX,
        }
    }
}

/// One of these limits, as it is called in the settings.
pub struct Settable {
    /// Its key.
    pub key: &'static str,
    /// The least that it can be set to.
    pub floor: u32,
    /// The most.
    pub ceiling: u32,
    /// Its place in [`PluginLimits`].
    pub place: fn(&mut PluginLimits) -> &mut u32,
}

/// All of them, in the order in which they are shown.
pub const SETTABLE: [Settable; 9] = [
    settable("memory_mib", 1, MEMORY_MIB_CEILING, |limits| {
        &mut limits.memory_mib
    }),
    settable("call_seconds", 1, CALL_SECONDS_CEILING, |limits| {
        &mut limits.call_seconds
    }),
    settable("wall_seconds", 1, WALL_SECONDS_CEILING, |limits| {
        &mut limits.wall_seconds
    }),
    settable("calls", 1, CALLS_CEILING, |limits| &mut limits.calls),
    settable("log_kib", 0, LOG_KIB_CEILING, |limits| &mut limits.log_kib),
    settable("messages", 0, MESSAGES_CEILING, |limits| {
        &mut limits.messages
    }),
    settable("http_requests", 0, HTTP_REQUESTS_CEILING, |limits| {
        &mut limits.http_requests
    }),
    settable("instances", 1, INSTANCES_CEILING, |limits| {
        &mut limits.instances
    }),
    settable("waiting", 0, WAITING_CEILING, |limits| &mut limits.waiting),
];

const fn settable(
    key: &'static str,
    floor: u32,
    ceiling: u32,
    place: fn(&mut PluginLimits) -> &mut u32,
) -> Settable {
    Settable {
        key,
        floor,
        ceiling,
        place,
    }
}

impl PluginLimits {
    /// What differs from the defaults: the key, the value, and the default.
    pub fn changed(mut self) -> Vec<(&'static str, u32, u32)> {
        let mut defaults = PluginLimits::default();
        let all = SETTABLE.iter().map(|settable| {
            let place = settable.place;
            (settable.key, *place(&mut self), *place(&mut defaults))
        });
        all.filter(|(_, value, default)| value != default).collect()
    }

    /// The same in words, one line for each.
    pub fn lines(self) -> Vec<String> {
        let changed = self.changed().into_iter();
        let line = |(key, value, default)| format!("{key} = {value} (default {default})");
        changed.map(line).collect()
    }

    /// Memory in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.memory_mib as usize * (1 << 20)
    }

    /// The log in bytes.
    pub fn log_bytes(&self) -> usize {
        self.log_kib as usize * (1 << 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_within_its_bounds_and_every_place_is_another() {
        let mut limits = PluginLimits::default();
        assert_eq!(limits.changed(), []);
        for settable in &SETTABLE {
            let value = (settable.place)(&mut limits);
            assert!(
                (settable.floor..=settable.ceiling).contains(value),
                "{} is {value}",
                settable.key
            );
            *value += 1;
        }
        assert_eq!(limits.changed().len(), SETTABLE.len());
    }

    #[test]
    fn what_was_kept_before_there_was_a_limit_has_its_default() {
        let kept: PluginLimits = serde_json::from_str(r#"{"calls": 7, "gone": 1}"#).unwrap();
        assert_eq!(kept.changed(), [("calls", 7, CALLS_MAX)]);
    }
}
