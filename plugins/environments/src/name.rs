//! Names of environments, which can stand in host names.

/// The longest name: with a few words before and behind it, it still fits into the 63 of a host name's label.
const LENGTH_MAX: usize = 40;
/// How many digits of the hash are shown.
const HASH_DIGITS: usize = 6;
/// What a name begins with of which nothing could be kept.
const NOTHING_KEPT: &str = "env";

/// The name that a text comes to: lower-case letters, digits and single hyphens. When more than letters of another case and
/// the usual signs between words were changed, or it had to be cut, the name ends in a hash of `branch`.
pub fn safe(text: &str, branch: &str) -> String {
    let kept = kept(text);
    if is_plain(text) && !kept.is_empty() && kept.len() <= LENGTH_MAX {
        return kept;
    }
    distinct(text, branch)
}

/// The name with the hash, for a branch that comes to the same name as another one.
pub fn distinct(text: &str, branch: &str) -> String {
    let kept = kept(text);
    let kept = if kept.is_empty() { NOTHING_KEPT } else { &kept };
    let room = LENGTH_MAX - HASH_DIGITS - 1;
    let beginning = kept[..kept.len().min(room)].trim_end_matches('-');
    format!("{beginning}-{}", hash(branch))
}

/// The letters, digits and hyphens of a text, which are all ASCII.
fn kept(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

/// Whether people can tell from the name what the text was.
fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
}

/// FNV-1a. Names have to be the same in all versions of the plugin, and nobody is kept out by them.
fn hash(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")[..HASH_DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_kept() {
        for (text, name) in [
            ("api-login", "api-login"),
            ("api-feature/login", "api-feature-login"),
            ("api-Fix_it.now", "api-fix-it-now"),
            ("api-release/1.2", "api-release-1-2"),
            ("-api--x-", "api-x"),
        ] {
            assert_eq!(safe(text, "branch"), name, "{text}");
        }
    }

    #[test]
    fn odd_and_long_names_get_a_hash() {
        assert_eq!(
            safe("api-feature/Ünïcode_x", "feature/Ünïcode_x"),
            "api-feature-n-code-x-92bd38"
        );
        assert_ne!(safe("é", "é"), safe("è", "è"));
        assert!(safe("é", "é").starts_with("env-"));
        let long = safe(&"a".repeat(41), "a");
        assert_eq!((long.len(), &long[33..34]), (LENGTH_MAX, "-"));
        assert_eq!(safe(&"a".repeat(40), "a"), "a".repeat(40));
        let cut_at_a_hyphen = safe(&format!("{}/{}", "a".repeat(32), "b".repeat(20)), "x");
        assert!(!cut_at_a_hyphen.contains("--"), "{cut_at_a_hyphen}");
    }

    #[test]
    fn branches_that_come_to_the_same_name_are_told_apart() {
        assert_eq!(safe("api-a/b", "a/b"), safe("api-a-b", "a-b"));
        assert_ne!(distinct("api-a/b", "a/b"), distinct("api-a-b", "a-b"));
    }
}
