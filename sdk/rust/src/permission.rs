//! Whether somebody may have done what they asked for, by the operator's rules. Needs no grant.
//!
//! The bot judges every command before its handler is called, by what was typed. That is not enough where the same can be
//! meant by other words, such as an alias or a default. A command that is declared with
//! [`asks_permission`](crate::Command::asks_permission) asks here, when it knows what it comes to:
//!
//! ```no_run
//! use witbot_sdk::{Event, Result, permission};
//!
//! fn restart(event: &Event) -> Result {
//!     let service = event.argument("service").unwrap_or_else(|| "api".to_owned());
//!     if permission::demand([("service", service.as_str())])? {
//!         // Somebody thought about it for a while: look again at what can have changed.
//!     }
//!     event.reply(format!("Restarting {service}."))?;
//!     Ok(())
//! }
//! ```

use crate::bindings::witbot::flow::permission;
use crate::error::Result;

/// Answers when it may be done, and whether somebody was asked for that: the person to confirm it, or others to approve it.
/// The subject names arguments as they are really meant, and what belongs to them.
///
/// # Errors
/// `denied` (with the rule, and who can), `timeout` (nobody said yes), `canceled`, `invalid` (more than 50 names, or too
/// long).
pub fn demand<'a>(subject: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<bool> {
    Ok(permission::demand(&pairs(subject))?)
}

/// Whether that person may give another command of this plugin, by its id: for deciding what to offer.
///
/// # Errors
/// `invalid` (no such command, or as above), `unavailable`.
pub fn may<'a>(
    command: &str,
    arguments: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<bool> {
    Ok(permission::may(command, &pairs(arguments))?)
}

fn pairs<'a>(named: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    let named = named.into_iter();
    named
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
