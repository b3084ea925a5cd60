//! Writes: sent once, whatever happens to them.

use std::time::Duration;

use serde_json::{Value, json};
use witbot_core::github::Deployment;
use witbot_core::ids::UnixMillis;

use super::super::Github;
use super::super::connection::{Pace, now};
use super::stand_in::{Answer, Seen, StandIn};
use super::{PACE, add_status, call_id, create, deployment, github, status, told};
use crate::metrics::Metrics;

const CREATE: &str = "POST /repos/acme/api/deployments";
const LOOK: &str = "GET /repos/acme/api/deployments?environment=staging&per_page=100&page=1";

/// Answers the write in one way, and all reads with the same list.
async fn write_and_look(write: impl Fn(&Seen) -> Answer + Send + 'static, list: Value) -> StandIn {
    StandIn::new(move |seen| {
        if seen.line.starts_with("POST") {
            write(seen)
        } else {
            Answer::Json(200, list.clone())
        }
    })
    .await
}

fn ours() -> Value {
    json!({"build": 7, "witbot": {"call": call_id().as_str()}})
}

fn expected(id: u64) -> Deployment {
    Deployment {
        id,
        reference: "fix/login".to_owned(),
        sha: "a84d88e7554fc1fa21bcbc4efae3c782a70d2b9d".to_owned(),
        task: "deploy".to_owned(),
        environment: "staging".to_owned(),
        description: String::new(),
        creator: "witbot[bot]".to_owned(),
        payload: r#"{"build":7}"#.to_owned(),
        created: UnixMillis(1_795_372_200_000),
    }
}

#[tokio::test]
async fn a_deployment_is_created_as_it_was_asked_for() {
    let stand_in = write_and_look(
        |seen| Answer::Json(201, deployment(1 << 40, seen.body["payload"].clone())),
        json!([]),
    )
    .await;
    let created = github(&stand_in)
        .create_deployment(&create(), &call_id())
        .await;
    assert_eq!(created, Ok(expected(1 << 40)));
    assert_eq!(stand_in.lines(), [CREATE]);
    stand_in.with_seen(|seen| {
        assert_eq!(seen[0].header("x-github-api-version"), "2022-11-28");
        assert_eq!(seen[0].header("authorization"), "Bearer ghp_test");
        assert_eq!(seen[0].header("content-type"), "application/json");
        let body = json!({
            "ref": "fix/login", "environment": "staging", "task": "deploy", "description": "ü".repeat(140),
            "payload": ours(), "transient_environment": false, "auto_merge": false, "required_contexts": [],
        });
        assert_eq!(seen[0].body, body);
    });
}

#[tokio::test]
async fn what_github_refuses_is_told_and_not_repeated() {
    let check = async |answer: fn() -> Answer, expected: &str| {
        let stand_in = write_and_look(move |_| answer(), json!([])).await;
        let error = github(&stand_in)
            .create_deployment(&create(), &call_id())
            .await
            .unwrap_err();
        assert_eq!(told(error), expected);
        assert_eq!(stand_in.lines(), [CREATE]);
    };
    let not = "GitHub did not create a deployment of `fix/login` to staging in acme/api";
    check(
        || Answer::Json(202, json!({"message": "Auto-merged main into fix/login on deployment."})),
        "conflict: GitHub created no deployment yet: Auto-merged main into fix/login on deployment. It merged the default branch into `fix/login` first. Try again when the checks of the new commit are done.",
    )
    .await;
    check(
        || {
            Answer::Json(
                409,
                json!({"message": "Conflict merging main into fix/login."}),
            )
        },
        &format!("conflict: {not}: Conflict merging main into fix/login."),
    )
    .await;
    check(
        || Answer::Json(422, json!({"message": "No ref found for: fix/login"})),
        &format!("invalid: {not}: No ref found for: fix/login."),
    )
    .await;
    check(
        || Answer::Json(401, json!({"message": "Bad credentials"})),
        "unavailable: GitHub refused the bot's credentials (GITHUB_TOKEN): Bad credentials. Whoever runs the bot can set new ones.",
    )
    .await;
    check(
        || {
            Answer::With(
                403,
                vec![("retry-after", "30".to_owned())],
                json!({"message": "slow down"}),
            )
        },
        "rate-limited [30000 ms]: GitHub wants fewer requests of the bot: try again in 30 s.",
    )
    .await;
    check(
        || {
            Answer::With(
                307,
                vec![("location", "/repositories/1/deployments".to_owned())],
                json!({}),
            )
        },
        &format!("not-found: {not}: the repository has another name now. Use that."),
    )
    .await;
    check(
        || Answer::Json(404, json!({"message": "Not Found"})),
        "not-found: GitHub has no repository acme/api, or the bot's credentials (GITHUB_TOKEN) cannot see it.",
    )
    .await;
}

