//! `witbot plugin`: the plugins in the folder, as a running bot would take them, and what the store has of them. Works beside
//! a running bot and without one.

mod blanks;
mod build;
mod check;
mod dev;
mod grant;
mod language;
mod new;
mod orders;
mod test;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::anyhow;
use arc_swap::ArcSwap;
use clap::Subcommand;
use witbot_core::ids::PluginName;
use witbot_core::usage::{Counted, first_day};
use witbot_engine::{Engine, Plugin};
use witbot_store::Store;
use witbot_store::audit::Filter;
use witbot_store::folder::OpenError;

use super::{Failure, compile, print};
use crate::clock;
use crate::live::{Live, Standing};
use crate::metrics::Metrics;
use crate::plugins::{Artefacts, Plugins};
use crate::settings::{Origin, Settings};
use crate::sheet::Sheet;

/// What can be asked.
#[derive(Subcommand)]
pub enum Command {
    /// Lists plugins with their versions and how they stand.
    List,
    /// Shows what a plugin does, wants and may do, what it used and what it was denied; when it is held, the lines that
    /// would allow it.
    Show {
        /// The name of the plugin.
        name: String,
    },
    /// Says of a file whether a bot would load it, what it asks for, and how it fits beside the plugins in the folder.
    Check(check::Options),
    /// Begins a plugin: a small project that builds, and passes its test, as it is.
    New(new::Options),
    /// Makes the file of a plugin, with the tools of its language.
    Build(build::Options),
    /// Runs a bot at this keyboard with the plugin, which is built and taken up again whenever a file of it is saved.
    Dev(dev::Options),
    /// Has conversations with a plugin: text files that say what people say, and what the bot answers.
    Test(test::Options),
    /// Writes the grants that a plugin lacks into the settings file, after showing them.
    Grant(grant::Options),
    /// Has a plugin not serve, until it is released. Its runs that wait go on then.
    Hold(orders::Hold),
    /// Has a plugin serve again, with its file.
    Release(orders::Release),
    /// Has a plugin serve the version that served before, until there is a new file or it is released.
    Rollback(orders::Rollback),
}

