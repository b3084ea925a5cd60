//! Reads: patient with what passes, quick with what does not.

use serde_json::{Value, json};
use witbot_core::call::{
    AwaitDeploymentStatus, Compare, ListBranches, ListDeployments, ReadChecks, ReadCommit,
    ReadDefaultBranch, ReadDeployment, ReadDeploymentStatus, ResolveReference,
};
use witbot_core::github::ChecksState;

use super::stand_in::{Answer, Seen, StandIn};
use super::{api, commit, deployment, github, status, told};
use crate::metrics::Metrics;

const SHA: &str = "a84d88e7554fc1fa21bcbc4efae3c782a70d2b9d";

fn resolve(reference: &str) -> ResolveReference {
    ResolveReference {
        repository: api(),
        reference: reference.to_owned(),
    }
}

#[tokio::test]
async fn a_reference_is_resolved_within_its_repository() {
    let stand_in = StandIn::new(|_| Answer::Json(200, json!({"sha": SHA, "files": []}))).await;
    let github = github(&stand_in);
    assert_eq!(
        github.resolve(&resolve("fix/login")).await.as_deref(),
        Ok(SHA)
    );
    assert_eq!(
        github
            .resolve(&resolve("../../other/commits/main"))
            .await
            .map_err(told),
        Err(
            "not-found: acme/api has no branch, tag or commit `../../other/commits/main`."
                .to_owned()
        )
    );
    assert_eq!(
        stand_in.lines(),
        ["GET /repos/acme/api/commits/fix%2Flogin?per_page=1"]
    );
}

#[tokio::test]
async fn a_reference_that_is_not_there_is_not_found() {
    let check = async |code: u16, message: &'static str, expected: &str| {
        let stand_in = StandIn::new(move |_| Answer::Json(code, json!({"message": message}))).await;
        assert_eq!(
            told(
                github(&stand_in)
                    .resolve(&resolve("nowhere"))
                    .await
                    .unwrap_err()
            ),
            expected
        );
        assert_eq!(stand_in.lines().len(), 1);
    };
    let unknown = "not-found: acme/api has no branch, tag or commit `nowhere`.";
    check(422, "No commit found for SHA: nowhere", unknown).await;
    check(409, "Git Repository is empty.", unknown).await;
    check(
        404,
        "Not Found",
        "not-found: GitHub has no branch, tag or commit `nowhere` in acme/api, or the bot's credentials (GITHUB_TOKEN) cannot see it.",
    )
    .await;
}

#[tokio::test]
async fn what_passes_is_tried_again_and_not_for_ever() {
    let mut answers = vec![
        Answer::Json(200, json!({"sha": SHA})),
        Answer::With(429, vec![("retry-after", "0".to_owned())], json!({})),
        Answer::Lost,
    ];
    let stand_in = StandIn::new(move |_| answers.pop().unwrap()).await;
    assert_eq!(
        github(&stand_in).resolve(&resolve("main")).await.as_deref(),
        Ok(SHA)
    );
    assert_eq!(stand_in.lines().len(), 3);

    let stand_in = StandIn::new(|_| Answer::Text(502, "<html>")).await;
    assert_eq!(
        told(
            github(&stand_in)
                .resolve(&resolve("main"))
                .await
                .unwrap_err()
        ),
        "unavailable: GitHub failed (502) when asked to read `main` in acme/api. Try again in a while."
    );
    assert_eq!(stand_in.lines().len(), 3);
}

#[tokio::test]
async fn a_limit_is_respected_by_the_next_requests_too() {
    let stand_in = StandIn::new(|_| {
        let headers = vec![
            ("x-ratelimit-remaining", "0".to_owned()),
            ("retry-after", "3600".to_owned()),
        ];
        Answer::With(
            403,
            headers,
            json!({"message": "API rate limit exceeded for user ID 1."}),
        )
    })
    .await;
    let github = github(&stand_in);
    for _ in 0..2 {
        let error = github.resolve(&resolve("main")).await.unwrap_err();
        assert!(
            error.retry_after_ms.is_some_and(|ms| ms > 3_000_000),
            "{error:?}"
        );
        assert!(told(error).starts_with("rate-limited "));
    }
    let error = github
        .clone()
        .create_deployment(&super::create(), &super::call_id())
        .await
        .unwrap_err();
    assert!(told(error).starts_with("rate-limited "));
    assert_eq!(stand_in.lines().len(), 1);
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let stand_in = StandIn::new(|_| Answer::Silence).await;
    let pace = super::Pace {
        read: std::time::Duration::from_millis(50),
        ..super::PACE
    };
    let github =
        super::Github::with_pace(&stand_in.url, super::token(), pace, &Metrics::new()).unwrap();
    assert_eq!(
        told(github.resolve(&resolve("main")).await.unwrap_err()),
        "unavailable: GitHub did not answer in time when asked to read `main` in acme/api. Try again in a while."
    );
}

