//! What a plugin logs: bounded, harmless to a terminal, and the last of it kept for the report of a failure.

use std::collections::VecDeque;
use std::sync::Arc;

use witbot_core::ids::{InvocationId, PluginName};
use witbot_core::{limits, printable};

use crate::world::Witness;

/// Enough to see what led to a failure.
const LINES_KEPT: usize = 20;

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
    dropped: u32,
    last: VecDeque<String>,
    /// Who reads it instead of the bot's log.
    witness: Option<Arc<dyn Witness>>,
}

impl PluginLog {
    pub(crate) fn new(plugin: PluginName, invocation: Option<InvocationId>) -> PluginLog {
        PluginLog {
            plugin,
            invocation,
            bytes: 0,
            dropped: 0,
            last: VecDeque::new(),
            witness: None,
        }
    }

    /// The same, with somebody who reads it instead of the bot's log.
    pub(crate) fn read_by(self, witness: Option<Arc<dyn Witness>>) -> PluginLog {
        PluginLog { witness, ..self }
    }

    /// Writes a line, or counts it when the run has written enough.
    pub(crate) fn write(&mut self, level: Level, message: &str) {
        self.bytes += message.len() + 1;
        if self.bytes > limits::LOG_BYTES_MAX {
            self.dropped += 1;
            return;
        }
        let line = printable::line(message).into_owned();
        let (plugin, run) = (
            &self.plugin,
            self.invocation.as_ref().map_or("", |id| id.as_str()),
        );
        if let Some(witness) = &self.witness {
            witness.logged(level.as_str(), &line);
        } else {
            match level {
                Level::Trace => tracing::trace!(target: "plugin", %plugin, run, "{line}"),
                Level::Debug => tracing::debug!(target: "plugin", %plugin, run, "{line}"),
                Level::Info => tracing::info!(target: "plugin", %plugin, run, "{line}"),
                Level::Warn => tracing::warn!(target: "plugin", %plugin, run, "{line}"),
                Level::Error => tracing::error!(target: "plugin", %plugin, run, "{line}"),
            }
        }
        if self.last.len() == LINES_KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// Counts lines that were dropped before they came here.
    pub(crate) fn drop_lines(&mut self, lines: u32) {
        self.dropped = self.dropped.saturating_add(lines);
    }

    /// The last lines, oldest first. Says in the log how many lines were dropped.
    pub(crate) fn close(self) -> Vec<String> {
        if self.dropped > 0 {
            let (plugin, dropped) = (&self.plugin, self.dropped);
            tracing::warn!(target: "plugin", %plugin, "{dropped} further log lines were dropped: a run may log {} bytes", limits::LOG_BYTES_MAX);
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
        assert_eq!(log.close().len(), LINES_KEPT);
    }
}
