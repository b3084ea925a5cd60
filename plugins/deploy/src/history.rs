//! The last deployments of an application, as a table.

use serde::Deserialize;
use witbot_sdk::Result;
use witbot_sdk::github::{Deployment, Repository};

use crate::names;

/// What fits a screen.
const ROWS_MAX: usize = 10;

/// Several applications can share a repository, so more are looked at. GitHub is asked once for all of these.
const LOOKED_AT: u32 = 30;

/// The part of a deployment's payload that is shown. Deployments that others created may lack it.
#[derive(Debug, Default, PartialEq, Deserialize)]
struct Origin {
    app: Option<String>,
    requested_by: Option<Person>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Person {
    name: String,
}

/// The last deployments of an application, in one environment or all.
pub fn table(repository: &Repository, app: &str, environment: Option<&str>) -> Result<String> {
    let deployments = of(repository, app, environment)?;
    let rows = deployments
        .iter()
        .map(|deployment| row(deployment, origin(&deployment.payload())))
        .collect::<Result<Vec<_>>>()?;
    if rows.is_empty() {
        let place = environment.map_or(String::new(), |environment| format!(" to {environment}"));
        return Ok(format!("{app} has not been deployed{place} yet."));
    }
    Ok(format!("```\n{}\n```", aligned(&rows)))
}

/// The last deployments of an application, newest first.
pub fn of(
    repository: &Repository,
    app: &str,
    environment: Option<&str>,
) -> Result<Vec<Deployment>> {
    let deployments = repository.deployments(environment, LOOKED_AT)?.into_iter();
    let ours = deployments.filter(|deployment| {
        deployment.task() == "deploy" && is_of(&origin(&deployment.payload()), app)
    });
    Ok(ours.take(ROWS_MAX).collect())
}

/// Who asked for a deployment and for which application, if its payload is like ours.
fn origin(payload: &str) -> Origin {
    serde_json::from_str(payload).unwrap_or_default()
}

fn is_of(origin: &Origin, app: &str) -> bool {
    origin.app.as_deref().is_none_or(|name| name == app)
}

fn row(deployment: &Deployment, origin: Origin) -> Result<[String; 6]> {
    let state = deployment
        .status()?
        .map_or("not begun".to_owned(), |status| status.state().to_string());
    Ok([
        deployment.created_at().to_string(),
        origin
            .requested_by
            .map_or_else(|| deployment.creator(), |person| person.name),
        deployment.reference(),
        names::short(&deployment.sha()).to_owned(),
        deployment.environment(),
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
    fn foreign_payloads_are_no_obstacle() {
        let ours = origin(
            r#"{"app": "api", "environment": "staging", "requested_by": {"id": "U1", "name": "alice"}}"#,
        );
        assert_eq!(
            ours.requested_by,
            Some(Person {
                name: "alice".to_owned()
            })
        );
        assert!(is_of(&ours, "api") && !is_of(&ours, "web"));
        for foreign in ["", "{}", "\"text\"", "[1]", r#"{"app": 7}"#] {
            assert!(is_of(&origin(foreign), "api"), "{foreign}");
        }
    }
}
