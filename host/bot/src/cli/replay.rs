//! `witbot replay`: runs a recorded run again, offline, in the real engine. Every call is answered from the record; the
//! first that is not in it ends the replay. Works beside a running bot.

use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::Context as _;
use async_trait::async_trait;
use clap::Args;
use serde_json::Value;
use witbot_core::call::Operation;
use witbot_core::error::{Code, Error};
use witbot_core::grants::Grants;
use witbot_core::ids::{CallId, ChannelId, Digest, InvocationId, PluginName, UnixMillis};
use witbot_core::journal::{Commit, Difference, Entry, Outcome};
use witbot_core::printable;
use witbot_engine::{Caller, Ended, Ending, Engine, Found, Lost, Plugin, Witness, World};
use witbot_store::Store;
use witbot_store::invocations::{Filter, Invocation};

use super::runs::{self, shown};
use super::{Failure, compile, print};
use crate::live::OWN_NAME;
use crate::plugins::Artefacts;
use crate::settings::Settings;

/// What is replayed.
#[derive(Args)]
pub struct Replay {
    /// The run, by its id or any beginning of it that no other has, such as an incident.
    id: String,
    /// The file of a plugin that is tried on it, instead of the version that the run began with.
    #[arg(long, value_name = "FILE")]
    wasm: Option<PathBuf>,
}

/// Replays. Success: the plugin follows the record to its end.
pub async fn run(asked: Replay, settings: &Settings) -> Result<ExitCode, Failure> {
    let store = Store::open_to_read(&settings.data).map_err(anyhow::Error::from)?;
    let run = runs::find(&store, &asked.id).await?;
    Ok(replay(&store, &run, asked.wasm.as_deref(), settings).await?)
}

async fn replay(
    store: &Store,
    run: &Invocation,
    wasm: Option<&Path>,
    settings: &Settings,
) -> anyhow::Result<ExitCode> {
    let engine = Engine::new(&settings.data.join("compiled"), compile::compiler())?;
    let plugin = plugin(&engine, run, wasm, settings).await?;
    let journal = store.journal(&run.id).await?;
    print(&format!(
        "replaying {}: {} {}, version {}, {} calls are recorded",
        run.id,
        run.plugin,
        run.handler,
        plugin.digest.short(),
        journal.len()
    ))?;
    let ending = ending(store, run, &engine, &plugin, print_step).await?;
    verdict(&ending, &journal)
}

/// How a run ends that is answered from its record, with each step told.
async fn ending(
    store: &Store,
    run: &Invocation,
    engine: &Engine,
    plugin: &Plugin,
    tell: fn(&str),
) -> anyhow::Result<Ending> {
    let event = store.event(run.event).await?;
    let event = event.context("the event that began it is forgotten")?;
    let journal = store.journal(&run.id).await?;
    let reader = Arc::new(Reader {
        journal: journal.clone(),
        next: AtomicUsize::new(0),
        beyond: AtomicBool::new(false),
        tell,
    });
    let invocation = witbot_engine::Invocation {
        id: run.id.clone(),
        handler: run.handler.clone(),
        arguments: run.arguments.clone(),
        permission: run.permission,
        started: event.received,
        event: Arc::new(event),
        event_row: run.event,
        begin: None,
        opening: Vec::new(),
        journal,
        limits: Some(store.limits_of(&run.id).await?.unwrap_or_default()),
    };
    let world = Arc::new(Record(reader));
    let Ended { ending, .. } = engine.run(plugin, invocation, world).await;
    Ok(ending)
}

