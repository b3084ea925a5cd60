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
    let mut work = Box::pin(AssertUnwindSafe(async { handle(envelope).await }).catch_unwind());
    let in_time = timeout(limits::SLACK_ENVELOPE_TIME_MAX, &mut work).await;
    let Ok(stored) = in_time else {
        let seconds = limits::SLACK_ENVELOPE_TIME_MAX.as_secs();
        tracing::error!(
            "Slack: socket {number}: an envelope is not stored after {seconds} s, so Slack will send it again"
        );
        // It goes on, and keeps its place among those that are under way: it may be written to the disk at this moment, and
        // if nobody were there to say so, what Slack sends again would be known already, and nothing would come of either.
        if let Err(why) = outcome(work.await) {
            tracing::error!("Slack: socket {number}: it could not be stored at all: {why}");
        }
        return None;
    };
    match outcome(stored) {
        Ok(ack) => Some(fit(ack, accepts_answer).frame(&id)),
        Err(why) => {
            tracing::error!(
                "Slack: socket {number}: an envelope could not be stored, so Slack will send it again: {why}"
            );
            None
        }
    }
}

fn outcome(stored: std::thread::Result<anyhow::Result<Ack>>) -> Result<Ack, String> {
    match stored {
        Ok(Ok(ack)) => Ok(ack),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(_) => Err("its handler broke off, which is a mistake of witbot's".to_owned()),
    }
}

/// An answer where Slack takes none would spoil the acknowledgement.
fn fit(ack: Ack, accepts_answer: bool) -> Ack {
    Ack {
        payload: ack.payload.filter(|_| accepts_answer),
    }
}
