//! One place for a socket, which is kept filled.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use witbot_core::limits;

use crate::slack::socket::line::{Line, Place, Why};
use crate::slack::socket::open::{self, NoSocket};
use crate::slack::socket::pause::{Pauses, random};
use crate::slack::socket::{SocketMode, told};

/// A place for a socket.
pub(super) struct Slot {
    number: usize,
    mode: SocketMode,
    lines: TaskTracker,
    quit: watch::Receiver<bool>,
    pauses: Pauses,
}

impl Slot {
    /// An empty place. Its sockets are among `lines`.
    pub(super) fn new(
        number: usize,
        mode: SocketMode,
        lines: TaskTracker,
        quit: watch::Receiver<bool>,
    ) -> Slot {
        Slot {
            number,
            mode,
            lines,
            quit,
            pauses: Pauses::default(),
        }
    }

    /// Keeps it filled until it is told to quit, or Slack refuses.
    pub(super) async fn keep_filled(mut self) -> anyhow::Result<()> {
        let mut old: Option<Line> = None;
        while let Some(mut line) = self.next_line().await? {
            // Only now, so that there is no moment without.
            drop(old.take());
            let mut quit = self.quit.clone();
            let left = tokio::select! {
                // Looked at first: a stop ends the socket too, and it is not to be opened again.
                biased;
                () = told(&mut quit) => break,
                left = line.left() => left,
            };
            if left.was_good {
                self.pauses.reset();
            }
            let goes_on = match left.why {
                Why::Refresh(reason) => {
                    tracing::info!("Slack: socket {} is refreshed ({reason})", self.number);
                    old = Some(line);
                    // Replacing a good one need not wait. One that is not may be the first of many.
                    left.was_good || self.rest(None).await?
                }
                Why::Ended(why) => self.rest(Some(why)).await?,
            };
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Opens a socket, however often it takes; none if it is told to quit.
    async fn next_line(&mut self) -> anyhow::Result<Option<Line>> {
        loop {
            let mut quit = self.quit.clone();
            let opened = tokio::select! {
                opened = self.open() => opened,
                () = told(&mut quit) => return Ok(None),
            };
            match opened {
                Ok(line) => return Ok(Some(line)),
                Err(why) => {
                    if !self.rest(Some(why)).await? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Opens a socket and waits for Slack's hello.
    async fn open(&self) -> Result<Line, NoSocket> {
        let opening = async {
            let socket = open::websocket(&self.mode).await?;
            let place = Place {
                number: self.number,
                handle: self.mode.handle.clone(),
                connected: self.mode.connected.clone(),
                quit: self.quit.clone(),
            };
            Line::greeted(socket, place, &self.lines).await
        };
        let most = limits::SLACK_SOCKET_OPEN_TIME_MAX;
        tokio::time::timeout(most, opening)
            .await
            .unwrap_or_else(|_| {
                let seconds = most.as_secs();
                Err(NoSocket::failed(format!(
                    "there was no hello within {seconds} s"
                )))
            })
    }

    /// Waits before the next try; answers whether there is to be one.
    async fn rest(&mut self, why: Option<NoSocket>) -> anyhow::Result<bool> {
        let short = self.pauses.next(random());
        let pause = match &why {
            None => short,
            Some(NoSocket::Refused(why)) => anyhow::bail!("Slack refuses Socket Mode: {why}"),
            Some(NoSocket::SwitchedOff) => limits::SLACK_SWITCHED_OFF_PAUSE,
            Some(NoSocket::TooMany) => limits::SLACK_SOCKETS_TOO_MANY_PAUSE,
            Some(NoSocket::Failed { retry_after, .. }) => {
                let asked = retry_after.unwrap_or_default();
                asked.min(limits::SLACK_RETRY_AFTER_MAX) + short
            }
        };
        self.log(why.as_ref(), pause);
        let only_beside_others = why == Some(NoSocket::TooMany);
        let mut connected = self.mode.connected.subscribe();
        let alone = async {
            let _ = connected.wait_for(|sockets| *sockets == 0).await;
            tokio::time::sleep(short).await;
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(true),
            () = alone, if only_beside_others => Ok(true),
            () = told(&mut self.quit) => Ok(false),
        }
    }

    fn log(&self, why: Option<&NoSocket>, pause: Duration) {
        let number = self.number;
        let again = format!("it is opened again in {:.1} s", pause.as_secs_f64());
        match why {
            None => tracing::info!("Slack: socket {number}: {again}"),
            Some(why @ NoSocket::SwitchedOff) => {
                tracing::error!("Slack: there is no socket {number}: {why}; {again}");
            }
            Some(why) => tracing::warn!("Slack: there is no socket {number}: {why}; {again}"),
        }
    }
}
