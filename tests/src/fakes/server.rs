//! A web server on loopback that can also close a connection without an answer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::fault::{Moment, Trouble};
use super::request::{Answer, Request};
use super::traffic::Traffic;

/// What a stand-in does with a request that arrives in good order.
pub(super) trait Service: Send + Sync + 'static {
    /// Does what is asked, and answers.
    fn answer(&self, request: &Request) -> Answer;
}

/// The server. It stops when it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Server {
    /// Takes a port; on loopback only, since nothing here is guarded.
    pub(super) async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
        if !address.ip().is_loopback() {
            let message = format!("{address} is not on loopback; use 127.0.0.1:0");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        TcpListener::bind(address).await
    }

    pub(super) fn start(
        listener: TcpListener,
        service: Arc<impl Service>,
        traffic: Arc<Traffic>,
    ) -> io::Result<Server> {
        let address = listener.local_addr()?;
        let stop = watch::Sender::new(false);
        let desk = Desk {
            service,
            traffic,
            stopped: stop.subscribe(),
        };
        let router = Router::new().fallback(serve).with_state(desk);
        let mut stopped = stop.subscribe();
        let serving = tokio::spawn(async move {
            let served = axum::serve(
                CuttableListener(listener),
                router.into_make_service_with_connect_info::<Cut>(),
            );
            let stopping = async move {
                // An error means that the server was dropped, which stops it as well.
                let _ = stopped.wait_for(|stopped| *stopped).await;
            };
            // The listener retries what goes wrong, so that this ends by stopping only.
            let _ = served.with_graceful_shutdown(stopping).await;
        });
        Ok(Server {
            address,
            stop,
            serving,
        })
    }

    /// Stops, and waits until no connection is taken or open any more.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        // A panic in the accept loop would have shown up in the requests.
        let _ = (&mut self.serving).await;
    }

    /// `http://127.0.0.1:PORT`.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

struct Desk<S> {
    service: Arc<S>,
    traffic: Arc<Traffic>,
    stopped: watch::Receiver<bool>,
}

impl<S> Clone for Desk<S> {
    fn clone(&self) -> Self {
        Desk {
            service: Arc::clone(&self.service),
            traffic: Arc::clone(&self.traffic),
            stopped: self.stopped.clone(),
        }
    }
}

async fn serve<S: Service>(
    State(desk): State<Desk<S>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: axum::extract::Request,
) -> Response {
    let answer = match Request::read(request).await {
        Ok(request) => desk.answer(&request, &cut).await,
        Err(error) => message(400, &format!("unreadable body: {error}")),
    };
    answer.into_response()
}

impl<S: Service> Desk<S> {
    async fn answer(mut self, request: &Request, cut: &Cut) -> Answer {
        let Some((trouble, moment)) = self.traffic.arrived(request) else {
            return self.effect(request);
        };
        let done = match moment {
            Moment::BeforeEffect => None,
            Moment::AfterEffect => Some(self.effect(request)),
        };
        self.traffic.changed();
        match trouble {
            Trouble::Status(status) => message(status, "the stand-in was told to fail"),
            Trouble::TooManyRequests(after) => {
                retry_after(message(429, "too many requests; try again later"), after)
            }
            Trouble::SecondaryLimit(after) => {
                let text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
                retry_after(message(403, text), after)
            }
            Trouble::Cut => cut.now(),
            Trouble::Hang => {
                // An error means that the server is gone.
                let _ = self.stopped.wait_for(|stopped| *stopped).await;
                cut.now()
            }
            Trouble::Slow(time) => {
                sleep(time).await;
                done.unwrap_or_else(|| self.effect(request))
            }
            Trouble::Malformed => {
                let mut answer = done.unwrap_or_else(|| message(200, "never read to its end"));
                answer.body.truncate(answer.body.len() / 2);
                answer
            }
        }
    }

    fn effect(&self, request: &Request) -> Answer {
        let answer = self.service.answer(request);
        self.traffic.changed();
        answer
    }
}

fn message(status: u16, text: &str) -> Answer {
    Answer::json(status, &json!({ "message": text }))
}

fn retry_after(answer: Answer, seconds: Option<u64>) -> Answer {
    match seconds {
        Some(seconds) => answer.with("retry-after", &seconds.to_string()),
        None => answer,
    }
}

/// Closes one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Cut(Arc<AtomicBool>);

impl Cut {
    /// Nothing is written to the connection any more, not even the answer that stands here for one.
    pub(super) fn now(&self) -> Answer {
        self.0.store(true, Ordering::Release);
        Answer::empty(500)
    }

    fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Acquire) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Cut {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.io().cut.clone()
    }
}

/// Takes connections that can be cut.
pub(super) struct CuttableListener(pub(super) TcpListener);

impl Listener for CuttableListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (
            Connection {
                stream,
                cut: Cut::default(),
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

pub(super) struct Connection {
    stream: TcpStream,
    cut: Cut,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.cut.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
