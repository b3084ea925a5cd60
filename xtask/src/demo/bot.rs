//! The bot, in this terminal.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::standins::{Addresses, CIRCLECI_WEBHOOK_SECRET, GITHUB_WEBHOOK_SECRET};
use crate::http;
use crate::step::within;

/// The first start compiles the plugins, on a machine that may be busy.
const START_TIME_MAX: Duration = Duration::from_secs(60);

/// For as long as somebody plays with it.
const FOR_EVER: Duration = Duration::MAX;

/// Secrets that somebody may have in the environment, for a bot at work.
const SECRETS: [&str; 9] = [
    "GITHUB_TOKEN",
    "GITHUB_APP_ID",
    "GITHUB_APP_PRIVATE_KEY",
    "GITHUB_WEBHOOK_SECRET",
    "CIRCLECI_TOKEN",
    "CIRCLECI_WEBHOOK_SECRET",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
];

/// Whether this process was told to end. It then still ends its children.
pub struct Signals {
    told: Arc<AtomicBool>,
}

impl Signals {
    /// Watches from now on.
    pub fn watch() -> Result<Signals> {
        let told = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, told.clone())
                .context("signals cannot be watched")?;
        }
        Ok(Signals { told })
    }
}

/// The bot while it runs. It ends with this.
pub struct Bot {
    child: Child,
}

impl Bot {
    /// Starts it, with this terminal as its chat or with a script.
    pub fn start(
        program: &Path,
        settings: &Path,
        script: Option<&Path>,
        standins: &Addresses,
    ) -> Result<Bot> {
        let mut command = Command::new(program);
        command.arg("run").arg("--config").arg(settings);
        if let Some(script) = script {
            command.arg("--script").arg(script).stdin(Stdio::null());
        }
        for secret in SECRETS {
            command
                .env_remove(secret)
                .env_remove(format!("{secret}_FILE"));
        }
        command
            .env("GITHUB_TOKEN", &standins.token_github)
            .env("GITHUB_WEBHOOK_SECRET", GITHUB_WEBHOOK_SECRET)
            .env("CIRCLECI_TOKEN", &standins.token_circleci)
            .env("CIRCLECI_WEBHOOK_SECRET", CIRCLECI_WEBHOOK_SECRET)
            .env("NO_PROXY", "127.0.0.1")
            .env("no_proxy", "127.0.0.1");
        let child = command.spawn().context("the bot could not be started")?;
        Ok(Bot { child })
    }

    /// Waits until it listens. Not when it has ended, or is to end.
    pub fn is_ready(&mut self, address: SocketAddr, signals: &Signals) -> bool {
        let ready = within(START_TIME_MAX, || {
            let over =
                signals.told.load(Ordering::Relaxed) || !matches!(self.child.try_wait(), Ok(None));
            match over {
                true => Some(false),
                false => http::get(address, "/readyz").is_ok().then_some(true),
            }
        });
        ready.unwrap_or(false)
    }

    /// Waits for its end, and gives its exit code. The first signal has it end in its own way, the second at once.
    pub fn wait(&mut self, signals: &Signals) -> Result<u8> {
        let mut asked = false;
        let ended = within(FOR_EVER, || {
            if signals.told.swap(false, Ordering::Relaxed) {
                if asked {
                    // It may have ended meanwhile.
                    let _ = self.child.kill();
                } else {
                    self.ask_to_end();
                }
                asked = true;
            }
            self.child.try_wait().transpose()
        });
        let status = ended.transpose()?;
        Ok(status.map_or(1, code))
    }

    /// By the signal that the bot knows. After a Ctrl-C it has heard of it from the terminal already, and does not mind.
    fn ask_to_end(&self) {
        let id = self.child.id().to_string();
        // The child is not waited for yet, so the id is still its own.
        let _ = Command::new("sh")
            .args(["-c", "kill -TERM \"$0\"", &id])
            .stderr(Stdio::null())
            .status();
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // Usually it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whoever was ended by a signal has none of its own.
fn code(status: ExitStatus) -> u8 {
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1)
}
