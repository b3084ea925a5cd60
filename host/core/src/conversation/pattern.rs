//! Expected text, in which `…` stands for anything.

/// What stands for anything, also for nothing.
const ANYTHING: char = '…';

/// Whether a text is as expected, from its beginning to its end.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pieces: Vec<&str> = pattern.split(ANYTHING).collect();
    let [first, between @ .., last] = pieces.as_slice() else {
        return pattern == text;
    };
    let inner = text
        .strip_prefix(first)
        .and_then(|rest| rest.strip_suffix(last));
    let Some(mut rest) = inner else { return false };
    for piece in between {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wildcard_stands_for_anything() {
        for (pattern, text) in [
            ("plain", "plain"),
            ("…", ""),
            ("a…", "a"),
            ("a…c", "abc"),
            ("a…c…e", "abcde"),
            ("…b…", "abc"),
            ("…", "several\nlines"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_not_the_wildcard_stands_for_itself() {
        for (pattern, text) in [
            ("plain", "plain "),
            ("a…", "ba"),
            ("a…a", "a"),
            ("…b…c", "acb"),
            ("", "text"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
