//! Creating the deployment at GitHub.

use witbot_sdk::chat::{self, Message};
use witbot_sdk::github::{Deploy, Deployment, State, Status};
use witbot_sdk::{Code, Error, Result};

use crate::commits;
use crate::deploy::Work;
use crate::names;
use crate::patience::patiently;
use crate::payload::Payload;
use crate::shown::News;

/// Creates the deployment. None: it came to nothing, which is told.
///
/// # Errors
/// The card could not be changed.
pub fn create(work: &mut Work<'_>) -> Result<Option<Deployment>> {
    let creating = News::text("Creating the deployment.");
    work.progress
        .step("creating", chat::State::Waiting, &creating);
    let deployment = match request(work).and_then(|request| send(work, &request)) {
        Ok(deployment) => deployment,
        Err(error) if error.code == Code::Canceled => return Err(error),
        Err(error) => {
            let text = format!("The deployment was not created: {error}");
            work.refuse(&News::text(text))?;
            return Ok(None);
        }
    };
    if deployment.sha() == work.chosen.sha {
        return Ok(Some(deployment));
    }
    moved(work, &deployment)?;
    Ok(None)
}

/// GitHub says so before it does anything when it wants fewer requests; anything else is not tried again, so that there are
/// never two deployments.
fn send(work: &Work<'_>, request: &Deploy) -> Result<Deployment> {
    patiently("creating the deployment", || {
        match work.repository.deploy(request) {
            Err(error) if error.code == Code::Unavailable => {
                Err(Error::new(Code::Conflict, error.message))
            }
            done => done,
        }
    })
}

/// What GitHub is asked for. It is told the name of the reference as long as that is the commit that was checked.
fn request(work: &Work<'_>) -> Result<Deploy> {
    let (chosen, shown) = (&work.chosen, &work.progress.shown);
    let named = patiently("looking for the reference", || {
        commits::is_still(&work.repository, &chosen.reference, &chosen.sha)
    })?;
    let is_commit = chosen.sha.starts_with(&chosen.reference);
    let reference = match named {
        Some(true) if !is_commit => &chosen.reference,
        Some(_) | None => &chosen.sha,
    };
    let description = format!(
        "{}: {}, for {}",
        shown.title(),
        shown.version(),
        shown.by.name
    );
    let mut request = Deploy::to(work.order.environment)
        .reference(reference)
        .task(&work.order.task)
        .description(description)
        .payload(&payload(work))?;
    if let Some(environment) = work.order.app.at(work.order.environment) {
        if let Some(yes) = environment.production {
            request = request.production(yes);
        }
        if let Some(yes) = environment.transient {
            request = request.transient(yes);
        }
    }
    Ok(request)
}

fn payload(work: &Work<'_>) -> Payload {
    let order = &work.order;
    let forced = work.passed_over.iter().map(|check| check.to_string());
    let forced: Vec<String> = forced.collect();
    // Who says that it is to be forced has said so, even if nothing was in the way.
    let forced_by = Some(order.by.clone()).filter(|_| order.forced || !forced.is_empty());
    Payload {
        app: Some(order.app.name.to_owned()),
        environment: Some(order.environment.to_owned()),
        task: order.special_task().map(str::to_owned),
        hosts: order.hosts.clone(),
        reference: Some(work.chosen.reference.clone()),
        requested_by: Some(order.by.clone()),
        channel: order.channel.clone(),
        thread: work.root.as_ref().map(Message::id),
        forced_by,
        forced,
        auto: !work.room.has_somebody(),
    }
}

/// Somebody pushed in the moment in which the deployment was created. That commit was not checked, so it is given up.
fn moved(work: &mut Work<'_>, deployment: &Deployment) -> Result {
    let text = format!(
        "`{}` moved to {} in this moment, which was not checked",
        work.chosen.reference,
        names::short(&deployment.sha())
    );
    let status = Status::new(State::Error).description(&text);
    let given_up = patiently("giving the deployment up", || {
        deployment.add_status(&status).map(drop)
    });
    let Err(error) = given_up else {
        return work.refuse(&News::text(format!("Not deployed: {text}.")));
    };
    // It is there, and somebody carries it out: whoever reads the card has to know.
    let id = deployment.id();
    let told = format!("{text}. Deployment {id} of it could not be given up: {error}");
    let news = News::text(told).button("Cancel", work.cancel_number(id));
    work.progress
        .finish("not given up", chat::State::Warning, &news)
}
