//! `wasmtime`, set up once: one engine for the whole process, because artefacts of one are nothing to another.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{
    Config, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, RegallocAlgorithm,
    WasmBacktraceDetails,
};
use witbot_core::ids::{Digest, PluginName};
use witbot_core::limits;

use crate::bindings;
use crate::cache::{Cache, CacheError};
use crate::compile::Compiler;
use crate::log_rate::LogRate;
use crate::places::{Busy, Places};
use crate::state::State;

/// Why the engine cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The machine does not allow what WebAssembly needs.
    #[error("cannot set up the WebAssembly engine: {0:#}")]
    Setup(wasmtime::Error),
    /// The folder for compiled code is unusable.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

/// Loads and runs plugins. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) parts: Arc<Parts>,
}

pub(crate) struct Parts {
    pub(crate) engine: wasmtime::Engine,
    pub(crate) fuel: Fuel,
    pub(crate) linker: Linker<State>,
    pub(crate) cache: Cache,
    pub(crate) compiler: Compiler,
    pub(crate) compiling: Semaphore,
    /// Instances that are not for runs.
    pub(crate) instances: Semaphore,
    /// And those that are.
    pub(crate) places: Places,
    /// How much of the log each plugin may fill.
    pub(crate) log_rate: Arc<LogRate>,
    pub(crate) compiles: Mutex<Compiles>,
    /// Each plugin in memory holds one as well.
    pub(crate) loaded: Arc<()>,
}

/// Whether it is counted what handlers execute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fuel {
    /// About one for each WebAssembly instruction, the same on every machine. Code that counts is slower, by up to a half.
    Counted,
    /// Only time bounds them.
    Uncounted,
}

/// How much was compiled. What was in the cache is not among it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compiles {
    /// With success.
    pub done: u64,
    /// Without.
    pub failed: u64,
    /// Time of all of it, by the clock on the wall.
    pub took: Duration,
}

impl Parts {
    pub(crate) fn compiles(&self) -> MutexGuard<'_, Compiles> {
        self.compiles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was compiled, or could not be.
    pub(crate) fn note_compile(&self, well: bool, took: Duration) {
        let mut compiles = self.compiles();
        compiles.done += u64::from(well);
        compiles.failed += u64::from(!well);
        compiles.took += took;
    }
}

impl Engine {
    /// Sets up the engine, with a private folder for compiled code and for what cannot be compiled.
    pub fn new(cache_folder: &Path, compiler: Compiler) -> Result<Engine, EngineError> {
        Engine::with_fuel(cache_folder, compiler, Fuel::Uncounted)
    }

    /// The same, for who wants to know what handlers execute: [`COST`](crate::COST) says it.
    pub fn with_fuel(
        cache_folder: &Path,
        compiler: Compiler,
        fuel: Fuel,
    ) -> Result<Engine, EngineError> {
        let engine = match wasmtime::Engine::new(&config(pooling(), fuel)) {
            Ok(engine) => engine,
            Err(error) => {
                tracing::warn!(
                    "no address space for a pool of instances, so each is allocated by itself: {error:#}"
                );
                wasmtime::Engine::new(&config(InstanceAllocationStrategy::OnDemand, fuel))
                    .map_err(EngineError::Setup)?
            }
        };
        let linker = linker(&engine).map_err(EngineError::Setup)?;
        tick(&engine);
        let cache = Cache::open(cache_folder, &engine, &compiler)?;
        let parts = Parts {
            linker,
            cache,
            compiler,
            compiling: Semaphore::new(limits::COMPILES_AT_ONCE_MAX),
            instances: Semaphore::new(limits::DESCRIBES_AT_ONCE_MAX),
            places: Places::new(),
            log_rate: Arc::new(LogRate::new()),
            compiles: Mutex::default(),
            loaded: Arc::new(()),
            fuel,
            engine,
        };
        Ok(Engine {
            parts: Arc::new(parts),
        })
    }
}

impl Engine {
    /// How many plugins are in memory, each version for itself.
    pub fn plugins_in_memory(&self) -> usize {
        Arc::strong_count(&self.parts.loaded) - 1
    }

    /// What runs and what waits of each plugin of which anything does.
    pub fn calls_now(&self) -> Vec<(PluginName, Busy)> {
        self.parts.places.now()
    }

