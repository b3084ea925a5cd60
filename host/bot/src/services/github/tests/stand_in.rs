//! A GitHub of a few lines for each test: a function from requests to answers, behind real HTTP on the loopback.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::Value;

/// A request as it arrived.
pub struct Seen {
    /// `GET /repos/acme/api/deployments?page=1`.
    pub line: String,
    pub headers: http::HeaderMap,
    pub body: Value,
}

impl Seen {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// What is answered.
pub enum Answer {
    Json(u16, Value),
    With(u16, Vec<(&'static str, String)>, Value),
    Text(u16, &'static str),
    /// The connection ends without an answer.
    Lost,
    /// The connection stays, without an answer.
    Silence,
}

type Script = Box<dyn FnMut(&Seen) -> Answer + Send>;

#[derive(Clone)]
pub struct StandIn {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    script: Arc<Mutex<Script>>,
}

impl StandIn {
    /// Answers each request by `script`, for as long as the test runs.
    pub async fn new(script: impl FnMut(&Seen) -> Answer + Send + 'static) -> StandIn {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stand_in = StandIn {
            url,
            seen: Arc::default(),
            script: Arc::new(Mutex::new(Box::new(script))),
        };
        let router = Router::new().fallback(answer).with_state(stand_in.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        stand_in
    }

    /// The requests so far, one on a line.
    pub fn lines(&self) -> Vec<String> {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .map(|seen| seen.line.clone())
            .collect()
    }

    /// Looks at the requests so far.
    pub fn with_seen<T>(&self, look: impl FnOnce(&[Seen]) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }
}

async fn answer(State(stand_in): State<StandIn>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let line = format!("{} {}", parts.method, parts.uri);
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let seen = Seen {
        line,
        headers: parts.headers,
        body,
    };
    let answer = {
        let answer = (stand_in.script.lock().unwrap())(&seen);
        stand_in.seen.lock().unwrap().push(seen);
        answer
    };
    let (status, headers, body) = match answer {
        Answer::Json(status, body) => (status, vec![], body.to_string()),
        Answer::With(status, headers, body) => (status, headers, body.to_string()),
        Answer::Text(status, body) => (status, vec![], body.to_owned()),
        // Ends the task of the connection, and with it the connection, without a word in the output.
        Answer::Lost => std::panic::resume_unwind(Box::new(())),
        Answer::Silence => std::future::pending().await,
    };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).unwrap()
}
