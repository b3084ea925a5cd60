//! One bot after another, each for one conversation, all with the same plugins.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;
use witbot_core::conversation::happening::{self, Happening};
use witbot_core::conversation::message::Message;
use witbot_core::conversation::pattern::matches;
use witbot_core::conversation::press;
use witbot_core::conversation::screen::{Looked, Screen};
use witbot_core::conversation::script::{Script, Speaker, Step, What};
use witbot_core::printable;
use witbot_engine::{Engine, Fuel};

use super::cost::Costs;
use super::held::{Bot, Past};
use super::pretence::Pretence;
use crate::cli::{compile, replay};
use crate::plugins::name_of;
use crate::settings::FILE;

/// Who listens takes this for the end of what a bot has to say.
const QUIET: Duration = Duration::from_millis(700);

/// Who says a line of which nothing is expected waits so long for something.
const BREATH: Duration = Duration::from_millis(20);

/// Moments of one conversation in which the bot is crashed: a longer one would take minutes.
const MOMENTS_MAX: u32 = 500;

/// Where a bot keeps what lasts, in its folder.
const DATA: &str = "data";
/// And there what it compiled.
const COMPILED: &str = "compiled";

/// Why a conversation did not come to its end.
enum Trouble {
    /// It goes otherwise than written.
    Mistake(String),
    /// It could not be had.
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Trouble {
        Trouble::Other(error)
    }
}

impl From<Trouble> for anyhow::Error {
    fn from(trouble: Trouble) -> anyhow::Error {
        match trouble {
            Trouble::Mistake(mistake) => anyhow::anyhow!(mistake),
            Trouble::Other(error) => error,
        }
    }
}

/// The mistake apart from what is no mistake of the author.
fn told<T>(result: Result<T, Trouble>) -> anyhow::Result<Result<T, String>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Trouble::Mistake(mistake)) => Ok(Err(mistake)),
        Err(Trouble::Other(error)) => Err(error),
    }
}

/// The folder in which the bots live.
pub(super) struct Rehearsal {
    folder: TempDir,
    patience: Duration,
    fuel: Fuel,
    /// As the bots have it, and with what they compiled.
    pub(super) engine: Engine,
    /// What handlers cost until now.
    pub(super) costs: Costs,
}

impl Rehearsal {
    /// Puts the plugins into the folder.
    pub(super) fn new(
        plugins: &[PathBuf],
        patience: Duration,
        fuel: Fuel,
    ) -> anyhow::Result<Rehearsal> {
        let folder = tempfile::tempdir().context("cannot make a folder for the bot")?;
        let into = folder.path().join("plugins");
        fs::create_dir(&into)?;
        for path in plugins {
            let name = name_of(path).map_err(|why| anyhow::anyhow!("{}: {why}", path.display()))?;
            fs::copy(path, into.join(format!("{name}.wasm")))
                .with_context(|| format!("cannot read {}", path.display()))?;
        }
        let compiled = folder.path().join(DATA).join(COMPILED);
        Ok(Rehearsal {
            engine: Engine::with_fuel(&compiled, compile::compiler(), fuel)?,
            folder,
            patience,
            fuel,
            costs: Costs::default(),
        })
    }

    /// Has a conversation to its end. The mistake: where it went otherwise than it is written, and how.
    pub(super) async fn hold(
        &mut self,
        settings: &str,
        script: &Script,
    ) -> anyhow::Result<Result<(), String>> {
        let mut pretence = pretence(script)?;
        let held = self.held(settings, script, &mut pretence).await;
        told(held.map(drop))
    }

    /// Has a conversation once for each moment in which the bot can crash, and crashes it then. Answers how many these were.
    pub(super) async fn hold_over_crashes(
        &mut self,
        settings: &str,
        script: &Script,
    ) -> anyhow::Result<Result<u32, String>> {
        for moment in 0..MOMENTS_MAX {
            let mut pretence = pretence(script)?;
            pretence.crash_at(moment);
            match told(self.held(settings, script, &mut pretence).await)? {
                Ok(moments) if moments <= moment => return Ok(Ok(moments)),
                Ok(_) => {}
                Err(mistake) => {
                    let step = moment + 1;
                    return Ok(Err(format!(
                        "{mistake}\nthat was with a crash at step {step} of its runs; without one it went as written"
                    )));
                }
            }
        }
        Ok(Ok(MOMENTS_MAX))
    }