/// Replays all runs of the plugins of a bot that is not running, and tells nobody. How many there were, or the first that leaves its
/// record, and where.
pub(super) async fn all(engine: &Engine, data: &Path) -> anyhow::Result<Result<usize, String>> {
    /// As many as a test makes, and more.
    const RUNS_MAX: u32 = 1_000;
    let store = Store::open_to_read(data)?;
    let filter = Filter {
        plugin: None,
        status: None,
        limit: RUNS_MAX,
    };
    let mut runs = store.invocations(filter).await?;
    runs.retain(|run| run.plugin.as_str() != OWN_NAME);
    let mut plugins: HashMap<Digest, Plugin> = HashMap::new();
    for run in &runs {
        let plugin = match plugins.entry(run.digest) {
            Vacant(vacant) => {
                let bytes = Artefacts::new(data.join("artefacts")).read(&run.digest)?;
                vacant.insert(engine.load(&run.plugin, bytes).await?)
            }
            Occupied(occupied) => occupied.into_mut(),
        };
        let ending = ending(&store, run, engine, plugin, |_| ()).await?;
        if let Ending::Trapped(report) = ending
            && let Some(difference) = &report.difference
        {
            let journal = store.journal(&run.id).await?;
            let (handler, compared) = (&run.handler, compared(difference, &journal));
            return Ok(Err(format!(
                "the handler `{handler}` does something else when it is run again: {compared}"
            )));
        }
    }
    Ok(Ok(runs.len()))
}

fn print_step(line: &str) {
    if let Err(error) = print(line) {
        tracing::warn!("{error:#}");
    }
}

async fn plugin(
    engine: &Engine,
    run: &Invocation,
    wasm: Option<&Path>,
    settings: &Settings,
) -> anyhow::Result<Plugin> {
    let bytes = match wasm {
        Some(file) => {
            std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?
        }
        None => Artefacts::new(settings.data.join("artefacts"))
            .read(&run.digest)
            .map_err(|_| runs::no_version(run))?,
    };
    Ok(engine.load(&run.plugin, bytes).await?)
}

