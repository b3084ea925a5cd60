use std::time::Duration;

use anyhow::Result;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::{
    CIRCLECI_TOKEN, Circleci, JobKind, JobStatus, Next, Outcome, ParameterType, PipelineState,
    WorkflowStatus,
};
use crate::fakes::fault::{Fault, Trouble};
use crate::fakes::receiver::Receiver;
use crate::fakes::signature::hmac_hex;

const PROJECT: &str = "gh/acme/api";
const RUN: &str = "/api/v2/project/gh/acme/api/pipeline/run";

async fn acme() -> Result<Circleci> {
    let circle = Circleci::start().await?;
    let parameters = [
        ("sha", ParameterType::String),
        ("deployment_id", ParameterType::Integer),
    ];
    circle.add_project(PROJECT, &parameters);
    circle.set_branch(
        PROJECT,
        "fix-login",
        "0123456789012345678901234567890123456789",
    );
    Ok(circle)
}

fn request(circle: &Circleci, method: &str, path: &str) -> Result<reqwest::RequestBuilder> {
    let client = Client::builder().no_proxy().build()?;
    let method = reqwest::Method::from_bytes(method.as_bytes())?;
    let url = format!("{}{path}", circle.url());
    Ok(client
        .request(method, url)
        .header("Circle-Token", CIRCLECI_TOKEN))
}

async fn read(answer: Response) -> Result<(u16, Value)> {
    Ok((answer.status().as_u16(), answer.json().await?))
}

async fn get(circle: &Circleci, path: &str) -> Result<(u16, Value)> {
    read(request(circle, "GET", path)?.send().await?).await
}

async fn post(circle: &Circleci, path: &str, body: Value) -> Result<(u16, Value)> {
    read(request(circle, "POST", path)?.json(&body).send().await?).await
}

