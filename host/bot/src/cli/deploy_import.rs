//! `witbot deploy-import`: the settings of the plugins `deploy` and `pipeline`, from the `apps.json` of hubot-deploy.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use witbot_core::printable;

use super::{Failure, print};

mod apps;
mod grants;
mod pipelines;
mod settings;
mod written;

/// What is to be imported.
#[derive(Args)]
pub struct Options {
    /// The file `apps.json` of hubot-deploy.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Prints the settings, and on standard error what could not be carried over.
pub fn run(options: &Options) -> Result<ExitCode, Failure> {
    let file = options.file.display();
    let text =
        std::fs::read_to_string(&options.file).with_context(|| format!("cannot read {file}"))?;
    let imported = settings::import(&text).with_context(|| format!("cannot import {file}"))?;
    for warning in &imported.warnings {
        eprintln!("warning: {}", printable::line(warning));
    }
    print(imported.text.trim_end())?;
    Ok(ExitCode::SUCCESS)
}
