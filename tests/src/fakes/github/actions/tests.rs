//! What the bot relies on of a run.

use super::super::{GITHUB_TOKEN, Github};
use super::{End, WorkflowFile};

async fn github() -> Github {
    let github = Github::start().await.expect("there is a free port");
    github.add_repository("acme/api", &["main"]);
    let file = WorkflowFile::new("deploy.yml")
        .inputs(&["sha"])
        .named_by("witbot")
        .job("build", &["Check out", "Compile"])
        .job_in("deploy", &["Ship"], "production");
    github.add_workflow("acme/api", file);
    github
}

async fn post(github: &Github, path: &str, body: &str) -> (u16, String) {
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("plain settings");
    let request = client
        .post(format!("{}/repos/acme/api/actions/{path}", github.url()))
        .header("authorization", format!("Bearer {GITHUB_TOKEN}"))
        .header("user-agent", "tests")
        .body(body.to_owned());
    let answer = request.send().await.expect("the stand-in answers");
    (
        answer.status().as_u16(),
        answer.text().await.unwrap_or_default(),
    )
}

#[tokio::test]
async fn a_dispatch_tells_its_run_to_who_asks_for_it() {
    let github = github().await;
    let path = "workflows/deploy.yml/dispatches";
    let body = r#"{"ref": "main", "inputs": {"witbot": "abc"}, "return_run_details": true}"#;
    let (status, text) = post(&github, path, body).await;
    let runs = github.runs("acme/api");
    assert_eq!((status, runs.len()), (200, 1));
    assert!(text.contains(&runs[0].id.to_string()) && runs[0].title.contains("abc"));
    assert_eq!(post(&github, path, r#"{"ref": "main"}"#).await.0, 204);
    assert_eq!(post(&github, path, r#"{"ref": "nowhere"}"#).await.0, 422);
    assert_eq!(
        post(&github, path, r#"{"ref": "main", "inputs": {"x": "y"}}"#)
            .await
            .0,
        422
    );
    github.make_actions_older("acme/api");
    assert_eq!(post(&github, path, body).await.0, 422);
    github.lose_runs("acme/api", 1);
    assert_eq!(post(&github, path, r#"{"ref": "main"}"#).await.0, 204);
    assert_eq!(github.runs("acme/api").len(), 2);
}

#[tokio::test]
async fn a_run_moves_waits_fails_and_runs_again() {
    let github = github().await;
    github.set_reviewers("acme/api", "production", &["witbot"]);
    let run = github.dispatch("acme/api", "deploy.yml", "main", "ada").id;
    let states = |github: &Github| github.runs("acme/api")[0].status.clone();
    assert_eq!(states(&github), "queued");
    github.advance_run("acme/api", run);
    assert_eq!(states(&github), "in_progress");
    github.advance_run("acme/api", run);
    assert_eq!(states(&github), "waiting");
    let id = super::json::environment_id("production");
    let body = format!(r#"{{"environment_ids": [{id}], "state": "approved", "comment": "yes"}}"#);
    let path = format!("runs/{run}/pending_deployments");
    assert_eq!(post(&github, &path, &body).await.0, 200);
    assert_eq!(post(&github, &path, &body).await.0, 422);
    let end = End::FailedAt("deploy".to_owned(), "Ship".to_owned());
    let failed = github.finish_run("acme/api", run, &end);
    assert_eq!(failed.conclusion.as_deref(), Some("failure"));
    assert_eq!(
        post(&github, &format!("runs/{run}/cancel"), "{}").await.0,
        409
    );
    assert_eq!(
        post(&github, &format!("runs/{run}/rerun-failed-jobs"), "{}")
            .await
            .0,
        201
    );
    assert_eq!(
        post(&github, &format!("runs/{run}/rerun"), "{}").await.0,
        403
    );
    let again = github.finish_run("acme/api", run, &End::Success);
    assert_eq!(
        (again.attempt, again.conclusion.as_deref()),
        (2, Some("success"))
    );
}
