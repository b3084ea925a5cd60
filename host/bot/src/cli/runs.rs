//! `witbot runs`: what the bot does and did, and what an operator does with a run. Works beside a running bot.

pub mod shown;

use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use witbot_core::ids::PluginName;
use witbot_core::journal::Entry;
use witbot_core::printable;
use witbot_store::Store;
use witbot_store::folder::OpenError;
use witbot_store::invocations::{Filter, Invocation, Status};

use super::{Failure, print};
use crate::control::{self, Demand};
use crate::orders::{self, Order, What};
use crate::runs::words;
use crate::settings::Settings;

/// What can be asked.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Runs {
    #[command(subcommand)]
    command: Option<Command>,
    /// The run, by its id or any beginning of it that no other has, such as an incident.
    id: Option<String>,
    /// Only runs that stand so.
    #[arg(long, value_enum, conflicts_with = "id")]
    state: Option<State>,
    /// Only runs of this plugin.
    #[arg(long, value_name = "NAME", conflicts_with = "id")]
    plugin: Option<PluginName>,
    /// How many are listed, the newest first.
    #[arg(long, default_value_t = 20, conflicts_with = "id")]
    limit: u32,
}

#[derive(Subcommand)]
enum Command {
    /// Ends a run. What waits is told so, and can clean up.
    Cancel {
        /// The run, as above.
        id: String,
    },
    /// Tries a run again that was put aside.
    Retry {
        /// The run, as above.
        id: String,
    },
}

/// How a run can stand.
#[derive(Clone, Copy, ValueEnum)]
enum State {
    /// It is run, or is to be run.
    Running,
    /// It waits.
    Parked,
    /// It came to its end.
    Done,
    /// It came to a bad end.
    Failed,
    /// It was put aside.
    Dead,
}

impl State {
    fn status(self) -> Status {
        match self {
            State::Running => Status::Running,
            State::Parked => Status::Parked,
            State::Done => Status::Done,
            State::Failed => Status::Failed,
            State::Dead => Status::Dead,
        }
    }
}

