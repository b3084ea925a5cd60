//! Finding a thing by what people call it.

use strsim::damerau_levenshtein;

/// The known names, the nearest first.
pub fn nearest_first<'a>(asked: &str, known: impl Iterator<Item = &'a str>) -> String {
    let asked = asked.to_lowercase();
    let mut names: Vec<&str> = known.collect();
    names.sort_by_key(|name| (damerau_levenshtein(&asked, &name.to_lowercase()), *name));
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_comes_first() {
        let known = ["api", "reports", "web"];
        assert_eq!(
            nearest_first("Report", known.into_iter()),
            "reports, api, web"
        );
    }
}
