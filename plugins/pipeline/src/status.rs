//! Telling GitHub how a deployment stands.

use std::time::Duration;

use witbot_sdk::github::{Deployment, Status};
use witbot_sdk::{Code, Error, Result, flow, log};

/// Others wait for the last status of a deployment, so it is worth some patience: about half an hour
/// altogether.
const ATTEMPTS_MAX: u32 = 8;

/// How long to wait the first time, when GitHub does not say. It doubles.
const PAUSE_FIRST: Duration = Duration::from_secs(15);

/// Adds a status. Tries again when GitHub cannot be reached or has had too much: the same status twice does no harm.
pub fn add(deployment: &Deployment, status: &Status) -> Result {
    let mut pause = PAUSE_FIRST;
    for _ in 1..ATTEMPTS_MAX {
        match deployment.add_status(status) {
            Ok(_) => return Ok(()),
            Err(error) if may_pass(&error) => {
                log::warn!(
                    "the status of deployment {} could not be added yet: {error}",
                    deployment.id()
                );
                flow::sleep(error.retry_after.unwrap_or(pause))?;
                pause *= 2;
            }
            Err(error) => return Err(error),
        }
    }
    deployment.add_status(status).map(|_| ())
}

fn may_pass(error: &Error) -> bool {
    matches!(
        error.code,
        Code::RateLimited | Code::Unavailable | Code::Timeout | Code::InDoubt
    )
}
