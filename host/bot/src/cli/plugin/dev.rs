//! `witbot plugin dev`: a bot at this keyboard with the plugin that somebody is working on. Whenever a file of the project is saved, it
//! is built, and takes the place of the one before in the bot, as anywhere else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use notify::{Event, EventKind, RecursiveMode, Watcher as _};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use witbot_core::printable;

use super::build::build;
use super::test::{BUILT, CONVERSATIONS};
use super::{Failure, print};
use crate::settings::FILE;

/// Editors save in several steps.
const PAUSE: Duration = Duration::from_millis(300);

/// What tools write while they build.
const MADE: [&str; 6] = [
    BUILT,
    "target",
    "node_modules",
    ".venv",
    "__pycache__",
    ".git",
];

/// What to work on.
#[derive(Args)]
pub struct Options {
    /// The project.
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
}

/// Runs until the bot ends, by Ctrl-D or Ctrl-C.
pub async fn run(options: &Options) -> Result<ExitCode, Failure> {
    let project = options.folder.canonicalize();
    let project = project.with_context(|| format!("cannot find {}", options.folder.display()))?;
    let home = tempfile::tempdir().context("cannot make a folder for the bot")?;
    fs::create_dir(home.path().join("plugins")).context("cannot make a folder for the bot")?;
    settle(&project, &home)?;
    bring(&project, &home).await?;
    let (saved, mut saves) = mpsc::channel(1);
    let seen = project.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| is_a_save(&seen, &event)) {
            // One that is not looked at yet stands for this one as well.
            let _ = saved.try_send(());
        }
    })
    .context("cannot watch the project")?;
    let watched = watcher.watch(&project, RecursiveMode::Recursive);
    watched.with_context(|| format!("cannot watch {}", project.display()))?;
    print("Type to the bot. Each save is built and taken up; Ctrl-D ends it.")?;
    let mut bot = bot(&home)?;
    loop {
        tokio::select! {
            ended = bot.wait() => {
                ended.context("it is not known how the bot ended")?;
                return Ok(ExitCode::SUCCESS);
            }
            Some(()) = saves.recv() => {
                tokio::time::sleep(PAUSE).await;
                while saves.try_recv().is_ok() {}
                settle(&project, &home)?;
                bring(&project, &home).await?;
            }
        }
    }
}

/// The same terminal is its keyboard and its screen.
fn bot(home: &TempDir) -> anyhow::Result<Child> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut bot = Command::new(program);
    bot.args(["run", "--chat", "console"])
        .current_dir(home.path())
        .kill_on_drop(true);
    bot.spawn().context("cannot start a bot")
}

/// What is granted and set in tests is so here.
fn settle(project: &Path, home: &TempDir) -> anyhow::Result<()> {
    let settings = fs::read_to_string(project.join(CONVERSATIONS).join(FILE)).unwrap_or_default();
    let text = format!("listen.address = \"127.0.0.1:0\"\n{settings}");
    replace(&home.path().join(FILE), text.as_bytes())
}

/// Builds the plugin and gives it to the bot. One that cannot be built leaves the one before where it is.
async fn bring(project: &Path, home: &TempDir) -> anyhow::Result<()> {
    let from = project.to_owned();
    let built = tokio::task::spawn_blocking(move || build(&from)).await?;
    match built {
        Ok(file) => {
            let name = file.file_name().context("a file has a name")?;
            replace(&home.path().join("plugins").join(name), &fs::read(&file)?)
        }
        Err(error) => {
            eprintln!("witbot: {}", printable::text(&format!("{error:#}")));
            Ok(())
        }
    }
}

/// Whole, as the bot may be reading it.
fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let aside = path.with_extension("new");
    fs::write(&aside, bytes)?;
    fs::rename(&aside, path)?;
    Ok(())
}

/// Whether somebody changed something that the plugin is made of.
fn is_a_save(project: &Path, event: &Event) -> bool {
    let made = |path: &PathBuf| {
        let within = path.strip_prefix(project).unwrap_or(path);
        within
            .components()
            .any(|part| MADE.iter().any(|made| part.as_os_str() == *made))
    };
    !matches!(event.kind, EventKind::Access(_)) && !event.paths.iter().all(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_is_no_save() {
        let project = Path::new("/project");
        let event = |path: &str| Event {
            paths: vec![project.join(path)],
            ..Event::default()
        };
        for (path, is_one) in [
            ("src/lib.rs", true),
            ("conversations/witbot.toml", true),
            ("dist/a.wasm", false),
            ("witbot-sdk/node_modules/x", false),
            ("target/release/a", false),
        ] {
            assert_eq!(is_a_save(project, &event(path)), is_one, "{path}");
        }
    }
}
