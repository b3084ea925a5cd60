//! `witbot plugin grant`: shows the lines that a plugin lacks, and writes them into the settings file when somebody agrees.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use witbot_core::grants::Grants;
use witbot_core::ids::PluginName;
use witbot_core::usage::Counted;

use super::blanks::{Values, asked};
use super::{Looked, usage};
use crate::cli::{Failure, print};
use crate::live::{Standing, missing, uncalled};
use crate::settings::problem::SettingsError;
use crate::settings::{FILE, Origin, PluginSettings, Settings, edit};
use crate::sheet;

/// What is to be granted.
#[derive(Args)]
pub struct Options {
    /// The name of the plugin.
    name: String,
    /// A repository at GitHub: owner/name, owner/* or *. Each value makes a grant.
    #[arg(long, value_name = "REPOSITORY")]
    repository: Vec<String>,
    /// An environment that deployments may be written for. Each value is one more.
    #[arg(long, value_name = "ENVIRONMENT")]
    environment: Vec<String>,
    /// A project, as the CI service names it, such as gh/owner/name.
    #[arg(long, value_name = "PROJECT")]
    project: Vec<String>,
    /// A channel.
    #[arg(long, value_name = "CHANNEL")]
    channel: Vec<String>,
    /// A host on the web.
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
    /// Fills in any blank of the lines that are shown, such as PATH=/api/.
    #[arg(long, value_name = "BLANK=VALUE")]
    set: Vec<String>,
    /// Also what was denied in the last 30 days.
    #[arg(long)]
    denied: bool,
    /// Writes without asking.
    #[arg(long)]
    yes: bool,
}

impl Options {
    /// The name of the plugin.
    pub(super) fn plugin(&self) -> &str {
        &self.name
    }
}

/// Answers.
pub(super) async fn run(
    options: Options,
    looked: &Looked,
    standing: &Standing,
    origin: &Origin,
) -> Result<ExitCode, Failure> {
    let path = match origin {
        Origin::File(path) => path.clone(),
        Origin::Defaults => PathBuf::from(FILE),
    };
    // What was looked at may be older than the file is by now; the change is made from what is read here.
    let before = match origin {
        Origin::File(path) => Some(read(path)?),
        Origin::Defaults => None,
    };
    let settings = Settings::parse(before.as_deref().unwrap_or_default(), &path)?;
    let part = settings.plugins.get(&standing.name).cloned();
    let part = part.unwrap_or_default();
    let lines = lines(&options, looked, standing, &part).await?;
    if lines.is_empty() {
        let name = &standing.name;
        print(&format!("{name} lacks no grant; nothing is written"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let after = checked(before.as_deref(), &path, &standing.name, &lines)?;
    print(&format!(
        "[plugins.{}.grants]\n{}",
        standing.name,
        lines.join("\n")
    ))?;
    if !agreed(&options, &path)? {
        print("nothing is written")?;
        return Ok(ExitCode::FAILURE);
    }
    edit::replace(&path, before.as_deref(), &after)
        .with_context(|| format!("{} is as it was", path.display()))?;
    print(&format!(
        "written into {}; a running bot takes it up",
        path.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &PathBuf) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read {}", path.display()));
    text.map_err(Failure::Other)
}

/// The lines that are missing, with everything filled in.
async fn lines(
    options: &Options,
    looked: &Looked,
    standing: &Standing,
    part: &PluginSettings,
) -> Result<Vec<String>, Failure> {
    let (mut needed, mut called) = (Vec::new(), Vec::new());
    if let Some(plugin) = &standing.newest {
        needed = missing(plugin, &part.grants);
        called = uncalled(plugin, part);
    }
    let mut values = values(options)?;
    if let Some(name) = values.unused(&needed) {
        let message = format!("no grant that {} lacks has the blank {name}", standing.name);
        let help = format!(
            "leave it out; `witbot plugin show {}` has what it lacks",
            standing.name
        );
        return Err(SettingsError::usage(message, help).into());
    }
    let ask = !options.yes && io::stdin().is_terminal();
    let filled = needed
        .iter()
        .map(|capability| values.fill(*capability, ask));
    let mut lines: Vec<String> = filled.collect::<Result<_, _>>()?;
    lines.extend(called);
    if options.denied {
        let usage = usage(&looked.data, &standing.name).await;
        let usage = usage.map_err(|error| Failure::Other(anyhow::anyhow!(error)))?;
        lines.extend(denied(&usage, &part.grants, &lines)?);
    }
    Ok(lines)
}

/// What was denied and would still be, with the lines that are added anyway.
fn denied(usage: &[Counted], grants: &Grants, lines: &[String]) -> Result<Vec<String>, Failure> {
    let added: Grants = toml::from_str(&lines.join("\n"))
        .context("a grant cannot be read")
        .map_err(Failure::Other)?;
    let wanted = sheet::wanted(usage, grants);
    let wanted = wanted.into_iter().filter(|(line, one)| {
        let proposed = toml::from_str::<Grants>(line);
        !proposed.is_ok_and(|proposed| added.allows_again(&one.call, &proposed))
    });
    Ok(wanted.map(|(line, _)| line.to_owned()).collect())
}

fn values(options: &Options) -> Result<Values, Failure> {
    let mut values = Values::default();
    for (name, given) in [
        ("REPOSITORY", &options.repository),
        ("ENVIRONMENT", &options.environment),
        ("PROJECT", &options.project),
        ("CHANNEL", &options.channel),
        ("HOST", &options.host),
    ] {
        for value in given {
            values.put(name, value)?;
        }
    }
    for given in &options.set {
        values.set(given)?;
    }
    Ok(values)
}

/// The file as it would be, in which nothing is wrong.
fn checked(
    before: Option<&str>,
    path: &std::path::Path,
    plugin: &PluginName,
    lines: &[String],
) -> Result<String, Failure> {
    let after = edit::with_grants(before.unwrap_or_default(), plugin, lines)
        .with_context(|| format!("these lines have to be added to {} by hand", path.display()))
        .map_err(Failure::Other)?;
    Settings::parse(&after, path)?;
    Ok(after)
}

/// Whether somebody says that it may be written.
fn agreed(options: &Options, path: &std::path::Path) -> Result<bool, Failure> {
    if options.yes {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        let message = "nobody is there to say whether these lines are to be written";
        let help = format!("add `--yes` to have them written into {}", path.display());
        return Err(SettingsError::usage(message, help).into());
    }
    let answer = asked(&format!("Write this into {}? [y/N] ", path.display()))?;
    Ok(matches!(answer.as_str(), "y" | "Y" | "yes"))
}
