//! A stand-in for the web, that shows requests to who sends them and sends them on to others.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::any;

/// A host on the web.
#[derive(Debug)]
pub struct Web {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its path.
    pub path: String,
    /// Its header `authorization`, as often as it was there.
    pub authorization: Vec<String>,
}

impl Web {
    /// Starts it. `/…/echo` shows what was sent, and `/…/away` sends on to `away`.
    pub async fn start(away: &str) -> Web {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (seen_by, away) = (seen.clone(), away.to_owned());
        let answer = move |uri: Uri, headers: HeaderMap| {
            let path = uri.path().to_owned();
            let all = headers.get_all("authorization").iter();
            let text = |value: &axum::http::HeaderValue| {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            };
            let authorization: Vec<String> = all.map(text).collect();
            let echo = format!("sent {}", authorization.join(" and "));
            let shown = authorization.first().cloned().unwrap_or_default();
            let mut seen = seen_by.lock().expect("no test fails under it");
            seen.push(Seen {
                path: path.clone(),
                authorization,
            });
            let (status, location) = match path.ends_with("/away") {
                true => (StatusCode::FOUND, away.clone()),
                false => (StatusCode::OK, String::new()),
            };
            let told = [("location", location), ("x-you-sent", shown)];
            std::future::ready((status, told, echo))
        };
        let router = Router::new().fallback(any(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Web { address, seen }
    }

    /// Its name and port, as a grant has them.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The address of something on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What came since it was last asked.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().expect("no test fails under it"))
    }
}
