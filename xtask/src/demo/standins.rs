//! The program that stands in for GitHub and CircleCI.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::http;
use crate::step::within;

/// What webhooks are signed with. Nobody but the two programs of this demo can reach them.
pub const GITHUB_WEBHOOK_SECRET: &str = "the-demo-signs-for-github";
/// The same for CircleCI.
pub const CIRCLECI_WEBHOOK_SECRET: &str = "the-demo-signs-for-circleci";

/// It has nothing to finish.
const END_TIME_MAX: Duration = Duration::from_secs(5);

/// Where it is, and what it takes for a token.
pub struct Addresses {
    /// GitHub.
    pub github: SocketAddr,
    /// CircleCI.
    pub circleci: SocketAddr,
    /// GitHub's token.
    pub token_github: String,
    /// CircleCI's token.
    pub token_circleci: String,
}

/// The program while it runs. It ends with this, and also when this process is killed: its input ends then.
pub struct Standins {
    child: Child,
    /// Where it is.
    pub addresses: Addresses,
}

impl Standins {
    /// Starts it, with webhooks for a bot at this address.
    pub fn start(program: &Path, bot: SocketAddr, pace: Duration) -> Result<Standins> {
        let mut command = Command::new(program);
        command
            .args(["--bot", &format!("http://{bot}")])
            .args(["--secret-github", GITHUB_WEBHOOK_SECRET])
            .args(["--secret-circleci", CIRCLECI_WEBHOOK_SECRET])
            .args(["--pace-ms", &pace.as_millis().to_string()])
            .env("NO_PROXY", "127.0.0.1")
            .env("no_proxy", "127.0.0.1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C is for the bot, which may still have something to tell to GitHub.
            .process_group(0);
        let mut child = command
            .spawn()
            .context("the stand-ins could not be started")?;
        let output = child.stdout.take();
        // From here on, whatever goes wrong ends the child.
        let mut standins = Standins {
            child,
            addresses: Addresses {
                github: bot,
                circleci: bot,
                token_github: String::new(),
                token_circleci: String::new(),
            },
        };
        let mut line = String::new();
        if let Some(output) = output {
            BufReader::new(output).read_line(&mut line)?;
        }
        standins.addresses = addresses(&line)
            .with_context(|| format!("the stand-ins do not say where they are: {line:?}"))?;
        Ok(standins)
    }

    /// What they hold.
    pub fn state(&self) -> Result<Value> {
        let state = http::get(self.addresses.github, "/_/state")
            .context("the stand-ins have ended too early")?;
        Ok(serde_json::from_str(&state)?)
    }

    /// Ends it, in its own way if it can.
    pub fn stop(mut self) {
        drop(self.child.stdin.take());
        within(END_TIME_MAX, || self.child.try_wait().transpose());
    }
}

impl Drop for Standins {
    fn drop(&mut self) {
        // Usually it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn addresses(line: &str) -> Option<Addresses> {
    let said: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| said[name].as_str();
    let address = |name| text(name)?.strip_prefix("http://")?.parse().ok();
    Some(Addresses {
        github: address("github")?,
        circleci: address("circleci")?,
        token_github: text("token_github")?.to_owned(),
        token_circleci: text("token_circleci")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood() {
        let said = r#"{"circleci":"http://127.0.0.1:2","github":"http://127.0.0.1:1","token_circleci":"c","token_github":"g"}"#;
        let understood = addresses(said).unwrap();
        assert_eq!(understood.github.port(), 1);
        assert_eq!(understood.circleci.port(), 2);
        assert_eq!(
            (
                understood.token_github.as_str(),
                understood.token_circleci.as_str()
            ),
            ("g", "c")
        );
        assert!(addresses("").is_none());
        assert!(addresses("{}").is_none());
    }
}
