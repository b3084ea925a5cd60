//! Reading what a stranger sends: never more than a bound, and only a few large ones at once.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use witbot_core::limits;

use super::refusals::Refusal;

/// A body, as it was sent.
pub struct Whole {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Kept as long as the bytes are.
    _large: Option<OwnedSemaphorePermit>,
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It says that it is too large, or is.
    TooLarge,
    /// It did not arrive in time.
    Slow,
    /// Too many large ones are read.
    Busy,
    /// The connection broke.
    Broken,
}

impl Unread {
    /// What is answered where bodies have at most this size.
    pub fn refusal(self, bytes_max: usize) -> Refusal {
        match self {
            Unread::TooLarge => Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!(
                    "Larger than {} MiB, which no webhook of this service is.",
                    bytes_max >> 20
                ),
            ),
            Unread::Slow => Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                format!(
                    "It did not arrive whole within {} s.",
                    limits::HOOK_READ_TIME_MAX.as_secs()
                ),
            ),
            Unread::Busy => Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many large webhooks at once: send it again.",
            ),
            Unread::Broken => Refusal::new(StatusCode::BAD_REQUEST, "It did not arrive whole."),
        }
    }
}

/// Reads a body. One that announces its size is refused before it is sent.
pub async fn read(
    headers: &HeaderMap,
    mut body: Body,
    bytes_max: usize,
    large: &Arc<Semaphore>,
) -> Result<Whole, Unread> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > bytes_max as u64) {
        return Err(Unread::TooLarge);
    }
    let mut whole = Whole {
        bytes: Vec::new(),
        _large: None,
    };
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        // What is no data is a trailer, and of no interest.
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else {
            continue;
        };
        let size = whole.bytes.len() + data.len();
        if size > bytes_max {
            return Err(Unread::TooLarge);
        }
        if size > limits::HOOK_SMALL_BYTES_MAX && whole._large.is_none() {
            whole._large = Some(
                large
                    .clone()
                    .try_acquire_owned()
                    .map_err(|_| Unread::Busy)?,
            );
        }
        whole.bytes.extend_from_slice(&data);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_few_large_bodies_are_read_at_once() {
        let large = Arc::new(Semaphore::new(1));
        let body = |bytes: usize| read_of(bytes, &large);
        let first = body(limits::HOOK_SMALL_BYTES_MAX + 1).await;
        assert!(first.is_ok());
        assert_eq!(
            body(limits::HOOK_SMALL_BYTES_MAX + 1).await.err(),
            Some(Unread::Busy)
        );
        assert!(body(limits::HOOK_SMALL_BYTES_MAX).await.is_ok());
        drop(first);
        assert!(body(limits::HOOK_SMALL_BYTES_MAX + 1).await.is_ok());
        assert_eq!(body((1 << 20) + 1).await.err(), Some(Unread::TooLarge));
    }

    async fn read_of(bytes: usize, large: &Arc<Semaphore>) -> Result<Whole, Unread> {
        read(
            &HeaderMap::new(),
            Body::from(vec![b'x'; bytes]),
            1 << 20,
            large,
        )
        .await
    }
}
