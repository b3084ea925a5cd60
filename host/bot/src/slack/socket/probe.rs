//! Whether a socket can be opened at all, for those who only want to know.

use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use witbot_core::limits;

use crate::slack::socket::SocketMode;
use crate::slack::socket::line::{Line, Place};
use crate::slack::socket::open::{self, NoSocket};

impl SocketMode {
    /// Opens one socket, waits for Slack's hello, and closes it again; or says why there is none.
    pub async fn probe(&self) -> Result<(), NoSocket> {
        let (quit, quitting) = watch::channel(false);
        let lines = TaskTracker::new();
        let place = Place {
            number: 1,
            handle: self.handle.clone(),
            connected: self.connected.clone(),
            quit: quitting,
        };
        let opening = async {
            let socket = open::websocket(self).await?;
            Line::greeted(socket, place, &lines).await
        };
        let most = limits::SLACK_SOCKET_OPEN_TIME_MAX;
        let opened = timeout(most, opening).await.unwrap_or_else(|_| {
            let seconds = most.as_secs();
            Err(NoSocket::failed(format!(
                "there was no hello within {seconds} s"
            )))
        });
        quit.send_replace(true);
        lines.close();
        // Closing it well is only politeness.
        let _ = timeout(limits::SLACK_STOP_TIME_MAX, lines.wait()).await;
        opened.map(drop)
    }
}
