//! The whole adapter against a stand-in for GitHub that speaks HTTP.

use serde_json::{Value, json};
use witbot_core::ci::{Parameter, Provider, RunRequest};
use witbot_core::ids::InvocationId;

use super::*;
use crate::metrics::Metrics;
use crate::services::github::connection::now;
use crate::services::github::tests::stand_in::{Answer as Says, Seen, StandIn};
use crate::services::github::tests::{PACE, token};

const DISPATCH: &str = "POST /repos/acme/api/actions/workflows/deploy.yml/dispatches";

async fn service(script: impl FnMut(&Seen) -> Says + Send + 'static) -> (Actions, StandIn) {
    let stand_in = StandIn::new(script).await;
    let mut actions =
        Actions::new(&Github::with_pace(&stand_in.url, token(), PACE, &Metrics::new()).unwrap());
    (actions.listed_within, actions.listed_pause) = (Duration::ZERO, Duration::ZERO);
    (actions, stand_in)
}

fn project() -> Project {
    Project {
        provider: Provider::GithubActions,
        name: "acme/api".to_owned(),
    }
}

fn call() -> TriggerRun {
    let request = RunRequest {
        branch: Some("main".to_owned()),
        definition: Some("deploy.yml".to_owned()),
        parameters: vec![
            ("sha".to_owned(), Parameter::Text("1a2b".to_owned())),
            ("deployment".to_owned(), Parameter::Integer(7)),
            ("verbose".to_owned(), Parameter::Boolean(true)),
        ],
        correlate_by: Some("witbot".to_owned()),
        ..RunRequest::default()
    };
    TriggerRun {
        project: project(),
        request,
    }
}

fn id() -> CallId {
    let invocation: InvocationId = "00112233445566778899".parse().unwrap();
    CallId::new(&invocation, 3)
}

fn told<T>(result: Result<T, Error>, show: impl FnOnce(T) -> String) -> String {
    result.map_or_else(|error| format!("{}: {error}", error.code.as_str()), show)
}

async fn start(actions: &Actions, call: &TriggerRun) -> String {
    told(actions.trigger(call, &id()).await, |run| {
        format!("{} {:?} {}", run.id, run.number, run.url)
    })
}

/// A run as GitHub writes it, made just now.
fn run(id: u64, title: &str, more: Value) -> Value {
    let at = chrono::Utc::now().to_rfc3339();
    let mut run = json!({
        "id": id, "name": "Deploy", "display_title": title, "run_number": 12, "run_attempt": 1, "head_sha": "1a2b",
        "head_branch": "main", "status": "queued", "conclusion": null, "html_url": format!("https://github.com/acme/api/actions/runs/{id}"),
        "created_at": at, "run_started_at": at, "event": "workflow_dispatch",
    });
    run.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    run
}

fn list(runs: Vec<Value>) -> Says {
    Says::Json(
        200,
        json!({"total_count": runs.len(), "workflow_runs": runs}),
    )
}

#[tokio::test]
async fn a_run_is_started_and_told() {
    let (actions, stand_in) = service(|_| {
        Says::Json(200, json!({"workflow_run_id": 5_000_000_001_u64, "run_url": "x", "html_url": "https://github.com/acme/api/actions/runs/5000000001"}))
    })
    .await;
    assert_eq!(
        start(&actions, &call()).await,
        "5000000001 None https://github.com/acme/api/actions/runs/5000000001"
    );
    assert_eq!(stand_in.lines(), [DISPATCH]);
    let sent = json!({
        "ref": "main", "return_run_details": true,
        "inputs": {"sha": "1a2b", "deployment": "7", "verbose": "true", "witbot": id().as_str()},
    });
    stand_in.with_seen(|seen| assert_eq!(seen[0].body, sent));
}

