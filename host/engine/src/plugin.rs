//! A plugin that is ready to be called, and how it gets so.

use std::sync::Arc;

use serde_json::Value;
use witbot_core::declaration::{Checked, Declaration, Problem, Rejected};
use witbot_core::event::{Body, Event, Source, Webhook};
use witbot_core::grants::Capability;
use witbot_core::ids::{Digest, InvocationId, PluginName, UnixMillis};
use witbot_core::limits;

use crate::bindings::PluginPre;
use crate::component::{ComponentError, Contract};
use crate::engine::Engine;
use crate::gate::Gate;
use crate::imports::declare::Declaring;
use crate::imports::events::CurrentEvent;
use crate::plugin_log::PluginLog;
use crate::run;
use crate::state::{Invoked, State};

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
    /// Counts those that are in memory.
    _loaded: Arc<()>,
}

impl Plugin {
    /// What it needs a grant for: by its imports, and by what it declares to be called for.
    pub fn capabilities(&self) -> &[Capability] {
        &self.contract.capabilities
    }

    /// Whether it says that it also works without a capability.
    pub fn can_do_without(&self, capability: Capability) -> bool {
        let can_use = &self.declaration.declaration.can_use;
        can_use.iter().any(|(name, _)| name == capability.as_str())
    }
}

impl Engine {
    /// Makes a plugin ready from the bytes of its file. Nothing of it is seen by anybody until the caller says so.
    pub async fn load(&self, name: &PluginName, bytes: Vec<u8>) -> Result<Plugin, LoadError> {
        let digest = Digest::of(&bytes);
        let (ready, mut contract) = self.prepare(name, digest, bytes).await?;
        let declaration = self.describe(name, &ready).await?;
        let declaration = Arc::new(declaration.check().map_err(LoadError::Declaration)?);
        // There is no interface for these: what needs the grant is to be called.
        if !declaration.schedules.is_empty() {
            contract.capabilities.push(Capability::Schedules);
        }
        if !declaration.declaration.webhooks.is_empty() {
            contract.capabilities.push(Capability::Webhooks);
        }
        Ok(Plugin {
            name: name.clone(),
            digest,
            contract,
            declaration,
            ready,
            _loaded: self.parts.loaded.clone(),
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
        let mut state = State::new(Gate::closed(), PluginLog::new(name.clone(), None), None, 0)
            .in_turns(self.parts.places.turns());
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

impl Engine {
    /// What a plugin itself finds wrong with its settings. Nothing, if it does not check them; a check that crashes is told
    /// as something that is wrong with all of them. The error is why it could not be asked, for no fault of its own.
    pub async fn check_settings(
        &self,
        plugin: &Plugin,
        settings: Value,
    ) -> Result<Vec<Rejected>, String> {
        let Some(handler) = plugin.declaration.declaration.checks_settings.clone() else {
            return Ok(Vec::new());
        };
        let log = PluginLog::new(plugin.name.clone(), None);
        let mut state = State::new(
            Gate::closed(),
            log,
            Some(checking(&plugin.name, handler)),
            0,
        );
        state = state.in_turns(self.parts.places.turns());
        state.settings = Some(Arc::new(settings));
        state.rejected = Some(Vec::new());
        let called = tokio::time::timeout(limits::DESCRIBE_TIME_MAX, async {
            let _permit = self.parts.instances.acquire().await?;
            let mut store = run::store(&self.parts.engine, state, limits::DESCRIBE_TIME_MAX);
            let instance = plugin.ready.instantiate_async(&mut store).await?;
            let event = store.data_mut().table.push(CurrentEvent)?;
            let handler = instance.witbot_plugin_handler();
            let returned = handler.call_handle(&mut store, event).await;
            let mut state = store.into_data();
            let wrong = match returned {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.message),
                Err(error) => Some(format!(
                    "the check failed: {}",
                    run::explain(&error, &state)
                )),
            };
            let mut rejected = state.rejected.take().unwrap_or_default();
            rejected.extend(wrong.map(|reason| Rejected::new("", &reason)));
            Ok::<_, wasmtime::Error>(rejected)
        });
        match called.await {
            Ok(asked) => asked.map_err(|error| format!("{error:#}")),
            Err(_) => {
                let most = limits::DESCRIBE_TIME_MAX.as_secs();
                Err(format!("it took longer than {most} s"))
            }
        }
    }
}

/// What a plugin is called with to check its settings.
fn checking(name: &PluginName, handler: String) -> Invoked {
    let hook = Webhook {
        kind: "settings".to_owned(),
        subject: String::new(),
        body: Value::Null,
        depth: 0,
    };
    let event = Event {
        source: Source::Console,
        key: String::new(),
        received: UnixMillis(0),
        body: Body::Webhook(hook),
    };
    Invoked {
        id: InvocationId::derive("settings", "", name, &handler),
        handler,
        listens: false,
        arguments: Vec::new(),
        event: Arc::new(event),
    }
}
