//! GitHub's times.

use chrono::DateTime;
use serde::{Deserialize, Deserializer};
use witbot_core::ids::UnixMillis;

/// Reads `2026-11-22T18:30:00Z`.
pub fn unix_millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnixMillis, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = DateTime::parse_from_rfc3339(&text).map_err(serde::de::Error::custom)?;
    Ok(UnixMillis(time.timestamp_millis().try_into().unwrap_or(0)))
}

/// The same, where there may be none.
pub fn unix_millis_if_any<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<UnixMillis>, D::Error> {
    #[derive(Deserialize)]
    struct Time(#[serde(deserialize_with = "unix_millis")] UnixMillis);
    let time = Option::<Time>::deserialize(deserializer)?;
    Ok(time.map(|Time(time)| time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let read = |text: &str| unix_millis(serde_json::Value::from(text)).ok();
        assert_eq!(
            read("2012-07-20T01:19:13Z"),
            Some(UnixMillis(1_342_747_153_000))
        );
        assert_eq!(
            read("2012-07-20T03:19:13.5+02:00"),
            Some(UnixMillis(1_342_747_153_500))
        );
        assert_eq!(read("yesterday"), None);
    }
}
