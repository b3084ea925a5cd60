//! What is asked when somebody reads `/metrics`: numbers that rooms, the store and the system know anyway.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use witbot_core::ids::PluginName;
use witbot_core::limits;
use witbot_engine::{Busy, Compiles, Engine};
use witbot_store::Store;
use witbot_store::health::Backlog;

use super::Metrics;
use super::health::Health;
use super::labels::{Build, InState, OfPlugin, Version};
use super::process::Process;
use crate::clock;
use crate::live::{Live, Problem, Standing};

/// Answers `/metrics`. Cheap to clone.
#[derive(Clone)]
pub struct Scraper(Arc<Parts>);

struct Parts {
    metrics: Metrics,
    health: Health,
    started: SystemTime,
    at_once: Semaphore,
    rooms: OnceLock<Rooms>,
}

/// What is asked besides. It is there when the bot has started.
pub struct Rooms {
    /// Where what waits is counted.
    pub store: Store,
    /// How the plugins stand.
    pub live: Arc<ArcSwap<Live>>,
    /// What it holds in memory.
    pub engine: Engine,
}

/// Others read at this moment, as many as may.
#[derive(Debug, PartialEq, Eq)]
pub struct Crowded;

impl Scraper {
    /// A scraper that knows no rooms yet.
    pub fn new(metrics: Metrics, health: Health) -> Scraper {
        Scraper(Arc::new(Parts {
            metrics,
            health,
            started: SystemTime::now(),
            at_once: Semaphore::new(limits::SCRAPES_AT_ONCE_MAX),
            rooms: OnceLock::new(),
        }))
    }

    /// From now on these are asked as well.
    pub fn ask(&self, rooms: Rooms) {
        // They are built once.
        let _ = self.0.rooms.set(rooms);
    }

    /// Reads as many times at once as anybody may, until it is dropped.
    #[cfg(test)]
    pub fn occupy(&self) -> tokio::sync::SemaphorePermit<'_> {
        let most = limits::SCRAPES_AT_ONCE_MAX.try_into().unwrap();
        self.0.at_once.try_acquire_many(most).unwrap()
    }

    /// Everything, in the text format of OpenMetrics, which Prometheus reads.
    pub async fn scrape(&self) -> Result<String, Crowded> {
        let Parts {
            metrics,
            health,
            started,
            at_once,
            rooms,
        } = &*self.0;
        let _permit = at_once.try_acquire().map_err(|_| Crowded)?;
        let mut now = Registry::default();
        name_process(&mut now, &Process::now(), *started);
        let witbot = now.sub_registry_with_prefix("witbot");
        name_bot(witbot, health);
        if let Some(rooms) = rooms.get() {
            let asked = rooms.store.backlog(clock::now());
            let backlog = timeout(limits::SCRAPE_STORE_TIME_MAX, asked).await;
            if let Ok(Ok(backlog)) = backlog {
                name_backlog(witbot, backlog);
            }
            name_plugins(witbot, &rooms.live.load());
            let text = "Versions of plugins in memory, older ones that runs go on with among them";
            let versions = rooms.engine.plugins_in_memory();
            gauge(witbot, "plugin_versions_in_memory", text, number(versions));
            name_calls(witbot, &rooms.live.load(), rooms.engine.calls_now());
            name_compiles(witbot, rooms.engine.compiles());
        }
        let mut text = String::new();
        // Writing into a text cannot fail.
        let _ = written(&mut text, [&metrics.0.registry, &now]);
        Ok(text)
    }
}

fn written(text: &mut String, registries: [&Registry; 2]) -> fmt::Result {
    for registry in registries {
        encode_registry(text, registry)?;
    }
    encode_eof(text)
}

/// As Prometheus' own clients name it.
fn name_process(registry: &mut Registry, process: &Process, started: SystemTime) {
    let registry = registry.sub_registry_with_prefix("process");
    let since = started.duration_since(SystemTime::UNIX_EPOCH);
    let since = ConstGauge::new(since.unwrap_or_default().as_secs_f64());
    let text = "Start of the process, since 1970";
    registry.register_with_unit("start_time", text, Unit::Seconds, since);
    if let Some(seconds) = process.cpu_seconds {
        let text = "Computing time of all threads";
        let seconds = ConstCounter::new(seconds);
        registry.register_with_unit("cpu", text, Unit::Seconds, seconds);
    }
    for (name, text, bytes) in [
        ("resident_memory", "Memory in use", process.resident_bytes),
        ("virtual_memory", "Address space", process.virtual_bytes),
    ] {
        if let Some(bytes) = bytes.and_then(|bytes| i64::try_from(bytes).ok()) {
            registry.register_with_unit(name, text, Unit::Bytes, ConstGauge::new(bytes));
        }
    }
    for (name, text, count) in [
        ("threads", "Threads", process.threads),
        ("open_fds", "Open files and sockets", process.open_files),
        ("max_fds", "How many there may be", process.open_files_max),
    ] {
        if let Some(count) = count.and_then(|count| i64::try_from(count).ok()) {
            gauge(registry, name, text, count);
        }
    }
}

