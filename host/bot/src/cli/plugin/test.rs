//! `witbot plugin test`: has conversations with a plugin, in a bot of their own that speaks to no service. They are text files;
//! `witbot_core::conversation` says how they are written.

mod accept;
mod conformance;
mod cost;
mod held;
mod pretence;
mod rehearsal;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use witbot_core::conversation::script::Script;
use witbot_core::conversation::settings::{merged, with_ids};
use witbot_core::printable;
use witbot_engine::Fuel;

use super::{Failure, print};
use crate::settings::FILE;
use pretence::Pretence;
use rehearsal::Rehearsal;

/// The folder of a project in which its conversations are.
pub(super) const CONVERSATIONS: &str = "conversations";
/// And the one that `witbot plugin build` puts the plugin into.
pub(super) const BUILT: &str = "dist";

/// What to test.
#[derive(Args)]
pub struct Options {
    /// The project of the plugin, or a folder of conversations.
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
    /// The file of the plugin. Without, what `witbot plugin build` made: each .wasm file in `dist`.
    #[arg(long = "plugin", value_name = "FILE")]
    plugins: Vec<PathBuf>,
    /// Writes what the bot says into the conversations, where they say something else. Read the difference before you keep it.
    #[arg(long)]
    accept: bool,
    /// Has each conversation again for every step of its runs, and kills the bot there: what comes of it has to be the same.
    #[arg(long, conflicts_with = "accept")]
    crash: bool,
    /// Shows what each handler cost at the most: calls, WebAssembly instructions, memory, and time on this machine, where counting
    /// takes some of its own.
    #[arg(long, conflicts_with = "accept")]
    fuel: bool,
    /// How long a message may take, in seconds.
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    patience: u64,
}

/// A conversation as it stands in its file.
struct Conversation {
    path: PathBuf,
    text: String,
    script: Script,
}

/// Has all of them, and says what became of each.
pub async fn run(options: &Options) -> Result<ExitCode, Failure> {
    let folder = conversations_folder(&options.folder)?;
    let conversations = read_all(&folder)?;
    let settings = match fs::read_to_string(folder.join(FILE)) {
        Ok(settings) => settings,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(anyhow!("cannot read {}: {error}", folder.join(FILE).display()).into());
        }
    };
    let plugins = plugins(options)?;
    let fuel = match options.fuel {
        true => Fuel::Counted,
        false => Fuel::Uncounted,
    };
    let patience = Duration::from_secs(options.patience);
    let mut rehearsal = Rehearsal::new(&plugins, patience, fuel)?;
    let (mut wrong, mut changed) = (0, 0);
    for conversation in &conversations {
        let name = conversation.path.display();
        let settings = merged(&settings, &with_ids(&conversation.script.settings, id))
            .map_err(|error| anyhow!("{name}: the settings: {error}"))?;
        let began = Instant::now();
        if options.accept {
            let said = rehearsal.listen(&settings, &conversation.script).await?;
            let text = accept::accepted(&conversation.text, &conversation.script, &said);
            if text == conversation.text {
                print(&format!("same     {name}"))?;
            } else {
                fs::write(&conversation.path, text)
                    .with_context(|| format!("cannot write {name}"))?;
                changed += 1;
                print(&format!("changed  {name}"))?;
            }
            continue;
        }
        let mut held = rehearsal.hold(&settings, &conversation.script).await?;
        let mut crashes = String::new();
        if options.crash && held.is_ok() {
            let script = &conversation.script;
            held = rehearsal
                .hold_over_crashes(&settings, script)
                .await?
                .map(|count| {
                    crashes = format!("; the same after a crash at each of {count} steps");
                });
        }
        let took = began.elapsed().as_secs_f64();
        match held {
            Ok(()) => print(&format!("ok  {name} ({took:.1} s){crashes}"))?,
            Err(mistake) => {
                wrong += 1;
                print(&printable::text(&format!("FAILED  {name}:{mistake}")))?;
            }
        }
    }
    if !options.accept {
        let began = Instant::now();
        match conformance::check(&mut rehearsal, &settings, &plugins).await? {
            Ok(tried) => print(&format!(
                "ok  {tried} ({:.1} s)",
                began.elapsed().as_secs_f64()
            ))?,
            Err(mistake) => {
                wrong += 1;
                print(&printable::text(&format!(
                    "FAILED  whatever is said:{mistake}"
                )))?;
            }
        }
    }
    if options.fuel {
        print(&rehearsal.costs.table())?;
    }
    let all = conversations.len();
    print(&match (options.accept, wrong) {
        (true, _) => format!("{changed} of {all} conversations changed"),
        (false, 0) => format!("{all} conversations, all as written"),
        (false, _) => format!("{wrong} of them went otherwise; {all} conversations in all"),
    })?;
    Ok(if wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// On a terminal the id of somebody is their name.
fn id(name: &str) -> String {
    name[1..].to_owned()
}

fn conversations_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    let within = folder.join(CONVERSATIONS);
    Ok(if within.is_dir() {
        within
    } else {
        folder.to_owned()
    })
}

fn read_all(folder: &Path) -> anyhow::Result<Vec<Conversation>> {
    let files = with_extension(folder, "chat")?;
    if files.is_empty() {
        bail!(
            "there is no conversation in {}: write one into {CONVERSATIONS}/NAME.chat, such as\n> hello\n#console witbot: Hello, you!",
            folder.display()
        );
    }
    files.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> anyhow::Result<Conversation> {
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let script = Script::read(&text).map_err(|why| anyhow!("{}:{why}", path.display()))?;
    Pretence::of(&script).map_err(|why| anyhow!("{}:{why}", path.display()))?;
    Ok(Conversation { path, text, script })
}

/// The files of the plugins, and under which names.
fn plugins(options: &Options) -> anyhow::Result<Vec<PathBuf>> {
    if !options.plugins.is_empty() {
        return Ok(options.plugins.clone());
    }
    let built = options.folder.join(BUILT);
    let files = with_extension(&built, "wasm").unwrap_or_default();
    if files.is_empty() {
        bail!(
            "there is no plugin in {}: make it with `witbot plugin build {}`, or name its file with --plugin",
            built.display(),
            options.folder.display()
        );
    }
    Ok(files)
}

/// In order of their names.
fn with_extension(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    let mut paths: Vec<PathBuf> = paths.collect::<std::io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    Ok(paths)
}
