//! One bot after another, each for one conversation, all with the same plugins.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;
use witbot_core::conversation::message::Message;
use witbot_core::conversation::pattern::matches;
use witbot_core::conversation::press;
use witbot_core::conversation::screen::{Looked, Screen};
use witbot_core::conversation::script::{Script, Speaker, Step, What};
use witbot_core::printable;

use super::held::{Bot, Past};
use super::pretence::Pretence;
use crate::cli::replay;
use crate::plugins::name_of;
use crate::settings::FILE;

/// Who listens takes this for the end of what a bot has to say.
const QUIET: Duration = Duration::from_millis(700);

/// Who says a line of which nothing is expected waits so long for something.
const BREATH: Duration = Duration::from_millis(20);

/// The folder in which the bots live.
pub(super) struct Rehearsal {
    folder: TempDir,
    patience: Duration,
}

impl Rehearsal {
    /// Puts the plugins into the folder.
    pub(super) fn new(plugins: &[PathBuf], patience: Duration) -> anyhow::Result<Rehearsal> {
        let folder = tempfile::tempdir().context("cannot make a folder for the bot")?;
        let into = folder.path().join("plugins");
        fs::create_dir(&into)?;
        for path in plugins {
            let name = name_of(path).map_err(|why| anyhow::anyhow!("{}: {why}", path.display()))?;
            fs::copy(path, into.join(format!("{name}.wasm")))
                .with_context(|| format!("cannot read {}", path.display()))?;
        }
        Ok(Rehearsal { folder, patience })
    }

    /// Has a conversation to its end. The mistake: where it went otherwise than it is written, and how.
    pub(super) async fn hold(
        &mut self,
        settings: &str,
        script: &Script,
    ) -> anyhow::Result<Result<(), String>> {
        let mut pretence = pretence(script)?;
        let mut bot = match self.start(settings, script, &mut pretence).await? {
            Ok(bot) => bot,
            Err(mistake) => return Ok(Err(mistake)),
        };
        let mut screen = Screen::default();
        let mut skip = false;
        for step in &script.steps {
            match pretence.moves(step) {
                Ok(false) => {}
                Ok(true) => {
                    bot = match self.later(bot, step, &mut pretence).await? {
                        Ok(bot) => bot,
                        Err(mistake) => return Ok(Err(mistake)),
                    }
                }
                Err(why) => return Ok(Err(mistake(step.line, &why, &bot))),
            }
            match &step.what {
                What::Anything => skip = true,
                What::Expect(expected) => {
                    if let Err(why) = self.expect(&mut bot, &mut screen, expected, skip).await {
                        return Ok(Err(mistake(step.line, &why, &bot)));
                    }
                    skip = false;
                }
                What::Happen(_) => {}
                What::Say(..) | What::Press(..) => {
                    if let Err(why) = act(&mut bot, step).await? {
                        return Ok(Err(mistake(step.line, &why, &bot)));
                    }
                }
            }
        }
        let ended = bot.end(self.patience).await;
        let last = script.steps.last().map_or(1, |step| step.line);
        if let Err(why) = ended {
            return Ok(Err(mistake(last, &why, &bot)));
        }
        if let Some(unread) = screen.unread(&bot.messages()).filter(|_| !skip) {
            return Ok(Err(mistake(
                last,
                &format!("nobody expected:\n{unread}"),
                &bot,
            )));
        }
        let forgiven = |error: &String| script.forgiven.iter().any(|one| matches(one, error));
        if let Some(error) = bot.errors().into_iter().find(|error| !forgiven(error)) {
            let why = format!("an error in the log: {error}");
            return Ok(Err(mistake(last, &why, &bot)));
        }
        if let Some(call) = bot.unanswered().into_iter().find(|call| !forgiven(call)) {
            return Ok(Err(mistake(last, &call, &bot)));
        }
        if let Some(line) = pretence.unasked(&bot) {
            return Ok(Err(mistake(line, "nobody asked for this answer", &bot)));
        }
        let replayed = replay::all(&self.data()).await?;
        Ok(replayed.map(drop).map_err(|why| format!("{last}: {why}")))
    }

