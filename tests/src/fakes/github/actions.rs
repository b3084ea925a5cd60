//! GitHub Actions: workflows that can be dispatched, and their runs as they move.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::fakes::clock;
use crate::fakes::ids::Ids;

mod control;
mod events;
mod file;
mod json;
mod routes;

#[cfg(test)]
mod tests;

pub use file::WorkflowFile;

/// What a repository has of it.
#[derive(Debug, Default)]
pub(super) struct Actions {
    files: Vec<WorkflowFile>,
    /// In the order in which they were created.
    runs: Vec<WorkflowRun>,
    /// Who may let deployments into an environment. One without reviewers lets all in.
    reviewers: BTreeMap<String, Vec<String>>,
    /// Whether dispatches are answered as they were before they told of their run.
    older: bool,
    /// So many of the next dispatches are accepted, and come to nothing.
    lose: usize,
}

/// A run of a workflow.
#[derive(Debug, Clone, Serialize)]
pub struct WorkflowRun {
    /// The same when it is run again.
    pub id: u64,
    /// Counted within the workflow.
    pub number: u64,
    /// How often it was run.
    pub attempt: u64,
    /// The file of its workflow.
    pub file: String,
    /// What it is called.
    pub title: String,
    /// The branch or tag.
    pub reference: String,
    /// The commit.
    pub sha: String,
    /// What it was given.
    pub inputs: BTreeMap<String, String>,
    /// Who asked for it.
    pub actor: String,
    /// As GitHub spells it: `queued`, `in_progress`, `waiting`, `completed`, or what a test says.
    pub status: String,
    /// As GitHub spells it, once it is over.
    pub conclusion: Option<String>,
    /// In the order in which they run.
    pub jobs: Vec<Job>,
    /// In milliseconds since 1970, UTC.
    pub created: u64,
    /// When the latest attempt was begun.
    pub started: u64,
    #[serde(skip)]
    end: End,
    #[serde(skip)]
    cancel: bool,
}

/// A job of a run. It needs the one before it.
#[derive(Debug, Clone, Serialize)]
pub struct Job {
    /// Another one in each attempt.
    pub id: u64,
    /// As the workflow names it.
    pub name: String,
    /// As GitHub spells it.
    pub status: String,
    /// As GitHub spells it.
    pub conclusion: Option<String>,
    /// Names and conclusions.
    pub steps: Vec<(String, Option<String>)>,
    /// Where it deploys to.
    pub environment: Option<String>,
    /// Whether a reviewer has let it into its environment.
    pub approved: bool,
}

/// How a run is to end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum End {
    /// All well.
    #[default]
    Success,
    /// This step of this job fails.
    FailedAt(String, String),
    /// Somebody stops it on its page.
    Canceled,
    /// It never gets to its jobs, and has this conclusion.
    Concluded(String),
}

impl WorkflowRun {
    /// Whether nothing more happens to it.
    pub fn is_over(&self) -> bool {
        self.status == "completed"
    }

    /// Moves on by one step: it begins, or a job ends and the next begins. Gives the jobs that changed.
    fn step(&mut self, reviewed: impl Fn(&str) -> bool) -> Vec<usize> {
        if self.is_over() {
            return Vec::new();
        }
        if self.cancel || self.end == End::Canceled {
            return self.stop();
        }
        if let End::Concluded(conclusion) = self.end.clone() {
            self.jobs.clear();
            self.conclude(&conclusion);
            return Vec::new();
        }
        self.status = "in_progress".to_owned();
        let mut changed: Vec<usize> = self.end_of_job().into_iter().collect();
        if self.is_over() {
            return changed;
        }
        match self.jobs.iter().position(|job| job.status != "completed") {
            None => self.conclude("success"),
            Some(next) => {
                let job = &mut self.jobs[next];
                let waits = !job.approved && job.environment.as_deref().is_some_and(reviewed);
                job.status = if waits { "waiting" } else { "in_progress" }.to_owned();
                if waits {
                    self.status = "waiting".to_owned();
                }
                changed.push(next);
            }
        }
        changed
    }

    /// Ends the job that is at work, if one is.
    fn end_of_job(&mut self) -> Option<usize> {
        let at = self
            .jobs
            .iter()
            .position(|job| job.status == "in_progress")?;
        let job = &mut self.jobs[at];
        let fails = match &self.end {
            End::FailedAt(name, step) if *name == job.name => Some(step.clone()),
            _ => None,
        };
        let mut after = false;
        for (name, conclusion) in &mut job.steps {
            let failed = fails.as_ref() == Some(name);
            let word = match (after, failed) {
                (true, _) => "skipped",
                (false, true) => "failure",
                (false, false) => "success",
            };
            after |= failed;
            *conclusion = Some(word.to_owned());
        }
        let conclusion = if fails.is_some() {
            "failure"
        } else {
            "success"
        };
        job.status = "completed".to_owned();
        job.conclusion = Some(conclusion.to_owned());
        if fails.is_some() {
            self.skip_rest("skipped");
            self.conclude("failure");
        }
        Some(at)
    }

    fn stop(&mut self) -> Vec<usize> {
        let open = self
            .jobs
            .iter()
            .enumerate()
            .filter(|(_, job)| job.status != "completed");
        let open: Vec<usize> = open.map(|(at, _)| at).collect();
        self.skip_rest("cancelled");
        self.conclude("cancelled");
        open
    }

    fn skip_rest(&mut self, conclusion: &str) {
        for job in self.jobs.iter_mut().filter(|job| job.status != "completed") {
            job.status = "completed".to_owned();
            job.conclusion = Some(conclusion.to_owned());
        }
    }

    fn conclude(&mut self, conclusion: &str) {
        self.status = "completed".to_owned();
        self.conclusion = Some(conclusion.to_owned());
    }

    /// Begins the next attempt. What a test had fail has had its failure.
    fn again(&mut self, only_failed: bool, ids: &mut Ids) {
        self.attempt += 1;
        self.started = clock::now();
        self.status = "queued".to_owned();
        self.conclusion = None;
        self.cancel = false;
        self.end = End::Success;
        for job in &mut self.jobs {
            if only_failed && job.conclusion.as_deref() == Some("success") {
                continue;
            }
            job.id = ids.number();
            job.status = "queued".to_owned();
            job.conclusion = None;
            job.approved = false;
            job.steps
                .iter_mut()
                .for_each(|(_, conclusion)| *conclusion = None);
        }
    }
}
