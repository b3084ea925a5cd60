//! `witbot plugin`: the plugins in the folder, as a running bot would take them.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::anyhow;
use arc_swap::ArcSwap;
use clap::Subcommand;
use witbot_core::grants::Capability;
use witbot_core::ids::PluginName;
use witbot_engine::{Engine, Plugin};

use super::{Failure, print};
use crate::live::{Live, Standing};
use crate::plugins::Plugins;
use crate::settings::{PluginSettings, Settings};

/// What can be asked.
#[derive(Subcommand)]
pub enum Command {
    /// Lists plugins with their versions and how they stand.
    List,
    /// Shows what a plugin does, wants and may do; when it is held, the lines that would allow it.
    Show {
        /// The name of the plugin.
        name: String,
    },
}

/// Answers.
pub async fn run(command: Command, settings: Settings) -> Result<ExitCode, Failure> {
    let (live, newest, settings) = load(settings).await?;
    match command {
        Command::List => print(&live.listing())?,
        Command::Show { name } => {
            let standing = find(&live, &name)?;
            let plugin = newest.iter().find(|plugin| plugin.name == standing.name);
            let part = settings
                .load()
                .plugins
                .get(&standing.name)
                .cloned()
                .unwrap_or_default();
            print(sheet(standing, plugin.map(Arc::as_ref), &part).trim_end())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists all plugins, and everything that is wrong with any of them.
pub async fn check_all(settings: Settings) -> Result<ExitCode, Failure> {
    let (live, _, _) = load(settings).await?;
    print(&format!("\n{}", live.listing()))?;
    let problems: Vec<_> = live
        .standings
        .iter()
        .filter_map(|standing| Some((&standing.name, standing.problem.as_ref()?)))
        .collect();
    for (name, problem) in &problems {
        print(&format!("\n{name}: {problem}"))?;
    }
    Ok(if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

type Loaded = (Arc<Live>, Vec<Arc<Plugin>>, Arc<ArcSwap<Settings>>);

async fn load(settings: Settings) -> Result<Loaded, Failure> {
    let engine = Engine::new(&settings.data.join("compiled")).map_err(anyhow::Error::from)?;
    let artefacts = settings.data.join("artefacts");
    let settings = Arc::new(ArcSwap::from_pointee(settings));
    let live = Arc::new(ArcSwap::from_pointee(Live::empty()));
    let keeper = Plugins::new(engine, settings.clone(), live.clone(), None, artefacts)
        .load_all()
        .await;
    Ok((live.load_full(), keeper.newest(), settings))
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

/// All that an operator wants to know before and after granting.
fn sheet(standing: &Standing, plugin: Option<&Plugin>, part: &PluginSettings) -> String {
    let mut sheet = String::new();
    let PluginSheet { title, lines } = describe(&standing.name, plugin);
    let _ = writeln!(sheet, "{title}\n{lines}");
    let granted = match part.grants.as_ref() {
        grants
            if Capability::ALL
                .into_iter()
                .any(|capability| grants.covers(capability)) =>
        {
            toml::to_string(grants).unwrap_or_else(|error| error.to_string())
        }
        _ => "nothing\n".to_owned(),
    };
    let _ = writeln!(sheet, "granted:\n{}", indented(&granted));
    match &standing.problem {
        None => sheet.push_str("state: live\n"),
        Some(problem) => {
            let _ = writeln!(sheet, "state: {problem}");
        }
    }
    sheet
}

struct PluginSheet {
    title: String,
    lines: String,
}

fn describe(name: &PluginName, plugin: Option<&Plugin>) -> PluginSheet {
    let Some(plugin) = plugin else {
        return PluginSheet {
            title: name.to_string(),
            lines: String::new(),
        };
    };
    let said = &plugin.declaration.declaration;
    let mut lines = String::new();
    let mut section = |title: &str, entries: Vec<String>| {
        if !entries.is_empty() {
            let _ = writeln!(lines, "{title}:\n{}", indented(&entries.join("\n")));
        }
    };
    section(
        "commands",
        said.commands
            .iter()
            .map(|command| format!("{} – {}", command.usage, command.summary))
            .collect(),
    );
    section(
        "listens for",
        said.listeners
            .iter()
            .map(|listener| {
                let (pattern, place) = (listener.written(), listener.place());
                format!("{pattern}{place} – {}", listener.summary)
            })
            .collect(),
    );
    section(
        "is told of",
        said.subscriptions
            .iter()
            .map(|subscription| subscription.kind.clone())
            .collect(),
    );
    section("settings", said.settings.iter().map(setting).collect());
    section("imports", plugin.contract.imports.clone());
    section(
        "wants",
        said.wants
            .iter()
            .map(|(capability, reason)| format!("{capability}: {reason}"))
            .collect(),
    );
    section(
        "can use",
        said.can_use
            .iter()
            .map(|(capability, reason)| format!("{capability}: {reason}"))
            .collect(),
    );
    PluginSheet {
        title: format!(
            "{name} {} {} – {}",
            said.version,
            plugin.digest.short(),
            said.summary
        ),
        lines,
    }
}

fn setting(setting: &witbot_core::declaration::SettingDeclaration) -> String {
    let required = if setting.required { " (required)" } else { "" };
    format!("{}{required} – {}", setting.name, setting.summary)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
