//! Building programs for this machine: the bot, and the stand-ins that it is shown with.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::repository;
use crate::step::step;

/// Where the programs of the workspace are, once they are built.
pub struct Binaries {
    /// The bot.
    pub bot: PathBuf,
    /// The stand-ins for GitHub and CircleCI.
    pub standins: PathBuf,
}

/// Builds the bot and the stand-ins.
pub fn build() -> Result<Binaries> {
    step(
        "building the bot and the stand-ins (seconds; the first time 10 to 20 minutes on 2 cores)",
        || {
            let output = cargo()
                .args(["build", "--workspace", "--bins"])
                .args(["--message-format", "json-render-diagnostics"])
                .stdin(Stdio::null())
                .stderr(Stdio::inherit())
                .output()
                .context("cargo could not be started")?;
            if !output.status.success() {
                bail!("witbot could not be built; what is wrong stands above");
            }
            let messages = String::from_utf8_lossy(&output.stdout);
            Ok(Binaries {
                bot: executable(&messages, "witbot")?,
                standins: executable(&messages, "standins")?,
            })
        },
    )
}

/// Cargo, in the workspace of this machine's programs.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(repository());
    cargo
}

/// Where cargo's messages say that a program is.
fn executable(messages: &str, name: &str) -> Result<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .with_context(|| format!("cargo built no program `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"witbot"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"witbot"},"executable":"/t/debug/witbot"}"#,
            "\nnot a message\n",
        );
        assert_eq!(
            executable(messages, "witbot").unwrap(),
            PathBuf::from("/t/debug/witbot")
        );
        let error = executable(messages, "standins").unwrap_err();
        assert_eq!(error.to_string(), "cargo built no program `standins`");
    }
}
