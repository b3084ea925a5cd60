//! A stand-in for CircleCI: projects, pipelines that move, and the webhooks of these.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::fault::Fault;
use super::hooks::{Delivery, Hooks};
use super::ids::Ids;
use super::request::Request;
use super::server::Server;
use super::traffic::{Traffic, lock};

mod events;
mod json;
mod pipeline;
mod project;
mod routes;
mod trigger;
mod workflow;

#[cfg(test)]
mod tests;

pub use pipeline::{Outcome, Pipeline, PipelineState};
pub use project::{Next, ParameterType};
pub use workflow::{Job, JobKind, JobStatus, Workflow, WorkflowStatus};

use project::Project;
use routes::Door;
use workflow::WorkflowPlan;

/// The token that a new stand-in knows. It belongs to `witbot-ci`.
pub const CIRCLECI_TOKEN: &str = "CCIPAT_standin";

/// Lists are as long as this unless a test says otherwise.
const PAGE_SIZE: usize = 20;
/// More steps than any pipeline has.
const STEPS_MAX: usize = 1000;

/// A running stand-in. It stops when it is dropped.
///
/// Methods that name a project or pipeline panic when there is none: the test is wrong.
#[derive(Debug)]
pub struct Circleci {
    server: Server,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    traffic: Arc<Traffic>,
    hooks: Arc<Hooks>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

struct State {
    ids: Ids,
    pace: Option<Duration>,
    page_size: usize,
    tokens: BTreeMap<String, String>,
    projects: Vec<Project>,
    /// In the order in which they were created.
    pipelines: Vec<Pipeline>,
}

impl State {
    fn project(&mut self, slug: &str) -> &mut Project {
        match self.find(slug) {
            Some(at) => &mut self.projects[at],
            None => panic!("there is no project {slug}; add it with add_project"),
        }
    }
}

impl Circleci {
    /// Starts on a free port of this machine.
    pub async fn start() -> anyhow::Result<Circleci> {
        Circleci::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Starts on a port of one's own choice, on loopback.
    pub async fn start_at(address: SocketAddr) -> anyhow::Result<Circleci> {
        let listener = Server::bind(address)
            .await
            .context("cannot start the CircleCI stand-in")?;
        let traffic = Arc::new(Traffic::new());
        let ids = Ids::repeatable();
        let hooks = Hooks::start(events::sign, "CircleCI-Webhook/1.0", ids, traffic.clone())?;
        let tokens = BTreeMap::from([(CIRCLECI_TOKEN.to_owned(), "witbot-ci".to_owned())]);
        let state = Mutex::new(State {
            ids: Ids::repeatable(),
            pace: None,
            page_size: PAGE_SIZE,
            tokens,
            projects: Vec::new(),
            pipelines: Vec::new(),
        });
        let shared = Arc::new(Shared {
            state,
            traffic: traffic.clone(),
            hooks,
        });
        let server = Server::start(listener, Arc::new(Door(shared.clone())), traffic)?;
        Ok(Circleci { server, shared })
    }

    /// Stops, and waits until nothing answers on its port any more.
    pub async fn stop(self) {
        self.server.stop().await;
    }

    /// The address of the service. The interface is below `/api/v2`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Gives out ids from now on that no earlier run has given out, for a bot that outlives the stand-in.
    pub fn use_fresh_ids(&self) {
        lock(&self.shared.state).ids = Ids::fresh();
        self.shared.hooks.replace_ids(Ids::fresh());
    }

    /// Lets new pipelines move by themselves, a step after each such time; webhooks are retried then too.
    pub fn set_pace(&self, pace: Duration) {
        lock(&self.shared.state).pace = Some(pace);
        self.shared.hooks.retry_after(pace);
    }

    /// Cuts lists into pages of this many items.
    pub fn set_page_size(&self, items: usize) {
        lock(&self.shared.state).page_size = items.max(1);
    }

    /// Adds a token, and the login of its owner.
    pub fn add_token(&self, token: &str, login: &str) {
        lock(&self.shared.state)
            .tokens
            .insert(token.to_owned(), login.to_owned());
    }

    /// Takes a token away: it is answered with 401 from now on.
    pub fn revoke_token(&self, token: &str) {
        lock(&self.shared.state).tokens.remove(token);
    }

    /// Adds `gh/acme/api` with the parameters that its configuration declares, the branch `main`, and one workflow
    /// `deploy` with the jobs `build` and `deploy`.
    pub fn add_project(&self, slug: &str, parameters: &[(&str, ParameterType)]) {
        let mut state = lock(&self.shared.state);
        let project = Project::new(&project::short_slug(slug), parameters, &mut state.ids);
        state.projects.push(project);
    }

    /// Adds a branch, or moves it.
    pub fn set_branch(&self, slug: &str, branch: &str, revision: &str) {
        let mut state = lock(&self.shared.state);
        state
            .project(slug)
            .branches
            .insert(branch.to_owned(), revision.to_owned());
    }

    /// Adds a tag, or moves it.
    pub fn set_tag(&self, slug: &str, tag: &str, revision: &str) {
        let mut state = lock(&self.shared.state);
        state
            .project(slug)
            .tags
            .insert(tag.to_owned(), revision.to_owned());
    }

    /// Gives the project these workflows, which run side by side. Each job needs the one before it.
    pub fn set_workflows(&self, slug: &str, workflows: &[(&str, &[(&str, JobKind)])]) {
        let plans = workflows.iter().map(|(name, jobs)| WorkflowPlan {
            name: (*name).to_owned(),
            jobs: jobs
                .iter()
                .map(|(name, kind)| ((*name).to_owned(), *kind))
                .collect(),
        });
        let plans = plans.collect();
        lock(&self.shared.state).project(slug).workflows = plans;
    }

    /// Lets pipelines of a project come back with the parameters that were sent: some do, and many do not.
    pub fn tell_parameters(&self, slug: &str) {
        lock(&self.shared.state).project(slug).tells_parameters = true;
    }

    /// Lets the project's configuration be made by a setup workflow first.
    pub fn set_up_dynamically(&self, slug: &str) {
        lock(&self.shared.state).project(slug).setup = true;
    }

    /// The project's pipeline definition.
    pub fn definition(&self, slug: &str) -> String {
        lock(&self.shared.state).project(slug).definition.clone()
    }

    /// Says what becomes of the next pipeline. Said again, it is about the one after that.
    pub fn next(&self, slug: &str, next: Next) {
        lock(&self.shared.state).project(slug).next.push_back(next);
    }

    /// The pipelines of a project, oldest first.
    pub fn pipelines(&self, slug: &str) -> Vec<Pipeline> {
        let mut state = lock(&self.shared.state);
        let slug = state.project(slug).slug.clone();
        state
            .pipelines
            .iter()
            .filter(|pipeline| pipeline.project == slug)
            .cloned()
            .collect()
    }

    /// One pipeline.
    pub fn pipeline(&self, id: &str) -> Pipeline {
        let state = lock(&self.shared.state);
        let found = state.pipelines.iter().find(|pipeline| pipeline.id == id);
        found
            .unwrap_or_else(|| panic!("there is no pipeline {id}"))
            .clone()
    }

    /// Moves a pipeline on by one step: it begins, a job ends and the next begins, or a workflow ends.
    pub fn advance(&self, id: &str) -> Pipeline {
        self.shared.advance(id);
        self.pipeline(id)
    }

    /// Moves a pipeline on to its end, and makes it this one.
    pub fn finish(&self, id: &str, outcome: &Outcome) -> Pipeline {
        self.change(id, |pipeline| {
            pipeline.plan.fails_at = match outcome {
                Outcome::Success | Outcome::Canceled => None,
                Outcome::FailedAt(job) => Some(job.clone()),
            };
        });
        for _ in 0..STEPS_MAX {
            self.change(id, |pipeline| match outcome {
                Outcome::Success | Outcome::FailedAt(_) => approve_all(pipeline),
                Outcome::Canceled => pipeline.workflows.iter_mut().for_each(|w| w.cancel = true),
            });
            if self.shared.advance(id) {
                break;
            }
        }
        self.pipeline(id)
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Pipeline)) {
        let mut state = lock(&self.shared.state);
        match state
            .pipelines
            .iter_mut()
            .find(|pipeline| pipeline.id == id)
        {
            Some(pipeline) => change(pipeline),
            None => panic!("there is no pipeline {id}"),
        }
    }

