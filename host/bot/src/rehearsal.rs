//! What is pretended in a rehearsal: the time, what services answer, and a crash. `witbot plugin test` writes it for the bots that
//! it starts. Nothing but services is replaced: grants, the journal and all that is stored are as ever.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use witbot_core::call::Operation;
use witbot_core::conversation::answer::{self, Answer};
use witbot_core::conversation::happening;
use witbot_core::error::{Code, Error};
use witbot_core::event::{Body, Event};
use witbot_core::ids::{CallId, PluginName};
use witbot_core::journal::Outcome;
use witbot_engine::{Found, Fuel};

use crate::clock;

/// What the log says of an answer that was given, with the number of its line.
pub const ANSWERED: &str = "answered as it is written";
/// What the log says of a call that has no answer.
pub const UNANSWERED: &str = "no answer is written";

/// What the log says of a moment in which the bot could crash.
pub const MOMENT: &str = "it could crash now";

/// What the log says when all is quiet, to who asked by [`SETTLE`](happening::SETTLE).
pub const SETTLED: &str = "all is quiet";

/// How often it is looked whether all is said, before a crash.
pub const LOOK_EVERY: Duration = Duration::from_millis(2);
/// And how often at the most.
pub const LOOKS_MAX: u32 = 500;

/// The event that a line brings, if it is none of somebody. It comes as if it had been verified.
pub fn event_of(line: &str, key: String) -> Option<Event> {
    let hook = happening::from_line(line)?;
    Some(Event {
        source: happening::door(&hook.kind)?,
        key,
        received: clock::now(),
        body: Body::Webhook(hook),
    })
}

/// What is pretended.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Pretended {
    /// How much later it is than the system says.
    pub ahead_ms: i64,
    /// In the order in which they are given.
    pub answers: Vec<Written>,
    /// The lines of those that were given, by the ids of the calls: who asks again after a crash is told the same.
    #[serde(default)]
    pub calls: BTreeMap<String, usize>,
    /// The bot crashes at this moment of those between the steps of runs, counted from 0.
    pub crash_at: Option<u32>,
    /// How many of them were before this bot.
    pub moments: u32,
    /// It is counted what handlers execute.
    #[serde(default)]
    pub counts_fuel: bool,
}

/// An answer in a conversation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Written {
    /// The number of its line.
    pub line: usize,
    /// It was given.
    pub given: bool,
    /// What it is.
    pub answer: Answer,
}

/// Who answers for the services.
#[derive(Debug)]
pub struct Rehearsal {
    answers: Mutex<Vec<Written>>,
    /// As it was at the start.
    calls: BTreeMap<String, usize>,
    moments: AtomicU32,
    crash_at: Option<u32>,
    fuel: Fuel,
}

