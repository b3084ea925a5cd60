//! Taking environments away. Several are begun before the first is waited for, so that they go away side by side.

use std::time::Duration;

use witbot_sdk::ci::Run;
use witbot_sdk::flow::{self, Timestamp};
use witbot_sdk::github::State;
use witbot_sdk::{Error, Result, duration, log};

use crate::card;
use crate::deployment;
use crate::environment::{Environment, Phase, Why};
use crate::making;
use crate::registry::{ATTEMPTS_MAX, Registry, Removal, Request};
use crate::run;
use crate::settings::App;
use crate::store;
use crate::tell::Place;

/// How much longer than its runs of CI an attempt can take, when services have to be asked again.
const SLACK: Duration = Duration::from_secs(2 * 3_600);

/// An environment that this run takes away.
pub struct Leaving<'a> {
    place: Place<'a>,
    holder: &'a str,
    why: Why,
    /// As it stood before.
    before: Environment,
}

/// One for which CI was asked, or need not be.
pub struct Begun<'a> {
    leaving: Leaving<'a>,
    run: Result<Option<Run>>,
}

/// Whether this run is to take an environment away.
pub enum Claim<'a> {
    Mine(Box<Leaving<'a>>),
    UnderWay(Why),
    Gone,
}

/// Claims an environment for this run. `at_once`: also one that is tried again later.
pub fn claim<'a>(place: Place<'a>, why: Why, holder: &'a str, at_once: bool) -> Result<Claim<'a>> {
    let now = flow::now();
    let over_at = now + longest(place.app);
    let removal = store::change(place.app_name, |registry| {
        registry.begin_removal(
            place.name,
            &Request {
                why: &why,
                holder,
                over_at,
                now,
                at_once,
            },
        )
    })?;
    Ok(match removal {
        Removal::Gone => Claim::Gone,
        Removal::UnderWay(why) => Claim::UnderWay(why),
        Removal::Begun(before) => Claim::Mine(Box::new(Leaving {
            place,
            holder,
            why,
            before: *before,
        })),
    })
}

/// Takes them away, and notes what cannot be done in the log.
pub fn take_away(leaving: Vec<Leaving<'_>>) {
    let begun: Vec<Begun<'_>> = leaving.into_iter().map(Leaving::begin).collect();
    for begun in begun {
        if let Err(error) = begun.finish() {
            log::warn!("{error}");
        }
    }
}

impl<'a> Leaving<'a> {
    /// Has CI begin.
    pub fn begin(self) -> Begun<'a> {
        let run = self.started();
        Begun { leaving: self, run }
    }

    fn started(&self) -> Result<Option<Run>> {
        let environment = self.held(|_| {})?;
        self.place.show(&environment);
        if let Some(maker) = &self.before.maker {
            self.stop_making(maker)?;
            self.held(|one| one.maker = None)?;
        }
        let environment = self.held(|_| {})?;
        if !environment.begun {
            return Ok(None);
        }
        let pipeline = &self.place.app.destroy;
        let values = environment.values(self.place.app_name, self.place.name);
        let run = run::start(pipeline, &values, None)?;
        let page = run.url();
        let environment = self.held(|one| one.log = Some(page.clone()))?;
        self.place.show(&environment);
        Ok(Some(run))
    }

    /// Two runs of CI that make and destroy the same thing at once could leave anything behind.
    fn stop_making(&self, maker: &str) -> Result {
        let Place {
            name,
            app_name,
            app,
        } = &self.place;
        if let Some(run) = &self.before.made_by
            && let Err(error) = run::stop_known(run)
        {
            log::warn!("the run {} was not stopped: {error}", run.id);
        }
        flow::cancel(maker)?;
        let turn = flow::line_up(&making::line(app_name, name))?;
        turn.wait(app.create.timeout() + SLACK / 2)?;
        turn.leave()?;
        if let Some(run) = self.held(|_| {})?.made_by {
            let end = run::follow(&run.open()?, &app.create);
            log::info!("what made {name} is over: {end:?}");
        }
        Ok(())
    }

    fn held(&self, change: impl Fn(&mut Environment)) -> Result<Environment> {
        let held = self.store(|registry| registry.held(self.place.name, self.holder, &change))?;
        held.ok_or_else(|| Error::not_found(format!("`{}` is gone.", self.place.name)))
    }

    fn store<T>(&self, change: impl Fn(&mut Registry) -> T) -> Result<T> {
        store::change(self.place.app_name, change)
    }

    fn gone(&self) -> Result {
        let forgotten = self.store(|registry| registry.forget(self.place.name, self.holder))?;
        if let Some(environment) = forgotten {
            let card = card::destroyed(self.place.name, &environment, &self.why);
            self.place.replace(&environment, card);
            let description = format!("Destroyed{}", self.why.words());
            deployment::tell(&environment, State::Inactive, &description, None);
        }
        Ok(())
    }

    /// Its owner is told the first time. What comes after that is shown on its card.
    fn stuck(&self, reason: &str) -> Result {
        let now = flow::now();
        let stuck =
            self.store(|registry| registry.stick(self.place.name, self.holder, reason, now))?;
        let Some(environment) = stuck else {
            return Ok(());
        };
        self.place.show(&environment);
        if let Phase::Stuck {
            attempts: 1,
            again_at: Some(again_at),
            ..
        } = environment.phase
        {
            let words = told_once(
                self.place.name,
                reason,
                Timestamp::from_millis(again_at),
                now,
            );
            self.place.say_to_owner(&environment, &words);
        }
        Ok(())
    }
}

impl Begun<'_> {
    /// Waits until it is gone.
    ///
    /// # Errors
    /// Why it is not. It is tried again later.
    pub fn finish(self) -> Result {
        let Begun { leaving, run } = self;
        let ended = match run {
            Ok(None) => Ok(()),
            Ok(Some(run)) => {
                let end = run::follow(&run, &leaving.place.app.destroy);
                let url = &end.url;
                leaving.held(|one| one.log = Some(url.clone()))?;
                end.failure.map_or(Ok(()), |failure| Err(failure.into()))
            }
            Err(error) => Err(error),
        };
        match ended {
            Ok(()) => leaving.gone(),
            Err(error) => {
                leaving.stuck(&error.message)?;
                Err(Error {
                    message: format!(
                        "`{}` could not be destroyed: {}",
                        leaving.place.name, error.message
                    ),
                    ..error
                })
            }
        }
    }
}

/// When an attempt has surely ended, however it did.
fn longest(app: &App) -> Duration {
    app.create.timeout() + app.destroy.timeout() + SLACK
}

fn told_once(name: &str, reason: &str, again_at: Timestamp, now: Timestamp) -> String {
    let pause = duration::shown(again_at.since(now));
    let more = ATTEMPTS_MAX - 1;
    format!(
        ", {name} could not be destroyed: {} I try again in {pause}, and up to {more} times; the card shows how that goes.",
        crate::words::stopped(reason)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;

    #[test]
    fn an_attempt_is_given_the_time_of_both_runs() {
        let settings = settings::example();
        let longest = longest(settings.of("api").unwrap());
        assert_eq!(longest, Duration::from_secs(3 * 3_600));
    }

    #[test]
    fn the_owner_is_told_what_comes_next() {
        let now = Timestamp::from_millis(0);
        let again_at = now + Duration::from_secs(300);
        assert_eq!(
            told_once("x", "It failed in CI: remove", again_at, now),
            ", x could not be destroyed: It failed in CI: remove. I try again in 5m, and up to 4 times; the card shows how that goes."
        );
    }
}
