//! Commits: which one a reference stands for, what it says, and how two stand to each other.

use serde::Deserialize;
use witbot_core::call::Compare;
use witbot_core::error::{Code, Error};
use witbot_core::github::{Commit, Comparison};
use witbot_core::ids::{Repository, UnixMillis};
use witbot_core::limits;

use super::answer::Answer;
use super::asked::Asked;
use super::connection::Connection;
use super::{path, time};

/// A commit as GitHub tells it.
#[derive(Deserialize)]
pub struct Told {
    /// The full SHA.
    pub sha: String,
    html_url: String,
    commit: Content,
    /// None when the address in the commit belongs to no account, and an empty object for some that are gone.
    author: Option<Account>,
    /// Those that it comes after.
    pub parents: Vec<Parent>,
}

/// A commit that another one comes after.
#[derive(Deserialize)]
pub struct Parent {
    /// The full SHA.
    pub sha: String,
}

/// What git itself keeps of a commit.
#[derive(Deserialize)]
struct Content {
    message: String,
    author: Option<Person>,
    committer: Option<Person>,
}

#[derive(Deserialize)]
struct Person {
    name: Option<String>,
    #[serde(default, deserialize_with = "time::unix_millis_if_any")]
    date: Option<UnixMillis>,
}

#[derive(Deserialize)]
struct Account {
    login: Option<String>,
}

impl Told {
    /// When it was committed; 1970 when the commit does not say.
    pub fn committed(&self) -> UnixMillis {
        let dated = |person: &Option<Person>| person.as_ref()?.date;
        dated(&self.commit.committer)
            .or_else(|| dated(&self.commit.author))
            .unwrap_or(UnixMillis(0))
    }

    fn into_commit(self) -> Commit {
        let committed = self.committed();
        let login = self.author.and_then(|account| account.login);
        let name = self.commit.author.and_then(|person| person.name);
        let title = self.commit.message.lines().next().unwrap_or_default();
        Commit {
            title: one_line(title),
            // As GitHub shows accounts that are gone.
            author: one_line(&login.or(name).unwrap_or_else(|| "ghost".to_owned())),
            sha: self.sha,
            url: self.html_url,
            committed,
        }
    }
}

fn one_line(text: &str) -> String {
    let text = text.trim();
    text.chars().take(limits::GITHUB_TITLE_CHARS_MAX).collect()
}

/// The SHA of a branch, tag or SHA.
pub async fn resolve(
    connection: &Connection,
    repository: &Repository,
    reference: &str,
) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Sha {
        sha: String,
    }
    let (answer, asked) = get(connection, repository, reference).await?;
    Ok(answer.read::<Sha>(&asked.thing)?.sha)
}

/// The commit of a branch, tag or SHA.
pub async fn read(
    connection: &Connection,
    repository: &Repository,
    reference: &str,
) -> Result<Commit, Error> {
    let (answer, asked) = get(connection, repository, reference).await?;
    Ok(answer.read::<Told>(&asked.thing)?.into_commit())
}

async fn get(
    connection: &Connection,
    repository: &Repository,
    reference: &str,
) -> Result<(Answer, Asked), Error> {
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
    let answer = answer.map_err(|error| unknown(error, repository, reference))?;
    Ok((answer, asked))
}

/// How `head` stands to `base`.
pub async fn compare(connection: &Connection, call: &Compare) -> Result<Comparison, Error> {
    let compared = compared(connection, call).await?;
    let commits = compared.commits.into_iter().map(Told::into_commit);
    Ok(Comparison {
        ahead_by: compared.ahead_by,
        behind_by: compared.behind_by,
        commits: commits.collect(),
        url: compared.html_url,
    })
}

/// A comparison as GitHub tells it.
#[derive(Deserialize)]
pub struct Compared {
    /// Commits that head has and base lacks.
    pub ahead_by: u32,
    /// Commits that base has and head lacks.
    pub behind_by: u32,
    html_url: String,
    /// The commit that base stands for.
    pub base_commit: Parent,
    /// What head has and base lacks. GitHub tells the oldest first, a page at a time; here the newest are first.
    pub commits: Vec<Told>,
}

/// How `head` stands to `base`, with the newest of the commits between them.
pub async fn compared(connection: &Connection, call: &Compare) -> Result<Compared, Error> {
    let mut compared = compared_page(connection, call, 1).await?;
    let last = compared.ahead_by.div_ceil(limits::GITHUB_COMMITS_MAX);
    // The newest fill the last page only in part.
    if last > 2 {
        compared.commits = compared_page(connection, call, last - 1).await?.commits;
    }
    if last > 1 {
        let newest = compared_page(connection, call, last).await?.commits;
        compared.commits.extend(newest);
    }
    compared.commits.reverse();
    compared
        .commits
        .truncate(limits::GITHUB_COMMITS_MAX as usize);
    Ok(compared)
}

async fn compared_page(
    connection: &Connection,
    call: &Compare,
    number: u32,
) -> Result<Compared, Error> {
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
    let most = limits::GITHUB_COMMITS_MAX;
    let path = format!("/repos/{repository}/compare/{from}...{to}?per_page={most}&page={number}");
    connection
        .get(repository, &path, &asked)
        .await?
        .read(&asked.thing)
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
