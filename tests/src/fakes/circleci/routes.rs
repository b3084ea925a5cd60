//! CircleCI's interface, version 2: which request does what.

use std::sync::Arc;

use serde_json::{Value, json};

use super::json::{self, message, not_found};
use super::pipeline::Pipeline;
use super::project::{Project, short_slug};
use super::trigger::{self, Trigger};
use super::{Shared, State};
use crate::fakes::clock::milliseconds;
use crate::fakes::request::{Answer, Request};
use crate::fakes::server::Service;
use crate::fakes::traffic::lock;

type Answered = Result<Answer, Answer>;

/// The service, which also sets pipelines going.
pub(super) struct Door(pub(super) Arc<Shared>);

impl Service for Door {
    fn answer(&self, request: &Request) -> Answer {
        self.route(request).unwrap_or_else(|refused| refused)
    }
}

impl Door {
    fn route(&self, request: &Request) -> Answered {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let Some(path) = path.strip_prefix(&["api", "v2"]) else {
            return Err(not_found("Page"));
        };
        let mut state = lock(&self.0.state);
        let actor = actor(&state, request)?;
        match (request.method.as_str(), path) {
            ("GET", ["me"]) => Ok(Answer::json(200, &me(&actor))),
            (_, ["project", rest @ ..]) => {
                let (slug, escaped, rest) = slug(rest).ok_or_else(|| not_found("Page"))?;
                self.project(&mut state, &actor, request, (&slug, escaped, rest))
            }
            ("GET", ["projects", id, "pipeline-definitions"]) => {
                let project = state.projects.iter().find(|project| project.id == *id);
                let project = project.ok_or_else(|| not_found("Project"))?;
                let item = json!({ "id": project.definition, "name": "default" });
                Ok(Answer::json(200, &json!({ "items": [item] })))
            }
            ("GET", ["pipeline", id]) => {
                let (project, pipeline) = state.pipeline(id)?;
                Ok(Answer::json(200, &json::pipeline(project, pipeline)))
            }
            ("GET", ["pipeline", id, "workflow"]) => {
                let (_, pipeline) = state.pipeline(id)?;
                // The one that began last comes first.
                let all = pipeline.workflows.iter().rev();
                let all = all
                    .map(|workflow| json::workflow(pipeline, workflow))
                    .collect();
                list(request, state.page_size, all)
            }
            (method, ["workflow", id, rest @ ..]) => {
                self.workflow(&mut state, request, (method, id, rest))
            }
            _ => Err(not_found("Page")),
        }
    }

    fn project(
        &self,
        state: &mut State,
        actor: &str,
        request: &Request,
        (slug, escaped, rest): (&str, bool, &[&str]),
    ) -> Answered {
        let at = state.find(slug).ok_or_else(|| not_found("Project"))?;
        match (request.method.as_str(), rest) {
            ("GET", []) => Ok(Answer::json(200, &json::project(&state.projects[at]))),
            ("GET", ["pipeline"]) => {
                let project = &state.projects[at];
                let branch = request.query("branch");
                let all = state.pipelines.iter().rev().filter(|pipeline| {
                    pipeline.project == project.slug
                        && branch.is_none_or(|branch| pipeline.branch.as_deref() == Some(branch))
                });
                let all = all
                    .map(|pipeline| json::pipeline(project, pipeline))
                    .collect();
                list(request, state.page_size, all)
            }
            // Three plain segments are wanted here, unlike anywhere else.
            ("POST", ["pipeline", "run"]) if escaped => Err(not_found("Project")),
            ("POST", ["pipeline", "run"]) => self.run(state, at, actor, trigger::read(request)?),
            ("POST", ["pipeline"]) => {
                if state.projects[at].needs_definition() {
                    return Err(not_found("Project"));
                }
                self.run(state, at, actor, trigger::read_older(request)?)
            }
            _ => Err(not_found("Page")),
        }
    }

    fn run(&self, state: &mut State, at: usize, actor: &str, trigger: Trigger) -> Answered {
        let State { projects, ids, .. } = state;
        let pipeline = trigger::run(&mut projects[at], ids, actor, trigger)?;
        let body = json!({
            "id": pipeline.id,
            "number": pipeline.number,
            "state": pipeline.state.as_str(),
            "created_at": milliseconds(pipeline.created),
        });
        self.0.set_going(state, &pipeline.id);
        state.pipelines.push(pipeline);
        Ok(Answer::json(201, &body))
    }

