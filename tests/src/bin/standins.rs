//! Stand-ins for GitHub and CircleCI, for the demo: a bot that is pointed at them tells its whole story.
//!
//! Prints one line of JSON with their addresses and tokens, and ends when its input ends or on SIGTERM. What has
//! happened is shown under `/_/state` of the GitHub address.

use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use witbot_tests::fakes::{
    Access, CIRCLECI_TOKEN, CheckState, Circleci, CommitState, GITHUB_TOKEN, Github, ParameterType,
};

/// The branches of both repositories. The first is the default.
const BRANCHES: [&str; 3] = ["main", "fix-login", "red-tests"];
/// The parameters that both projects declare.
const PARAMETERS: [(&str, ParameterType); 5] = [
    ("app", ParameterType::String),
    ("environment", ParameterType::String),
    ("sha", ParameterType::String),
    ("deployment_id", ParameterType::Integer),
    ("witbot", ParameterType::String),
];

/// Local stand-ins for GitHub and CircleCI.
#[derive(Debug, Parser)]
#[command(name = "standins")]
struct Flags {
    /// Where GitHub listens, on loopback.
    #[arg(long, default_value = "127.0.0.1:0")]
    github: SocketAddr,
    /// Where CircleCI listens, on loopback.
    #[arg(long, default_value = "127.0.0.1:0")]
    circleci: SocketAddr,
    /// The address of the bot, which gets webhooks at /hooks/github and /hooks/circleci.
    #[arg(long, value_name = "URL")]
    bot: Option<String>,
    /// The secret that signs GitHub's webhooks.
    #[arg(long, default_value = "", requires = "bot")]
    secret_github: String,
    /// The secret that signs CircleCI's webhooks.
    #[arg(long, default_value = "", requires = "bot")]
    secret_circleci: String,
    /// The token that GitHub takes.
    #[arg(long, default_value = GITHUB_TOKEN)]
    token_github: String,
    /// The token that CircleCI takes.
    #[arg(long, default_value = CIRCLECI_TOKEN)]
    token_circleci: String,
    /// How long each step of a pipeline takes.
    #[arg(long, default_value_t = 1500)]
    pace_ms: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let github = Github::start_at(flags.github).await?;
    let circleci = Arc::new(Circleci::start_at(flags.circleci).await?);
    github.use_fresh_ids();
    circleci.use_fresh_ids();
    github.add_token(&flags.token_github, "witbot", Access::Write, None);
    circleci.add_token(&flags.token_circleci, "witbot-ci");
    circleci.set_pace(Duration::from_millis(flags.pace_ms));
    for name in ["acme/api", "acme/web"] {
        seed(&github, &circleci, name);
    }
    if let Some(bot) = flags.bot.as_deref().map(|bot| bot.trim_end_matches('/')) {
        github.send_webhooks_to(&format!("{bot}/hooks/github"), &flags.secret_github);
        circleci.send_webhooks_to(&format!("{bot}/hooks/circleci"), &flags.secret_circleci);
    }
    let shown = Arc::clone(&circleci);
    github.show_also(move || shown.state());

    let addresses = json!({
        "github": github.url(),
        "circleci": circleci.url(),
        "token_github": flags.token_github,
        "token_circleci": flags.token_circleci,
    });
    let mut output = io::stdout();
    writeln!(output, "{addresses}")
        .and_then(|()| output.flush())
        .context("cannot print")?;
    tokio::select! {
        _ = terminate.recv() => {}
        () = end_of_input() => {}
    }
    Ok(())
}

/// A repository with green checks on all branches but one, and the CircleCI project that belongs to it.
fn seed(github: &Github, circleci: &Circleci, name: &str) {
    let project = format!("gh/{name}");
    github.add_repository(name, &BRANCHES);
    circleci.add_project(&project, &PARAMETERS);
    for branch in BRANCHES {
        github.set_status(name, branch, "ci/lint", CommitState::Success);
        let tests = if branch == "red-tests" {
            CheckState::Failure
        } else {
            CheckState::Success
        };
        github.set_check_run(name, branch, "tests", tests);
        circleci.set_branch(&project, branch, &github.sha(name, branch));
    }
}

/// Reads in a thread of its own: nothing can interrupt it, and it must not hold up the end.
async fn end_of_input() {
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        let mut ignored = [0; 256];
        while io::stdin().read(&mut ignored).is_ok_and(|read| read > 0) {}
        // When nobody waits any more, the program is ending already.
        let _ = ended.send(());
    });
    // An error would mean that the thread is gone, and the input with it.
    let _ = end.await;
}
