//! `witbot audit`: who did what. Works beside a running bot.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Subcommand;
use witbot_store::Store;
use witbot_store::audit::Filter;

use super::{Failure, print};
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
            for link in store
                .audit_tail(limit, Filter::default())
                .await
                .map_err(anyhow::Error::from)?
            {
                let json = serde_json::to_string(&link.record).map_err(anyhow::Error::from)?;
                print(&escaped(&json))?;
            }
        }
        Command::Verify => {
            let records = store.audit_verify().await.map_err(anyhow::Error::from)?;
            print(&format!("all {records} records are as they were written"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The same JSON, without the control characters that JSON allows in texts and that a terminal obeys.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_mean_the_same() {
        let text = "a\u{9b}2J\u{7f}\n\u{1b}";
        let shown = escaped(&serde_json::to_string(text).unwrap());
        assert!(!shown.contains(char::is_control), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
