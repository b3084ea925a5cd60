//! What happens elsewhere, done.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fakes::{
    Access, CIRCLECI_TOKEN, Circleci, Deployment, Github, JobKind, JobStatus, Pipeline,
};
use crate::services::{PROJECT, REPOSITORY, Services};

use super::order::{Fate, Move, Order, Service, Things};

/// Who deploys without the bot has this token.
const ANOTHER_TOKEN: &str = "ghp_of_somebody_else";

impl Order {
    /// Lets it happen, as soon as there is what it is about.
    pub(super) async fn happen(&self, services: &Services) {
        let Services { github, circleci } = services;
        match self {
            Order::Push(branch, message) => {
                let sha = github.push(REPOSITORY, branch, message);
                circleci.set_branch(PROJECT, branch, &sha);
            }
            Order::DeleteBranch(branch) => github.remove_branch(REPOSITORY, branch),
            Order::Conflict(branch) => github.make_conflicting(REPOSITORY, branch),
            Order::Tag(tag, reference) => {
                github.tag(REPOSITORY, tag, reference);
                circleci.set_tag(PROJECT, tag, &github.sha(REPOSITORY, reference));
            }
            Order::Status(context, reference, state) => {
                github.set_status(REPOSITORY, reference, context, *state);
            }
            Order::Check(name, reference, state) => {
                github.set_check_run(REPOSITORY, reference, name, *state);
            }
            Order::Deploy(login, reference, environment) => {
                deploy(github, login, reference, environment).await;
            }
            Order::DeleteDeployment => delete_deployment(github).await,
            Order::Become(state) => {
                let newest = |github: &Github| github.deployments(REPOSITORY).pop()?.state();
                let come = |github: &Github| (newest(github) == Some(*state)).then_some(());
                github.until(come).await;
            }
            Order::Count(things, expected) => {
                let count = match things {
                    Things::Deployments => github.deployments(REPOSITORY).len(),
                    Things::Pipelines => circleci.pipelines(PROJECT).len(),
                };
                assert_eq!(count, *expected, "of the {things:?} there are");
            }
            Order::Webhooks(service, fate) => webhooks(services, *service, *fate),
            Order::Trouble(Service::Github, fault) => github.inject(fault.clone()),
            Order::Trouble(Service::Circleci, fault) => circleci.inject(fault.clone()),
            Order::NoTrouble(Service::Github) => github.clear_faults(),
            Order::NoTrouble(Service::Circleci) => circleci.clear_faults(),
            Order::Jobs(jobs) => {
                let jobs: Vec<(&str, JobKind)> = jobs
                    .iter()
                    .map(|(job, kind)| (job.as_str(), *kind))
                    .collect();
                circleci.set_workflows(PROJECT, &[("deploy", &jobs)]);
            }
            Order::Next(next) => circleci.next(PROJECT, next.clone()),
            Order::Pipeline(what, environment) => {
                let pipeline = pipeline(circleci, environment.as_deref()).await;
                what.happen(services, &pipeline).await;
            }
        }
    }
}

impl Move {
    async fn happen(&self, services: &Services, pipeline: &Pipeline) {
        let circleci = &services.circleci;
        match self {
            Move::Begin => services.begin(pipeline),
            Move::Step => drop(circleci.advance(&pipeline.id)),
            Move::End(outcome) => drop(circleci.finish(&pipeline.id, outcome)),
            Move::Approve(job) => approve(circleci, pipeline, job).await,
        }
    }
}

/// The newest pipeline that is not over, once there is one.
async fn pipeline(circleci: &Circleci, environment: Option<&str>) -> Pipeline {
    let is_it = |pipeline: &Pipeline| {
        let where_to = pipeline
            .parameters
            .get("environment")
            .and_then(Value::as_str);
        !pipeline.is_over() && (environment.is_none() || where_to == environment)
    };
    let newest = |circleci: &Circleci| circleci.pipelines(PROJECT).into_iter().rfind(is_it);
    circleci.until(newest).await
}

fn webhooks(services: &Services, service: Service, fate: Fate) {
    let Services { github, circleci } = services;
    match (service, fate) {
        (Service::Github, Fate::Lost) => github.lose_webhooks(usize::MAX),
        (Service::Github, Fate::Twice) => github.duplicate_webhooks(usize::MAX),
        (Service::Github, Fate::Held) => github.hold_webhooks(),
        (Service::Github, Fate::Released) => github.release_webhooks(),
        (Service::Circleci, Fate::Lost) => circleci.lose_webhooks(usize::MAX),
        (Service::Circleci, Fate::Twice) => circleci.duplicate_webhooks(usize::MAX),
        (Service::Circleci, Fate::Held) => circleci.hold_webhooks(),
        (Service::Circleci, Fate::Released) => circleci.release_webhooks(),
    }
}

/// Over the interface, as whoever does it without the bot.
async fn deploy(github: &Github, login: &str, reference: &str, environment: &str) {
    github.add_token(ANOTHER_TOKEN, login, Access::Write, None);
    let body = json!({
        "ref": reference,
        "environment": environment,
        "auto_merge": false,
        "required_contexts": [],
    });
    let url = format!("{}/repos/{REPOSITORY}/deployments", github.url());
    ask(
        Method::POST,
        &url,
        ("authorization", &format!("Bearer {ANOTHER_TOKEN}")),
        &body,
    )
    .await;
}

async fn delete_deployment(github: &Github) {
    github.add_token(ANOTHER_TOKEN, "somebody", Access::Write, None);
    let newest = |github: &Github| github.deployments(REPOSITORY).pop();
    let Deployment { id, .. } = github.until(newest).await;
    let url = format!("{}/repos/{REPOSITORY}/deployments/{id}", github.url());
    ask(
        Method::DELETE,
        &url,
        ("authorization", &format!("Bearer {ANOTHER_TOKEN}")),
        &Value::Null,
    )
    .await;
}

/// Approves a job, once it waits for that.
async fn approve(circleci: &Circleci, pipeline: &Pipeline, name: &str) {
    let waiting = |circleci: &Circleci| {
        let workflows = circleci.pipeline(&pipeline.id).workflows;
        workflows.iter().find_map(|workflow| {
            let mut jobs = workflow.jobs.iter();
            let job = jobs.find(|job| job.name == name && job.status == JobStatus::OnHold)?;
            Some((workflow.id.clone(), job.id.clone()))
        })
    };
    let (workflow, job) = circleci.until(waiting).await;
    let url = format!(
        "{}/api/v2/workflow/{workflow}/approve/{job}",
        circleci.url()
    );
    ask(
        Method::POST,
        &url,
        ("circle-token", CIRCLECI_TOKEN),
        &json!({}),
    )
    .await;
}

/// Makes a request, which has to be answered with a 2xx.
async fn ask(method: Method, url: &str, (header, value): (&str, &str), body: &Value) {
    let client = reqwest::Client::builder()
        .no_proxy()
        .user_agent("somebody")
        .build()
        .expect("a client without TLS can be built");
    let request = client
        .request(method, url)
        .header(header, value)
        .header("content-type", "application/json")
        .body(body.to_string());
    let answer = request.send().await.expect("the stand-in answers");
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    assert!(
        status.is_success(),
        "{url} was answered with {status}: {text}"
    );
}
