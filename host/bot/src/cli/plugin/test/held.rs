//! A bot as a process of its own, at its keyboard and its screen.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use witbot_core::conversation::happening::{SETTLE, numbered};
use witbot_core::conversation::message::{self, Message};
use witbot_engine::COST;

use super::cost::Cost;
use super::pretence;
use crate::door::LINE_STORED;
use crate::rehearsal::{ANSWERED, MOMENT, SETTLED, UNANSWERED};

/// As much fits into a pipe on Linux, so that a message comes whole.
const PIPE_BYTES: usize = 65_536;
/// What is heard and not looked at yet.
const HEARD_MAX: usize = 1_024;
/// Lines of the log that are shown with a mistake.
const LAST_LINES: usize = 10;

/// How long it may take to read what a bot that has ended has written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What comes from it.
enum Heard {
    Printed(Vec<String>),
    Logged(String),
}

/// The bot. It is killed when it is dropped.
pub(super) struct Bot {
    child: Child,
    keyboard: Option<ChildStdin>,
    heard: mpsc::Receiver<Heard>,
    past: Past,
    /// How many lines were typed.
    typed: usize,
    /// How much of the log is of bots before this one.
    began_at: usize,
}

/// All that bots said and logged, one after the other.
#[derive(Default)]
pub(super) struct Past {
    printed: Vec<String>,
    log: Vec<Record>,
}

impl Past {
    /// How many moments there were in which a bot could have crashed.
    pub(super) fn moments(&self) -> u32 {
        let moments = self.log.iter().filter(|record| record.message == MOMENT);
        u32::try_from(moments.count()).unwrap_or(u32::MAX)
    }

    /// The lines of the answers that were given.
    pub(super) fn answered(&self) -> Vec<usize> {
        let answered = self.log.iter();
        let answered = answered.filter(|record| record.message.starts_with(ANSWERED));
        answered.filter_map(|record| record.line).collect()
    }

    /// The same by the ids of the calls.
    pub(super) fn calls(&self) -> BTreeMap<String, usize> {
        let calls = self.log.iter();
        let calls = calls.filter_map(|record| Some((record.call.clone()?, record.line?)));
        calls.collect()
    }
}

/// A line of the log.
struct Record {
    level: String,
    plugin: String,
    message: String,
    /// The line of the conversation that it is about.
    line: Option<usize>,
    /// The call that it is about.
    call: Option<String>,
    /// What a call cost, and of which handler.
    cost: Option<(String, Cost)>,
}

impl Record {
    fn read(line: &str) -> Record {
        let value: Value = serde_json::from_str(line).unwrap_or(Value::Null);
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
        let is_cost = text("/fields/message") == Some(COST);
        Record {
            cost: is_cost.then(|| Cost::read(&value["fields"])),
            call: text("/fields/call")
                .filter(|id| !id.is_empty())
                .map(str::to_owned),
            level: text("/level").unwrap_or("ERROR").to_owned(),
            plugin: text("/fields/plugin").unwrap_or_default().to_owned(),
            message: text("/fields/message").unwrap_or(line).to_owned(),
            line: value
                .pointer("/fields/line")
                .and_then(|line| usize::try_from(line.as_u64()?).ok()),
        }
    }

    fn shown(&self) -> String {
        let plugin = match self.plugin.as_str() {
            "" => String::new(),
            plugin => format!(" [{plugin}]"),
        };
        format!("{}{plugin} {}", self.level, self.message)
    }
}

impl Bot {
    /// Starts one in a folder, with nothing of the environment that could reach a service. It goes on from where another ended.
    pub(super) fn start(folder: &Path, past: Past) -> anyhow::Result<Bot> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut child = Command::new(program)
            .args(["run", "--chat", "console", "--log", "json", "--rehearsal"])
            .arg(pretence::file())
            .current_dir(folder)
            .env_clear()
            .env("NO_COLOR", "1")
            .env(
                "RUST_LOG",
                "info,witbot::door=debug,witbot_engine::run=debug",
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start a bot")?;
        let (send, heard) = mpsc::channel(HEARD_MAX);
        let (output, log) = (child.stdout.take(), child.stderr.take());
        read(
            output.context("it has no output")?,
            send.clone(),
            Heard::Printed,
        );
        let logged = |lines: Vec<String>| Heard::Logged(lines.join("\n"));
        read(log.context("it has no log")?, send, logged);
        Ok(Bot {
            keyboard: child.stdin.take(),
            child,
            heard,
            typed: 0,
            began_at: past.log.len(),
            past,
        })
    }

