//! How names are shown to people.

/// Longer lists of names are not read.
const LISTED_MAX: usize = 10;

/// How much of a SHA is shown: what GitHub shows.
pub const SHORT_SHA: usize = 7;

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

/// A commit as people know it.
pub fn short(sha: &str) -> &str {
    sha.get(..SHORT_SHA).unwrap_or(sha)
}

/// What is deployed: `main (1a2b3c4)`, or the commit alone if that was asked for.
pub fn version(reference: &str, sha: &str) -> String {
    if reference.len() >= SHORT_SHA && sha.starts_with(reference) {
        short(sha).to_owned()
    } else {
        format!("{reference} ({})", short(sha))
    }
}

/// A word as it is typed in a command: what has spaces has to be quoted.
pub fn typed(word: &str) -> String {
    if word.contains(char::is_whitespace) {
        format!("\"{word}\"")
    } else {
        word.to_owned()
    }
}

/// The beginning of a text that may be too long.
pub fn cut(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(characters.saturating_sub(1)).collect();
    format!("{}…", beginning.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_comes_first() {
        let known = ["api", "billing", "web", "webhooks"];
        assert_eq!(
            nearest_first("bilings", known.into_iter()),
            "billing, api, web, webhooks"
        );
        assert_eq!(
            nearest_first("WEBH", known.into_iter()),
            "webhooks, web, api, billing"
        );
        assert_eq!(nearest_first("api", std::iter::empty()), "none");
    }

    #[test]
    fn long_lists_are_cut() {
        let names = (0..12)
            .map(|number| format!("app{number:02}"))
            .collect::<Vec<_>>();
        let list = nearest_first("app11", names.iter().map(String::as_str));
        assert!(list.starts_with("app11, "), "{list}");
        assert!(list.ends_with(" and 2 more"), "{list}");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(cut("Łukasz", 6), "Łukasz");
        assert_eq!(cut("one two three", 5), "one…");
    }

    #[test]
    fn commits_are_shown_once() {
        let sha = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";
        assert_eq!(version("main", sha), "main (1a2b3c4)");
        assert_eq!(version("1a2b3c4d", sha), "1a2b3c4");
        assert_eq!(version("1a", sha), "1a (1a2b3c4)");
    }
}
