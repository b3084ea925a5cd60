//! Requests to the doors, without a network: what comes is handed to the routes as a server would.

use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::runtime::{Builder, Runtime};
use tower_service::Service as _;

/// The secret that all senders sign with.
pub const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// What the clock says, in seconds.
pub const NOW: u64 = 1_700_000_000;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().build().expect("a runtime starts")
});

/// A request as text: its path, lines of headers, an empty line, and its body. One whose path begins with `!` is sent
/// without any signature.
#[derive(Debug)]
pub struct Asked<'t> {
    path: &'t str,
    headers: Vec<(&'t str, &'t str)>,
    body: &'t [u8],
    /// Whether it is signed.
    pub signed: bool,
}

impl<'t> Asked<'t> {
    /// Reads it. The body may be of any bytes.
    pub fn read(data: &'t [u8]) -> Option<Asked<'t>> {
        let at = data.windows(2).position(|bytes| bytes == b"\n\n");
        let (head, body) = data.split_at(at.unwrap_or(data.len()));
        let mut lines = str::from_utf8(head).ok()?.lines();
        let path = lines.next()?;
        let unsigned = path.strip_prefix('!');
        Some(Asked {
            path: unsigned.unwrap_or(path),
            headers: lines.filter_map(|line| line.split_once(": ")).collect(),
            body: body.get(2..).unwrap_or_default(),
            signed: unsigned.is_none(),
        })
    }

    /// Asks the routes, and tells what they answer. None: no server would let it through.
    pub fn answer(&self, router: &Router) -> Option<StatusCode> {
        let mut request = Request::post(self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        if self.signed {
            for (name, value) in signatures(self.body) {
                request = request.header(name, value);
            }
        }
        let request = request.body(Body::from(self.body.to_vec())).ok()?;
        let answer = RUNTIME.block_on(router.clone().call(request));
        Some(answer.map_or_else(|never| match never {}, |answer| answer.status()))
    }
}

/// The headers of all who sign.
fn signatures(body: &[u8]) -> Vec<(&'static str, String)> {
    let plain = hex::encode(mac(SECRET.as_bytes(), &[body]));
    let now = NOW.to_string();
    let slack = mac(SECRET.as_bytes(), &[b"v0:", now.as_bytes(), b":", body]);
    let standard = mac(SECRET.as_bytes(), &[b"msg_1.", now.as_bytes(), b".", body]);
    vec![
        ("x-hub-signature-256", format!("sha256={plain}")),
        ("circleci-signature", format!("v1={plain}")),
        ("x-signature", plain),
        ("x-slack-request-timestamp", now.clone()),
        ("x-slack-signature", format!("v0={}", hex::encode(slack))),
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-timestamp", now),
        (
            "webhook-signature",
            format!("v1,{}", STANDARD.encode(standard)),
        ),
        ("authorization", format!("Bearer {SECRET}")),
    ]
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}
