//! The checks of a commit: the statuses of the older kind and the check runs of the newer one, taken together.

use std::collections::BTreeMap;

use serde::Deserialize;
use witbot_core::call::ReadChecks;
use witbot_core::error::Error;
use witbot_core::github::{Check, CheckState, Checks, ChecksState};

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
    target_url: Option<String>,
}

#[derive(Deserialize)]
struct Runs {
    check_runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    /// Grows with time.
    id: u64,
    name: String,
    status: String,
    conclusion: Option<String>,
    html_url: Option<String>,
    details_url: Option<String>,
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
    let all = named(statuses, runs);
    let names = |wanted: CheckState| -> Vec<String> {
        let checks = all.iter().filter(|check| check.state == wanted);
        checks.map(|check| check.name.clone()).collect()
    };
    let (failed, pending) = (names(CheckState::Failure), names(CheckState::Pending));
    let state = match (all.is_empty(), failed.is_empty(), pending.is_empty()) {
        (true, _, _) => ChecksState::None,
        (_, false, _) => ChecksState::Failure,
        (_, true, false) => ChecksState::Pending,
        (_, true, true) => ChecksState::Success,
    };
    Checks {
        state,
        failed,
        pending,
        all,
    }
}

/// Each name once, in their order. Of the runs of a name the newest counts. GitHub gives the latest status of a context;
/// where a status and a run have the same name, it wants both to be green, and so do we.
fn named(statuses: Vec<Status>, runs: Vec<Run>) -> Vec<Check> {
    let mut newest: BTreeMap<String, Run> = BTreeMap::new();
    for run in runs {
        let known = newest.get(&run.name);
        if known.is_none_or(|known| known.id < run.id) {
            newest.insert(run.name.clone(), run);
        }
    }
    let runs = newest.into_values().map(Check::from);
    let mut all: BTreeMap<String, Check> = BTreeMap::new();
    for check in statuses.into_iter().map(Check::from).chain(runs) {
        let known = all.get(&check.name);
        if known.is_none_or(|known| weight(known.state) < weight(check.state)) {
            all.insert(check.name.clone(), check);
        }
    }
    all.into_values().collect()
}

/// The heavier of two states is the one that counts.
fn weight(state: CheckState) -> u8 {
    match state {
        CheckState::Neutral => 0,
        CheckState::Success => 1,
        CheckState::Pending => 2,
        CheckState::Failure => 3,
    }
}

impl From<Status> for Check {
    fn from(status: Status) -> Check {
        let state = match status.state.as_str() {
            "success" => CheckState::Success,
            "pending" => CheckState::Pending,
            _failure_or_error => CheckState::Failure,
        };
        Check {
            name: status.context,
            state,
            url: status.target_url.filter(|url| !url.is_empty()),
        }
    }
}

impl From<Run> for Check {
    /// What we do not know is not green.
    fn from(run: Run) -> Check {
        let state = match (run.status.as_str(), run.conclusion.as_deref()) {
            ("completed", Some("success")) => CheckState::Success,
            ("completed", Some("neutral" | "skipped")) => CheckState::Neutral,
            ("completed", _) => CheckState::Failure,
            _not_over => CheckState::Pending,
        };
        let urls = [run.html_url, run.details_url];
        let url = urls.into_iter().flatten().find(|url| !url.is_empty());
        Check {
            name: run.name,
            state,
            url,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statuses as `name state`, check runs as `name status/conclusion`, the newest first.
    fn read(checks: &str) -> Checks {
        let (mut statuses, mut runs) = (Vec::new(), Vec::new());
        for (at, check) in (0..).zip(checks.split_terminator(", ")) {
            let (name, stands) = check.split_once(' ').unwrap();
            match stands.split_once('/') {
                None => statuses.push(Status {
                    context: name.into(),
                    state: stands.into(),
                    target_url: Some(String::new()),
                }),
                Some((status, conclusion)) => runs.push(Run {
                    id: 1000 - at,
                    name: name.into(),
                    status: status.into(),
                    conclusion: Some(conclusion.to_owned()).filter(|text| !text.is_empty()),
                    html_url: None,
                    details_url: Some(format!("https://ci.example/{at}")),
                }),
            }
        }
        together(statuses, runs)
    }

    fn check(checks: &str, expected: &str) {
        let Checks {
            state,
            failed,
            pending,
            all: _,
        } = read(checks);
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
        check("lint completed/skipped", "success [] []");
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
        for conclusion in ["action_required", "stale", "startup_failure", "unheard_of"] {
            check(&format!("x completed/{conclusion}"), r#"failure ["x"] []"#);
        }
    }

    #[test]
    fn the_newest_run_of_a_name_counts_and_both_of_a_run_and_a_status() {
        check("x completed/success, x completed/failure", "success [] []");
        check("x in_progress/, x completed/failure", r#"pending [] ["x"]"#);
        check("x success, x completed/failure", r#"failure ["x"] []"#);
        check("x failure, x completed/success", r#"failure ["x"] []"#);
        check("x success, x completed/skipped", "success [] []");
    }

    #[test]
    fn each_is_told_once_with_its_page() {
        let all = read("b success, a completed/skipped, a completed/success, c queued/").all;
        let told = all.iter().map(|check| {
            let url = check.url.as_deref().unwrap_or("-");
            format!("{} {} {url}\n", check.name, check.state.as_str())
        });
        assert_eq!(
            told.collect::<String>(),
            "a neutral https://ci.example/1\nb success -\nc pending https://ci.example/3\n"
        );
    }
}
