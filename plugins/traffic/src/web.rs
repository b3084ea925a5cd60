//! Requests to whoever splits the traffic.

use std::cell::Cell;
use std::time::Duration;

use serde_json::Value;
use witbot_sdk::{Code, Error, Result, http};

/// Requests that a run has.
pub const REQUESTS_MAX: u32 = 20;
const TIMEOUT: Duration = Duration::from_secs(10);
/// What is shown of the words of a service.
const SHOWN_CHARS_MAX: usize = 200;

thread_local! {
    /// Those that this run has sent. A run that goes on begins at its top, and counts them again.
    static SENT: Cell<u32> = const { Cell::new(0) };
}

/// Requests that this run still has.
pub fn left() -> u32 {
    REQUESTS_MAX.saturating_sub(SENT.get())
}

/// Sends a request, and reads the answer as JSON. `whom` is what the service is called.
///
/// # Errors
/// `not-found`, `conflict`, `denied`, `invalid` and `unavailable` by the status; those of the request itself.
pub fn send(whom: &str, request: http::Request) -> Result<Value> {
    SENT.set(SENT.get() + 1);
    let response = request.timeout(TIMEOUT).send()?;
    let status = response.status();
    let code = match status {
        200..=299 => return read(whom, &response.body()),
        400 | 422 => Code::Invalid,
        401 | 403 => Code::Denied,
        404 => Code::NotFound,
        409 => Code::Conflict,
        _ => Code::Unavailable,
    };
    let said = serde_json::from_slice::<Value>(&response.body()).ok();
    let said = said.and_then(|said| Some(said.get("message")?.as_str()?.to_owned()));
    let said = said.map_or(String::new(), |said| {
        let said: String = said
            .chars()
            .filter(|c| !c.is_control())
            .take(SHOWN_CHARS_MAX)
            .collect();
        format!(": {said}")
    });
    Err(Error::new(
        code,
        format!("{whom} answered with {status}{said}."),
    ))
}

fn read(whom: &str, body: &[u8]) -> Result<Value> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body).map_err(|_| {
        Error::new(
            Code::Unavailable,
            format!("{whom} did not answer with JSON."),
        )
    })
}

/// A request that merges something into a resource of Kubernetes.
///
/// # Errors
/// `invalid`: it cannot be written as JSON.
pub fn merge_patch(url: String, patch: &Value) -> Result<http::Request> {
    let request = http::Request::new("PATCH", url);
    let request = request.header("content-type", "application/merge-patch+json");
    Ok(request.body(serde_json::to_vec(patch)?))
}

/// What an answer lacks.
pub fn strange(whom: &str, why: &str) -> Error {
    Error::new(
        Code::Unavailable,
        format!("The answer of {whom} is not as expected: {why}."),
    )
}
