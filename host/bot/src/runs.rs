//! Executes runs: new ones, and those that go on after a wait or a restart. Each ends in one commit.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use witbot_core::event::{Body, Event, Place};
use witbot_core::ids::{CallId, Digest, InvocationId, PluginName};
use witbot_core::journal::{Commit, Outgoing, State};
use witbot_engine::{Ended, Ending, Engine, Invocation, Plugin, Report};
use witbot_store::invocations::Status;

use crate::clock;
use crate::future::BoxFuture;
use crate::ground::Ground;
use crate::wake::Wake;

/// Finds a plugin in the version that a run began with.
pub type FindVersion = Arc<dyn Fn(PluginName, Digest) -> BoxFuture<'static, anyhow::Result<Arc<Plugin>>> + Send + Sync>;

/// The runs of this process. Cheap to clone.
#[derive(Clone)]
pub struct Runs {
    parts: Arc<Parts>,
}

struct Parts {
    engine: Engine,
    ground: Arc<Ground>,
    find: FindVersion,
    wakes: mpsc::Sender<Wake>,
    tasks: TaskTracker,
    active: Mutex<HashSet<InvocationId>>,
}

impl Runs {
    /// No runs yet.
    pub fn new(engine: Engine, ground: Arc<Ground>, find: FindVersion, wakes: mpsc::Sender<Wake>) -> Runs {
        let parts = Parts { engine, ground, find, wakes, tasks: TaskTracker::new(), active: Mutex::default() };
        Runs { parts: Arc::new(parts) }
    }

    /// Executes a run that has not begun.
    pub fn start(&self, plugin: Arc<Plugin>, invocation: Invocation) {
        let parts = self.parts.clone();
        self.spawn(invocation.id.clone(), async move { parts.execute(&plugin, invocation).await });
    }

    /// Executes a run that began before: what it did already is answered from its record.
    pub fn resume(&self, id: InvocationId) {
        let parts = self.parts.clone();
        self.spawn(id.clone(), async move {
            if let Err(error) = parts.resume(&id).await {
                tracing::error!(run = %id, "the run cannot go on: {error:#}");
            }
        });
    }

    /// Whether nothing is executed at this moment.
    pub fn idle(&self) -> bool {
        self.parts.tasks.is_empty()
    }

    /// Waits for what is executed, at most so long. What is not over then goes on after the next start.
    pub async fn stop(&self, longest: Duration) {
        self.parts.tasks.close();
        if tokio::time::timeout(longest, self.parts.tasks.wait()).await.is_err() {
            tracing::warn!("{} runs are left for the next start", self.parts.tasks.len());
        }
    }

    fn spawn(&self, id: InvocationId, work: impl Future<Output = ()> + Send + 'static) {
        let parts = self.parts.clone();
        if !parts.active().insert(id.clone()) {
            return;
        }
        self.parts.tasks.spawn(async move {
            work.await;
            parts.active().remove(&id);
            let _ = parts.wakes.send(Wake::Ended).await;
        });
    }
}

impl Parts {
    fn active(&self) -> std::sync::MutexGuard<'_, HashSet<InvocationId>> {
        self.active.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn resume(&self, id: &InvocationId) -> anyhow::Result<()> {
        let ground = &self.ground;
        let Some(run) = ground.store.claim(id, &ground.lease(), clock::now()).await? else { return Ok(()) };
        if run.status == Status::Dead {
            tracing::error!(run = %id, plugin = %run.plugin, "the run is put aside: the bot was stopped in it {} times", run.attempts);
            return Ok(());
        }
        let Some(event) = ground.store.event(run.event).await? else {
            anyhow::bail!("its event is not in the inbox any more");
        };
        let event = Arc::new(event);
        let plugin = match (self.find)(run.plugin.clone(), run.digest).await {
            Ok(plugin) => plugin,
            Err(error) => {
                self.fail(id, &run.plugin, &event, Commit::default(), &format!("{error:#}")).await;
                return Ok(());
            }
        };
        let invocation = Invocation {
            id: id.clone(),
            handler: run.handler,
            arguments: run.arguments,
            started: event.received,
            event,
            event_row: run.event,
            begin: None,
            opening: Vec::new(),
            journal: ground.store.journal(id).await?,
        };
        self.execute(&plugin, invocation).await;
        Ok(())
    }

    async fn execute(&self, plugin: &Plugin, invocation: Invocation) {
        let (id, event) = (invocation.id.clone(), invocation.event.clone());
        let Ended { ending, rest } = self.engine.run(plugin, invocation, self.ground.clone()).await;
        match ending {
            Ending::Parked => {}
            Ending::Lost(reason) => tracing::warn!(run = %id, plugin = %plugin.name, "the run is left alone: {reason}"),
            Ending::Done => self.end(&id, Commit { state: Some(State::Done), ..rest }).await,
            Ending::Refused(error) => {
                tracing::warn!(run = %id, plugin = %plugin.name, "the handler gave up: {error}");
                let mut rest = rest;
                rest.outgoing.extend(line(&id, &event, error.message.clone()));
                let state = State::Failed { reason: error.message, incident: incident(&id) };
                self.end(&id, Commit { state: Some(state), ..rest }).await;
            }
            Ending::Trapped(report) => {
                log_report(&id, plugin, &report);
                self.fail(&id, &plugin.name, &event, rest, &report.summary).await;
            }
        }
    }

    /// Ends a run badly, with one line in the chat.
    async fn fail(&self, id: &InvocationId, plugin: &PluginName, event: &Event, mut rest: Commit, reason: &str) {
        let incident = incident(id);
        tracing::error!(run = %id, %plugin, incident, "the run failed: {reason}");
        let text = format!("`{plugin}` failed: {reason}. Incident {incident}; the log says more.");
        rest.outgoing.extend(line(id, event, text));
        rest.state = Some(State::Failed { reason: reason.to_owned(), incident });
        self.end(id, rest).await;
    }

    async fn end(&self, id: &InvocationId, commit: Commit) {
        if let Err(error) = self.ground.keep(id, commit).await {
            tracing::error!(run = %id, "the end of the run is not stored, so it is run again after the next start: {error}");
        }
    }
}

/// What people are told to look for: short, and enough to find the run by.
fn incident(id: &InvocationId) -> String {
    id.as_str()[..8].to_owned()
}

/// A line to the person who asked, if somebody did.
fn line(id: &InvocationId, event: &Event, text: String) -> Option<Outgoing> {
    /// No call of a handler has this number, so no message of it has this id.
    const LAST_WORD: u32 = u32::MAX;
    match &event.body {
        Body::Webhook(_) => None,
        Body::Message(message) => Some(Outgoing {
            message: CallId::new(id, LAST_WORD),
            place: Place::clone(&message.place),
            text,
            edit: false,
        }),
    }
}

fn log_report(id: &InvocationId, plugin: &Plugin, report: &Report) {
    let log: String = report.log.iter().map(|line| format!("\n  {line}")).collect();
    let log = if log.is_empty() { "\n  nothing".to_owned() } else { log };
    tracing::error!(
        run = %id,
        plugin = %plugin.name,
        digest = plugin.digest.short(),
        "{}\n{}\nlast lines of its log:{log}",
        report.summary,
        report.trace
    );
}