    /// Waits until it can be spoken to, with all of its plugins.
    pub(super) async fn ready(&mut self, patience: Duration) -> Result<(), String> {
        let deadline = Instant::now() + patience;
        let is_ready = |record: &Record| record.message.starts_with("ready: ");
        while !self.log().iter().any(is_ready) {
            if !self.hear(deadline).await {
                return Err("the bot does not start".to_owned());
            }
        }
        let kept_from = |record: &&Record| {
            record.message.starts_with("the plugin is ") && record.level == "WARN"
        };
        match self.log().iter().find(kept_from) {
            None => Ok(()),
            Some(record) => Err(format!(
                "{}\nWhat it needs in tests is written into `witbot.toml` beside the conversations",
                record.shown()
            )),
        }
    }

    /// Types a line, which is another one than those of other numbers and the same as that of the same number.
    pub(super) async fn say(&mut self, number: usize, line: &str) -> anyhow::Result<()> {
        let keyboard = self
            .keyboard
            .as_mut()
            .context("it does not listen any more")?;
        self.typed += 1;
        let line = format!("{}\n", numbered(number, line));
        let typed = keyboard.write_all(line.as_bytes()).await;
        typed.context("the bot does not read what is typed")
    }

    /// Waits until the line that was typed last is stored. False: it is lost.
    pub(super) async fn has_heard(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let is_stored = |record: &&Record| record.message == LINE_STORED;
        while self.log().iter().filter(is_stored).count() < self.typed {
            if !self.hear(deadline).await {
                return false;
            }
        }
        true
    }

    /// Waits until all that is due is done. False: it has ended, or goes on for too long.
    pub(super) async fn settle(&mut self, patience: Duration) -> bool {
        let is_settled = |record: &&Record| record.message == SETTLED;
        let before = self.log().iter().filter(is_settled).count();
        let Some(keyboard) = &mut self.keyboard else {
            return false;
        };
        if keyboard
            .write_all(format!("{SETTLE}\n").as_bytes())
            .await
            .is_err()
        {
            return false;
        }
        let deadline = Instant::now() + patience;
        while self.log().iter().filter(is_settled).count() == before {
            if !self.hear(deadline).await {
                return false;
            }
        }
        true
    }

