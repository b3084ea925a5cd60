//! Numbers, lengths of time and places in a line, as people say them.

use std::time::Duration;

/// A length of time to the minute: `1 minute`, `2 hours`, `1 hour 30 minutes`, `3 days`.
pub fn minutes(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    let parts = [
        (minutes / 1_440, "day"),
        (minutes / 60 % 24, "hour"),
        (minutes % 60, "minute"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| counted(count, unit))
        .collect();
    match parts.as_slice() {
        [] => "less than a minute".to_owned(),
        parts => parts.join(" "),
    }
}

/// A length of time on a card, as short as possible: `0s`, `42s`, `3m 05s`, `2h 10m`.
pub fn brief(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h {minutes:02}m"),
    }
}

/// So many of something.
pub fn counted(count: u64, unit: &str) -> String {
    match count {
        1 => format!("1 {unit}"),
        count => format!("{count} {unit}s"),
    }
}

/// Names as a sentence has them: `a`, `a and b`, `a, b and c`.
pub fn joined(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The place of a deployment with so many before it.
pub fn place(ahead: u32) -> String {
    match ahead {
        0 => "Next".to_owned(),
        1 => "Second in line".to_owned(),
        2 => "Third in line".to_owned(),
        ahead => format!("{}th in line", ahead + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_words() {
        let table = [
            (0, "less than a minute", "0s"),
            (59, "less than a minute", "59s"),
            (60, "1 minute", "1m 00s"),
            (185, "3 minutes", "3m 05s"),
            (3_600, "1 hour", "1h 00m"),
            (5_400, "1 hour 30 minutes", "1h 30m"),
            (172_860, "2 days 1 minute", "48h 01m"),
        ];
        for (seconds, long, short) in table {
            let duration = Duration::from_secs(seconds);
            assert_eq!(
                (minutes(duration).as_str(), brief(duration).as_str()),
                (long, short)
            );
        }
    }

    #[test]
    fn names_and_places_are_told_in_words() {
        let names = |names: &[&str]| {
            joined(
                &names
                    .iter()
                    .map(|&name| name.to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(names(&["a"]), "a");
        assert_eq!(names(&["a", "b"]), "a and b");
        assert_eq!(names(&["a", "b", "c"]), "a, b and c");
        assert_eq!(place(1), "Second in line");
        assert_eq!(place(3), "4th in line");
    }
}