    /// What was compiled since the start.
    pub fn compiles(&self) -> Compiles {
        *self.parts.compiles()
    }

    /// Removes compiled code that was used least lately, so that its folder does not grow for ever. That of `needed`
    /// versions stays. Answers how many files were removed.
    pub fn forget_compiled(&self, needed: &BTreeSet<Digest>) -> io::Result<usize> {
        self.parts.cache.forget(needed)
    }
}

/// Everything that no toolchain in use needs is off: what is off cannot be attacked. Compiled code is the same whatever the
/// allocation is.
pub(crate) fn config(allocation: InstanceAllocationStrategy, fuel: Fuel) -> Config {
    let mut config = Config::new();
    config
        .allocation_strategy(allocation)
        .epoch_interruption(true)
        .consume_fuel(fuel == Fuel::Counted)
        .concurrency_support(false)
        .wasm_memory64(false)
        .wasm_backtrace_details(WasmBacktraceDetails::Enable)
        .generate_address_map(true)
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_regalloc_algorithm(RegallocAlgorithm::Backtracking)
        .memory_init_cow(true)
        .memory_guaranteed_dense_image_size(limits::MEMORY_BYTES_MAX as u64)
        // Stacks are used again by other plugins.
        .async_stack_zeroing(true);
    config
}

/// The pool that instances are taken from. Interpreters are many core instances and tables in one component.
fn pooling() -> InstanceAllocationStrategy {
    const CORE_INSTANCES_PER_COMPONENT: u32 = 64;
    const MEMORIES_PER_COMPONENT: u32 = 16;
    const TABLES_PER_COMPONENT: u32 = 64;
    // All instances of the largest plugin there can be take half of it. It is address space, not memory.
    let total = |usual, largest| {
        let of_one_plugin = largest * limits::INSTANCES_PER_PLUGIN_MAX as u32;
        u32::max(limits::INSTANCES_MAX * usual, of_one_plugin * 2)
    };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(limits::INSTANCES_MAX)
        .total_core_instances(total(8, CORE_INSTANCES_PER_COMPONENT))
        .total_memories(total(2, MEMORIES_PER_COMPONENT))
        .total_tables(total(8, TABLES_PER_COMPONENT))
        .total_stacks(limits::INSTANCES_MAX * 2)
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_memories_per_module(2)
        .max_tables_per_module(4)
        .max_memory_size(limits::plugin::MEMORY_MIB_CEILING as usize * (1 << 20))
        .table_elements(limits::TABLE_ELEMENTS_MAX)
        .max_component_instance_size(10 << 20)
        .max_core_instance_size(10 << 20)
        .async_stack_keep_resident(32 << 10)
        .linear_memory_keep_resident(64 << 10)
        .table_keep_resident(16 << 10)
        .max_unused_warm_slots(limits::INSTANCES_MAX);
    InstanceAllocationStrategy::Pooling(pool)
}

/// All interfaces are linked for all plugins: whether one may use them is asked by the gate, which answers `denied`.
pub(crate) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    bindings::Plugin::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    Ok(linker)
}

/// Advances the epoch for as long as the engine lives. A thread of its own, because a busy runtime must not stop it.
#[expect(
    clippy::disallowed_methods,
    reason = "it sleeps on a thread of its own, where nobody waits"
)]
fn tick(engine: &wasmtime::Engine) {
    let engine = engine.weak();
    let period: Duration = limits::EPOCH;
    std::thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(period);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};

    use super::*;

    #[test]
    fn there_is_address_space_for_the_pool() {
        wasmtime::Engine::new(&config(pooling(), Fuel::Uncounted)).unwrap();
    }

    /// Who compiles has no pool.
    #[test]
    fn compiled_code_depends_on_counting_and_not_on_the_pool() {
        let hash = |allocation, fuel| {
            let engine = wasmtime::Engine::new(&config(allocation, fuel)).unwrap();
            let mut hasher = DefaultHasher::new();
            engine.precompile_compatibility_hash().hash(&mut hasher);
            hasher.finish()
        };
        let uncounted = hash(pooling(), Fuel::Uncounted);
        let on_demand = InstanceAllocationStrategy::OnDemand;
        assert_eq!(uncounted, hash(on_demand, Fuel::Uncounted));
        // Or what counts would be taken for what does not.
        assert_ne!(uncounted, hash(pooling(), Fuel::Counted));
    }
}
