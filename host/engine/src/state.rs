//! All that belongs to one instance: it is made for one call, and dies with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use witbot_core::declaration::Declaration;
use witbot_core::event::Event;
use witbot_core::ids::{Digest, InvocationId};
use witbot_core::limits;

use crate::gate::Gate;
use crate::limiter::Limiter;
use crate::plugin_log::{Level, PluginLog};

/// What imports work on.
pub(crate) struct State {
    pub(crate) gate: Gate,
    pub(crate) table: ResourceTable,
    pub(crate) limiter: Limiter,
    pub(crate) log: PluginLog,
    pub(crate) chance: ChaCha12Rng,
    pub(crate) declaration: Declaration,
    pub(crate) invocation: Option<Invoked>,
    pub(crate) settings: Option<Arc<Value>>,
    /// The row of the last event that the run was given: the next wait for an event looks behind it.
    pub(crate) seen: i64,
    pub(crate) ticks: u64,
    wasi: Option<Wasi>,
}

/// What a handler is called with.
pub(crate) struct Invoked {
    pub(crate) id: InvocationId,
    pub(crate) handler: String,
    pub(crate) listens: bool,
    pub(crate) arguments: Vec<(String, String)>,
    pub(crate) event: Arc<Event>,
}

/// The deny-all WASI that stock toolchains need to link: no files, sockets, processes or environment, the clock of the
/// gate, and chance from the same seed. What is written to standard output goes to the plugin's log.
struct Wasi {
    context: WasiCtx,
    output: MemoryOutputPipe,
}

impl State {
    pub(crate) fn new(gate: Gate, log: PluginLog, invocation: Option<Invoked>, seen: i64) -> State {
        let seed = invocation.as_ref().map(|invocation| Digest::of(invocation.id.as_str().as_bytes()));
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits::HANDLES_MAX);
        State {
            gate,
            table,
            limiter: Limiter::default(),
            log,
            chance: ChaCha12Rng::from_seed(seed.map_or([0; 32], |seed| *seed.as_bytes())),
            declaration: Declaration::default(),
            invocation,
            settings: None,
            seen,
            ticks: 0,
            wasi: None,
        }
    }

    /// Moves what was written to standard output into the log.
    pub(crate) fn collect_output(&mut self) {
        if let Some(wasi) = &self.wasi {
            for line in String::from_utf8_lossy(&wasi.output.contents()).lines() {
                self.log.write(Level::Info, line);
            }
        }
    }

    fn start_wasi(&self) -> Wasi {
        let output = MemoryOutputPipe::new(limits::LOG_BYTES_MAX);
        let clock = self.gate.clock();
        let mut builder = WasiCtxBuilder::new();
        builder
            .stdout(output.clone())
            .stderr(output.clone())
            .wall_clock(GateClock(clock.clone()))
            .monotonic_clock(GateClock(clock))
            .secure_random(self.chance.clone())
            .insecure_random(self.chance.clone())
            .insecure_random_seed(0)
            .max_random_size(64 << 10)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        Wasi { context: builder.build(), output }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        if self.wasi.is_none() {
            self.wasi = Some(self.start_wasi());
        }
        let wasi = self.wasi.as_mut().expect("it was started above");
        WasiCtxView { ctx: &mut wasi.context, table: &mut self.table }
    }
}

/// The clock of the gate as WASI reads it: it stands still while a plugin computes.
struct GateClock(Arc<AtomicU64>);

impl HostWallClock for GateClock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

impl HostMonotonicClock for GateClock {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed).saturating_mul(1_000_000)
    }
}
