//! The one clock of the bot.

use std::time::{SystemTime, UNIX_EPOCH};

use witbot_core::ids::UnixMillis;

/// The time now. Before 1970 it is 1970.
pub fn now() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis(since.as_millis() as u64)
}
