//! Lists of alerts: keys that say how an alert stands, so that nobody has to read all of them.

use witbot_sdk::{Result, kv};

use super::{DIGITS, downwards, upwards};
use crate::alert::Alert;
use crate::words;

pub const ALERT: &str = "alert/";
const OPEN: &str = "open/";
const RESOLVED: &str = "resolved/";
const SNOOZED: &str = "snoozed/";
const UNTOLD: &str = "untold/";
/// The longest list of keys.
const KEYS_MAX: u32 = 1_000;
/// So many lists are looked through, in which there are 20,000 alerts: more than that are "more than".
const LISTS_MAX: usize = 20;
/// A key has 256 bytes: with 80 for the channel, all of it fits.
const SEVERITY_BYTES_MAX: usize = 20;
const NAME_BYTES_MAX: usize = 120;

/// An alert without a card, as its key has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// Its number.
    pub number: u64,
    /// How bad it was when it began.
    pub severity: String,
    /// What it is about.
    pub name: String,
}

/// The highest number that was given; 0 if none was.
pub fn newest() -> Result<u64> {
    let keys = kv::keys(ALERT, None, 1)?;
    let newest = keys
        .first()
        .and_then(|key| upwards(key.strip_prefix(ALERT)?));
    Ok(newest.unwrap_or(0))
}

/// Remembers that an alert is open.
pub fn add_open(number: u64) -> Result {
    kv::set(&open_key(number), &true)
}

/// The numbers of those that are open, the newest first.
pub fn open() -> Result<Vec<u64>> {
    let keys = all(OPEN, None)?;
    let numbers = keys
        .iter()
        .filter_map(|key| upwards(key.strip_prefix(OPEN)?));
    Ok(numbers.collect())
}

/// Remembers that an alert has ended, or has begun again.
pub fn moved(before: &Alert, after: &Alert) -> Result {
    if before.resolved == after.resolved {
        return Ok(());
    }
    if let Some(resolved) = before.resolved {
        remove_resolved(resolved, before.number)?;
    }
    match after.resolved {
        Some(resolved) => {
            kv::set(&resolved_key(resolved, after.number), &true)?;
            kv::delete(&open_key(after.number))
        }
        None => add_open(after.number),
    }
}

/// Alerts that ended, with the time, those first that did so first.
pub fn resolved(most: u32) -> Result<Vec<(u64, u64)>> {
    timed(RESOLVED, most)
}

/// Forgets that an alert has ended then.
pub fn remove_resolved(resolved: u64, number: u64) -> Result {
    kv::delete(&resolved_key(resolved, number))
}

/// Remembers until when an alert is snoozed.
pub fn add_snoozed(until: u64, number: u64) -> Result {
    kv::set(&timed_key(SNOOZED, until, number), &true)
}

/// Alerts that are snoozed, with the time, those first that end first.
pub fn snoozed(most: u32) -> Result<Vec<(u64, u64)>> {
    timed(SNOOZED, most)
}

/// Forgets that an alert is snoozed until then.
pub fn remove_snoozed(until: u64, number: u64) -> Result {
    kv::delete(&timed_key(SNOOZED, until, number))
}

/// Remembers that an alert has no card.
pub fn add_untold(alert: &Alert) -> Result {
    kv::set(&untold_key(alert), &true)
}

/// Forgets that an alert has no card.
pub fn remove_untold(alert: &Alert) -> Result {
    kv::delete(&untold_key(alert))
}

/// Forgets the same by what was listed.
pub fn remove_listed(channel: &str, untold: &Untold) -> Result {
    let Untold {
        number,
        severity,
        name,
    } = untold;
    kv::delete(&format!(
        "{UNTOLD}{channel}/{number:0DIGITS$}/{severity}/{name}"
    ))
}

/// The alerts of a channel without a card whose numbers are higher than that, the oldest first.
pub fn untold(channel: &str, after: u64) -> Result<Vec<Untold>> {
    let prefix = format!("{UNTOLD}{channel}/");
    // A slash is less than a digit, so this comes behind all keys of that number.
    let after = format!("{prefix}{after:0DIGITS$}0");
    let keys = all(&prefix, Some(after))?;
    let untold = keys
        .iter()
        .filter_map(|key| read_untold(key.strip_prefix(&prefix)?));
    Ok(untold.collect())
}

fn read_untold(rest: &str) -> Option<Untold> {
    let mut parts = rest.splitn(3, '/');
    Some(Untold {
        number: parts.next()?.parse().ok()?,
        severity: parts.next()?.to_owned(),
        name: parts.next()?.to_owned(),
    })
}

/// What never changes about an alert, so that the key can be found again.
fn untold_key(alert: &Alert) -> String {
    let Alert {
        channel,
        number,
        began_as,
        name,
        ..
    } = alert;
    let severity = words::beginning(began_as, SEVERITY_BYTES_MAX);
    let name = words::beginning(name, NAME_BYTES_MAX);
    format!("{UNTOLD}{channel}/{number:0DIGITS$}/{severity}/{name}")
}

fn open_key(number: u64) -> String {
    format!("{OPEN}{}", downwards(number))
}

fn resolved_key(resolved: u64, number: u64) -> String {
    timed_key(RESOLVED, resolved, number)
}

fn timed_key(prefix: &str, time: u64, number: u64) -> String {
    format!("{prefix}{time:016}/{number}")
}

fn timed(prefix: &str, most: u32) -> Result<Vec<(u64, u64)>> {
    let keys = kv::keys(prefix, None, most)?;
    let timed = keys
        .iter()
        .filter_map(|key| read_timed(key.strip_prefix(prefix)?));
    Ok(timed.collect())
}

fn read_timed(rest: &str) -> Option<(u64, u64)> {
    let (time, number) = rest.split_once('/')?;
    Some((time.parse().ok()?, number.parse().ok()?))
}

/// All keys that begin so, list by list.
fn all(prefix: &str, after: Option<String>) -> Result<Vec<String>> {
    let (mut keys, mut after) = (Vec::new(), after);
    for _ in 0..LISTS_MAX {
        let list = kv::keys(prefix, after.as_deref(), KEYS_MAX)?;
        let is_last = list.len() < KEYS_MAX as usize;
        after = list.last().cloned();
        keys.extend(list);
        if is_last {
            break;
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::example;

    #[test]
    fn the_key_of_an_untold_alert_says_what_it_is() {
        let mut alert = example::alert(&[&[("severity", "critical")]]);
        alert.name = "a/b 'c'".to_owned();
        let key = untold_key(&alert);
        assert_eq!(key, "untold/ops/0000000012/critical/a/b 'c'");
        let read = read_untold(key.strip_prefix("untold/ops/").unwrap()).unwrap();
        let expected = Untold {
            number: 12,
            severity: "critical".to_owned(),
            name: "a/b 'c'".to_owned(),
        };
        assert_eq!(read, expected);
        let after = "untold/ops/00000000120".to_owned();
        assert!(after > key && after < key.replace("012/", "013/"));
    }

    #[test]
    fn no_key_is_too_long() {
        let mut alert = example::alert(&[&[]]);
        alert.channel = "c".repeat(80);
        alert.began_as = "\u{1F525}".repeat(100);
        alert.name = "\u{1F525}".repeat(100);
        alert.number = 9_999_999_999;
        assert!(untold_key(&alert).len() <= 256);
    }

    #[test]
    fn times_are_in_order() {
        assert!(timed_key(SNOOZED, 9, 1) < timed_key(SNOOZED, 10, 1));
        assert_eq!(read_timed("0000000000000010/7"), Some((10, 7)));
        assert_eq!(read_timed("x/7"), None);
    }
}
