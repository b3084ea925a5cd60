//! Branches: which one is the default, and what the others are called.

use serde::Deserialize;
use witbot_core::call::ListBranches;
use witbot_core::error::Error;
use witbot_core::ids::Repository;
use witbot_core::limits;

use super::asked::Asked;
use super::connection::{Connection, PAGE};

/// The name of the default branch.
pub async fn default(connection: &Connection, repository: &Repository) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Told {
        default_branch: String,
    }
    let asked = Asked {
        action: format!("read which branch of {repository} is the default"),
        thing: format!("repository {repository}"),
    };
    let path = format!("/repos/{repository}");
    let answer = connection.get(repository, &path, &asked).await?;
    Ok(answer.read::<Told>(&asked.thing)?.default_branch)
}

/// The names of the first ones, in GitHub's order.
pub async fn list(connection: &Connection, call: &ListBranches) -> Result<Vec<String>, Error> {
    #[derive(Deserialize)]
    struct Told {
        name: String,
    }
    let repository = &call.repository;
    let asked = Asked {
        action: format!("list the branches of {repository}"),
        thing: format!("repository {repository}"),
    };
    let path = format!("/repos/{repository}/branches");
    let limit = call.limit.clamp(1, limits::GITHUB_BRANCHES_MAX) as usize;
    let mut names = Vec::new();
    for number in 1..=limits::GITHUB_PAGES_MAX {
        let (page, answer) = connection
            .page::<Vec<Told>>(repository, &path, number, &asked)
            .await?;
        let more = answer.goes_on(page.len(), PAGE);
        names.extend(page.into_iter().map(|branch| branch.name));
        if !more || names.len() >= limit {
            break;
        }
    }
    names.truncate(limit);
    Ok(names)
}
