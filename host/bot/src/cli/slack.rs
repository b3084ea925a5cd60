//! `witbot slack`: the app's manifest; and `witbot check --online`: what Slack says of the tokens.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Url;

use super::{Failure, print};
use crate::settings::Settings;
use crate::settings::problem::SettingsError;
use crate::settings::secrets::slack::SlackAccess;
use crate::settings::slack::{SlackMode, SlackSettings};
use crate::slack::manifest::{APP_NAME_CHARS_MAX, App, COMMAND_CHARS_MAX, Events};
use crate::slack::online;

/// What can be asked.
#[derive(Subcommand)]
pub enum Command {
    /// Prints the manifest that the app is made from, at https://api.slack.com/apps.
    Manifest(ManifestOptions),
}

/// What the app is to be.
#[derive(Args)]
pub struct ManifestOptions {
    /// How Slack tells the bot what happens; `slack.mode` in the settings unless it is said here.
    #[arg(long, value_enum)]
    mode: Option<SlackMode>,
    /// Where Slack reaches the bot: the address that its proxy serves it at. For the mode `http`.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// What the app is called; the name in the settings unless it is said here.
    #[arg(long)]
    name: Option<String>,
}

/// Does what was asked.
pub fn run(command: Command, settings: &Settings) -> Result<ExitCode, Failure> {
    let Command::Manifest(options) = command;
    let app = app(options, settings)?;
    print(app.manifest().trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// Asks Slack, and says what it says. False: something is missing.
pub async fn check_online(
    settings: &SlackSettings,
    access: Option<SlackAccess>,
) -> anyhow::Result<bool> {
    let findings = match access {
        Some(access) => online::check(settings, &access).await,
        None => Vec::new(),
    };
    if findings.is_empty() {
        print("Slack: not asked, because SLACK_BOT_TOKEN is not set")?;
    }
    for finding in &findings {
        print(&finding.to_string())?;
    }
    print("GitHub, CircleCI: not asked; their tokens prove themselves when they are used")?;
    Ok(findings.iter().all(online::Finding::is_good))
}

fn app(options: ManifestOptions, settings: &Settings) -> Result<App, SettingsError> {
    let mode = options.mode.unwrap_or(settings.slack.mode);
    let name = options.name.unwrap_or_else(|| settings.name.clone());
    Ok(App {
        command: slash_command(&name)?,
        name,
        events: match (mode, options.url) {
            (SlackMode::Socket, None) => Events::Socket,
            (SlackMode::Http, Some(url)) => Events::Http(base(&url)?),
            (SlackMode::Socket, Some(_)) => {
                return Err(SettingsError::usage(
                    "with sockets, Slack does not need an address of the bot",
                    "leave `--url` out, or say `--mode http` as well",
                ));
            }
            (SlackMode::Http, None) => {
                return Err(SettingsError::usage(
                    "with the mode `http`, Slack has to know where it reaches the bot",
                    "add its address, such as `--url https://bot.example.com`",
                ));
            }
        },
    })
}

/// The slash command of an app of this name, which Slack has to take as well.
fn slash_command(name: &str) -> Result<String, SettingsError> {
    let command = format!("/{}", name.to_lowercase().replace(' ', "-"));
    let is_one = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let long = name.chars().count() > APP_NAME_CHARS_MAX || command.len() > COMMAND_CHARS_MAX;
    if command.len() == 1 || long || !command[1..].chars().all(is_one) {
        return Err(SettingsError::usage(
            format!("`{name}` cannot be the name of a slash command, which the app has as well"),
            "give it another name with `--name`: at most 31 letters from a to z, digits, `-` and `_`; people can call it by that of the settings all the same",
        ));
    }
    Ok(command)
}

/// The address that the routes are below, without a slash at its end.
fn base(text: &str) -> Result<String, SettingsError> {
    let wrong = |help: &str| {
        Err(SettingsError::usage(
            format!("`{text}` is not where Slack can reach the bot"),
            help,
        ))
    };
    let Ok(url) = Url::parse(text) else {
        return wrong("write an address, such as `https://bot.example.com`");
    };
    if url.scheme() != "https" {
        return wrong("Slack wants an address that begins with `https://`");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("leave out the user and the password: Slack signs its requests instead");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("leave out what begins with `?` or `#`");
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}
