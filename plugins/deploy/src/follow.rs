//! Following a deployment until it is over, in one card that changes as the deployment moves.

use std::time::Duration;

use serde_json::json;
use witbot_sdk::github::{Deployment, DeploymentStatus, State, Status};
use witbot_sdk::{Code, Error, Result, chat, flow, log, topics};

use crate::deploy::Work;
use crate::health::{self, Health};
use crate::history::Success;
use crate::patience::{may_pass, patiently};
use crate::shown::{self, News};
use crate::words::minutes;

/// The topic that tells of what was deployed.
const DEPLOYED: &str = "deployed";

/// How long to wait before GitHub is asked again when it cannot be reached. The host has tried for a while by then.
const PAUSE: Duration = Duration::from_secs(30);

/// Waits until a deployment is over, or the time is, and says in a few words how it ended.
///
/// # Errors
/// The card could not be changed in the end.
pub fn to_the_end(
    work: &mut Work<'_>,
    deployment: &Deployment,
    before: Option<&Success>,
) -> Result<String> {
    let id = deployment.id();
    let end = flow::now() + work.settings.timeout();
    let mut last = Last::default();
    let created = format!("Deployment {id} is created. Waiting for it to begin.");
    let news = News::text(created).button("Cancel", work.cancel_number(id));
    work.progress.step("created", chat::State::Waiting, &news);
    loop {
        let left = end.since(flow::now());
        if left.is_zero() {
            return out_of_time(work, deployment, &last);
        }
        // Silence is told once; after that there is nothing to wait for but news and the end.
        let patience = if last.silent {
            left
        } else {
            left.min(work.settings.silence())
        };
        match deployment.next_status(last.id, patience) {
            Ok(status) => {
                last.hear(&status);
                if status.state().is_final() {
                    return finish(work, &status, before);
                }
                show(work, id, &status);
            }
            Err(error) if error.code == Code::Timeout => {
                if !last.silent && !end.since(flow::now()).is_zero() {
                    last.silent = true;
                    tell_of_silence(work, id, &last);
                }
            }
            Err(error) if may_pass(&error) => {
                log::warn!("deployment {id} cannot be followed just now: {error}");
                let pause = error.retry_after.unwrap_or(PAUSE).min(left);
                if let Err(error) = flow::sleep(pause) {
                    return lost(work, id, &last, &error);
                }
            }
            Err(error) => return lost(work, id, &last, &error),
        }
    }
}

/// What was heard last.
#[derive(Default)]
struct Last {
    id: Option<u64>,
    state: Option<State>,
    silent: bool,
}

impl Last {
    fn hear(&mut self, status: &DeploymentStatus) {
        *self = Last {
            id: Some(status.id()),
            state: Some(status.state()),
            silent: false,
        };
    }
}

fn show(work: &mut Work<'_>, id: u64, status: &DeploymentStatus) {
    let state = status.state();
    let looks = shown::state(&state, &status.description());
    let news = news(status, None).button("Cancel", work.cancel_number(id));
    work.progress.step(step(&state), looks, &news);
}

fn finish(
    work: &mut Work<'_>,
    status: &DeploymentStatus,
    before: Option<&Success>,
) -> Result<String> {
    let state = status.state();
    let mut looks = shown::state(&state, &status.description());
    let environment = work.order.app.at(work.order.environment);
    let url = environment.and_then(|environment| environment.url.clone());
    let health = environment.and_then(|environment| environment.health());
    let mut news = news(status, url.filter(|_| state == State::Success));
    if state == State::Success {
        if work.settings.publish {
            tell_others(work);
        }
        if let Some(within) = health.filter(|_| work.order.special_task().is_none()) {
            (looks, news) = checked(work, news, within)?;
        }
    }
    for (label, command) in what_next(work, looks, before) {
        news = news.button(label, command);
    }
    work.progress.finish(word(looks), looks, &news)?;
    Ok(news.text)
}

