//! Looking for the run that a call may have started: by the name that the workflow gives it, or else by time and branch.

use tokio::time::{Instant, sleep};
use witbot_core::call::TriggerRun;
use witbot_core::ci::RunRequest;
use witbot_core::error::Error;
use witbot_core::ids::{CallId, Repository, UnixMillis};
use witbot_core::limits;

use super::dispatch::workflow;
use super::wire::{Runs, WorkflowRun};
use super::{Actions, found, repository};
use crate::services::ci::Found;
use crate::services::github::asked::Asked;
use crate::services::github::connection::{self, PAGE};
use crate::services::github::path::encoded;

/// What is known of the run.
#[derive(Clone)]
pub struct Search<'a> {
    request: &'a RunRequest,
    id: &'a CallId,
    begun: UnixMillis,
    accepted: bool,
}

impl<'a> Search<'a> {
    /// It was asked for by this call, which was begun at that time.
    pub fn new(request: &'a RunRequest, id: &'a CallId, begun: UnixMillis) -> Search<'a> {
        Search {
            request,
            id,
            begun,
            accepted: false,
        }
    }

    /// GitHub said that it would start it.
    pub fn accepted(&self) -> Search<'a> {
        Search {
            accepted: true,
            ..self.clone()
        }
    }

    /// What would have made it known.
    pub fn hint(&self) -> &'static str {
        match self.request.correlate_by {
            Some(_) => {
                " A workflow that repeats the input of `correlate-by` in its `run-name` is found for sure."
            }
            None => {
                " With `correlate-by`, and that input in the workflow's `run-name`, it would be found for sure."
            }
        }
    }

    /// Of which runs GitHub is asked for.
    fn since(&self) -> UnixMillis {
        let skew = limits::GITHUB_CLOCK_SKEW_MAX.as_millis();
        self.begun.minus_ms(u64::try_from(skew).unwrap_or(u64::MAX))
    }

    fn is_marked(&self, run: &WorkflowRun) -> bool {
        words(run).any(|word| word == self.id.as_str())
    }

    /// Whether it may be the one although it does not say so. A run that names another call is of that one.
    fn may_be(&self, run: &WorkflowRun) -> bool {
        let wanted = self.request.branch.as_ref().or(self.request.tag.as_ref());
        let of_other_call = words(run).any(|word| word.parse::<CallId>().is_ok());
        let of_other_branch =
            wanted.is_some() && run.head_branch.is_some() && run.head_branch.as_ref() != wanted;
        run.created_at >= self.since() && !of_other_call && !of_other_branch
    }

    /// What the runs of that time say. A lone run without a mark is ours only if GitHub said that it started one: else it
    /// may be somebody's who pressed the button at the same moment.
    fn among(&self, runs: &[WorkflowRun], all: bool) -> Found {
        if let Some(run) = runs.iter().find(|run| self.is_marked(run)) {
            return Found::Run(found(run));
        }
        let alike: Vec<&WorkflowRun> = runs.iter().filter(|run| self.may_be(run)).collect();
        match alike.as_slice() {
            [] if all => Found::Nothing,
            [one] if all && self.accepted => Found::Run(found(one)),
            _ => Found::Doubt,
        }
    }
}

impl Actions {
    /// Looks for a run. That there is none counts only when GitHub had the time to make it.
    pub(super) async fn look_for(
        &self,
        call: &TriggerRun,
        id: &CallId,
        begun: UnixMillis,
    ) -> Result<Found, Error> {
        let repository = repository(&call.project)?;
        let workflow = workflow(&call.request)?;
        self.until_listed(
            &repository,
            workflow,
            &Search::new(&call.request, id, begun),
        )
        .await
    }

    /// Looks until there is something to see, or GitHub had the time to make it.
    pub(super) async fn until_listed(
        &self,
        repository: &Repository,
        workflow: &str,
        search: &Search<'_>,
    ) -> Result<Found, Error> {
        let age = connection::now().0.saturating_sub(search.begun.0);
        let left = self
            .listed_within
            .saturating_sub(std::time::Duration::from_millis(age));
        let end = Instant::now() + left;
        loop {
            let found = self.look_once(repository, workflow, search).await?;
            let marked = search.request.correlate_by.is_some();
            // With a mark, a run without one may be somebody else's, and ours still to come.
            let wait = found == Found::Nothing || (marked && found == Found::Doubt);
            if !wait || Instant::now() + self.listed_pause > end {
                return Ok(found);
            }
            sleep(self.listed_pause).await;
        }
    }

    async fn look_once(
        &self,
        repository: &Repository,
        workflow: &str,
        search: &Search<'_>,
    ) -> Result<Found, Error> {
        let asked = Asked {
            action: format!("list the runs of `{workflow}` in {repository}"),
            thing: format!("workflow `{workflow}` in {repository}"),
        };
        let since = encoded(&format!(">={}", time_of(search.since())));
        let path = format!(
            "/repos/{repository}/actions/workflows/{}/runs?event=workflow_dispatch&created={since}",
            encoded(workflow)
        );
        let mut runs = Vec::new();
        for number in 1..=limits::GITHUB_PAGES_MAX {
            let (page, answer) = self
                .connection
                .page::<Runs>(repository, &path, number, &asked)
                .await?;
            let more = answer.goes_on(page.workflow_runs.len(), PAGE);
            runs.extend(page.workflow_runs);
            if !more {
                return Ok(search.among(&runs, true));
            }
        }
        Ok(search.among(&runs, false))
    }
}

/// The words of a run's name. The id of a call is one of them, whatever stands around it.
fn words(run: &WorkflowRun) -> impl Iterator<Item = &str> {
    let apart = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
    let texts = [
        run.display_title.as_str(),
        run.name.as_deref().unwrap_or_default(),
    ];
    texts.into_iter().flat_map(move |text| text.split(apart))
}

/// As GitHub's searches write a time.
fn time_of(at: UnixMillis) -> String {
    let at = i64::try_from(at.0)
        .ok()
        .and_then(chrono::DateTime::from_timestamp_millis);
    at.unwrap_or_default()
        .format("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
