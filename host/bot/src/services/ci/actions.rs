//! GitHub Actions, with the bot's credentials for GitHub.
//!
//! A project is a repository, its definition the file of a workflow, and a run is a run of that workflow. It is started by
//! `workflow_dispatch`; servers that do not answer with the run yet let it be found by its name, in which the workflow
//! repeats the id of the call: `run-name: Deploy ${{ inputs.witbot }}`.

mod approve;
mod cancel;
mod dispatch;
mod find;
mod recent;
mod rerun;
mod status;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use witbot_core::call::{ApproveRun, CancelRun, ListRuns, RerunRun, TriggerRun};
use witbot_core::ci::{Project, RecentRun, Run, RunStatus};
use witbot_core::error::Error;
use witbot_core::grants::Grants;
use witbot_core::ids::{CallId, Repository, UnixMillis};
use witbot_core::limits;

use super::{Answer, CiProvider, Found};
use crate::services::github::Github;
use crate::services::github::asked::Asked;
use crate::services::github::connection::Connection;

use self::wire::WorkflowRun;

/// The bot's way to GitHub Actions.
pub struct Actions {
    connection: Arc<Connection>,
    /// How soon a run that was asked for is listed, and the pause between two looks.
    listed_within: Duration,
    listed_pause: Duration,
}

impl Actions {
    /// Over the connection that is there. Asks nothing yet.
    pub fn new(github: &Github) -> Actions {
        Actions {
            connection: github.connection(),
            listed_within: limits::ACTIONS_LISTED_WITHIN,
            listed_pause: limits::ACTIONS_LISTED_PAUSE,
        }
    }
}

impl CiProvider for Actions {
    fn for_plugin(&self, grants: &Arc<Grants>) -> Option<Arc<dyn CiProvider>> {
        Some(Arc::new(Actions {
            connection: Arc::new(self.connection.for_plugin(grants)),
            ..*self
        }))
    }

    fn trigger<'a>(&'a self, call: &'a TriggerRun, id: &'a CallId) -> Answer<'a, Run> {
        Box::pin(self.dispatch(call, id))
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

/// The repository that a project is.
fn repository(project: &Project) -> Result<Repository, Error> {
    project.name.parse().map_err(|error| {
        Error::invalid(format!(
            "a project of GitHub Actions is a repository: {error}"
        ))
    })
}

/// Where a run is in the API. Its id becomes a part of the path.
fn run_path(repository: &Repository, run: &str) -> Result<String, Error> {
    match run.parse::<u64>() {
        Ok(number) => Ok(format!("/repos/{repository}/actions/runs/{number}")),
        Err(_) => Err(Error::invalid(
            "That is not the id of a run of GitHub Actions: it is a number.",
        )),
    }
}

fn found(run: &WorkflowRun) -> Run {
    Run {
        id: run.id.to_string(),
        number: run.run_number,
        url: run.html_url.clone(),
    }
}

/// The words for something that is done with a run.
fn asked(action: &str, repository: &Repository, run: &str) -> Asked {
    let thing = format!("run {run} of {repository}");
    Asked {
        action: format!("{action} {thing}"),
        thing,
    }
}