    /// Answers in how many moments the bot could have crashed.
    async fn held(
        &mut self,
        settings: &str,
        script: &Script,
        pretence: &mut Pretence,
    ) -> Result<u32, Trouble> {
        let mut bot = self.start(settings, script, pretence).await?;
        let mut screen = Screen::default();
        let mut skip = false;
        for step in &script.steps {
            let line = step.line;
            if pretence.is_to_move(step) {
                // What goes on comes to where it waits, at the time at which it began.
                bot = self.settled(bot, line, pretence).await?;
            }
            match pretence.moves(step) {
                Ok(false) => {}
                Ok(true) => {
                    bot = self.later(bot, line, pretence).await?;
                    bot = self.settled(bot, line, pretence).await?;
                }
                Err(why) => return Err(mistake(line, &why, &bot)),
            }
            match &step.what {
                What::Anything => skip = true,
                What::Expect(expected) => {
                    let mut found = self.expect(&mut bot, &mut screen, expected, skip).await;
                    if found.is_err() && pretence.crashes() && bot.has_ended().await {
                        bot = self.next(bot.past().await, line, pretence).await?;
                        found = self.expect(&mut bot, &mut screen, expected, skip).await;
                    }
                    found.map_err(|why| mistake(line, &why, &bot))?;
                    skip = false;
                }
                What::Say(..) | What::Press(..) | What::Happen(_) => {
                    let mut acted = act(&mut bot, step).await;
                    if pretence.crashes() && !bot.has_heard(self.patience).await {
                        bot = self.next(bot.past().await, line, pretence).await?;
                        acted = act(&mut bot, step).await;
                    }
                    acted?.map_err(|why| mistake(line, &why, &bot))?;
                    if matches!(&step.what, What::Happen(order) if comes(order)) {
                        bot = self.settled(bot, line, pretence).await?;
                    }
                }
            }
        }
        let last = script.steps.last().map_or(1, |step| step.line);
        let mut ended = bot.end(self.patience).await;
        if ended.is_err() && pretence.crashes() && bot.has_ended().await {
            bot = self.next(bot.past().await, last, pretence).await?;
            ended = bot.end(self.patience).await;
        }
        self.note_costs(&bot);
        ended.map_err(|why| mistake(last, &why, &bot))?;
        if let Some(unread) = screen.unread(&bot.messages()).filter(|_| !skip) {
            let why = format!("nobody expected:\n{unread}");
            return Err(mistake(last, &why, &bot));
        }
        let forgiven = |error: &String| script.forgiven.iter().any(|one| matches(one, error));
        if let Some(error) = bot.errors().into_iter().find(|error| !forgiven(error)) {
            let why = format!("an error in the log: {error}");
            return Err(mistake(last, &why, &bot));
        }
        if let Some(call) = bot.unanswered().into_iter().find(|call| !forgiven(call)) {
            return Err(mistake(last, &call, &bot));
        }
        if let Some(line) = pretence.unasked(&bot) {
            return Err(mistake(line, "nobody asked for this answer", &bot));
        }
        let replayed = replay::all(&self.engine, &self.data()).await?;
        match replayed {
            Ok(_) => Ok(bot.moments()),
            Err(why) => Err(Trouble::Mistake(format!("{last}: {why}"))),
        }
    }

