//! Marking what a success in production has replaced. GitHub does it by itself everywhere else.
//! <https://docs.github.com/en/rest/deployments/statuses>: `auto_inactive` leaves production alone.

use witbot_sdk::github::{self, Deployment, State, Status};
use witbot_sdk::{Result, log};

use crate::job::Job;
use crate::payload::Payload;

/// How many earlier deployments are looked at: the one that was active before is among the last few.
const LOOKED_AT_MAX: u32 = 10;

/// Marks the deployment that was active before as `inactive`. What does not work changes nothing about the success.
pub fn earlier(job: &Job) {
    let done = job
        .place
        .is_of_production()
        .and_then(|production| match production {
            true => replace(job),
            false => Ok(()),
        });
    if let Err(error) = done {
        log::warn!(
            "what deployment {} replaced is not marked: {error}",
            job.deployment.id()
        );
    }
}

fn replace(job: &Job) -> Result {
    let values = &job.values;
    let repository = github::open(&values.repository)?;
    let newest = repository.deployments(Some(&values.environment), LOOKED_AT_MAX + 1)?;
    let earlier = newest.into_iter().filter(|other| is_earlier(job, other));
    for other in earlier.take(LOOKED_AT_MAX as usize) {
        match other.status()?.map(|status| status.state()) {
            Some(State::Success) => {
                let text = format!("Deployment {} took its place", values.deployment_id);
                other.add_status(&Status::new(State::Inactive).description(text))?;
                return Ok(());
            }
            // Everything before it was replaced by it.
            Some(State::Inactive) => return Ok(()),
            _ => {}
        }
    }
    Ok(())
}

fn is_earlier(job: &Job, other: &Deployment) -> bool {
    let values = &job.values;
    other.id() < values.deployment_id
        && other.task() == job.deployment.task()
        && Payload::read(&other.payload()).app(&values.repository) == values.app
}
