//! What one conversation pretends, and how far it has come with that.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::Context as _;
use witbot_core::conversation::happening::Happening;
use witbot_core::conversation::script::{Script, Step, What};
use witbot_core::ids::UnixMillis;

use super::held::{Bot, Past};
use crate::clock;
use crate::rehearsal::{Pretended, Written};

/// Within the data folder of the bot.
const FILE: &str = "data/rehearsal.json";

/// What is pretended.
#[derive(Debug, Default)]
pub(super) struct Pretence {
    pretended: Pretended,
    /// What came before anything was said is so from the beginning.
    begun: bool,
}

impl Pretence {
    /// All that is written in a conversation. What is no happening is told with its line.
    pub(super) fn of(script: &Script) -> Result<Pretence, String> {
        let mut pretence = Pretence::default();
        for step in &script.steps {
            let What::Happen(order) = &step.what else {
                pretence.begun = true;
                continue;
            };
            match Happening::read(order).map_err(|why| format!("{}: {why}", step.line))? {
                Happening::Answer(answer) => pretence.pretended.answers.push(Written {
                    line: step.line,
                    given: false,
                    answer,
                }),
                Happening::Is(time) if !pretence.begun => pretence.pretended.ahead_ms = ahead(time),
                Happening::Comes(_) => pretence.begun = true,
                Happening::Is(_) | Happening::Passes(_) => {}
            }
        }
        pretence.begun = false;
        Ok(pretence)
    }

    /// Has the bot crash at a moment, which comes once however many bots there are.
    pub(super) fn crash_at(&mut self, moment: u32) {
        self.pretended.crash_at = Some(moment);
    }

    /// Has the bot count what handlers execute.
    pub(super) fn count_fuel(&mut self) {
        self.pretended.counts_fuel = true;
    }

    /// Whether a step moves the clock of a bot that runs.
    pub(super) fn is_to_move(&self, step: &Step) -> bool {
        let What::Happen(order) = &step.what else {
            return false;
        };
        match Happening::read(order) {
            Ok(Happening::Passes(_)) => true,
            Ok(Happening::Is(_)) => self.begun,
            Ok(_) | Err(_) => false,
        }
    }

    /// Whether a bot that ends by itself does so because it was told to.
    pub(super) fn crashes(&self) -> bool {
        self.pretended.crash_at.is_some()
    }

    /// Moves the clock, if that is what happens here. False: the bot that is running knows of it already. The error: the clock
    /// cannot go back.
    pub(super) fn moves(&mut self, step: &Step) -> Result<bool, String> {
        let What::Happen(order) = &step.what else {
            self.begun = true;
            return Ok(false);
        };
        let ahead_ms = match Happening::read(order)? {
            Happening::Passes(length) => {
                let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
                self.pretended.ahead_ms.saturating_add(length)
            }
            Happening::Is(time) if self.begun => ahead(time),
            Happening::Comes(_) => {
                self.begun = true;
                return Ok(false);
            }
            Happening::Is(_) | Happening::Answer(_) => return Ok(false),
        };
        if ahead_ms < self.pretended.ahead_ms {
            return Err("it is later already: time only goes on".to_owned());
        }
        self.pretended.ahead_ms = ahead_ms;
        Ok(true)
    }

    /// Writes it for the next bot in a folder. What was answered by those before counts as given.
    pub(super) fn write(&mut self, folder: &Path, before: &Past) -> anyhow::Result<()> {
        self.pretended.moments = before.moments();
        self.pretended.calls = before.calls();
        let given = before.answered();
        for answer in &mut self.pretended.answers {
            answer.given |= given.contains(&answer.line);
        }
        let path = folder.join(FILE);
        if let Some(data) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(data)?;
        }
        let text = serde_json::to_string(&self.pretended)?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The line of the first answer that nobody asked for.
    pub(super) fn unasked(&self, bot: &Bot) -> Option<usize> {
        let given = bot.answered();
        let mut answers = self.pretended.answers.iter();
        answers.find_map(|one| (!given.contains(&one.line)).then_some(one.line))
    }
}

/// What the bot is given to know of it, as seen from its folder.
pub(super) fn file() -> &'static Path {
    Path::new(FILE)
}

/// How much later than now a time is.
fn ahead(time: UnixMillis) -> i64 {
    time.0
        .cast_signed()
        .saturating_sub(clock::now().0.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Script {
        Script::read(text).unwrap()
    }

    #[test]
    fn the_clock_is_set_at_the_beginning_and_goes_on_afterwards() {
        let script = script(
            "* it is: 2030-01-01 09:00\n> hello\n* time passes: 1h\n#console witbot: Hello!\n* it is: 2029-01-01 00:00\n",
        );
        let mut pretence = Pretence::of(&script).unwrap();
        let first = pretence.pretended.ahead_ms;
        let expected = ahead(UnixMillis(1_893_488_400_000));
        assert!(first.abs_diff(expected) < 10_000, "{first} {expected}");
        let moved: Vec<_> = script
            .steps
            .iter()
            .map(|step| pretence.moves(step))
            .collect();
        let back = Err("it is later already: time only goes on".to_owned());
        assert_eq!(moved, [Ok(false), Ok(false), Ok(true), Ok(false), back]);
        assert_eq!(pretence.pretended.ahead_ms, first + 3_600_000);
    }

    #[test]
    fn what_is_no_happening_is_told_with_its_line() {
        let error = Pretence::of(&script(
            "> hello\n#console witbot: Hello!\n* tea: is ready\n",
        ))
        .unwrap_err();
        assert!(
            error.starts_with("3: `* tea: is ready` is nothing that can happen here."),
            "{error}"
        );
    }
}
