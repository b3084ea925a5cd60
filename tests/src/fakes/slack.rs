//! A stand-in for Slack: a workspace, its Web API, Socket Mode and signed HTTP requests, with the traps of all three.
//!
//! Frames, errors and limits are those of Slack's documentation and official clients. What cannot be found there is
//! on the strict side, so that a bot that gets along here gets along with Slack.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::server::Server;

mod actions;
mod api;
mod arguments;
mod behaviour;
mod channel;
mod control;
mod delivery;
mod feed;
mod hooks;
mod inspect;
mod limits;
mod message;
mod methods;
mod people;
mod respond;
mod shared;
mod socket;
mod speech;
mod state;
mod ts;

#[cfg(test)]
mod tests;

pub use actions::Trigger;
pub use behaviour::{ALL_SCOPES, Behaviour};
pub use control::Reason;
pub use delivery::{Ack, Counts, Kind as Sent};
pub use feed::Seen;
pub use hooks::{HttpDelivery, signed};
pub use message::{Ephemeral, File, Message, Version};
pub use people::Kind as UserKind;
pub use shared::Post;
pub use state::Call;

use shared::Shared;
use state::State;

/// The bot's token.
pub const BOT_TOKEN: &str = "xoxb-stand-in";
/// The app's token, which opens sockets.
pub const APP_TOKEN: &str = "xapp-1-stand-in";
/// What HTTP requests are signed with.
pub const SIGNING_SECRET: &str = "known-to-slack-and-the-bot";
/// The bot's user.
pub const BOT_USER: &str = "U000WITBOT";
/// The bot itself.
pub const BOT_ID: &str = "B000WITBOT";
/// The app.
pub const APP: &str = "A000WITBOT";
/// The workspace.
pub const TEAM: &str = "T000000ACME";
/// The workspace that strangers are of.
pub const OTHER_TEAM: &str = "T00000OTHER";

const TEAM_DOMAIN: &str = "acme";

/// A running stand-in. It stops when it is dropped.
///
/// Methods that name a user, channel or message panic when there is none of that name: the test is wrong.
#[derive(Debug)]
pub struct Slack {
    url: String,
    shared: Arc<Shared>,
    serving: [JoinHandle<()>; 3],
}

impl Slack {
    /// Starts on free ports of this machine, with no people and no channels.
    pub async fn start() -> anyhow::Result<Slack> {
        Slack::start_with_seed(1).await
    }

    /// Starts with another choice of who gets which envelope.
    pub async fn start_with_seed(seed: u64) -> anyhow::Result<Slack> {
        let api = bind().await?;
        let sockets = bind().await?;
        let url = format!("http://{}", api.local_addr()?);
        let socket_url = format!("ws://{}", sockets.local_addr()?);
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("Slackbot 1.0 (+https://api.slack.com/robots)")
            .build()?;
        let state = State::new(url.clone(), socket_url, seed);
        let shared = Arc::new(Shared::new(state, client));
        let serving = [
            tokio::spawn(api::listen(shared.clone(), api)),
            tokio::spawn(socket::listen(shared.clone(), sockets)),
            tokio::spawn(shared.clone().redeliver()),
        ];
        Ok(Slack {
            url,
            shared,
            serving,
        })
    }

    /// Stops, and waits until it takes no connections any more.
    pub async fn stop(mut self) {
        self.shared.stop();
        for task in &mut self.serving {
            // A panic in there would have shown up in the requests.
            let _ = task.await;
        }
    }

    /// The address of the Web API, as `api_url` in a bot's settings.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.url)
    }
}

impl Drop for Slack {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

async fn bind() -> anyhow::Result<TcpListener> {
    Server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .context("cannot start the Slack stand-in")
}

/// Adds to a log that forgets its oldest.
fn keep<T>(log: &mut VecDeque<T>, entry: T, kept_max: usize) {
    log.push_back(entry);
    while log.len() > kept_max {
        log.pop_front();
    }
}
