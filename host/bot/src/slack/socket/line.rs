//! One socket: what comes over it is read, stored by others in tasks of their own, and acknowledged.
//!
//! One task owns the socket, so there is one writer. It waits for nothing but the socket itself.

mod end;
mod stored;

use std::convert::Infallible;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_util::task::TaskTracker;
use witbot_core::limits;

use self::end::End;
use crate::slack::envelope::{Ack, Envelope, Frame, Hello, Reason};
use crate::slack::socket::open::{NoSocket, WebSocket};
use crate::slack::socket::{Handle, told};

/// A socket that Slack has said hello on. Who drops it has a better one: it lives on for what may still come over it,
/// until Slack closes it.
pub(super) struct Line {
    left: oneshot::Receiver<Left>,
    _kept: oneshot::Sender<Infallible>,
}

/// Where a socket belongs.
pub(super) struct Place {
    /// Which one it is, for the log.
    pub number: usize,
    /// Stores what comes.
    pub handle: Handle,
    /// How many there are.
    pub connected: watch::Sender<usize>,
    /// When to close it.
    pub quit: watch::Receiver<bool>,
}

/// That another socket is needed.
pub(super) struct Left {
    /// Whether it was of use.
    pub was_good: bool,
    /// What happened to it.
    pub why: Why,
}

/// Why another socket is needed.
pub(super) enum Why {
    /// Slack is going to close this one, which works until then.
    Refresh(String),
    /// This one is no more.
    Ended(NoSocket),
}

impl Line {
    /// Reads a new socket in a task among `lines`, and waits for Slack's hello.
    pub(super) async fn greeted(
        socket: WebSocket,
        place: Place,
        lines: &TaskTracker,
    ) -> Result<Line, NoSocket> {
        let (greet, greeted) = oneshot::channel();
        let (leave, left) = oneshot::channel();
        let (keep, kept) = oneshot::channel();
        lines.spawn(Reader::new(socket, place, greet, leave, kept).run());
        let mut line = Line { left, _kept: keep };
        match greeted.await {
            Ok(()) => Ok(line),
            Err(_) => Err(match line.left().await.why {
                Why::Ended(why) => why,
                Why::Refresh(reason) => {
                    NoSocket::failed(format!("Slack took it back before its hello ({reason})"))
                }
            }),
        }
    }

    /// Waits until another one is needed.
    pub(super) async fn left(&mut self) -> Left {
        (&mut self.left).await.unwrap_or_else(|_| Left {
            was_good: false,
            why: Why::Ended(NoSocket::failed("its task broke off")),
        })
    }
}

/// Counts a socket as long as it is there.
struct Counted(watch::Sender<usize>);

impl Counted {
    fn new(connected: &watch::Sender<usize>) -> Counted {
        connected.send_modify(|sockets| *sockets += 1);
        Counted(connected.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|sockets| *sockets -= 1);
    }
}

struct Reader {
    socket: WebSocket,
    place: Place,
    /// What is being stored. Each answers the frame to acknowledge with, if it may be acknowledged.
    under_way: JoinSet<Option<String>>,
    greet: Option<oneshot::Sender<()>>,
    leave: Option<oneshot::Sender<Left>>,
    kept: oneshot::Receiver<Infallible>,
    /// Set once there is a better one.
    closes_at: Option<Instant>,
    counted: Option<Counted>,
    opened: Instant,
    heard: Instant,
    brought_any: bool,
    pings: Interval,
}

