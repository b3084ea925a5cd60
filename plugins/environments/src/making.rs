//! Making an environment that was claimed: its card, its deployment, its run of CI. Whoever wants it away meanwhile takes it
//! over, and this run leaves it alone then.

use witbot_sdk::ci::Run;
use witbot_sdk::github::State;
use witbot_sdk::{Code, Error, Event, Result, flow, log};

use crate::deployment;
use crate::environment::{Environment, Phase};
use crate::registry::Registry;
use crate::run;
use crate::store;
use crate::tell::Place;

/// Why an environment is not made.
enum Stop {
    /// Somebody wants it away.
    Unwanted,
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

/// The line in which whoever destroys an environment waits until it is not being made any more.
pub fn line(app: &str, name: &str) -> String {
    format!("making {app} {name}")
}

/// An environment while it is made.
struct Making<'a> {
    place: &'a Place<'a>,
    /// This run.
    maker: String,
}

/// Makes an environment, and shows on a card how that goes.
pub fn make(event: &Event, place: &Place<'_>) -> Result {
    let making = Making {
        place,
        maker: event.id(),
    };
    let turn = flow::line_up(&line(place.app_name, place.name))?;
    let made = making.show_first(event).and_then(|()| making.run());
    if let Err(Stop::Failed(error)) = made {
        making.fail(&error)?;
    }
    turn.leave()
}

impl Making<'_> {
    fn show_first(&self, event: &Event) -> Result<(), Stop> {
        let environment = self.noted(|_| {})?;
        let id = event.reply(self.place.card(&environment))?.id();
        self.noted(|one| one.card = Some(id.clone())).map(drop)
    }

    fn run(&self) -> Result<(), Stop> {
        let Place {
            name,
            app_name,
            app,
        } = *self.place;
        let environment = self.noted(|_| {})?;
        let id = deployment::create(self.place, &environment)?;
        let environment = self.noted(|one| one.deployment = Some(id))?;
        // A mistake in it is to be known before anything runs.
        let url = app.url(&environment.values(app_name, name))?;
        let run = self.start(&environment)?;
        self.tell_begun(&run)?;
        let end = run::follow(&run, &app.create);
        self.noted(|one| one.log = Some(end.url.clone()))?;
        match end.failure {
            Some(reason) => Err(Error::new(Code::Unavailable, reason).into()),
            None => self.ready(url.as_deref()),
        }
    }

    fn tell_begun(&self, run: &Run) -> Result<(), Stop> {
        let (known, page) = (run::known(&self.place.app.create, run), run.url());
        let environment = self.noted(|one| {
            one.made_by = Some(known.clone());
            one.log = Some(page.clone());
        });
        match environment {
            Ok(environment) => {
                self.place.show(&environment);
                deployment::tell(&environment, State::InProgress, "Being created", None);
                Ok(())
            }
            Err(stop) => {
                // Whoever wants it away did not know of this run yet.
                run::stop(run)?;
                Err(stop)
            }
        }
    }

    fn start(&self, environment: &Environment) -> Result<Run, Stop> {
        let Place {
            name,
            app_name,
            app,
        } = self.place;
        let values = environment.values(app_name, name);
        self.noted(|one| one.begun = true)?;
        run::start(&app.create, &values, Some(&environment.branch)).or_else(|error| {
            if !may_have_begun(&error) {
                // An earlier attempt may have left something all the same.
                self.noted(|one| one.begun = environment.begun)?;
            }
            Err(error.into())
        })
    }

    fn ready(&self, url: Option<&str>) -> Result<(), Stop> {
        let environment = self.changed(|_| {}, |one| one.phase = Phase::Ready)?;
        self.place.show(&environment);
        deployment::tell(&environment, State::Success, "Ready", url);
        Ok(())
    }

    /// What CI has nothing of is forgotten. What it may have something of stays, to be made again or destroyed.
    fn fail(&self, error: &Error) -> Result {
        log::warn!("{} was not made: {error}", self.place.name);
        let failed = Phase::Failed(error.message.clone());
        let environment = self.changed(|_| {}, |one| one.phase = failed.clone());
        let environment = match environment {
            Ok(environment) => environment,
            Err(Stop::Unwanted) => return Ok(()),
            Err(Stop::Failed(error)) => return Err(error),
        };
        if !environment.begun {
            self.store(|registry| registry.forget(self.place.name, &self.maker))?;
        }
        self.place.show(&environment);
        deployment::tell(&environment, State::Failure, &error.message, None);
        Ok(())
    }

    /// Notes what was found out, also for whoever took it over.
    fn noted(&self, note: impl Fn(&mut Environment)) -> Result<Environment, Stop> {
        self.changed(note, |_| {})
    }

    fn changed(
        &self,
        note: impl Fn(&mut Environment),
        change: impl Fn(&mut Environment),
    ) -> Result<Environment, Stop> {
        let made =
            self.store(|registry| registry.made(self.place.name, &self.maker, &note, &change))?;
        made.ok_or(Stop::Unwanted)
    }

    fn store<T>(&self, change: impl Fn(&mut Registry) -> T) -> Result<T> {
        store::change(self.place.app_name, change)
    }
}

/// Whether CI may have started something although it did not say so.
fn may_have_begun(error: &Error) -> bool {
    matches!(error.code, Code::InDoubt | Code::Timeout | Code::Other(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ci_refused_has_not_begun() {
        for (code, begun) in [
            (Code::Invalid, false),
            (Code::Denied, false),
            (Code::Conflict, false),
            (Code::InDoubt, true),
            (Code::Timeout, true),
        ] {
            assert_eq!(may_have_begun(&Error::new(code, "")), begun);
        }
    }
}
