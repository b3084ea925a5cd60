//! Times as sources write them, some of which cannot be.

use jiff::Timestamp;

/// The time of a text such as `2026-11-23T16:58:02.517Z`, in milliseconds since 1970. None for what is no time, and for those
/// by which sources say that there is none, such as `0001-01-01T00:00:00Z`. What has not happened yet is now: clocks differ.
pub fn read(text: &str, now: u64) -> Option<u64> {
    let time: Timestamp = text.trim().parse().ok()?;
    let milliseconds = u64::try_from(time.as_millisecond()).ok()?;
    (milliseconds > 0).then_some(milliseconds.min(now))
}

/// A time as services read it.
pub fn written(milliseconds: u64) -> String {
    let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
    let time = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX);
    time.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_cannot_be_are_none() {
        let now = 1_795_453_200_000;
        for (text, expected) in [
            ("2026-11-23T16:58:02.517Z", Some(1_795_453_082_517)),
            (
                "2026-11-23T17:58:02.517123456+01:00",
                Some(1_795_453_082_517),
            ),
            ("2031-01-01T00:00:00Z", Some(now)),
            ("0001-01-01T00:00:00Z", None),
            ("1970-01-01T00:00:00Z", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(read(text, now), expected, "{text}");
        }
    }

    #[test]
    fn times_are_written_for_services() {
        assert_eq!(written(1_795_453_200_000), "2026-11-23T17:00:00Z");
        assert_eq!(written(1_795_453_082_517), "2026-11-23T16:58:02.517Z");
    }
}
