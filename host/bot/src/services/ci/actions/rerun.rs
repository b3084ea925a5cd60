//! Running a run once more. It keeps its id, and counts its attempts.

use serde_json::json;
use tokio::time::{Instant, sleep};
use witbot_core::call::RerunRun;
use witbot_core::error::{Code, Error};
use witbot_core::ids::UnixMillis;
use witbot_core::limits;

use super::wire::Conclusion;
use super::{Actions, asked, repository, run_path, status};
use crate::services::github::connection::{self, Unwritten};
use crate::services::github::settle;

impl Actions {
    pub(super) async fn run_again(&self, call: &RerunRun) -> Result<(), Error> {
        let repository = repository(&call.project)?;
        let run = self.run(&repository, &call.run).await?;
        if !status::is_over(&run) {
            return Err(Error::new(Code::Conflict, "The run is not over."));
        }
        if call.only_failed && run.conclusion == Some(Conclusion::Success) {
            return Err(Error::new(Code::Conflict, "Nothing of the run has failed."));
        }
        let how = match call.only_failed {
            true => "rerun-failed-jobs",
            false => "rerun",
        };
        let asked = asked("run once more", &repository, &call.run);
        let path = format!("{}/{how}", run_path(&repository, &call.run)?);
        let begun = connection::now();
        match self
            .connection
            .post(&repository, &path, &json!({}), &asked)
            .await
        {
            Ok(answer) if answer.status.is_success() => {
                self.until_begun(call, run.run_attempt).await
            }
            Ok(answer) => Err(self.connection.refused(&answer, &asked)),
            Err(Unwritten::No(error)) => Err(error),
            Err(Unwritten::Perhaps(seen)) => {
                let find = async { Ok(self.runs_again(call, begun).await?.then_some(())) };
                settle(&self.connection, &seen, &asked, find).await
            }
        }
    }

    /// GitHub tells of the attempt before for a moment yet: whoever looks at that would take it for the end. When it goes on
    /// doing so, it was accepted all the same.
    async fn until_begun(&self, call: &RerunRun, before: u64) -> Result<(), Error> {
        let repository = repository(&call.project)?;
        let end = Instant::now() + self.listed_within;
        loop {
            match self.run(&repository, &call.run).await {
                Ok(run) if run.run_attempt > before => return Ok(()),
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, run = call.run, "it cannot be seen whether it runs again")
                }
            }
            if Instant::now() + self.listed_pause > end {
                return Ok(());
            }
            sleep(self.listed_pause).await;
        }
    }

    /// Whether a later attempt was begun since then.
    pub(super) async fn runs_again(
        &self,
        call: &RerunRun,
        begun: UnixMillis,
    ) -> Result<bool, Error> {
        let run = self.run(&repository(&call.project)?, &call.run).await?;
        let skew_ms = u64::try_from(limits::GITHUB_CLOCK_SKEW_MAX.as_millis()).unwrap_or(u64::MAX);
        Ok(run.run_attempt > 1 && run.run_started_at >= begun.minus_ms(skew_ms))
    }
}
