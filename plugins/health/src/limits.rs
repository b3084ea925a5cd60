//! The bounds of what one plugin can watch, with their reasons.

use std::time::Duration;

/// Requests of one run: the bot allows 20.
pub const REQUESTS_MAX: usize = 20;
/// Checks of an environment, so that one run can make all of them.
pub const CHECKS_MAX: usize = REQUESTS_MAX;
/// All requests of one run together: the bot ends a run that is at work for 2 minutes.
pub const LOOK_MAX: Duration = Duration::from_secs(100);
/// The clock calls twice a minute.
pub const REQUESTS_A_MINUTE_MAX: f64 = 2.0 * REQUESTS_MAX as f64;
/// Environments that are watched: what a list of all of them may ask of the bot.
pub const PLACES_MAX: usize = 200;
/// Environments that one run looks at: each can be a card, an answer below it and a warning, of 50 messages.
pub const PLACES_A_RUN_MAX: usize = 15;
/// Names stand in titles, keys and buttons.
pub const NAME_CHARS_MAX: usize = 50;
