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
mod compile;
mod component;
mod gate;
mod imports;
mod limiter;
mod log_rate;
mod offered;
mod output;
mod places;
mod plugin_log;
mod prepare;
mod state;
mod turns;

pub use compile::child::compile_as_child;
pub use compile::{CompileLimits, Compiler};
pub use component::{ComponentError, Contract};
pub use engine::{Compiles, Engine, EngineError, Fuel};
pub use offered::FILES as CONTRACT_FILES;
pub use places::{Busy, Place};
pub use plugin::{LoadError, Plugin};
pub use run::{COST, Ended, Ending, Invocation};
pub use world::{Caller, Found, Lost, Passed, Witness, World};
