//! `witbot:kv/kv`: what a plugin remembers.

use witbot_core::call::{KvDelete, KvGet, KvKeys, KvReplace, KvSet};
use witbot_core::journal::Blob;
use witbot_core::limits;

use crate::bindings::witbot::kv::kv::Host;
use crate::gate::Refusal;
use crate::state::State;

impl Host for State {
    async fn get(&mut self, key: String) -> Result<Option<Vec<u8>>, Refusal> {
        Ok(self.gate.pass(KvGet { key }).await?.map(|blob| blob.0))
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> Result<(), Refusal> {
        self.gate
            .pass(KvSet {
                key,
                value: Blob(value),
            })
            .await
    }

    async fn replace(
        &mut self,
        key: String,
        expected: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> Result<bool, Refusal> {
        self.gate
            .pass(KvReplace {
                key,
                expected: expected.map(Blob),
                value: Blob(value),
            })
            .await
    }

    async fn delete(&mut self, key: String) -> Result<(), Refusal> {
        self.gate.pass(KvDelete { key }).await
    }

    async fn keys(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<String>, Refusal> {
        let limit = limit.clamp(1, limits::KV_KEYS_LISTED_MAX);
        self.gate
            .pass(KvKeys {
                prefix,
                after,
                limit,
            })
            .await
    }
}
