//! Stopping a run.

use http::StatusCode;
use serde_json::Value;
use witbot_core::call::CancelRun;
use witbot_core::error::{Code, Error};

use super::{Actions, asked, repository, run_path};
use crate::services::github::connection::Unwritten;

impl Actions {
    pub(super) async fn stop(&self, call: &CancelRun) -> Result<(), Error> {
        let repository = repository(&call.project)?;
        let asked = asked("cancel", &repository, &call.run);
        let path = format!("{}/cancel", run_path(&repository, &call.run)?);
        match self
            .connection
            .post(&repository, &path, &Value::Null, &asked)
            .await
        {
            Ok(answer) if answer.status.is_success() => Ok(()),
            Ok(answer) if answer.status == StatusCode::CONFLICT => {
                Err(Error::new(Code::Conflict, "The run is over."))
            }
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
