//! The services outside, and which of them a call is for.

pub mod ci;
pub mod github;
pub mod web;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use witbot_core::call;
use witbot_core::call::Operation;
use witbot_core::ci::Provider;
use witbot_core::error::{Code, Error};
use witbot_core::event::{Body, Event, Source};
use witbot_core::grants::Grants;
use witbot_core::ids::{CallId, UnixMillis};
use witbot_core::journal::Outcome;
use witbot_core::limits;
use witbot_engine::Found;

use crate::clock;

use self::ci::CiProvider;
use self::github::Github;
use self::web::Web;

const GITHUB_HINT: &str = "the bot has no credentials for GitHub: its operator has to set GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY";

/// All services that are set up.
pub struct Services {
    /// None: there are no credentials.
    pub github: Option<Github>,
    /// Those for which there are credentials.
    pub ci: BTreeMap<Provider, Arc<dyn CiProvider>>,
    /// Anything on the web.
    pub web: Web,
}

impl Services {
    /// Performs a read or an effect. An effect carries `id` as its mark, where the service has a place for one.
    pub async fn perform(
        &self,
        operation: &Operation,
        id: &CallId,
        grants: &Arc<Grants>,
    ) -> Outcome {
        match self.answer(operation, id, grants).await {
            Ok(value) => Outcome::Ok(value),
            Err(error) => Outcome::Error(error),
        }
    }

    async fn answer(
        &self,
        operation: &Operation,
        id: &CallId,
        grants: &Arc<Grants>,
    ) -> Result<Value, Error> {
        match operation {
            Operation::ResolveReference(call) => json(self.github(grants)?.resolve(call).await?),
            Operation::ReadCommit(call) => json(self.github(grants)?.commit(call).await?),
            Operation::ReadDefaultBranch(call) => {
                json(self.github(grants)?.default_branch(call).await?)
            }
            Operation::ListBranches(call) => json(self.github(grants)?.branches(call).await?),
            Operation::Merge(call) => json(self.github(grants)?.merge(call, id).await?),
            Operation::ReadChecks(call) => json(self.github(grants)?.checks(call).await?),
            Operation::Compare(call) => json(self.github(grants)?.compare(call).await?),
            Operation::CreateDeployment(call) => {
                json(self.github(grants)?.create_deployment(call, id).await?)
            }
            Operation::ReadDeployment(call) => json(self.github(grants)?.deployment(call).await?),
            Operation::ListDeployments(call) => json(self.github(grants)?.deployments(call).await?),
            Operation::ReadDeploymentStatus(call) => {
                json(self.github(grants)?.deployment_status(call).await?)
            }
            Operation::AddDeploymentStatus(call) => {
                json(self.github(grants)?.add_deployment_status(call, id).await?)
            }
            Operation::TriggerRun(call) => json(
                self.ci(call.project.provider, grants)?
                    .trigger(call, id)
                    .await?,
            ),
            Operation::ListRuns(call) => {
                json(self.ci(call.project.provider, grants)?.recent(call).await?)
            }
            Operation::ReadRun(call) => json(
                self.ci(call.project.provider, grants)?
                    .status(&call.project, &call.run)
                    .await?,
            ),
            Operation::CancelRun(call) => {
                json(self.ci(call.project.provider, grants)?.cancel(call).await?)
            }
            Operation::RerunRun(call) => {
                json(self.ci(call.project.provider, grants)?.rerun(call).await?)
            }
            Operation::ApproveRun(call) => json(
                self.ci(call.project.provider, grants)?
                    .approve(call)
                    .await?,
            ),
            other => Err(Error::invalid(format!(
                "{} is not done by a service",
                other.name()
            ))),
        }
    }

    /// Looks for an effect that was begun and perhaps performed. A service that cannot be asked is asked again a few
    /// times: who gives up here says "in doubt" for ever.
    pub async fn find(
        &self,
        operation: &Operation,
        id: &CallId,
        begun: UnixMillis,
        grants: &Arc<Grants>,
    ) -> Found {
        let mut pauses = limits::FIND_PAUSES.iter();
        loop {
            let error = match self.found(operation, id, begun, grants).await {
                Ok(found) => return found,
                Err(error) => error,
            };
            tracing::warn!("{} of {id} cannot be looked up: {error}", operation.name());
            match pauses.next() {
                Some(pause) if error.is_transient() => tokio::time::sleep(*pause).await,
                Some(_) | None => return Found::Unknown,
            }
        }
    }

    async fn found(
        &self,
        operation: &Operation,
        id: &CallId,
        begun: UnixMillis,
        grants: &Arc<Grants>,
    ) -> Result<Found, Error> {
        match operation {
            Operation::Merge(call) => Ok(happened(
                self.github(grants)?.find_merge(call, begun).await?,
            )),
            Operation::CreateDeployment(call) => {
                let github = self.github(grants)?;
                let found = listed(begun, || github.find_deployment(call, id)).await?;
                Ok(happened(found))
            }
            Operation::AddDeploymentStatus(call) => {
                let github = self.github(grants)?;
                let found = listed(begun, || github.find_deployment_status(call, begun)).await?;
                Ok(happened(found))
            }
            Operation::TriggerRun(call) => Ok(
                match self
                    .ci(call.project.provider, grants)?
                    .find(call, id, begun)
                    .await?
                {
                    ci::Found::Run(run) => Found::Happened(Outcome::of(Ok(run))),
                    ci::Found::Nothing => Found::Nothing,
                    ci::Found::Doubt => Found::Unknown,
                },
            ),
            Operation::RerunRun(call) => {
                let runs = self.ci(call.project.provider, grants)?;
                Ok(happened(runs.find_rerun(call, begun).await?.then_some(())))
            }
            // Asking twice for the end of a run, or giving an approval twice, does no harm.
            Operation::CancelRun(_) | Operation::ApproveRun(_) => Ok(Found::Nothing),
            // Nobody can ask a stranger whether a request had come.
            Operation::HttpSend(_) => Ok(Found::Unknown),
            // A new effect belongs above, with the way in which it is found again.
            other => Err(Error::invalid(format!(
                "{} is not an effect at a service",
                other.name()
            ))),
        }
    }