#[tokio::test]
async fn a_failing_gateway_gets_one_write_and_one_look() {
    let stand_in = write_and_look(|_| Answer::Text(502, "<html>Unicorn!</html>"), json!([])).await;
    let error = github(&stand_in)
        .create_deployment(&create(), &call_id())
        .await
        .unwrap_err();
    assert_eq!(
        told(error),
        "unavailable: GitHub failed (502) when asked to create a deployment of `fix/login` to staging in acme/api. As far as it shows, it was not done: try again in a while."
    );
    assert_eq!(stand_in.lines(), [CREATE, LOOK]);
}

#[tokio::test]
async fn a_lost_answer_is_found_by_the_marker() {
    let others = json!([
        deployment(9, json!({"witbot": {"call": "other-1"}})),
        deployment(8, json!("text")),
        deployment(7, ours())
    ]);
    let lost = |_: &Seen| Answer::Lost;
    let unreadable = |_: &Seen| Answer::Text(201, "{");
    let strange = |_: &Seen| Answer::Json(200, json!([]));
    for stand_in in [
        write_and_look(lost, others.clone()).await,
        write_and_look(unreadable, others.clone()).await,
        write_and_look(strange, others.clone()).await,
    ] {
        let created = github(&stand_in)
            .create_deployment(&create(), &call_id())
            .await;
        assert_eq!(created, Ok(expected(7)));
        assert_eq!(stand_in.lines(), [CREATE, LOOK]);
    }
}

#[tokio::test]
async fn a_write_without_an_answer_is_given_up_and_looked_for() {
    let stand_in = write_and_look(|_| Answer::Silence, json!([deployment(7, ours())])).await;
    let pace = Pace {
        write: Duration::from_millis(50),
        ..PACE
    };
    let github = Github::with_pace(&stand_in.url, super::token(), pace, &Metrics::new()).unwrap();
    assert_eq!(
        github.create_deployment(&create(), &call_id()).await,
        Ok(expected(7))
    );
    assert_eq!(stand_in.lines().last().unwrap(), LOOK);
}

#[tokio::test]
async fn a_write_that_cannot_be_looked_for_is_in_doubt() {
    let stand_in = StandIn::new(|_| Answer::Text(503, "")).await;
    let error = github(&stand_in)
        .create_deployment(&create(), &call_id())
        .await
        .unwrap_err();
    assert!(
        told(error).starts_with("in-doubt: GitHub failed (503) when asked to create a deployment")
    );
    assert_eq!(stand_in.lines(), [CREATE, LOOK, LOOK, LOOK]);
}

#[tokio::test]
async fn nothing_is_in_doubt_when_github_was_not_reached() {
    // The port was free a moment ago, and nobody listens on it.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let github = Github::with_pace(&url, super::token(), PACE, &Metrics::new()).unwrap();
    let error = github
        .create_deployment(&create(), &call_id())
        .await
        .unwrap_err();
    assert_eq!(
        told(error),
        "unavailable: The bot cannot reach GitHub to create a deployment of `fix/login` to staging in acme/api. Try again in a while."
    );
}

#[tokio::test]
async fn a_bad_payload_is_not_sent() {
    let stand_in = StandIn::new(|_| Answer::Json(201, json!({}))).await;
    let mut call = create();
    call.request.payload = "[]".to_owned();
    let error = github(&stand_in)
        .create_deployment(&call, &call_id())
        .await
        .unwrap_err();
    assert!(told(error).starts_with("invalid: The payload is not a JSON object"));
    assert!(stand_in.lines().is_empty());
}

