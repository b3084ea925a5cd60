//! All that belongs to one instance: it is made for one call, and dies with it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView,
};
use witbot_core::chat::Person;
use witbot_core::declaration::{Declaration, Rejected};
use witbot_core::event::Event;
use witbot_core::ids::{Digest, InvocationId};
use witbot_core::limits;
use witbot_core::limits::plugin::PluginLimits;

use crate::gate::{Gate, Stop};
use crate::limiter::Limiter;
use crate::output::Output;
use crate::plugin_log::{Level, PluginLog};
use crate::turns::Turns;

/// What imports work on.
pub(crate) struct State {
    pub(crate) gate: Gate,
    pub(crate) table: ResourceTable,
    pub(crate) limits: PluginLimits,
    pub(crate) limiter: Limiter,
    /// In which it computes, when that takes long.
    pub(crate) turns: Option<Turns>,
    pub(crate) log: PluginLog,
    pub(crate) chance: ChaCha12Rng,
    pub(crate) declaration: Declaration,
    pub(crate) invocation: Option<Invoked>,
    pub(crate) settings: Option<Arc<Value>>,
    /// What is wrong with the settings, while the plugin checks them.
    pub(crate) rejected: Option<Vec<Rejected>>,
    /// Who caused the event, if the chat service was asked.
    pub(crate) person: Option<Person>,
    /// The row of the event that caused the run.
    row: i64,
    /// The row of the last event that the run was given, by the key of the wait: the next such wait looks behind it.
    pub(crate) seen: HashMap<String, i64>,
    pub(crate) ticks: u64,
    /// By the clock on the wall.
    pub(crate) took: Duration,
    /// None: it is not counted.
    pub(crate) fuel: Option<u64>,
    held: usize,
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
    output: Output,
}

impl State {
    pub(crate) fn new(gate: Gate, log: PluginLog, invocation: Option<Invoked>, row: i64) -> State {
        let seed = invocation
            .as_ref()
            .map(|invocation| Digest::of(invocation.id.as_str().as_bytes()));
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits::HANDLES_MAX);
        State {
            gate,
            table,
            limits: PluginLimits::default(),
            limiter: Limiter::new(limits::MEMORY_BYTES_MAX),
            turns: None,
            log,
            chance: ChaCha12Rng::from_seed(seed.map_or([0; 32], |seed| *seed.as_bytes())),
            declaration: Declaration::default(),
            invocation,
            settings: None,
            rejected: None,
            person: None,
            row,
            seen: HashMap::new(),
            ticks: 0,
            took: Duration::ZERO,
            fuel: None,
            held: 0,
            wasi: None,
        }
    }

    /// The same within other limits.
    pub(crate) fn limited(self, limits: PluginLimits) -> State {
        State {
            limiter: Limiter::new(limits.memory_bytes()),
            log: self.log.bounded(limits.log_bytes()),
            limits,
            ..self
        }
    }

    /// The same, computing in turns with others.
    pub(crate) fn in_turns(mut self, turns: Turns) -> State {
        self.gate.call_between(turns.clone());
        State {
            turns: Some(turns),
            ..self
        }
    }

    /// Moves what was written to standard output into the log.
    pub(crate) fn collect_output(&mut self) {
        if let Some(wasi) = &self.wasi {
            let written = wasi.output.take();
            for line in String::from_utf8_lossy(&written.bytes).lines() {
                self.log.write(Level::Info, line);
            }
            self.log.drop_lines(written.dropped_lines);
        }
    }

    /// The same for another instance, when the first could not be made and nothing has passed the gate.
    pub(crate) fn again(self) -> State {
        let (limits, turns) = (self.limits, self.turns);
        let state = State::new(self.gate, self.log, self.invocation, self.row).limited(limits);
        State { turns, ..state }
    }

    /// The row behind which a wait for an event looks.
    pub(crate) fn seen_until(&self, key: &str) -> i64 {
        self.seen.get(key).copied().unwrap_or(self.row)
    }

    /// Counts what the instance has the host hold for it, outside of its own memory. Too much ends it.
    pub(crate) fn hold(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.held = self
            .held
            .saturating_add(bytes)
            .saturating_add(limits::HELD_ITEM_BYTES);
        if self.held <= limits::HELD_BYTES_MAX {
            return Ok(());
        }
        let most = limits::HELD_BYTES_MAX >> 20;
        Err(wasmtime::Error::new(Stop::Budget(format!(
            "it built requests, cards or declarations of more than {most} MiB; drop those that are no longer needed, and build less"
        ))))
    }

    /// Counts off what is not held any more, of so many items.
    pub(crate) fn release(&mut self, items: usize, bytes: usize) {
        self.held = self
            .held
            .saturating_sub(bytes.saturating_add(items * limits::HELD_ITEM_BYTES));
    }

    fn start_wasi(&self) -> Wasi {
        let output = Output::new(self.gate.live(), self.limits.log_bytes());
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
        Wasi {
            context: builder.build(),
            output,
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        if self.wasi.is_none() {
            self.wasi = Some(self.start_wasi());
        }
        let wasi = self.wasi.as_mut().expect("it was started above");
        WasiCtxView {
            ctx: &mut wasi.context,
            table: &mut self.table,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State::new(
            Gate::closed(),
            PluginLog::new("greedy".parse().unwrap(), None),
            None,
            7,
        )
    }

    #[test]
    fn what_is_held_is_bounded_and_what_is_dropped_is_not_counted() {
        let mut state = state();
        for _ in 0..100 {
            state.hold(limits::HELD_BYTES_MAX / 2).unwrap();
            state.release(1, limits::HELD_BYTES_MAX / 2);
        }
        state.hold(limits::HELD_BYTES_MAX / 2).unwrap();
        let error = state.hold(limits::HELD_BYTES_MAX / 2).unwrap_err();
        assert!(
            matches!(error.downcast_ref(), Some(Stop::Budget(text)) if text.contains("8 MiB")),
            "{error:?}"
        );
    }

    #[test]
    fn many_empty_things_are_held_too() {
        let mut state = state();
        assert!(
            (0..limits::HELD_BYTES_MAX / limits::HELD_ITEM_BYTES).all(|_| state.hold(0).is_ok())
        );
        assert!(state.hold(0).is_err());
    }

    #[test]
    fn each_kind_and_subject_of_events_is_seen_by_itself() {
        let mut state = state();
        state.seen.insert("event a b".to_owned(), 9);
        assert_eq!(
            (state.seen_until("event a b"), state.seen_until("event a c")),
            (9, 7)
        );
    }
}
