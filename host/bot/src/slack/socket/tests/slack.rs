//! A Slack that does what a test says, and what stores what it sends.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tracing::subscriber::DefaultGuard;

use crate::future::BoxFuture;
use crate::slack::envelope::{Ack, Envelope};
use crate::slack::socket::{NoSocket, SocketMode, Wire};

/// Longer than any of the bounds: on this clock it costs nothing.
const PATIENCE: Duration = Duration::from_secs(900);

/// Waits for what is to happen.
pub async fn within<T>(what: &str, happening: impl Future<Output = T>) -> T {
    timeout(PATIENCE, happening)
        .await
        .unwrap_or_else(|_| panic!("{what} did not happen"))
}

/// What a test sees of the sockets.
pub struct Slack {
    sockets: mpsc::Receiver<Peer>,
    asked: Arc<Mutex<Vec<Instant>>>,
    refusals: Arc<Mutex<VecDeque<NoSocket>>>,
    pub shelf: Arc<Shelf>,
    pub connected: watch::Receiver<usize>,
    stop: watch::Sender<bool>,
    running: JoinHandle<anyhow::Result<()>>,
    log: Log,
    _logging: DefaultGuard,
}

impl Slack {
    /// Begins to run, with so many sockets.
    pub fn start(sockets: usize) -> Slack {
        Slack::refusing(sockets, [])
    }

    /// The same, but the first requests for an address are refused.
    pub fn refusing<const N: usize>(sockets: usize, refusals: [NoSocket; N]) -> Slack {
        let log = Log::default();
        let logging = tracing::subscriber::set_default(
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_writer({
                    let log = log.clone();
                    move || log.clone()
                })
                .finish(),
        );
        let (accepted, accepting) = mpsc::channel(16);
        let (connected, watched) = watch::channel(0);
        let (stop, stopping) = watch::channel(false);
        let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let refusals = Arc::new(Mutex::new(VecDeque::from(refusals)));
        let shelf: Arc<Shelf> = Arc::default();
        let mode = SocketMode {
            sockets,
            fetch_url: {
                let (asked, refusals) = (asked.clone(), refusals.clone());
                Arc::new(move || {
                    asked.lock().unwrap().push(Instant::now());
                    let answer = match refusals.lock().unwrap().pop_front() {
                        Some(refusal) => Err(refusal),
                        None => Ok("wss://wss-test.slack.com/link/?ticket=sesame".to_owned()),
                    };
                    Box::pin(async { answer })
                })
            },
            dial: Arc::new(move |_| {
                let accepted = accepted.clone();
                Box::pin(async move {
                    let (ours, theirs) = tokio::io::duplex(1 << 20);
                    tokio::spawn(async move {
                        let socket = tokio_tungstenite::accept_async(theirs).await.unwrap();
                        accepted.send(Peer(socket)).await.unwrap();
                    });
                    Ok(Box::new(ours) as Box<dyn Wire>)
                })
            }),
            handle: {
                let shelf = shelf.clone();
                Arc::new(move |envelope| shelf.clone().store(envelope))
            },
            connected,
        };
        Slack {
            sockets: accepting,
            asked,
            refusals,
            shelf,
            connected: watched,
            stop,
            running: tokio::spawn(mode.run(stopping)),
            log,
            _logging: logging,
        }
    }

    /// The next socket that is opened, before Slack says hello.
    pub async fn silent_socket(&mut self) -> Peer {
        within("a socket", self.sockets.recv()).await.unwrap()
    }

    /// The next socket, in use.
    pub async fn socket(&mut self) -> Peer {
        let before = *self.connected.borrow();
        let mut peer = self.silent_socket().await;
        peer.hello().await;
        self.connected_are(before + 1).await;
        peer
    }

    /// Waits until so many sockets are connected.
    pub async fn connected_are(&mut self, sockets: usize) {
        let what = format!("{sockets} connected sockets");
        let _ = within(&what, self.connected.wait_for(|now| *now == sockets)).await;
    }

    /// When an address was asked for, since the first time.
    pub fn asked(&self) -> Vec<Duration> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|at| *at - asked[0]).collect()
    }

    /// Refuses the next request for an address.
    pub fn refuse(&self, refusal: NoSocket) {
        self.refusals.lock().unwrap().push_back(refusal);
    }

    /// Tells the sockets to stop.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// How it ended.
    pub async fn ended(&mut self) -> anyhow::Result<()> {
        within("the end", &mut self.running).await.unwrap()
    }

    /// All that was logged, which must never have the ticket of an address in it.
    pub fn log(&self) -> String {
        let log = String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap();
        let ours: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("witbot") || line.contains("Slack"))
            .collect();
        assert!(!ours.concat().contains("sesame"), "{log}");
        ours.join("\n")
    }
}