    /// Says lines of which nothing is expected but that nothing crashes, and replays what came of them. Answers how many runs
    /// that were.
    pub(super) async fn survive(
        &mut self,
        settings: &str,
        lines: &[String],
    ) -> anyhow::Result<Result<usize, String>> {
        let nothing = (&Script::default(), &mut Pretence::default());
        let started = self.start(settings, nothing.0, nothing.1).await;
        let mut bot = match told(started)? {
            Ok(bot) => bot,
            Err(mistake) => return Ok(Err(mistake)),
        };
        let mut known = 0;
        for (number, line) in lines.iter().enumerate() {
            bot.say(number, line).await?;
            bot.quiet(BREATH, &mut known).await;
            if let Some(error) = bot.errors().into_iter().next() {
                let line = printable::short(line);
                return Ok(Err(format!(
                    " `{line}` ends in an error in the log: {error}"
                )));
            }
        }
        bot.quiet(QUIET, &mut known).await;
        self.note_costs(&bot);
        // What waits for an answer gets none.
        bot.kill().await;
        let replayed = replay::all(&self.engine, &self.data()).await?;
        Ok(replayed.map_err(|why| format!(" {why}")))
    }

    fn note_costs(&mut self, bot: &Bot) {
        for (handler, cost) in bot.costs() {
            self.costs.add(handler, *cost);
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join(DATA)
    }

    /// Says everything, and notes what the bot says after each line: as many lists as lines that are said or move the clock,
    /// and one more for what comes first.
    pub(super) async fn listen(
        &mut self,
        settings: &str,
        script: &Script,
    ) -> anyhow::Result<Vec<Vec<Message>>> {
        let mut pretence = pretence(script)?;
        let mut bot = self.start(settings, script, &mut pretence).await?;
        let mut heard = Vec::new();
        let mut known = 0;
        let (mut screen, mut lost, mut skip) = (Screen::default(), false, false);
        for step in &script.steps {
            let moves = pretence.moves(step);
            if moves.map_err(|why| anyhow::anyhow!("{}: {why}", step.line))? {
                heard.push(bot.quiet(QUIET, &mut known).await);
                bot = self.later(bot, step.line, &mut pretence).await?;
                (lost, skip) = (false, false);
            }
            match &step.what {
                What::Happen(order) if !comes(order) => {}
                What::Say(..) | What::Press(..) | What::Happen(_) => {
                    heard.push(bot.quiet(QUIET, &mut known).await);
                    let done = act(&mut bot, step).await?;
                    done.map_err(|why| anyhow::anyhow!("{}: {why}", step.line))?;
                    (lost, skip) = (false, false);
                }
                // What comes late, but as written, is waited for. What follows something else is not.
                What::Expect(expected) if !lost => {
                    let expected = self.expect(&mut bot, &mut screen, expected, skip);
                    (lost, skip) = (expected.await.is_err(), false);
                }
                What::Anything => skip = true,
                What::Expect(_) => {}
            }
        }
        heard.push(bot.quiet(QUIET, &mut known).await);
        Ok(heard)
    }

    async fn start(
        &mut self,
        settings: &str,
        script: &Script,
        pretence: &mut Pretence,
    ) -> Result<Bot, Trouble> {
        let folder = self.folder.path();
        forget(folder)?;
        let text = format!("listen.address = \"127.0.0.1:0\"\n{settings}");
        fs::write(folder.join(FILE), text).context("cannot write the settings")?;
        let first = script.steps.first().map_or(1, |step| step.line);
        self.next(Past::default(), first, pretence).await
    }

    /// Stops the bot and starts it at another time: what waits goes on in it, as after any stop.
    async fn later(&self, bot: Bot, line: usize, pretence: &mut Pretence) -> Result<Bot, Trouble> {
        let stopped = bot.stop(self.patience).await;
        let past = stopped.map_err(|why| Trouble::Mistake(format!("{line}: {why}")))?;
        self.next(past, line, pretence).await
    }

    /// Waits until what has come about is done: what is said next would else come before it, or after it.
    async fn settled(
        &self,
        mut bot: Bot,
        line: usize,
        pretence: &mut Pretence,
    ) -> Result<Bot, Trouble> {
        if bot.settle(self.patience).await {
            return Ok(bot);
        }
        if !(pretence.crashes() && bot.has_ended().await) {
            let why = "what has come about is not done in time";
            return Err(mistake(line, why, &bot));
        }
        let mut bot = self.next(bot.past().await, line, pretence).await?;
        match bot.settle(self.patience).await {
            true => Ok(bot),
            false => Err(mistake(line, "what was crashed is not done in time", &bot)),
        }
    }

    /// A bot that goes on from where another ended.
    async fn next(&self, past: Past, line: usize, pretence: &mut Pretence) -> Result<Bot, Trouble> {
        let folder = self.folder.path();
        if self.fuel == Fuel::Counted {
            pretence.count_fuel();
        }
        pretence.write(folder, &past)?;
        let mut bot = Bot::start(folder, past)?;
        match bot.ready(self.patience.max(START_MIN)).await {
            Ok(()) => Ok(bot),
            Err(why) => Err(mistake(line, &why, &bot)),
        }
    }

    async fn expect(
        &self,
        bot: &mut Bot,
        screen: &mut Screen,
        expected: &Message,
        skip: bool,
    ) -> Result<(), String> {
        let mut look = |messages: &[Message]| match screen.look(expected, skip, messages) {
            Looked::Found => Some(None),
            Looked::Another(at) => Some(Some(messages[at].clone())),
            Looked::NotYet => None,
        };
        match bot.until(self.patience, &mut look).await {
            Some(None) => Ok(()),
            Some(Some(other)) => Err(format!("expected:\n{expected}\nand not:\n{other}")),
            None => Err(format!(
                "this did not come within {} s:\n{expected}",
                self.patience.as_secs()
            )),
        }
    }
}

/// What a conversation pretends. That it can be read was seen before.
fn pretence(script: &Script) -> anyhow::Result<Pretence> {
    Pretence::of(script).map_err(|why| anyhow::anyhow!("{why}"))
}

/// An interpreter takes a while to be compiled.
const START_MIN: Duration = Duration::from_secs(120);

/// Whether it is an event from outside.
pub(super) fn comes(order: &str) -> bool {
    matches!(Happening::read(order), Ok(Happening::Comes(_)))
}

/// Says a line, has an event come, or types what a button stands for. The inner error: there is no such button.
async fn act(bot: &mut Bot, step: &Step) -> anyhow::Result<Result<(), String>> {
    let typed = |by: &Speaker, text: &str| format!("@{} #{}: {text}", by.user, by.channel);
    let line = match &step.what {
        What::Say(by, text) => typed(by, text),
        What::Press(by, label) => {
            let channel = format!("#{}", by.channel);
            match press::stands_for(&bot.messages(), &channel, label) {
                Ok(command) => typed(by, &command),
                Err(why) => return Ok(Err(why)),
            }
        }
        What::Happen(order) => match Happening::read(order) {
            Ok(Happening::Comes(event)) => happening::line(&event),
            Ok(_) | Err(_) => return Ok(Ok(())),
        },
        What::Expect(_) | What::Anything => return Ok(Ok(())),
    };
    bot.say(step.line, &line).await?;
    Ok(Ok(()))
}

/// What the last conversation left. Compiled code is as good as before.
fn forget(folder: &Path) -> anyhow::Result<()> {
    let data = folder.join(DATA);
    if !data.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(&data)? {
        let path = entry?.path();
        if path.ends_with(COMPILED) {
            continue;
        }
        match path.is_dir() {
            true => fs::remove_dir_all(&path)?,
            false => fs::remove_file(&path)?,
        }
    }
    Ok(())
}

/// Where, what, and what the bot has to say about it.
fn mistake(line: usize, why: &str, bot: &Bot) -> Trouble {
    let mut text = format!("{line}: {why}");
    let said: String = bot
        .messages()
        .iter()
        .map(|message| format!("\n  {message}"))
        .collect();
    if !said.is_empty() {
        text += &format!("\nall that the bot said:{said}");
    }
    let log: String = bot
        .last_lines()
        .iter()
        .map(|line| format!("\n  {line}"))
        .collect();
    if !log.is_empty() {
        text += &format!("\nthe last lines of the log:{log}");
    }
    Trouble::Mistake(text)
}
