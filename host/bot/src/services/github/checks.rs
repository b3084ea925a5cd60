//! The checks of a commit: the statuses of the older kind and the check runs of the newer one, taken together.

use serde::Deserialize;
use witbot_core::call::ReadChecks;
use witbot_core::error::Error;
use witbot_core::github::{Checks, ChecksState};

use super::asked::Asked;
use super::commits;
use super::connection::Connection;

#[derive(Deserialize)]
struct Statuses {
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    context: String,
    state: String,
}

#[derive(Deserialize)]
struct Runs {
    check_runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    name: String,
    status: String,
    conclusion: Option<String>,
}

/// How a single check stands.
#[derive(Clone, Copy)]
enum Stands {
    Green,
    Pending,
    Failed,
}

/// Reads both kinds for the same commit, even if the branch moves in between.
pub async fn read(connection: &Connection, call: &ReadChecks) -> Result<Checks, Error> {
    let repository = &call.repository;
    let sha = commits::resolve(connection, repository, &call.reference).await?;
    let thing = format!("commit {sha} in {repository}");
    let asked = Asked {
        action: format!("read the checks of `{}` in {repository}", call.reference),
        thing,
    };
    let path = format!("/repos/{repository}/commits/{sha}");
    let (statuses, runs) = (
        format!("{path}/status"),
        format!("{path}/check-runs?filter=latest"),
    );
    let statuses = connection
        .all(repository, &statuses, &asked, |page: Statuses| {
            page.statuses
        })
        .await?;
    let runs = connection
        .all(repository, &runs, &asked, |page: Runs| page.check_runs)
        .await?;
    Ok(together(statuses, runs))
}

/// GitHub's own summary is not used: it is `pending` when there are no statuses, and knows no check runs.
fn together(statuses: Vec<Status>, runs: Vec<Run>) -> Checks {
    let statuses = statuses
        .into_iter()
        .map(|status| (status_stands(&status.state), status.context));
    let runs = runs.into_iter().map(|run| (run_stands(&run), run.name));
    let (mut failed, mut pending, mut count) = (Vec::new(), Vec::new(), 0);
    for (stands, name) in statuses.chain(runs) {
        count += 1;
        match stands {
            Stands::Green => {}
            Stands::Pending => pending.push(name),
            Stands::Failed => failed.push(name),
        }
    }
    for names in [&mut failed, &mut pending] {
        names.sort();
        names.dedup();
    }
    let state = match (count, failed.is_empty(), pending.is_empty()) {
        (0, _, _) => ChecksState::None,
        (_, false, _) => ChecksState::Failure,
        (_, true, false) => ChecksState::Pending,
        (_, true, true) => ChecksState::Success,
    };
    Checks {
        state,
        failed,
        pending,
    }
}

fn status_stands(state: &str) -> Stands {
    match state {
        "success" => Stands::Green,
        "pending" => Stands::Pending,
        _failure_or_error => Stands::Failed,
    }
}

/// A check that was skipped or is neutral does not hold anything up. What we do not know is not green.
fn run_stands(run: &Run) -> Stands {
    match (run.status.as_str(), run.conclusion.as_deref()) {
        ("completed", Some("success" | "neutral" | "skipped")) => Stands::Green,
        ("completed", _) => Stands::Failed,
        _not_over => Stands::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statuses as `name state`, check runs as `name status/conclusion`.
    fn check(checks: &str, expected: &str) {
        let (mut statuses, mut runs) = (Vec::new(), Vec::new());
        for check in checks.split_terminator(", ") {
            let (name, stands) = check.split_once(' ').unwrap();
            match stands.split_once('/') {
                None => statuses.push(Status {
                    context: name.into(),
                    state: stands.into(),
                }),
                Some((status, conclusion)) => {
                    let conclusion = Some(conclusion.to_owned()).filter(|text| !text.is_empty());
                    runs.push(Run {
                        name: name.into(),
                        status: status.into(),
                        conclusion,
                    });
                }
            }
        }
        let Checks {
            state,
            failed,
            pending,
        } = together(statuses, runs);
        assert_eq!(
            format!("{} {failed:?} {pending:?}", state.as_str()),
            expected,
            "{checks}"
        );
    }

    #[test]
    fn all_checks_stand_together() {
        check("", "none [] []");
        check("ci success", "success [] []");
        check(
            "ci success, lint completed/skipped, docs completed/neutral",
            "success [] []",
        );
        check(
            "ci pending, build completed/success",
            r#"pending [] ["ci"]"#,
        );
        check(
            "ci success, build queued/, deploy waiting/",
            r#"pending [] ["build", "deploy"]"#,
        );
        check(
            "b error, a failure, run in_progress/",
            r#"failure ["a", "b"] ["run"]"#,
        );
        check(
            "x completed/timed_out, x completed/cancelled, y completed/",
            r#"failure ["x", "y"] []"#,
        );
    }
}
