//! Which request does what with GitHub Actions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::Shared;
use super::super::body::Fields;
use super::super::json::refusal;
use super::super::page::page;
use super::super::repository::Repository;
use super::json::{environment_id, run_page};
use super::{WorkflowRun, events};
use crate::fakes::clock::seconds;
use crate::fakes::ids::Ids;
use crate::fakes::request::{Answer, Request};

type Answered = Result<Answer, Answer>;

/// The most inputs that a dispatch takes.
const INPUTS_MAX: usize = 25;

impl Shared {
    pub(in crate::fakes::github) fn read_actions(
        &self,
        repository: &Repository,
        request: &Request,
        rest: &[&str],
    ) -> Answered {
        let writer = self.writer();
        match rest {
            ["workflows", file, "runs"] => {
                repository.workflow(file)?;
                let since = request
                    .query("created")
                    .and_then(|text| text.strip_prefix(">="))
                    .unwrap_or_default();
                let runs = repository.actions.runs.iter().rev();
                let runs =
                    runs.filter(|run| run.file == *file && seconds(run.created).as_str() >= since);
                let all: Vec<Value> = runs
                    .map(|run| writer.workflow_run(repository, run))
                    .collect();
                let total = all.len();
                let path = format!(
                    "/repositories/{}/actions/workflows/{file}/runs",
                    repository.id
                );
                let shown = page(request, &self.url, &path, all);
                let body = json!({ "total_count": total, "workflow_runs": shown.items });
                Ok(shown.link(Answer::json(200, &body)))
            }
            ["runs"] => {
                let runs = repository.actions.runs.iter().rev();
                let all: Vec<Value> = runs
                    .map(|run| writer.workflow_run(repository, run))
                    .collect();
                let total = all.len();
                let path = format!("/repositories/{}/actions/runs", repository.id);
                let shown = page(request, &self.url, &path, all);
                let body = json!({ "total_count": total, "workflow_runs": shown.items });
                Ok(shown.link(Answer::json(200, &body)))
            }
            ["runs", id] => Ok(Answer::json(
                200,
                &writer.workflow_run(repository, repository.run(id)?),
            )),
            ["runs", id, "jobs"] => {
                let run = repository.run(id)?;
                let jobs: Vec<Value> = run
                    .jobs
                    .iter()
                    .map(|job| writer.workflow_job(repository, run, job))
                    .collect();
                Ok(Answer::json(
                    200,
                    &json!({ "total_count": jobs.len(), "jobs": jobs }),
                ))
            }
            ["runs", id, "pending_deployments"] => {
                let run = repository.run(id)?;
                let waiting = run.jobs.iter().filter(|job| job.status == "waiting");
                let environments = waiting.filter_map(|job| job.environment.as_deref());
                let pending = environments.map(|name| {
                    let reviewers = repository.actions.reviewers.get(name).into_iter().flatten();
                    let reviewers = reviewers.map(|login| json!({ "type": "User", "reviewer": writer.user(login) }));
                    json!({
                        "environment": { "id": environment_id(name), "name": name, "html_url": run_page(repository, run) },
                        "wait_timer": 0,
                        "wait_timer_started_at": null,
                        "current_user_can_approve": true,
                        "reviewers": reviewers.collect::<Vec<Value>>(),
                    })
                });
                Ok(Answer::json(200, &json!(pending.collect::<Vec<Value>>())))
            }
            _ => Err(refusal(404, "Not Found")),
        }
    }

    pub(in crate::fakes::github) fn write_actions(
        &self,
        (repository, ids): (&mut Repository, &mut Ids),
        login: &str,
        request: &Request,
        rest: &[&str],
    ) -> Answered {
        match rest {
            ["workflows", file, "dispatches"] => {
                self.dispatched((repository, ids), login, request, file)
            }
            ["runs", id, "cancel"] => {
                let run = repository.run_mut(id)?;
                if run.is_over() {
                    return Err(refusal(
                        409,
                        "Cannot cancel a workflow run that is completed.",
                    ));
                }
                run.cancel = true;
                Ok(Answer::json(202, &json!({})))
            }
            ["runs", id, how @ ("rerun" | "rerun-failed-jobs")] => {
                let run = repository.run_mut(id)?;
                if !run.is_over() {
                    return Err(refusal(403, "This workflow is already running"));
                }
                run.again(*how == "rerun-failed-jobs", ids);
                let run = run.clone();
                for parcel in events::made(self.writer(), ids, repository, &run) {
                    self.hooks.post(parcel);
                }
                Ok(Answer::json(201, &json!({})))
            }
            ["runs", id, "pending_deployments"] => {
                approve(repository, id, login, &Fields::read(request)?)
            }
            _ => Err(refusal(404, "Not Found")),
        }
    }

