//! Stopping a pipeline, which is stopping each of its workflows.

use reqwest::StatusCode;
use witbot_core::call::CancelRun;
use witbot_core::error::{Code, Error};

use super::client::{self, Lost};
use super::slug::Slug;
use super::wire::Workflow;
use super::{Circleci, now, phase};

impl Circleci {
    pub(super) async fn stop(&self, call: &CancelRun) -> Result<(), Error> {
        let slug = Slug::of(&call.project)?;
        let run = call.run.as_str();
        let pipeline = self.pipeline(&slug, run).await?;
        let workflows: Vec<Workflow> = self.all(&["pipeline", run, "workflow"]).await?;
        let active = workflows
            .iter()
            .filter(|workflow| !phase::terminal(workflow.status));
        let (mut stopped, mut refusal) = (false, None);
        for workflow in active {
            match self.cancel_workflow(&workflow.id).await {
                Ok(()) => stopped = true,
                Err(error) => refusal = Some(error),
            }
        }
        match (stopped, refusal) {
            // A workflow that ends while it is being stopped is refused, and no harm done if another one was stopped.
            (_, Some(error)) if error.code != Code::Conflict => Err(error),
            (true, _) => Ok(()),
            (false, Some(error)) => Err(error),
            (false, None) if !phase::status(&pipeline, &phase::latest(workflows), &[], "", now()).phase.finished() => {
                Err(Error {
                    code: Code::Conflict,
                    message: "Nothing of the run is at work that could be stopped, and more may begin. Try again in some seconds.".to_owned(),
                    retry_after_ms: Some(2_000),
                })
            }
            (false, None) => Err(Error::new(Code::Conflict, "The run is over.")),
        }
    }

    async fn cancel_workflow(&self, workflow: &str) -> Result<(), Error> {
        client::plain_id(workflow)?;
        let answer = match self
            .client
            .post(&["workflow", workflow, "cancel"], &serde_json::json!({}))
            .await
        {
            Ok(answer) => answer,
            Err(Lost::NotSent(error)) => return Err(error),
            Err(Lost::Perhaps(why)) => {
                return Err(Error::new(
                    Code::Unavailable,
                    format!(
                        "CircleCI did not say whether it stops the run ({why}). It does no harm to try again."
                    ),
                ));
            }
        };
        match answer.status {
            status if status.is_success() => Ok(()),
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::CONFLICT => {
                Err(Error::new(
                    Code::Conflict,
                    format!(
                        "CircleCI does not stop the run: {}.",
                        client::one_line(&answer.message())
                    ),
                ))
            }
            _ => Err(answer.refusal()),
        }
    }
}
