//! Workflows, as their files say what they are.

use std::collections::BTreeMap;

use super::{End, Job, WorkflowRun};
use crate::fakes::clock;
use crate::fakes::ids::Ids;

/// A workflow with the trigger `workflow_dispatch`.
#[derive(Debug, Clone)]
pub struct WorkflowFile {
    pub(super) name: String,
    pub(super) inputs: Vec<String>,
    named_by: Option<String>,
    jobs: Vec<(String, Vec<String>, Option<String>)>,
    pub(super) runs: u64,
}

impl WorkflowFile {
    /// Of this file, without inputs and jobs.
    pub fn new(name: &str) -> WorkflowFile {
        WorkflowFile {
            name: name.to_owned(),
            inputs: Vec::new(),
            named_by: None,
            jobs: Vec::new(),
            runs: 0,
        }
    }

    /// Declares inputs.
    #[must_use]
    pub fn inputs(mut self, names: &[&str]) -> WorkflowFile {
        self.inputs
            .extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    /// Declares an input that its runs are called by: `run-name: Deploy ${{ inputs.NAME }}`.
    #[must_use]
    pub fn named_by(mut self, input: &str) -> WorkflowFile {
        self.inputs.push(input.to_owned());
        self.named_by = Some(input.to_owned());
        self
    }

    /// Adds a job, which needs the one before it.
    #[must_use]
    pub fn job(self, name: &str, steps: &[&str]) -> WorkflowFile {
        self.with_job(name, steps, None)
    }

    /// Adds a job that deploys to an environment.
    #[must_use]
    pub fn job_in(self, name: &str, steps: &[&str], environment: &str) -> WorkflowFile {
        self.with_job(name, steps, Some(environment.to_owned()))
    }

    fn with_job(mut self, name: &str, steps: &[&str], environment: Option<String>) -> WorkflowFile {
        let steps = steps.iter().map(|step| (*step).to_owned()).collect();
        self.jobs.push((name.to_owned(), steps, environment));
        self
    }

    /// A run of it.
    pub(super) fn begin(
        &mut self,
        ids: &mut Ids,
        (reference, sha): (&str, &str),
        inputs: BTreeMap<String, String>,
        actor: &str,
    ) -> WorkflowRun {
        self.runs += 1;
        let called = self.named_by.as_ref().and_then(|name| inputs.get(name));
        let jobs = self.jobs.iter().map(|(name, steps, environment)| Job {
            id: ids.number(),
            name: name.clone(),
            status: "queued".to_owned(),
            conclusion: None,
            steps: steps.iter().map(|step| (step.clone(), None)).collect(),
            environment: environment.clone(),
            approved: false,
        });
        let jobs = jobs.collect();
        let now = clock::now();
        WorkflowRun {
            id: ids.number(),
            number: self.runs,
            attempt: 1,
            file: self.name.clone(),
            title: called.map_or_else(|| "Deploy".to_owned(), |called| format!("Deploy {called}")),
            reference: reference.to_owned(),
            sha: sha.to_owned(),
            inputs,
            actor: actor.to_owned(),
            status: "queued".to_owned(),
            conclusion: None,
            jobs,
            created: now,
            started: now,
            end: End::Success,
            cancel: false,
        }
    }
}
