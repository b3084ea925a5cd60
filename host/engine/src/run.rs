//! One call of a handler, in an instance of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wasmtime::{PoolConcurrencyLimitError, Store, UpdateDeadline};
use witbot_core::audit;
use witbot_core::error::{Code, Error};
use witbot_core::event::{Body, Event, Source};
use witbot_core::failure::Report;
use witbot_core::ids::{InvocationId, PluginName, UnixMillis};
use witbot_core::journal::{Begin, Commit, Difference, Entry, Permission};
use witbot_core::limits::plugin::PluginLimits;
use witbot_core::{limits, printable};

use crate::engine::Engine;
use crate::gate::{Gate, Passage, Refusal, Stop};
use crate::imports::events::CurrentEvent;
use crate::places::{Busy, Place};
use crate::plugin::Plugin;
use crate::plugin_log::PluginLog;
use crate::state::{Invoked, State};
use crate::world::{Caller, World};

/// A call of a handler, new or resumed.
pub struct Invocation {
    /// Its id.
    pub id: InvocationId,
    /// The handler, by its declared id.
    pub handler: String,
    /// The named values of a command or listener.
    pub arguments: Vec<(String, String)>,
    /// Whether it may be done.
    pub permission: Permission,
    /// What happened.
    pub event: Arc<Event>,
    /// The row of the event in the inbox.
    pub event_row: i64,
    /// The invocation itself, if it is not stored yet: it goes with the first commit.
    pub begin: Option<Begin>,
    /// What is audited with the first commit.
    pub opening: Vec<audit::Record>,
    /// What it did before.
    pub journal: Vec<Entry>,
    /// The limits that it began with: it finds the same ones in every call. None: it begins with those that hold now.
    pub limits: Option<PluginLimits>,
    /// What the handler reads as the time until it is told something newer.
    pub started: UnixMillis,
}

/// How a call ended.
pub struct Ended {
    /// How.
    pub ending: Ending,
    /// What is recorded and not yet durable. The caller adds the new state and commits it.
    pub rest: Commit,
}

/// The ways in which a call ends.
pub enum Ending {
    /// The handler came to its end.
    Done,
    /// The handler gave up, with an error for the person who asked.
    Refused(Error),
    /// The handler waits; that is durable already.
    Parked,
    /// The handler crashed, or took too much, or left its path.
    Trapped(Report),
    /// Somebody else has the run, or nothing can be stored. The run is not over.
    Lost(String),
}

impl Engine {
    /// Lines up for a place to call a handler of a plugin in, or says that too many did so before.
    pub fn enter(&self, plugin: &PluginName, limits: &PluginLimits) -> Result<Place, Busy> {
        self.parts.places.enter(plugin, limits)
    }

    /// Calls a handler, as [`Engine::run_in`], however many wait for that.
    pub async fn run(
        &self,
        plugin: &Plugin,
        invocation: Invocation,
        world: Arc<dyn World>,
    ) -> Ended {
        let unbounded = PluginLimits {
            waiting: u32::MAX,
            ..world.limits(&plugin.name)
        };
        match self.enter(&plugin.name, &unbounded) {
            Ok(place) => self.run_in(place, plugin, invocation, world).await,
            Err(busy) => Ended {
                ending: Ending::Lost(busy.to_string()),
                rest: Commit::default(),
            },
        }
    }

    /// Calls a handler when its place is free. Nothing but the run itself can fail here: whatever a plugin does ends in an
    /// [`Ending`].
    pub async fn run_in(
        &self,
        mut place: Place,
        plugin: &Plugin,
        invocation: Invocation,
        world: Arc<dyn World>,
    ) -> Ended {
        place.ready().await;
        let permission = invocation.permission;
        let turns = place.turns();
        let mut state = state(plugin, invocation, world).in_turns(turns.clone());
        state.log.at_rate(self.parts.log_rate.clone());
        let time = Duration::from_secs(state.limits.call_seconds.into());
        let wall_time = Duration::from_secs(state.limits.wall_seconds.into());
        if permission == Permission::Before
            && let Err(refusal) = state.permit(Vec::new()).await
        {
            return not_permitted(refusal, state);
        }
        state.gate.hand_over();
        let mut tries = 1;
        let began = Instant::now();
        let called = loop {
            let mut store = store(&self.parts.engine, state, time);
            let called = tokio::time::timeout(wall_time, async {
                let instance = plugin.ready.instantiate_async(&mut store).await?;
                let event = store.data_mut().table.push(CurrentEvent)?;
                instance
                    .witbot_plugin_handler()
                    .call_handle(&mut store, event)
                    .await
            })
            .await;
            let fuel = fuel_used(&store);
            state = store.into_data();
            state.fuel = fuel;
            match &called {
                Ok(Err(error)) if no_room(error, &state, tries) => state = state.again(),
                _ => break called,
            }
            tries += 1;
            tokio::time::sleep(limits::POOL_PAUSE).await;
        };
        turns.give_back();
        state.collect_output();
        state.took = began.elapsed();
        tell_cost(plugin, &state);
        ended(called, state)
    }
}

