//! The way to Slack, for its Web API and its sockets: TCP, a proxy where the environment names one, and TLS.
//!
//! `HTTPS_PROXY` or `ALL_PROXY` name the proxy, `NO_PROXY` what is reached without. Plain `http` and `ws` lead to
//! stand-ins of Slack in the same network, and never over a proxy.

use std::sync::Arc;
use std::task::{Context, Poll};

use anyhow::Context as _;
use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;
use witbot_core::limits;

use crate::future::BoxFuture;

#[cfg(test)]
mod tests;

/// A connection to Slack.
pub type Connection = MaybeHttpsStream<Tcp>;

/// What TLS to Slack, if any, is spoken over: TCP to Slack or to a proxy, or TLS to a proxy.
type Tcp = MaybeHttpsStream<TokioIo<TcpStream>>;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Connects to Slack. Cheap to clone, and what a client of hyper takes.
#[derive(Clone)]
pub struct Connector {
    tls: HttpsConnector<Way>,
}

/// Connects, with what the environment says about proxies and the root certificates of the machine.
pub fn connector() -> anyhow::Result<Connector> {
    let tls = ClientConfig::builder()
        .with_native_roots()
        .context("there are no root certificates, so nothing proves that Slack is Slack: install `ca-certificates`, or name a file of them in SSL_CERT_FILE")?
        .with_no_client_auth();
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        // What it says is not repeated: it can have a password in it.
        if std::env::var(name).is_ok_and(|value| !names_proxy(&value)) {
            anyhow::bail!("{name} is no address of a proxy, such as http://proxy.example:3128");
        }
    }
    Ok(Connector::new(tls, Matcher::from_env()))
}

/// Whether a variable says something that will be obeyed. One that is empty says that there is no proxy.
fn names_proxy(value: &str) -> bool {
    let anywhere = Uri::from_static("https://slack.com/");
    value.is_empty()
        || Matcher::builder()
            .https(value)
            .build()
            .intercept(&anywhere)
            .is_some()
}

impl Connector {
    /// Connects in the given way.
    pub fn new(tls: ClientConfig, proxies: Matcher) -> Connector {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        // An acknowledgement is one small packet, and must not wait for the next one.
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(limits::SLACK_KEEPALIVE));
        let tls = Arc::new(tls);
        let way = Way {
            to_proxy: HttpsConnector::from((tcp.clone(), tls.clone())),
            tcp,
            proxies: Arc::new(proxies),
        };
        Connector {
            tls: HttpsConnector::from((way, tls)),
        }
    }

    /// Connects to the server of an address. `ws` and `wss` are what they are over: `http` and `https`.
    pub async fn connect(&self, to: &Uri) -> anyhow::Result<Connection> {
        let connecting = self.clone().call(server_of(to)?);
        connecting.await.map_err(anyhow::Error::from_boxed)
    }
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Connection, Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.tls.poll_ready(cx)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let host = to.host().unwrap_or_default().to_owned();
        let connecting = self.tls.call(to);
        Box::pin(async move {
            match tokio::time::timeout(limits::SLACK_CONNECT_TIME_MAX, connecting).await {
                Ok(connected) => connected,
                Err(_) => {
                    let seconds = limits::SLACK_CONNECT_TIME_MAX.as_secs();
                    Err(format!("there is no connection to {host} within {seconds} s").into())
                }
            }
        })
    }
}

/// The way to a server: straight, or through a proxy.
#[derive(Clone)]
struct Way {
    tcp: HttpConnector,
    to_proxy: HttpsConnector<HttpConnector>,
    proxies: Arc<Matcher>,
}

impl Service<Uri> for Way {
    type Response = Tcp;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Tcp, Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.to_proxy.poll_ready(cx)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let is_secure = to.scheme() == Some(&Scheme::HTTPS);
        match self.proxies.intercept(&to).filter(|_| is_secure) {
            Some(proxy) => {
                let to_proxy = self.to_proxy.clone();
                Box::pin(async move {
                    let at = proxy.uri().clone();
                    let tunnel = through(&proxy, to, to_proxy).await;
                    Ok(tunnel.with_context(|| format!("no way through the proxy {at}"))?)
                })
            }
            None => {
                let connecting = self.tcp.call(to);
                Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) })
            }
        }
    }
}

async fn through(
    proxy: &Intercept,
    to: Uri,
    to_proxy: HttpsConnector<HttpConnector>,
) -> anyhow::Result<Tcp> {
    let at = proxy.uri().clone();
    anyhow::ensure!(
        matches!(at.scheme_str(), Some("http" | "https")),
        "Slack is reached through proxies of `http` and `https`: name one in HTTPS_PROXY, or Slack in NO_PROXY"
    );
    let mut tunnel = Tunnel::new(at, to_proxy);
    if let Some(password) = proxy.basic_auth() {
        tunnel = tunnel.with_auth(password.clone());
    }
    Ok(tunnel.call(to).await?)
}

/// Without the path, which in the address of a socket is a secret and has no place in an error.
fn server_of(to: &Uri) -> anyhow::Result<Uri> {
    let scheme = match to.scheme_str() {
        Some("ws" | "http") => Scheme::HTTP,
        Some("wss" | "https") => Scheme::HTTPS,
        _ => anyhow::bail!("the address is none of a socket or of the web"),
    };
    let server = to
        .authority()
        .context("the address names no server")?
        .clone();
    Uri::builder()
        .scheme(scheme)
        .authority(server)
        .path_and_query("/")
        .build()
        .context("the address names no server")
}
