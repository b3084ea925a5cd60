//! Looking for the pipeline that a call may have started.

use std::time::Duration;

use witbot_core::call::TriggerRun;
use witbot_core::error::Error;
use witbot_core::ids::{CallId, UnixMillis};
use witbot_core::limits;

use super::candidates::Search;
use super::slug::Slug;
use super::wire::{Page, Pipeline, User};
use super::{Circleci, now};
use crate::services::ci::Found;

impl Circleci {
    /// Looks for a pipeline. That there is none counts only when CircleCI had the time to list it.
    pub(super) async fn look_for(
        &self,
        call: &TriggerRun,
        id: &CallId,
        begun: UnixMillis,
    ) -> Result<Found, Error> {
        let found = self.look_once(call, id, begun).await?;
        let listed = begun.plus_ms(
            self.listed_within
                .as_millis()
                .try_into()
                .unwrap_or(u64::MAX),
        );
        let wait = Duration::from_millis(listed.0.saturating_sub(now().0)).min(self.listed_within);
        if found != Found::Nothing || wait.is_zero() {
            return Ok(found);
        }
        tokio::time::sleep(wait).await;
        self.look_once(call, id, begun).await
    }

    async fn look_once(
        &self,
        call: &TriggerRun,
        id: &CallId,
        begun: UnixMillis,
    ) -> Result<Found, Error> {
        let slug = Slug::of(&call.project)?;
        let search = Search::new(&call.request, id, begun);
        let (pipelines, all) = self.pipelines_since(&slug, &search).await?;
        if let Some(pipeline) = search.marked(&pipelines) {
            return Ok(Found::Run(self.run(
                &slug,
                pipeline.id.clone(),
                pipeline.number,
            )));
        }
        let mut alike = search.alike(&pipelines);
        if alike.iter().any(|pipeline| pipeline.login().is_some()) {
            let login = self.login().await?;
            alike.retain(|pipeline| {
                pipeline
                    .login()
                    .is_none_or(|other| other.eq_ignore_ascii_case(login))
            });
        }
        match alike.as_slice() {
            [] if all => Ok(Found::Nothing),
            [one] if all => Ok(Found::Run(self.run(&slug, one.id.clone(), one.number))),
            _ => Ok(Found::Doubt),
        }
    }

    /// The project's pipelines, newest first, back to where the search begins; and whether these are all.
    async fn pipelines_since(
        &self,
        slug: &Slug,
        search: &Search<'_>,
    ) -> Result<(Vec<Pipeline>, bool), Error> {
        let mut path = slug.path();
        path.push("pipeline");
        let mut pipelines = Vec::new();
        let mut token = None;
        for _ in 0..limits::CI_PAGES_MAX {
            let page: Page<Pipeline> = self.client.page(&path, token.as_deref()).await?;
            let past = !page.items.is_empty()
                && page.items.iter().all(|pipeline| search.is_before(pipeline));
            pipelines.extend(page.items);
            token = page.next_page_token.filter(|token| !token.is_empty());
            if past || token.is_none() {
                return Ok((pipelines, true));
            }
        }
        Ok((pipelines, false))
    }

    async fn login(&self) -> Result<&str, Error> {
        let ask = || async { Ok(self.client.get::<User>(&["me"]).await?.login) };
        self.login.get_or_try_init(ask).await.map(String::as_str)
    }
}