#[tokio::test]
async fn checks_are_statuses_and_check_runs_of_one_commit() {
    let stand_in = StandIn::new(|seen| {
        let path = seen
            .line
            .split('?')
            .next()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap();
        Answer::Json(
            200,
            match path {
                "main" => json!({"sha": SHA}),
                // GitHub's own summary is `pending` although there are no statuses.
                "status" => json!({"state": "pending", "statuses": [], "total_count": 0}),
                _ => json!({"total_count": 2, "check_runs": [
                    {"id": 2, "name": "build", "status": "completed", "conclusion": "success"},
                    {"id": 1, "name": "docs", "status": "completed", "conclusion": "skipped"},
                ]}),
            },
        )
    })
    .await;
    let call = ReadChecks {
        repository: api(),
        reference: "main".to_owned(),
    };
    let checks = github(&stand_in).checks(&call).await.unwrap();
    assert_eq!(checks.state, ChecksState::Success);
    assert_eq!(
        stand_in.lines(),
        [
            "GET /repos/acme/api/commits/main?per_page=1".to_owned(),
            format!("GET /repos/acme/api/commits/{SHA}/status?per_page=100&page=1"),
            format!(
                "GET /repos/acme/api/commits/{SHA}/check-runs?filter=latest&per_page=100&page=1"
            ),
        ]
    );
}

#[tokio::test]
async fn check_runs_that_may_not_be_read_are_not_taken_for_green() {
    let stand_in = StandIn::new(|seen| match seen.line.contains("check-runs") {
        false => Answer::Json(
            200,
            json!({"sha": SHA, "statuses": [{"context": "ci", "state": "success"}]}),
        ),
        true => Answer::With(
            403,
            vec![("x-accepted-github-permissions", "checks=read".to_owned())],
            json!({"message": "Resource not accessible by personal access token"}),
        ),
    })
    .await;
    let call = ReadChecks {
        repository: api(),
        reference: "main".to_owned(),
    };
    assert_eq!(
        told(github(&stand_in).checks(&call).await.unwrap_err()),
        "denied: GitHub does not let the bot read the checks of `main` in acme/api: Resource not accessible by personal access token. The bot's credentials (GITHUB_TOKEN) need `checks=read`."
    );
}

fn compare() -> Compare {
    Compare {
        repository: api(),
        base: "main".to_owned(),
        head: "fix/login".to_owned(),
    }
}

/// A comparison of which `page` is asked, with `ahead` commits that are called after their numbers, the oldest `1`.
fn compared(seen: &Seen, ahead: u64) -> Answer {
    let (_, page) = seen.line.rsplit_once("&page=").unwrap();
    let page: u64 = page.parse().unwrap();
    let shown = (page - 1) * 50 + 1..=(page * 50).min(ahead);
    let commits: Vec<Value> = shown
        .map(|number| commit(&number.to_string(), "Work", &[]))
        .collect();
    Answer::Json(
        200,
        json!({
            "ahead_by": ahead, "behind_by": 1, "html_url": "https://github.com/x", "status": "diverged",
            "base_commit": {"sha": SHA}, "commits": commits,
        }),
    )
}

#[tokio::test]
async fn references_are_compared() {
    let stand_in = StandIn::new(|seen| compared(seen, 2)).await;
    let comparison = github(&stand_in).compare(&compare()).await.unwrap();
    assert_eq!((comparison.ahead_by, comparison.behind_by), (2, 1));
    let shas: Vec<&str> = comparison.commits.iter().map(|c| c.sha.as_str()).collect();
    assert_eq!(shas, ["2", "1"]);
    assert_eq!(
        stand_in.lines(),
        ["GET /repos/acme/api/compare/main...fix%2Flogin?per_page=50&page=1"]
    );
}

