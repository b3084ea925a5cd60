//! What is remembered, and under which keys.
//!
//! | Key | What it has |
//! |---|---|
//! | `alert/<number>` | an [`Alert`]. Numbers count down in keys, so that the newest comes first |
//! | `page/<alert>/<revision>/<page>` | instances that do not fit into it |
//! | `key/<key>` | the number of the newest alert of that key |
//! | `open/<number>` | that it is not over |
//! | `resolved/<time>/<number>` | that it is over since then |
//! | `snoozed/<time>/<number>` | that it is quiet until then |
//! | `untold/<channel>/<number>/<severity>/<name>` | that it has no card |
//! | `channel/<channel>` | what the channel has seen: see [`crate::pace`] |
//! | `trouble/<source>` | when it was last told that a source cannot be understood |

pub mod index;
mod pages;

use witbot_sdk::{Code, Error, Result, flow, kv};

use crate::alert::Alert;
use crate::source::Source;

/// Numbers have so many digits in keys.
const DIGITS: usize = 10;
const NUMBER_MAX: u64 = 9_999_999_999;
/// How often a number is tried to be had. The plugin has 24 runs at once at the most, and each try is among more numbers.
const CLAIMS_MAX: u32 = 30;
/// How often a change is tried. Each time somebody else was first.
const UPDATES_MAX: usize = 20;

/// An alert, and how it was written: so it is known whether somebody else has changed it since.
#[derive(Debug)]
pub struct Kept {
    /// The alert, with all its instances.
    pub alert: Alert,
    written: Vec<u8>,
}

/// What a source calls something, short enough to be part of a key of ours: FNV-1a with 128 bits.
pub fn key(source: Source, key: &str) -> String {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = key.bytes().fold(OFFSET, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(PRIME)
    });
    format!("{}-{hash:032x}", source.as_str())
}

/// The number of the newest alert of a key, and that alert.
pub fn current(key: &str) -> Result<(Option<u64>, Option<Kept>)> {
    let number = kv::get(&pointer(key))?;
    let kept = number.map(load).transpose()?.flatten();
    Ok((number, kept))
}

/// The alert of a number.
pub fn load(number: u64) -> Result<Option<Kept>> {
    if number > NUMBER_MAX {
        return Ok(None);
    }
    // Its pages are replaced when it changes, perhaps between reading it and them.
    for _ in 0..UPDATES_MAX {
        let Some(written) = kv::get_bytes(&place(number))? else {
            return Ok(None);
        };
        let mut alert: Alert = serde_json::from_slice(&written)?;
        if pages::read_into(&mut alert)? {
            return Ok(Some(Kept { alert, written }));
        }
    }
    Err(busy(number))
}

/// Keeps a new alert under the next number, as the newest of its key. None: somebody else has kept one meanwhile.
pub fn add(mut alert: Alert, before: Option<u64>) -> Result<Option<Alert>> {
    claim(&mut alert)?;
    if kv::replace(&pointer(&alert.key), before.as_ref(), &alert.number)? {
        index::add_open(alert.number)?;
        return Ok(Some(alert));
    }
    kv::delete(&place(alert.number))?;
    pages::remove(&alert)?;
    Ok(None)
}

/// Gives it the next number. Whoever is not the first to have it tries one of the next two, four, and so on.
fn claim(alert: &mut Alert) -> Result {
    for attempt in 0..CLAIMS_MAX {
        let among = 1 << attempt.min(6);
        alert.number = index::newest()? + 1 + flow::random() % among;
        if save(alert, None)? {
            return Ok(());
        }
    }
    Err(busy(alert.number))
}

/// Keeps what became of an alert, unless somebody else has changed it since.
pub fn replace(kept: &Kept, changed: &mut Alert) -> Result<bool> {
    if !save(changed, Some(&kept.written))? {
        return Ok(false);
    }
    let before: Alert = serde_json::from_slice(&kept.written)?;
    pages::remove(&before)?;
    index::moved(&before, changed)?;
    Ok(true)
}

/// Keeps when an alert was heard of, unless somebody else has changed it since.
pub fn replace_heard(kept: &Kept, heard: u64) -> Result<bool> {
    // Its pages stay as they are.
    let mut head: Alert = serde_json::from_slice(&kept.written)?;
    head.heard = heard;
    let (place, head) = (place(head.number), serde_json::to_vec(&head)?);
    kv::replace_bytes(&place, Some(&kept.written), &head)
}

/// Changes an alert, and returns what became of it. None: there is none of this number.
pub fn update(number: u64, mut change: impl FnMut(&mut Alert) -> Result) -> Result<Option<Alert>> {
    for _ in 0..UPDATES_MAX {
        let Some(kept) = load(number)? else {
            return Ok(None);
        };
        let mut changed = kept.alert.clone();
        change(&mut changed)?;
        if changed == kept.alert {
            return Ok(Some(changed));
        }
        changed.revision += 1;
        if replace(&kept, &mut changed)? {
            return Ok(Some(changed));
        }
    }
    Err(busy(number))
}

/// Forgets an alert that was over at that time.
pub fn forget(number: u64, resolved: u64) -> Result {
    let over = load(number)?.filter(|kept| kept.alert.resolved == Some(resolved));
    // The newest number stays, so that none is given twice.
    if let Some(Kept { alert, .. }) = over.filter(|_| index::newest() != Ok(number)) {
        let pointer = pointer(&alert.key);
        if kv::get(&pointer)? == Some(number) {
            kv::delete(&pointer)?;
        }
        pages::remove(&alert)?;
        kv::delete(&place(number))?;
    }
    index::remove_resolved(resolved, number)
}

/// Writes it, with its pages before it.
fn save(alert: &mut Alert, before: Option<&[u8]>) -> Result<bool> {
    let head = pages::write(alert)?;
    let saved = kv::replace_bytes(&place(alert.number), before, &head)?;
    if !saved {
        pages::remove(alert)?;
    }
    Ok(saved)
}

fn place(number: u64) -> String {
    format!("{}{}", index::ALERT, downwards(number))
}

fn pointer(key: &str) -> String {
    format!("key/{key}")
}

/// A number as keys have it that begin with the newest.
fn downwards(number: u64) -> String {
    let left = NUMBER_MAX.saturating_sub(number);
    format!("{left:0DIGITS$}")
}

fn upwards(digits: &str) -> Option<u64> {
    let left: u64 = digits.parse().ok()?;
    NUMBER_MAX.checked_sub(left)
}

fn busy(number: u64) -> Error {
    Error::new(
        Code::Conflict,
        format!("too many are changing #{number} at once; try again in a moment"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_comes_first() {
        assert!(downwards(2) < downwards(1));
        assert!(downwards(10) < downwards(9));
        assert_eq!(upwards(&downwards(1_234)), Some(1_234));
        assert_eq!(upwards("x"), None);
    }

    #[test]
    fn keys_are_short_and_differ() {
        let one = key(Source::Alertmanager, &"x".repeat(5_000));
        assert!(one.len() < 60, "{one}");
        assert_ne!(one, key(Source::Alertmanager, &"x".repeat(5_001)));
        assert_ne!(key(Source::Grafana, "a"), key(Source::Alerts, "a"));
        // As the authors of FNV give it.
        assert_eq!(
            key(Source::Alerts, "a"),
            "alerts-d228cb696f1a8caf78912b704e4a8964"
        );
    }
}
