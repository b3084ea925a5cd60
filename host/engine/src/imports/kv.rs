//! `witbot:kv/kv`: what a plugin remembers, by itself or together with others.

use wasmtime::component::Resource;
use witbot_core::call::{KvDelete, KvGet, KvKeys, KvOpen, KvReplace, KvSet};
use witbot_core::error::Error;
use witbot_core::ids::Namespace;
use witbot_core::journal::Blob;
use witbot_core::limits;

use crate::bindings::witbot::kv::kv::{Host, HostNamespace};
use crate::gate::Refusal;
use crate::state::State;

impl Host for State {
    async fn get(&mut self, key: String) -> Result<Option<Vec<u8>>, Refusal> {
        self.get_in(None, key).await
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> Result<(), Refusal> {
        self.set_in(None, key, value).await
    }

    async fn replace(
        &mut self,
        key: String,
        expected: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> Result<bool, Refusal> {
        self.replace_in(None, key, expected, value).await
    }

    async fn delete(&mut self, key: String) -> Result<(), Refusal> {
        self.delete_in(None, key).await
    }

    async fn keys(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<String>, Refusal> {
        self.keys_in(None, prefix, after, limit).await
    }
}

impl HostNamespace for State {
    async fn open(&mut self, name: String) -> Result<Resource<Namespace>, Refusal> {
        let namespace: Namespace = name
            .parse()
            .map_err(|error| Error::invalid(format!("{error}")))?;
        let call = KvOpen {
            namespace: namespace.clone(),
        };
        self.gate.pass(call).await?;
        Ok(self.table.push(namespace)?)
    }

    async fn get(
        &mut self,
        space: Resource<Namespace>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let space = self.shared(&space)?;
        self.get_in(space, key).await
    }

    async fn set(
        &mut self,
        space: Resource<Namespace>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Refusal> {
        let space = self.shared(&space)?;
        self.set_in(space, key, value).await
    }

    async fn replace(
        &mut self,
        space: Resource<Namespace>,
        key: String,
        expected: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> Result<bool, Refusal> {
        let space = self.shared(&space)?;
        self.replace_in(space, key, expected, value).await
    }

    async fn delete(&mut self, space: Resource<Namespace>, key: String) -> Result<(), Refusal> {
        let space = self.shared(&space)?;
        self.delete_in(space, key).await
    }

    async fn keys(
        &mut self,
        space: Resource<Namespace>,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<String>, Refusal> {
        let space = self.shared(&space)?;
        self.keys_in(space, prefix, after, limit).await
    }

    async fn drop(&mut self, space: Resource<Namespace>) -> wasmtime::Result<()> {
        self.table.delete(space)?;
        Ok(())
    }
}

/// In a shared space, or in the plugin's own.
impl State {
    fn shared(&self, space: &Resource<Namespace>) -> Result<Option<Namespace>, Refusal> {
        Ok(Some(self.table.get(space)?.clone()))
    }

    async fn get_in(
        &mut self,
        namespace: Option<Namespace>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let found = self.gate.pass(KvGet { namespace, key }).await?;
        Ok(found.map(|blob| blob.0))
    }

    async fn set_in(
        &mut self,
        namespace: Option<Namespace>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Refusal> {
        let value = Blob(value);
        let call = KvSet {
            namespace,
            key,
            value,
        };
        self.gate.pass(call).await
    }

    async fn replace_in(
        &mut self,
        namespace: Option<Namespace>,
        key: String,
        expected: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> Result<bool, Refusal> {
        let call = KvReplace {
            namespace,
            key,
            expected: expected.map(Blob),
            value: Blob(value),
        };
        self.gate.pass(call).await
    }

    async fn delete_in(
        &mut self,
        namespace: Option<Namespace>,
        key: String,
    ) -> Result<(), Refusal> {
        self.gate.pass(KvDelete { namespace, key }).await
    }

    async fn keys_in(
        &mut self,
        namespace: Option<Namespace>,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<String>, Refusal> {
        let call = KvKeys {
            namespace,
            prefix,
            after,
            limit: limit.clamp(1, limits::KV_KEYS_LISTED_MAX),
        };
        self.gate.pass(call).await
    }
}
