//! Commits: which one a reference stands for, and how two stand to each other.

use serde::Deserialize;
use witbot_core::call::Compare;
use witbot_core::error::{Code, Error};
use witbot_core::github::Comparison;
use witbot_core::ids::Repository;

use super::asked::Asked;
use super::connection::Connection;
use super::path;

/// The commit of a branch, tag or SHA.
pub async fn resolve(
    connection: &Connection,
    repository: &Repository,
    reference: &str,
) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Commit {
        sha: String,
    }
    let asked = Asked {
        action: format!("read `{reference}` in {repository}"),
        thing: format!("branch, tag or commit `{reference}` in {repository}"),
    };
    // One changed file is listed instead of 300: none can be asked for.
    let path = format!(
        "/repos/{repository}/commits/{}?per_page=1",
        path::reference(repository, reference)?
    );
    let answer = connection.get(repository, &path, &asked).await;
    let commit: Commit = answer
        .map_err(|error| unknown(error, repository, reference))?
        .read(&asked.thing)?;
    Ok(commit.sha)
}

/// How `head` stands to `base`.
pub async fn compare(connection: &Connection, call: &Compare) -> Result<Comparison, Error> {
    #[derive(Deserialize)]
    struct Compared {
        ahead_by: u32,
        behind_by: u32,
        html_url: String,
    }
    let Compare {
        repository,
        base,
        head,
    } = call;
    let asked = Asked {
        action: format!("compare `{head}` to `{base}` in {repository}"),
        thing: format!("`{base}` or `{head}` in {repository}"),
    };
    let (from, to) = (
        path::reference(repository, base)?,
        path::reference(repository, head)?,
    );
    let path = format!("/repos/{repository}/compare/{from}...{to}?per_page=1");
    let compared: Compared = connection
        .get(repository, &path, &asked)
        .await?
        .read(&asked.thing)?;
    Ok(Comparison {
        ahead_by: compared.ahead_by,
        behind_by: compared.behind_by,
        url: compared.html_url,
    })
}

/// GitHub says 422 where there is no such commit, and 409 where there are none at all.
fn unknown(error: Error, repository: &Repository, reference: &str) -> Error {
    match error.code {
        Code::Invalid | Code::Conflict => path::no_reference(repository, reference),
        Code::Denied
        | Code::NotFound
        | Code::RateLimited
        | Code::Timeout
        | Code::Unavailable
        | Code::InDoubt
        | Code::Canceled => error,
    }
}
