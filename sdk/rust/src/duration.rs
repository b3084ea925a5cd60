//! Lengths of time as people write them: `90s`, `15m`, `1h30m`, `7d`. For settings: `#[serde(with = "witbot_sdk::duration")]`.
//!
//! ```
//! use std::time::Duration;
//! use witbot_sdk::duration;
//!
//! #[derive(serde::Deserialize)]
//! struct Settings {
//!     #[serde(with = "witbot_sdk::duration")]
//!     every: Duration,
//! }
//!
//! let settings: Settings = serde_json::from_str(r#"{"every": "1h30m"}"#).unwrap();
//! assert_eq!(duration::shown(settings.every), "1h30m");
//! ```

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// The units, longest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The length that is written so. None: it is none.
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*length)?)?;
        rest = tail;
    }
    (!text.is_empty()).then(|| Duration::from_millis(total))
}

/// As people write it, by its two largest units: what is left is cut off.
pub fn shown(length: Duration) -> String {
    let mut left = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    let mut shown = 0;
    for (unit, length) in UNITS {
        let count = left / length;
        left %= length;
        if count > 0 {
            text += &format!("{count}{unit}");
        }
        // The unit behind the first one is shown, or nothing is.
        shown += u32::from(count > 0 || shown > 0);
        if shown == 2 {
            break;
        }
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}

/// Reads a length from settings.
///
/// # Errors
/// It is none.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| {
        D::Error::custom(format!(
            "`{text}` is no length of time such as `90s`, `15m` or `1h30m`"
        ))
    })
}

/// Writes a length as [`shown`].
///
/// # Errors
/// Those of what it is written into.
pub fn serialize<S: Serializer>(length: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&shown(*length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_shown() {
        for (text, seconds) in [
            ("90s", 90),
            ("15m", 900),
            ("1h30m", 5_400),
            ("7d", 604_800),
            ("1d2h3m", 93_780),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("1s500ms"), Some(Duration::from_millis(1_500)));
        for wrong in ["", "5", "m", "1y", "-5m", "1.5h", "99999999999999999999d"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (90, "1m30s"),
            (3_600, "1h"),
            (3_601, "1h"),
            (93_780, "1d2h"),
        ] {
            assert_eq!(shown(Duration::from_secs(seconds)), text);
        }
        assert_eq!(shown(Duration::from_millis(250)), "250ms");
    }
}
