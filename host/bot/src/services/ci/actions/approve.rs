//! Letting a run into an environment that waits for a reviewer.

use http::StatusCode;
use serde_json::json;
use witbot_core::call::ApproveRun;
use witbot_core::error::{Code, Error};

use super::{Actions, asked, repository, run_path, status};
use crate::services::github::connection::Unwritten;

impl Actions {
    pub(super) async fn give(&self, call: &ApproveRun) -> Result<(), Error> {
        let repository = repository(&call.project)?;
        let environment: u64 = call
            .approval
            .parse()
            .map_err(|_| Error::new(Code::NotFound, "The run has no such approval."))?;
        let pending = self.pending(&repository, &call.run).await?;
        if !status::approvals(&pending).any(|approval| approval.id == call.approval) {
            return Err(Error::new(
                Code::Conflict,
                "The run does not wait for this approval any more.",
            ));
        }
        let asked = asked("approve", &repository, &call.run);
        let path = format!("{}/pending_deployments", run_path(&repository, &call.run)?);
        let body = json!({ "environment_ids": [environment], "state": "approved", "comment": "Approved through witbot." });
        match self
            .connection
            .post(&repository, &path, &body, &asked)
            .await
        {
            Ok(answer) if answer.status.is_success() => Ok(()),
            Ok(answer) if answer.status == StatusCode::FORBIDDEN => {
                let mut error = self.connection.refused(&answer, &asked);
                if error.code == Code::Denied {
                    error.message.push_str(NEEDS_A_REVIEWER);
                }
                Err(error)
            }
            Ok(answer) if answer.status == StatusCode::UNPROCESSABLE_ENTITY => Err(Error::new(
                Code::Conflict,
                format!(
                    "GitHub does not take the approval: {}.{NEEDS_A_REVIEWER}",
                    answer.refusal().message()
                ),
            )),
            Ok(answer) => Err(self.connection.refused(&answer, &asked)),
            Err(Unwritten::No(error)) => Err(error),
            Err(Unwritten::Perhaps(seen)) => Err(Error::new(
                Code::Unavailable,
                format!(
                    "{seen} when asked to {}. It does no harm to try again.",
                    asked.action
                ),
            )),
        }
    }
}

/// <https://docs.github.com/en/rest/actions/workflow-runs>: only required reviewers can review.
const NEEDS_A_REVIEWER: &str = " GitHub takes approvals from the reviewers of the environment alone: the bot needs the token of a person (GITHUB_TOKEN) who is one of them; an app cannot be.";