/// What the log says of what a call cost.
pub const COST: &str = "what it cost";

/// For who asks for it, in `debug`: what a call of a handler took.
fn tell_cost(plugin: &Plugin, state: &State) {
    let Some(invoked) = &state.invocation else {
        return;
    };
    let (_, calls, _) = state.gate.report();
    let memory_kib = state.limiter.memory_bytes() / 1024;
    let took_us = u64::try_from(state.took.as_micros()).unwrap_or(u64::MAX);
    let fuel = state.fuel;
    tracing::debug!(plugin = %plugin.name, handler = invoked.handler, calls, memory_kib, took_us, fuel, "{COST}");
}

/// The end of a run whose handler was not called: nobody said yes, or not yet.
fn not_permitted(refusal: Refusal, state: State) -> Ended {
    match refusal {
        Refusal::Error(error) => Ended {
            ending: Ending::Refused(error),
            rest: state.gate.finish(),
        },
        Refusal::Stop(stop) => ended(Ok(Err(stop)), state),
    }
}

/// Whether the pool had no room for an instance, and it can be tried once more: nothing has come of it yet.
pub(crate) fn no_room(error: &wasmtime::Error, state: &State, tries: u32) -> bool {
    error.is::<PoolConcurrencyLimitError>()
        && state.gate.is_untouched()
        && tries < limits::POOL_TRIES_MAX
}

type Called = Result<
    wasmtime::Result<Result<(), crate::bindings::witbot::types::types::Error>>,
    tokio::time::error::Elapsed,
>;

fn ended(called: Called, state: State) -> Ended {
    let returned = match called {
        Ok(Ok(returned)) => returned,
        Err(_) => {
            let summary = format!("it took longer than {} s", state.limits.wall_seconds);
            return trapped(state, summary, None, None);
        }
        Ok(Err(error)) => return stopped(&error, state),
    };
    if let Some(difference) = state.gate.unused() {
        let summary = Stop::Differs(difference.clone()).to_string();
        return trapped(state, summary, None, Some(difference));
    }
    state.log.close();
    Ended {
        ending: returned.map_or_else(|error| Ending::Refused(own_error(error)), |()| Ending::Done),
        rest: state.gate.finish(),
    }
}

/// The end of a run whose instance ended before its handler did.
fn stopped(error: &wasmtime::Error, state: State) -> Ended {
    let ending = match error.downcast_ref::<Stop>() {
        Some(Stop::Parked) => Ending::Parked,
        Some(Stop::Lost(reason)) => Ending::Lost(reason.clone()),
        Some(Stop::Canceled(error)) => {
            return Ended {
                ending: Ending::Refused(error.clone()),
                rest: state.gate.finish(),
            };
        }
        Some(Stop::Differs(difference)) => {
            let summary = explain(error, &state);
            return trapped(state, summary, Some(error), Some(difference.clone()));
        }
        Some(Stop::Budget(_) | Stop::Unreadable(..)) | None => {
            let summary = explain(error, &state);
            return trapped(state, summary, Some(error), None);
        }
    };
    Ended {
        ending,
        rest: Commit::default(),
    }
}

/// A bad end, with its report.
fn trapped(
    state: State,
    summary: String,
    error: Option<&wasmtime::Error>,
    difference: Option<Difference>,
) -> Ended {
    let (calls, calls_made, mut used) = state.gate.report();
    let most = state.limits;
    let computed = limits::EPOCH * u32::try_from(state.ticks).unwrap_or(u32::MAX);
    let of_log = state.log.bytes().min(most.log_bytes());
    used.splice(
        0..0,
        [
            format!(
                "computing {:.1} s of {} s",
                computed.as_secs_f64(),
                most.call_seconds
            ),
            format!(
                "{:.1} s in all of {} s",
                state.took.as_secs_f64(),
                most.wall_seconds
            ),
            format!(
                "memory {:.1} MiB of {} MiB",
                state.limiter.memory_bytes() as f64 / f64::from(1 << 20),
                most.memory_mib
            ),
        ],
    );
    used.push(format!(
        "log {:.1} KiB of {} KiB",
        of_log as f64 / 1024.0,
        most.log_kib
    ));
    let event = state.invocation.as_ref().map(|invoked| {
        let (source, key) = (invoked.event.source.as_str(), &invoked.event.key);
        printable::line(&format!("{source} {key}")).into_owned()
    });
    let report = Report {
        summary,
        trace: error.map(trace).unwrap_or_default(),
        event: event.unwrap_or_default(),
        log: state.log.close(),
        calls,
        calls_made,
        used,
        difference,
    };
    Ended {
        ending: Ending::Trapped(report),
        rest: state.gate.finish(),
    }
}

