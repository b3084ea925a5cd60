//! What the bot counts about itself, for `/metrics`: every name is here or in `scrape`, and rooms call a function each.
//!
//! Labels are bounded: plugins, which are files in a folder, and words of ours. Nothing that somebody in a chat, a plugin
//! or the sender of a webhook chooses is a label, but for the version that its author gives a plugin. Counting never waits and never fails. What is counted here begins at zero
//! with each start; what the rooms know anyway is asked when somebody reads: `scrape`.

mod answers;
mod asking;
pub mod health;
mod labels;
mod process;
pub mod scrape;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};
use witbot_core::call::Operation;
use witbot_core::event::Source;
use witbot_core::ids::{CallId, InvocationId, PluginName, UnixMillis};
use witbot_core::journal::Outcome;
use witbot_engine::{Ending, Passed};
use witbot_store::health::Written;

use crate::chat::Unsent;

use self::answers::Answers;
pub use self::asking::Asking;
use self::labels::{
    Acted, Arrived, Asked, Called, Denied, Ended, Loaded, OfPlugin, Refused, Service,
};

/// Runs and services: from the time of one call to the longest that one may take.
const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0,
];
/// Writes: a fast disk takes a tenth of a millisecond, and a broken one minutes.
const WRITE_SECONDS: [f64; 12] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0,
];
/// Changes in one write, up to the most that there can be.
const CHANGES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// Loading: what is cached takes milliseconds, and what is compiled seconds.
const LOAD_SECONDS: [f64; 10] = [0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// What the bot counts. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Parts>);

struct Parts {
    registry: Registry,
    runs: Family<Ended, Counter>,
    run_seconds: Family<OfPlugin, Histogram, fn() -> Histogram>,
    answer_seconds: Histogram,
    answers: Answers,
    put_aside: Family<OfPlugin, Counter>,
    turned_away: Family<OfPlugin, Counter>,
    calls: Family<Called, Counter>,
    denials: Family<Denied, Counter>,
    over_budget: Family<OfPlugin, Counter>,
    events: Family<Arrived, Counter>,
    webhooks_refused: Family<Refused, Counter>,
    acts: Family<Acted, Counter>,
    act_seconds: Histogram,
    requests: Family<Asked, Counter>,
    request_seconds: Family<Service, Histogram, fn() -> Histogram>,
    rate_limited: Family<Service, Counter>,
    loads: Family<Loaded, Counter>,
    load_seconds: Histogram,
    write_seconds: Histogram,
    write_changes: Histogram,
    writes_failed: Counter,
    sockets: Gauge,
    sockets_opened: Counter,
}

/// What became of an event at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is in the inbox.
    Accepted,
    /// It was there before.
    Duplicate,
    /// It could not be stored.
    Failed,
}

