//! The sockets of Socket Mode, one task each.

use std::future::pending;
use std::sync::Arc;
use std::time::Instant;

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant as Wake, interval_at, sleep_until};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::{Bytes, Message as Frame};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::delivery::{Order, disconnect};
use super::shared::{Shared, gone};

/// So many frames are written before anything else is looked at.
const BATCH_MAX: usize = 64;

/// Takes sockets until the stand-in stops.
pub(super) async fn listen(shared: Arc<Shared>, listener: TcpListener) {
    let mut stopped = shared.stopped();
    loop {
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            () = gone(&mut stopped) => return,
        };
        if let Ok((stream, _)) = taken {
            let shared = shared.clone();
            tokio::spawn(async move { welcome(shared, stream).await });
        }
    }
}

async fn welcome(shared: Arc<Shared>, stream: TcpStream) {
    // Frames are small and each is waited for.
    let _ = stream.set_nodelay(true);
    let doorman = shared.clone();
    #[expect(clippy::result_large_err, reason = "tungstenite calls it so")]
    let check = move |request: &Request, response: Response| admit(&doorman, request, response);
    let Ok(mut socket) = accept_hdr_async(stream, check).await else {
        return;
    };
    let opened = shared.change(|state| state.office.open(&state.behaviour));
    shared.look_after();
    let Some((id, orders)) = opened else {
        // Whether it still hears it makes no difference.
        let _ = socket.send(disconnect("too_many_websockets")).await;
        let _ = socket.close(None).await;
        return;
    };
    let mut task = Task {
        shared: shared.clone(),
        socket,
        orders,
        held: None,
        close_at: None,
        ended: false,
    };
    task.run().await;
    shared.change(|state| {
        if state.office.close(id, &state.behaviour) {
            state.office.counts.left += 1;
        }
    });
    shared.look_after();
}

#[expect(
    clippy::result_large_err,
    reason = "the type of the refusal is the library's"
)]
fn admit(
    shared: &Shared,
    request: &Request,
    response: Response,
) -> Result<Response, ErrorResponse> {
    let query = request.uri().query().unwrap_or_default();
    let ticket = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("ticket="));
    let mut state = shared.lock();
    let known = ticket.is_some_and(|ticket| state.tickets.remove(ticket));
    if known && request.uri().path() == "/link/" {
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(Some("this ticket is not known, or was used".to_owned()));
    *refusal.status_mut() = tokio_tungstenite::tungstenite::http::StatusCode::NOT_FOUND;
    Err(refusal)
}

struct Task {
    shared: Arc<Shared>,
    socket: WebSocketStream<TcpStream>,
    orders: mpsc::Receiver<Order>,
    held: Option<(Instant, Frame)>,
    close_at: Option<Instant>,
    ended: bool,
}

impl Task {
    async fn run(&mut self) {
        let every = self.shared.lock().behaviour.ping_every;
        let mut ping = interval_at(Wake::now() + every, every);
        let mut stopped = self.shared.stopped();
        while !self.ended {
            tokio::select! {
                read = self.socket.next() => match read {
                    Some(Ok(frame)) => self.read(frame),
                    Some(Err(_)) | None => self.ended = true,
                },
                order = self.orders.recv(), if self.held.is_none() => match order {
                    Some(order) => self.obey(order).await,
                    None => self.close().await,
                },
                () = at(self.held.as_ref().map(|(due, _)| *due)) => self.write_held().await,
                () = at(self.close_at) => self.close().await,
                _ = ping.tick() => {
                    let ping = Frame::Ping(Bytes::from_static(b"Ping from applink-stand-in"));
                    self.ended = self.socket.send(ping).await.is_err();
                }
                () = gone(&mut stopped) => self.close().await,
            }
        }
    }

    async fn obey(&mut self, first: Order) {
        let (mut next, mut obeyed) = (Some(first), 0);
        while let Some(order) = next {
            match order {
                Order::Send(due, frame) if due > Instant::now() => {
                    self.held = Some((due, frame));
                    break;
                }
                Order::Send(_, frame) => self.ended |= self.socket.feed(frame).await.is_err(),
                Order::CloseAt(when) => self.close_at = Some(when),
                Order::Reset => return self.reset(),
                Order::Freeze => return self.freeze().await,
            }
            obeyed += 1;
            next = if obeyed < BATCH_MAX {
                self.orders.try_recv().ok()
            } else {
                None
            };
        }
        self.ended |= self.socket.flush().await.is_err();
    }

    async fn write_held(&mut self) {
        if let Some((_, frame)) = self.held.take() {
            self.ended = self.socket.send(frame).await.is_err();
        }
    }

    fn read(&mut self, frame: Frame) {
        match frame {
            Frame::Text(text) => self.shared.acknowledged(text.as_str()),
            Frame::Binary(_) | Frame::Frame(_) => self.shared.acknowledged(""),
            Frame::Pong(_) => self.shared.change(|state| state.pongs += 1),
            // The library answers both.
            Frame::Ping(_) | Frame::Close(_) => {}
        }
    }

    async fn close(&mut self) {
        self.ended = true;
        // The peer may be gone already.
        let _ = self.socket.close(None).await;
    }

    /// The connection ends without a closing frame and without a goodbye of TCP.
    fn reset(&mut self) {
        self.ended = true;
        // Without this it ends as well, only more politely.
        let _ = self.socket.get_ref().set_zero_linger();
    }

    /// Whatever comes is swallowed, as by a host that has hung.
    async fn freeze(&mut self) {
        let mut stopped = self.shared.stopped();
        let stream = self.socket.get_mut();
        let mut swallowed = [0; 4096];
        loop {
            let read = tokio::select! {
                read = stream.read(&mut swallowed) => read,
                () = gone(&mut stopped) => break,
            };
            if !read.is_ok_and(|length| length > 0) {
                break;
            }
        }
        self.ended = true;
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => pending().await,
    }
}

/// What the bot says on a socket.
#[derive(Debug, Deserialize)]
pub(super) struct Acknowledgement {
    pub(super) envelope_id: String,
    #[serde(default)]
    pub(super) payload: Value,
}