impl Rehearsal {
    /// Begins to pretend what stands in a file.
    pub fn begin(file: &Path) -> anyhow::Result<Rehearsal> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let pretended: Pretended = serde_json::from_str(&text)
            .with_context(|| format!("{} is no rehearsal", file.display()))?;
        clock::pretend(pretended.ahead_ms);
        Ok(Rehearsal {
            answers: Mutex::new(pretended.answers),
            calls: pretended.calls,
            moments: AtomicU32::new(pretended.moments),
            crash_at: pretended.crash_at,
            fuel: match pretended.counts_fuel {
                true => Fuel::Counted,
                false => Fuel::Uncounted,
            },
        })
    }

    /// Whether it is counted what handlers execute.
    pub fn fuel(&self) -> Fuel {
        self.fuel
    }

    /// Counts a moment between two steps of a run, before or after something is stored, or done elsewhere. Whether the bot is to
    /// crash in it.
    pub fn is_the_end(&self) -> bool {
        tracing::info!("{MOMENT}");
        let moment = self.moments.fetch_add(1, Ordering::Relaxed);
        self.crash_at == Some(moment)
    }

    /// The outcome of a call to a service. None: the bot itself answers.
    pub fn perform(
        &self,
        plugin: &PluginName,
        id: &CallId,
        operation: &Operation,
    ) -> Option<Outcome> {
        if !answer::is_served(operation) {
            return None;
        }
        if let Some(outcome) = self.told(id) {
            return Some(outcome);
        }
        let outcome = self.give(plugin, id, operation, true);
        Some(outcome.unwrap_or_else(|| {
            let line = answer::written(operation);
            tracing::warn!(%plugin, "{UNANSWERED} to a call. Write what is answered, such as: * {line}");
            let why = "no service can be reached in a rehearsal";
            Outcome::Error(Error::new(Code::Unavailable, why))
        }))
    }

    /// Whether an effect happened that was begun before the last stop. It did if it was answered.
    pub fn find(&self, id: &CallId, operation: &Operation) -> Option<Found> {
        if !answer::is_served(operation) {
            return None;
        }
        Some(self.told(id).map_or(Found::Nothing, Found::Happened))
    }

    /// What a call was told before the last stop.
    fn told(&self, id: &CallId) -> Option<Outcome> {
        let line = self.calls.get(id.as_str())?;
        let answers = self.answers();
        let one = answers.iter().find(|one| one.line == *line)?;
        Some(one.answer.outcome.clone())
    }

    /// Whether a wait for a service is over: when an answer is written. None: the bot itself knows.
    pub fn look(
        &self,
        plugin: &PluginName,
        id: &CallId,
        operation: &Operation,
    ) -> Option<Result<Option<Value>, Error>> {
        if !answer::is_served(operation) {
            return None;
        }
        let told = self.told(id);
        let given = || self.give(plugin, id, operation, false);
        Some(match told.or_else(given) {
            Some(Outcome::Ok(value)) => Ok(Some(value)),
            Some(Outcome::Error(error)) => Err(error),
            None => Ok(None),
        })
    }

    /// The first that was not given yet, or else the last once more, if it may be.
    fn give(
        &self,
        plugin: &PluginName,
        id: &CallId,
        operation: &Operation,
        again: bool,
    ) -> Option<Outcome> {
        let mut answers = self.answers();
        let mut fitting: Vec<&mut Written> = answers
            .iter_mut()
            .filter(|one| one.answer.fits(operation))
            .collect();
        let new = fitting.iter().position(|one| !one.given);
        let last = fitting.len().checked_sub(1).filter(|_| again);
        let one = fitting.swap_remove(new.or(last)?);
        one.given = true;
        tracing::info!(%plugin, line = one.line, call = %id, "{ANSWERED}: {}", operation.name());
        Some(one.answer.outcome.clone())
    }

    fn answers(&self) -> MutexGuard<'_, Vec<Written>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use witbot_core::call::{AwaitRun, ListBranches, Sleep};
    use witbot_core::ci::{Project, Provider};

    use super::*;

    fn rehearsal(lines: &[&str]) -> Rehearsal {
        let written = |(line, order): (usize, &&str)| Written {
            line,
            given: false,
            answer: Answer::read(order).unwrap().unwrap(),
        };
        Rehearsal {
            fuel: Fuel::Uncounted,
            answers: Mutex::new(lines.iter().enumerate().map(written).collect()),
            calls: BTreeMap::new(),
            moments: AtomicU32::new(0),
            crash_at: None,
        }
    }

    fn plugin() -> PluginName {
        "standup".parse().unwrap()
    }

    fn id(number: u32) -> CallId {
        CallId::new(&"00112233445566778899".parse().unwrap(), number)
    }

    fn branches() -> Operation {
        let repository = "acme/api".parse().unwrap();
        ListBranches {
            repository,
            limit: 1,
        }
        .into()
    }

    #[test]
    fn answers_are_given_in_their_order_and_the_last_again() {
        let rehearsal = rehearsal(&[
            "github.branches answers [\"a\"]",
            "github.branches fails unavailable: gone",
            "github.resolve answers \"0f3a\"",
        ]);
        let ask = |number| rehearsal.perform(&plugin(), &id(number), &branches());
        assert_eq!(ask(1), Some(Outcome::Ok(serde_json::json!(["a"]))));
        let gone = || Some(Outcome::Error(Error::new(Code::Unavailable, "gone")));
        assert_eq!([ask(2), ask(3)], [gone(), gone()]);
    }

    #[test]
    fn a_call_that_was_told_before_a_stop_is_told_the_same() {
        let lines = [
            "github.branches answers [\"a\"]",
            "github.branches answers []",
        ];
        let after = Rehearsal {
            calls: BTreeMap::from([(id(1).to_string(), 0)]),
            ..rehearsal(&lines)
        };
        let told = Outcome::Ok(serde_json::json!(["a"]));
        let again = after.perform(&plugin(), &id(1), &branches());
        assert_eq!(again.as_ref(), Some(&told));
        assert_eq!(after.find(&id(1), &branches()), Some(Found::Happened(told)));
        assert_eq!(after.find(&id(2), &branches()), Some(Found::Nothing));
    }

    #[test]
    fn what_no_service_answers_is_not_pretended() {
        let rehearsal = rehearsal(&[]);
        assert_eq!(
            rehearsal.perform(&plugin(), &id(1), &Sleep { milliseconds: 1 }.into()),
            None
        );
        let none = rehearsal.perform(&plugin(), &id(1), &branches());
        assert!(matches!(none, Some(Outcome::Error(error)) if error.code == Code::Unavailable));
    }

    #[test]
    fn a_wait_is_over_when_an_answer_is_written_and_not_twice() {
        let run = AwaitRun {
            project: Project {
                provider: Provider::Circleci,
                name: "gh/acme/api".to_owned(),
            },
            run: "1".to_owned(),
            past: "running".to_owned(),
            timeout_ms: 1,
        };
        let rehearsal = rehearsal(&["ci.past run=1 fails not-found: no such run"]);
        let run = Operation::from(run);
        assert!(rehearsal.look(&plugin(), &id(1), &run).unwrap().is_err());
        assert_eq!(rehearsal.look(&plugin(), &id(2), &run).unwrap(), Ok(None));
    }
}
