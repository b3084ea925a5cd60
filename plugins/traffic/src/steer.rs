//! Steering a canary that runs: the commands tell its run by a topic, and it answers by another one.

use std::time::Duration;

use serde_json::json;
use witbot_sdk::flow::Timestamp;
use witbot_sdk::{Code, Error, Event, Result, flow, log, permission, topics};

use crate::health::{self, Health};
use crate::kept::{self, Canary};
use crate::settings::{Kind, Place, Settings};
use crate::{backend, rollouts};

/// What the run of a canary hears.
const STEER: &str = "traffic-steer";
const STEERED: &str = "topic.traffic-steer";
/// What else is said there than what can be wanted.
const VERDICT: &str = "verdict";
/// How it answers.
const DONE: &str = "traffic-steered";
const ANSWERED: &str = "topic.traffic-steered";
/// A run that is there answers at once, unless it sets something just then.
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

    /// What is so when a canary has heard it: its card says how the rest goes.
    fn heard(self) -> &'static str {
        match self {
            What::Pause => "stays as it is",
            What::Resume => "goes on",
            What::Promote => "is to get all of the traffic now",
            What::Abort => "is to be taken back now",
        }
    }

    /// What is so when Argo Rollouts has taken it.
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

/// What the run of a canary hears.
pub enum Heard {
    /// Somebody wants something of it.
    Steer(Steer),
    /// The answer to a question after its health.
    Verdict {
        /// Of the question.
        id: String,
        /// What it is.
        health: Health,
    },
}

/// Waits until a run is told something. None: it was not in time.
///
/// # Errors
/// `canceled`.
pub fn next(run: &str, within: Duration) -> Result<Option<Heard>> {
    let end = flow::now() + within;
    loop {
        let left = end.since(flow::now());
        match flow::await_event(STEERED, run, left) {
            Ok(event) => match read(|pointer| event.field(pointer), flow::now()) {
                Some(heard) => return Ok(Some(heard)),
                None => log::warn!("something that is late or cannot be read is not heard"),
            },
            Err(error) if error.code == Code::Timeout => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// None: it cannot be read, or whoever wanted it was told meanwhile that it is not done.
fn read(field: impl Fn(&str) -> Option<String>, now: Timestamp) -> Option<Heard> {
    let (word, id) = (field("/what")?, field("/id")?);
    if word == VERDICT {
        let health = health::read(&field);
        return Some(Heard::Verdict { id, health });
    }
    let what = What::ALL.into_iter().find(|what| what.as_str() == word)?;
    let until: u64 = field("/until")?.parse().ok()?;
    let by = field("/by").unwrap_or_default();
    (now.as_millis() <= until).then_some(Heard::Steer(Steer { what, by, id }))
}

/// `topic.health-verdict`: the run of a canary waits for all that it is told in one place, so an answer to its question is brought
/// there.
pub fn verdict(event: &Event) -> Result {
    let id = event.subject();
    let Some(run) = health::asked_by(&id) else {
        return Ok(());
    };
    let field = |pointer| event.field(pointer);
    let told = json!({
        "what": VERDICT, "id": id, "known": field("/known"), "healthy": field("/healthy"), "summary": field("/summary"),
    });
    topics::publish(STEER, run, &told)
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
    let until = (flow::now() + ANSWERED_WITHIN).as_millis();
    let steer = json!({ "what": what.as_str(), "by": by, "id": id, "until": until });
    topics::publish(STEER, &canary.run, &steer)?;
    match answer(place, &canary, &id)? {
        Answer::Heard => {
            event.reply(format!(
                "{} of {title} {}, for {by}.",
                canary.version,
                what.heard()
            ))?;
            Ok(())
        }
        Answer::Over => Err(Error::new(
            Code::Conflict,
            format!("The canary of {title} has ended in this moment."),
        )),
        Answer::None => unheard(event, place, &canary, what),
    }
}

/// What comes of telling the run of a canary something.
enum Answer {
    /// It has heard it.
    Heard,
    /// It has ended before.
    Over,
    None,
}

/// Waits for the answer, and looks now and then whether there is still somebody to give it.
fn answer(place: Place<'_>, canary: &Canary, id: &str) -> Result<Answer> {
    let end = flow::now() + ANSWERED_WITHIN;
    let mut pause = LOOK_FIRST;
    loop {
        let left = end.since(flow::now());
        if left.is_zero() {
            return Ok(Answer::None);
        }
        match flow::await_event(ANSWERED, id, pause.min(left)) {
            Ok(_) => return Ok(Answer::Heard),
            Err(error) if error.code == Code::Timeout => {}
            Err(error) => return Err(error),
        }
        let goes_on = kept::canary(place)?.is_some_and(|now| now.run == canary.run);
        if !goes_on {
            return Ok(Answer::Over);
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
    backend::set(place, &canary.set, &canary.before, 0)?;
    kept::release(place, &canary.run)?;
    event.reply(format!(
        "The canary of {title} did not answer, so I have set the traffic back myself: {}.",
        canary.before
    ))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(what: &str, until: &str, now: u64) -> Option<Heard> {
        let field = |pointer: &str| match pointer {
            "/what" => Some(what.to_owned()),
            "/id" => Some("i1".to_owned()),
            "/until" => Some(until.to_owned()),
            "/known" | "/healthy" => Some("true".to_owned()),
            _ => None,
        };
        read(field, Timestamp::from_millis(now))
    }

    #[test]
    fn what_is_late_or_odd_is_not_heard() {
        let steers = |what, until, now| matches!(heard(what, until, now), Some(Heard::Steer(_)));
        assert!(steers("abort", "1000", 1_000));
        assert!(!steers("abort", "1000", 1_001));
        assert!(!steers("abort", "soon", 1_000));
        assert!(!steers("dance", "1000", 1_000));
        let verdict = heard(VERDICT, "", 9);
        assert!(matches!(
            verdict,
            Some(Heard::Verdict {
                health: Health::Healthy,
                ..
            })
        ));
    }
}
