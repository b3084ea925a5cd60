//! From the bytes of a file to a plugin that can be described: from the cache, or compiled, and linked.

use std::time::{Duration, Instant};

use wasmtime::component::Component;
use witbot_core::ids::{Digest, PluginName};

use crate::bindings::PluginPre;
use crate::compile::Failure;
use crate::component::{self, ComponentError, Contract};
use crate::engine::{Engine, Parts};
use crate::offered::OFFERED;
use crate::plugin::LoadError;
use crate::state::State;

/// Linked, and what it imports.
pub(crate) type Prepared = (PluginPre<State>, Contract);

impl Engine {
    /// From the cache, or else compiled, one after another. What is in the cache waits for nobody.
    pub(crate) async fn prepare(
        &self,
        name: &PluginName,
        digest: Digest,
        bytes: Vec<u8>,
    ) -> Result<Prepared, LoadError> {
        if let Some(prepared) = self.find(digest).await? {
            return Ok(prepared);
        }
        let _turn = match self.parts.compiling.try_acquire() {
            Ok(turn) => turn,
            Err(_) => {
                let turn = self.parts.compiling.acquire().await;
                let turn = turn.map_err(|error| LoadError::Host(error.to_string()))?;
                // Whoever was before may have compiled the same.
                if let Some(prepared) = self.find(digest).await? {
                    return Ok(prepared);
                }
                turn
            }
        };
        let began = Instant::now();
        let Parts {
            compiler,
            engine,
            fuel,
            ..
        } = &*self.parts;
        let compiled = compiler.compile(engine, *fuel, bytes).await;
        let took = began.elapsed();
        self.parts.note_compile(compiled.is_ok(), took);
        let (code, cost) = match compiled {
            Ok(compiled) => compiled,
            Err(failure) => return Err(self.not_compiled(&digest, failure, took).await),
        };
        tracing::info!(
            plugin = %name,
            digest = digest.short(),
            took_ms = took.as_millis() as u64,
            code_kib = code.len() as u64 >> 10,
            "compiled: {cost}"
        );
        self.blocking(move |parts| {
            let component = parts.cache.keep(&parts.engine, &digest, &code);
            let component = component.map_err(|error| {
                LoadError::Host(format!("the compiled code is not accepted: {error:#}"))
            })?;
            Ok(link(parts, &component)?)
        })
        .await
    }

    async fn find(&self, digest: Digest) -> Result<Option<Prepared>, LoadError> {
        self.blocking(move |parts| {
            if let Some(reason) = parts.cache.refusal(&digest) {
                return Err(ComponentError::Refused(reason).into());
            }
            let component = parts.cache.find(&parts.engine, &digest);
            Ok(component
                .map(|component| link(parts, &component))
                .transpose()?)
        })
        .await
    }

    async fn not_compiled(&self, digest: &Digest, failure: Failure, took: Duration) -> LoadError {
        match failure {
            Failure::Refused(error) => {
                let (digest, reason) = (*digest, error.to_string());
                let limits = self.parts.compiler.limits();
                if limits.is_some_and(|limits| took >= limits.remembered_from) {
                    let kept = self.blocking(move |parts| {
                        parts.cache.refuse(&digest, &reason);
                        Ok(())
                    });
                    if let Err(error) = kept.await {
                        return error;
                    }
                }
                error.into()
            }
            not_now @ Failure::NotNow(_) => ComponentError::Refused(not_now.to_string()).into(),
            Failure::Host(reason) => LoadError::Host(reason),
        }
    }

    /// Where waiting for the disk and reading what is large holds nobody up.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Parts) -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, LoadError> {
        let parts = self.parts.clone();
        let done = tokio::task::spawn_blocking(move || work(&parts)).await;
        done.map_err(|error| LoadError::Host(error.to_string()))?
    }
}

fn link(parts: &Parts, component: &Component) -> Result<Prepared, ComponentError> {
    let contract = component::contract(component, &OFFERED)?;
    let instance = parts
        .linker
        .instantiate_pre(component)
        .map_err(|error| ComponentError::Link(format!("{error:#}")))?;
    let ready = PluginPre::new(instance)
        .map_err(|error| ComponentError::NoHandler(format!("{error:#}")))?;
    Ok((ready, contract))
}