/// Answers.
pub async fn run(
    command: Command,
    settings: Settings,
    origin: &Origin,
) -> Result<ExitCode, Failure> {
    match command {
        Command::List => print(&look(settings).await?.live.listing())?,
        Command::Show { name } => {
            let looked = look(settings).await?;
            let sheet = show(&looked, find(&looked.live, &name)?).await;
            print(&sheet)?;
        }
        Command::Check(options) => return check::run(&options, settings).await,
        Command::New(options) => return new::run(&options),
        Command::Build(options) => return build::run(&options),
        Command::Dev(options) => return dev::run(&options).await,
        Command::Test(options) => return test::run(&options).await,
        Command::Grant(options) => {
            let looked = look(settings).await?;
            let standing = find(&looked.live, options.plugin())?;
            return grant::run(options, &looked, standing, origin).await;
        }
        Command::Hold(asked) => return orders::hold(asked, settings).await,
        Command::Release(asked) => return orders::release(asked, settings).await,
        Command::Rollback(asked) => return orders::rollback(asked, settings).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists all plugins, and everything that is wrong with any of them.
pub async fn check_all(settings: Settings) -> Result<ExitCode, Failure> {
    let Looked { live, settings, .. } = look(settings).await?;
    print(&format!("\n{}", live.listing()))?;
    let problems: Vec<_> = live
        .standings
        .iter()
        .filter_map(|standing| Some((&standing.name, standing.problem.as_ref()?)))
        .collect();
    for (name, problem) in &problems {
        print(&format!("\n{name}: {problem}"))?;
    }
    for (name, part) in &settings.plugins {
        let limits = part.limits.lines();
        if !limits.is_empty() {
            print(&format!(
                "\n{name} has limits of its own: {}",
                limits.join(", ")
            ))?;
        }
    }
    // What people ordered is as it should be.
    let well = problems.iter().all(|(_, problem)| problem.is_ordered());
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What there was to see.
struct Looked {
    live: Live,
    settings: Settings,
    data: PathBuf,
}

/// The plugins in the folder, as a bot would take them that starts now.
pub(super) async fn load(settings: &Settings) -> anyhow::Result<Arc<Live>> {
    load_with(&engine(settings)?, settings).await
}

fn engine(settings: &Settings) -> anyhow::Result<Engine> {
    Ok(Engine::new(
        &settings.data.join("compiled"),
        compile::compiler(),
    )?)
}

async fn load_with(engine: &Engine, settings: &Settings) -> anyhow::Result<Arc<Live>> {
    let artefacts = settings.data.join("artefacts");
    let shared = Arc::new(ArcSwap::from_pointee(settings.clone()));
    let live = Arc::new(ArcSwap::from_pointee(Live::empty()));
    let metrics = Metrics::new();
    let plugins = Plugins::new(
        engine.clone(),
        shared,
        live.clone(),
        None,
        artefacts,
        metrics,
    );
    // Without a store nothing was ordered yet.
    let orders = match Store::open_to_read(&settings.data) {
        Ok(store) => store.plugin_orders().await?,
        Err(_) => BTreeMap::new(),
    };
    plugins.load_all_under(orders).await;
    Ok(live.load_full())
}

async fn look(settings: Settings) -> Result<Looked, Failure> {
    let data = settings.data.clone();
    let engine = engine(&settings)?;
    let live = load_with(&engine, &settings).await?;
    let mut standings = live.standings.clone();
    // Without a store there was no bot before, and so no version.
    if let Ok(store) = Store::open_to_read(&data) {
        for standing in &mut standings {
            if standing.serving.is_none() {
                standing.before = served_last(&store, &engine, &data, standing).await;
            }
        }
    }
    let live = Live {
        standings,
        ..Live::empty()
    };
    Ok(Looked {
        live,
        settings,
        data,
    })
}

/// The version that a bot served last, if it is not the newest. A running bot serves it still.
async fn served_last(
    store: &Store,
    engine: &Engine,
    data: &Path,
    standing: &Standing,
) -> Option<Arc<Plugin>> {
    let filter = Filter {
        plugin: Some(standing.name.clone()),
        action: Some("plugin.loaded".to_owned()),
        ..Filter::default()
    };
    let links = store.audit_tail(1, filter).await.ok()?;
    let digest = links.first()?.record.digest?;
    let newest = standing.newest.as_ref()?.digest;
    if digest == newest {
        return None;
    }
    // What is no longer kept cannot be compared.
    let bytes = Artefacts::new(data.join("artefacts")).read(&digest).ok()?;
    let plugin = engine.load(&standing.name, bytes).await.ok()?;
    Some(Arc::new(plugin))
}

async fn show(looked: &Looked, standing: &Standing) -> String {
    let part = looked.settings.plugins.get(&standing.name).cloned();
    let part = part.unwrap_or_default();
    let usage = usage(&looked.data, &standing.name).await;
    let sheet = Sheet {
        name: &standing.name,
        newest: standing.newest.as_deref().map(Into::into),
        before: standing.before.as_deref().map(Into::into),
        problem: standing.problem.as_ref(),
        grants: &part.grants,
        observe: part.observe.as_deref(),
        limits: part.limits,
        usage: usage.as_deref().map_err(Clone::clone),
    };
    sheet.terminal()
}

/// What the store has counted. The error: why it cannot say.
async fn usage(data: &Path, plugin: &PluginName) -> Result<Vec<Counted>, String> {
    let store = match Store::open_to_read(data) {
        Ok(store) => store,
        // The bot has not run yet.
        Err(OpenError::Missing(_)) => return Ok(Vec::new()),
        Err(error) => return Err(format!("not known: {error}")),
    };
    let counted = store.usage(plugin, first_day(clock::now())).await;
    counted.map_err(|error| format!("not known: {error}"))
}

fn find<'a>(live: &'a Live, name: &str) -> Result<&'a Standing, Failure> {
    let names: Vec<&str> = live
        .standings
        .iter()
        .map(|standing| standing.name.as_str())
        .collect();
    let standing = live
        .standings
        .iter()
        .find(|standing| standing.name.as_str() == name);
    standing.ok_or_else(|| {
        let known = if names.is_empty() {
            "there are none".to_owned()
        } else {
            names.join(", ")
        };
        Failure::Other(anyhow!(
            "there is no plugin `{name}` in the plugins folder; plugins there: {known}"
        ))
    })
}
