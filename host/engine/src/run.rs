//! One call of a handler, in an instance of its own.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::{PoolConcurrencyLimitError, Store, UpdateDeadline};
use witbot_core::audit;
use witbot_core::error::{Code, Error};
use witbot_core::event::{Body, Event};
use witbot_core::ids::{InvocationId, UnixMillis};
use witbot_core::journal::{Begin, Commit, Difference, Entry, Permission};
use witbot_core::limits;

use crate::engine::Engine;
use crate::gate::{Gate, Passage, Refusal, Stop};
use crate::imports::events::CurrentEvent;
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

/// What an author needs to find a failure.
#[derive(Debug, Clone)]
pub struct Report {
    /// One line for the chat: what kind of failure it was.
    pub summary: String,
    /// The guest's backtrace, with names.
    pub trace: String,
    /// The last lines that it logged.
    pub log: Vec<String>,
    /// Where it left its path, if that is the failure.
    pub difference: Option<Difference>,
}

impl Engine {
    /// Calls a handler. Nothing but the run itself can fail here: whatever a plugin does ends in an [`Ending`].
    pub async fn run(
        &self,
        plugin: &Plugin,
        invocation: Invocation,
        world: Arc<dyn World>,
    ) -> Ended {
        // Semaphores are never closed, so that a failed acquire cannot happen; without permits nothing is bounded.
        let (Ok(_own), Ok(_global)) = (
            plugin.permits.acquire().await,
            self.parts.instances.acquire().await,
        ) else {
            return Ended {
                ending: Ending::Lost("the host is stopping".to_owned()),
                rest: Commit::default(),
            };
        };
        let permission = invocation.permission;
        let mut state = state(plugin, invocation, world);
        if permission == Permission::Before
            && let Err(refusal) = state.permit(Vec::new()).await
        {
            return not_permitted(refusal, state);
        }
        state.gate.hand_over();
        let mut tries = 1;
        let called = loop {
            let mut store = store(&self.parts.engine, state, limits::CALL_TIME_MAX);
            let called = tokio::time::timeout(limits::CALL_WALL_TIME_MAX, async {
                let instance = plugin.ready.instantiate_async(&mut store).await?;
                let event = store.data_mut().table.push(CurrentEvent)?;
                instance
                    .witbot_plugin_handler()
                    .call_handle(&mut store, event)
                    .await
            })
            .await;
            state = store.into_data();
            match &called {
                Ok(Err(error)) if no_room(error, &state, tries) => state = state.again(),
                _ => break called,
            }
            tries += 1;
            tokio::time::sleep(limits::POOL_PAUSE).await;
        };
        state.collect_output();
        ended(called, state)
    }
}

/// The end of a run whose handler was not called: nobody said yes, or not yet.
fn not_permitted(refusal: Refusal, state: State) -> Ended {
    match refusal {
        Refusal::Error(error) => Ended {
            ending: Ending::Refused(error),
            rest: state.gate.finish().0,
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
    let trapped = |summary: String, trace: String, difference: Option<Difference>, state: State| {
        let log = state.log.close();
        Ended {
            ending: Ending::Trapped(Report {
                summary,
                trace,
                log,
                difference,
            }),
            rest: state.gate.finish().0,
        }
    };
    let returned = match called {
        Ok(Ok(returned)) => returned,
        Err(_) => {
            let summary = format!(
                "it took longer than {} s",
                limits::CALL_WALL_TIME_MAX.as_secs()
            );
            return trapped(summary, String::new(), None, state);
        }
        Ok(Err(error)) => {
            return match error.downcast_ref::<Stop>() {
                Some(Stop::Parked) => Ended {
                    ending: Ending::Parked,
                    rest: Commit::default(),
                },
                Some(Stop::Lost(reason)) => Ended {
                    ending: Ending::Lost(reason.clone()),
                    rest: Commit::default(),
                },
                Some(Stop::Canceled(error)) => Ended {
                    ending: Ending::Refused(error.clone()),
                    rest: state.gate.finish().0,
                },
                Some(Stop::Differs(difference)) => {
                    let (summary, trace) = (explain(&error, &state), trace(&error));
                    trapped(summary, trace, Some(difference.clone()), state)
                }
                Some(Stop::Budget(_) | Stop::Unreadable(..)) | None => {
                    let (summary, trace) = (explain(&error, &state), trace(&error));
                    trapped(summary, trace, None, state)
                }
            };
        }
    };
    let State { gate, log, .. } = state;
    let log = log.close();
    let (rest, unused) = gate.finish();
    let ending = match (unused, returned) {
        (Some(difference), _) => {
            let summary = Stop::Differs(difference.clone()).to_string();
            Ending::Trapped(Report {
                summary,
                trace: String::new(),
                log,
                difference: Some(difference),
            })
        }
        (None, Ok(())) => Ending::Done,
        (None, Err(error)) => Ending::Refused(own_error(error)),
    };
    Ended { ending, rest }
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
        started,
    } = invocation;
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
        begin,
        opening,
        journal,
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
}

/// A store with all its limits. They are set before instantiation, because start functions run in it.
pub(crate) fn store(engine: &wasmtime::Engine, state: State, time: Duration) -> Store<State> {
    let ticks = time.as_millis() / limits::EPOCH.as_millis();
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(limits::CALL_BYTES_MAX);
    store.set_max_component_handles(limits::HANDLES_MAX);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |mut context| {
        let state = context.data_mut();
        state.ticks += 1;
        if u128::from(state.ticks) > ticks {
            Ok(UpdateDeadline::Interrupt)
        } else {
            Ok(UpdateDeadline::Yield(1))
        }
    });
    store
}

/// The causes, one below the other; the guest's backtrace is among them. Ours would tell an author nothing.
fn trace(error: &wasmtime::Error) -> String {
    error
        .chain()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
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
                limits::MEMORY_BYTES_MAX >> 20
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
