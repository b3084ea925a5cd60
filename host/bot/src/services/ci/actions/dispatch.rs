//! Starting a run, once: `workflow_dispatch`.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use witbot_core::call::TriggerRun;
use witbot_core::ci::{Parameter, Run, RunRequest};
use witbot_core::error::{Code, Error};
use witbot_core::ids::{CallId, Repository};
use witbot_core::limits;

use super::find::Search;
use super::wire::Dispatched;
use super::{Actions, repository};
use crate::services::ci::Found;
use crate::services::github::answer::Answer;
use crate::services::github::asked::Asked;
use crate::services::github::connection::{self, Unwritten};
use crate::services::github::path::encoded;

/// What asks for the id of the run. Older servers do not know it.
const WITH_DETAILS: &str = "return_run_details";

impl Actions {
    pub(super) async fn dispatch(&self, call: &TriggerRun, id: &CallId) -> Result<Run, Error> {
        let repository = repository(&call.project)?;
        let workflow = workflow(&call.request)?;
        let asked = Asked {
            action: format!("start the workflow `{workflow}` of {repository}"),
            thing: format!("workflow `{workflow}` in {repository}"),
        };
        let path = format!(
            "/repos/{repository}/actions/workflows/{}/dispatches",
            encoded(workflow)
        );
        let reference = self.reference(&repository, &call.request).await?;
        let body = json!({ "ref": reference, "inputs": inputs(&call.request, id)? });
        let begun = connection::now();
        let sent = self.send(&repository, &path, body, &asked).await;
        let search = Search::new(&call.request, id, begun);
        match sent {
            Ok(answer) if answer.status == StatusCode::OK => {
                match answer.read::<Dispatched>(&asked.thing) {
                    Ok(told) => Ok(Run {
                        id: told.workflow_run_id.to_string(),
                        number: None,
                        url: told.html_url,
                    }),
                    Err(_unreadable) => {
                        self.after(
                            &repository,
                            workflow,
                            &search,
                            "GitHub's answer could not be read",
                        )
                        .await
                    }
                }
            }
            Ok(answer) if answer.status.is_success() => {
                self.after(
                    &repository,
                    workflow,
                    &search.accepted(),
                    "GitHub accepted it without naming a run",
                )
                .await
            }
            Ok(answer) => Err(self.connection.refused(&answer, &asked)),
            Err(Unwritten::No(error)) => Err(error),
            Err(Unwritten::Perhaps(seen)) => {
                self.after(&repository, workflow, &search, &seen).await
            }
        }
    }

    /// Sends it, and asks for the id of the run where the server knows that. One that refuses the question for what it is has
    /// started nothing, and gets the request once more without it.
    async fn send(
        &self,
        repository: &Repository,
        path: &str,
        body: Value,
        asked: &Asked,
    ) -> Result<Answer, Unwritten> {
        let mut asking = body.clone();
        asking[WITH_DETAILS] = true.into();
        let sent = self.connection.post(repository, path, &asking, asked).await;
        match sent {
            Ok(answer)
                if answer.status.is_client_error()
                    && answer.refusal().message().contains(WITH_DETAILS) =>
            {
                self.connection.post(repository, path, &body, asked).await
            }
            sent => sent,
        }
    }

    /// The request was sent, and the run is not known: it is looked for. One that is not found is not said to be none:
    /// GitHub makes it some time after it took the request.
    async fn after(
        &self,
        repository: &Repository,
        workflow: &str,
        search: &Search<'_>,
        seen: &str,
    ) -> Result<Run, Error> {
        match self.until_listed(repository, workflow, search).await {
            Ok(Found::Run(run)) => Ok(run),
            Ok(Found::Nothing | Found::Doubt) => Err(Error::new(
                Code::InDoubt,
                format!(
                    "It is not known which run of `{workflow}` GitHub started in {repository}, if any: {seen}. Look at its page before you try again.{}",
                    search.hint()
                ),
            )),
            Err(error) => Err(Error::new(
                Code::InDoubt,
                format!(
                    "{seen}, and it cannot be asked whether `{workflow}` runs in {repository}. Look at its page before you try again. ({error})"
                ),
            )),
        }
    }

    /// The branch or tag; GitHub wants one.
    async fn reference(
        &self,
        repository: &Repository,
        request: &RunRequest,
    ) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Told {
            default_branch: String,
        }
        if let Some(given) = request.branch.as_ref().or(request.tag.as_ref()) {
            return Ok(given.clone());
        }
        let thing = format!("repository {repository}");
        let asked = Asked {
            action: format!("read {thing}"),
            thing,
        };
        let answer = self
            .connection
            .get(repository, &format!("/repos/{repository}"), &asked)
            .await?;
        Ok(answer.read::<Told>(&asked.thing)?.default_branch)
    }
}

/// The file of the workflow, or its number.
pub fn workflow(request: &RunRequest) -> Result<&str, Error> {
    let Some(workflow) = request.definition.as_deref() else {
        return Err(Error::invalid(
            "GitHub Actions needs a definition: the file of the workflow, such as `deploy.yml`.",
        ));
    };
    let plain = !matches!(workflow, "" | "." | "..") && !workflow.contains(['/', '\\']);
    if plain {
        return Ok(workflow);
    }
    Err(Error::invalid(
        "The definition is the name of the workflow's file alone, without its folder, such as `deploy.yml`.",
    ))
}

/// All inputs as texts, which GitHub turns into what the workflow declares.
fn inputs(request: &RunRequest, id: &CallId) -> Result<Map<String, Value>, Error> {
    let mut inputs = Map::new();
    for (name, value) in &request.parameters {
        let text = match value {
            Parameter::Text(text) => text.clone(),
            Parameter::Integer(number) => number.to_string(),
            Parameter::Boolean(yes) => yes.to_string(),
        };
        inputs.insert(name.clone(), text.into());
    }
    if let Some(name) = &request.correlate_by {
        inputs.insert(name.clone(), id.as_str().into());
    }
    let most = limits::ACTIONS_INPUTS_MAX;
    if inputs.len() > most {
        return Err(Error::invalid(format!(
            "GitHub Actions takes {most} inputs at most, and these are {}.",
            inputs.len()
        )));
    }
    Ok(inputs)
}
