//! The newest pipelines of a project.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use witbot_core::call::ListRuns;
use witbot_core::ci::RecentRun;
use witbot_core::error::Error;
use witbot_core::ids::UnixMillis;

use super::slug::Slug;
use super::wire::{Page, Pipeline, Workflow};
use super::{Circleci, now, phase};

/// How many pipelines are asked for their workflows at once: a list says nothing of how they stand.
const AT_ONCE: usize = 5;

impl Circleci {
    pub(super) async fn list(&self, call: &ListRuns) -> Result<Vec<RecentRun>, Error> {
        let slug = Slug::of(&call.project)?;
        let pipelines = self.newest(&slug, call.limit as usize).await?;
        let runs = pipelines
            .into_iter()
            .map(|pipeline| self.recent_run(&slug, pipeline));
        stream::iter(runs).buffered(AT_ONCE).try_collect().await
    }

    async fn newest(&self, slug: &Slug, limit: usize) -> Result<Vec<Pipeline>, Error> {
        let mut path = slug.path();
        path.push("pipeline");
        let mut pipelines: Vec<Pipeline> = Vec::new();
        let mut token = None;
        loop {
            let page: Page<Pipeline> = self.client.page(&path, token.as_deref()).await?;
            let is_empty = page.items.is_empty();
            pipelines.extend(page.items);
            token = page.next_page_token.filter(|token| !token.is_empty());
            if pipelines.len() >= limit || is_empty || token.is_none() {
                pipelines.truncate(limit);
                return Ok(pipelines);
            }
        }
    }

    async fn recent_run(&self, slug: &Slug, pipeline: Pipeline) -> Result<RecentRun, Error> {
        let workflows: Vec<Workflow> = self.all(&["pipeline", &pipeline.id, "workflow"]).await?;
        let phase = phase::phase(&pipeline, &phase::latest(workflows), now());
        let vcs = pipeline.vcs.as_ref();
        let title = vcs.and_then(|vcs| vcs.commit.as_ref()?.subject.clone());
        Ok(RecentRun {
            title: title.unwrap_or_default(),
            reference: vcs.and_then(|vcs| vcs.branch.clone().or_else(|| vcs.tag.clone())),
            commit: vcs.and_then(|vcs| vcs.revision.clone()),
            actor: pipeline.login().map(str::to_owned),
            phase,
            created_ms: pipeline.created_at.unwrap_or(UnixMillis(0)).0,
            run: self.run(slug, pipeline.id, pipeline.number),
        })
    }
}
