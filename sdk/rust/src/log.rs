//! Lines in the bot's log, for the operator. Needs no grant.
//!
//! ```no_run
//! use witbot_sdk::log;
//!
//! let attempts = 3;
//! log::info!("gave up after {attempts} attempts");
//! ```

use std::fmt;

use crate::bindings::witbot::log::log;

#[doc(inline)]
pub use crate::__log_debug as debug;
#[doc(inline)]
pub use crate::__log_error as error;
#[doc(inline)]
pub use crate::__log_info as info;
#[doc(inline)]
pub use crate::__log_trace as trace;
#[doc(inline)]
pub use crate::__log_warn as warn;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// What helps to find a mistake.
    Debug,
    /// What went as it should.
    Info,
    /// What somebody should look at some day.
    Warn,
    /// What did not work.
    Error,
}

/// Writes a line. At most 64 KiB a run: more is counted and dropped. Not written again when a run is resumed.
pub fn write(level: Level, message: impl fmt::Display) {
    let level = match level {
        Level::Trace => log::Level::Trace,
        Level::Debug => log::Level::Debug,
        Level::Info => log::Level::Info,
        Level::Warn => log::Level::Warn,
        Level::Error => log::Level::Error,
    };
    log::write(level, &message.to_string());
}

/// Logs a line at the level `trace`, formatted as by [`format!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __log_trace {
    ($($argument:tt)+) => { $crate::log::write($crate::log::Level::Trace, ::std::format_args!($($argument)+)) };
}

/// Logs a line at the level `debug`, formatted as by [`format!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __log_debug {
    ($($argument:tt)+) => { $crate::log::write($crate::log::Level::Debug, ::std::format_args!($($argument)+)) };
}

/// Logs a line at the level `info`, formatted as by [`format!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __log_info {
    ($($argument:tt)+) => { $crate::log::write($crate::log::Level::Info, ::std::format_args!($($argument)+)) };
}

/// Logs a line at the level `warn`, formatted as by [`format!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __log_warn {
    ($($argument:tt)+) => { $crate::log::write($crate::log::Level::Warn, ::std::format_args!($($argument)+)) };
}

/// Logs a line at the level `error`, formatted as by [`format!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __log_error {
    ($($argument:tt)+) => { $crate::log::write($crate::log::Level::Error, ::std::format_args!($($argument)+)) };
}
