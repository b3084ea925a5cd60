//! What can be asked on the command line, and the exit codes: 0, 64 for bad usage or settings, 1 for the rest.

mod audit;
pub mod compile;
mod deploy_import;
mod log;
mod plugin;
mod policy;
mod replay;
mod runs;
mod slack;

use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};
use witbot_core::{limits, printable};

use crate::app;
use crate::harden::{Reach, harden};
use crate::plugins::unfounded;
use crate::rehearsal::Rehearsal;
use crate::settings::problem::SettingsError;
use crate::settings::secrets::slack::SlackAccess;
use crate::settings::secrets::webhooks::Locks;
use crate::settings::secrets::{self, Secrets};
use crate::settings::{self, ChatChoice, Origin, Settings};

/// The exit code for bad usage and bad settings: `EX_USAGE` of `sysexits.h`.
pub const USAGE: u8 = 64;

/// A ChatOps bot host: sandboxed plugins answer chat commands through granted capabilities.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// The file of settings.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How log lines are written, on standard error. How many: the variable RUST_LOG, for example `debug`.
    #[arg(long, global = true, value_enum, default_value_t = log::Format::Text)]
    log: log::Format,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the bot.
    Run(RunOptions),
    /// Reads the settings, the secrets and all plugins, and says what is wrong with them.
    Check(CheckOptions),
    /// Shows plugins, and grants them what they lack.
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Says what the rules come to: for one command, or for a table of cases.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Helps with setting up Slack.
    #[command(subcommand)]
    Slack(slack::Command),
    /// Prints the settings of the plugins deploy and pipeline, from hubot-deploy's apps.json.
    DeployImport(deploy_import::Options),
    /// Lists runs, shows the steps of one, ends one, or tries one again.
    Runs(runs::Runs),
    /// Runs a recorded run again, offline: prints each step, and where the plugin leaves the record.
    Replay(replay::Replay),
    /// Shows who did what, or checks that nobody changed the record of it.
    #[command(subcommand)]
    Audit(audit::Command),
}

#[derive(Args)]
struct RunOptions {
    /// Where people talk to the bot: in Slack if SLACK_BOT_TOKEN is set, else in this terminal.
    #[arg(long, value_enum)]
    chat: Option<Chat>,
    /// Says the lines of a file in this terminal, each when all before it is answered, and stops.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// What `witbot plugin test` has the bot pretend: the time, and what services answer. Within the data folder, which stays
    /// readable.
    #[arg(long, value_name = "FILE", hide = true)]
    rehearsal: Option<PathBuf>,
}

#[derive(Args)]
struct CheckOptions {
    /// Also asks Slack whether it takes the tokens, and whether they allow all that the bot needs.
    #[arg(long)]
    online: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Chat {
    /// This terminal.
    Console,
    /// Slack.
    Slack,
}

/// Why a command did not do what was asked.
pub enum Failure {
    /// What was asked for, or what is set, is wrong.
    Settings(Box<SettingsError>),
    /// Anything else.
    Other(anyhow::Error),
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Failure {
        Failure::Settings(Box::new(error))
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure::Other(error)
    }
}

impl Cli {
    /// Does what was asked.
    pub fn run(self) -> ExitCode {
        log::start(self.log);
        match self.outcome() {
            Ok(code) => code,
            Err(Failure::Settings(error)) => {
                eprintln!("{:?}", miette::Report::new(*error));
                USAGE.into()
            }
            Err(Failure::Other(error)) => {
                eprintln!("witbot: {}", printable::text(&format!("{error:#}")));
                ExitCode::FAILURE
            }
        }
    }

    fn outcome(self) -> Result<ExitCode, Failure> {
        let (settings, origin) = Settings::find(self.config.as_deref(), Path::new(""))?;
        if let Command::Run(options) = &self.command {
            give_up(options, &settings, &origin);
        }
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(processors * limits::WORKERS_PER_PROCESSOR)
            .enable_all()
            .build()
            .context("cannot start")?;
        let done = match self.command {
            Command::Run(options) => runtime.block_on(run(options, settings, origin)),
            Command::Check(options) => runtime.block_on(check(options, settings, &origin)),
            Command::Plugin(command) => runtime.block_on(plugin::run(command, settings, &origin)),
            Command::Policy(command) => runtime.block_on(policy::run(command, settings)),
            Command::Slack(command) => slack::run(command, &settings),
            Command::DeployImport(options) => deploy_import::run(&options),
            Command::Runs(asked) => runtime.block_on(runs::run(asked, &settings)),
            Command::Replay(asked) => runtime.block_on(replay::run(asked, &settings)),
            Command::Audit(command) => runtime.block_on(audit::run(command, &settings)),
        };
        // Somebody may still be reading the keyboard.
        runtime.shutdown_background();
        done
    }
}

/// Before there is a second thread, since each has rights of its own.
fn give_up(options: &RunOptions, settings: &Settings, origin: &Origin) {
    let settings_file = match origin {
        Origin::File(path) => path,
        Origin::Defaults => Path::new(settings::FILE),
    };
    let script = options.script.as_deref();
    // What is granted is a folder and not its name, so it has to be there. Who uses it says what is wrong with it.
    let _ = std::fs::create_dir_all(&settings.plugins_folder);
    let _ = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&settings.data);
    harden(&Reach::of(
        settings,
        settings_file,
        script,
        std::env::vars_os(),
    ));
}

