//! The command that has CI run once more what failed of a deployment.

use witbot_sdk::ci::{self, Phase, RunStatus};
use witbot_sdk::github::{self, Deployment, Repository};
use witbot_sdk::{Code, Error, Event, Result, config, permission};

use crate::job::Job;
use crate::payload::Payload;
use crate::settings::Settings;
use crate::work::{self, Place};

/// How many later deployments are looked for.
const LOOKED_AT_MAX: u32 = 30;

/// `rerun deployment <id> in <repository>`
pub fn rerun(event: &Event) -> Result {
    let settings: Settings = config::settings()?;
    let name = event.required("repository")?;
    let id: u64 = event.parse("id")?.unwrap_or_default();
    let place = Place::of(&name, id);
    let run = last_run(&place, id, &name)?;
    let repository = github::open(&name)?;
    let deployment = repository.deployment(id)?;
    permit(&deployment, &name)?;
    let environment = deployment.environment();
    let Some(pipeline) = settings.pipeline(&name, &environment, &deployment.task()) else {
        return Err(Error::not_found(format!(
            "{name} has no pipeline for {environment} any more."
        )));
    };
    refuse_the_replaced(&repository, &deployment, &name)?;
    let last = deployment.status()?.map(|status| status.id());
    let run = ci::open(&run.provider, &run.project)?.run(&run.id)?;
    refuse_what_has_not_failed(&run.status()?)?;
    if !place.resume(last)? {
        return Err(Error::new(
            Code::Conflict,
            "Somebody else has just had it run again.",
        ));
    }
    let message = event.reply(format!(
        "Running once more what failed of deployment {id} to {environment}, for {}.",
        event.user_name()
    ))?;
    let job = Job::new(deployment, name, pipeline, place);
    job.board.adopt(message);
    job.carry_on(&run)
}

/// Asks whether it may be done with what is deployed there, as for a deployment.
///
/// # Errors
/// `denied`, with the rule and who can; `timeout`; `canceled`.
pub fn permit(deployment: &Deployment, repository: &str) -> Result {
    let (payload, commit) = (Payload::read(&deployment.payload()), deployment.sha());
    let subject = [
        ("app", payload.app(repository)),
        ("env", deployment.environment()),
        ("ref", payload.reference(deployment.reference(), &commit)),
        ("commit", commit),
    ];
    let subject = subject.iter().map(|(name, value)| (*name, value.as_str()));
    permission::demand(subject).map(drop)
}

fn last_run(place: &Place, id: u64, repository: &str) -> Result<work::Run> {
    let work = place.work()?.ok_or_else(|| {
        Error::not_found(format!(
            "I know of no run in CI for deployment {id} of {repository}."
        ))
    })?;
    if !work.ended {
        return Err(Error::new(
            Code::Conflict,
            format!("Deployment {id} is still being carried out."),
        ));
    }
    work.run.ok_or_else(|| {
        Error::not_found(format!(
            "Nothing was started in CI for deployment {id}: deploy it again instead."
        ))
    })
}

fn refuse_what_has_not_failed(status: &RunStatus) -> Result {
    let why = match status.phase() {
        Phase::Failed | Phase::Errored | Phase::Canceled => return Ok(()),
        Phase::Succeeded | Phase::NotRun => "Nothing of it has failed.",
        _ => "Its run in CI is not over.",
    };
    Err(Error::new(Code::Conflict, why))
}

/// What has been replaced by a later deployment would bring back what is old.
fn refuse_the_replaced(repository: &Repository, deployment: &Deployment, name: &str) -> Result {
    let app = |deployment: &Deployment| Payload::read(&deployment.payload()).app(name);
    let mine = app(deployment);
    let all = repository.deployments(Some(&deployment.environment()), LOOKED_AT_MAX)?;
    let later = all
        .iter()
        .find(|other| other.id() > deployment.id() && app(other) == mine);
    match later {
        Some(later) => Err(Error::new(
            Code::Conflict,
            format!(
                "There is a later deployment to {}, {}: running this one again would undo it. Deploy it anew if that is what you want.",
                deployment.environment(),
                later.id()
            ),
        )),
        None => Ok(()),
    }
}