/// Publishes that something was deployed. Not being able to is no reason to stop.
fn tell_others(work: &Work<'_>) {
    let (app, environment) = (work.order.app.name, work.order.environment);
    let deployed = json!({
        "app": app,
        "environment": environment,
        "reference": work.chosen.reference,
        "commit": work.chosen.sha,
        "by": work.progress.shown.by.name,
    });
    let subject = format!("{app}/{environment}");
    if let Err(error) = topics::publish(DEPLOYED, &subject, &deployed) {
        log::warn!("others could not be told: {error}");
    }
}

/// Looks whether what was deployed is healthy, and says so.
fn checked(work: &mut Work<'_>, news: News, within: Duration) -> Result<(chat::State, News)> {
    let looking = News {
        text: format!("{} Looking whether it is healthy.", news.text),
        ..news.clone()
    };
    work.progress.step("health", chat::State::Running, &looking);
    let (app, environment) = (work.order.app.name, work.order.environment);
    let health = match health::check(app, environment, work.run, within) {
        Ok(health) => health,
        Err(error) => Health::Unknown(error.message),
    };
    let (looks, told) = match health {
        Health::Healthy => (chat::State::Success, "It is healthy.".to_owned()),
        Health::Failing(what) => (chat::State::Failure, format!("It is not healthy: {what}.")),
        Health::Unknown(why) => (
            chat::State::Success,
            format!("Whether it is healthy is not known: {why}."),
        ),
    };
    let text = format!("{} {told}", news.text);
    Ok((looks, News { text, ..news }))
}

/// What may be done now that it is over.
fn what_next(
    work: &Work<'_>,
    looks: chat::State,
    before: Option<&Success>,
) -> Vec<(String, String)> {
    let order = &work.order;
    let (app, environment) = (order.app.name, order.environment);
    if looks == chat::State::Success {
        let next = order.app.next(environment);
        let next = next.filter(|_| order.special_task().is_none());
        let sha = crate::names::short(&work.chosen.sha);
        let promote = next.map(|next| {
            let command = format!("promote {app}/{sha} from {environment} to {next}");
            (format!("Promote to {next}"), command)
        });
        return promote.into_iter().collect();
    }
    let mut all = vec![("Re-run".to_owned(), work.progress.shown.again())];
    if let Some(before) = before.filter(|before| before.sha != work.chosen.sha) {
        let sha = crate::names::short(&before.sha);
        let command = format!("rollback {app} in {environment} to {sha}");
        all.push(("Roll back".to_owned(), command));
    }
    all
}

/// A status as it is told.
fn news(status: &DeploymentStatus, url: Option<String>) -> News {
    News::text(told(&status.state(), &status.description()))
        .link("Log", status.log_url())
        .link(
            "See",
            status
                .environment_url()
                .filter(|own| !own.is_empty())
                .or(url),
        )
}

/// A status in words.
fn told(state: &State, description: &str) -> String {
    let word = match state {
        State::Queued => "Queued.",
        State::Pending => "Waiting.",
        State::InProgress => "In progress.",
        State::Success => "Success.",
        State::Failure => "Failed.",
        State::Error if shown::is_canceled(description) => return description.to_owned(),
        State::Error => "Gave up.",
        State::Inactive => "Another deployment took its place.",
        other => other.as_str(),
    };
    match description {
        "" => word.to_owned(),
        description => format!("{word} {description}"),
    }
}

/// A status as a step.
fn step(state: &State) -> &str {
    match state {
        State::InProgress => "running",
        State::Pending => "waiting",
        other => other.as_str(),
    }
}

/// The end as a step.
fn word(looks: chat::State) -> &'static str {
    match looks {
        chat::State::Success => "success",
        chat::State::Canceled => "canceled",
        _ => "failed",
    }
}

