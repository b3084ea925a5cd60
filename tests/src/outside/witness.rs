//! Stands between the bot and a service, passes everything on, and keeps what both said.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use reqwest::redirect::Policy;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Has a request that was seen before answered as it was then: its number, from 0.
pub(super) const AGAIN: &str = "x-witbot-again";

/// A request, and what was answered.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What was to be done.
    pub method: Method,
    /// With what, as it was sent.
    pub uri: Uri,
    /// Further words about it.
    pub headers: HeaderMap,
    /// What was sent.
    pub body: Bytes,
    /// What came of it.
    pub answer: Answer,
}

/// What a service answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Whether it went well.
    pub status: StatusCode,
    /// Further words about it.
    pub headers: HeaderMap,
    /// What was answered.
    pub body: Bytes,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        (self.status, self.headers, self.body).into_response()
    }
}

/// It listens on loopback, and stops when it is dropped.
#[derive(Debug)]
pub struct Witness {
    url: String,
    seen: Arc<Mutex<Vec<Exchange>>>,
    serving: JoinHandle<()>,
}

struct Desk {
    service: String,
    client: reqwest::Client,
    seen: Arc<Mutex<Vec<Exchange>>>,
}

impl Witness {
    /// Starts in front of the service at this address.
    pub async fn before(service: String) -> Witness {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("there is a free port");
        let address = listener.local_addr().expect("it listens");
        // Redirects are for whoever asked.
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none());
        let seen = Arc::default();
        let desk = Desk {
            service,
            client: client.build().expect("nothing of it is unusual"),
            seen: Arc::clone(&seen),
        };
        let router = Router::new().fallback(pass).with_state(Arc::new(desk));
        let serving = tokio::spawn(async move {
            // It ends with the test.
            let _ = axum::serve(listener, router).await;
        });
        Witness {
            url: format!("http://{address}"),
            seen,
            serving,
        }
    }

    /// The address under which the service is found.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything so far, in the order of the answers.
    pub fn exchanges(&self) -> Vec<Exchange> {
        let seen = self.seen.lock();
        seen.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass(
    State(desk): State<Arc<Desk>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(answer) = desk.answered(&headers) {
        return answer.into_response();
    }
    let Some(answer) = desk.ask(&method, &uri, &headers, &body).await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let response = answer.clone().into_response();
    let exchange = Exchange {
        method,
        uri,
        headers,
        body,
        answer,
    };
    let mut seen = desk.seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.push(exchange);
    response
}

impl Desk {
    /// What was answered to a request that is asked once more.
    fn answered(&self, headers: &HeaderMap) -> Option<Answer> {
        let number: usize = headers.get(AGAIN)?.to_str().ok()?.parse().ok()?;
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Some(seen.get(number)?.answer.clone())
    }

    async fn ask(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Option<Answer> {
        let request = self
            .client
            .request(method.clone(), format!("{}{uri}", self.service))
            .headers(of_the_message(headers))
            .body(body.clone());
        let answer = request.send().await.ok()?;
        Some(Answer {
            status: answer.status(),
            headers: of_the_message(answer.headers()),
            body: answer.bytes().await.ok()?,
        })
    }
}

/// The headers without those of one connection.
pub(super) fn of_the_message(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in [
        header::HOST,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
    ] {
        headers.remove(name);
    }
    headers
}
