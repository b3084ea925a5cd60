//! `witbot plugin check FILE`: whether a bot would load a file, and what its operator will be asked. For authors, before it is
//! in any folder; nothing is kept of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use clap::Args;
use witbot_core::ids::PluginName;
use witbot_core::{limits, route};
use witbot_engine::{Engine, Plugin};

use super::{compile, load};
use crate::cli::{Failure, print};
use crate::live::{Problem, held};
use crate::plugins::name_of;
use crate::settings::Settings;
use crate::settings::problem::SettingsError;
use crate::sheet::version::Version;

/// What is checked.
#[derive(Args)]
pub struct Options {
    /// The .wasm file.
    file: PathBuf,
    /// The name that it is to have in the plugins folder. Without: that of the file.
    #[arg(long)]
    name: Option<String>,
}

/// Prints the page, and what is wrong last.
pub async fn run(options: &Options, settings: Settings) -> Result<ExitCode, Failure> {
    let file = &options.file;
    let name = name(options)?;
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let size = bytes.len();
    // A cache would hide what compiling costs.
    let cache = tempfile::tempdir().context("cannot make a folder for compiled code")?;
    let engine = Engine::new(cache.path(), compile::compiler()).map_err(anyhow::Error::from)?;
    let began = Instant::now();
    let plugin = engine
        .load(&name, bytes)
        .await
        .map_err(|error| anyhow!("{} would not be loaded: {error}", file.display()))?;
    print(&page(&plugin, size, began.elapsed()))?;
    let mut well = true;
    for (holder, commands) in conflicts(&plugin, &settings).await? {
        well = false;
        let commands = commands.join("`, `");
        print(&format!(
            "conflict: the plugin `{holder}` in the folder has already: `{commands}`. Rename them in one of the two"
        ))?;
    }
    let part = settings.plugins.get(&name).cloned().unwrap_or_default();
    match held(&plugin, &part) {
        // What the operator decides is no fault of the file.
        Some(problem @ Problem::Held { .. }) => print(&format!("state: {problem}"))?,
        Some(problem) => {
            well = false;
            print(&format!("state: {problem}"))?;
        }
        None if well => print("state: would be live")?,
        None => {}
    }
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn name(options: &Options) -> Result<PluginName, Failure> {
    let said = match &options.name {
        Some(name) => name.clone(),
        None => {
            let stem = options.file.file_stem().unwrap_or_default();
            stem.to_string_lossy().into_owned()
        }
    };
    let named = |name: &str| name_of(Path::new(&format!("{name}.wasm")));
    named(&said).map_err(|reason| {
        // Compilers write `_` where their packages have `-`.
        let other = said.to_lowercase().replace('_', "-");
        let other = named(&other).map_or("NAME".to_owned(), |name| name.to_string());
        let help =
            format!("say what it is to be called in the plugins folder, such as `--name {other}`");
        SettingsError::usage(reason, help).into()
    })
}

fn page(plugin: &Plugin, bytes: usize, took: Duration) -> String {
    let version = Version::from(plugin);
    let mut page = format!(
        "{} {} – {}\nfile:\n  {} KiB of {} KiB, compiled in {} ms\n",
        plugin.name,
        version.named(),
        version.said.summary,
        bytes.div_ceil(1 << 10),
        limits::COMPONENT_BYTES_MAX >> 10,
        took.as_millis(),
    );
    for (title, lines) in version.parts() {
        if !lines.is_empty() {
            let lines = lines.iter().map(|line| format!("  {line}\n"));
            page += &format!("{title}:\n{}", lines.collect::<String>());
        }
    }
    page.truncate(page.trim_end().len());
    page
}

/// Its commands that plugins in the folder have already.
async fn conflicts(
    plugin: &Plugin,
    settings: &Settings,
) -> anyhow::Result<BTreeMap<PluginName, Vec<String>>> {
    let mut by_holder: BTreeMap<PluginName, Vec<String>> = BTreeMap::new();
    if !settings.plugins_folder.is_dir() {
        return Ok(by_holder);
    }
    let live = load(settings).await?;
    let newest = live.standings.iter().filter_map(|standing| {
        let newest = standing.newest.as_ref()?;
        Some((standing.name.clone(), newest.declaration.clone()))
    });
    let existing: Vec<_> = newest.collect();
    for conflict in route::conflicts(&existing, &plugin.name, &plugin.declaration) {
        let commands = by_holder.entry(conflict.holder).or_default();
        commands.push(conflict.command);
    }
    Ok(by_holder)
}
