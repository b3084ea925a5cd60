//! `env destroy <name>`.

use witbot_sdk::{Code, Error, Event, Result, flow, permission};

use crate::environment::{Environment, Why};
use crate::removal::{self, Claim};
use crate::settings::Settings;
use crate::store::{self, Found};
use crate::tell::Place;
use crate::words::stopped;

/// Takes an environment away, after a question if it is somebody else's.
pub fn destroy(event: &Event) -> Result {
    let settings = Settings::read()?;
    let Found {
        app,
        name,
        environment,
    } = store::find(&event.required("name")?)?;
    let place = Place {
        name: &name,
        app_name: &app,
        app: settings.of(&app)?,
    };
    permit(event, &place, &environment)?;
    if !is_own(event, &environment) && !flow::confirm(&question(&name, &environment))? {
        event.reply(format!("`{name}` stays."))?;
        return Ok(());
    }
    // It was waited for an answer, and another one may have its name by now.
    if store::find(&name)?.environment.owner.id != environment.owner.id {
        return Err(Error::new(
            Code::Conflict,
            format!("`{name}` belongs to somebody else by now. Look at `env list`."),
        ));
    }
    take_away(event, place, &environment)
}

fn take_away(event: &Event, place: Place<'_>, environment: &Environment) -> Result {
    let name = place.name;
    let by = event.user_name();
    let why = Why::Wanted(by.clone());
    let holder = event.id();
    match removal::claim(place, why, &holder, true)? {
        Claim::Gone => Err(Error::not_found(format!("`{name}` is gone already."))),
        Claim::UnderWay(why) => Err(Error::new(
            Code::Conflict,
            format!("`{name}` is being destroyed already{}.", why.words()),
        )),
        Claim::Mine(leaving) => {
            let answer = event.reply(format!("Destroying `{name}` for {by}."))?;
            match leaving.begin().finish() {
                Ok(()) => {
                    answer.edit(format!("Destroyed `{name}` for {by}."))?;
                    if !is_own(event, environment) {
                        place.say_to_owner(environment, &format!(", {by} destroyed `{name}`."));
                    }
                    Ok(())
                }
                Err(error) => answer.edit(stopped(&error.message)),
            }
        }
    }
}

fn permit(event: &Event, place: &Place<'_>, environment: &Environment) -> Result {
    let own = is_own(event, environment).to_string();
    let subject = [
        ("app", place.app_name),
        ("branch", &environment.branch),
        ("name", place.name),
        ("owner", &environment.owner.id),
        ("own", &own),
    ];
    permission::demand(subject).map(drop)
}

/// By id, since names change.
fn is_own(event: &Event, environment: &Environment) -> bool {
    event
        .user()
        .is_some_and(|user| user == environment.owner.id)
}

fn question(name: &str, environment: &Environment) -> String {
    format!(
        "`{name}` is an environment of {}, made of `{}`. Destroy it all the same?",
        environment.owner.name, environment.branch
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::{Phase, example};

    #[test]
    fn the_question_names_the_owner() {
        assert_eq!(
            question("x", &example(Phase::Ready)),
            "`x` is an environment of ada, made of `feature/login`. Destroy it all the same?"
        );
    }
}