/// The error that a handler returned, which it may have made itself.
fn own_error(error: crate::bindings::witbot::types::types::Error) -> Error {
    let code = [
        Code::Denied,
        Code::NotFound,
        Code::Conflict,
        Code::RateLimited,
        Code::Timeout,
        Code::Unavailable,
        Code::InDoubt,
        Code::Canceled,
    ]
    .into_iter()
    .find(|code| code.as_str() == error.code)
    .unwrap_or(Code::Invalid);
    let message = match within(&error.message, limits::MESSAGE_BYTES_MAX) {
        blank if blank.trim().is_empty() => "the plugin gave no reason".to_owned(),
        message => message.to_owned(),
    };
    Error {
        code,
        message,
        retry_after_ms: error.retry_after_ms,
    }
}

/// The beginning of a text, in whole characters.
pub(crate) fn within(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn state(plugin: &Plugin, invocation: Invocation, world: Arc<dyn World>) -> State {
    let Invocation {
        id,
        handler,
        arguments,
        permission,
        event,
        event_row,
        begin,
        opening,
        journal,
        limits,
        started,
    } = invocation;
    let limits = limits.unwrap_or_else(|| world.limits(&plugin.name));
    let actor = match &event.body {
        Body::Message(message) => Some(message.user.id.clone()),
        Body::Click(click) => Some(click.user.id.clone()),
        Body::Webhook(_) => None,
    };
    let listens = plugin
        .declaration
        .declaration
        .listeners
        .iter()
        .any(|listener| listener.id == handler);
    let caller = Caller {
        plugin: plugin.name.clone(),
        invocation: id.clone(),
    };
    let log = PluginLog::new(plugin.name.clone(), Some(id.clone())).read_by(world.witness());
    let gate = Gate::open(Passage {
        world,
        caller,
        digest: plugin.digest,
        actor,
        permission,
        migrates: event.source == Source::Reload,
        begin,
        opening,
        journal,
        limits,
        started,
    });
    State::new(
        gate,
        log,
        Some(Invoked {
            id,
            handler,
            listens,
            arguments,
            event,
        }),
        event_row,
    )
    .limited(limits)
}

/// A store with all its limits. They are set before instantiation, because start functions run in it.
pub(crate) fn store(engine: &wasmtime::Engine, state: State, time: Duration) -> Store<State> {
    let in_ticks = |time: Duration| time.as_millis() / limits::EPOCH.as_millis();
    let (ticks, unshared) = (in_ticks(time), in_ticks(limits::COMPUTING_UNSHARED));
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(limits::CALL_BYTES_MAX);
    store.set_max_component_handles(limits::HANDLES_MAX);
    // It is an error where it is not counted, and then needs not be there.
    let _ = store.set_fuel(FUEL);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |mut context| {
        let state = context.data_mut();
        state.ticks += 1;
        if u128::from(state.ticks) > ticks {
            return Ok(UpdateDeadline::Interrupt);
        }
        Ok(match &state.turns {
            Some(turns) if u128::from(state.ticks) > unshared => {
                UpdateDeadline::YieldCustom(1, Box::pin(turns.next()))
            }
            Some(_) | None => UpdateDeadline::Yield(1),
        })
    });
    store
}

/// More than can be used up in any time: it is counted, and bounds nothing.
const FUEL: u64 = u64::MAX;

fn fuel_used(store: &Store<State>) -> Option<u64> {
    store.get_fuel().ok().map(|left| FUEL - left)
}

/// The causes, one below the other; the guest's backtrace is among them. Ours would tell an author nothing. The names of
/// functions are the plugin's own words.
fn trace(error: &wasmtime::Error) -> String {
    let mut trace = String::new();
    for cause in error.chain() {
        for line in cause.to_string().lines() {
            trace.push_str(&printable::line(line));
            trace.push('\n');
        }
    }
    within(trace.trim_end(), limits::REPORT_TRACE_BYTES_MAX).to_owned()
}

/// What went wrong, in one line for people who did not write the plugin.
pub(crate) fn explain(error: &wasmtime::Error, state: &State) -> String {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return stop.to_string();
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return format!(
            "there was no room for it beside the plugins that are busy; try again later ({error})"
        );
    }
    let cause = error.root_cause().to_string();
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::Interrupt) => "it computed for too long".to_owned(),
        Some(wasmtime::Trap::StackOverflow) => "it called itself too deeply".to_owned(),
        _ if state.limiter.refused => {
            format!(
                "it needed more than {} MiB of memory ({cause})",
                state.limits.memory_mib
            )
        }
        Some(_) | None => format!("it crashed ({cause})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(message: &str) -> String {
        let (code, message) = ("conflict".to_owned(), message.to_owned());
        own_error(crate::bindings::witbot::types::types::Error {
            code,
            message,
            retry_after_ms: None,
        })
        .message
    }

    #[test]
    fn the_error_of_a_handler_is_cut_between_characters_and_never_empty() {
        assert_eq!(told("no"), "no");
        assert_eq!(told(" \n"), "the plugin gave no reason");
        let long = told(&"\u{20ac}".repeat(limits::MESSAGE_BYTES_MAX));
        assert_eq!(long.len(), limits::MESSAGE_BYTES_MAX / 3 * 3);
    }
}
