//! What GitHub does when somebody merges one branch into another.

use super::body::Fields;
use super::json::refusal;
use super::repository::{Author, Repository};
use crate::fakes::request::Answer;

/// Merges, and gives the SHA of the commit that this made. None when there was nothing to merge.
pub(super) fn merge(
    repository: &mut Repository,
    login: &str,
    fields: &Fields,
) -> Result<Option<String>, Answer> {
    let (base, head) = (fields.required_text("base")?, fields.required_text("head")?);
    let message = fields.text("commit_message")?;
    let (branch, tip) = match repository.branch(&base) {
        Some((branch, tip)) => (branch.to_owned(), tip.to_owned()),
        None => return Err(refusal(404, "Base does not exist")),
    };
    let merged = match repository.resolve(&head) {
        Some(commit) => commit.sha.clone(),
        None => return Err(refusal(404, "Head does not exist")),
    };
    if repository.missing(&tip, &merged).is_empty() {
        return Ok(None);
    }
    let conflicting = |name: &str| repository.conflicting.contains(name);
    if conflicting(&branch) || conflicting(&head) {
        return Err(refusal(409, "Merge conflict"));
    }
    let author = Author {
        name: login.to_owned(),
        login: Some(login.to_owned()),
    };
    let message = message.unwrap_or_else(|| format!("Merge {head} into {branch}"));
    Ok(Some(repository.commit(
        author,
        &branch,
        &message,
        vec![tip, merged],
    )))
}
