//! Giving an approval that a pipeline waits for.

use reqwest::StatusCode;
use witbot_core::call::ApproveRun;
use witbot_core::error::{Code, Error};

use super::client::{self, Lost};
use super::slug::Slug;
use super::wire::{Job, Workflow};
use super::{Circleci, phase};

impl Circleci {
    /// The approval is looked for in the pipeline: its id alone would be good for any project that the token can see.
    pub(super) async fn give(&self, call: &ApproveRun) -> Result<(), Error> {
        let slug = Slug::of(&call.project)?;
        self.pipeline(&slug, &call.run).await?;
        client::plain_id(&call.approval)?;
        let workflows: Vec<Workflow> = self.all(&["pipeline", &call.run, "workflow"]).await?;
        for workflow in phase::latest(workflows) {
            let jobs: Vec<Job> = self.all(&["workflow", &workflow.id, "job"]).await?;
            let wanted =
                |job: &&Job| job.approval_request_id.as_deref() == Some(call.approval.as_str());
            match jobs.iter().find(wanted) {
                Some(job) if phase::approval(job).is_some() => {
                    return self.approve_job(&workflow.id, &call.approval).await;
                }
                Some(job) => return Err(waits_no_more(&job.name)),
                None => {}
            }
        }
        Err(Error::new(
            Code::NotFound,
            "The run has no such approval.".to_owned(),
        ))
    }

    async fn approve_job(&self, workflow: &str, approval: &str) -> Result<(), Error> {
        client::plain_id(workflow)?;
        let path = ["workflow", workflow, "approve", approval];
        match self.client.post(&path, &serde_json::json!({})).await {
            Ok(answer) if answer.status.is_success() => Ok(()),
            Ok(answer)
                if matches!(
                    answer.status,
                    StatusCode::BAD_REQUEST | StatusCode::CONFLICT
                ) =>
            {
                Err(Error::new(
                    Code::Conflict,
                    format!(
                        "CircleCI does not take the approval: {}.",
                        client::one_line(&answer.message())
                    ),
                ))
            }
            Ok(answer) => Err(answer.refusal()),
            Err(Lost::NotSent(error)) => Err(error),
            Err(Lost::Perhaps(why)) => Err(Error::new(
                Code::Unavailable,
                format!(
                    "CircleCI did not say whether it took the approval ({why}). It does no harm to try again."
                ),
            )),
        }
    }
}

fn waits_no_more(name: &str) -> Error {
    Error::new(
        Code::Conflict,
        format!(
            "The run does not wait for `{}` any more.",
            client::one_line(name)
        ),
    )
}