impl Reader {
    fn new(
        socket: WebSocket,
        place: Place,
        greet: oneshot::Sender<()>,
        leave: oneshot::Sender<Left>,
        kept: oneshot::Receiver<Infallible>,
    ) -> Reader {
        let now = Instant::now();
        let every = limits::SLACK_SOCKET_PING_EVERY;
        let mut pings = interval_at(now + every, every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Reader {
            socket,
            place,
            under_way: JoinSet::new(),
            greet: Some(greet),
            leave: Some(leave),
            kept,
            closes_at: None,
            counted: None,
            opened: now,
            heard: now,
            brought_any: false,
            pings,
        }
    }

    async fn run(mut self) {
        let end = loop {
            if let Err(end) = self.step().await {
                break end;
            }
        };
        // Others are told first, since another socket has to be opened.
        self.counted = None;
        let close = end.close_frame();
        self.tell_end(end);
        match close {
            Some(close) => self.close(close).await,
            // The answer to Slack's close frame is waiting to be written.
            None => {
                let _ = timeout(limits::SLACK_SOCKET_CLOSE_MAX, self.flush()).await;
            }
        }
        // These cannot be acknowledged any more. Slack sends them again, and finds them stored.
        while self.under_way.join_next().await.is_some() {}
    }

    async fn step(&mut self) -> Result<(), End> {
        let has_room = self.under_way.len() < limits::SLACK_ENVELOPES_MAX;
        let silent_at = self.heard + limits::SLACK_SOCKET_SILENCE_MAX;
        tokio::select! {
            () = told(&mut self.place.quit) => Err(End::Quit),
            Some(stored) = self.under_way.join_next() => self.acknowledge(stored).await,
            message = self.socket.next(), if has_room => self.take(message).await,
            _ = self.pings.tick() => self.write(Message::Ping(Bytes::new())).await,
            () = sleep_until(silent_at), if has_room => Err(End::Silent),
            _ = &mut self.kept, if self.closes_at.is_none() => {
                self.closes_at = Some(Instant::now() + self.old_age());
                Ok(())
            }
            () = sleep_until(self.closes_at.unwrap_or(silent_at)), if self.closes_at.is_some() => {
                Err(End::Replaced)
            }
        }
    }

    /// How long it stays after it was replaced, or nobody waits for its hello any more.
    fn old_age(&self) -> Duration {
        match self.counted {
            Some(_) => limits::SLACK_SOCKET_OLD_TIME_MAX,
            None => Duration::ZERO,
        }
    }

    async fn take(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        let message = match message {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(End::of_error(&error)),
            None => return Err(End::Broken("the connection ended".to_owned())),
        };
        self.heard = Instant::now();
        match message {
            Message::Text(text) => self.read(&text).await,
            Message::Binary(bytes) => {
                self.warn(&format!(
                    "a binary frame of {} bytes is left out",
                    bytes.len()
                ));
                Ok(())
            }
            // The answer is waiting to be written.
            Message::Ping(_) => self.flush().await,
            Message::Pong(_) | Message::Frame(_) => Ok(()),
            Message::Close(frame) => Err(End::of_close(frame.as_ref())),
        }
    }

    async fn read(&mut self, text: &str) -> Result<(), End> {
        match Frame::read(text) {
            Ok(Frame::Hello(hello)) => self.greet(&hello),
            Ok(Frame::Envelope(envelope)) => return self.store(envelope).await,
            Ok(Frame::Disconnect { reason, host }) => return self.disconnect(reason, &host),
            Ok(Frame::Unknown { name, envelope_id }) => {
                self.warn(&format!(
                    "there is nothing to do about a frame of type `{name}`"
                ));
                if let Some(id) = envelope_id {
                    return self.write(Message::text(Ack::default().frame(&id))).await;
                }
            }
            Err(why) => {
                let bytes = text.len();
                self.warn(&format!("a frame of {bytes} bytes is left out: {why}"));
            }
        }
        Ok(())
    }

    fn greet(&mut self, hello: &Hello) {
        let Some(greet) = self.greet.take() else {
            return;
        };
        self.counted = Some(Counted::new(&self.place.connected));
        let number = self.place.number;
        let of_app = match hello.sockets {
            Some(sockets) => format!("; the app has {sockets}"),
            None => String::new(),
        };
        tracing::info!(
            "Slack: socket {number} is connected to {}{of_app}",
            hello.host
        );
        let _ = greet.send(());
    }

    /// Has an envelope stored. It is begun here, so that envelopes are stored in the order in which they came.
    async fn store(&mut self, envelope: Envelope) -> Result<(), End> {
        self.brought_any = true;
        let number = self.place.number;
        match stored::begin(&self.place.handle, envelope, number).await {
            stored::Begun::Done(frame) => self.acknowledge(Ok(frame)).await,
            stored::Begun::UnderWay(rest) => {
                self.under_way.spawn(rest);
                Ok(())
            }
        }
    }

    fn disconnect(&mut self, reason: Reason, host: &str) -> Result<(), End> {
        match reason {
            Reason::SwitchedOff => Err(End::Refused(NoSocket::SwitchedOff)),
            Reason::TooMany => Err(End::Refused(NoSocket::TooMany)),
            Reason::Refresh(reason) => {
                tracing::debug!(
                    "Slack: {host} says {reason} on socket {}",
                    self.place.number
                );
                self.tell(Why::Refresh(reason));
                Ok(())
            }
        }
    }

    /// Acknowledges what is stored, and what else is by now.
    async fn acknowledge(&mut self, stored: Result<Option<String>, JoinError>) -> Result<(), End> {
        if self.under_way.len() + 1 >= limits::SLACK_ENVELOPES_MAX {
            // Nobody listened, so nothing was heard.
            self.heard = Instant::now();
        }
        let mut next = Some(stored);
        while let Some(stored) = next {
            if let Ok(Some(frame)) = stored {
                let writing = self.socket.feed(Message::text(frame));
                in_time(writing).await?;
            }
            next = self.under_way.try_join_next();
        }
        self.flush().await
    }

    async fn write(&mut self, message: Message) -> Result<(), End> {
        in_time(self.socket.send(message)).await
    }

    async fn flush(&mut self) -> Result<(), End> {
        in_time(self.socket.flush()).await
    }

    /// Tells that another one is needed, once.
    fn tell(&mut self, why: Why) {
        // Who waits for the hello need not wait longer.
        self.greet = None;
        let was_good = self.brought_any || self.opened.elapsed() >= limits::SLACK_SOCKET_GOOD_AFTER;
        if let Some(leave) = self.leave.take() {
            let _ = leave.send(Left { was_good, why });
        }
    }

    fn tell_end(&mut self, end: End) {
        if self.leave.is_none() {
            let number = self.place.number;
            tracing::info!("Slack: what was socket {number} is closed: {end}");
        }
        self.tell(Why::Ended(end.into()));
    }

    /// Closes it, after what is being stored is acknowledged.
    async fn close(&mut self, frame: CloseFrame) {
        let draining = async {
            while let Some(stored) = self.under_way.join_next().await {
                self.acknowledge(stored).await?;
            }
            Ok::<(), End>(())
        };
        if timeout(limits::SLACK_SOCKET_DRAIN_MAX, draining)
            .await
            .is_err()
        {
            self.warn("what is not stored yet is not acknowledged; Slack sends it again");
        }
        let goodbye = async {
            self.write(Message::Close(Some(frame))).await?;
            while let Some(Ok(message)) = self.socket.next().await {
                if message.is_close() {
                    break;
                }
            }
            Ok::<(), End>(())
        };
        let _ = timeout(limits::SLACK_SOCKET_CLOSE_MAX, goodbye).await;
    }

    fn warn(&self, what: &str) {
        tracing::warn!("Slack: socket {}: {what}", self.place.number);
    }
}

async fn in_time(writing: impl Future<Output = Result<(), Error>>) -> Result<(), End> {
    match timeout(limits::SLACK_SOCKET_WRITE_TIME_MAX, writing).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(End::of_error(&error)),
        Err(_) => Err(End::Broken("Slack takes nothing any more".to_owned())),
    }
}
