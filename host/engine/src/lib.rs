//! Loads, limits and calls plugins, and guards what they call.
//!
//! The only crate that knows `wasmtime`. What a plugin asks for goes through one gate, which stands on a [`World`] that
//! the floor above builds: the clock, the store and the services.

mod engine;
mod plugin;
mod run;
mod world;

mod bindings;
mod cache;
mod component;
mod gate;
mod imports;
mod limiter;
mod output;
mod plugin_log;
mod state;

pub use component::{ComponentError, Contract};
pub use engine::{Engine, EngineError};
pub use plugin::{LoadError, Plugin};
pub use run::{Ended, Ending, Invocation, Report};
pub use world::{Caller, Found, Lost, Witness, World};
