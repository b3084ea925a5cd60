//! The effects of the contract, how far each can have come when the bot is killed, and what is to come of it.

use witbot_tests::fakes::{Fault, JobKind, JobStatus, Trouble, WorkflowStatus};
use witbot_tests::services::{PROJECT, REPOSITORY};

use crate::stage::{Door, Service, Stage, held, shown};

/// How far it had come when the bot was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Nothing of it is on the disk.
    BeforeIntent,
    /// It is on the disk that it will be done, and the service has been asked, but has done nothing.
    AfterIntent,
    /// The service has done it, and the bot has not heard so.
    AfterEffect,
    /// What came of it is on the disk.
    AfterResult,
}

impl Point {
    pub const ALL: [Point; 4] = [
        Point::BeforeIntent,
        Point::AfterIntent,
        Point::AfterEffect,
        Point::AfterResult,
    ];
}

/// A project that tells little.
pub const SILENT_PROJECT: &str = "gh/acme/silent";

/// A project whose pipelines wait for an approval.
pub const HELD_PROJECT: &str = "gh/acme/held";

/// What the guest `acts` needs to know beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Nothing,
    /// The id of a deployment.
    Deployment,
    /// A branch with a commit that is not in `main`.
    Branch,
    /// The id of a pipeline that runs.
    Pipeline,
    /// The id of a pipeline that failed.
    FailedPipeline,
    /// The id of a pipeline that failed, was run again, and failed again.
    PipelineThatFailedAgain,
    /// The id of a pipeline that waits for an approval, and that of the approval.
    HeldPipeline,
    /// A project whose pipelines do not tell the parameters that were sent, and so not the mark of a call.
    SilentProject,
    /// It is told where they are alone.
    Direct,
}

/// An effect. To try a further one, teach it to the guest `acts`, and add a line to the table in `points`.
#[derive(Debug, Clone, Copy)]
pub struct Effect {
    /// As the journal calls it.
    pub name: &'static str,
    /// As the guest calls it.
    pub what: &'static str,
    pub on: On,
    /// What it asks of whom. None: it only changes what the bot stores, in one step, so there is nothing between the
    /// intent and the result.
    pub door: Option<Door>,
    /// What the guest is told that came of it, for each point.
    pub told: [&'static str; 4],
    /// How often it is to be seen where it was done, at the most. At least once, unless the guest is told `in-doubt`.
    pub times_max: usize,
    /// How often what carries a mark is to be seen there.
    pub times: fn(&Stage, &str) -> usize,
}

impl Effect {
    /// What stops the bot at a point: who is asked, the fault that does not answer, and which of the requests that the
    /// fault is about it is.
    pub fn stop(&self, point: Point, mark: &str) -> Option<(Service, Fault, String, usize)> {
        let look = |when: &str| {
            let path = format!("/{when}/{mark}");
            let fault = Fault::on("GET", &path, Trouble::Hang);
            Some((Service::Github, fault, path, 1))
        };
        let door = self.door.filter(|_| point != Point::BeforeIntent);
        let asked = |door: Door, fault| Some((door.service, fault, door.path.to_owned(), 1));
        match (point, door) {
            (Point::BeforeIntent, _) => look("before"),
            (Point::AfterIntent, Some(door)) => asked(door, held(door)),
            (Point::AfterEffect, Some(door)) => asked(door, held(door).after_effect()),
            // Nothing is said in a channel before it is stored what came of the last.
            (Point::AfterResult, Some(door)) if door.service == Service::Slack => {
                let path = "/api/chat.postMessage";
                let nth = if self.what == "whisper" { 1 } else { 2 };
                let fault = held(Door { path, ..door }).every(nth);
                Some((Service::Slack, fault, path.to_owned(), nth))
            }
            (Point::AfterResult, _) => look("after"),
            (Point::AfterIntent | Point::AfterEffect, None) => None,
        }
    }

    /// The method of the requests that a stop is about.
    pub fn method(&self, point: Point) -> &'static str {
        match (point, self.door) {
            (Point::AfterIntent | Point::AfterEffect, Some(door)) => door.method,
            (Point::AfterResult, Some(door)) if door.service == Service::Slack => "POST",
            (Point::BeforeIntent | Point::AfterResult, _) => "GET",
            (Point::AfterIntent | Point::AfterEffect, None) => "",
        }
    }
}

