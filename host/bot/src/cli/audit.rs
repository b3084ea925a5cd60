//! `witbot audit`: who did what. Works beside a running bot.

use std::process::ExitCode;

use clap::Subcommand;
use witbot_store::Store;
use witbot_store::audit::Filter;

use super::Failure;
use crate::settings::Settings;

/// What can be asked.
#[derive(Subcommand)]
pub enum Command {
    /// Prints records as JSON, one a line, the oldest first.
    Show {
        /// How many of the newest.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Checks the chain that ties each record to the one before it.
    Verify,
}

/// Answers.
pub async fn run(command: Command, settings: &Settings) -> Result<ExitCode, Failure> {
    let store = Store::open_to_read(&settings.data).map_err(anyhow::Error::from)?;
    match command {
        Command::Show { limit } => {
            for link in store.audit_tail(limit, Filter::default()).await.map_err(anyhow::Error::from)? {
                println!("{}", serde_json::to_string(&link.record).map_err(anyhow::Error::from)?);
            }
        }
        Command::Verify => {
            let records = store.audit_verify().await.map_err(anyhow::Error::from)?;
            println!("all {records} records are as they were written");
        }
    }
    Ok(ExitCode::SUCCESS)
}