#[tokio::test]
async fn a_comparison_tells_the_newest_commits() {
    for (ahead, requests) in [(50, 1), (51, 2), (100, 2), (101, 3), (430, 3)] {
        let stand_in = StandIn::new(move |seen| compared(seen, ahead)).await;
        let comparison = github(&stand_in).compare(&compare()).await.unwrap();
        let shas: Vec<String> = comparison.commits.into_iter().map(|c| c.sha).collect();
        let newest: Vec<String> = (ahead - 49..=ahead).rev().map(|n| n.to_string()).collect();
        assert_eq!(shas, newest);
        assert_eq!(stand_in.lines().len(), requests, "{ahead}");
    }
}

#[tokio::test]
async fn a_commit_says_who_and_what_in_one_line() {
    let check = async |told: Value, expected: (&str, &str, u64)| {
        let stand_in = StandIn::new(move |_| Answer::Json(200, told.clone())).await;
        let call = ReadCommit {
            repository: api(),
            reference: "v1".to_owned(),
        };
        let commit = github(&stand_in).commit(&call).await.unwrap();
        let told = (&*commit.author, &*commit.title, commit.committed.0);
        assert_eq!(told, expected);
        assert_eq!(
            commit.url,
            format!("https://github.com/acme/api/commit/{SHA}")
        );
        assert_eq!(
            stand_in.lines(),
            ["GET /repos/acme/api/commits/v1?per_page=1"]
        );
    };
    let usual = commit(SHA, "Fix login\n\nIt was broken.", &["1"]);
    check(usual.clone(), ("alice", "Fix login", 1_795_372_200_000)).await;
    let mut told = usual.clone();
    told["author"] = Value::Null;
    check(told.clone(), ("Alice Doe", "Fix login", 1_795_372_200_000)).await;
    // GitHub's description allows an empty object here, and nobody at all.
    told["author"] = json!({});
    told["commit"]["committer"] = Value::Null;
    told["commit"]["author"] = json!({"date": null});
    told["commit"]["message"] = "x".repeat(1000).into();
    check(told, ("ghost", &"x".repeat(250), 0)).await;
}

#[tokio::test]
async fn branches_are_listed_up_to_a_limit() {
    let stand_in = StandIn::new(|seen| {
        let (_, page) = seen.line.rsplit_once("page=").unwrap_or_default();
        let names = |count: u64| -> Vec<Value> {
            (0..count)
                .map(|n| json!({"name": format!("{page}/{n}"), "commit": {}}))
                .collect()
        };
        Answer::Json(
            200,
            match page {
                "" => json!({"default_branch": "trunk", "private": true}),
                "3" => names(7).into(),
                _ => names(100).into(),
            },
        )
    })
    .await;
    let github = github(&stand_in);
    let list = async |limit: u32| {
        let call = ListBranches {
            repository: api(),
            limit,
        };
        github.branches(&call).await.unwrap()
    };
    let call = ReadDefaultBranch { repository: api() };
    assert_eq!(github.default_branch(&call).await.as_deref(), Ok("trunk"));
    assert_eq!(list(2).await, ["1/0", "1/1"]);
    assert_eq!(list(100).await.len(), 100);
    assert_eq!(stand_in.lines().len(), 3);
    assert_eq!(list(1000).await.len(), 207);
    assert_eq!(
        stand_in.lines()[3..],
        [1, 2, 3].map(|page| format!("GET /repos/acme/api/branches?per_page=100&page={page}"))
    );
}

#[tokio::test]
async fn what_was_deleted_is_named() {
    let gone = StandIn::new(|_| Answer::Json(404, json!({"message": "Not Found"}))).await;
    let github = github(&gone);
    let none = |thing: &str| {
        format!(
            "not-found: GitHub has no {thing}, or the bot's credentials (GITHUB_TOKEN) cannot see it."
        )
    };
    let call = ReadDeployment {
        repository: api(),
        deployment: 7,
    };
    assert_eq!(
        told(github.deployment(&call).await.unwrap_err()),
        none("deployment 7 of acme/api")
    );
    assert_eq!(
        told(
            github
                .add_deployment_status(&super::add_status(), &super::call_id())
                .await
                .unwrap_err()
        ),
        none("deployment 42 of acme/api")
    );
    assert_eq!(
        told(github.compare(&compare()).await.unwrap_err()),
        none("`main` or `fix/login` in acme/api")
    );
}

