//! Lengths of time as the settings have them: `800ms`, `30s`, `1h30m`.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// Units with their milliseconds. The longer names come first, as `m` begins `ms` too.
const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Length(pub Duration);

impl TryFrom<String> for Length {
    type Error = String;

    fn try_from(text: String) -> Result<Length, String> {
        milliseconds(&text)
            .map(|milliseconds| Length(Duration::from_millis(milliseconds)))
            .ok_or_else(|| {
                format!("`{text}` is no length of time such as `800ms`, `30s` or `1h30m`")
            })
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::words::precise(self.0))
    }
}

fn milliseconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: Option<u64> = None;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, each) = UNITS.into_iter().find(|(unit, _)| rest.starts_with(unit))?;
        rest = &rest[unit.len()..];
        total = Some(total.unwrap_or(0).checked_add(count.checked_mul(each)?)?);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read() {
        let read = |text: &str| Length::try_from(text.to_owned()).map(|length| length.0);
        for (text, milliseconds) in [
            ("800ms", 800),
            ("30s", 30_000),
            ("1m", 60_000),
            ("1h30m", 5_400_000),
            ("1s500ms", 1_500),
            ("2d", 172_800_000),
        ] {
            assert_eq!(
                read(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "30",
            "s",
            "1 m",
            "-5s",
            "1w",
            "99999999999999999999s",
            "18446744073709551615ms1s",
        ] {
            let error = read(text).unwrap_err();
            assert!(
                error.starts_with(&format!("`{text}` is no length")),
                "{error}"
            );
        }
    }
}
