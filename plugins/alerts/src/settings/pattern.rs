//! What a label has to be: `critical`, `web|ops`, or `web-*` for all that begins so.

/// Between alternatives.
const OR: char = '|';
/// Stands for any end.
const ANY: char = '*';

/// Whether a value is one of those that a pattern stands for.
pub fn matches(pattern: &str, value: &str) -> bool {
    let mut alternatives = pattern.split(OR).map(str::trim);
    alternatives.any(|one| match one.strip_suffix(ANY) {
        Some(beginning) => value.starts_with(beginning),
        None => value == one,
    })
}

/// Why a text is no pattern.
pub fn mistake(pattern: &str) -> Option<String> {
    let mut alternatives = pattern.split(OR).map(str::trim);
    let wrong = alternatives.find_map(|one| {
        if one.is_empty() {
            Some("is empty")
        } else if one.strip_suffix(ANY).unwrap_or(one).contains(ANY) {
            Some("has a `*` that is not at its end")
        } else {
            None
        }
    })?;
    Some(format!(
        "a value of `{pattern}` {wrong}: write `critical`, `web|ops`, or `web-*` for all that begin so"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_exact_or_begin_so() {
        for (pattern, value, expected) in [
            ("critical", "critical", true),
            ("critical", "Critical", false),
            ("web|ops", "ops", true),
            ("web | ops", "ops", true),
            ("web|ops", "web|ops", false),
            ("web-*", "web-shop", true),
            ("web-*", "web", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, value), expected, "{pattern} {value}");
        }
    }

    #[test]
    fn mistakes_are_told() {
        assert_eq!(mistake("web-*|ops"), None);
        for pattern in ["", "a|", "*-web", "a*b"] {
            assert!(mistake(pattern).is_some(), "{pattern}");
        }
    }
}
