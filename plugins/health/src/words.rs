//! Numbers and lengths of time, as people say them.

use std::time::Duration;

/// A length of time, as short as possible: `42s`, `3m 05s`, `2h 10m`, `3d 4h`.
pub fn brief(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (
        seconds / 86_400,
        seconds / 3_600 % 24,
        seconds / 60 % 60,
        seconds % 60,
    ) {
        (0, 0, 0, seconds) => format!("{seconds}s"),
        (0, 0, minutes, seconds) => format!("{minutes}m {seconds:02}s"),
        (0, hours, minutes, _) => format!("{hours}h {minutes:02}m"),
        (days, hours, _, _) => format!("{days}d {hours}h"),
    }
}

/// How long an answer took: `120 ms`, `1.5 s`, `30 s`.
pub fn precise(duration: Duration) -> String {
    match duration.as_millis() {
        milliseconds @ 0..1_000 => format!("{milliseconds} ms"),
        milliseconds if milliseconds % 1_000 == 0 => format!("{} s", milliseconds / 1_000),
        milliseconds => {
            let hundredths = milliseconds / 10;
            let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
        }
    }
}

/// So many of something.
pub fn counted(count: usize, unit: &str) -> String {
    match count {
        1 => format!("1 {unit}"),
        count => format!("{count} {unit}s"),
    }
}

/// What others wrote, in one line that is not too long.
pub fn cut(text: &str, characters: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= characters {
        return line;
    }
    let beginning: String = line.chars().take(characters.saturating_sub(1)).collect();
    format!("{}…", beginning.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_words() {
        for (milliseconds, long, short) in [
            (0, "0 ms", "0s"),
            (120, "120 ms", "0s"),
            (1_500, "1.5 s", "1s"),
            (1_004, "1 s", "1s"),
            (5_000, "5 s", "5s"),
            (185_000, "185 s", "3m 05s"),
            (5_400_000, "5400 s", "1h 30m"),
            (273_600_000, "273600 s", "3d 4h"),
        ] {
            let duration = Duration::from_millis(milliseconds);
            assert_eq!(
                (precise(duration), brief(duration)),
                (long.into(), short.into())
            );
        }
    }

    #[test]
    fn what_others_wrote_becomes_a_line() {
        assert_eq!(cut("two\n  lines", 20), "two lines");
        assert_eq!(cut("0123456789", 5), "0123…");
        assert_eq!(
            counted(1, "check") + &counted(2, "check"),
            "1 check2 checks"
        );
    }
}
