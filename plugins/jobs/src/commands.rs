//! What people ask for.

use std::time::Duration;

use witbot_sdk::{Code, Error, Event, Result, flow, permission};

use crate::job::Job;
use crate::settings::Settings;
use crate::shown;
use crate::source::Source;

/// How long it is waited for that a job which is to end does so.
const ENDED_WITHIN: Duration = Duration::from_secs(5 * 60);

/// `jobs`: what is running everywhere. A source that cannot be asked hides none of the others.
pub fn running(event: &Event) -> Result {
    let settings = Settings::read()?;
    let (mut jobs, mut troubles) = (Vec::new(), Vec::new());
    for source in settings.all() {
        match source.list() {
            Ok(found) => jobs.extend(found.into_iter().filter(|job| job.running)),
            Err(error) => troubles.push(format!("{}: {}", source.name(), error.message)),
        }
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.created));
    event.reply(shown::list("Running jobs", &jobs, &troubles, flow::now()))?;
    Ok(())
}

/// `jobs <source>`: what is running there, and what ended lately.
pub fn recent(event: &Event) -> Result {
    let settings = Settings::read()?;
    let source = settings.source(&event.required("source")?)?;
    let jobs = source.list()?;
    let title = format!("Jobs of {}", source.name());
    event.reply(shown::list(&title, &jobs, &[], flow::now()))?;
    Ok(())
}

/// `job <source> <id>`
pub fn job(event: &Event) -> Result {
    let settings = Settings::read()?;
    let source = settings.source(&event.required("source")?)?;
    let (job, failures) = source.job(&event.required("id")?)?;
    let can = (source.can_cancel(), source.can_retry());
    event.reply(shown::job(&job, &failures, can, flow::now()))?;
    Ok(())
}

/// `cancel job <source> <id>`
pub fn cancel(event: &Event) -> Result {
    let settings = Settings::read()?;
    let source = settings.source(&event.required("source")?)?;
    let job = permitted(event, &source)?;
    let name = job.full_name();
    if !job.running {
        let text = format!("{name} is over already: {}.", job.state);
        return Err(Error::new(Code::Conflict, text));
    }
    if !source.is_own(&job, event)? && !flow::confirm(&question(&job))? {
        event.reply(format!("{name} goes on."))?;
        return Ok(());
    }
    done(&job, "stopped", source.cancel(&job))?;
    let by = event.user_name();
    let message = event.reply(format!("{name} is being stopped, for {by}."))?;
    match source.ended(&job, ENDED_WITHIN) {
        Ok(Some(word)) => message.edit(format!("{name} is over: {word}. It was stopped for {by}.")),
        Ok(None) => Ok(()),
        Err(error) if error.code == Code::Timeout => message.edit(format!(
            "{name} was to be stopped for {by}, and goes on still. `job {name}` says how it stands."
        )),
        Err(error) => message.edit(format!(
            "{name} is being stopped, for {by}. How it ended is not known: {}",
            error.message
        )),
    }
}

/// `retry job <source> <id>`
pub fn retry(event: &Event) -> Result {
    let settings = Settings::read()?;
    let source = settings.source(&event.required("source")?)?;
    let job = permitted(event, &source)?;
    let name = job.full_name();
    if job.running {
        let text = format!("{name} goes on still: {}.", job.state);
        return Err(Error::new(Code::Conflict, text));
    }
    done(&job, "retried", source.retry(&job))?;
    let name = job.titled_name();
    event.reply(format!("{name} runs once more, for {}.", event.user_name()))?;
    Ok(())
}

/// The job, once the operator's rules let it be touched. Services on the web are not asked before that.
fn permitted(event: &Event, source: &Source<'_>) -> Result<Job> {
    let asked = event.required("id")?;
    permission::demand([("source", source.name()), ("id", asked.as_str())])?;
    Ok(source.job(&asked)?.0)
}

fn question(job: &Job) -> String {
    let name = job.titled_name();
    match &job.owner {
        Some(owner) => format!("{name} was begun by {owner}. Stop it?"),
        None => format!("It is not known whose job {name} is. Stop it?"),
    }
}

/// What a service did not do is told as such, and what may have been done as that.
fn done(job: &Job, what: &str, result: Result) -> Result {
    result.map_err(|error| match error.code {
        Code::InDoubt => Error::new(
            Code::InDoubt,
            format!(
                "Whether {0} was {what} is not known: the answer was lost. `job {0}` says how it stands.",
                job.full_name()
            ),
        ),
        _ => error,
    })
}
