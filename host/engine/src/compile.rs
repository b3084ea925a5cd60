//! From the bytes of a file to machine code. They are looked at, validated and compiled in a process of its own, as each of
//! that can take very long, all memory, or the whole process down: `child` is that process, `parent` starts it and bounds it.

pub(crate) mod child;
mod lint;
mod parent;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use witbot_core::limits;

use crate::component::{self, ComponentError};
use crate::engine::Fuel;

/// Where plugins are compiled.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// In a process of its own, started for each plugin, which calls [`compile_as_child`](crate::compile_as_child) with the
    /// arguments that follow those named here.
    Child {
        /// What is started.
        program: PathBuf,
        /// What it is started with.
        arguments: Vec<OsString>,
        /// What it may use up.
        limits: CompileLimits,
    },
    /// In this process and without limits: for measurements, of files that one knows.
    Here,
}

/// What compiling one plugin may use up.
#[derive(Debug, Clone, Copy, Hash)]
pub struct CompileLimits {
    /// Processor time, of all threads together. Whole seconds.
    pub processor: Duration,
    /// Time by the clock on the wall.
    pub wall: Duration,
    /// Address space.
    pub memory_bytes: u64,
    /// A refusal that took this long or longer is remembered.
    pub remembered_from: Duration,
}

impl Default for CompileLimits {
    fn default() -> CompileLimits {
        CompileLimits {
            processor: limits::COMPILE_PROCESSOR_TIME_MAX,
            wall: limits::COMPILE_WALL_TIME_MAX,
            memory_bytes: limits::COMPILE_MEMORY_BYTES_MAX,
            remembered_from: limits::REFUSAL_KEPT_FROM,
        }
    }
}

/// Why there is no machine code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The plugin's fault, and it will be again.
    #[error(transparent)]
    Refused(ComponentError),
    /// It may do on another day, when the machine is less busy: it is not tried again until somebody asks for that.
    #[error("{0}: copy it again when the machine is less busy")]
    NotNow(String),
    /// Not the plugin's fault.
    #[error("{0}")]
    Host(String),
}

impl Compiler {
    /// None: it has none.
    pub(crate) fn limits(&self) -> Option<CompileLimits> {
        match self {
            Compiler::Child { limits, .. } => Some(*limits),
            Compiler::Here => None,
        }
    }

    /// The machine code of a plugin, and what it took to make it, for the log.
    pub(crate) async fn compile(
        &self,
        engine: &wasmtime::Engine,
        fuel: Fuel,
        bytes: Vec<u8>,
    ) -> Result<(Vec<u8>, String), Failure> {
        component::is_small_enough(&bytes).map_err(Failure::Refused)?;
        match self {
            Compiler::Child {
                program,
                arguments,
                limits,
            } => parent::compile(program, arguments, limits, fuel, &bytes).await,
            Compiler::Here => {
                let engine = engine.clone();
                let compiled =
                    tokio::task::spawn_blocking(move || machine_code(&engine, &bytes)).await;
                let code = compiled.map_err(|error| Failure::Host(error.to_string()))?;
                Ok((code.map_err(Failure::Refused)?, String::new()))
            }
        }
    }
}

/// All that is done with bytes that nobody has looked at yet.
fn machine_code(engine: &wasmtime::Engine, bytes: &[u8]) -> Result<Vec<u8>, ComponentError> {
    component::is_webassembly(bytes)?;
    lint::lint(bytes)?;
    let component = component::component_bytes(bytes)?;
    engine
        .precompile_component(&component)
        .map_err(|error| ComponentError::Compile(format!("{error:#}")))
}