/// What became of a file in the plugins folder that was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// It is ready to serve.
    Ready,
    /// It is no plugin, or says something wrong about itself.
    Refused,
    /// The host could not, for no fault of the file's.
    Failed,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Nothing has happened yet.
    pub fn new() -> Metrics {
        Metrics(Arc::new(Parts::named(Registry::with_prefix("witbot"))))
    }

    /// A handler came to its end, or to a wait.
    pub fn run_ended(&self, plugin: &PluginName, ending: &Ending, took: Duration) {
        let plugin = plugin.to_string();
        let ended = Ended {
            plugin: plugin.clone(),
            ending: labels::ending(ending),
        };
        self.0.runs.get_or_create(&ended).inc();
        let seconds = self.0.run_seconds.get_or_create(&OfPlugin { plugin });
        seconds.observe(took.as_secs_f64());
    }

    /// A run was put aside, after it was tried too often.
    pub fn run_put_aside(&self, plugin: &PluginName) {
        self.0.put_aside.get_or_create(&OfPlugin::new(plugin)).inc();
    }

    /// A run did not begin because its plugin is busy. What nobody waits for begins later.
    pub fn run_turned_away(&self, plugin: &PluginName) {
        let plugin = OfPlugin::new(plugin);
        self.0.turned_away.get_or_create(&plugin).inc();
    }

    /// Somebody said something that a run begins for.
    pub fn asked(&self, run: &InvocationId, said: UnixMillis) {
        self.0.answers.await_for(run, said);
    }

    /// Something was said in a chat. The first of a run is its answer.
    pub fn said(&self, message: &CallId, now: UnixMillis) {
        if let Some(took) = self.0.answers.came(&message.invocation(), now) {
            self.0.answer_seconds.observe(took.as_secs_f64());
        }
    }

    /// A plugin called the host.
    pub fn passed(&self, plugin: &PluginName, passed: &Passed<'_>) {
        match passed {
            Passed::Called(operation) => {
                let called = Called {
                    plugin: plugin.to_string(),
                    interface: labels::interface(operation.name()),
                };
                self.0.calls.get_or_create(&called).inc();
            }
            Passed::Denied(operation) => {
                let denied = Denied {
                    plugin: plugin.to_string(),
                    capability: labels::interface(operation.name()),
                };
                self.0.denials.get_or_create(&denied).inc();
            }
            Passed::OverBudget(_) => {
                let plugin = OfPlugin::new(plugin);
                self.0.over_budget.get_or_create(&plugin).inc();
            }
        }
    }

    /// Something came through a door.
    pub fn event(&self, source: Source, arrival: Arrival) {
        let arrived = Arrived {
            source: source.as_str(),
            result: arrival.as_str(),
        };
        self.0.events.get_or_create(&arrived).inc();
    }

    /// A webhook was not taken, and its sender was answered with this HTTP status.
    pub fn webhook_refused(&self, source: Source, status: u16) {
        let refused = Refused {
            source: source.as_str(),
            reason: labels::refusal(status),
        };
        self.0.webhooks_refused.get_or_create(&refused).inc();
    }

    /// A request to a service begins: `github`, `circleci`, `slack`.
    pub fn ask(&self, service: &'static str) -> Asking {
        Asking::new(self, service)
    }

    /// A call of a plugin was performed. Requests to the web are counted: where they lead is what a plugin chose.
    pub fn performed(&self, operation: &Operation, outcome: &Outcome, took: Duration) {
        if labels::interface(operation.name()) == "http"
            && let Some(status) = labels::of_web(outcome)
        {
            self.requested("web", status, took);
        }
    }

    /// A service wants to be asked less.
    pub fn rate_limited(&self, service: &'static str) {
        self.0
            .rate_limited
            .get_or_create(&Service { service })
            .inc();
    }

    fn requested(&self, service: &'static str, status: &'static str, took: Duration) {
        let asked = Asked { service, status };
        self.0.requests.get_or_create(&asked).inc();
        let seconds = self.0.request_seconds.get_or_create(&Service { service });
        seconds.observe(took.as_secs_f64());
    }

    /// Something was to be done in a chat.
    pub fn sent<T>(&self, sent: &Result<T, Unsent>, took: Duration) {
        let result = match sent {
            Ok(_) => "done",
            Err(Unsent::Later { counts: false, .. }) => "later",
            Err(Unsent::Later { .. }) => "not_taken",
            Err(Unsent::Doubt(_)) => "in_doubt",
            Err(Unsent::Never { .. }) => "given_up",
        };
        self.0.acts.get_or_create(&Acted { result }).inc();
        self.0.act_seconds.observe(took.as_secs_f64());
    }

    /// A file in the plugins folder was loaded, compiled or not, or was not.
    pub fn loaded(&self, load: Load, took: Duration) {
        let result = load.as_str();
        self.0.loads.get_or_create(&Loaded { result }).inc();
        self.0.load_seconds.observe(took.as_secs_f64());
    }

    /// The store wrote to the disk.
    pub fn written(&self, written: Written) {
        let parts = &self.0;
        parts.write_seconds.observe(written.took.as_secs_f64());
        let changes = u32::try_from(written.changes).unwrap_or(u32::MAX);
        parts.write_changes.observe(changes.into());
        if !written.stored {
            parts.writes_failed.inc();
        }
    }

    /// So many sockets of Slack are open.
    pub fn sockets(&self, count: usize) {
        self.0.sockets.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Slack gave an address for a socket, which each needs that is opened.
    pub fn socket_opened(&self) {
        self.0.sockets_opened.inc();
    }
}

