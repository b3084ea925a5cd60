//! Names that people mistyped.

/// Longer lists of names are not read.
const LISTED_MAX: usize = 10;

/// Known names as a list, those that are most like the one that was asked for first.
pub fn nearest_first<'a>(asked: &str, known: impl Iterator<Item = &'a str>) -> String {
    let asked = asked.to_lowercase();
    let mut known = known.collect::<Vec<_>>();
    known.sort_by_cached_key(|name| distance(&asked, &name.to_lowercase()));
    let more = known.len().saturating_sub(LISTED_MAX);
    known.truncate(LISTED_MAX);
    match (known.as_slice(), more) {
        ([], _) => "none".to_owned(),
        (known, 0) => known.join(", "),
        (known, more) => format!("{} and {more} more", known.join(", ")),
    }
}

/// Abbreviations come first: `prod` is nearer to `production` than to `pro`.
fn distance(asked: &str, name: &str) -> (bool, usize) {
    (
        !name.starts_with(asked),
        strsim::damerau_levenshtein(asked, name),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_comes_first() {
        let known = ["pro", "production", "staging"];
        assert_eq!(
            nearest_first("prod", known.into_iter()),
            "production, pro, staging"
        );
        assert_eq!(nearest_first("x", [].into_iter()), "none");
        let many: Vec<String> = (10..25).map(|number| format!("app{number}")).collect();
        let listed = nearest_first("app", many.iter().map(String::as_str));
        assert!(listed.ends_with("app19 and 5 more"), "{listed}");
    }
}
