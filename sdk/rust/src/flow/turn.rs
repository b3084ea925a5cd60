//! A place in a line of runs.

use std::time::Duration;

use crate::bindings::witbot::flow::flow;
use crate::error::{Code, Error, Result};
use crate::time::milliseconds;

use super::now;

/// A place in a line. The run leaves the line when it ends, or before that by [`leave`](Turn::leave): dropping this alone
/// does not.
#[derive(Debug)]
pub struct Turn {
    raw: flow::Turn,
}

impl Turn {
    pub(super) fn new(raw: flow::Turn) -> Turn {
        Turn { raw }
    }

    /// How many runs stood before this one when it was last told: `0` when it is its turn.
    pub fn ahead(&self) -> u32 {
        self.raw.ahead()
    }

    /// Waits until fewer stand before this run than when it was last told, and says how many do. At once when it is its turn.
    ///
    /// # Errors
    /// `timeout`, `invalid` (longer than 30 days), `not-found` (it has left the line).
    pub fn closer(&self, timeout: Duration) -> Result<u32> {
        Ok(self.raw.closer(milliseconds(timeout))?)
    }

    /// Waits until it is this run's turn.
    ///
    /// # Errors
    /// As [`closer`](Turn::closer).
    pub fn wait(&self, timeout: Duration) -> Result {
        let end = now() + timeout;
        while self.ahead() > 0 {
            let left = end.since(now());
            if left.is_zero() {
                let ahead = self.ahead();
                return Err(Error::new(
                    Code::Timeout,
                    format!("{ahead} runs are still before this one"),
                ));
            }
            self.closer(left)?;
        }
        Ok(())
    }

    /// Leaves the line.
    pub fn leave(self) -> Result {
        Ok(self.raw.leave()?)
    }
}