    /// Says lines of which nothing is expected but that nothing crashes, and replays what came of them. Answers how many runs
    /// that were.
    pub(super) async fn survive(
        &mut self,
        settings: &str,
        lines: &[String],
    ) -> anyhow::Result<Result<usize, String>> {
        let mut bot = match self
            .start(settings, &Script::default(), &mut Pretence::default())
            .await?
        {
            Ok(bot) => bot,
            Err(mistake) => return Ok(Err(mistake)),
        };
        let mut known = 0;
        for line in lines {
            bot.say(line).await?;
            bot.quiet(BREATH, &mut known).await;
            if let Some(error) = bot.errors().into_iter().next() {
                let line = printable::short(line);
                return Ok(Err(format!(
                    " `{line}` ends in an error in the log: {error}"
                )));
            }
        }
        bot.quiet(QUIET, &mut known).await;
        // What waits for an answer gets none.
        bot.kill().await;
        let replayed = replay::all(&self.data()).await?;
        Ok(replayed.map_err(|why| format!(" {why}")))
    }

    /// Where the bot keeps what lasts.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Says everything, and notes what the bot says after each line: as many lists as lines that are said or move the clock,
    /// and one more for what comes first.
    pub(super) async fn listen(
        &mut self,
        settings: &str,
        script: &Script,
    ) -> anyhow::Result<Vec<Vec<Message>>> {
        let mut pretence = pretence(script)?;
        let mut bot = match self.start(settings, script, &mut pretence).await? {
            Ok(bot) => bot,
            Err(mistake) => anyhow::bail!("{mistake}"),
        };
        let mut heard = Vec::new();
        let mut known = 0;
        let (mut screen, mut lost, mut skip) = (Screen::default(), false, false);
        for step in &script.steps {
            let moves = pretence.moves(step);
            if moves.map_err(|why| anyhow::anyhow!("{}: {why}", step.line))? {
                heard.push(bot.quiet(QUIET, &mut known).await);
                let later = self.later(bot, step, &mut pretence).await?;
                bot = later.map_err(|mistake| anyhow::anyhow!("{mistake}"))?;
                (lost, skip) = (false, false);
            }
            match &step.what {
                What::Say(..) | What::Press(..) => {
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
                What::Expect(_) | What::Happen(_) => {}
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
    ) -> anyhow::Result<Result<Bot, String>> {
        let folder = self.folder.path();
        forget(folder)?;
        let past = Past::default();
        pretence.write(folder, &past)?;
        let text = format!("listen.address = \"127.0.0.1:0\"\n{settings}");
        fs::write(folder.join(FILE), text)?;
        let first = script.steps.first().map_or(1, |step| step.line);
        self.ready(Bot::start(folder, past)?, first).await
    }

    /// Stops the bot and starts it at another time: what waits goes on in it, as after any stop.
    async fn later(
        &self,
        bot: Bot,
        step: &Step,
        pretence: &mut Pretence,
    ) -> anyhow::Result<Result<Bot, String>> {
        let folder = self.folder.path();
        let past = match bot.stop(self.patience).await {
            Ok(past) => past,
            Err(why) => return Ok(Err(format!("{}: {why}", step.line))),
        };
        pretence.write(folder, &past)?;
        self.ready(Bot::start(folder, past)?, step.line).await
    }

    async fn ready(&self, mut bot: Bot, line: usize) -> anyhow::Result<Result<Bot, String>> {
        Ok(match bot.ready(self.patience.max(START_MIN)).await {
            Ok(()) => Ok(bot),
            Err(why) => Err(mistake(line, &why, &bot)),
        })
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

/// Says a line, or types what a button stands for. The inner error: there is no such button.
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
        What::Happen(_) | What::Expect(_) | What::Anything => return Ok(Ok(())),
    };
    bot.say(&line).await?;
    Ok(Ok(()))
}

/// What the last conversation left. Compiled code is as good as before.
fn forget(folder: &Path) -> anyhow::Result<()> {
    let data = folder.join("data");
    if !data.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(&data)? {
        let path = entry?.path();
        if path.ends_with("compiled") {
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
fn mistake(line: usize, why: &str, bot: &Bot) -> String {
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
    text
}
