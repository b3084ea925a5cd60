//! A canary: a version gets more and more of the traffic, step by step, as long as all is well. It is one run, from the first step to the
//! last, and goes on over restarts of the bot.

use std::time::Duration;

use witbot_sdk::chat::{Message, State};
use witbot_sdk::{Code, Error, Event, Result, flow, log, permission};

use crate::health::{self, Health};
use crate::kept::{self, Canary};
use crate::rollouts;
use crate::settings::{Kind, Settings};
use crate::shown::{self, Walk};
use crate::split::{ALL, Split, is_version};
use crate::steer::{self, Heard, Steer, What};
use crate::{backend, web};

/// How long a canary waits for somebody: as long as a run can.
const PATIENCE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// What a service does not do just now is tried again after this.
const AGAIN: Duration = Duration::from_secs(30);
/// So often.
const TRIES_MAX: u32 = 2;
/// Requests that are kept for the way back: a change, and the same again.
const BACK: u32 = 2 * backend::SET;

/// How a canary ended.
enum End {
    /// The version has all of the traffic.
    Whole(String),
    /// The traffic is set back, and why.
    Back(String),
    /// Somebody else took over: nothing is set any more.
    Left(String),
}

/// What comes after a step.
enum Next {
    /// The step after it.
    Step,
    /// The last one.
    Promote(String),
    /// None.
    Back(String),
}

/// What ends the wait for a verdict.
enum Verdict {
    Health(Health),
    Steer(Steer),
}

/// One that goes on.
struct Run<'a> {
    walk: Walk<'a>,
    message: Message,
    canary: Canary,
    /// What makes the questions after its health different.
    questions: u32,
}

/// `traffic canary <app> [in <env>] to <version>`
pub fn begin(event: &Event) -> Result {
    let settings = Settings::read()?;
    let place = settings.one(&event.required("app")?, event.argument("env").as_deref())?;
    let typed = event.required("version")?;
    if place.written.backend == Kind::Rollouts {
        return Err(rollouts::walks_by_itself(place));
    }
    if !is_version(&typed) {
        return Err(Error::invalid(format!(
            "`{typed}` is no version, such as `v42`."
        )));
    }
    let version = backend::version(place, &typed);
    permission::demand([
        ("app", place.app),
        ("env", place.environment),
        ("version", version.as_str()),
    ])?;
    kept::refuse_another(place)?;
    let standing = backend::read(place)?;
    backend::check(place, &version, &standing)?;
    if standing.split.share(&version) == ALL {
        return Err(Error::new(
            Code::Conflict,
            format!(
                "{version} has all of the traffic of {} already.",
                place.title()
            ),
        ));
    }
    let by = event.user_name();
    let canary = Canary {
        run: event.id(),
        version: version.clone(),
        by: by.clone(),
        before: standing.split.clone(),
        set: standing.split,
    };
    kept::claim(place, &canary)?;
    let walk = Walk {
        place,
        version: &version,
        by: &by,
        step: None,
    };
    let message = event.reply(walk.running("It begins.", &canary.set))?;
    let mut run = Run {
        walk,
        message,
        canary,
        questions: 0,
    };
    let end = run.walk_on();
    let told = run.finish(end);
    kept::release(place, &event.id())?;
    told
}

