//! The connections of the HTTP server: there are so many at the most, and none is kept for somebody who says nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;
use witbot_core::limits;

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How many there are at once. Others wait to be accepted.
    pub connections: usize,
    /// How long one may be without the whole head of a request.
    pub head: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            connections: limits::CONNECTIONS_MAX,
            head: limits::REQUEST_HEAD_TIME_MAX,
        }
    }
}

/// Answers with these routes until it is told to close, and then brings to its end what was begun.
pub async fn serve(
    mut listener: TcpListener,
    routes: Router,
    bounds: Bounds,
    closed: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(bounds.connections));
    let (close, closing) = watch::channel(());
    let tasks = TaskTracker::new();
    tokio::pin!(closed);
    loop {
        let accepted = async {
            let place = places.clone().acquire_owned().await;
            // Without a file for another connection, this waits as well.
            (place, Listener::accept(&mut listener).await.0)
        };
        let (place, stream) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut closed => break,
        };
        let answered = answer(stream, routes.clone(), bounds.head, closing.clone());
        tasks.spawn(async move {
            answered.await;
            drop(place);
        });
    }
    drop((listener, close));
    tasks.close();
    tasks.wait().await;
}

async fn answer(
    stream: TcpStream,
    routes: Router,
    head: Duration,
    mut closing: watch::Receiver<()>,
) {
    let mut settings = http1::Builder::new();
    settings.timer(TokioTimer::new()).header_read_timeout(head);
    let service = TowerToHyperService::new(routes);
    let connection = settings.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        // An error: the other end of the channel is gone, as there is nothing to say over it.
        _ = closing.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection ended early: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);
    const ASKED: &[u8] = b"GET / HTTP/1.1\r\nhost: bot\r\nconnection: close\r\n\r\n";

    /// A server of one connection at a time that waits shortly for heads, and what closes it.
    async fn server(routes: Router) -> (SocketAddr, oneshot::Sender<()>, TaskTracker) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("any port");
        let address = listener.local_addr().expect("it listens");
        let bounds = Bounds {
            connections: 1,
            head: Duration::from_millis(50),
        };
        let (close, closed) = oneshot::channel();
        let tasks = TaskTracker::new();
        tasks.spawn(serve(listener, routes, bounds, async {
            let _ = closed.await;
        }));
        tasks.close();
        (address, close, tasks)
    }

    fn hello() -> Router {
        Router::new().route("/", get(|| async { "hello" }))
    }

    /// What comes until the other side closes.
    async fn all_of(mut stream: TcpStream) -> String {
        let mut text = String::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut text)).await;
        // It may be closed with what was sent unread.
        let _ = read.expect("the server closes it");
        text
    }

    #[tokio::test]
    async fn who_says_nothing_or_half_a_head_keeps_nobody_out() {
        let (address, _close, _) = server(hello()).await;
        for said in ["", "GET / HTTP/1.1\r\nhost: b"] {
            let mut silent = TcpStream::connect(address).await.expect("it listens");
            silent.write_all(said.as_bytes()).await.expect("it is open");
            let mut next = TcpStream::connect(address).await.expect("it listens");
            next.write_all(ASKED).await.expect("it is open");
            let answer = all_of(next).await;
            assert!(answer.ends_with("hello"), "{answer}");
            let none = all_of(silent).await;
            assert!(!none.contains("hello"), "{none}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_is_kept_and_not_used_is_closed() {
        let (address, _close, _) = server(hello()).await;
        let mut kept = TcpStream::connect(address).await.expect("it listens");
        let asked = b"GET / HTTP/1.1\r\nhost: bot\r\n\r\n";
        kept.write_all(asked).await.expect("it is open");
        assert!(all_of(kept).await.contains("hello"));
    }

    #[tokio::test]
    async fn what_is_under_way_is_answered_although_it_is_closed() {
        let (begun, mut begins) = mpsc::channel(1);
        let (go, goes) = watch::channel(false);
        let slow = move || {
            let (begun, mut goes) = (begun.clone(), goes.clone());
            async move {
                let _ = begun.send(()).await;
                let _ = goes.wait_for(|goes| *goes).await;
                "late"
            }
        };
        let (address, close, tasks) = server(Router::new().route("/", get(slow))).await;
        let mut asks = TcpStream::connect(address).await.expect("it listens");
        let asked = b"GET / HTTP/1.1\r\nhost: bot\r\n\r\n";
        asks.write_all(asked).await.expect("it is open");
        begins.recv().await.expect("it is taken");
        close.send(()).expect("it is there");
        go.send_replace(true);
        assert!(all_of(asks).await.ends_with("late"));
        tokio::time::timeout(PATIENCE, tasks.wait())
            .await
            .expect("it ends when all is answered");
    }
}
