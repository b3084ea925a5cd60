//! What comes from people, made safe to stand in a path or query of GitHub's API.

use witbot_core::error::{Code, Error};
use witbot_core::ids::Repository;

/// Git itself allows longer names, the file systems under it do not.
const REFERENCE_BYTES_MAX: usize = 250;

/// The text with everything encoded that is not a plain letter, digit, or one of `-._~`. A slash is encoded too, so that
/// what was one segment stays one.
pub fn encoded(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                path.push(byte.into())
            }
            other => path.push_str(&format!("%{other:02X}")),
        }
    }
    path
}

/// A branch, tag or SHA as a part of a path. Names that git does not allow are refused here: `..` would leave the
/// repository that was granted, and `owner:branch` means a fork of it.
pub fn reference(repository: &Repository, text: &str) -> Result<String, Error> {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
    let valid = !text.is_empty()
        && text.len() <= REFERENCE_BYTES_MAX
        && text != "."
        && !text.contains("..")
        && !text.starts_with('/')
        && !text.contains(forbidden);
    if valid {
        Ok(encoded(text))
    } else {
        Err(no_reference(repository, text))
    }
}

/// `not-found` for a reference.
pub fn no_reference(repository: &Repository, text: &str) -> Error {
    let text: String = text.chars().take(100).collect();
    Error::new(
        Code::NotFound,
        format!("{repository} has no branch, tag or commit `{text}`."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_stays_one_segment_of_its_repository() {
        let repository = "acme/api".parse().unwrap();
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                reference(&repository, text).ok().as_deref(),
                expected,
                "{text}"
            );
        };
        check("main", Some("main"));
        check(
            "fix/login#7 %".trim_end_matches(" %"),
            Some("fix%2Flogin%237"),
        );
        check("größe", Some("gr%C3%B6%C3%9Fe"));
        for bad in [
            "",
            ".",
            "..",
            "../../acme/other",
            "a..b",
            "main ",
            "other:main",
            "/x",
            "a?b",
            &"a".repeat(251),
        ] {
            check(bad, None);
        }
        let error = reference(&repository, "a b").unwrap_err();
        assert_eq!(
            error.to_string(),
            "acme/api has no branch, tag or commit `a b`."
        );
    }
}
