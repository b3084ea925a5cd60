//! `witbot policy`: what the rules say of made-up commands, with the plugins in the folder. Nobody is asked anything: who is
//! in which group, and what kind of channel it is, is what the question says.

mod asked;
mod cases;
mod explained;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::{Failure, plugin, print, rules_are_founded};
use crate::settings::Settings;
use crate::settings::problem::SettingsError;

/// What can be asked.
#[derive(Subcommand)]
pub enum Command {
    /// Compares what the rules say with what is expected, for each case of a file. Exits with 1 when there is a difference.
    Test {
        /// A TOML file with a table `[[cases]]` for each case.
        file: PathBuf,
    },
    /// Says which rule decides about a command, why those above it do not, and who can give it.
    Explain(Box<explained::Options>),
}

/// Answers.
pub async fn run(command: Command, settings: Settings) -> Result<ExitCode, Failure> {
    rules_are_founded(&settings).await?;
    let policy = settings.policy.clone();
    let live = plugin::load(&settings).await?;
    match command {
        Command::Explain(options) => {
            let explained = explained::explain(*options, &policy, &live).map_err(|reason| {
                SettingsError::usage(reason, "`witbot policy explain --help` has all options")
            })?;
            print(&explained)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Test { file } => {
            let shown = file.display().to_string();
            let wrong = |reason: String| SettingsError::usage(reason, cases::HELP);
            let text = std::fs::read_to_string(&file)
                .map_err(|error| wrong(format!("cannot read `{shown}`: {error}")))?;
            let tested = cases::test(&text, &policy, &live)
                .map_err(|reason| wrong(format!("`{shown}`: {reason}")))?;
            print(&tested.report)?;
            Ok(if tested.differences == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}