async fn run(
    options: RunOptions,
    mut settings: Settings,
    origin: Origin,
) -> Result<ExitCode, Failure> {
    let secrets = Secrets::from_environment(|name| std::env::var_os(name))?;
    let (locks, warnings) = Locks::read(&settings, |name| std::env::var_os(name))?;
    let of_named = settings.secrets.read(|name| std::env::var_os(name))?;
    rules_are_founded(&settings).await?;
    tracing::info!("{origin}");
    secrets
        .warnings
        .iter()
        .chain(&warnings)
        .chain(&of_named)
        .for_each(|warning| tracing::warn!("{warning}"));
    let chat = chat(&options, &settings, &secrets)?;
    let script = match &options.script {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            Some(text.lines().map(str::to_owned).collect())
        }
        None => None,
    };
    let rehearsal = options.rehearsal.as_deref().map(Rehearsal::begin);
    let settings_file = match origin {
        Origin::File(path) => path,
        Origin::Defaults => PathBuf::from(settings::FILE),
    };
    app::run(app::Options {
        settings,
        settings_file,
        secrets,
        locks,
        chat,
        script,
        rehearsal: rehearsal.transpose()?,
    })
    .await
    .map_err(|error| match error.downcast::<SettingsError>() {
        Ok(error) => Failure::from(error),
        Err(error) => Failure::from(error),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Where the bot talks, with all that it needs there.
fn chat(
    options: &RunOptions,
    settings: &Settings,
    secrets: &Secrets,
) -> Result<ChatChoice, SettingsError> {
    let chosen = match (options.chat, &options.script) {
        (Some(Chat::Slack), Some(_)) => {
            return Err(SettingsError::usage(
                "the lines of `--script` are said in this terminal, and `--chat slack` talks elsewhere",
                "leave one of the two out",
            ));
        }
        (Some(chosen), _) => chosen,
        (None, None) if secrets.slack.is_some() && options.rehearsal.is_none() => Chat::Slack,
        (None, _) => Chat::Console,
    };
    match chosen {
        Chat::Console => Ok(ChatChoice::Console),
        Chat::Slack => {
            SlackAccess::new(secrets.slack.as_ref(), settings.slack.mode).map(ChatChoice::Slack)
        }
    }
}

/// Says what is wrong, without starting anything that others would see.
async fn check(
    options: CheckOptions,
    mut settings: Settings,
    origin: &Origin,
) -> Result<ExitCode, Failure> {
    let secrets = Secrets::from_environment(|name| std::env::var_os(name))?;
    let (_, warnings) = Locks::read(&settings, |name| std::env::var_os(name))?;
    let of_named = settings.secrets.read(|name| std::env::var_os(name))?;
    rules_are_founded(&settings).await?;
    print(&origin.to_string())?;
    for warning in secrets.warnings.iter().chain(&warnings).chain(&of_named) {
        print(&format!("warning: {warning}"))?;
    }
    print_secrets(&secrets)?;
    // A token says that the bot is to talk at Slack, so what else it needs there has to be set too.
    let slack = match &secrets.slack {
        Some(given) => Some(SlackAccess::new(Some(given), settings.slack.mode)?),
        None => None,
    };
    let well = !options.online || slack::check_online(&settings.slack, slack).await?;
    let plugins = plugin::check_all(settings).await?;
    Ok(if well { plugins } else { ExitCode::FAILURE })
}

/// A rule about a plugin that there is not is a mistake: what it was to deny would be allowed.
async fn rules_are_founded(settings: &Settings) -> Result<(), SettingsError> {
    let mistakes = unfounded(settings).await;
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(SettingsError::beside(Path::new(settings::FILE), &mistakes))
}

fn print_secrets(secrets: &Secrets) -> anyhow::Result<()> {
    let slack = secrets.slack.as_ref();
    for (set, name) in [
        (slack.is_some(), secrets::slack::BOT_TOKEN),
        (
            slack.is_some_and(|slack| slack.app_token.is_some()),
            secrets::slack::APP_TOKEN,
        ),
        (
            slack.is_some_and(|slack| !slack.signing_secrets.is_empty()),
            secrets::slack::SIGNING_SECRET,
        ),
        (
            secrets.github.is_some(),
            "GITHUB_TOKEN (or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY)",
        ),
        (!secrets.github_webhook.is_empty(), "GITHUB_WEBHOOK_SECRET"),
        (secrets.circleci.is_some(), "CIRCLECI_TOKEN"),
        (
            !secrets.circleci_webhook.is_empty(),
            "CIRCLECI_WEBHOOK_SECRET",
        ),
    ] {
        print(&format!("{name}: {}", if set { "set" } else { "not set" }))?;
    }
    Ok(())
}

/// Prints lines that may hold what others wrote. Who reads only the first of them, as `head` does, has seen enough.
fn print(lines: &str) -> anyhow::Result<()> {
    match writeln!(io::stdout(), "{}", printable::text(lines)) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot print")
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
