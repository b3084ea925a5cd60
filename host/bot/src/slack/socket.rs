//! Socket Mode: Slack sends what happens over WebSockets that we open, so that no address of ours need be reachable.
//!
//! An envelope is acknowledged when it is stored, and not before: what is not acknowledged, Slack sends again. Nothing
//! that is slow stands between the two. Several sockets are open at a time, and a socket that Slack is going to close
//! is replaced before it is: at no moment is there none, as long as Slack can be reached at all.
//!
//! `slot` keeps one place filled with a socket; `open` opens one; `line` reads it and acknowledges. What is in an
//! envelope is for others.

mod line;
mod open;
mod pause;
mod probe;
mod slot;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use anyhow::Context as _;
use http::Uri;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;
use witbot_core::limits;

use self::slot::Slot;
use crate::future::BoxFuture;
use crate::slack::connect::Connector;
use crate::slack::envelope::{Ack, Envelope};

pub use self::open::NoSocket;

/// Asks Slack for the address of a new socket: `apps.connections.open`. The address is a secret.
pub type FetchUrl = Arc<dyn Fn() -> BoxFuture<'static, Result<String, NoSocket>> + Send + Sync>;

/// Stores what came. What it has answered is on the disk; if it fails, Slack sends the envelope again.
///
/// Envelopes of one socket are handed over in the order in which they come, and a handler runs up to its first wait
/// before the next one is begun.
pub type Handle = Arc<dyn Fn(Envelope) -> BoxFuture<'static, anyhow::Result<Ack>> + Send + Sync>;

/// Connects to the server of an address.
pub type Dial = Arc<dyn Fn(Uri) -> BoxFuture<'static, anyhow::Result<Box<dyn Wire>>> + Send + Sync>;

/// What a WebSocket is spoken over.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// What the sockets need.
#[derive(Clone)]
pub struct SocketMode {
    /// How many are held open.
    pub sockets: usize,
    /// Where they lead.
    pub fetch_url: FetchUrl,
    /// How.
    pub dial: Dial,
    /// What is done with what comes.
    pub handle: Handle,
    /// Says how many sockets there are. While one is replaced, both count.
    pub connected: watch::Sender<usize>,
}

impl SocketMode {
    /// Holds the sockets open until it is told to stop, or until Slack says that it is of no use to try.
    ///
    /// A stop acknowledges what is being stored, and is bounded.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let (quit, quitting) = watch::channel(false);
        let lines = TaskTracker::new();
        let mut slots = JoinSet::new();
        for number in 1..=self.sockets {
            let slot = Slot::new(number, self.clone(), lines.clone(), quitting.clone());
            slots.spawn(slot.keep_filled());
        }
        let outcome = tokio::select! {
            () = told(&mut stop) => Ok(()),
            Some(ended) = slots.join_next() => ended.context("a socket of Slack broke off").flatten(),
        };
        quit.send_replace(true);
        lines.close();
        let all = async {
            while slots.join_next().await.is_some() {}
            lines.wait().await;
        };
        if tokio::time::timeout(limits::SLACK_STOP_TIME_MAX, all)
            .await
            .is_err()
        {
            tracing::warn!(
                "Slack: not all sockets closed in time; Slack sends again what was not acknowledged"
            );
        }
        outcome
    }
}

/// Waits until it is told to stop. If nobody can tell any more, that is the time as well.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Connects by TCP and TLS.
pub fn dial(connector: Connector) -> Dial {
    Arc::new(move |to| {
        let connector = connector.clone();
        Box::pin(async move {
            let connection = connector.connect(&to).await?;
            Ok(Box::new(hyper_util::rt::TokioIo::new(connection)) as Box<dyn Wire>)
        })
    })
}
