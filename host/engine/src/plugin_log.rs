//! What a plugin logs: bounded, harmless to a terminal, and the last of it kept for the report of a failure.

use std::collections::VecDeque;
use std::sync::Arc;

use witbot_core::ids::{InvocationId, PluginName};
use witbot_core::{limits, printable};

use crate::log_rate::LogRate;
use crate::world::Witness;

/// How much a line matters.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

/// The log of one run.
pub(crate) struct PluginLog {
    plugin: PluginName,
    invocation: Option<InvocationId>,
    bytes: usize,
    bytes_max: usize,
    dropped: u32,
    last: VecDeque<String>,
    dropped_by_rate: u32,
    rate: Option<Arc<LogRate>>,
    /// Who reads it instead of the bot's log.
    witness: Option<Arc<dyn Witness>>,
}

impl PluginLog {
    pub(crate) fn new(plugin: PluginName, invocation: Option<InvocationId>) -> PluginLog {
        PluginLog {
            plugin,
            invocation,
            bytes: 0,
            bytes_max: limits::LOG_BYTES_MAX,
            dropped: 0,
            dropped_by_rate: 0,
            rate: None,
            last: VecDeque::new(),
            witness: None,
        }
    }

    /// The same, with somebody who reads it instead of the bot's log.
    pub(crate) fn read_by(self, witness: Option<Arc<dyn Witness>>) -> PluginLog {
        PluginLog { witness, ..self }
    }

    /// The same, with another bound.
    pub(crate) fn bounded(self, bytes_max: usize) -> PluginLog {
        PluginLog { bytes_max, ..self }
    }

    /// From now on no more than the plugin may log with all of its runs.
    pub(crate) fn at_rate(&mut self, rate: Arc<LogRate>) {
        self.rate = Some(rate);
    }

    /// How much was written, of which no more than the bound was taken.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes a line, or counts it when the run has written enough.
    pub(crate) fn write(&mut self, level: Level, message: &str) {
        self.bytes += message.len() + 1;
        if self.bytes > self.bytes_max {
            self.dropped += 1;
            return;
        }
        let line = printable::line(message).into_owned();
        if let Some(witness) = &self.witness {
            witness.logged(level.as_str(), &line);
        } else if self.is_within_rate(line.len()) {
            self.log(level, &line);
        } else {
            self.dropped_by_rate += 1;
        }
        if self.last.len() == limits::REPORT_LOG_LINES_MAX {
            self.last.pop_front();
        }
        let kept = line.floor_char_boundary(limits::REPORT_LINE_BYTES_MAX);
        self.last.push_back(line[..kept].to_owned());
    }

    fn is_within_rate(&self, bytes: usize) -> bool {
        let rate = self.rate.as_ref();
        rate.is_none_or(|rate| rate.allows(&self.plugin, bytes + 1))
    }

    fn log(&self, level: Level, line: &str) {
        let plugin = &self.plugin;
        let run = self.invocation.as_ref().map_or("", |id| id.as_str());
        match level {
            Level::Trace => tracing::trace!(target: "plugin", %plugin, run, "{line}"),
            Level::Debug => tracing::debug!(target: "plugin", %plugin, run, "{line}"),
            Level::Info => tracing::info!(target: "plugin", %plugin, run, "{line}"),
            Level::Warn => tracing::warn!(target: "plugin", %plugin, run, "{line}"),
            Level::Error => tracing::error!(target: "plugin", %plugin, run, "{line}"),
        }
    }

    /// Counts lines that were dropped before they came here.
    pub(crate) fn drop_lines(&mut self, lines: u32) {
        self.dropped = self.dropped.saturating_add(lines);
    }

    /// The last lines, oldest first. Says in the log how many lines were dropped.
    pub(crate) fn close(self) -> Vec<String> {
        if self.dropped > 0 {
            let (plugin, dropped) = (&self.plugin, self.dropped);
            tracing::warn!(target: "plugin", %plugin, "{dropped} further log lines were dropped: a run may log {} bytes", self.bytes_max);
        }
        if self.dropped_by_rate > 0 {
            let (plugin, dropped) = (&self.plugin, self.dropped_by_rate);
            tracing::warn!(target: "plugin", %plugin, "{dropped} log lines were dropped: a plugin may log {} KiB a second with all of its runs", limits::LOG_BYTES_PER_SECOND >> 10);
        }
        self.last.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_the_bound_is_dropped_and_the_last_lines_are_kept() {
        let mut log = PluginLog::new("noisy".parse().unwrap(), None);
        for number in 0..100_000 {
            log.write(Level::Trace, &number.to_string());
        }
        assert!(log.dropped > 80_000);
        log.bytes = 0;
        log.write(Level::Trace, &"€".repeat(1_000));
        let kept = log.close();
        assert_eq!(kept.len(), limits::REPORT_LOG_LINES_MAX);
        assert_eq!(kept[kept.len() - 1].len(), 498);
    }
}