    /// Looks once whether a wait is over.
    pub async fn look(
        &self,
        operation: &Operation,
        grants: &Arc<Grants>,
    ) -> Result<Option<Value>, Error> {
        match operation {
            Operation::AwaitDeploymentStatus(call) => self
                .github(grants)?
                .next_deployment_status(call)
                .await?
                .map(json)
                .transpose(),
            Operation::AwaitRun(call) => {
                let status = self
                    .ci(call.project.provider, grants)?
                    .status(&call.project, &call.run)
                    .await?;
                (status.phase.as_str() != call.past)
                    .then(|| json(status))
                    .transpose()
            }
            _ => Ok(None),
        }
    }

    fn github(&self, grants: &Arc<Grants>) -> Result<Github, Error> {
        self.github
            .as_ref()
            .map(|github| github.for_plugin(grants))
            .ok_or_else(|| Error::new(Code::Unavailable, GITHUB_HINT))
    }

    fn ci(&self, provider: Provider, grants: &Arc<Grants>) -> Result<Arc<dyn CiProvider>, Error> {
        let hint = match provider {
            Provider::Circleci => {
                "the bot has no credentials for CircleCI: its operator has to set CIRCLECI_TOKEN"
            }
            Provider::GithubActions => GITHUB_HINT,
        };
        let service = self.ci.get(&provider);
        service
            .map(|service| {
                service
                    .for_plugin(grants)
                    .unwrap_or_else(|| service.clone())
            })
            .ok_or_else(|| Error::new(Code::Unavailable, hint))
    }
}

/// The keys of the waits that an event is news for.
pub fn wait_keys(event: &Event) -> Vec<String> {
    let Body::Webhook(hook) = &event.body else {
        return Vec::new();
    };
    let mut keys = vec![call::event_key(&hook.kind, &hook.subject)];
    match event.source {
        Source::Console
        | Source::Slack
        | Source::Webhook
        | Source::Schedule
        | Source::Reload
        | Source::Topic => {}
        Source::Github => {
            let deployment = hook.body.pointer("/deployment/id").and_then(Value::as_u64);
            keys.extend(deployment.map(|id| call::deployment_key(&hook.subject, id)));
            let run = ["/workflow_run/id", "/workflow_job/run_id"];
            let run = run.iter().find_map(|at| hook.body.pointer(at)?.as_u64());
            keys.extend(run.map(|id| call::run_key(Provider::GithubActions, &id.to_string())));
        }
        Source::Circleci => {
            let pipeline = hook.body.pointer("/pipeline/id").and_then(Value::as_str);
            keys.extend(pipeline.map(|id| call::run_key(Provider::Circleci, id)));
        }
    }
    keys
}

fn json<T: serde::Serialize>(answer: T) -> Result<Value, Error> {
    serde_json::to_value(answer)
        .map_err(|error| Error::invalid(format!("the answer cannot be recorded: {error}")))
}

/// Looks for something that was begun at some time, and once more when it may not be listed yet.
async fn listed<T, F>(begun: UnixMillis, look: impl Fn() -> F) -> Result<Option<T>, Error>
where
    F: Future<Output = Result<Option<T>, Error>>,
{
    let found = look().await?;
    let listed = begun.plus_ms(limits::GITHUB_LISTED_WITHIN.as_millis() as u64);
    // No longer than that, whatever became of the clock.
    let left = listed.0.saturating_sub(clock::now().0);
    let left = Duration::from_millis(left).min(limits::GITHUB_LISTED_WITHIN);
    if found.is_some() || left.is_zero() {
        return Ok(found);
    }
    tokio::time::sleep(left).await;
    look().await
}

fn happened<T: serde::Serialize>(found: Option<T>) -> Found {
    match found {
        Some(answer) => Found::Happened(Outcome::of(Ok(answer))),
        None => Found::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use witbot_core::event::Webhook;

    use super::*;

    #[test]
    fn news_of_a_run_wake_who_waits_for_it() {
        let keys = |kind: &str, body: Value| {
            wait_keys(&Event {
                source: Source::Github,
                key: "1".to_owned(),
                received: UnixMillis(0),
                body: Body::Webhook(Webhook {
                    kind: kind.to_owned(),
                    subject: "acme/api".to_owned(),
                    body,
                    depth: 0,
                }),
            })
        };
        for (kind, body) in [
            (
                "github.workflow_run",
                json!({"workflow_run": {"id": 5_000_000_001_u64}}),
            ),
            (
                "github.workflow_job",
                json!({"workflow_job": {"id": 1, "run_id": 5_000_000_001_u64}}),
            ),
        ] {
            let expected = call::run_key(Provider::GithubActions, "5000000001");
            assert!(keys(kind, body).contains(&expected), "{kind}");
        }
        let of_deployment = keys("github.deployment", json!({"deployment": {"id": 7}}));
        assert_eq!(of_deployment.len(), 2, "{of_deployment:?}");
    }
}
