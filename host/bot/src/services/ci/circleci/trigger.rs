//! Starting a pipeline, once.

use reqwest::StatusCode;
use witbot_core::call::TriggerRun;
use witbot_core::ci::Run;
use witbot_core::error::{Code, Error};
use witbot_core::ids::{CallId, UnixMillis};

use super::client::{self, Lost};
use super::slug::Slug;
use super::wire::Started;
use super::{Circleci, now, request};
use crate::services::ci::Found;

impl Circleci {
    pub(super) async fn start(&self, call: &TriggerRun, id: &CallId) -> Result<Run, Error> {
        let slug = Slug::of(&call.project)?;
        let (path, body) = request::of(&slug, &call.request, id)?;
        let begun = now();
        let answer = match self.client.post(&path, &body).await {
            Ok(answer) => answer,
            Err(Lost::NotSent(error)) => return Err(error),
            Err(Lost::Perhaps(why)) => return self.after_loss(call, id, begun, &why, false).await,
        };
        match answer.status {
            status if status.is_success() => match answer.json::<Started>() {
                Ok(Started {
                    id: Some(id),
                    number,
                    ..
                }) => Ok(self.run(&slug, id, number)),
                // 200 instead of 201: CircleCI understood, and has reasons to start nothing, such as `[ci skip]`.
                Ok(Started {
                    message: Some(why), ..
                }) if status == StatusCode::OK => Err(Error::new(
                    Code::Conflict,
                    format!("CircleCI started nothing: {}.", client::one_line(&why)),
                )),
                Ok(_) | Err(_) => {
                    self.after_loss(call, id, begun, "an answer that is not understood", false)
                        .await
                }
            },
            status if status.is_server_error() => {
                // A gateway that gave up says nothing about the server behind it.
                let gateway = matches!(
                    status,
                    StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT
                );
                self.after_loss(
                    call,
                    id,
                    begun,
                    &format!("error {}", status.as_u16()),
                    !gateway,
                )
                .await
            }
            StatusCode::REQUEST_TIMEOUT => {
                self.after_loss(call, id, begun, "error 408", false).await
            }
            _ => Err(request::explained(answer.refusal(), &slug, &call.request)),
        }
    }

    /// The request was sent and its answer does not say what came of it: the pipeline is looked for. `refused`: the
    /// service itself said that it failed, so that no pipeline means that none was started.
    async fn after_loss(
        &self,
        call: &TriggerRun,
        id: &CallId,
        begun: UnixMillis,
        why: &str,
        refused: bool,
    ) -> Result<Run, Error> {
        match self.look_for(call, id, begun).await {
            Ok(Found::Run(run)) => Ok(run),
            Ok(Found::Nothing) if refused => Err(Error::new(
                Code::Unavailable,
                format!("CircleCI failed ({why}) and started nothing. Try again in a while."),
            )),
            Ok(Found::Nothing | Found::Doubt) | Err(_) => Err(Error::new(
                Code::InDoubt,
                format!(
                    "It is not known whether CircleCI started a pipeline of {} ({why}). Look at its page before you try again.",
                    call.project.name
                ),
            )),
        }
    }
}
