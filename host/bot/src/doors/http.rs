//! The HTTP server. From the first moment it says how the bot is; what else is sent to it waits until the bot can take it.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tower_service::Service as _;
use witbot_core::limits;

use super::connections::{self, Bounds};

/// A server that listens and does not answer yet.
pub struct Server {
    listener: TcpListener,
}

/// A server that answers.
pub struct Doors {
    stage: watch::Sender<Stage>,
    close: watch::Sender<bool>,
    served: JoinHandle<()>,
}

/// What becomes of what is not answered from the first moment.
#[derive(Clone)]
enum Stage {
    /// It waits.
    Closed,
    /// These routes take it.
    Open(Router),
    /// It is refused.
    Over,
}

impl Server {
    /// Takes the address, which `key` under [listen] sets. Port 0 takes any that is free.
    pub async fn bind(address: SocketAddr, key: &str) -> anyhow::Result<Server> {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen at {address}: is another witbot running? Set `{key}` under [listen] in witbot.toml")
        })?;
        Ok(Server { listener })
    }

    /// Where it listens.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Answers with these routes, from now on until [`Doors::close`].
    pub fn start(self, from_the_start: Router) -> Doors {
        let (stage, stages) = watch::channel(Stage::Closed);
        let (close, mut closing) = watch::channel(false);
        let routes = Router::new().fallback(pass).with_state(stages);
        let routes = routes.merge(from_the_start);
        let closed = async move {
            let _ = closing.wait_for(|closing| *closing).await;
        };
        let served = tokio::spawn(async move {
            connections::serve(self.listener, routes, Bounds::default(), closed).await;
        });
        Doors {
            stage,
            close,
            served,
        }
    }
}

impl Doors {
    /// Takes what comes for these routes as well.
    pub fn open(&self, routes: Router) {
        self.stage.send_replace(Stage::Open(routes));
    }

    /// Takes nothing new. What was taken is brought to its end.
    pub fn refuse(&self) {
        self.stage.send_replace(Stage::Over);
    }

    /// Ends when all is answered that came.
    pub async fn close(self) -> anyhow::Result<()> {
        self.refuse();
        self.close.send_replace(true);
        self.served.await.context("the HTTP server failed")
    }
}

async fn pass(State(mut stages): State<watch::Receiver<Stage>>, request: Request) -> Response {
    let begun = stages.wait_for(|stage| !matches!(stage, Stage::Closed));
    let stage = match timeout(limits::START_PATIENCE, begun).await {
        Ok(Ok(stage)) => stage.clone(),
        Ok(Err(_)) => Stage::Over,
        Err(_) => Stage::Closed,
    };
    let line = match stage {
        Stage::Open(mut routes) => {
            return routes.call(request).await.into_response();
        }
        Stage::Closed => "The bot is starting: send it again.\n",
        Stage::Over => "The bot is stopping: send it again.\n",
    };
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "10")], line).into_response()
}
