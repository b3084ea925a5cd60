//! The commit that is deployed.

use witbot_sdk::github::{Commit, Repository};
use witbot_sdk::{Code, Error, Result};

use crate::names;
use crate::order::Order;

/// Branches among which the nearest name is looked for. A repository can have thousands.
const BRANCHES_MAX: u32 = 300;

/// As much of a title as is read.
const TITLE_CHARS_MAX: usize = 100;

/// A commit with the name under which it is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The branch, tag or commit that was asked for.
    pub reference: String,
    /// The commit.
    pub sha: String,
    /// Its title and author.
    pub about: String,
}

/// The commit that an order is about.
///
/// # Errors
/// `not-found`: there is no such reference. The message names the nearest branches.
pub fn choose(order: &Order<'_>, repository: &Repository) -> Result<Chosen> {
    let reference = match &order.reference {
        Some(reference) => reference.clone(),
        None => default(order, repository)?,
    };
    let wanted = order.sha.as_ref().unwrap_or(&reference);
    let commit = find(repository, wanted)?;
    Ok(Chosen {
        about: about(&commit.title(), &commit.author()),
        sha: commit.sha(),
        reference,
    })
}

/// What is deployed when nobody says what.
fn default(order: &Order<'_>, repository: &Repository) -> Result<String> {
    let environment = order.app.at(order.environment);
    let own = environment.and_then(|environment| environment.default_ref.clone());
    match own.or_else(|| order.app.app.default_ref.clone()) {
        Some(reference) => Ok(reference),
        None => repository.default_branch(),
    }
}

/// The commit of a reference.
///
/// # Errors
/// `not-found`: there is no such reference. The message names the nearest branches.
pub fn find(repository: &Repository, reference: &str) -> Result<Commit> {
    repository
        .commit(reference)
        .map_err(|error| match error.code {
            Code::NotFound => unknown(repository, reference),
            _ => error,
        })
}

/// Whether a reference stands for a commit now. None: it is no more.
///
/// # Errors
/// GitHub could not be asked.
pub fn is_still(repository: &Repository, reference: &str, sha: &str) -> Result<Option<bool>> {
    match repository.commit(reference) {
        Ok(commit) => Ok(Some(commit.sha() == sha)),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn unknown(repository: &Repository, reference: &str) -> Error {
    // What cannot be offered is left out.
    let branches = repository.branches(BRANCHES_MAX).unwrap_or_default();
    Error::not_found(not_there(&repository.name(), reference, &branches))
}

fn not_there(repository: &str, reference: &str, branches: &[String]) -> String {
    let nothing = format!("{repository} has no `{reference}`.");
    match branches {
        [] => nothing,
        branches => {
            let list = names::nearest_first(reference, branches.iter().map(String::as_str));
            format!("{nothing} Branches: {list}.")
        }
    }
}

/// A commit in a few words.
pub fn about(title: &str, author: &str) -> String {
    let title = match names::cut(title.trim(), TITLE_CHARS_MAX) {
        title if title.is_empty() => "without a message".to_owned(),
        title => title,
    };
    format!("{title}, by {author}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_branches_are_named() {
        let branches = ["main", "fix-login", "fix-logout"].map(str::to_owned);
        assert_eq!(
            not_there("acme/api", "fix-logn", &branches),
            "acme/api has no `fix-logn`. Branches: fix-login, fix-logout, main."
        );
        assert_eq!(not_there("acme/api", "x", &[]), "acme/api has no `x`.");
    }

    #[test]
    fn a_commit_has_a_title_and_an_author() {
        assert_eq!(about("Fix it", "ada"), "Fix it, by ada");
        assert_eq!(about(" ", "ada"), "without a message, by ada");
    }
}
