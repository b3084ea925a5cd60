//! A Slack that answers what a test says, and remembers what it was asked.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use hyper_util::client::proxy::matcher::Matcher;
use serde_json::{Map, Value, json};

use crate::metrics::Metrics;
use crate::secret::Secret;
use crate::slack::api::Api;
use crate::slack::chat::Slack;
use crate::slack::connect::Connector;

/// What it was asked.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The method, or the path of an upload.
    pub(crate) method: String,
    /// The arguments, from the query or the JSON of the body; a text if the body is none.
    pub(crate) arguments: Value,
    /// The authorization, if there is one.
    pub(crate) authorization: Option<String>,
}

/// What it answers.
pub(crate) enum Reply {
    /// A good answer, with these fields.
    Ok(Value),
    /// A bad one.
    Error(&'static str),
    /// Anything, with a status, a `Retry-After` and a body of some type.
    Raw(u16, Option<u64>, &'static str, String),
    /// Nothing, while the connection stands.
    Silence,
}

type Answer = dyn Fn(&Call) -> Reply + Send + Sync;

#[derive(Clone)]
pub(crate) struct Double {
    /// Where it is.
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    answer: Arc<Answer>,
}

pub(crate) const SCOPES: &str = "chat:write,files:write,groups:read, users:read";

impl Double {
    /// Begins to answer. `auth.test` is answered by itself.
    pub(crate) async fn start(answer: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Double {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let double = Double {
            url: format!("http://{}", listener.local_addr().unwrap()),
            calls: Arc::default(),
            answer: Arc::new(answer),
        };
        let router = Router::new().fallback(take).with_state(double.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        double
    }

    /// The API at it.
    pub(crate) fn api(&self) -> Api {
        Api::new(plain(), &self.api_url(), &token(), &Metrics::new())
    }

    /// The workspace at it.
    pub(crate) async fn slack(&self) -> Slack {
        Slack::connect(plain(), &self.api_url(), &token(), &Metrics::new())
            .await
            .unwrap()
    }

    /// What it was asked of one method.
    pub(crate) fn calls(&self, method: &str) -> Vec<Value> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let of_method = calls.iter().filter(|call| call.method == method);
        of_method.map(|call| call.arguments.clone()).collect()
    }

    /// All that it was asked, but for who the bot is.
    pub(crate) fn methods(&self) -> Vec<String> {
        let calls = self.all();
        let methods = calls.into_iter().map(|call| call.method);
        methods.filter(|method| method != "auth.test").collect()
    }

    /// All that it was asked.
    pub(crate) fn all(&self) -> Vec<Call> {
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn api_url(&self) -> String {
        format!("{}/api", self.url)
    }
}

/// Straight connections without TLS.
pub(crate) fn plain() -> Connector {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Connector::new(tls, Matcher::builder().build())
}

pub(crate) fn token() -> Secret {
    Secret::new("xoxb-secret".to_owned())
}

async fn take(State(double): State<Double>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let path = head.uri.path();
    let authorization = head.headers.get("authorization");
    let query = head.uri.query().map(query);
    let read = || serde_json::from_slice(&body).ok();
    let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
    let call = Call {
        method: path.trim_start_matches("/api/").to_owned(),
        arguments: query.or_else(read).unwrap_or_else(text),
        authorization: authorization.map(|value| value.to_str().unwrap().to_owned()),
    };
    let reply = match call.method.as_str() {
        "auth.test" => who(call.authorization.as_deref()),
        _ => (double.answer)(&call),
    };
    double.calls.lock().unwrap().push(call);
    match reply {
        Reply::Ok(fields) => {
            let mut answer = fields.as_object().cloned().unwrap_or_default();
            answer.insert("ok".to_owned(), json!(true));
            response(
                200,
                None,
                "application/json",
                Value::Object(answer).to_string(),
            )
        }
        Reply::Error(code) => {
            let answer = json!({ "ok": false, "error": code }).to_string();
            response(200, None, "application/json", answer)
        }
        Reply::Raw(status, retry_after, kind, body) => response(status, retry_after, kind, body),
        Reply::Silence => std::future::pending().await,
    }
}

/// Who it is depends on the token.
fn who(authorization: Option<&str>) -> Reply {
    match authorization {
        Some("Bearer xoxb-secret") => {}
        Some("Bearer xoxb-busy") => return Reply::Raw(429, Some(3), "text/plain", String::new()),
        Some("Bearer xoxb-broken") => return Reply::Raw(503, None, "text/plain", String::new()),
        Some(_) | None => return Reply::Error("invalid_auth"),
    }
    Reply::Ok(json!({
        "team_id": "T1", "user_id": "UBOT1", "bot_id": "B1", "user": "witbot",
        "url": "https://acme.slack.example/",
    }))
}

fn response(status: u16, retry_after: Option<u64>, kind: &str, body: String) -> Response {
    let mut response = Body::from(body).into_response();
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let headers = response.headers_mut();
    headers.insert("content-type", kind.parse().unwrap());
    headers.insert("x-oauth-scopes", SCOPES.parse().unwrap());
    if let Some(seconds) = retry_after {
        headers.insert("retry-after", seconds.into());
    }
    response
}

/// The pairs of a query. Slack's arguments that tests look at need little decoding.
fn query(query: &str) -> Value {
    let decode = |text: &str| {
        text.replace('+', " ")
            .replace("%2C", ",")
            .replace("%40", "@")
    };
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let pairs = pairs.map(|(name, value)| (decode(name), Value::String(decode(value))));
    Value::Object(pairs.collect::<Map<_, _>>())
}
