//! CircleCI, by version 2 of its API.
//!
//! A pipeline is what plugins call a run. It has any number of workflows, and each of them has jobs. A pipeline id is
//! good for all projects that the bot's token can see: so each answer is checked for belonging to the project that was
//! granted.

mod approve;
mod cancel;
mod candidates;
mod client;
mod find;
mod phase;
mod recent;
mod request;
mod rerun;
mod slug;
mod trigger;
mod wire;

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::OnceCell;
use witbot_core::call::{ApproveRun, CancelRun, ListRuns, RerunRun, TriggerRun};
use witbot_core::ci::{Project, RecentRun, Run, RunStatus};
use witbot_core::error::{Code, Error};
use witbot_core::ids::{CallId, UnixMillis};
use witbot_core::limits;

use self::client::Client;
use self::slug::Slug;
use self::wire::{Job, Page, Pipeline, Workflow};
use super::{Answer, CiProvider, Found};
use crate::metrics::Metrics;
use crate::secret::Secret;

/// The bot's way to CircleCI.
pub struct Circleci {
    client: Client,
    /// How the bot is called there: asked once.
    login: OnceCell<String>,
    /// How soon a pipeline that was asked for is listed.
    listed_within: Duration,
}

impl Circleci {
    /// Speaks to the service at this address, with or without `/api/v2`. Asks nothing yet.
    pub fn new(api_url: &str, token: Secret, metrics: &Metrics) -> anyhow::Result<Circleci> {
        let client = Client::new(api_url, &token, metrics)?;
        Ok(Circleci {
            client,
            login: OnceCell::new(),
            listed_within: limits::CI_LISTED_WITHIN,
        })
    }

    async fn read_status(&self, project: &Project, run: &str) -> Result<RunStatus, Error> {
        let slug = Slug::of(project)?;
        let pipeline = self.pipeline(&slug, run).await?;
        let workflows: Vec<Workflow> = self.all(&["pipeline", run, "workflow"]).await?;
        let workflows = phase::latest(workflows);
        let mut told = Vec::new();
        for workflow in workflows
            .iter()
            .filter(|workflow| phase::has_failures(workflow) || phase::on_hold(workflow))
        {
            let jobs: Vec<Job> = self.all(&["workflow", &workflow.id, "job"]).await?;
            told.extend(
                jobs.into_iter()
                    .filter(|job| phase::failed(job) || phase::approval(job).is_some())
                    .map(|job| (workflow.id.clone(), job)),
            );
        }
        let page = self.client.page_url(&slug, pipeline.number);
        Ok(phase::status(&pipeline, &workflows, &told, &page, now()))
    }

    /// A pipeline, if it is one of this project.
    async fn pipeline(&self, slug: &Slug, run: &str) -> Result<Pipeline, Error> {
        client::plain_id(run)?;
        let pipeline: Pipeline = self.client.get(&["pipeline", run]).await?;
        if pipeline
            .project_slug
            .as_deref()
            .is_some_and(|other| slug.is(other))
        {
            return Ok(pipeline);
        }
        tracing::warn!(run, wanted = %slug, found = pipeline.project_slug, "a run of another project was asked for");
        Err(Error::new(
            Code::NotFound,
            format!("{slug} has no run {run}."),
        ))
    }

    /// All pages of a list.
    async fn all<T: serde::de::DeserializeOwned>(&self, path: &[&str]) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        let mut token = None;
        for _ in 0..limits::CI_PAGES_MAX {
            let page: Page<T> = self.client.page(path, token.as_deref()).await?;
            items.extend(page.items);
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(items);
            }
        }
        let pages = limits::CI_PAGES_MAX;
        Err(Error::new(
            Code::Unavailable,
            format!(
                "CircleCI lists more than {pages} pages of {}.",
                path.join("/")
            ),
        ))
    }

    fn run(&self, slug: &Slug, id: String, number: Option<u64>) -> Run {
        Run {
            id,
            number,
            url: self.client.page_url(slug, number),
        }
    }
}

impl CiProvider for Circleci {
    fn trigger<'a>(&'a self, call: &'a TriggerRun, id: &'a CallId) -> Answer<'a, Run> {
        Box::pin(self.start(call, id))
    }

    fn find<'a>(
        &'a self,
        call: &'a TriggerRun,
        id: &'a CallId,
        begun: UnixMillis,
    ) -> Answer<'a, Found> {
        Box::pin(self.look_for(call, id, begun))
    }

    fn recent<'a>(&'a self, call: &'a ListRuns) -> Answer<'a, Vec<RecentRun>> {
        Box::pin(self.list(call))
    }

    fn status<'a>(&'a self, project: &'a Project, run: &'a str) -> Answer<'a, RunStatus> {
        Box::pin(self.read_status(project, run))
    }

    fn cancel<'a>(&'a self, call: &'a CancelRun) -> Answer<'a, ()> {
        Box::pin(self.stop(call))
    }

    fn rerun<'a>(&'a self, call: &'a RerunRun) -> Answer<'a, ()> {
        Box::pin(self.run_again(call))
    }

    fn find_rerun<'a>(&'a self, call: &'a RerunRun, begun: UnixMillis) -> Answer<'a, bool> {
        Box::pin(self.runs_again(call, begun))
    }

    fn approve<'a>(&'a self, call: &'a ApproveRun) -> Answer<'a, ()> {
        Box::pin(self.give(call))
    }
}

fn now() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis(since.as_millis().try_into().unwrap_or(u64::MAX))
}
