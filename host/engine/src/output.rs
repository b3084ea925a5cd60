//! Standard output of WASI, which always takes what is written: some toolchains abort when it does not. It keeps as much
//! as a log may have, and none of what a run that is resumed writes again.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use witbot_core::limits;

/// What one instance writes, to standard output and to standard error alike.
#[derive(Clone)]
pub(crate) struct Output {
    live: Arc<AtomicBool>,
    bytes_max: usize,
    written: Arc<Mutex<Written>>,
}

/// What was written so far.
#[derive(Default)]
pub(crate) struct Written {
    /// The beginning of it.
    pub(crate) bytes: Vec<u8>,
    /// How many lines came after that.
    pub(crate) dropped_lines: u32,
}

impl Output {
    /// Takes what is written while the flag is set, and keeps so much of it.
    pub(crate) fn new(live: Arc<AtomicBool>, bytes_max: usize) -> Output {
        Output {
            live,
            bytes_max,
            written: Arc::default(),
        }
    }

    /// What was written, which is forgotten here.
    pub(crate) fn take(&self) -> Written {
        std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, bytes: &[u8]) {
        if !self.live.load(Ordering::Relaxed) {
            return;
        }
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.bytes_max - written.bytes.len();
        let (kept, dropped) = bytes.split_at(bytes.len().min(room));
        written.bytes.extend_from_slice(kept);
        let lines = dropped.iter().filter(|byte| **byte == b'\n').count();
        written.dropped_lines = written
            .dropped_lines
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.keep(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(limits::LOG_BYTES_MAX)
    }
}

impl AsyncWrite for Output {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.keep(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_taken_and_the_beginning_is_kept() {
        let mut output = Output::new(Arc::new(AtomicBool::new(true)), limits::LOG_BYTES_MAX);
        for _ in 0..10 {
            assert!(output.check_write().unwrap() > 0);
            output
                .write(Bytes::from("x\n".repeat(limits::LOG_BYTES_MAX / 4)))
                .unwrap();
        }
        let written = output.take();
        assert_eq!(written.bytes.len(), limits::LOG_BYTES_MAX);
        assert_eq!(
            written.dropped_lines as usize,
            8 * limits::LOG_BYTES_MAX / 4
        );
    }

    #[test]
    fn what_is_written_again_is_not_kept() {
        let live = Arc::new(AtomicBool::new(false));
        let output = Output::new(live.clone(), limits::LOG_BYTES_MAX);
        output.p2_stream().write(Bytes::from("before\n")).unwrap();
        live.store(true, Ordering::Relaxed);
        output.p2_stream().write(Bytes::from("after\n")).unwrap();
        assert_eq!(output.take().bytes, b"after\n");
    }
}