pub const fn github(path: &'static str) -> Option<Door> {
    Some(Door {
        service: Service::Github,
        method: "POST",
        path,
    })
}

pub const fn circleci(path: &'static str) -> Option<Door> {
    Some(Door {
        service: Service::Circleci,
        method: "POST",
        path,
    })
}

pub const fn slack(path: &'static str) -> Option<Door> {
    Some(Door {
        service: Service::Slack,
        method: "POST",
        path,
    })
}

pub fn deployments(stage: &Stage, mark: &str) -> usize {
    let all = stage.services.github.deployments(REPOSITORY);
    let ours = all
        .iter()
        .filter(|it| it.description.as_deref() == Some(mark));
    ours.count()
}

pub fn statuses(stage: &Stage, mark: &str) -> usize {
    let all = stage.services.github.deployments(REPOSITORY);
    let all = all.iter().flat_map(|deployment| &deployment.statuses);
    all.filter(|status| status.description == mark).count()
}

pub fn pipelines(stage: &Stage, mark: &str) -> usize {
    let all = [PROJECT, SILENT_PROJECT].map(|project| stage.services.circleci.pipelines(project));
    let ours = all.iter().flatten().filter(|it| {
        it.parameters
            .get("environment")
            .is_some_and(|it| it == mark)
    });
    ours.count()
}

/// The pipeline that is to be stopped is the newest. It stops at its next step.
pub fn stopped(stage: &Stage, _: &str) -> usize {
    let circleci = &stage.services.circleci;
    let newest = circleci.pipelines(PROJECT).pop();
    let newest = newest.map(|newest| circleci.advance(&newest.id));
    let mut workflows = newest.iter().flat_map(|newest| &newest.workflows);
    let is_stopped = workflows.any(|it| it.status == WorkflowStatus::Canceled);
    usize::from(is_stopped)
}

/// How often the newest pipeline was run again.
pub fn reruns(stage: &Stage, _: &str) -> usize {
    let newest = stage.services.circleci.pipelines(PROJECT).pop();
    newest.map_or(0, |newest| newest.workflows.len() - 1)
}

/// The same, for one that was run again before.
pub fn further_reruns(stage: &Stage, mark: &str) -> usize {
    reruns(stage, mark) - 1
}

/// How many approvals the newest pipeline has that waits for one.
pub fn approvals(stage: &Stage, _: &str) -> usize {
    let newest = stage.services.circleci.pipelines(HELD_PROJECT).pop();
    let workflows = newest.iter().flat_map(|newest| &newest.workflows);
    let mut jobs = workflows.flat_map(|workflow| &workflow.jobs);
    usize::from(jobs.any(|job| job.kind == JobKind::Approval && job.status == JobStatus::Success))
}

pub fn requests(stage: &Stage, mark: &str) -> usize {
    stage.seen(Service::Github, "POST", &format!("/send/{mark}"))
}

/// What is not to be seen outside is in what the guest is told: whether it was this call that did it.
pub fn told(_: &Stage, _: &str) -> usize {
    1
}

/// Messages that end with the mark, whichever they are.
pub fn messages(stage: &Stage, mark: &str) -> usize {
    let (said, end) = (stage.said(), format!(" of {mark}."));
    shown(&said).filter(|it| it.text().ends_with(&end)).count()
}

pub fn edits(stage: &Stage, mark: &str) -> usize {
    let (said, text) = (stage.said(), format!("An edit of {mark}."));
    shown(&said).filter(|it| it.text() == text).count()
}

pub fn deletions(stage: &Stage, mark: &str) -> usize {
    let (said, text) = (stage.said(), format!("A slip of {mark}."));
    let ours = said.iter().filter(|it| it.text() == text);
    ours.filter(|it| it.deleted.is_some()).count()
}

pub fn reactions(stage: &Stage, mark: &str) -> usize {
    let (said, text) = (stage.said(), format!("A joke of {mark}."));
    let ours = said.iter().filter(|it| it.text() == text);
    ours.map(|it| it.reactions.len()).sum()
}

pub fn whispers(stage: &Stage, mark: &str) -> usize {
    let said = stage.workspace.slack.ephemerals();
    let text = format!("A whisper of {mark}.");
    said.iter().filter(|it| it.text == text).count()
}
