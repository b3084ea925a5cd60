//! The newest runs of a repository, of all of its workflows.

use witbot_core::call::ListRuns;
use witbot_core::ci::RecentRun;
use witbot_core::error::Error;

use super::status::phase;
use super::wire::{Runs, WorkflowRun};
use super::{Actions, found, repository};
use crate::services::github::asked::Asked;

impl Actions {
    pub(super) async fn list(&self, call: &ListRuns) -> Result<Vec<RecentRun>, Error> {
        let repository = repository(&call.project)?;
        let asked = Asked {
            action: format!("list the runs of {repository}"),
            thing: format!("{repository}"),
        };
        let path = format!("/repos/{repository}/actions/runs?per_page={}", call.limit);
        let answer = self.connection.get(&repository, &path, &asked).await?;
        let page: Runs = answer.read(&asked.thing)?;
        let runs = page.workflow_runs.into_iter().map(recent);
        Ok(runs.take(call.limit as usize).collect())
    }
}

fn recent(run: WorkflowRun) -> RecentRun {
    RecentRun {
        run: found(&run),
        phase: phase(&run),
        title: title(&run),
        reference: run.head_branch,
        commit: run.head_sha,
        actor: run.triggering_actor.map(|actor| actor.login),
        created_ms: run.created_at.0,
    }
}

/// The workflow, and what the run is about where it has a name of its own.
fn title(run: &WorkflowRun) -> String {
    match (&run.name, run.display_title.as_str()) {
        (None, title) => title.to_owned(),
        (Some(name), title) if title.is_empty() || title == name => name.clone(),
        (Some(name), title) => format!("{name}: {title}"),
    }
}