/// Tells where everybody sees it that nothing moves.
fn tell_of_silence(work: &mut Work<'_>, id: u64, last: &Last) {
    let text = silence(id, last.state.as_ref(), work.settings.silence());
    let news = News::text(&text).button("Cancel", work.cancel_number(id));
    work.progress.show(chat::State::Warning, &news);
    let what = format!("{}: {text}", work.progress.shown.title());
    if let Err(error) = work.room.say(what) {
        log::warn!("that nothing moves could not be told: {error}");
    }
}

fn silence(id: u64, last: Option<&State>, time: Duration) -> String {
    let time = minutes(time);
    match last {
        None => format!(
            "Nobody has begun deployment {id} within {time}. Is something listening to this repository's deployments?"
        ),
        Some(state) => format!(
            "Nothing has moved for {time}. The last that I heard of deployment {id} was `{state}`."
        ),
    }
}

/// Gives a deployment up that is not over in time, so that it does not stay open for ever.
fn out_of_time(work: &mut Work<'_>, deployment: &Deployment, last: &Last) -> Result<String> {
    let time = minutes(work.settings.timeout());
    let ended = patiently("ending a deployment that takes too long", || {
        if let Some(status) = deployment.status()?
            && status.state().is_final()
        {
            return Ok(Some(status));
        }
        let description = format!("Not over after {time}");
        let error = Status::new(State::Error).description(description);
        deployment.add_status(&error).map(|_| None)
    });
    let text = match ended {
        // It was over after all.
        Ok(Some(status)) => return finish(work, &status, None),
        Ok(None) => overdue(deployment.id(), last.state.as_ref(), &time),
        Err(error) => {
            let text = overdue(deployment.id(), last.state.as_ref(), &time);
            format!("{text} GitHub could not be told: {error}")
        }
    };
    leave(work, text, "gave up")
}

fn overdue(id: u64, last: Option<&State>, time: &str) -> String {
    let heard = match last {
        None => "Nobody ever began it.".to_owned(),
        Some(state) => format!("The last that I heard was `{state}`."),
    };
    format!("Deployment {id} was not over after {time}, and I gave it up. {heard}")
}

/// Tells that nothing more will be heard of it. It may still go on.
fn lost(work: &mut Work<'_>, id: u64, last: &Last, error: &Error) -> Result<String> {
    let text = match error.code {
        Code::NotFound => format!(
            "Deployment {id} is no longer there: somebody deleted it at GitHub. What carries it out may still go on."
        ),
        _ => {
            let state = last.state.as_ref();
            let heard = state.map_or(String::new(), |state| {
                format!(" The last that I heard was `{state}`.")
            });
            format!("I can no longer follow deployment {id}, which may still go on: {error}{heard}")
        }
    };
    leave(work, text, "lost")
}

/// Without a button: pressed much later, it would cancel whatever goes on by then.
fn leave(work: &mut Work<'_>, text: String, word: &str) -> Result<String> {
    let news = News::text(text);
    work.progress.finish(word, chat::State::Warning, &news)?;
    Ok(news.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn statuses_are_told_in_words() {
        for (state, description, expected) in [
            (State::Queued, "", "Queued."),
            (State::InProgress, "Run 12", "In progress. Run 12"),
            (
                State::Error,
                "CI could not run it",
                "Gave up. CI could not run it",
            ),
            (State::Error, "Canceled by ada.", "Canceled by ada."),
            (State::Other("paused".to_owned()), "Lunch", "paused Lunch"),
        ] {
            assert_eq!(told(&state, description), expected);
        }
    }

    #[test]
    fn silence_is_told_in_words() {
        assert_eq!(
            silence(7, None, HOUR),
            "Nobody has begun deployment 7 within 1 hour. Is something listening to this repository's deployments?"
        );
        assert_eq!(
            silence(7, Some(&State::InProgress), HOUR),
            "Nothing has moved for 1 hour. The last that I heard of deployment 7 was `in_progress`."
        );
        assert_eq!(
            overdue(7, Some(&State::Queued), "1 hour"),
            "Deployment 7 was not over after 1 hour, and I gave it up. The last that I heard was `queued`."
        );
    }
}
