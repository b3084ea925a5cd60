//! Merging into a branch. It carries no marker: that it happened shows in what the branch has since.

use http::StatusCode;
use serde_json::json;
use witbot_core::call::{Compare, Merge};
use witbot_core::error::{Code, Error};
use witbot_core::ids::UnixMillis;
use witbot_core::limits;

use super::answer::Answer;
use super::asked::Asked;
use super::connection::{self, Connection, Unwritten};
use super::{commits, path, settle};

/// Merges, or finds out that it was merged although GitHub's answer did not say so. Gives the commit that this made; none
/// when there was nothing to merge.
pub async fn merge(connection: &Connection, call: &Merge) -> Result<Option<String>, Error> {
    let begun = connection::now();
    let (repository, base, head) = (&call.repository, &call.base, &call.head);
    // Names that are none would be refused too late, when the merge is looked for.
    path::reference(repository, base)?;
    path::reference(repository, head)?;
    let asked = Asked {
        action: format!("merge `{head}` into `{base}` in {repository}"),
        thing: format!("branch `{base}`, or no `{head}`, in {repository}"),
    };
    let mut body = json!({ "base": base, "head": head });
    // GitHub has words of its own for a merge of which nothing is said.
    if !call.message.is_empty() {
        body["commit_message"] = call.message.as_str().into();
    }
    let path = format!("/repos/{repository}/merges");
    let seen = match connection.post(repository, &path, &body, &asked).await {
        Ok(answer) if answer.status == StatusCode::CREATED => {
            match answer.read::<commits::Parent>(&asked.thing) {
                Ok(made) => return Ok(Some(made.sha)),
                Err(_unreadable) => "GitHub's answer could not be read".to_owned(),
            }
        }
        Ok(answer) if answer.status == StatusCode::NO_CONTENT => return Ok(None),
        Ok(answer) if answer.status.is_success() => {
            format!("GitHub answered {}", answer.status.as_u16())
        }
        Ok(answer) => return Err(refused(connection, &answer, &asked, call)),
        Err(Unwritten::No(error)) => return Err(error),
        Err(Unwritten::Perhaps(seen)) => seen,
    };
    settle(connection, &seen, &asked, find(connection, call, begun)).await
}

/// What became of a merge that began at `begun`. None: `base` does not have all of `head`, so it did not happen.
pub async fn find(
    connection: &Connection,
    call: &Merge,
    begun: UnixMillis,
) -> Result<Option<Option<String>>, Error> {
    let since_head = Compare {
        repository: call.repository.clone(),
        base: call.head.clone(),
        head: call.base.clone(),
    };
    let compared = commits::compared(connection, &since_head).await?;
    if compared.behind_by > 0 {
        return Ok(None);
    }
    // An older merge of the same commit was not this one: then there was nothing to merge.
    let skew_ms = u64::try_from(limits::GITHUB_CLOCK_SKEW_MAX.as_millis()).unwrap_or(u64::MAX);
    let earliest = UnixMillis(begun.0.saturating_sub(skew_ms));
    let merged = &compared.base_commit.sha;
    let made = compared.commits.into_iter().find(|commit| {
        // What was there before comes first among the parents, and what was merged into it after that.
        let mut merges = commit.parents.iter().skip(1);
        merges.any(|parent| parent.sha == *merged) && commit.committed() >= earliest
    });
    Ok(Some(made.map(|commit| commit.sha)))
}

/// GitHub says in words which of the two is not there.
fn refused(connection: &Connection, answer: &Answer, asked: &Asked, call: &Merge) -> Error {
    let error = connection.refused(answer, asked);
    if error.code != Code::NotFound {
        return error;
    }
    match answer.refusal().message() {
        "Base does not exist" => path::no_reference(&call.repository, &call.base),
        "Head does not exist" => path::no_reference(&call.repository, &call.head),
        _ => error,
    }
}
