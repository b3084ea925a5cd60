//! Pipelines, and how they move.

use serde::Serialize;
use serde_json::{Map, Value};

use super::workflow::{Ended, JobKind, Workflow, WorkflowPlan, WorkflowStatus};
use crate::fakes::ids::Ids;

/// A pipeline as CircleCI keeps it.
#[derive(Debug, Clone, Serialize)]
pub struct Pipeline {
    /// A UUID.
    pub id: String,
    /// Counts the project's pipelines.
    pub number: u64,
    /// `gh/acme/api`.
    pub project: String,
    /// How far it is. That the work is done does not show here.
    pub state: PipelineState,
    /// The parameters that were sent.
    pub parameters: Map<String, Value>,
    /// The branch that was checked out.
    pub branch: Option<String>,
    /// The tag that was checked out.
    pub tag: Option<String>,
    /// The commit.
    pub revision: String,
    /// The login of who triggered it.
    pub actor: String,
    /// In milliseconds since 1970, UTC.
    pub created: u64,
    /// Why it is errored.
    pub errors: Vec<String>,
    /// In the order in which they began.
    pub workflows: Vec<Workflow>,
    #[serde(skip)]
    pub(super) plan: Plan,
}

/// How far a pipeline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PipelineState {
    /// Accepted.
    Pending,
    /// Accepted, and its configuration is made by a workflow of its own.
    SetupPending,
    /// That workflow is at work. Its success is not yet the pipeline's.
    Setup,
    /// Its workflows exist.
    Created,
    /// It has no workflows and never will.
    Errored,
}

/// How a pipeline is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All jobs succeed, approvals included.
    Success,
    /// The job of this name fails.
    FailedAt(String),
    /// Somebody stops it.
    Canceled,
}

/// What a pipeline will do.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) setup: bool,
    pub(super) workflows: Vec<WorkflowPlan>,
    pub(super) fails_at: Option<String>,
    pub(super) error: Option<String>,
}

impl Pipeline {
    /// Whether it will never move again.
    pub fn is_over(&self) -> bool {
        match self.state {
            PipelineState::Pending | PipelineState::SetupPending | PipelineState::Setup => false,
            PipelineState::Created => self.workflows.iter().all(|w| w.status.is_over()),
            PipelineState::Errored => true,
        }
    }

    /// Goes one step: a pipeline begins, a job ends and the next begins, or a workflow ends.
    pub(super) fn step(&mut self, ids: &mut Ids) -> Vec<Ended> {
        match self.state {
            PipelineState::Pending | PipelineState::SetupPending => {
                self.begin(ids);
                Vec::new()
            }
            PipelineState::Setup => {
                let ended = self.step_workflows();
                if self
                    .workflows
                    .iter()
                    .all(|w| w.status == WorkflowStatus::Success)
                {
                    self.begin_workflows(ids);
                } else if self.workflows.iter().all(|w| w.status.is_over()) {
                    self.state = PipelineState::Created;
                }
                ended
            }
            PipelineState::Created => self.step_workflows(),
            PipelineState::Errored => Vec::new(),
        }
    }

    fn begin(&mut self, ids: &mut Ids) {
        if let Some(error) = self.plan.error.take() {
            self.errors.push(error);
            self.state = PipelineState::Errored;
        } else if self.plan.setup {
            let jobs = vec![("generate-config".to_owned(), JobKind::Build)];
            self.begin_workflow(
                &WorkflowPlan {
                    name: "setup".to_owned(),
                    jobs,
                },
                ids,
            );
            self.state = PipelineState::Setup;
        } else {
            self.begin_workflows(ids);
        }
    }

    fn begin_workflows(&mut self, ids: &mut Ids) {
        for plan in self.plan.workflows.clone() {
            self.begin_workflow(&plan, ids);
        }
        self.state = PipelineState::Created;
    }

    pub(super) fn begin_workflow(&mut self, plan: &WorkflowPlan, ids: &mut Ids) -> String {
        let known = self
            .workflows
            .iter()
            .map(|workflow| workflow.jobs.len())
            .sum();
        let workflow = Workflow::begin(plan, self.number * 100, known, ids);
        let id = workflow.id.clone();
        self.workflows.push(workflow);
        id
    }

    fn step_workflows(&mut self) -> Vec<Ended> {
        let fails_at = self.plan.fails_at.as_deref();
        let workflows = self.workflows.iter_mut().enumerate();
        workflows
            .flat_map(|(at, workflow)| workflow.step(at, fails_at))
            .collect()
    }
}

impl PipelineState {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            PipelineState::Pending => "pending",
            PipelineState::SetupPending => "setup-pending",
            PipelineState::Setup => "setup",
            PipelineState::Created => "created",
            PipelineState::Errored => "errored",
        }
    }
}
