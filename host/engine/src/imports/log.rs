//! `witbot:log/log`: a plugin's lines in the bot's log.

use crate::bindings::witbot::log::log::{Host, Level};
use crate::plugin_log;
use crate::state::State;

impl Host for State {
    async fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            Level::Trace => plugin_log::Level::Trace,
            Level::Debug => plugin_log::Level::Debug,
            Level::Info => plugin_log::Level::Info,
            Level::Warn => plugin_log::Level::Warn,
            Level::Error => plugin_log::Level::Error,
        };
        if self.gate.is_live() {
            self.log.write(level, &message);
        }
        Ok(())
    }
}