#[tokio::test]
async fn deployments_are_read_and_listed() {
    let marked = deployment(7, json!({"a": 1, "witbot": {"call": "x-1"}}));
    let mut gone = deployment(6, json!("text"));
    gone["creator"] = Value::Null;
    let stand_in = StandIn::new(move |seen| match seen.line.contains('?') {
        true => Answer::Json(200, json!([marked, gone])),
        false => Answer::Json(200, marked.clone()),
    })
    .await;
    let github = github(&stand_in);
    let one = github
        .deployment(&ReadDeployment {
            repository: api(),
            deployment: 7,
        })
        .await
        .unwrap();
    assert_eq!((one.id, one.payload.as_str()), (7, r#"{"a":1}"#));
    let call = ListDeployments {
        repository: api(),
        environment: Some("review/a b".to_owned()),
        limit: 500,
    };
    let list = github.deployments(&call).await.unwrap();
    assert_eq!(
        (list[1].payload.as_str(), list[1].creator.as_str()),
        (r#""text""#, "ghost")
    );
    assert_eq!(
        stand_in.lines(),
        [
            "GET /repos/acme/api/deployments/7",
            "GET /repos/acme/api/deployments?per_page=100&environment=review%2Fa%20b",
        ]
    );
}

#[tokio::test]
async fn no_status_is_missed() {
    let list = json!([
        status(30, "success", "2026-11-22T18:32:00Z"),
        status(20, "in_progress", "2026-11-22T18:31:00Z"),
        status(10, "queued", "2026-11-22T18:30:00Z"),
    ]);
    let stand_in = StandIn::new(move |seen| {
        Answer::Json(
            200,
            if seen.line.contains("/42/") {
                list.clone()
            } else {
                json!([])
            },
        )
    })
    .await;
    let github = github(&stand_in);
    let next = async |deployment: u64, after: Option<u64>| {
        let call = AwaitDeploymentStatus {
            repository: api(),
            deployment,
            after,
            timeout_ms: 1,
        };
        github
            .next_deployment_status(&call)
            .await
            .unwrap()
            .map(|status| status.id)
    };
    assert_eq!(next(42, None).await, Some(10));
    assert_eq!(next(42, Some(10)).await, Some(20));
    assert_eq!(next(42, Some(30)).await, None);
    assert_eq!(next(43, None).await, None);
    let latest = ReadDeploymentStatus {
        repository: api(),
        deployment: 42,
    };
    assert_eq!(
        github
            .deployment_status(&latest)
            .await
            .unwrap()
            .map(|status| status.id),
        Some(30)
    );
    let latest = ReadDeploymentStatus {
        repository: api(),
        deployment: 43,
    };
    assert_eq!(github.deployment_status(&latest).await, Ok(None));
}

#[tokio::test]
async fn a_renamed_repository_is_followed_and_keeps_the_credentials() {
    let stand_in = StandIn::new(|seen| match seen.line.contains("/repositories/1/") {
        false => Answer::With(
            301,
            vec![("location", "/repositories/1/commits/main".to_owned())],
            json!({}),
        ),
        true => Answer::Json(200, json!({"sha": seen.header("authorization")})),
    })
    .await;
    assert_eq!(
        github(&stand_in).resolve(&resolve("main")).await.as_deref(),
        Ok("Bearer ghp_test")
    );
}

#[tokio::test]
async fn the_path_of_an_enterprise_server_is_kept() {
    let stand_in = StandIn::new(|_| Answer::Json(200, json!({"sha": SHA}))).await;
    let url = format!("{}/api/v3/", stand_in.url);
    let github =
        super::Github::with_pace(&url, super::token(), super::PACE, &Metrics::new()).unwrap();
    assert_eq!(github.resolve(&resolve("main")).await.as_deref(), Ok(SHA));
    assert_eq!(
        stand_in.lines(),
        ["GET /api/v3/repos/acme/api/commits/main?per_page=1"]
    );
}
