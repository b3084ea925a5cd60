//! Running a pipeline once more, which is running each of its workflows once more: they get new ids, the pipeline does not.

use reqwest::StatusCode;
use serde_json::json;
use witbot_core::call::RerunRun;
use witbot_core::error::{Code, Error};
use witbot_core::ids::UnixMillis;
use witbot_core::limits;

use super::client::{self, Lost};
use super::slug::Slug;
use super::wire::{Workflow, WorkflowStatus};
use super::{Circleci, now, phase};

impl Circleci {
    pub(super) async fn run_again(&self, call: &RerunRun) -> Result<(), Error> {
        let slug = Slug::of(&call.project)?;
        let begun = now();
        let pipeline = self.pipeline(&slug, &call.run).await?;
        let workflows: Vec<Workflow> = self.all(&["pipeline", &call.run, "workflow"]).await?;
        let workflows = phase::latest(workflows);
        if !phase::status(&pipeline, &workflows, &[], "", now())
            .phase
            .finished()
        {
            return Err(Error::new(Code::Conflict, "The run is not over."));
        }
        let wanted = |workflow: &&Workflow| !call.only_failed || can_go_on(workflow);
        let again: Vec<&Workflow> = workflows.iter().filter(wanted).collect();
        if again.is_empty() {
            return Err(Error::new(
                Code::Conflict,
                "The run has nothing that could be run again.",
            ));
        }
        for workflow in again {
            match self.rerun_workflow(&workflow.id, call.only_failed).await {
                Ok(()) => {}
                Err(Lost::NotSent(error)) => return Err(error),
                Err(Lost::Perhaps(why)) => return self.after_lost_rerun(call, begun, &why).await,
            }
        }
        Ok(())
    }

    /// Whether a workflow was begun since then that takes the place of another one.
    pub(super) async fn runs_again(
        &self,
        call: &RerunRun,
        begun: UnixMillis,
    ) -> Result<bool, Error> {
        let slug = Slug::of(&call.project)?;
        self.pipeline(&slug, &call.run).await?;
        let workflows: Vec<Workflow> = self.all(&["pipeline", &call.run, "workflow"]).await?;
        let all = workflows.len();
        let latest = phase::latest(workflows);
        let skew_ms = u64::try_from(limits::CI_CLOCK_SKEW.as_millis()).unwrap_or(u64::MAX);
        let since = UnixMillis(begun.0.saturating_sub(skew_ms));
        Ok(latest.len() < all
            && latest.iter().any(|workflow| {
                workflow.created_at.is_some_and(|at| at >= since)
                    || !phase::terminal(workflow.status)
            }))
    }

    async fn rerun_workflow(&self, workflow: &str, only_failed: bool) -> Result<(), Lost> {
        client::plain_id(workflow).map_err(Lost::NotSent)?;
        let body = json!({ "from_failed": only_failed });
        let answer = self
            .client
            .post(&["workflow", workflow, "rerun"], &body)
            .await?;
        match answer.status {
            status if status.is_success() => Ok(()),
            StatusCode::BAD_REQUEST | StatusCode::CONFLICT => Err(Lost::NotSent(Error::new(
                Code::Conflict,
                format!(
                    "CircleCI does not run it again: {}.",
                    client::one_line(&answer.message())
                ),
            ))),
            status if status.is_server_error() => {
                Err(Lost::Perhaps(format!("error {}", status.as_u16())))
            }
            _ => Err(Lost::NotSent(answer.refusal())),
        }
    }

    /// The request was sent and its answer does not say what came of it.
    async fn after_lost_rerun(
        &self,
        call: &RerunRun,
        begun: UnixMillis,
        why: &str,
    ) -> Result<(), Error> {
        tokio::time::sleep(self.listed_within).await;
        match self.runs_again(call, begun).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::new(
                Code::Unavailable,
                format!("CircleCI failed ({why}) and runs nothing again. Try again in a while."),
            )),
            Err(_) => Err(Error::new(
                Code::InDoubt,
                format!(
                    "It is not known whether CircleCI runs it again ({why}). Look at its page before you try again."
                ),
            )),
        }
    }
}

/// Whether a workflow can go on from where it failed or was stopped.
fn can_go_on(workflow: &Workflow) -> bool {
    phase::has_failures(workflow) || workflow.status == WorkflowStatus::Canceled
}
