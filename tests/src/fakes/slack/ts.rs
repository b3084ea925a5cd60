//! Slack's timestamps, which are the names of messages.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970, written as `1795372199.123456`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ts(pub(super) u64);

impl Ts {
    /// A timestamp that is later than this one, and not in the past.
    pub(super) fn next(self) -> Ts {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let now = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        Ts(now.max(self.0 + 1))
    }

    /// Reads six decimals, as messages have them; fewer are filled up, as bounds of a search have them.
    pub(super) fn parse(text: &str) -> Option<Ts> {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = fraction.len() <= 6 && fraction.bytes().all(|byte| byte.is_ascii_digit());
        let micros: u64 = format!("{fraction:0<6}").parse().ok().filter(|_| digits)?;
        let seconds: u64 = seconds.parse().ok()?;
        seconds.checked_mul(1_000_000)?.checked_add(micros).map(Ts)
    }

    /// Whole seconds.
    pub(super) fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }
}

impl fmt::Display for Ts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.seconds(), self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::Ts;

    #[test]
    fn as_slack_writes_them() {
        assert_eq!(Ts(1_795_372_199_000_042).to_string(), "1795372199.000042");
        for text in ["1795372199.000042", "0.000000"] {
            assert_eq!(Ts::parse(text).map(|ts| ts.to_string()), Some(text.into()));
        }
        assert_eq!(Ts::parse("12.5"), Some(Ts(12_500_000)));
        assert_eq!(Ts::parse("12"), Some(Ts(12_000_000)));
        for wrong in ["", "x", "1.2.3", "1.-2", "1.0000001"] {
            assert_eq!(Ts::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn they_only_grow() {
        let far = Ts(u64::MAX / 2);
        assert_eq!(far.next(), Ts(u64::MAX / 2 + 1));
        assert!(Ts(0).next() > Ts(1_700_000_000_000_000));
    }
}