    /// Looks at all messages after each that comes, until there is something to see. None: there was not.
    pub(super) async fn until<T>(
        &mut self,
        patience: Duration,
        look: &mut impl FnMut(&[Message]) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(seen) = look(&self.messages()) {
                return Some(seen);
            }
            if !self.hear(deadline).await {
                return None;
            }
        }
    }

    /// The messages since the last `known` ones, when nothing more came for a while.
    pub(super) async fn quiet(&mut self, pause: Duration, known: &mut usize) -> Vec<Message> {
        while self.hear(Instant::now() + pause).await {}
        let messages = self.messages();
        let new = messages[*known..].to_vec();
        *known = messages.len();
        new
    }

    /// Has it answer what is left, and end.
    pub(super) async fn end(&mut self, patience: Duration) -> Result<(), String> {
        let deadline = Instant::now() + patience;
        self.keyboard = None;
        while self.hear(deadline).await {}
        match timeout_at(deadline, self.child.wait()).await {
            Ok(Ok(code)) if code.success() => Ok(()),
            Ok(Ok(code)) => Err(format!("the bot ended with {code}")),
            Ok(Err(error)) => Err(format!("it is not known how the bot ended: {error}")),
            Err(_) => Err(format!(
                "something still waits {} s after the last line: a question that nobody answered, or a sleep",
                patience.as_secs()
            )),
        }
    }

    /// Stops it as an operator would: what waits goes on in the next one.
    pub(super) async fn stop(mut self, patience: Duration) -> Result<Past, String> {
        let process = self
            .child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(process) = process {
            // It may have ended already.
            let _ = kill_process(process, Signal::TERM);
        }
        let deadline = Instant::now() + patience;
        while self.hear(deadline).await {}
        match timeout_at(deadline, self.child.wait()).await {
            Ok(Ok(_)) => Ok(self.past),
            Ok(Err(error)) => Err(format!("it is not known how the bot ended: {error}")),
            Err(_) => Err("the bot does not stop".to_owned()),
        }
    }

    /// Whether it has ended by itself.
    pub(super) async fn has_ended(&mut self) -> bool {
        if !self.heard.is_closed() {
            return false;
        }
        // Nothing comes from it any more, so it is about to.
        self.child.wait().await.is_ok()
    }

    /// What one has left that has ended.
    pub(super) async fn past(mut self) -> Past {
        while self.hear(Instant::now() + LAST_WORDS).await {}
        self.past
    }

    /// Ends it at once.
    pub(super) async fn kill(mut self) {
        // It may have ended already.
        let _ = self.child.kill().await;
    }

    /// All that it said.
    pub(super) fn messages(&self) -> Vec<Message> {
        message::read(self.past.printed.iter().map(String::as_str))
    }

    /// What it logged as errors.
    pub(super) fn errors(&self) -> Vec<String> {
        let errors = self
            .past
            .log
            .iter()
            .filter(|record| record.level == "ERROR");
        errors.map(Record::shown).collect()
    }

    /// The calls that have no answer.
    pub(super) fn unanswered(&self) -> Vec<String> {
        let log = self.past.log.iter();
        let unanswered = log.filter(|record| record.message.starts_with(UNANSWERED));
        unanswered.map(Record::shown).collect()
    }

    /// The lines of the answers that were given.
    pub(super) fn answered(&self) -> Vec<usize> {
        self.past.answered()
    }

    /// The last lines of its log that are about a plugin, or wrong.
    pub(super) fn last_lines(&self) -> Vec<String> {
        let is_own = |record: &Record| record.level == "INFO" && record.plugin.is_empty();
        let told = |record: &&Record| record.level != "DEBUG" && !is_own(record);
        let lines: Vec<String> = self
            .past
            .log
            .iter()
            .filter(told)
            .map(Record::shown)
            .collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].to_vec()
    }

    /// What all calls of handlers cost.
    pub(super) fn costs(&self) -> impl Iterator<Item = &(String, Cost)> {
        self.past
            .log
            .iter()
            .filter_map(|record| record.cost.as_ref())
    }

    /// How many moments there were in which this bot, or one before it, could have crashed.
    pub(super) fn moments(&self) -> u32 {
        self.past.moments()
    }

    /// What it logged itself.
    fn log(&self) -> &[Record] {
        &self.past.log[self.began_at..]
    }

    /// Waits for something to come from it. False: nothing did, or nothing will.
    async fn hear(&mut self, deadline: Instant) -> bool {
        match timeout_at(deadline, self.heard.recv()).await {
            Ok(Some(Heard::Printed(lines))) => {
                let lines = lines.into_iter().filter(|line| !line.trim().is_empty());
                self.past.printed.extend(lines);
                true
            }
            Ok(Some(Heard::Logged(lines))) => {
                self.past.log.extend(lines.lines().map(Record::read));
                true
            }
            Ok(None) | Err(_) => false,
        }
    }
}

/// Sends lines that were written at once together, so that nobody sees half of a message.
fn read(
    pipe: impl AsyncRead + Unpin + Send + 'static,
    heard: mpsc::Sender<Heard>,
    what: impl Fn(Vec<String>) -> Heard + Send + 'static,
) {
    tokio::spawn(async move {
        let mut lines = BufReader::with_capacity(PIPE_BYTES, pipe).lines();
        let mut together = Vec::new();
        while let Ok(Some(line)) = lines.next_line().await {
            together.push(line);
            let is_whole = !lines.get_ref().buffer().contains(&b'\n');
            if is_whole
                && heard
                    .send(what(std::mem::take(&mut together)))
                    .await
                    .is_err()
            {
                return;
            }
        }
    });
}