/// Slack's end of a socket.
pub struct Peer(pub WebSocketStream<DuplexStream>);

impl Peer {
    pub async fn hello(&mut self) {
        self.send(
            json!({ "type": "hello", "num_connections": 1, "debug_info": { "host": "applink-1" } }),
        )
        .await;
    }

    pub async fn send(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// Sends an event; `payload` says what the shelf does with it.
    pub async fn event(&mut self, id: &str, payload: Value) {
        self.send(json!({ "type": "events_api", "envelope_id": id, "payload": payload }))
            .await;
    }

    pub async fn disconnect(&mut self, reason: &str) {
        self.send(json!({ "type": "disconnect", "reason": reason, "debug_info": {} }))
            .await;
    }

    /// The next frame that is no ping, if it comes within a time.
    pub async fn next_within(&mut self, time: Duration) -> Option<Option<Message>> {
        let next = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Ping(_))) => {}
                    Some(Ok(message)) => return Some(message),
                    Some(Err(_)) | None => return None,
                }
            }
        };
        timeout(time, next).await.ok()
    }

    /// The next frame; none once it is closed.
    pub async fn next(&mut self) -> Option<Message> {
        self.next_within(PATIENCE).await.expect("nothing came")
    }

    /// The next acknowledgement.
    pub async fn ack(&mut self) -> Value {
        match self.next().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("no acknowledgement, but {other:?}"),
        }
    }

    /// The id in the next acknowledgement.
    pub async fn acked(&mut self) -> String {
        self.ack().await["envelope_id"].as_str().unwrap().to_owned()
    }

    /// Nothing comes for a while.
    pub async fn is_quiet(&mut self) {
        let came = self.next_within(Duration::from_secs(2)).await;
        assert!(came.is_none(), "{came:?}");
    }

    /// It is closed by us; answers with which code.
    pub async fn is_closed(&mut self) -> Option<(u16, Utf8Bytes)> {
        match self.next().await {
            Some(Message::Close(frame)) => frame.map(|frame| (u16::from(frame.code), frame.reason)),
            None => None,
            other => panic!("not closed, but {other:?}"),
        }
    }
}

/// What stores envelopes, as slowly as a test likes.
pub struct Shelf {
    /// In the order in which it was begun.
    begun: watch::Sender<Vec<String>>,
    /// In the order in which it was done.
    stored: watch::Sender<Vec<String>>,
    gate: Semaphore,
}

impl Default for Shelf {
    fn default() -> Shelf {
        Shelf {
            begun: watch::Sender::default(),
            stored: watch::Sender::default(),
            gate: Semaphore::new(0),
        }
    }
}

impl Shelf {
    fn store(self: Arc<Shelf>, envelope: Envelope) -> BoxFuture<'static, anyhow::Result<Ack>> {
        Box::pin(async move {
            self.begun
                .send_modify(|begun| begun.push(envelope.id.clone()));
            match envelope.payload["do"].as_str() {
                Some("wait") => self.gate.acquire().await?.forget(),
                Some("fail") => anyhow::bail!("the disk is full"),
                Some("panic") => panic!("a mistake in a test, on purpose"),
                _ => tokio::task::yield_now().await,
            }
            self.stored
                .send_modify(|stored| stored.push(envelope.id.clone()));
            Ok(Ack {
                payload: envelope.payload.get("answer").cloned(),
            })
        })
    }

    /// Lets so many of those that wait go on.
    pub fn release(&self, envelopes: usize) {
        self.gate.add_permits(envelopes);
    }

    /// Waits until so many were begun; answers which.
    pub async fn begun(&self, envelopes: usize) -> Vec<String> {
        so_many(&self.begun, envelopes, "envelopes at the shelf").await
    }

    /// Waits until so many were stored; answers which.
    pub async fn stored(&self, envelopes: usize) -> Vec<String> {
        so_many(&self.stored, envelopes, "envelopes on the shelf").await
    }
}

async fn so_many(ids: &watch::Sender<Vec<String>>, number: usize, what: &str) -> Vec<String> {
    let mut ids = ids.subscribe();
    let what = format!("{number} {what}");
    within(&what, ids.wait_for(|ids| ids.len() >= number))
        .await
        .unwrap()
        .clone()
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
