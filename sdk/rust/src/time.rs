//! Points in time. Lengths of time are [`std::time::Duration`].

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// A point in time: milliseconds since 1970, UTC. Shown as `2026-11-22 18:35` in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// So many milliseconds after the beginning of 1970, UTC.
    pub fn from_millis(milliseconds: u64) -> Timestamp {
        Timestamp(milliseconds)
    }

    /// Milliseconds since the beginning of 1970, UTC.
    pub fn as_millis(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was at this time; zero if it was not earlier.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Year, month and day, in UTC.
    fn date(self) -> (u64, u64, u64) {
        // Howard Hinnant's `civil_from_days`: years are counted from March, so that leap days come last.
        let days = self.0 / 1_000 / DAY_SECONDS + 719_468;
        let era = days / 146_097;
        let day_of_era = days % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        (year_of_era + era * 400 + u64::from(month <= 2), month, day)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        let seconds = self.0 / 1_000 % DAY_SECONDS;
        write!(
            f,
            "{year:04}-{month:02}-{day:02} {:02}:{:02}",
            seconds / 3_600,
            seconds / 60 % 60
        )
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;
    fn add(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(milliseconds(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;
    fn sub(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(milliseconds(duration)))
    }
}

/// A length of time as the contract counts it. Longer ones than it can say are the longest that it can.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_shown_in_utc() {
        for (milliseconds, text) in [
            (0, "1970-01-01 00:00"),
            (951_782_399_999, "2000-02-28 23:59"),
            (951_782_400_000, "2000-02-29 00:00"),
            (1_709_164_800_000, "2024-02-29 00:00"),
            (1_735_689_599_000, "2024-12-31 23:59"),
            (1_795_372_500_000, "2026-11-22 18:35"),
            (4_107_542_400_000, "2100-03-01 00:00"),
        ] {
            assert_eq!(Timestamp::from_millis(milliseconds).to_string(), text);
        }
    }

    #[test]
    fn time_can_be_counted_with() {
        let start = Timestamp::from_millis(10_000);
        assert_eq!(
            (start + Duration::from_secs(5)).since(start),
            Duration::from_secs(5)
        );
        assert_eq!(start.since(start + Duration::from_secs(5)), Duration::ZERO);
        assert_eq!((start - Duration::from_secs(60)).as_millis(), 0);
        assert_eq!((start + Duration::MAX).as_millis(), u64::MAX);
    }
}
