//! `cargo xtask demo`: the bot in a terminal, with stand-ins for GitHub and CircleCI. Nothing leaves this machine.

mod bot;
pub mod folder;
mod standins;
pub mod summary;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::binaries::{self, Binaries};
use crate::guests;
use crate::http;
use crate::{repository, target_folder};

use bot::{Bot, Signals};
use folder::Folder;
use standins::Standins;

/// Slow enough to read along: a step of a pipeline takes this long.
const PACE: Duration = Duration::from_millis(1500);
/// For scripts that nobody watches.
const PACE_FAST: Duration = Duration::from_millis(50);

/// How the demo is to be.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Says the lines of a file, each when all before it is answered, and ends: `xtask/demo/story.txt` is one.
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// Lets pipelines take moments instead of seconds.
    #[arg(long)]
    pub fast: bool,
    /// Goes on with the settings and the data of the last demo.
    #[arg(long)]
    pub keep: bool,
}

/// What there is to see after a demo.
pub struct Outcome {
    /// How the bot ended.
    pub code: u8,
    /// What the stand-ins hold.
    pub state: Value,
}

/// Builds everything and shows it.
pub fn run(options: &Options) -> Result<ExitCode> {
    // What can go wrong before minutes of building does so now.
    if let Some(script) = &options.script {
        std::fs::metadata(script).with_context(|| format!("cannot read {}", script.display()))?;
    }
    let folder = Folder::lay(&target_folder().join("demo"), options.keep)?;
    let plugins = guests::build_guests(&repository().join("plugins"))?;
    let outcome = show(options, &folder, &binaries::build()?, &plugins)?;
    println!("\n{}", summary::of(&outcome.state));
    Ok(ExitCode::from(outcome.code))
}

/// Shows what is built already.
pub fn show(
    options: &Options,
    folder: &Folder,
    binaries: &Binaries,
    plugins: &[PathBuf],
) -> Result<Outcome> {
    let signals = Signals::watch()?;
    guests::copy(plugins, &folder.plugins())?;
    let pace = if options.fast { PACE_FAST } else { PACE };
    let listen = http::free_address()?;
    let standins = Standins::start(&binaries.standins, listen, pace)?;
    folder.write_settings(listen, &standins.addresses)?;
    let mut bot = Bot::start(
        &binaries.bot,
        &folder.settings(),
        options.script.as_deref(),
        &standins.addresses,
    )?;
    if options.script.is_none() && bot.is_ready(listen, &signals) {
        println!("{}", welcome(folder, &binaries.bot));
    }
    let code = bot.wait(&signals)?;
    let state = standins.state()?;
    standins.stop();
    Ok(Outcome { code, state })
}

fn welcome(folder: &Folder, bot: &Path) -> String {
    let shown = |path: &Path| {
        let here = std::env::current_dir().unwrap_or_default();
        let near = path.strip_prefix(here).unwrap_or(path);
        near.display().to_string()
    };
    format!(
        "
witbot is ready. GitHub and CircleCI are stand-ins on this machine: nothing can be broken. Type, for example:

  help
  deploy api/main to staging
  deploys api
  plugins

Also there: the application `web`, the environment `production`, and the branch `fix-login`.
`@ada #deploys: deploy web/fix-login to staging` is said by ada in the channel #deploys.

Plugins:   {plugins}
           A file that changes there is live at once. From another terminal, after an edit in `plugins/`:
           cargo xtask plugins --into {plugins}
Settings:  {settings}
           Take a grant away there, and `plugins` tells what it was for. All of it, and the lines to add:
           {bot} plugin show deploy --config {settings}

Ctrl-D ends the demo when all is answered, Ctrl-C at once.
",
        plugins = shown(&folder.plugins()),
        settings = shown(&folder.settings()),
        bot = shown(bot),
    )
}