    fn workflow(
        &self,
        state: &mut State,
        request: &Request,
        (method, id, rest): (&str, &str, &[&str]),
    ) -> Answered {
        let missing = || not_found("Workflow");
        let page_size = state.page_size;
        let State { pipelines, ids, .. } = state;
        let has = |pipeline: &&mut Pipeline| pipeline.workflows.iter().any(|w| w.id == id);
        let pipeline = pipelines.iter_mut().find(has).ok_or_else(missing)?;
        let at = pipeline
            .workflows
            .iter()
            .position(|w| w.id == id)
            .ok_or_else(missing)?;
        let workflow = &pipeline.workflows[at];
        match (method, rest) {
            ("GET", []) => Ok(Answer::json(200, &json::workflow(pipeline, workflow))),
            ("GET", ["job"]) => {
                let jobs = 0..workflow.jobs.len();
                let all = jobs.map(|at| json::job(pipeline, workflow, at)).collect();
                list(request, page_size, all)
            }
            // It stops some time later; one that is over stays as it is.
            ("POST", ["cancel"]) => {
                pipeline.workflows[at].cancel = true;
                Ok(accepted())
            }
            ("POST", ["approve", job]) => {
                if pipeline.workflows[at].approve(job) {
                    return Ok(accepted());
                }
                Err(message(404, "Approval request not found"))
            }
            ("POST", ["rerun"]) => {
                if !workflow.status.is_over() {
                    return Err(message(
                        400,
                        "Workflow is not finished and cannot be rerun.",
                    ));
                }
                let body = request.json().unwrap_or_default();
                let plan = workflow.plan(body["from_failed"] == true);
                // What failed for the test's sake has had its failure.
                pipeline.plan.fails_at = None;
                let again = pipeline.begin_workflow(&plan, ids);
                let pipeline = pipeline.id.clone();
                self.0.set_going(state, &pipeline);
                Ok(Answer::json(202, &json!({ "workflow_id": again })))
            }
            _ => Err(not_found("Page")),
        }
    }
}

impl State {
    pub(super) fn find(&self, slug: &str) -> Option<usize> {
        let slug = short_slug(slug);
        self.projects
            .iter()
            .position(|project| project.slug == slug)
    }

    fn pipeline(&self, id: &str) -> Result<(&Project, &Pipeline), Answer> {
        let missing = || not_found("Pipeline");
        let pipeline = self
            .pipelines
            .iter()
            .find(|p| p.id == id)
            .ok_or_else(missing)?;
        let at = self.find(&pipeline.project).ok_or_else(missing)?;
        Ok((&self.projects[at], pipeline))
    }
}

/// The slug at the beginning of a path, whether it came escaped as one segment, and what follows.
fn slug<'a, 'b>(path: &'a [&'b str]) -> Option<(String, bool, &'a [&'b str])> {
    match path {
        [escaped, rest @ ..] if escaped.matches('/').count() == 2 => {
            Some(((*escaped).to_owned(), true, rest))
        }
        [provider, organization, name, rest @ ..] => {
            Some((format!("{provider}/{organization}/{name}"), false, rest))
        }
        _ => None,
    }
}

/// The login that belongs to the token, which comes in either of two headers.
fn actor(state: &State, request: &Request) -> Result<String, Answer> {
    let bearer = request
        .header("authorization")
        .and_then(|text| text.strip_prefix("Bearer "));
    let token = request.header("circle-token").or(bearer);
    let login = token.and_then(|token| state.tokens.get(token));
    login
        .cloned()
        .ok_or_else(|| message(401, "You must log in first."))
}

fn me(login: &str) -> Value {
    json!({
        "id": "c0ffee00-0000-4000-8000-000000000001",
        "login": login,
        "name": login,
        "avatar_url": "https://avatars.githubusercontent.com/u/1?v=4",
    })
}

fn accepted() -> Answer {
    message(202, "Accepted.")
}

/// A page of a list. The token for the next one means nothing to the client.
fn list(request: &Request, page_size: usize, all: Vec<Value>) -> Answered {
    let start = match request.query("page-token") {
        None => 0,
        Some(token) => {
            let number = token
                .strip_prefix("page-")
                .and_then(|number| number.parse().ok());
            number.ok_or_else(|| message(400, "Invalid page-token"))?
        }
    };
    let end = start + page_size;
    let next = (end < all.len()).then(|| format!("page-{end}"));
    let items: Vec<Value> = all.into_iter().skip(start).take(page_size).collect();
    Ok(Answer::json(
        200,
        &json!({ "items": items, "next_page_token": next }),
    ))
}
