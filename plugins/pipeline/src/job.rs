//! One deployment that is carried out: from its turn to its last status.

use std::cell::RefCell;

use witbot_sdk::ci::{self, Run};
use witbot_sdk::github::{Deployment, State, Status};
use witbot_sdk::{Code, Error, Result, flow, log};

use crate::board::Board;
use crate::line;
use crate::patience::{impatiently, patiently};
use crate::payload::Payload;
use crate::settings::Pipeline;
use crate::template::Values;
use crate::work::{self, Place};

/// A deployment, and all that is needed to carry it out.
pub struct Job<'a> {
    pub deployment: Deployment,
    pub pipeline: &'a Pipeline,
    pub values: Values,
    pub place: Place,
    pub board: Board,
    /// What GitHub was told last: the same is not told twice.
    told: RefCell<Option<Status>>,
}

/// Why the work ends before its time.
pub enum Stop {
    /// The deployment is not there any more: nobody is left to be told anything.
    Gone,
    /// It has a last status already, or gets one from whoever canceled it.
    Over,
    /// It cannot be carried out.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

impl<'a> Job<'a> {
    pub fn new(
        deployment: Deployment,
        repository: String,
        pipeline: &'a Pipeline,
        place: Place,
    ) -> Job<'a> {
        let payload = Payload::read(&deployment.payload());
        let values = Values {
            app: payload.app(&repository),
            deployment_id: deployment.id(),
            environment: deployment.environment(),
            reference: payload.reference(deployment.reference(), &deployment.sha()),
            repository,
            sha: deployment.sha(),
        };
        Job {
            board: Board::new(payload.channel, &values),
            deployment,
            pipeline,
            values,
            place,
            told: RefCell::new(None),
        }
    }

    /// From its place in the line to the end of its run.
    pub fn carry_out(&self) -> Result {
        let done = self.is_wanted().and_then(|()| {
            self.wait_for_turn()?;
            let run = self.start()?;
            self.follow(&run)
        });
        self.finish(done)
    }

    /// What failed once more, after its turn came. Why it could not be run again is told to who asked, too.
    pub fn carry_on(&self, run: &Run) -> Result {
        let done = self.wait_for_turn().and_then(|()| {
            patiently("running it again", || run.rerun(true))?;
            self.tell(&Status::new(State::Queued).description("Runs once more what failed"))?;
            self.follow(run)
        });
        let refused = match &done {
            Err(Stop::Failed(error)) => Err(error.clone()),
            Ok(()) | Err(Stop::Gone | Stop::Over) => Ok(()),
        };
        self.finish(done).and(refused)
    }

    /// The deployment never stays without a last status.
    fn finish(&self, done: Result<(), Stop>) -> Result {
        self.place.end();
        match done {
            Ok(()) | Err(Stop::Over) => Ok(()),
            Err(Stop::Gone) => {
                log::warn!("deployment {} is not there any more", self.deployment.id());
                Ok(())
            }
            Err(Stop::Failed(error)) => {
                let status = Status::new(State::Error).description(&error.message);
                match self.tell(&status) {
                    Ok(()) | Err(Stop::Gone | Stop::Over) => Ok(()),
                    Err(Stop::Failed(error)) => Err(error),
                }
            }
        }
    }

    /// Somebody may have given it up, or locked the environment, before its webhook came.
    fn is_wanted(&self) -> Result<(), Stop> {
        match self.deployment.status() {
            Ok(Some(status)) if status.state().is_final() => {
                log::info!("deployment {} is over already", self.deployment.id());
                Err(Stop::Over)
            }
            Ok(_) => Ok(()),
            Err(error) if error.code == Code::NotFound => Err(Stop::Gone),
            // It is asked only to spare work.
            Err(error) => {
                log::warn!(
                    "the statuses of deployment {} cannot be read: {error}",
                    self.deployment.id()
                );
                Ok(())
            }
        }
    }

    /// One deployment of an application to an environment is carried out at a time, in the order in which they came.
    fn wait_for_turn(&self) -> Result<(), Stop> {
        let turn = flow::line_up(&line::name(&self.values))?;
        let end = flow::now() + line::WAIT_MAX;
        let mut ahead = turn.ahead();
        while ahead > 0 {
            self.tell(&Status::new(State::Queued).description(line::place(ahead)))?;
            ahead = turn
                .closer(end.since(flow::now()))
                .map_err(line::explained)?;
        }
        // It must not be told to be in a queue after it was given up.
        if self.place.is_canceled()? {
            return Err(Stop::Over);
        }
        self.tell(&Status::new(State::Queued))?;
        match self.place.is_canceled()? {
            true => Err(Stop::Over),
            false => Ok(()),
        }
    }

    fn start(&self) -> Result<Run, Stop> {
        let pipeline = self.pipeline;
        let request = pipeline.request(&self.values)?;
        // A mistake in it is to be known before anything runs.
        pipeline.environment_url(&self.values)?;
        let project = ci::open(&pipeline.provider, &pipeline.project)?;
        let run = impatiently("starting the run", || project.trigger(&request))?;
        let work = self.place.started(&work::Run {
            provider: pipeline.provider.clone(),
            project: pipeline.project.clone(),
            id: run.id(),
        })?;
        if work.canceled {
            stop(&run)?;
        }
        Ok(run)
    }

    /// Adds a status to the deployment, unless it was the last one that was added.
    pub fn tell(&self, status: &Status) -> Result<(), Stop> {
        if self.told.borrow().as_ref() == Some(status) {
            return Ok(());
        }
        let what = format!("adding a status to deployment {}", self.deployment.id());
        match patiently(&what, || self.deployment.add_status(status).map(|_| ())) {
            Ok(()) => {
                *self.told.borrow_mut() = Some(status.clone());
                Ok(())
            }
            Err(error) if error.code == Code::NotFound => Err(Stop::Gone),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds the status after which there is none. The work is ended before it, so that it is not taken for somebody else's.
    pub fn tell_last(&self, status: &Status) -> Result<(), Stop> {
        self.place.end();
        self.tell(status)
    }
}

/// Stops a run, unless it is over.
pub fn stop(run: &Run) -> Result {
    let what = format!("stopping the run {}", run.id());
    match patiently(&what, || run.cancel()) {
        Err(error) if error.code == Code::Conflict => {
            log::info!("the run {} was not stopped: {error}", run.id());
            Ok(())
        }
        done => done,
    }
}
