//! Text of others as it may stand on a terminal: control characters could drive it, or forge what others said.

use std::borrow::Cow;

use crate::limits;

/// In one line: a break or a tab becomes a space, any other control character a mark.
pub fn line(text: &str) -> Cow<'_, str> {
    shown(text, |c| match c {
        '\n' | '\t' => ' ',
        _ => harmless(c),
    })
}

/// As much of a name or a reason that somebody else gave as belongs into a line of the log.
pub fn short(text: &str) -> String {
    let short: String = text.chars().take(limits::SHOWN_CHARS_MAX).collect();
    line(short.trim()).into_owned()
}

/// With its lines and tabs; any other control character becomes a mark.
pub fn text(text: &str) -> Cow<'_, str> {
    shown(text, |c| match c {
        '\n' | '\t' => c,
        _ => harmless(c),
    })
}

/// Those between U+0080 and U+009F are control characters as well: some terminals obey them.
fn harmless(c: char) -> char {
    if is_obeyed(c) { '\u{fffd}' } else { c }
}

/// What a terminal does something for, rather than show it: control characters, and those that turn the direction of what
/// follows, so that it reads otherwise than it is (Unicode Standard Annex 9, explicit formatting characters).
fn is_obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shown(text: &str, as_shown: impl Fn(char) -> char) -> Cow<'_, str> {
    if text.contains(is_obeyed) {
        Cow::Owned(text.chars().map(as_shown).collect())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_come_through() {
        for (given, as_line, as_text) in [
            ("plain – ü", "plain – ü", "plain – ü"),
            ("a\nb\tc", "a b c", "a\nb\tc"),
            ("a\r\nb", "a\u{fffd} b", "a\u{fffd}\nb"),
            ("pay \u{202e}001", "pay \u{fffd}001", "pay \u{fffd}001"),
            (
                "\u{1b}[2J\u{9b}2J\u{7f}",
                "\u{fffd}[2J\u{fffd}2J\u{fffd}",
                "\u{fffd}[2J\u{fffd}2J\u{fffd}",
            ),
        ] {
            assert_eq!(line(given), as_line);
            assert_eq!(text(given), as_text);
        }
    }

    #[test]
    fn a_short_line_is_the_beginning_of_a_long_one() {
        assert_eq!(short(" a\nb\u{1b} "), "a b\u{fffd}");
        let long = "\u{fc}".repeat(limits::SHOWN_CHARS_MAX + 1);
        assert_eq!(short(&long).chars().count(), limits::SHOWN_CHARS_MAX);
    }
}