/// Answers.
pub async fn run(asked: Runs, settings: &Settings) -> Result<ExitCode, Failure> {
    let store = Store::open_to_read(&settings.data).map_err(anyhow::Error::from)?;
    match (asked.command, asked.id) {
        (Some(Command::Cancel { id }), _) => {
            let run = find(&store, &id).await?;
            return Ok(order(What::Cancel, run, settings).await?);
        }
        (Some(Command::Retry { id }), _) => {
            let run = find(&store, &id).await?;
            return Ok(order(What::Retry, run, settings).await?);
        }
        (None, Some(id)) => show(&store, &find(&store, &id).await?).await?,
        (None, None) => {
            let filter = Filter {
                plugin: asked.plugin,
                status: asked.state.map(State::status),
                limit: asked.limit,
            };
            list(&store, filter).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The one run whose id begins so.
pub async fn find(store: &Store, id: &str) -> anyhow::Result<Invocation> {
    let mut runs = store.invocations_like(&id.to_lowercase()).await?;
    match (runs.pop(), runs.len()) {
        (None, _) => {
            bail!("there is no run whose id begins with `{id}`; `witbot runs` lists them")
        }
        (Some(run), 0) => Ok(run),
        (Some(_), _) => bail!("several runs begin with `{id}`; write more of it"),
    }
}

/// Has the bot do something with a run, or does it here when there is none.
async fn order(what: What, run: Invocation, settings: &Settings) -> anyhow::Result<ExitCode> {
    let order = Order {
        what,
        run: run.id,
        by: operator(),
        person: None,
        by_plugin: false,
    };
    let (well, text) = match control::give(&settings.data, &Demand::Run(order.clone())).await? {
        Some(answer) => (answer.well, answer.text),
        None => here(order, settings).await?,
    };
    print(&text)?;
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn here(order: Order, settings: &Settings) -> anyhow::Result<(bool, String)> {
    let store = match Store::open(&settings.data) {
        Err(error @ OpenError::InUse { .. }) => {
            return Err(error).context(
                "a bot uses the data folder and does not take orders: it is starting or stopping, or its log says why",
            );
        }
        opened => opened?,
    };
    let done = orders::carry_out(&store, order).await;
    store.close().await;
    let done = done?;
    let text = match (done.goes_on, done.channel) {
        (None, None) => done.text,
        (Some(_), _) | (_, Some(_)) => {
            format!(
                "{}. No bot runs: the rest follows at the next start",
                done.text
            )
        }
    };
    Ok((done.well, text))
}

/// Who runs this, as far as that is known.
pub fn operator() -> String {
    let name = ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|variable| std::env::var(variable).ok())
        .filter(|name| !name.is_empty() && name.len() <= 64);
    match name {
        Some(name) => format!("an operator ({})", printable::line(&name)),
        None => "an operator".to_owned(),
    }
}

async fn list(store: &Store, filter: Filter) -> anyhow::Result<()> {
    let all = filter.plugin.is_none() && filter.status.is_none();
    let runs = store.invocations(filter).await?;
    if runs.is_empty() {
        print(if all {
            "There are no runs yet."
        } else {
            "There are no such runs."
        })?;
    }
    for run in runs {
        print(&line(store, &run).await?)?;
    }
    Ok(())
}

/// A run in one line: what it is, who wants it and where, since when, and what it waits for or why it ended.
async fn line(store: &Store, run: &Invocation) -> anyhow::Result<String> {
    let from = match store.event(run.event).await? {
        Some(event) => from(&event),
        None => String::new(),
    };
    let mut line = format!(
        "{}  {:7}  {} {}{from}  since {}",
        run.id,
        run.status.as_str(),
        run.plugin,
        run.handler,
        words::moment(run.created)
    );
    if let Some(wait) = store.wait(&run.id).await? {
        line += &format!("  {}", words::waits_for(&wait));
    }
    if let Some(reason) = &run.reason {
        line += &format!("  {}", shown::cut(reason));
    }
    if let Some(by) = run.canceled_by.as_ref().filter(|_| run.reason.is_none()) {
        line += &format!("  canceled by {by}");
    }
    Ok(printable::line(&line).into_owned())
}

fn from(event: &witbot_core::event::Event) -> String {
    match words::from(event) {
        Some((user, place)) => format!("  {} #{}", words::name(user), place.channel),
        None => format!("  {}", words::asked(event)),
    }
}

async fn show(store: &Store, run: &Invocation) -> anyhow::Result<()> {
    for line in head(store, run).await? {
        print(&printable::line(&line))?;
    }
    let journal = store.journal(&run.id).await?;
    for line in steps(run, &journal) {
        print(&line)?;
    }
    if let Some(report) = store.report_of(&run.id).await? {
        for line in report.lines() {
            print(&printable::line(&shown::masked_text(&line)))?;
        }
    }
    print(&printable::line(&ending(store, run).await?))
}

/// What began it, who, where, and with what.
async fn head(store: &Store, run: &Invocation) -> anyhow::Result<Vec<String>> {
    let mut lines = vec![
        format!(
            "{}  {}, incident {}",
            run.id,
            run.status.as_str(),
            run.id.short()
        ),
        format!(
            "plugin   {} {}, version {}",
            run.plugin,
            run.handler,
            run.digest.short()
        ),
    ];
    match store.event(run.event).await? {
        None => lines.push("event    it is forgotten".to_owned()),
        Some(event) => {
            let (source, asked) = (event.source.as_str(), words::asked(&event));
            lines.push(format!("event    {source}: {}", shown::masked_text(&asked)));
            if let Some((user, place)) = words::from(&event) {
                let thread = if place.thread.is_some() {
                    ", in a thread"
                } else {
                    ""
                };
                let (name, channel) = (words::name(user), &place.channel);
                lines.push(format!(
                    "from     {name} ({}) in #{channel}{thread}",
                    user.id
                ));
            }
        }
    }
    lines.push(format!("began    {}", words::moment(run.created)));
    for (name, value) in &run.arguments {
        lines.push(format!("  {name} = {}", shown::masked_text(value)));
    }
    Ok(lines)
}

/// Its calls: when each was answered, how long after the one before, what it was and what came of it.
fn steps(run: &Invocation, journal: &[Entry]) -> Vec<String> {
    let mut before = run.created;
    let mut lines = Vec::new();
    for entry in journal {
        let took = entry.at.0.saturating_sub(before.0);
        before = entry.at;
        let moment = words::moment(entry.at);
        let time = moment.get(11..19).unwrap_or(&moment);
        lines.push(format!(
            "{:>4}  {time} {:>9}  {}",
            entry.number,
            format!("+{}", shown::duration(took)),
            shown::step(entry)
        ));
    }
    lines
}

/// How it stands, or how it ended.
async fn ending(store: &Store, run: &Invocation) -> anyhow::Result<String> {
    let at = words::moment(run.updated);
    let canceled = match &run.canceled_by {
        // The reason says it.
        Some(_) if run.status == Status::Failed => String::new(),
        Some(by) => format!(" It was canceled by {by}."),
        None => String::new(),
    };
    let reason = run.reason.as_deref().map(shown::masked_text);
    let reason = reason.unwrap_or_else(|| "nobody knows why".to_owned());
    let short = run.id.short();
    let text = match run.status {
        Status::Parked => match store.wait(&run.id).await? {
            Some(wait) => format!("parked: {}.", words::waits_for(&wait)),
            None => "parked: it is about to go on.".to_owned(),
        },
        Status::Running => match run.attempts {
            0 => "running.".to_owned(),
            attempts => {
                format!("running: it was taken up again, and {attempts} times in vain so far.")
            }
        },
        Status::Done => format!("done at {at}."),
        Status::Failed => format!("failed at {at}: {reason}. Incident {short}."),
        Status::Dead => format!(
            "dead: put aside at {at}, because {reason}. `witbot runs retry {short}` tries it again, `witbot runs cancel \
             {short}` ends it."
        ),
    };
    Ok(format!("{text}{canceled}"))
}

/// Why a run cannot be replayed whose version is gone.
pub fn no_version(run: &Invocation) -> anyhow::Error {
    anyhow!(
        "the version {} of `{}` that it began with is not kept any more; name a file with `--wasm FILE`",
        run.digest.short(),
        run.plugin
    )
}
