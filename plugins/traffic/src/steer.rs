//! Steering a canary that runs: the commands tell its run by a topic, and it answers by another one.

use std::time::Duration;

use serde_json::json;
use witbot_sdk::flow::Occurrence;
use witbot_sdk::{Code, Error, Event, Result, flow, log, permission, topics};

use crate::kept::{self, Canary};
use crate::settings::{Kind, Place, Settings};
use crate::{backend, rollouts};

/// What the run of a canary hears.
const STEER: &str = "traffic-steer";
const STEERED: &str = "topic.traffic-steer";
/// How it answers.
const DONE: &str = "traffic-steered";
const ANSWERED: &str = "topic.traffic-steered";
/// A run that is there answers at once, unless it sets something or looks whether the environment is healthy just then.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10 * 60);

/// When it is looked first whether there is still a run to answer.
const LOOK_FIRST: Duration = Duration::from_secs(5);

/// What can be wanted of a canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It stays as it is.
    Pause,
    /// It goes on.
    Resume,
    /// It has all of the traffic at once.
    Promote,
    /// It has none any more.
    Abort,
}

impl What {
    const ALL: [What; 4] = [What::Pause, What::Resume, What::Promote, What::Abort];

    /// As commands and topics say it.
    pub fn as_str(self) -> &'static str {
        match self {
            What::Pause => "pause",
            What::Resume => "resume",
            What::Promote => "promote",
            What::Abort => "abort",
        }
    }

    fn done(self) -> &'static str {
        match self {
            What::Pause => "stays as it is",
            What::Resume => "goes on",
            What::Promote => "gets all of the traffic",
            What::Abort => "is taken back",
        }
    }
}

/// What somebody wants of a canary, as its run hears it.
pub struct Steer {
    /// What.
    pub what: What,
    /// Who.
    pub by: String,
    id: String,
}

/// Waits until somebody wants something. None: nobody did in time.
///
/// # Errors
/// `canceled`.
pub fn wanted(place: Place<'_>, within: Duration) -> Result<Option<Steer>> {
    match flow::await_event(STEERED, &place.subject(), within) {
        Ok(event) => Ok(read(&event)),
        Err(error) if error.code == Code::Timeout => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(event: &Occurrence) -> Option<Steer> {
    let word = event.field("/what")?;
    let what = What::ALL.into_iter().find(|what| what.as_str() == word)?;
    Some(Steer {
        what,
        by: event.field("/by").unwrap_or_default(),
        id: event.field("/id")?,
    })
}

impl Steer {
    /// Tells whoever wanted it that it is heard.
    pub fn heard(&self) {
        if let Err(error) = topics::publish(DONE, &self.id, &json!({})) {
            log::warn!("who steers could not be told: {error}");
        }
    }
}

/// `traffic pause`, `resume`, `promote` and `abort`.
pub fn command(event: &Event, what: What) -> Result {
    let settings = Settings::read()?;
    let place = settings.one(&event.required("app")?, event.argument("env").as_deref())?;
    permission::demand([("app", place.app), ("env", place.environment)])?;
    let (title, by) = (place.title(), event.user_name());
    if place.written.backend == Kind::Rollouts {
        rollouts::steer(place, what)?;
        event.reply(format!("The Rollout of {title} {}, for {by}.", what.done()))?;
        return Ok(());
    }
    let Some(canary) = kept::canary(place)? else {
        return Err(Error::not_found(format!("There is no canary of {title}.")));
    };
    let id = event.id();
    let steer = json!({ "what": what.as_str(), "by": by, "id": id });
    topics::publish(STEER, &place.subject(), &steer)?;
    match heard(place, &canary, &id)? {
        Heard::Yes => {
            event.reply(format!(
                "{} of {title} {}, for {by}.",
                canary.version,
                what.done()
            ))?;
            Ok(())
        }
        Heard::Over => Err(Error::new(
            Code::Conflict,
            format!("The canary of {title} has ended in this moment."),
        )),
        Heard::No => unheard(event, place, &canary, what),
    }
}

/// Whether the run of a canary heard something.
enum Heard {
    Yes,
    /// It has ended before.
    Over,
    No,
}

/// Waits for the answer, and looks now and then whether there is still somebody to give it.
fn heard(place: Place<'_>, canary: &Canary, id: &str) -> Result<Heard> {
    let end = flow::now() + ANSWERED_WITHIN;
    let mut pause = LOOK_FIRST;
    loop {
        let left = end.since(flow::now());
        if left.is_zero() {
            return Ok(Heard::No);
        }
        match flow::await_event(ANSWERED, id, pause.min(left)) {
            Ok(_) => return Ok(Heard::Yes),
            Err(error) if error.code == Code::Timeout => {}
            Err(error) => return Err(error),
        }
        let goes_on = kept::canary(place)?.is_some_and(|now| now.run == canary.run);
        if !goes_on {
            return Ok(Heard::Over);
        }
        pause *= 2;
    }
}

/// The run of the canary does not answer: it is no more, or cannot go on. Aborting does what it would have done.
fn unheard(event: &Event, place: Place<'_>, canary: &Canary, what: What) -> Result {
    let title = place.title();
    if what != What::Abort {
        return Err(Error::new(
            Code::Unavailable,
            format!(
                "The canary of {title} does not answer. `{}` sets the traffic back without it.",
                place.command("abort")
            ),
        ));
    }
    flow::cancel(&canary.run)?;
    backend::set(place, &canary.set, &canary.before)?;
    kept::release(place)?;
    event.reply(format!(
        "The canary of {title} did not answer, so I have set the traffic back myself: {}.",
        canary.before
    ))?;
    Ok(())
}