/// Triggers a pipeline, and gives its id.
async fn trigger(circle: &Circleci, parameters: Value) -> Result<String> {
    let place = json!({ "branch": "fix-login" });
    let body = json!({ "config": place, "checkout": place, "parameters": parameters });
    let (status, body) = post(circle, RUN, body).await?;
    assert_eq!((status, &body["state"]), (201, &json!("pending")), "{body}");
    Ok(body["id"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_pipeline_goes_step_by_step() -> Result<()> {
    let circle = acme().await?;
    let id = trigger(
        &circle,
        json!({ "sha": "abc", "deployment_id": 4_294_967_299_u64 }),
    )
    .await?;
    let look = || async {
        let (_, pipeline) = get(&circle, &format!("/api/v2/pipeline/{id}")).await?;
        let (_, workflows) = get(&circle, &format!("/api/v2/pipeline/{id}/workflow")).await?;
        let workflow = &workflows["items"][0];
        let jobs = match workflow["id"].as_str() {
            Some(id) => get(&circle, &format!("/api/v2/workflow/{id}/job")).await?.1,
            None => json!({ "items": [] }),
        };
        let jobs = jobs["items"].as_array().cloned().unwrap_or_default();
        let jobs: Vec<String> = jobs
            .iter()
            .map(|job| job["status"].to_string().replace('"', ""))
            .collect();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        anyhow::Ok(format!(
            "{} {} {}",
            text(&pipeline["state"]),
            text(&workflow["status"]),
            jobs.join(",")
        ))
    };
    assert_eq!(look().await?, "pending - ");
    for expected in [
        "created running running,blocked",
        "created running success,running",
        "created running success,success",
        "created success success,success",
    ] {
        circle.advance(&id);
        assert_eq!(look().await?, expected);
    }
    assert!(circle.pipeline(&id).is_over());
    assert_eq!(
        circle.pipelines(PROJECT)[0].parameters["deployment_id"],
        4_294_967_299_u64
    );

    // What was sent does not come back, and who sent it does.
    let (_, listed) = get(
        &circle,
        "/api/v2/project/gh/acme/api/pipeline?branch=fix-login",
    )
    .await?;
    let listed = &listed["items"][0];
    assert_eq!(listed["trigger_parameters"], json!({}));
    assert_eq!(listed["trigger"]["actor"]["login"], "witbot-ci");
    assert_eq!(listed["vcs"]["branch"], "fix-login");
    assert_eq!(get(&circle, "/api/v2/me").await?.1["login"], "witbot-ci");
    Ok(())
}

#[tokio::test]
async fn wrong_parameters_make_an_errored_pipeline() -> Result<()> {
    let circle = acme().await?;
    for parameters in [
        json!({ "undeclared": "x" }),
        json!({ "deployment_id": "7" }),
    ] {
        let id = trigger(&circle, parameters).await?;
        let pipeline = circle.advance(&id);
        assert_eq!(pipeline.state, PipelineState::Errored);
        let (_, workflows) = get(&circle, &format!("/api/v2/pipeline/{id}/workflow")).await?;
        assert_eq!(workflows, json!({ "items": [], "next_page_token": null }));
        let (_, body) = get(&circle, &format!("/api/v2/pipeline/{id}")).await?;
        assert_eq!(
            (&body["state"], &body["errors"][0]["type"]),
            (&json!("errored"), &json!("config"))
        );
    }
    let (status, _) = post(
        &circle,
        RUN,
        json!({ "parameters": { "sha": "x".repeat(513) } }),
    )
    .await?;
    assert_eq!(status, 400);
    Ok(())
}

#[tokio::test]
async fn what_the_trigger_refuses() -> Result<()> {
    let circle = acme().await?;
    let unknown = json!({ "config": { "branch": "nope" }, "checkout": { "branch": "nope" } });
    let (status, body) = post(&circle, RUN, unknown).await?;
    assert_eq!(
        (status, body),
        (400, json!({ "message": "Branch not found" }))
    );
    let both = json!({ "checkout": { "branch": "main", "tag": "v1" } });
    assert_eq!(post(&circle, RUN, both).await?.0, 400);
    let definition = json!({ "definition_id": "00000000-0000-4000-8000-000000000000" });
    assert_eq!(post(&circle, RUN, definition).await?.0, 404);
    assert_eq!(
        post(
            &circle,
            RUN,
            json!({ "definition_id": circle.definition(PROJECT) })
        )
        .await?
        .0,
        201
    );

    // The slug must come as three segments here, and may come as one elsewhere.
    let escaped = "/api/v2/project/gh%2Facme%2Fapi/pipeline";
    assert_eq!(
        post(&circle, &format!("{escaped}/run"), json!({})).await?.0,
        404
    );
    assert_eq!(post(&circle, escaped, json!({})).await?.0, 201);
    assert_eq!(get(&circle, escaped).await?.0, 200);
    assert_eq!(
        get(&circle, "/api/v2/project/github/acme/api").await?.1["slug"],
        "gh/acme/api"
    );

    circle.next(PROJECT, Next::IsSkipped);
    let (status, body) = post(&circle, RUN, json!({})).await?;
    assert_eq!(status, 200);
    assert!(body["message"].is_string() && body.get("id").is_none());
    assert_eq!(circle.pipelines(PROJECT).len(), 2);

    let client = Client::builder().no_proxy().build()?;
    let answer = client
        .post(format!("{}{RUN}", circle.url()))
        .json(&json!({}))
        .send()
        .await?;
    assert_eq!(answer.status().as_u16(), 401);
    let answer = client
        .get(format!("{}/api/v2/me", circle.url()))
        .bearer_auth(CIRCLECI_TOKEN);
    assert_eq!(answer.send().await?.status().as_u16(), 200);
    Ok(())
}

#[tokio::test]
async fn the_older_trigger_ignores_a_body_that_does_not_say_json() -> Result<()> {
    let circle = acme().await?;
    let path = "/api/v2/project/gh/acme/api/pipeline";
    let body = json!({ "branch": "fix-login", "parameters": { "sha": "abc" } });
    let plain = request(&circle, "POST", path)?
        .body(body.to_string())
        .send()
        .await?;
    assert_eq!(plain.status().as_u16(), 201);
    assert_eq!(post(&circle, path, body).await?.0, 201);
    let seen: Vec<_> = circle
        .pipelines(PROJECT)
        .into_iter()
        .map(|p| (p.branch, p.parameters.len()))
        .collect();
    assert_eq!(
        seen,
        [
            (Some("main".to_owned()), 0),
            (Some("fix-login".to_owned()), 1)
        ]
    );
    Ok(())
}

#[tokio::test]
async fn failing_comes_before_failed() -> Result<()> {
    let circle = acme().await?;
    circle.next(PROJECT, Next::FailsAt("build".to_owned()));
    let id = trigger(&circle, json!({})).await?;
    circle.advance(&id);
    let pipeline = circle.advance(&id);
    assert_eq!(pipeline.workflows[0].status, WorkflowStatus::Failing);
    assert!(!pipeline.is_over());
    let pipeline = circle.advance(&id);
    assert_eq!(pipeline.workflows[0].status, WorkflowStatus::Failed);
    let jobs: Vec<_> = pipeline.workflows[0]
        .jobs
        .iter()
        .map(|job| job.status)
        .collect();
    assert_eq!(jobs, [JobStatus::Failed, JobStatus::NotRun]);

    let id = trigger(&circle, json!({})).await?;
    let pipeline = circle.finish(&id, &Outcome::FailedAt("deploy".to_owned()));
    assert_eq!(pipeline.workflows[0].status, WorkflowStatus::Failed);
    Ok(())
}

#[tokio::test]
async fn cancelling_takes_time_and_rerunning_wants_an_end() -> Result<()> {
    let circle = acme().await?;
    let id = trigger(&circle, json!({})).await?;
    let workflow = circle.advance(&id).workflows[0].id.clone();
    let rerun = format!("/api/v2/workflow/{workflow}/rerun");
    assert_eq!(post(&circle, &rerun, json!({})).await?.0, 400);
    let (status, _) = post(
        &circle,
        &format!("/api/v2/workflow/{workflow}/cancel"),
        json!({}),
    )
    .await?;
    assert_eq!(status, 202);
    let path = format!("/api/v2/workflow/{workflow}");
    assert_eq!(get(&circle, &path).await?.1["status"], "running");
    circle.advance(&id);
    assert_eq!(get(&circle, &path).await?.1["status"], "canceled");
    let (status, body) = post(&circle, &rerun, json!({ "from_failed": true })).await?;
    assert_eq!(status, 202);
    assert_ne!(body["workflow_id"], json!(workflow));
    let pipeline = circle.finish(&id, &Outcome::Success);
    assert_eq!(pipeline.workflows[1].status, WorkflowStatus::Success);
    Ok(())
}

#[tokio::test]
async fn setup_approvals_and_nothing_to_do() -> Result<()> {
    let circle = acme().await?;
    circle.next(PROJECT, Next::HasNothingToDo);
    let id = trigger(&circle, json!({})).await?;
    let pipeline = circle.advance(&id);
    assert_eq!(
        (pipeline.state, pipeline.workflows.len()),
        (PipelineState::Created, 0)
    );

    let jobs = [("hold", JobKind::Approval), ("deploy", JobKind::Build)];
    circle.set_workflows(PROJECT, &[("deploy", &jobs)]);
    circle.set_up_dynamically(PROJECT);
    let (_, body) = post(&circle, RUN, json!({})).await?;
    assert_eq!(body["state"], "setup-pending");
    let id = body["id"].as_str().unwrap_or_default();
    assert_eq!(circle.advance(id).state, PipelineState::Setup);
    circle.advance(id);
    let pipeline = circle.advance(id);
    assert_eq!(pipeline.workflows[0].status, WorkflowStatus::Success);
    assert!(!pipeline.is_over(), "the setup workflow is not the work");
    assert_eq!(pipeline.workflows[1].status, WorkflowStatus::OnHold);
    assert_eq!(
        circle.advance(id).workflows[1].status,
        WorkflowStatus::OnHold
    );

    let workflow = &pipeline.workflows[1].id;
    let (_, jobs) = get(&circle, &format!("/api/v2/workflow/{workflow}/job")).await?;
    let job = &jobs["items"][0];
    assert_eq!(
        (&job["type"], &job["status"]),
        (&json!("approval"), &json!("on_hold"))
    );
    let approval = job["approval_request_id"].as_str().unwrap_or_default();
    let path = format!("/api/v2/workflow/{workflow}/approve/{approval}");
    assert_eq!(post(&circle, &path, json!({})).await?.0, 202);
    assert_eq!(
        circle.finish(id, &Outcome::Success).workflows[1].status,
        WorkflowStatus::Success
    );
    Ok(())
}

#[tokio::test]
async fn lists_come_in_pages() -> Result<()> {
    let circle = acme().await?;
    circle.set_page_size(2);
    for _ in 0..3 {
        trigger(&circle, json!({})).await?;
    }
    let path = "/api/v2/project/gh/acme/api/pipeline";
    let (_, first) = get(&circle, path).await?;
    let token = first["next_page_token"].as_str().unwrap_or_default();
    let (_, second) = get(&circle, &format!("{path}?page-token={token}")).await?;
    let numbers = |page: &Value| -> Vec<Option<u64>> {
        let items = page["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["number"].as_u64()).collect()
    };
    assert_eq!(
        (numbers(&first), numbers(&second)),
        (vec![Some(3), Some(2)], vec![Some(1)])
    );
    assert_eq!(second["next_page_token"], json!(null));
    Ok(())
}

#[tokio::test]
async fn webhooks_are_signed_retried_and_spell_the_slug_their_way() -> Result<()> {
    let (circle, bot) = (acme().await?, Receiver::start().await?);
    circle.send_webhooks_to(&bot.url(), "secret");
    bot.answer_next(200);
    bot.answer_next(503);
    let id = trigger(&circle, json!({})).await?;
    circle.finish(&id, &Outcome::Success);
    circle.webhooks_settled().await;

    let received = bot.received();
    let events: Vec<_> = received
        .iter()
        .filter_map(|r| r.header("circleci-event-type"))
        .collect();
    assert_eq!(
        events,
        ["job-completed", "job-completed", "workflow-completed"]
    );
    let signature = format!("v1={}", hmac_hex("secret", &received[2].body));
    assert_eq!(
        received[2].header("circleci-signature"),
        Some(signature.as_str())
    );
    let body = received[2].json().unwrap_or_default();
    assert_eq!(body["project"]["slug"], "github/acme/api");
    assert_eq!(body["workflow"]["status"], "success");
    assert_eq!(body["pipeline"]["id"], json!(id));

    circle.retry_webhooks();
    circle.webhooks_settled().await;
    let received = bot.received();
    assert_eq!(received.len(), 4);
    assert_eq!(
        received[3].body, received[1].body,
        "the same id comes again"
    );
    circle.retry_webhooks();
    circle.webhooks_settled().await;
    assert_eq!(bot.received().len(), 4, "what was taken is not sent again");
    Ok(())
}

#[tokio::test]
async fn webhooks_get_lost_and_doubled() -> Result<()> {
    let (circle, bot) = (acme().await?, Receiver::start().await?);
    circle.send_webhooks_to(&bot.url(), "");
    circle.lose_webhooks(1);
    circle.duplicate_webhooks(1);
    let id = trigger(&circle, json!({})).await?;
    circle.finish(&id, &Outcome::Canceled);
    circle.webhooks_settled().await;
    circle.retry_webhooks();
    circle.webhooks_settled().await;
    let ids: Vec<_> = bot
        .received()
        .iter()
        .map(|r| r.json().unwrap_or_default()["id"].clone())
        .collect();
    assert_eq!(
        ids.len(),
        2,
        "the job's was lost, the workflow's came twice"
    );
    assert_eq!(ids[0], ids[1]);
    assert_eq!(bot.received()[0].header("circleci-signature"), None);
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_leaves_a_pipeline_behind() -> Result<()> {
    let circle = acme().await?;
    circle.inject(Fault::on("POST", RUN, Trouble::Cut).after_effect());
    let lost = request(&circle, "POST", RUN)?.json(&json!({})).send().await;
    assert!(lost.is_err());
    assert_eq!(circle.pipelines(PROJECT).len(), 1);
    Ok(())
}

#[tokio::test]
async fn with_a_pace_pipelines_move_by_themselves() -> Result<()> {
    let circle = acme().await?;
    circle.set_pace(Duration::from_millis(1));
    let id = trigger(&circle, json!({})).await?;
    circle
        .until(|circle| circle.pipeline(&id).is_over().then_some(()))
        .await;
    assert_eq!(
        circle.pipeline(&id).workflows[0].status,
        WorkflowStatus::Success
    );
    Ok(())
}
