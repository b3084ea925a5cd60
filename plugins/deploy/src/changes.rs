//! What is new since the last deployment.

use witbot_sdk::Result;
use witbot_sdk::github::Repository;

use crate::history::Success;
use crate::names;
use crate::words::counted;

/// As many commits as are read on a card.
const LISTED_MAX: usize = 5;

/// As much of a commit's title as is read.
const TITLE_CHARS_MAX: usize = 80;

/// What a field of a card has room for.
const TEXT_CHARS_MAX: usize = 1_000;

/// The commits that a deployment brings, or takes away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// In words, one line for each of the newest.
    pub text: String,
    /// Where all of them are to be seen.
    pub url: String,
}

/// What comes with a commit where another one is. None when it is the same.
///
/// # Errors
/// GitHub could not be asked.
pub fn since(repository: &Repository, last: &Success, sha: &str) -> Result<Option<Changes>> {
    if last.sha == sha {
        return Ok(None);
    }
    let comparison = repository.compare(&last.sha, sha)?;
    let commits: Vec<(String, String)> = comparison
        .commits()
        .iter()
        .take(LISTED_MAX)
        .map(|commit| (commit.title(), commit.author()))
        .collect();
    let (ahead, behind) = (comparison.ahead_by(), comparison.behind_by());
    let text = told(ahead, behind, &commits, &last.sha);
    Ok(Some(Changes {
        text: names::cut(&text, TEXT_CHARS_MAX),
        url: comparison.url(),
    }))
}

fn told(ahead: u32, behind: u32, commits: &[(String, String)], last: &str) -> String {
    let mut parts = Vec::new();
    if ahead > 0 {
        parts.push(format!("{} more", counted(u64::from(ahead), "commit")));
    }
    if behind > 0 {
        parts.push(format!("{} fewer", counted(u64::from(behind), "commit")));
    }
    let mut lines = vec![format!("{} than {}", parts.join(", "), names::short(last))];
    for (title, author) in commits {
        lines.push(format!("{} ({author})", names::cut(title, TITLE_CHARS_MAX)));
    }
    let listed = u32::try_from(commits.len()).unwrap_or(u32::MAX);
    if ahead > listed && listed > 0 {
        lines.push(format!("and {} more", ahead - listed));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_counted_and_the_newest_named() {
        let commits = [("Fix it".to_owned(), "ada".to_owned())];
        let last = "0f1e2d3c4b5a";
        assert_eq!(
            told(3, 0, &commits, last),
            "3 commits more than 0f1e2d3\nFix it (ada)\nand 2 more"
        );
        assert_eq!(told(0, 1, &[], last), "1 commit fewer than 0f1e2d3");
        assert_eq!(
            told(1, 2, &commits, last),
            "1 commit more, 2 commits fewer than 0f1e2d3\nFix it (ada)"
        );
    }
}
