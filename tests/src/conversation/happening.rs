//! What happens elsewhere, done.

use serde_json::{Value, json};

use crate::fakes::{CIRCLECI_TOKEN, Circleci, Deployment, Github, JobKind, JobStatus, Pipeline};
use crate::services::{PROJECT, REPOSITORY, Services};

use super::order::{Fate, Move, Order, Service, Things};

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
                let fields = json!({ "ref": reference, "environment": environment });
                github.deploy_as(login, REPOSITORY, fields);
            }
            Order::ChecksAreOver(reference) => github.tell_of_checks(REPOSITORY, reference),
            Order::DeleteDeployment => delete_deployment(github).await,
            Order::Become(state) => {
                let newest = |github: &Github| github.deployments(REPOSITORY).pop()?.state();
                let come = |github: &Github| (newest(github) == Some(*state)).then_some(());
                github.until(come).await;
            }
            Order::Count(things, expected) => count(services, *things, *expected).await,
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

/// Waits until there are so many, and expects no more.
async fn count(services: &Services, things: Things, expected: usize) {
    let Services { github, circleci } = services;
    let enough = |count: usize| (count >= expected).then_some(count);
    let count = match things {
        Things::Deployments => {
            let count = |github: &Github| enough(github.deployments(REPOSITORY).len());
            github.until(count).await
        }
        Things::Pipelines => {
            let count = |circleci: &Circleci| enough(circleci.pipelines(PROJECT).len());
            circleci.until(count).await
        }
    };
    assert_eq!(count, expected, "so many {things:?} there are");
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

async fn delete_deployment(github: &Github) {
    let newest = |github: &Github| github.deployments(REPOSITORY).pop();
    let Deployment { id, .. } = github.until(newest).await;
    github.remove_deployment(REPOSITORY, id);
}

/// Approves a job over the interface, as CircleCI's own page does, once it waits for that.
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
    let path = format!("/api/v2/workflow/{workflow}/approve/{job}");
    let client = reqwest::Client::builder().no_proxy().build();
    let request = client
        .expect("a client without TLS can be built")
        .post(format!("{}{path}", circleci.url()))
        .header("circle-token", CIRCLECI_TOKEN);
    let answer = request.send().await.expect("the stand-in answers");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
}
