//! The commands about locks.

use std::time::Duration;

use witbot_sdk::{Event, Result, flow};

use crate::locks::{self, Lock};
use crate::order;
use crate::person::Person;
use crate::settings::{Application, Settings};

/// How long somebody can think about taking a lock from somebody else.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10 * 60);

/// `lock`: keeps others from deploying.
pub fn lock(event: &Event) -> Result {
    let settings = Settings::read()?;
    let lock = asked(event, &settings)?;
    let there = locks::get(&lock.app, lock.environment.as_deref())?;
    if let Some(there) = &there
        && !there.by.is(&lock.by)
    {
        let question = format!(
            "{} is already locked {}. Take the lock from {}?",
            there.place(),
            there.details(),
            there.by.name
        );
        if !agreed(&question, "Steal")? {
            event.reply(format!(
                "{} stays locked {}.",
                there.place(),
                there.details()
            ))?;
            return Ok(());
        }
    }
    if !locks::put(&lock, there.as_ref())? {
        return Err(locks::too_late());
    }
    event.reply(format!("Locked {} {}.", lock.place(), lock.details()))?;
    Ok(())
}

/// `unlock`: takes a lock away.
pub fn unlock(event: &Event) -> Result {
    let settings = Settings::read()?;
    let app = settings.app(&event.required("app")?)?;
    order::check_channel(app, event.channel().as_deref())?;
    let environment = environment(event, app)?;
    order::permit(app, environment)?;
    let place = match environment {
        Some(environment) => format!("{} in {environment}", app.name),
        None => app.name.to_owned(),
    };
    let Some(lock) = locks::get(app.name, environment)? else {
        event.reply(not_locked(app, environment, &place)?)?;
        return Ok(());
    };
    if !lock.by.is(&Person::of(event, &settings)) {
        let question = format!("{place} is locked {}. Unlock it?", lock.details());
        if !agreed(&question, "Unlock")? {
            event.reply(format!("{place} stays locked."))?;
            return Ok(());
        }
    }
    if !locks::take_away(&lock)? {
        return Err(locks::too_late());
    }
    event.reply(format!("Unlocked {place}."))?;
    Ok(())
}

/// `locks`: shows all of them.
pub fn list(event: &Event) -> Result {
    let lines: Vec<String> = locks::all()?
        .iter()
        .map(|lock| format!("{} is locked {}.", lock.place(), lock.details()))
        .collect();
    event.reply(match lines.as_slice() {
        [] => "Nothing is locked.".to_owned(),
        lines => lines.join("\n"),
    })?;
    Ok(())
}

fn asked(event: &Event, settings: &Settings) -> Result<Lock> {
    let app = settings.app(&event.required("app")?)?;
    order::check_channel(app, event.channel().as_deref())?;
    let duration = event.duration("time")?;
    let environment = environment(event, app)?;
    order::permit(app, environment)?;
    let now = flow::now();
    Ok(Lock {
        app: app.name.to_owned(),
        environment: environment.map(str::to_owned),
        by: Person::of(event, settings),
        reason: event.argument("reason"),
        since: now.as_millis(),
        until: duration.map(|duration| (now + duration).as_millis()),
    })
}

/// What was named. Nothing is named for all of them.
fn environment<'a>(event: &Event, app: Application<'a>) -> Result<Option<&'a str>> {
    let asked = event.argument("env");
    asked.map(|asked| app.environment(Some(&asked))).transpose()
}

/// People who unlock the whole may mean what is locked in one place, and the other way round.
fn not_locked(app: Application<'_>, environment: Option<&str>, place: &str) -> Result<String> {
    let mut others = Vec::new();
    let places = app.environments().into_iter().map(Some).chain([None]);
    for other in places.filter(|other| *other != environment) {
        others.extend(locks::get(app.name, other)?);
    }
    let others: Vec<String> = others
        .iter()
        .map(|lock| format!("{} is locked {}.", lock.place(), lock.details()))
        .collect();
    Ok(match others.as_slice() {
        [] => format!("{place} is not locked."),
        others => format!("{place} is not locked, but {}", others.join("\n")),
    })
}

/// Asks whoever said it. No answer is a no.
fn agreed(question: &str, yes: &str) -> Result<bool> {
    match flow::ask(question, &[yes, "Leave it"], ANSWER_TIME_MAX) {
        Ok(answer) => Ok(answer.choice() == yes),
        Err(error) if error.code == witbot_sdk::Code::Timeout => Ok(false),
        Err(error) => Err(error),
    }
}
