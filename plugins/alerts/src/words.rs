//! Texts of others made fit to be shown, and numbers and times as people say them.

use std::time::Duration;

use witbot_sdk::flow::Timestamp;

/// Chats take no longer addresses.
const ADDRESS_CHARS_MAX: usize = 2_000;

/// One line of at most so many characters, without what chats take for formatting of code.
pub fn line(text: &str, most: usize) -> String {
    let visible = |c: char| match c {
        '`' => '\'',
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => ' ',
        c => c,
    };
    let text: String = text.chars().map(visible).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    clipped(&words.join(" "), most)
}

/// The beginning of a text that is too long.
pub fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{beginning}…")
}

/// As much of a text as so many bytes have room for.
pub fn beginning(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// An address that a card can have.
pub fn address(url: &str) -> Option<String> {
    let url = url.trim();
    let lower = url.get(..8)?.to_ascii_lowercase();
    let is_web = lower.starts_with("http://") || lower.starts_with("https://");
    let strange = url.contains(|c: char| c.is_whitespace() || c.is_control());
    let fits = is_web && !strange && url.chars().count() <= ADDRESS_CHARS_MAX;
    fits.then(|| url.to_owned())
}

/// A time as people read it.
pub fn time(milliseconds: u64) -> String {
    format!("{} UTC", Timestamp::from_millis(milliseconds))
}

/// A length of time with its two largest units: `42s`, `3m 5s`, `2h 10m`, `3d 4h`.
pub fn brief(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let first = units.iter().position(|(count, _)| *count > 0).unwrap_or(3);
    let shown = units[first..].iter().take(2);
    let shown: Vec<String> = shown
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if shown.is_empty() {
        return "0s".to_owned();
    }
    shown.join(" ")
}

/// How long it is from one time to another.
pub fn between(from: u64, to: u64) -> String {
    brief(Duration::from_millis(to.saturating_sub(from)))
}

/// A number with its thousands apart.
pub fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_become_one_line() {
        assert_eq!(line("a\nb\t`c` ```d```\u{7}", 100), "a b 'c' '''d'''");
        assert_eq!(line("abcdef", 4), "abc…");
        assert_eq!(line("äöüß", 4), "äöüß");
        assert_eq!(line(" \r\n ", 4), "");
        assert_eq!(beginning("aäö", 4), "aä");
        assert_eq!(beginning("abc", 4), "abc");
    }

    #[test]
    fn only_what_can_be_followed_is_an_address() {
        for (url, expected) in [
            ("https://a.example/x?y=z", true),
            ("HTTP://a.example", true),
            ("javascript:alert(1)", false),
            ("https://a b", false),
            ("", false),
            ("ftp://a.example", false),
        ] {
            assert_eq!(address(url).is_some(), expected, "{url}");
        }
        assert_eq!(address(&format!("https://{}", "a".repeat(2_000))), None);
    }

    #[test]
    fn lengths_of_time_are_short() {
        for (seconds, expected) in [
            (0, "0s"),
            (42, "42s"),
            (185, "3m 5s"),
            (3_600, "1h"),
            (7_810, "2h 10m"),
            (273_600, "3d 4h"),
        ] {
            assert_eq!(brief(Duration::from_secs(seconds)), expected);
        }
        assert_eq!(between(5_000, 2_000), "0s");
    }

    #[test]
    fn thousands_stand_apart() {
        for (count, expected) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(number(count), expected);
        }
    }
}
