//! The deployments that there were.

use witbot_sdk::Result;
use witbot_sdk::github::{Deployment, Repository, State};

use crate::names;
use crate::payload::Payload;

/// What fits a screen.
const ROWS_MAX: usize = 10;

/// Several applications can share a repository, so more are looked at. GitHub is asked once for all of these.
const LOOKED_AT: u32 = 30;

/// What was deployed some time ago is looked for further back. GitHub gives so many at once.
const LOOKED_BACK_AT: u32 = 100;

/// What is done by most deployments.
pub const TASK: &str = "deploy";

/// A deployment that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success {
    /// GitHub's number of it.
    pub id: u64,
    /// What was asked for.
    pub reference: String,
    /// The commit.
    pub sha: String,
}

impl Success {
    fn of(deployment: &Deployment) -> Success {
        Success {
            id: deployment.id(),
            reference: reference(deployment),
            sha: deployment.sha(),
        }
    }
}

/// The last deployments of an application, as a table: in one environment or all, of one reference or all.
///
/// # Errors
/// GitHub could not be asked.
pub fn table(
    repository: &Repository,
    app: &str,
    environment: Option<&str>,
    asked: Option<&str>,
) -> Result<String> {
    let mut deployments = of(repository, app, environment)?;
    deployments
        .retain(|one| asked.is_none_or(|asked| is_about(&reference(one), &one.sha(), asked)));
    deployments.truncate(ROWS_MAX);
    let rows = deployments.iter().map(row).collect::<Result<Vec<_>>>()?;
    if rows.is_empty() {
        let what = asked.map_or(String::new(), |asked| format!("/{asked}"));
        let place = environment.map_or(String::new(), |environment| format!(" to {environment}"));
        return Ok(format!("{app}{what} has not been deployed{place} yet."));
    }
    Ok(format!("```\n{}\n```", aligned(&rows)))
}

/// The last deployments of an application, newest first.
///
/// # Errors
/// GitHub could not be asked.
pub fn of(
    repository: &Repository,
    app: &str,
    environment: Option<&str>,
) -> Result<Vec<Deployment>> {
    newest(repository, app, environment, LOOKED_AT)
}

fn newest(
    repository: &Repository,
    app: &str,
    environment: Option<&str>,
    most: u32,
) -> Result<Vec<Deployment>> {
    let mut all = repository.deployments(environment, most)?;
    all.retain(|deployment| Payload::read(&deployment.payload()).is_of(app));
    Ok(all)
}

/// What is in an environment now: the last deployment there that went well.
///
/// # Errors
/// GitHub could not be asked.
pub fn present(repository: &Repository, app: &str, environment: &str) -> Result<Option<Success>> {
    for deployment in of(repository, app, Some(environment))? {
        if is_ordinary(&deployment) && state(&deployment)? == Some(State::Success) {
            return Ok(Some(Success::of(&deployment)));
        }
    }
    Ok(None)
}

/// What was in an environment before what is there now: another commit.
///
/// # Errors
/// GitHub could not be asked.
pub fn before(
    repository: &Repository,
    app: &str,
    environment: &str,
    present: &Success,
) -> Result<Option<Success>> {
    for deployment in newest(repository, app, Some(environment), LOOKED_BACK_AT)? {
        let older = deployment.id() < present.id && deployment.sha() != present.sha;
        if older && is_ordinary(&deployment) && went_well(state(&deployment)?.as_ref()) {
            return Ok(Some(Success::of(&deployment)));
        }
    }
    Ok(None)
}

/// The last deployment of a commit to an environment that went well.
///
/// # Errors
/// GitHub could not be asked.
pub fn success(
    repository: &Repository,
    app: &str,
    environment: &str,
    sha: &str,
) -> Result<Option<Success>> {
    for deployment in newest(repository, app, Some(environment), LOOKED_BACK_AT)? {
        let same = deployment.sha() == sha && is_ordinary(&deployment);
        if same && went_well(state(&deployment)?.as_ref()) {
            return Ok(Some(Success::of(&deployment)));
        }
    }
    Ok(None)
}

/// The reference that was asked for: GitHub has the commit alone when the branch had moved on.
pub fn reference(deployment: &Deployment) -> String {
    Payload::read(&deployment.payload())
        .reference
        .unwrap_or_else(|| deployment.reference())
}

/// What migrates a database, or the like, puts no version anywhere.
fn is_ordinary(deployment: &Deployment) -> bool {
    deployment.task() == TASK
}

fn state(deployment: &Deployment) -> Result<Option<State>> {
    Ok(deployment.status()?.map(|status| status.state()))
}

/// What was there until another took its place is `inactive`.
fn went_well(state: Option<&State>) -> bool {
    matches!(state, Some(State::Success | State::Inactive))
}

fn is_about(reference: &str, sha: &str, asked: &str) -> bool {
    reference == asked || (asked.len() >= names::SHORT_SHA && sha.starts_with(asked))
}

fn row(deployment: &Deployment) -> Result<[String; 6]> {
    let state = state(deployment)?.map_or("not begun".to_owned(), |state| state.to_string());
    let by = Payload::read(&deployment.payload()).requested_by;
    let place = match deployment.task() {
        task if task == TASK => deployment.environment(),
        task => format!("{} ({task})", deployment.environment()),
    };
    Ok([
        deployment.created_at().to_string(),
        by.map_or_else(|| deployment.creator(), |person| person.name),
        reference(deployment),
        names::short(&deployment.sha()).to_owned(),
        place,
        state,
    ])
}

/// Rows below a heading, in columns.
fn aligned(rows: &[[String; 6]]) -> String {
    let heading = ["when (UTC)", "who", "ref", "commit", "where", "state"].map(str::to_owned);
    let lines = std::iter::once(&heading).chain(rows);
    let width = |column: usize| {
        lines
            .clone()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 6] = std::array::from_fn(width);
    let shown = lines.map(|row| {
        let cells = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let row = |cells: [&str; 6]| cells.map(str::to_owned);
        let table = aligned(&[
            row([
                "2026-11-22 18:35",
                "alice",
                "fix-login",
                "1a2b3c4",
                "staging",
                "success",
            ]),
            row([
                "2026-11-21 09:00",
                "Łukasz",
                "main",
                "0f1e2d3",
                "production",
                "not begun",
            ]),
        ]);
        assert_eq!(
            format!("\n{table}\n"),
            "
when (UTC)        who     ref        commit   where       state
2026-11-22 18:35  alice   fix-login  1a2b3c4  staging     success
2026-11-21 09:00  Łukasz  main       0f1e2d3  production  not begun
"
        );
    }

    #[test]
    fn references_are_branches_or_the_beginnings_of_commits() {
        assert!(is_about("main", "1a2b3c4d", "main"));
        assert!(is_about("main", "1a2b3c4d", "1a2b3c4"));
        assert!(!is_about("main", "1a2b3c4d", "1a2b") && !is_about("main", "1a2b3c4d", "old"));
    }
}
