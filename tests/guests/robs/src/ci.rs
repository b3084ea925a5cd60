//! CI.

use witbot_sdk::ci::{self, RunRequest};
use witbot_sdk::{Event, Result};

pub fn start(event: &Event) -> Result<String> {
    let request = RunRequest::new()
        .branch("main")
        .parameter(event.required("parameter")?, "mine");
    let run = ci::open("circleci", &event.required("project")?)?.trigger(&request)?;
    Ok(run.id())
}

/// The run may be of another project than the one that it is asked of.
pub fn stop(event: &Event) -> Result<String> {
    let project = ci::open("circleci", &event.required("project")?)?;
    project.run(&event.required("run")?)?.cancel()?;
    Ok("a stop".to_owned())
}

pub fn read(event: &Event) -> Result<String> {
    let project = ci::open("circleci", &event.required("project")?)?;
    project.run(&event.required("run")?)?.status()?;
    Ok("a look".to_owned())
}
