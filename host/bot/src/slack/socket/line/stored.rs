//! Storing one envelope. Whatever goes wrong stays here.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::task::Poll;

use futures_util::FutureExt as _;
use tokio::time::timeout;
use witbot_core::limits;

use crate::future::BoxFuture;
use crate::slack::envelope::{Ack, Envelope};
use crate::slack::socket::Handle;

/// What became of an envelope so far. The answer is the frame to acknowledge with; none if it must not be.
pub(super) enum Begun {
    /// It is over.
    Done(Option<String>),
    /// It waits for something.
    UnderWay(BoxFuture<'static, Option<String>>),
}

/// Begins to store an envelope, up to the first wait.
pub(super) async fn begin(handle: &Handle, envelope: Envelope, number: usize) -> Begun {
    let mut work: BoxFuture<'static, _> = Box::pin(store(handle.clone(), envelope, number));
    match poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await {
        Poll::Ready(frame) => Begun::Done(frame),
        Poll::Pending => Begun::UnderWay(work),
    }
}

async fn store(handle: Handle, envelope: Envelope, number: usize) -> Option<String> {
    let id = envelope.id.clone();
    let accepts_answer = envelope.accepts_answer;
    if let Some(retry) = &envelope.retry {
        let (attempt, reason) = (retry.attempt, &retry.reason);
        tracing::info!("Slack: socket {number}: sent again, for the {attempt}. time ({reason})");
    }
    let work = AssertUnwindSafe(async { handle(envelope).await }).catch_unwind();
    let why = match timeout(limits::SLACK_ENVELOPE_TIME_MAX, work).await {
        Ok(Ok(Ok(ack))) => return Some(fit(ack, accepts_answer).frame(&id)),
        Ok(Ok(Err(error))) => format!("{error:#}"),
        Ok(Err(_)) => "its handler broke off, which is a mistake of witbot's".to_owned(),
        Err(_) => {
            let seconds = limits::SLACK_ENVELOPE_TIME_MAX.as_secs();
            format!("it took more than {seconds} s")
        }
    };
    tracing::error!(
        "Slack: socket {number}: an envelope could not be stored, so Slack will send it again: {why}"
    );
    None
}

/// An answer where Slack takes none would spoil the acknowledgement.
fn fit(ack: Ack, accepts_answer: bool) -> Ack {
    Ack {
        payload: ack.payload.filter(|_| accepts_answer),
    }
}