/// Says how it ended.
fn verdict(ending: &Ending, journal: &[Entry]) -> anyhow::Result<ExitCode> {
    let text = match ending {
        Ending::Done => "the handler came to its end, as recorded".to_owned(),
        Ending::Refused(error) => {
            format!(
                "the handler gave up, as recorded: {}",
                shown::masked_text(&error.message)
            )
        }
        // What comes after the record was said when it was met.
        Ending::Parked | Ending::Lost(_) => "the record was followed to its end".to_owned(),
        Ending::Trapped(report) => {
            match &report.difference {
                Some(difference) => print(&compared(difference, journal))?,
                None => print(&format!("it failed: {}\n{}", report.summary, report.trace))?,
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The first call that differs, as it was and as it is now.
fn compared(difference: &Difference, journal: &[Entry]) -> String {
    let number = difference.number;
    let recorded = journal.get(number as usize).map_or_else(
        || difference.recorded.clone(),
        |entry| in_full(&entry.name, &entry.arguments),
    );
    let now = match difference.now.split_once(' ') {
        Some((name, arguments)) => match serde_json::from_str(arguments) {
            Ok(arguments) => in_full(name, &arguments),
            Err(_) => difference.now.clone(),
        },
        None => difference.now.clone(),
    };
    side_by_side(number, &recorded, &now)
}

fn in_full(name: &str, arguments: &Value) -> String {
    format!("{name} {}", shown::arguments_in_full(name, arguments))
}

/// Two texts beside each other; lines that differ are marked.
fn side_by_side(number: u32, recorded: &str, now: &str) -> String {
    /// Longer lines would break on most terminals.
    const COLUMN_CHARS: usize = 56;
    let column = |line: Option<&str>| -> String {
        let line = printable::line(line.unwrap_or_default()).into_owned();
        if line.chars().count() <= COLUMN_CHARS {
            return line;
        }
        let begin: String = line.chars().take(COLUMN_CHARS - 1).collect();
        format!("{begin}…")
    };
    let (mut recorded, mut now) = (recorded.lines(), now.lines());
    let mut text = format!(
        "call {number} differs\n   {:COLUMN_CHARS$}  now",
        "recorded"
    );
    loop {
        let (left, right) = (recorded.next(), now.next());
        if left.is_none() && right.is_none() {
            return text;
        }
        let mark = if left == right { ' ' } else { '!' };
        let row = format!(
            "\n {mark} {:COLUMN_CHARS$}  {}",
            column(left),
            column(right)
        );
        text += row.trim_end();
    }
}

/// Prints what the plugin does, step by step.
struct Reader {
    journal: Vec<Entry>,
    next: AtomicUsize,
    beyond: AtomicBool,
    tell: fn(&str),
}

impl Reader {
    fn next(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    fn print(&self, line: &str) {
        (self.tell)(line);
    }
}

impl Witness for Reader {
    fn answered(&self, operation: &Operation, outcome: &Outcome) {
        let (number, name) = (self.next(), operation.name());
        let call = shown::call(name, &operation.arguments());
        self.print(&format!(
            "{number:>4}  {call} -> {}",
            shown::answer(name, outcome)
        ));
    }

    fn beyond(&self, operation: &Operation) {
        let number = self.next();
        let call = shown::call(operation.name(), &operation.arguments());
        let why = if number < self.journal.len() {
            "it was not answered yet"
        } else {
            "it is not in the record"
        };
        self.beyond.store(true, Ordering::Relaxed);
        self.print(&format!("{number:>4}  {call} would be next: {why}"));
    }

    fn logged(&self, level: &str, line: &str) {
        if !self.beyond.load(Ordering::Relaxed) {
            self.print(&format!("      {level:5} {}", shown::masked_text(line)));
        }
    }
}

/// A world in which nothing happens: the gate answers from the record, and asks it for nothing.
struct Record(Arc<Reader>);

fn nothing() -> Lost {
    Lost("nothing is done in a replay".to_owned())
}

#[async_trait]
impl World for Record {
    fn now(&self) -> UnixMillis {
        UnixMillis(0)
    }

    fn grants(&self, _: &PluginName) -> Arc<Grants> {
        Arc::default()
    }

    async fn room(&self, _: &ChannelId) -> Result<(), Error> {
        Ok(())
    }

    async fn commit(&self, _: &InvocationId, _: Commit) -> Result<(), Lost> {
        Err(nothing())
    }

    async fn record(
        &self,
        _: &Caller,
        _: Commit,
        _: Entry,
        _: &Operation,
    ) -> Result<Outcome, Lost> {
        Err(nothing())
    }

    async fn perform(&self, _: &Caller, _: &CallId, _: &Operation) -> Outcome {
        Outcome::Error(Error::new(Code::Unavailable, nothing().0))
    }

    async fn find(&self, _: &Caller, _: &CallId, _: &Operation, _: UnixMillis) -> Found {
        Found::Unknown
    }

    async fn canceled(&self, _: &InvocationId) -> Result<Option<String>, Lost> {
        Err(nothing())
    }

    async fn look(&self, _: &Caller, _: &CallId, _: &Operation) -> Result<Option<Value>, Error> {
        Err(Error::new(Code::Unavailable, nothing().0))
    }

    fn witness(&self) -> Option<Arc<dyn Witness>> {
        Some(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_shown_beside_what_was_recorded() {
        let entry = |text: &str| Entry {
            number: 0,
            name: "chat.reply".to_owned(),
            arguments: serde_json::json!({ "text": text, "place": "ops" }),
            digest: Digest::of(b""),
            at: UnixMillis(0),
            outcome: None,
        };
        let difference = Difference {
            number: 0,
            recorded: String::new(),
            now: r#"chat.reply {"place":"ops","text":"b"}"#.to_owned(),
        };
        let shown = compared(&difference, &[entry("a")]);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "call 0 differs");
        assert!(lines[2].starts_with("   chat.reply {"), "{shown}");
        assert!(lines[3].starts_with(r#"     "place": "ops","#), "{shown}");
        assert!(
            lines[4].starts_with(r#" !   "text": "a""#) && lines[4].ends_with(r#""text": "b""#),
            "{shown}"
        );

        let end = Difference {
            now: "the end of the handler".to_owned(),
            ..difference
        };
        let shown = compared(&end, &[entry("a")]);
        assert!(shown.contains("the end of the handler"), "{shown}");
    }
}