    /// Sends webhooks to this address from now on, signed with this secret.
    pub fn send_webhooks_to(&self, url: &str, secret: &str) {
        self.shared.hooks.aim(url, secret);
    }

    /// Loses the next webhooks for good.
    pub fn lose_webhooks(&self, count: usize) {
        self.shared.hooks.lose(count);
    }

    /// Sends each of the next webhooks twice.
    pub fn duplicate_webhooks(&self, count: usize) {
        self.shared.hooks.duplicate(count);
    }

    /// Keeps webhooks back until they are released.
    pub fn hold_webhooks(&self) {
        self.shared.hooks.hold();
    }

    /// Sends what was kept back.
    pub fn release_webhooks(&self) {
        self.shared.hooks.release();
    }

    /// Sends again what was not taken with a 2xx, as CircleCI does after a while.
    pub fn retry_webhooks(&self) {
        self.shared.hooks.retry_failed();
    }

    /// Every attempt at delivering a webhook, in order, with what was answered.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.hooks.log()
    }

    /// Waits until no webhook is under way; those that are held back are not.
    pub async fn webhooks_settled(&self) {
        self.shared.hooks.settled().await;
    }

    /// Every request that came, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.traffic.requests()
    }

    /// Puts a fault in the way of requests to come.
    pub fn inject(&self, fault: Fault) {
        self.shared.traffic.inject(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.shared.traffic.clear_faults();
    }

    /// Looks after every request, step and delivery, until there is something to see. Panics after a minute.
    pub async fn until<T>(&self, mut look: impl FnMut(&Circleci) -> Option<T>) -> T {
        self.shared.traffic.until(|| look(self)).await
    }

    /// All pipelines, as JSON by project.
    pub fn state(&self) -> Value {
        let state = lock(&self.shared.state);
        let of = |slug: &str| -> Vec<&Pipeline> {
            state
                .pipelines
                .iter()
                .filter(|pipeline| pipeline.project == slug)
                .collect()
        };
        let projects = state
            .projects
            .iter()
            .map(|p| (p.slug.clone(), json!(of(&p.slug))));
        json!({ "pipelines": projects.collect::<serde_json::Map<String, Value>>() })
    }
}

