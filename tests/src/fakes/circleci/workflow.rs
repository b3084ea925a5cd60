//! Workflows with their jobs, and how they move.

use serde::Serialize;

use crate::fakes::clock;
use crate::fakes::ids::Ids;

/// A workflow of a pipeline.
#[derive(Debug, Clone, Serialize)]
pub struct Workflow {
    /// A UUID.
    pub id: String,
    /// As the configuration names it.
    pub name: String,
    /// How it stands.
    pub status: WorkflowStatus,
    /// In the order in which they run.
    pub jobs: Vec<Job>,
    /// In milliseconds since 1970, UTC.
    pub created: u64,
    /// In milliseconds since 1970, UTC; none while it runs.
    pub stopped: Option<u64>,
    #[serde(skip)]
    pub(super) cancel: bool,
}

/// A job of a workflow. It needs the one before it.
#[derive(Debug, Clone, Serialize)]
pub struct Job {
    /// A UUID. For an approval it is also the id to approve.
    pub id: String,
    /// Counts the project's jobs; none for an approval.
    pub number: Option<u64>,
    /// As the configuration names it.
    pub name: String,
    /// Whether it computes or waits for somebody.
    pub kind: JobKind,
    /// How it stands.
    pub status: JobStatus,
    /// In milliseconds since 1970, UTC.
    pub started: Option<u64>,
    /// In milliseconds since 1970, UTC.
    pub stopped: Option<u64>,
}

/// What a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// It computes.
    Build,
    /// It waits until somebody approves.
    Approval,
}

/// How a workflow stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowStatus {
    /// At work.
    Running,
    /// Waits for an approval.
    OnHold,
    /// Something failed, and it is not over.
    Failing,
    /// All went well.
    Success,
    /// Something failed.
    Failed,
    /// Somebody stopped it.
    Canceled,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Waits for the one before it.
    Blocked,
    /// At work.
    Running,
    /// Waits for an approval.
    OnHold,
    /// All went well.
    Success,
    /// It failed.
    Failed,
    /// Somebody stopped it.
    Canceled,
    /// It did not get its turn.
    NotRun,
}

#[derive(Debug, Clone)]
pub(super) struct WorkflowPlan {
    pub(super) name: String,
    pub(super) jobs: Vec<(String, JobKind)>,
}

/// Something that ended, by its place in the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Job { workflow: usize, job: usize },
    Workflow(usize),
}

impl Workflow {
    /// Begins with the first job. Jobs are numbered from `first`, past those that are `known` already.
    pub(super) fn begin(plan: &WorkflowPlan, first: u64, known: usize, ids: &mut Ids) -> Workflow {
        let jobs = plan
            .jobs
            .iter()
            .zip((first..).skip(known))
            .map(|((name, kind), number)| Job {
                id: ids.uuid(),
                number: (*kind == JobKind::Build).then_some(number),
                name: name.clone(),
                kind: *kind,
                status: JobStatus::Blocked,
                started: None,
                stopped: None,
            });
        let jobs = jobs.collect();
        let mut workflow = Workflow {
            id: ids.uuid(),
            name: plan.name.clone(),
            status: WorkflowStatus::Running,
            jobs,
            created: clock::now(),
            stopped: None,
            cancel: false,
        };
        workflow.start_next();
        workflow
    }

    pub(super) fn step(&mut self, at: usize, fails_at: Option<&str>) -> Vec<Ended> {
        if self.status.is_over() {
            return Vec::new();
        }
        if self.cancel {
            let mut ended = self.end_running_job(at, JobStatus::Canceled);
            ended.push(self.end(at, WorkflowStatus::Canceled));
            return ended;
        }
        let running = self
            .jobs
            .iter()
            .find(|job| job.status == JobStatus::Running);
        if let Some(job) = running {
            let fails = fails_at == Some(job.name.as_str());
            let status = if fails {
                JobStatus::Failed
            } else {
                JobStatus::Success
            };
            let ended = self.end_running_job(at, status);
            if fails {
                self.status = WorkflowStatus::Failing;
            } else {
                self.start_next();
            }
            return ended;
        }
        match self.status {
            WorkflowStatus::Running => vec![self.end(at, WorkflowStatus::Success)],
            WorkflowStatus::Failing => vec![self.end(at, WorkflowStatus::Failed)],
            WorkflowStatus::OnHold
            | WorkflowStatus::Success
            | WorkflowStatus::Failed
            | WorkflowStatus::Canceled => Vec::new(),
        }
    }

    fn end_running_job(&mut self, workflow: usize, status: JobStatus) -> Vec<Ended> {
        let Some(at) = self
            .jobs
            .iter()
            .position(|job| job.status == JobStatus::Running)
        else {
            return Vec::new();
        };
        self.jobs[at].status = status;
        self.jobs[at].stopped = Some(clock::now());
        vec![Ended::Job { workflow, job: at }]
    }

    fn end(&mut self, at: usize, status: WorkflowStatus) -> Ended {
        self.status = status;
        self.stopped = Some(clock::now());
        for job in &mut self.jobs {
            if matches!(job.status, JobStatus::Blocked | JobStatus::OnHold) {
                job.status = JobStatus::NotRun;
            }
        }
        Ended::Workflow(at)
    }

    fn start_next(&mut self) {
        self.status = WorkflowStatus::Running;
        let next = self
            .jobs
            .iter_mut()
            .find(|job| job.status == JobStatus::Blocked);
        let Some(job) = next else { return };
        job.started = Some(clock::now());
        job.status = match job.kind {
            JobKind::Build => JobStatus::Running,
            JobKind::Approval => {
                self.status = WorkflowStatus::OnHold;
                JobStatus::OnHold
            }
        };
    }

    /// Approves the job of this id, and says whether it was waiting for that.
    pub(super) fn approve(&mut self, id: &str) -> bool {
        let waiting = |job: &&mut Job| job.id == id && job.status == JobStatus::OnHold;
        let Some(job) = self.jobs.iter_mut().find(waiting) else {
            return false;
        };
        job.status = JobStatus::Success;
        job.stopped = Some(clock::now());
        self.start_next();
        true
    }

    /// What to run again: all jobs, or those that did not succeed.
    pub(super) fn plan(&self, from_failed: bool) -> WorkflowPlan {
        let jobs = self
            .jobs
            .iter()
            .filter(|job| !from_failed || job.status != JobStatus::Success);
        let jobs = jobs.map(|job| (job.name.clone(), job.kind)).collect();
        WorkflowPlan {
            name: self.name.clone(),
            jobs,
        }
    }
}

impl WorkflowStatus {
    /// Whether it will never change again.
    pub fn is_over(self) -> bool {
        match self {
            WorkflowStatus::Running | WorkflowStatus::OnHold | WorkflowStatus::Failing => false,
            WorkflowStatus::Success | WorkflowStatus::Failed | WorkflowStatus::Canceled => true,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            WorkflowStatus::Running => "running",
            WorkflowStatus::OnHold => "on_hold",
            WorkflowStatus::Failing => "failing",
            WorkflowStatus::Success => "success",
            WorkflowStatus::Failed => "failed",
            WorkflowStatus::Canceled => "canceled",
        }
    }
}

impl JobStatus {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            JobStatus::Blocked => "blocked",
            JobStatus::Running => "running",
            JobStatus::OnHold => "on_hold",
            JobStatus::Success => "success",
            JobStatus::Failed => "failed",
            JobStatus::Canceled => "canceled",
            JobStatus::NotRun => "not_run",
        }
    }
}

impl JobKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            JobKind::Build => "build",
            JobKind::Approval => "approval",
        }
    }
}