fn name_bot(registry: &mut Registry, health: &Health) {
    let build = Info::new(Build {
        version: env!("CARGO_PKG_VERSION"),
        architecture: std::env::consts::ARCH,
    });
    registry.register("build", "The program", build);
    let ready = i64::from(health.not_ready().is_empty());
    gauge(registry, "ready", "Whether /readyz says yes", ready);
    let well = i64::from(health.not_well().is_empty());
    gauge(registry, "healthy", "Whether /healthz says yes", well);
}

/// These are left out when the store does not answer in time.
fn name_backlog(registry: &mut Registry, backlog: Backlog) {
    for (name, text, count) in [
        (
            "inbox_unhandled",
            "Events that nobody has acted on yet",
            backlog.events_unhandled,
        ),
        (
            "runs_parked",
            "Runs that wait for something",
            backlog.runs_parked,
        ),
        (
            "runs_open",
            "Runs that are executed, or are to be",
            backlog.runs_open,
        ),
        (
            "outbox_waiting",
            "What is to be said and is not said yet",
            backlog.outbox_waiting,
        ),
    ] {
        gauge(registry, name, text, i64::from(count));
    }
    let since = backlog.outbox_due_since;
    let lag = since.map_or(0, |since| clock::now().0.saturating_sub(since.0));
    let lag = ConstGauge::new(Duration::from_millis(lag).as_secs_f64());
    let text = "Age of the oldest thing that could be said and is not";
    registry.register_with_unit("outbox_lag", text, Unit::Seconds, lag);
}

fn name_plugins(registry: &mut Registry, live: &Live) {
    let states: Family<InState, Gauge> = Family::default();
    for state in ["live", "held", "refused", "rolled_back", "outdated"] {
        states.get_or_create(&InState { state }).set(0);
    }
    let versions: Family<Version, Gauge> = Family::default();
    for standing in &live.standings {
        let state = state(standing);
        states.get_or_create(&InState { state }).inc();
        let Some(digest) = &standing.serving else {
            continue;
        };
        let version = Version {
            plugin: standing.name.to_string(),
            version: standing.version.clone(),
            digest: digest.short(),
        };
        versions.get_or_create(&version).set(1);
    }
    let text = "Plugins, by how they stand; `outdated` are those whose newest file does not serve, and an older one does";
    registry.register("plugins", text, states);
    let text = "The version that serves, with the beginning of its digest";
    registry.register("plugin_info", text, versions);
}

/// Who has nothing to do is there as well, with zero.
fn name_calls(registry: &mut Registry, live: &Live, now: Vec<(PluginName, Busy)>) {
    let (running, waiting): (Family<OfPlugin, Gauge>, Family<OfPlugin, Gauge>) = Default::default();
    let idle = Busy {
        running: 0,
        waiting: 0,
    };
    let serving = live.serving.keys().map(|name| (name.clone(), idle));
    for (plugin, busy) in serving.chain(now) {
        let plugin = OfPlugin::new(&plugin);
        let gauge = running.get_or_create(&plugin);
        gauge.set(number(busy.running));
        let gauge = waiting.get_or_create(&plugin);
        gauge.set(number(busy.waiting));
    }
    let text = "Instances that are in use";
    registry.register("instances", text, running);
    let text = "Calls that wait for an instance";
    registry.register("calls_waiting", text, waiting);
}

fn name_compiles(registry: &mut Registry, compiles: Compiles) {
    let counts = [
        ("compiles", "Plugins that were compiled", compiles.done),
        (
            "compiles_failed",
            "Plugins that could not be compiled",
            compiles.failed,
        ),
    ];
    for (name, text, count) in counts {
        registry.register(name, text, ConstCounter::new(count));
    }
    let text = "Time that compiling took, with what failed";
    let took = ConstCounter::new(compiles.took.as_secs_f64());
    registry.register_with_unit("compile", text, Unit::Seconds, took);
}

fn state(standing: &Standing) -> &'static str {
    match (&standing.serving, &standing.problem) {
        (Some(_), None) => "live",
        (Some(_), Some(Problem::RolledBack(_))) => "rolled_back",
        (Some(_), Some(_)) => "outdated",
        (None, Some(Problem::Refused(_))) => "refused",
        (None, Some(_) | None) => "held",
    }
}

fn gauge(registry: &mut Registry, name: &str, text: &str, value: i64) {
    registry.register(name, text, ConstGauge::new(value));
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