fn approve_all(pipeline: &mut Pipeline) {
    for workflow in &mut pipeline.workflows {
        let waiting = workflow
            .jobs
            .iter()
            .find(|job| job.status == JobStatus::OnHold);
        if let Some(id) = waiting.map(|job| job.id.clone()) {
            workflow.approve(&id);
        }
    }
}

impl Shared {
    /// Moves a pipeline on by one step and tells of what ended. Says whether it is over; an unknown one is.
    fn advance(&self, id: &str) -> bool {
        let mut state = lock(&self.state);
        let State {
            pipelines,
            projects,
            ids,
            ..
        } = &mut *state;
        let Some(pipeline) = pipelines.iter_mut().find(|pipeline| pipeline.id == id) else {
            return true;
        };
        let ended = pipeline.step(ids);
        let over = pipeline.is_over();
        let project = projects
            .iter()
            .find(|project| project.slug == pipeline.project);
        let parcels: Vec<_> = project
            .into_iter()
            .flat_map(|project| ended.iter().map(move |ended| (project, *ended)))
            .filter_map(|(project, ended)| events::ended(ids, project, pipeline, ended))
            .collect();
        drop(state);
        for parcel in parcels {
            self.hooks.post(parcel);
        }
        self.traffic.changed();
        over
    }

    /// Lets a pipeline move by itself, if there is a pace, for as long as the stand-in runs.
    fn set_going(self: &Arc<Self>, state: &State, id: &str) {
        let Some(pace) = state.pace else { return };
        let (shared, id) = (Arc::downgrade(self), id.to_owned());
        tokio::spawn(async move {
            loop {
                sleep(pace).await;
                let Some(shared) = shared.upgrade() else {
                    return;
                };
                if shared.advance(&id) {
                    return;
                }
            }
        });
    }
}
