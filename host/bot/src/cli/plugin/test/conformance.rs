//! What every plugin has to bear, whatever it is for: its own examples, also without the grants that it can do without, and lines
//! that nobody who means well would say. Whatever comes of them, nothing crashes, and every run does the same again when it is run
//! again.

use std::path::PathBuf;

use toml::{Table, Value};
use witbot_core::declaration::CommandDeclaration;
use witbot_core::ids::PluginName;

use super::rehearsal::Rehearsal;
use crate::plugins::name_of;

/// Longer than anything that fits into a message, and no longer than a line that is read.
const LONG: usize = 5_000;

/// Tries all of it. Answers what was tried, or what went wrong.
pub(super) async fn check(
    rehearsal: &mut Rehearsal,
    settings: &str,
    plugins: &[PathBuf],
) -> anyhow::Result<Result<String, String>> {
    let (mut examples, mut odd) = (Vec::new(), Vec::new());
    let mut fewer = settings.parse()?;
    for path in plugins {
        let name = name_of(path).map_err(|why| anyhow::anyhow!("{}: {why}", path.display()))?;
        let bytes = std::fs::read(path)?;
        let plugin = match rehearsal.engine.load(&name, bytes).await {
            Ok(plugin) => plugin,
            Err(error) => {
                return Ok(Err(format!(
                    " {} would not be loaded: {error}",
                    path.display()
                )));
            }
        };
        for command in &plugin.declaration.declaration.commands {
            examples.extend(command.examples.iter().cloned());
            odd.extend(odd_lines(command));
        }
        for (capability, _) in &plugin.declaration.declaration.can_use {
            take_away(&mut fewer, &name, capability);
        }
    }
    let fewer = toml::to_string(&fewer)?;
    if fewer != toml::to_string(&settings.parse::<Table>()?)?
        && let Err(mistake) = rehearsal.survive(&fewer, &examples).await?
    {
        return Ok(Err(format!(
            "{mistake}\nthat was without the grants that it can do without"
        )));
    }
    let lines: Vec<String> = examples.iter().chain(&odd).cloned().collect();
    let survived = rehearsal.survive(settings, &lines).await?;
    Ok(survived.map(|runs| {
        format!(
            "examples: {}, odd lines: {}; {runs} runs do the same again",
            examples.len(),
            odd.len()
        )
    }))
}

/// Takes a grant away, if there is one.
fn take_away(settings: &mut Table, plugin: &PluginName, capability: &str) {
    let plugin = settings
        .get_mut("plugins")
        .and_then(|all| all.get_mut(plugin.as_str()));
    let grants = plugin
        .and_then(|plugin| plugin.get_mut("grants"))
        .and_then(Value::as_table_mut);
    if let Some(grants) = grants {
        grants.remove(capability);
    }
}

/// A command with arguments that are none.
fn odd_lines(command: &CommandDeclaration) -> Vec<String> {
    let end = command
        .usage
        .find(['<', '[', '|'])
        .unwrap_or(command.usage.len());
    let words = command.usage[..end].trim();
    let long = "x".repeat(LONG);
    let arguments = [
        "",
        "-1",
        "99999999999999999999999999",
        "' OR 1=1 --",
        "$(reboot) `reboot` {{7*7}} ../../etc/passwd",
        "\u{202e}nwod edispu \u{feff}\u{1f4a5}\u{200d}",
        "<@U0> <!channel> @everyone *_~`",
        "\u{7}\u{1b}[31m",
        long.as_str(),
    ];
    let lines = arguments.map(|argument| format!("{words} {argument}").trim().to_owned());
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_taken_away_from_one_plugin() {
        let both = "[plugins.a.grants]\nchat = []\nkv = []\n[plugins.b.grants]\nkv = []\n";
        let mut settings: Table = both.parse().unwrap();
        take_away(&mut settings, &"a".parse().unwrap(), "kv");
        take_away(&mut settings, &"c".parse().unwrap(), "kv");
        let expected = "[plugins.a.grants]\nchat = []\n[plugins.b.grants]\nkv = []\n";
        assert_eq!(settings, expected.parse().unwrap());
    }

    #[test]
    fn odd_lines_begin_as_the_command_does() {
        let command = CommandDeclaration {
            usage: "Deploy now <app>[/<ref>]".to_owned(),
            ..CommandDeclaration::default()
        };
        let lines = odd_lines(&command);
        assert!(lines.len() > 5 && lines.iter().all(|line| line.starts_with("Deploy now")));
        assert!(lines.iter().all(|line| !line.contains('\n')));
    }
}
