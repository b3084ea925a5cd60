//! `witbot:types/types`: the error that all interfaces share.

use crate::bindings::witbot::types::types::{Error, Host};
use crate::gate::Refusal;
use crate::state::State;

impl Host for State {
    fn convert_error(&mut self, refusal: Refusal) -> wasmtime::Result<Error> {
        match refusal {
            Refusal::Stop(error) => Err(error),
            Refusal::Error(error) => Ok(Error {
                code: error.code.as_str().to_owned(),
                message: error.message,
                retry_after_ms: error.retry_after_ms,
            }),
        }
    }
}
