//! The HTTP server: webhooks, and whether the bot is well.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A server that listens and does not answer yet.
pub struct Server {
    listener: TcpListener,
    ready: Arc<AtomicBool>,
}

impl Server {
    /// Takes the address. Port 0 takes any that is free.
    pub async fn bind(address: SocketAddr) -> anyhow::Result<Server> {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen at {address}: is another witbot running? Set `address` under [listen] in witbot.toml")
        })?;
        Ok(Server {
            listener,
            ready: Arc::default(),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// What says that the bot is ready.
    pub fn ready(&self) -> Arc<AtomicBool> {
        self.ready.clone()
    }

    /// Answers until it is told to stop.
    pub async fn run(self, routes: Router, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let ready = self.ready;
        let routes = routes.route("/healthz", get(async || "ok\n")).route(
            "/readyz",
            get(async move || match ready.load(Ordering::Relaxed) {
                true => (StatusCode::OK, "ready\n"),
                false => (StatusCode::SERVICE_UNAVAILABLE, "starting, or stopping\n"),
            }),
        );
        let stopped = async move {
            let _ = stop.wait_for(|stopping| *stopping).await;
        };
        axum::serve(self.listener, routes)
            .with_graceful_shutdown(stopped)
            .await
            .context("the HTTP server failed")
    }
}