#[tokio::test]
async fn the_search_goes_through_the_pages_and_is_bounded() {
    let full = |first: u64| -> Vec<Value> {
        (first..first + 100)
            .map(|id| deployment(id, json!({})))
            .collect()
    };
    let page = |seen: &Seen| {
        seen.line
            .rsplit_once("&page=")
            .unwrap()
            .1
            .parse::<u64>()
            .unwrap()
    };

    // Without a `Link` header a full page means that there may be more.
    let stand_in = StandIn::new(move |seen| match page(seen) {
        1 => Answer::Json(200, full(100).into()),
        _ => Answer::Json(200, json!([deployment(7, ours())])),
    })
    .await;
    assert_eq!(
        github(&stand_in)
            .find_deployment(&create(), &call_id())
            .await,
        Ok(Some(expected(7)))
    );
    assert_eq!(stand_in.lines().len(), 2);

    // With one, GitHub decides, and it may name the repository by its number.
    let next =
        "<https://api.github.com/repositories/1/deployments?page=2>; rel=\"next\"".to_owned();
    let stand_in = StandIn::new(move |seen| match page(seen) {
        1 => Answer::With(
            200,
            vec![("link", next.clone())],
            json!([deployment(9, json!({}))]),
        ),
        _ => Answer::With(
            200,
            vec![("link", "<https://x/?page=1>; rel=\"first\"".to_owned())],
            full(100).into(),
        ),
    })
    .await;
    assert_eq!(
        github(&stand_in)
            .find_deployment(&create(), &call_id())
            .await,
        Ok(None)
    );
    assert_eq!(stand_in.lines().len(), 2);

    // Without an end, the answer is not "there is none".
    let stand_in = StandIn::new(move |_| Answer::Json(200, full(100).into())).await;
    let error = github(&stand_in)
        .find_deployment(&create(), &call_id())
        .await
        .unwrap_err();
    assert!(told(error).starts_with("in-doubt: acme/api has too many deployments to staging"));
    assert_eq!(stand_in.lines().len(), 10);
}

#[tokio::test]
async fn a_status_is_added_once_and_found_again() {
    let created = status(5, "in_progress", "2026-11-22T18:30:00Z");
    let stand_in = StandIn::new(move |_| Answer::Json(201, created.clone())).await;
    let added = github(&stand_in)
        .add_deployment_status(&add_status(), &call_id())
        .await
        .unwrap();
    assert_eq!((added.id, added.environment_url), (5, None));
    stand_in.with_seen(|seen| {
        let body = json!({"state": "in_progress", "description": "building", "log_url": "https://ci.example/1"});
        assert_eq!((seen.len(), &seen[0].body), (1, &body));
    });

    let stand_in = write_and_look(
        |_| Answer::Lost,
        json!([status(6, "in_progress", "2099-01-01T00:00:00Z")]),
    )
    .await;
    let added = github(&stand_in)
        .add_deployment_status(&add_status(), &call_id())
        .await
        .unwrap();
    assert_eq!(added.id, 6);
    assert_eq!(stand_in.lines().len(), 2);

    let old = json!([
        status(6, "in_progress", "2012-01-01T00:00:00Z"),
        status(7, "success", "2099-01-01T00:00:00Z")
    ]);
    let stand_in = write_and_look(|_| Answer::Text(500, ""), old).await;
    let error = github(&stand_in)
        .add_deployment_status(&add_status(), &call_id())
        .await
        .unwrap_err();
    assert_eq!(
        told(error),
        "unavailable: GitHub failed (500) when asked to add the status `in_progress` to deployment 42 of acme/api. As far as it shows, it was not done: try again in a while."
    );
    assert_eq!(stand_in.lines().len(), 2);
}

#[tokio::test]
async fn a_status_of_the_same_second_counts_and_an_older_one_does_not() {
    let begun = UnixMillis(1_795_372_200_900); // 18:30:00.9
    let check = async |created_at: &str, found: bool| {
        let list = json!([status(6, "in_progress", created_at)]);
        let stand_in = StandIn::new(move |_| Answer::Json(200, list.clone())).await;
        let status = github(&stand_in)
            .find_deployment_status(&add_status(), begun)
            .await
            .unwrap();
        assert_eq!(status.is_some(), found, "{created_at}");
    };
    assert!(begun < now());
    check("2026-11-22T18:30:00Z", true).await;
    check("2026-11-22T18:29:40Z", true).await;
    check("2026-11-22T18:29:30Z", false).await;
}