#[tokio::test]
async fn the_default_branch_is_asked_for() {
    let (actions, stand_in) = service(|seen| match seen.line.as_str() {
        "GET /repos/acme/api" => Says::Json(200, json!({"default_branch": "trunk"})),
        _ => Says::Json(200, json!({"workflow_run_id": 1, "html_url": "u"})),
    })
    .await;
    let mut call = call();
    call.request.branch = None;
    assert_eq!(start(&actions, &call).await, "1 None u");
    stand_in.with_seen(|seen| assert_eq!(seen[1].body["ref"], "trunk"));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before() {
    let (actions, stand_in) = service(|_| Says::Json(500, json!({}))).await;
    let mut without = call();
    without.request.definition = None;
    assert!(
        start(&actions, &without)
            .await
            .starts_with("invalid: GitHub Actions needs a definition")
    );
    for bad in ["", "..", "../../x", ".github/workflows/deploy.yml"] {
        let mut call = call();
        call.request.definition = Some(bad.to_owned());
        assert!(
            start(&actions, &call)
                .await
                .starts_with("invalid: The definition"),
            "{bad}"
        );
    }
    let mut many = call();
    many.request.parameters = (0..25)
        .map(|n| (format!("p{n}"), Parameter::Integer(n)))
        .collect();
    assert_eq!(
        start(&actions, &many).await,
        "invalid: GitHub Actions takes 25 inputs at most, and these are 26."
    );
    let mut elsewhere = call();
    elsewhere.project.name = "gh/acme/api".to_owned();
    assert!(
        start(&actions, &elsewhere)
            .await
            .starts_with("invalid: a project of GitHub Actions is a repository")
    );
    assert!(stand_in.lines().is_empty());
}

/// An older server: it does not know the flag, and lists the run at the second look.
#[tokio::test]
async fn a_run_of_an_older_server_is_found_by_its_name() {
    let mut looks = 0;
    let (mut actions, stand_in) = service(move |seen| {
        if !seen.line.starts_with("POST") {
            looks += 1;
            let other = run(6, "Deploy 00112233445566778899-4", json!({}));
            let mine = run(7, "Deploy 00112233445566778899-3!", json!({}));
            return list(if looks == 1 { vec![other] } else { vec![other, mine] });
        }
        match seen.body.get("return_run_details") {
            Some(_) => Says::Json(422, json!({"message": "Invalid request.\n\n\"return_run_details\" is not a permitted key."})),
            None => Says::Text(204, ""),
        }
    })
    .await;
    actions.listed_within = Duration::from_secs(60);
    assert_eq!(
        start(&actions, &call()).await,
        "7 Some(12) https://github.com/acme/api/actions/runs/7"
    );
    let lines = stand_in.lines();
    assert_eq!(lines[..2], [DISPATCH, DISPATCH]);
    assert!(
        lines[2].starts_with("GET /repos/acme/api/actions/workflows/deploy.yml/runs?event=workflow_dispatch&created=%3E%3D20"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 4);
}

/// The answers to a dispatch and to the look at the runs, and what is made of them.
async fn check(dispatch: fn() -> Says, runs: fn() -> Vec<Value>, expected: &str) {
    let (actions, stand_in) = service(move |seen| match seen.line.starts_with("POST") {
        true => dispatch(),
        false => list(runs()),
    })
    .await;
    let told = start(&actions, &call()).await;
    assert!(told.starts_with(expected), "{told}");
    let posts = stand_in
        .lines()
        .iter()
        .filter(|line| line.starts_with("POST"))
        .count();
    assert_eq!(posts, 1);
}

#[tokio::test]
async fn what_is_not_told_is_looked_for_and_never_sent_again() {
    let accepted = || Says::Text(204, "");
    let lost = || Says::Lost;
    let mine = || vec![run(7, "Deploy 00112233445566778899-3", json!({}))];
    let one = || vec![run(8, "Deploy", json!({}))];
    let two = || vec![run(8, "Deploy", json!({})), run(9, "Deploy", json!({}))];
    let other_branch = || vec![run(8, "Deploy", json!({"head_branch": "fix"}))];
    check(lost, mine, "7 ").await;
    check(|| Says::Json(502, json!({})), mine, "7 ").await;
    check(|| Says::Text(200, "<html>"), mine, "7 ").await;
    // Only when GitHub said that it started one, a lone run must be it.
    check(accepted, one, "8 ").await;
    let doubt =
        "in-doubt: It is not known which run of `deploy.yml` GitHub started in acme/api, if any: ";
    check(lost, one, doubt).await;
    check(accepted, two, doubt).await;
    check(accepted, other_branch, doubt).await;
    check(accepted, Vec::new, doubt).await;
    check(lost, Vec::new, doubt).await;
    check(
        || Says::Json(422, json!({"message": "No ref found for: main"})),
        Vec::new,
        "invalid: ",
    )
    .await;
    check(
        || Says::Json(404, json!({"message": "Not Found"})),
        Vec::new,
        "not-found: ",
    )
    .await;
}

#[tokio::test]
async fn after_a_crash_it_is_found_or_not() {
    for (runs, expected) in [
        (
            vec![run(7, "00112233445566778899-3", json!({}))],
            "Run(Run { id: \"7\"",
        ),
        (vec![run(8, "Deploy", json!({}))], "Doubt"),
        (
            vec![run(8, "Deploy 00112233445566778899-4", json!({}))],
            "Nothing",
        ),
        (Vec::new(), "Nothing"),
    ] {
        let (actions, _stand_in) = service(move |_| list(runs.clone())).await;
        let found = actions.find(&call(), &id(), now()).await.unwrap();
        assert!(format!("{found:?}").starts_with(expected), "{found:?}");
    }
}

/// What is said of a run, of its jobs, and of what is pending; and the status that this makes.
async fn status(told: Value, jobs: Value, pending: Value) -> RunStatus {
    let (actions, _stand_in) = service(move |seen| {
        let path = seen.line.split('?').next().unwrap_or_default();
        match path.rsplit('/').next() {
            Some("jobs") => Says::Json(200, json!({"total_count": 1, "jobs": jobs})),
            Some("pending_deployments") => Says::Json(200, pending.clone()),
            _ => Says::Json(200, run(7, "Deploy", told.clone())),
        }
    })
    .await;
    actions.status(&project(), "7").await.unwrap()
}

#[tokio::test]
async fn states_and_conclusions_are_phases() {
    for (state, conclusion, expected) in [
        ("queued", None, "queued"),
        ("requested", None, "queued"),
        ("pending", None, "queued"),
        ("in_progress", None, "running"),
        ("waiting", None, "blocked"),
        ("simmering", None, "unknown"),
        ("completed", Some("success"), "succeeded"),
        ("completed", Some("neutral"), "succeeded"),
        ("completed", Some("failure"), "failed"),
        ("completed", Some("timed_out"), "failed"),
        ("completed", Some("startup_failure"), "errored"),
        ("completed", Some("stale"), "errored"),
        ("completed", Some("cancelled"), "canceled"),
        ("completed", Some("skipped"), "not-run"),
        ("completed", Some("action_required"), "blocked"),
        ("completed", Some("simmered"), "unknown"),
    ] {
        let told = json!({"status": state, "conclusion": conclusion});
        let status = status(told, json!([]), json!([])).await;
        assert_eq!(status.phase.as_str(), expected, "{state} {conclusion:?}");
        assert_eq!(status.commit.as_deref(), Some("1a2b"));
    }
}

#[tokio::test]
async fn the_newest_runs_are_listed_with_how_they_stand() {
    let own = json!({"name": "Deploy", "display_title": "Mend it", "status": "in_progress", "triggering_actor": {"login": "ada"}});
    let unnamed = json!({"name": "Deploy", "display_title": "Deploy", "status": "completed", "conclusion": "failure"});
    let (actions, _stand_in) = service(move |seen| {
        assert_eq!(seen.line, "GET /repos/acme/api/actions/runs?per_page=2");
        let runs = [
            run(8, "", own.clone()),
            run(7, "", unnamed.clone()),
            run(6, "", json!({})),
        ];
        Says::Json(200, json!({"total_count": 3, "workflow_runs": runs}))
    })
    .await;
    let call = ListRuns {
        project: project(),
        limit: 2,
    };
    let runs = actions.recent(&call).await.unwrap();
    let shown: Vec<String> = runs
        .iter()
        .map(|run| {
            let (actor, commit) = (run.actor.as_deref(), run.commit.as_deref());
            let (id, title, phase) = (&run.run.id, &run.title, run.phase.as_str());
            format!("{id} {phase} `{title}` {commit:?} {actor:?}")
        })
        .collect();
    assert_eq!(
        shown,
        [
            "8 running `Deploy: Mend it` Some(\"1a2b\") Some(\"ada\")",
            "7 failed `Deploy` Some(\"1a2b\") None",
        ]
    );
}

#[tokio::test]
async fn failures_name_job_and_step() {
    let step = |name: &str, conclusion: &str| json!({"name": name, "status": "completed", "conclusion": conclusion, "number": 1});
    let jobs = json!([
        {"name": "build", "status": "completed", "conclusion": "success", "html_url": "u/1", "steps": []},
        {"name": "deploy", "status": "completed", "conclusion": "failure", "html_url": "u/2",
         "steps": [step("Check out", "success"), step("Ship", "failure"), step("Tell", "skipped")]},
        {"name": "lost", "status": "completed", "conclusion": "timed_out", "html_url": null},
    ]);
    let status = status(
        json!({"status": "completed", "conclusion": "failure"}),
        jobs,
        json!([]),
    )
    .await;
    let failures: Vec<String> = status
        .failures
        .iter()
        .map(|failure| format!("{} {:?} {}", failure.job, failure.step, failure.url))
        .collect();
    assert_eq!(
        failures,
        [
            "deploy Some(\"Ship\") u/2",
            "lost None https://github.com/acme/api/actions/runs/7"
        ]
    );
    assert_eq!(status.failed_jobs, ["deploy", "lost"]);
    assert_eq!(status.url, "u/2");
    assert_eq!(
        status.detail,
        "build: success, deploy: failed, lost: timed out"
    );
}

#[tokio::test]
async fn approvals_are_environments_with_reviewers() {
    let pending = |reviewers: Value| json!([{"environment": {"id": 9, "name": "production"}, "reviewers": reviewers, "wait_timer": 5}]);
    let jobs = json!([{"name": "build", "status": "in_progress", "conclusion": null},
                      {"name": "deploy", "status": "waiting", "conclusion": null, "html_url": "u"}]);
    let working = json!({"status": "in_progress"});
    let told = status(working, jobs.clone(), pending(json!([{"type": "User"}]))).await;
    assert_eq!((told.phase.as_str(), told.approvals.len()), ("blocked", 1));
    assert_eq!(
        (
            told.approvals[0].id.as_str(),
            told.approvals[0].name.as_str()
        ),
        ("9", "production")
    );
    let told = status(json!({"status": "waiting"}), jobs, pending(json!([]))).await;
    assert_eq!((told.phase.as_str(), told.approvals.len()), ("blocked", 0));
    assert_eq!(told.detail, "Waits for the timer of production");
}

#[tokio::test]
async fn approvals_are_given_as_a_reviewer_alone() {
    let approve = |approval: &str| ApproveRun {
        project: project(),
        run: "7".to_owned(),
        approval: approval.to_owned(),
    };
    let waiting = || {
        Says::Json(
            200,
            json!([{"environment": {"id": 9, "name": "production"}, "reviewers": [{}]}]),
        )
    };
    let given = |status: u16, body: fn() -> Value| {
        service(move |seen| match seen.line.starts_with("POST") {
            true => Says::Json(status, body()),
            false => waiting(),
        })
    };
    let (actions, stand_in) = given(200, || json!([])).await;
    actions.approve(&approve("9")).await.unwrap();
    let sent =
        json!({"environment_ids": [9], "state": "approved", "comment": "Approved through witbot."});
    stand_in.with_seen(|seen| assert_eq!(seen[1].body, sent));
    let conflict = "conflict: The run does not wait for this approval any more.";
    assert_eq!(
        told(actions.approve(&approve("8")).await, |()| String::new()),
        conflict
    );
    assert_eq!(
        told(actions.approve(&approve("x")).await, |()| String::new()),
        "not-found: The run has no such approval."
    );
    let (actions, _stand_in) = given(
        403,
        || json!({"message": "Resource not accessible by integration"}),
    )
    .await;
    let refused = told(actions.approve(&approve("9")).await, |()| String::new());
    assert!(
        refused.starts_with("denied: ") && refused.contains("the token of a person"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_run_is_stopped_once_it_is_not_over() {
    let stop = CancelRun {
        project: project(),
        run: "7".to_owned(),
    };
    for (status, expected) in [
        (202, ""),
        (409, "conflict: The run is over."),
        (
            502,
            "unavailable: GitHub failed (502) when asked to cancel run 7 of acme/api. It does no harm to try again.",
        ),
    ] {
        let (actions, stand_in) = service(move |_| Says::Json(status, json!({}))).await;
        assert_eq!(
            told(actions.cancel(&stop).await, |()| String::new()),
            expected
        );
        assert_eq!(
            stand_in.lines(),
            ["POST /repos/acme/api/actions/runs/7/cancel"]
        );
    }
    let elsewhere = CancelRun {
        run: "7/../8".to_owned(),
        ..stop
    };
    let (actions, stand_in) = service(|_| Says::Json(202, json!({}))).await;
    assert!(told(actions.cancel(&elsewhere).await, |()| String::new()).starts_with("invalid: "));
    assert!(stand_in.lines().is_empty());
}

#[tokio::test]
async fn what_failed_is_run_again_when_it_is_over() {
    let again = |only_failed| RerunRun {
        project: project(),
        run: "7".to_owned(),
        only_failed,
    };
    let over = |conclusion: &'static str| {
        let mut attempt = 1;
        service(move |seen| {
            if seen.line.starts_with("POST") {
                attempt = 2;
                return Says::Json(201, json!({}));
            }
            Says::Json(
                200,
                run(
                    7,
                    "Deploy",
                    json!({"status": "completed", "conclusion": conclusion, "run_attempt": attempt}),
                ),
            )
        })
    };
    let (actions, stand_in) = over("failure").await;
    actions.rerun(&again(true)).await.unwrap();
    assert!(actions.find_rerun(&again(true), now()).await.unwrap());
    assert!(
        stand_in
            .lines()
            .contains(&"POST /repos/acme/api/actions/runs/7/rerun-failed-jobs".to_owned())
    );
    let (actions, stand_in) = over("success").await;
    assert_eq!(
        told(actions.rerun(&again(true)).await, |()| String::new()),
        "conflict: Nothing of the run has failed."
    );
    actions.rerun(&again(false)).await.unwrap();
    assert!(
        stand_in
            .lines()
            .contains(&"POST /repos/acme/api/actions/runs/7/rerun".to_owned())
    );
    let (actions, _stand_in) =
        service(|_| Says::Json(200, run(7, "Deploy", json!({"status": "in_progress"})))).await;
    assert_eq!(
        told(actions.rerun(&again(true)).await, |()| String::new()),
        "conflict: The run is not over."
    );
    assert!(!actions.find_rerun(&again(true), now()).await.unwrap());
}

#[tokio::test]
async fn a_rerun_whose_answer_is_lost_is_looked_for() {
    let again = RerunRun {
        project: project(),
        run: "7".to_owned(),
        only_failed: true,
    };
    for (begins, expected) in [(true, ""), (false, "unavailable: ")] {
        let mut attempt = 1;
        let (actions, stand_in) = service(move |seen| {
            if seen.line.starts_with("POST") {
                attempt += u64::from(begins);
                return Says::Lost;
            }
            Says::Json(
                200,
                run(
                    7,
                    "Deploy",
                    json!({"status": "completed", "conclusion": "failure", "run_attempt": attempt}),
                ),
            )
        })
        .await;
        let told = told(actions.rerun(&again).await, |()| String::new());
        assert!(
            told.starts_with(expected) && (told.is_empty() == expected.is_empty()),
            "{told}"
        );
        let posts = stand_in
            .lines()
            .iter()
            .filter(|line| line.starts_with("POST"))
            .count();
        assert_eq!(posts, 1);
    }
}