    fn dispatched(
        &self,
        (repository, ids): (&mut Repository, &mut Ids),
        login: &str,
        request: &Request,
        file: &str,
    ) -> Answered {
        let fields = Fields::read(request)?;
        let reference = fields.required_text("ref")?;
        let tells = fields.flag("return_run_details", false)?;
        if repository.actions.older && fields.value("return_run_details").is_some() {
            let text = "Invalid request.\n\n\"return_run_details\" is not a permitted key.";
            return Err(refusal(422, text));
        }
        repository.workflow(file)?;
        let inputs: BTreeMap<String, String> = match fields
            .value("inputs")
            .map(|inputs| serde_json::from_value(inputs.clone()))
        {
            None => BTreeMap::new(),
            Some(Ok(inputs)) => inputs,
            Some(Err(_)) => return Err(refusal(422, "Invalid value for input")),
        };
        let known = &repository.workflow(file)?.inputs;
        let unknown: Vec<&String> = inputs.keys().filter(|name| !known.contains(name)).collect();
        if !unknown.is_empty() || inputs.len() > INPUTS_MAX {
            return Err(refusal(
                422,
                &format!("Unexpected inputs provided: {unknown:?}"),
            ));
        }
        if repository.actions.lose > 0 {
            repository.actions.lose -= 1;
            return Ok(answer_to_dispatch(repository, ids.number(), tells));
        }
        let run = repository.begin_run(ids, file, &reference, inputs, login)?;
        for parcel in events::made(self.writer(), ids, repository, &run) {
            self.hooks.post(parcel);
        }
        Ok(answer_to_dispatch(repository, run.id, tells))
    }
}

fn answer_to_dispatch(repository: &Repository, id: u64, tells: bool) -> Answer {
    if !tells {
        return Answer::empty(204);
    }
    let page = format!(
        "https://github.com/{}/actions/runs/{id}",
        repository.full_name()
    );
    let body = json!({ "workflow_run_id": id, "run_url": page, "html_url": page });
    Answer::json(200, &body)
}

/// Apps cannot be reviewers, and other people are none.
fn approve(repository: &mut Repository, id: &str, login: &str, fields: &Fields) -> Answered {
    let wanted = fields
        .value("environment_ids")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    fields.required_text("comment")?;
    if fields.required_text("state")? != "approved" {
        return Err(refusal(422, "the stand-in knows approvals only"));
    }
    if login.ends_with("[bot]") {
        return Err(refusal(403, "Resource not accessible by integration"));
    }
    let reviewers = repository.actions.reviewers.clone();
    let run = repository.run_mut(id)?;
    let mut given = false;
    for job in run.jobs.iter_mut().filter(|job| job.status == "waiting") {
        let name = job.environment.clone().unwrap_or_default();
        let may = reviewers
            .get(&name)
            .is_some_and(|logins| logins.iter().any(|other| other == login));
        if wanted.contains(&json!(environment_id(&name))) && may {
            job.approved = true;
            job.status = "in_progress".to_owned();
            given = true;
        }
    }
    if !given {
        let text = "Can not review deployments, because there is no pending deployment, or you are not a required reviewer.";
        return Err(refusal(422, text));
    }
    run.status = "in_progress".to_owned();
    Ok(Answer::json(200, &json!([])))
}

impl Repository {
    fn workflow(&self, file: &str) -> Result<&super::WorkflowFile, Answer> {
        let found = self
            .actions
            .files
            .iter()
            .find(|workflow| workflow.name == file);
        found.ok_or_else(|| refusal(404, "Not Found"))
    }

    pub(super) fn begin_run(
        &mut self,
        ids: &mut Ids,
        file: &str,
        reference: &str,
        inputs: BTreeMap<String, String>,
        actor: &str,
    ) -> Result<WorkflowRun, Answer> {
        let sha = self.resolve(reference).map(|commit| commit.sha.clone());
        let sha = sha.ok_or_else(|| refusal(422, &format!("No ref found for: {reference}")))?;
        let workflow = self
            .actions
            .files
            .iter_mut()
            .find(|workflow| workflow.name == file);
        let workflow = workflow.ok_or_else(|| refusal(404, "Not Found"))?;
        let run = workflow.begin(ids, (reference, &sha), inputs, actor);
        self.actions.runs.push(run.clone());
        Ok(run)
    }

    fn run(&self, id: &str) -> Result<&WorkflowRun, Answer> {
        let found = self
            .actions
            .runs
            .iter()
            .find(|run| run.id.to_string() == id);
        found.ok_or_else(|| refusal(404, "Not Found"))
    }

    fn run_mut(&mut self, id: &str) -> Result<&mut WorkflowRun, Answer> {
        let found = self
            .actions
            .runs
            .iter_mut()
            .find(|run| run.id.to_string() == id);
        found.ok_or_else(|| refusal(404, "Not Found"))
    }
}
