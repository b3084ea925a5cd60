//! A plugin that is ready to be called, and how it gets so.

use std::sync::Arc;

use tokio::sync::Semaphore;
use wasmtime::component::Component;
use witbot_core::declaration::{Checked, Declaration, Problem};
use witbot_core::grants::Capability;
use witbot_core::ids::{Digest, PluginName};
use witbot_core::limits;

use crate::bindings::PluginPre;
use crate::component::{self, ComponentError, Contract};
use crate::engine::{Engine, Parts};
use crate::gate::Gate;
use crate::imports::declare::Declaring;
use crate::plugin_log::PluginLog;
use crate::run;
use crate::state::State;

/// Why a plugin is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file.
    #[error(transparent)]
    Component(#[from] ComponentError),
    /// It could not describe itself.
    #[error("it failed while it described itself: {0}")]
    Describe(String),
    /// What it said of itself.
    #[error("what it declares is not acceptable:{}", list(.0))]
    Declaration(Vec<Problem>),
    /// Not the plugin's fault.
    #[error("the host failed: {0}")]
    Host(String),
}

fn list(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|problem| format!("\n  {problem}"))
        .collect()
}

/// A plugin in one version, compiled, linked and described.
pub struct Plugin {
    /// Its name.
    pub name: PluginName,
    /// Which version it is.
    pub digest: Digest,
    /// What it imports.
    pub contract: Contract,
    /// What it said of itself.
    pub declaration: Arc<Checked>,
    pub(crate) ready: PluginPre<State>,
    pub(crate) permits: Semaphore,
}

impl Plugin {
    /// What it needs a grant for.
    pub fn capabilities(&self) -> &[Capability] {
        &self.contract.capabilities
    }
}

impl Engine {
    /// Makes a plugin ready from the bytes of its file. Nothing of it is seen by anybody until the caller says so.
    pub async fn load(&self, name: &PluginName, bytes: Vec<u8>) -> Result<Plugin, LoadError> {
        let digest = Digest::of(&bytes);
        let permit = self
            .parts
            .compiling
            .acquire()
            .await
            .map_err(|error| LoadError::Host(error.to_string()))?;
        let parts = self.parts.clone();
        let compiled = tokio::task::spawn_blocking(move || prepare(&parts, digest, bytes)).await;
        drop(permit);
        let (ready, contract) = compiled
            .map_err(|error| LoadError::Host(format!("the compiler failed: {error}")))??;
        let declaration = self.describe(name, &ready).await?;
        let declaration = Arc::new(declaration.check().map_err(LoadError::Declaration)?);
        let permits = Semaphore::new(limits::INSTANCES_PER_PLUGIN_MAX);
        Ok(Plugin {
            name: name.clone(),
            digest,
            contract,
            declaration,
            ready,
            permits,
        })
    }

    async fn describe(
        &self,
        name: &PluginName,
        ready: &PluginPre<State>,
    ) -> Result<Declaration, LoadError> {
        let _permit = self
            .parts
            .instances
            .acquire()
            .await
            .map_err(|error| LoadError::Host(error.to_string()))?;
        let mut state = State::new(Gate::closed(), PluginLog::new(name.clone(), None), None, 0);
        let mut tries = 1;
        let described = loop {
            let mut store = run::store(&self.parts.engine, state, limits::DESCRIBE_TIME_MAX);
            let described = tokio::time::timeout(limits::DESCRIBE_TIME_MAX, async {
                let instance = ready.instantiate_async(&mut store).await?;
                let declaring = store.data_mut().table.push(Declaring)?;
                instance
                    .witbot_plugin_handler()
                    .call_describe(&mut store, declaring)
                    .await
            })
            .await;
            state = store.into_data();
            match &described {
                Ok(Err(error)) if run::no_room(error, &state, tries) => state = state.again(),
                _ => break described,
            }
            tries += 1;
            tokio::time::sleep(limits::POOL_PAUSE).await;
        };
        state.collect_output();
        let failure = match described {
            Ok(Ok(())) => return Ok(state.declaration),
            Ok(Err(error)) => run::explain(&error, &state),
            Err(_) => format!(
                "it took longer than {} s",
                limits::DESCRIBE_TIME_MAX.as_secs()
            ),
        };
        let log: String = state
            .log
            .close()
            .iter()
            .map(|line| format!("\n  log: {line}"))
            .collect();
        Err(LoadError::Describe(format!("{failure}{log}")))
    }
}

fn prepare(
    parts: &Parts,
    digest: Digest,
    bytes: Vec<u8>,
) -> Result<(PluginPre<State>, Contract), ComponentError> {
    let component = match parts.cache.find(&parts.engine, &digest) {
        Some(component) => component,
        None => {
            let bytes = component::component_bytes(bytes)?;
            let component = Component::from_binary(&parts.engine, &bytes)
                .map_err(|error| ComponentError::Compile(format!("{error:#}")))?;
            parts.cache.keep(&digest, &component);
            component
        }
    };
    let contract = component::contract(&component)?;
    let instance = parts
        .linker
        .instantiate_pre(&component)
        .map_err(|error| ComponentError::Link(format!("{error:#}")))?;
    let ready = PluginPre::new(instance)
        .map_err(|error| ComponentError::NoHandler(format!("{error:#}")))?;
    Ok((ready, contract))
}
