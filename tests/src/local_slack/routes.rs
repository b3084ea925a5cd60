//! The way of requests from `local-slack` to the bot. It knows one address for all of them, where an app at Slack has one
//! for events, one for commands and one for buttons.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::client;

/// Passes requests on as they are, each to the route that it is for. It stops when it is dropped.
#[derive(Debug)]
pub struct Routes {
    url: String,
    bot: Arc<watch::Sender<String>>,
    serving: JoinHandle<()>,
}

impl Routes {
    /// Starts, and holds what comes until it is told where the bot is.
    pub async fn start() -> Routes {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("there is a free port");
        let address = listener.local_addr().expect("it listens");
        let bot = Arc::new(watch::Sender::default());
        let router = Router::new().fallback(pass).with_state(bot.clone());
        let serving = tokio::spawn(async move {
            // It ends with the test.
            let _ = axum::serve(listener, router).await;
        });
        Routes {
            url: format!("http://{address}"),
            bot,
            serving,
        }
    }

    /// The address for all requests.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Passes them to this bot from now on.
    pub fn lead_to(&self, bot: &str) {
        self.bot.send_replace(bot.to_owned());
    }
}

impl Drop for Routes {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass(
    State(bot): State<Arc<watch::Sender<String>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut bot = bot.subscribe();
    let bot = bot.wait_for(|bot| !bot.is_empty()).await;
    let url = format!(
        "{}/hooks/slack/{}",
        *bot.expect("the state has the sender"),
        route(&headers, &body)
    );
    let mut request = client().post(url).body(body);
    for (name, value) in &headers {
        let signed = name.as_str().starts_with("x-slack-");
        if signed || name == header::CONTENT_TYPE {
            request = request.header(name, value);
        }
    }
    match request.send().await {
        Ok(answer) => {
            let status = answer.status();
            let body = answer.bytes().await.unwrap_or_default();
            (status, Body::from(body)).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

fn route(headers: &HeaderMap, body: &[u8]) -> &'static str {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json");
    match is_json {
        true => "events",
        false if body.starts_with(b"payload=") => "interactions",
        false => "commands",
    }
}
