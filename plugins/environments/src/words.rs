//! How things are shown to people.

use witbot_sdk::flow::Timestamp;

/// Longer lists of names are not read.
const LISTED_MAX: usize = 5;
/// How much of a SHA is shown: what GitHub shows.
const SHORT_SHA: usize = 7;
/// Names that differ by more than a third are no slips of the fingers.
const SLIP: usize = 3;

/// The known names that may have been meant, the nearest first, each as code. None: there is none.
pub fn near<'a>(asked: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let asked = asked.to_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .map(|name| (distance(&asked, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= name.chars().count().max(SLIP) / SLIP)
        .collect();
    near.sort_unstable();
    let near: Vec<String> = near
        .into_iter()
        .take(LISTED_MAX)
        .map(|(_, name)| format!("`{name}`"))
        .collect();
    (!near.is_empty()).then(|| near.join(", "))
}

/// A name of which a part was typed is near.
fn distance(asked: &str, name: &str) -> usize {
    match asked.len() >= SLIP && name.contains(asked) {
        true => 0,
        false => strsim::damerau_levenshtein(asked, name),
    }
}

/// A commit as people know it.
pub fn short(sha: &str) -> &str {
    sha.get(..SHORT_SHA).unwrap_or(sha)
}

/// A point in time, with its zone.
pub fn at(milliseconds: u64) -> String {
    format!("{} UTC", Timestamp::from_millis(milliseconds))
}

/// The beginning of a text that may be too long.
pub fn cut(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(characters.saturating_sub(1)).collect();
    format!("{}…", beginning.trim_end())
}

/// A text as a sentence, or as the last part of one.
pub fn stopped(text: &str) -> String {
    match text.trim_end() {
        text if text.ends_with(['.', '!', '?', '…']) => text.to_owned(),
        text => format!("{text}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found() {
        let known = ["api-login", "api-logout", "web-search"];
        let near = |asked: &str| near(asked, known.into_iter());
        assert_eq!(near("api-lgoin").unwrap(), "`api-login`, `api-logout`");
        assert_eq!(near("search").unwrap(), "`web-search`");
        assert_eq!(near("something"), None);
    }

    #[test]
    fn sentences_end_once() {
        assert_eq!(stopped("It failed"), "It failed.");
        assert_eq!(stopped("It failed."), "It failed.");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(cut("Łukasz", 6), "Łukasz");
        assert_eq!(cut("one two three", 5), "one…");
    }
}
