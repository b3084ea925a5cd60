//! How many messages a channel has seen lately, so that it never sees too many.

use serde::{Deserialize, Serialize};
use witbot_sdk::{Result, kv};

/// What counts as the last minute. Chats show messages some seconds after they are written, so it is a little more.
const WINDOW_MS: u64 = 75_000;
/// How often a turn is tried for. Each time somebody else got one, and there are ten at the most.
const TRIES_MAX: usize = 15;
const PREFIX: &str = "channel/";
/// Channels of all routes, and of those that there were.
const CHANNELS_MAX: u32 = 100;

/// What a channel has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// When, in the last minute, in milliseconds since 1970.
    sent: Vec<u64>,
    /// What there is too much of, as long as there is.
    pub storm: Option<Storm>,
    /// Alerts up to this number are told, by a card or with others.
    pub told: u64,
}

/// More alerts than there can be cards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storm {
    /// The number of its first alert.
    pub first: u64,
    /// When it began.
    pub began: u64,
    /// The message that tells of it.
    pub message: Option<String>,
    /// The number of its last alert, when that was looked at by the clock.
    pub last: u64,
    /// How many were told then.
    pub count: usize,
}

/// What comes of wanting to write something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It can be written.
    Free,
    /// It is too much; this is how the channel stands.
    Over(Pace),
    /// Too many want to write at once.
    Busy,
}

impl Pace {
    /// Takes a turn, if there is one.
    fn take(&mut self, most: usize, now: u64) -> bool {
        self.sent
            .retain(|sent| now.saturating_sub(*sent) < WINDOW_MS);
        let free = self.sent.len() < most;
        if free {
            self.sent.push(now);
        }
        free
    }

    /// How many turns there are.
    pub fn free(&self, most: usize, now: u64) -> usize {
        let sent = self
            .sent
            .iter()
            .filter(|sent| now.saturating_sub(**sent) < WINDOW_MS);
        most.saturating_sub(sent.count())
    }
}

/// How a channel stands.
pub fn of(channel: &str) -> Result<Pace> {
    Ok(kv::get(&key(channel))?.unwrap_or_default())
}

/// Changes how a channel stands, unless somebody else has done it since, and says whether it is changed.
pub fn replace(channel: &str, before: &Pace, after: &Pace) -> Result<bool> {
    kv::replace(&key(channel), Some(before), after)
}

/// The channels that something was to be written in.
pub fn channels() -> Result<Vec<String>> {
    let keys = kv::keys(PREFIX, None, CHANNELS_MAX)?;
    let channels = keys.iter().filter_map(|key| key.strip_prefix(PREFIX));
    Ok(channels.map(str::to_owned).collect())
}

/// Takes one of so many turns of a minute.
pub fn take(channel: &str, most: usize, now: u64) -> Result<Turn> {
    let key = key(channel);
    for _ in 0..TRIES_MAX {
        let before: Option<Pace> = kv::get(&key)?;
        let mut pace = before.clone().unwrap_or_default();
        if !pace.take(most, now) {
            return Ok(Turn::Over(before.unwrap_or_default()));
        }
        if kv::replace(&key, before.as_ref(), &pace)? {
            return Ok(Turn::Free);
        }
    }
    Ok(Turn::Busy)
}

fn key(channel: &str) -> String {
    format!("{PREFIX}{channel}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_so_many_turns() {
        let mut pace = Pace::default();
        assert!((0..8).all(|number| pace.take(8, 1_000 * number)));
        assert!(!pace.take(8, 60_000));
        assert_eq!(pace.free(8, 60_000), 0);
        assert_eq!(pace.free(8, WINDOW_MS + 2_000), 3);
        assert!(pace.take(8, WINDOW_MS));
        assert!(!pace.take(8, WINDOW_MS));
    }

    #[test]
    fn fewer_turns_than_were_taken_are_none() {
        let mut pace = Pace::default();
        assert!((0..8).all(|_| pace.take(8, 0)));
        assert_eq!(pace.free(2, 0), 0);
    }
}
