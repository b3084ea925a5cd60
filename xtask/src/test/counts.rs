//! How many tests there were, as the runners say it in their closing lines.

use std::fmt;

/// Numbers of tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Counts {
    /// Those of a closing line, of `cargo test` or of nextest. None for any other line.
    pub fn read(line: &str) -> Option<Counts> {
        let plain = without_colours(line);
        let line = plain.trim();
        // What nextest repeats of a single test's output is indented.
        let is_closing = plain.starts_with("test result: ") || line.starts_with("Summary [");
        if !is_closing {
            return None;
        }
        Some(Counts {
            passed: before(line, "passed"),
            // A test that takes too long is one that failed.
            failed: before(line, "failed") + before(line, "timed out"),
            skipped: before(line, "skipped") + before(line, "ignored"),
        })
    }

    /// Adds others.
    pub fn add(&mut self, others: Counts) {
        self.passed += others.passed;
        self.failed += others.failed;
        self.skipped += others.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        match self.skipped {
            0 => Ok(()),
            skipped => write!(f, ", {skipped} skipped"),
        }
    }
}

/// The number that stands before a word; 0 if the word is not there.
fn before(line: &str, word: &str) -> u64 {
    let Some((head, _)) = line.split_once(&format!(" {word}")) else {
        return 0;
    };
    head.rsplit(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((head, sequence)) = rest.split_once("\u{1b}[") {
        plain.push_str(head);
        rest = sequence
            .split_once(|c: char| c.is_ascii_alphabetic())
            .map_or("", |(_, rest)| rest);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(line: &str) -> Option<String> {
        Counts::read(line).map(|counts| counts.to_string())
    }

    #[test]
    fn the_closing_lines_of_both_runners_are_read() {
        for (line, expected) in [
            (
                "     Summary [   4.210s] 151 tests run: 151 passed (1 slow), 0 skipped",
                Some("151 passed, 0 failed"),
            ),
            (
                "     Summary [   4.210s] 6/9 tests run: 3 passed, 2 failed, 1 timed out, 4 skipped",
                Some("3 passed, 3 failed, 4 skipped"),
            ),
            (
                "\u{1b}[32;1m     Summary\u{1b}[0m [   0.1s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m0\u{1b}[0m \u{1b}[33;1mskipped\u{1b}[0m",
                Some("2 passed, 0 failed"),
            ),
            (
                "test result: ok. 27 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
                Some("27 passed, 0 failed, 1 skipped"),
            ),
            (
                "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 3 filtered out",
                Some("1 passed, 2 failed"),
            ),
            (
                "    test result: FAILED. 0 passed; 1 failed; 0 ignored",
                None,
            ),
            ("12 passed, 0 failed", None),
            ("test counts::tests::it ... ok", None),
            ("", None),
        ] {
            assert_eq!(counts(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn counts_add_up() {
        let mut all = Counts::default();
        all.add(Counts::read("test result: ok. 2 passed; 0 failed; 1 ignored").unwrap());
        all.add(Counts::read("test result: ok. 3 passed; 1 failed; 0 ignored").unwrap());
        assert_eq!(all.to_string(), "5 passed, 1 failed, 1 skipped");
    }
}