impl Parts {
    /// Everything with its name. The library adds `_seconds`, and `_total` to counters.
    fn named(mut registry: Registry) -> Parts {
        let r = &mut registry;
        let seconds: fn() -> Histogram = || Histogram::new(SECONDS);
        let of_runs = Family::new_with_constructor(seconds);
        let of_requests = Family::new_with_constructor(seconds);
        Parts {
            runs: plain(
                r,
                "runs",
                "Executions of handlers, by how they ended: a run that waits has several",
            ),
            run_seconds: timed(
                r,
                "run_duration",
                "Executions of handlers, with their wait for an instance",
                of_runs,
            ),
            answer_seconds: timed(
                r,
                "answer_duration",
                "From what somebody said to the first answer of its run",
                Histogram::new(SECONDS),
            ),
            answers: Answers::default(),
            put_aside: plain(
                r,
                "runs_put_aside",
                "Runs that were tried too often, and wait for an operator",
            ),
            turned_away: plain(
                r,
                "runs_turned_away",
                "Runs that did not begin because their plugin was busy",
            ),
            calls: plain(
                r,
                "calls",
                "Calls of plugins to the host that passed the grants, by interface",
            ),
            denials: plain(
                r,
                "denials",
                "Calls of plugins that were denied, by capability",
            ),
            over_budget: plain(
                r,
                "calls_over_budget",
                "Calls of plugins that asked for more than a run may",
            ),
            events: plain(r, "events", "Events at the doors, by what became of them"),
            webhooks_refused: plain(
                r,
                "webhooks_refused",
                "Webhooks that were not taken, by the reason",
            ),
            acts: plain(
                r,
                "outbox_acts",
                "What was to be done in the chat, by what became of each try",
            ),
            act_seconds: timed(
                r,
                "outbox_act_duration",
                "How long a try took",
                Histogram::new(SECONDS),
            ),
            requests: plain(
                r,
                "service_requests",
                "Requests to services, by their HTTP status",
            ),
            request_seconds: timed(
                r,
                "service_request_duration",
                "How long they took",
                of_requests,
            ),
            rate_limited: plain(
                r,
                "service_rate_limited",
                "How often a service wanted to be asked less",
            ),
            loads: plain(
                r,
                "plugin_loads",
                "New files in the plugins folder, by what became of them",
            ),
            load_seconds: timed(
                r,
                "plugin_load_duration",
                "From the bytes of a new file to a plugin that is ready",
                Histogram::new(LOAD_SECONDS),
            ),
            write_seconds: timed(
                r,
                "store_write_duration",
                "Writes of the store to the disk",
                Histogram::new(WRITE_SECONDS),
            ),
            write_changes: named(
                r,
                "store_write_changes",
                "Changes that were in one write",
                Histogram::new(CHANGES),
            ),
            writes_failed: plain(
                r,
                "store_writes_failed",
                "Writes of which nothing was stored",
            ),
            sockets: plain(r, "slack_sockets", "Sockets of Slack that are open"),
            sockets_opened: plain(
                r,
                "slack_sockets_opened",
                "Sockets of Slack that were opened, the first time or again",
            ),
            registry,
        }
    }
}

/// Something that starts at zero.
fn plain<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    named(registry, name, help, M::default())
}

fn named<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

/// Something that is measured in seconds.
fn timed<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register_with_unit(name, help, Unit::Seconds, metric.clone());
    metric
}

impl Arrival {
    fn as_str(self) -> &'static str {
        match self {
            Arrival::Accepted => "accepted",
            Arrival::Duplicate => "duplicate",
            Arrival::Failed => "failed",
        }
    }
}

impl Load {
    fn as_str(self) -> &'static str {
        match self {
            Load::Ready => "ready",
            Load::Refused => "refused",
            Load::Failed => "failed",
        }
    }
}