impl Run<'_> {
    /// # Errors
    /// `canceled`.
    fn walk_on(&mut self) -> Result<End> {
        let steps = self.walk.place.written.steps.clone();
        let mut at = 0;
        while at < steps.len() {
            let share = steps[at];
            // A version that has more already is taken nothing of.
            if share <= self.canary.before.share(self.walk.version) {
                at += 1;
                continue;
            }
            self.walk.step = Some(at);
            if let Some(end) = self.set(share)? {
                return Ok(end);
            }
            let last = share == ALL;
            match self.stay(share, last)? {
                Next::Step => at += 1,
                Next::Promote(by) if !last => {
                    log::info!("{by} promotes it");
                    at = steps.len() - 1;
                }
                Next::Promote(_) => at += 1,
                Next::Back(why) => return self.back(why),
            }
        }
        self.walk.step = Some(steps.len());
        let version = self.walk.version;
        Ok(End::Whole(format!("{version} has all of the traffic.")))
    }

    /// Gives the version its share. None: it has it.
    fn set(&mut self, share: u32) -> Result<Option<End>> {
        let place = self.walk.place;
        let split = self.canary.before.toward(self.walk.version, share)?;
        let mut tries = 0;
        loop {
            tries += 1;
            if web::left() < backend::SET + BACK {
                let max = web::REQUESTS_MAX;
                let why = format!(
                    "It has too few of its {max} requests left to go on, after so much trouble."
                );
                return self.back(why).map(Some);
            }
            let error = match backend::set(place, &self.canary.set, &split, BACK) {
                Ok(()) => break,
                Err(error) => error,
            };
            match error.code {
                Code::Canceled => return Err(error),
                Code::Conflict => return Ok(Some(End::Left(error.message))),
                Code::Unavailable | Code::Timeout | Code::RateLimited if tries < TRIES_MAX => {
                    flow::sleep(error.retry_after.unwrap_or(AGAIN))?;
                }
                _ => {
                    let told = format!("The share could not be set to {share}%: {}", error.message);
                    match self.ask(&told)? {
                        Next::Step | Next::Promote(_) => tries = 0,
                        Next::Back(why) => return self.back(why).map(Some),
                    }
                }
            }
        }
        self.canary.set = split;
        kept::note(place, &self.canary)?;
        Ok(None)
    }

    /// Waits for the time of a step, and looks then whether all is well.
    fn stay(&mut self, share: u32, last: bool) -> Result<Next> {
        // Nothing comes after the last one but a look.
        let mut left = if last {
            Duration::ZERO
        } else {
            self.walk.place.written.pause
        };
        while !left.is_zero() {
            let began = flow::now();
            self.show(|walk, split| walk.running(&shown::until(share, left), split));
            let Some(heard) = steer::next(&self.canary.run, left)? else {
                break;
            };
            left = left.saturating_sub(flow::now().since(began));
            if let Heard::Steer(wanted) = heard
                && let Some(next) = self.obey(wanted)?
            {
                return Ok(next);
            }
        }
        self.look(share)
    }

    /// Does what somebody wants while it goes on. None: it goes on.
    fn obey(&mut self, wanted: Steer) -> Result<Option<Next>> {
        wanted.heard();
        Ok(match wanted.what {
            What::Pause => match self.ask(&format!("Paused by {}.", wanted.by))? {
                Next::Step => None,
                next => Some(next),
            },
            What::Resume => None,
            What::Promote => Some(Next::Promote(wanted.by)),
            What::Abort => Some(Next::Back(format!("Aborted by {}.", wanted.by))),
        })
    }

    /// Looks whether the environment is healthy, if somebody says so.
    fn look(&mut self, share: u32) -> Result<Next> {
        let Some(within) = self.walk.place.written.health() else {
            return Ok(Next::Step);
        };
        let told = format!("It has {share}%. Looking whether all is well.");
        loop {
            self.show(|walk, split| walk.running(&told, split));
            let health = match self.verdict(within)? {
                Verdict::Health(health) => health,
                Verdict::Steer(wanted) => match self.obey(wanted)? {
                    // What was asked before is old by now.
                    None => continue,
                    Some(next) => return Ok(next),
                },
            };
            return match health {
                Health::Healthy => Ok(Next::Step),
                Health::Failing(what) => {
                    Ok(Next::Back(format!("Not healthy with {share}%: {what}.")))
                }
                Health::Unknown(why) => self.ask(&format!(
                    "Whether it is healthy with {share}% is not known: {why}."
                )),
            };
        }
    }

    /// Asks whether the environment is healthy, and waits for the answer, or until somebody wants something.
    fn verdict(&mut self, within: Duration) -> Result<Verdict> {
        self.questions += 1;
        let question = health::question(&self.canary.run, self.questions);
        let unknown = |why: String| Ok(Verdict::Health(Health::Unknown(why)));
        match health::ask(self.walk.place, &question, within) {
            Ok(()) => {}
            Err(error) if error.code == Code::Canceled => return Err(error),
            Err(error) => return unknown(error.message),
        }
        let end = flow::now() + within + health::SPARE;
        loop {
            match steer::next(&self.canary.run, end.since(flow::now()))? {
                None => return unknown("nobody checks it".to_owned()),
                Some(Heard::Steer(wanted)) => return Ok(Verdict::Steer(wanted)),
                Some(Heard::Verdict { id, health }) if id == question => {
                    return Ok(Verdict::Health(health));
                }
                // To a question that nobody waits for any more.
                Some(Heard::Verdict { .. }) => {}
            }
        }
    }

    /// Waits until somebody says how it is to go on.
    fn ask(&mut self, told: &str) -> Result<Next> {
        self.show(|walk, split| walk.waiting(told, split));
        loop {
            let Some(heard) = steer::next(&self.canary.run, PATIENCE)? else {
                return Ok(Next::Back(
                    "Nobody said for 30 days how it is to go on.".to_owned(),
                ));
            };
            let Heard::Steer(wanted) = heard else {
                continue;
            };
            wanted.heard();
            match wanted.what {
                What::Pause => {}
                What::Resume => return Ok(Next::Step),
                What::Promote => return Ok(Next::Promote(wanted.by)),
                What::Abort => return Ok(Next::Back(format!("Aborted by {}.", wanted.by))),
            }
        }
    }

    /// Sets the traffic back to what it was before.
    fn back(&mut self, why: String) -> Result<End> {
        let place = self.walk.place;
        let before = self.canary.before.clone();
        let mut tries = 0;
        loop {
            tries += 1;
            match backend::set(place, &self.canary.set, &before, 0) {
                Ok(()) => {
                    self.canary.set = before;
                    return Ok(End::Back(why));
                }
                Err(error) if error.code == Code::Canceled => return Err(error),
                Err(error) if error.code == Code::Conflict => {
                    return Ok(End::Left(format!("{why} {}", error.message)));
                }
                Err(error) if tries <= TRIES_MAX && web::left() >= backend::SET => {
                    log::warn!("the traffic could not be set back: {error}");
                    flow::sleep(error.retry_after.unwrap_or(AGAIN))?;
                }
                Err(error) => {
                    let text = format!(
                        "{why} The traffic could not be set back, so do it by hand: {}",
                        error.message
                    );
                    return Ok(End::Left(text));
                }
            }
        }
    }

    fn finish(&mut self, end: Result<End>) -> Result {
        let (state, told) = match end {
            Ok(End::Whole(told)) => (State::Success, told),
            Ok(End::Back(why)) => (
                State::Failure,
                format!("{why} The traffic is what it was before."),
            ),
            Ok(End::Left(why)) => (
                State::Warning,
                format!("{why} I leave the traffic as it is."),
            ),
            Err(error) if error.code == Code::Canceled => {
                let told = "The run was canceled. I leave the traffic as it is.";
                (State::Canceled, told.to_owned())
            }
            Err(error) => (
                State::Warning,
                format!(
                    "It cannot go on: {} I leave the traffic as it is.",
                    error.message
                ),
            ),
        };
        let card = self.walk.over(state, &told, &self.canary.set);
        self.message.edit(card)?;
        if state == State::Success {
            return Ok(());
        }
        // An edit notifies nobody.
        self.message.reply(told).map(drop)
    }

    /// Not being able to show it is no reason to stop.
    fn show(&self, card: impl Fn(&Walk<'_>, &Split) -> witbot_sdk::chat::Card) {
        if let Err(error) = self.message.edit(card(&self.walk, &self.canary.set)) {
            log::warn!("how far it is could not be shown: {error}");
        }
    }
}
