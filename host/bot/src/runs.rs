//! Executes runs: new ones, and those that go on after a wait or a restart. Each ends in one commit.

mod busy;
pub mod words;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use witbot_core::audit;
use witbot_core::chat::{Said, Text};
use witbot_core::error::{Code, Error};
use witbot_core::event::{Body, Event, Source};
use witbot_core::failure::Report;
use witbot_core::ids::{CallId, ChannelId, Digest, InvocationId, PluginName};
use witbot_core::journal::{Commit, Entry, Outgoing, State};
use witbot_core::limits::plugin::PluginLimits;
use witbot_core::{limits, printable};
use witbot_engine::{Ended, Ending, Engine, Invocation, Place, Plugin};
use witbot_store::error::StoreError;
use witbot_store::invocations::{self, Status};

use crate::clock;
use crate::future::BoxFuture;
use crate::ground::Ground;
use crate::wake::{Crash, Wake};
use busy::Deferred;

/// Finds a plugin in the version that a run began with.
pub type FindVersion = Arc<
    dyn Fn(PluginName, Digest) -> BoxFuture<'static, anyhow::Result<Arc<Plugin>>> + Send + Sync,
>;

/// No call of a handler has these numbers, so no message of it has these ids.
const LAST_WORD: u32 = u32::MAX;
const PUT_ASIDE: u32 = u32::MAX - 2;

/// Why a run does not go on.
enum Stuck {
    /// The store. It is not the run's fault, and may be over soon.
    Store(StoreError),
    /// The run itself: what it needs is not there.
    Run(anyhow::Error),
}

impl From<StoreError> for Stuck {
    fn from(error: StoreError) -> Stuck {
        match error {
            // What cannot be read or written of one run need not be wrong with another.
            StoreError::Damaged(_) | StoreError::Refused(_) => Stuck::Run(error.into()),
            StoreError::Full(_)
            | StoreError::Disk(_)
            | StoreError::Closed
            | StoreError::ReadOnly
            | StoreError::Busy(_) => Stuck::Store(error),
        }
    }
}

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
    /// The runs that are executed, and whether they were to be resumed meanwhile.
    active: Mutex<HashMap<InvocationId, bool>>,
    /// Runs that were to go on while their plugin was held. The next start finds them by itself.
    held_back: Mutex<BTreeSet<InvocationId>>,
    /// Runs that wait in the store until their plugin is not busy. The next start finds them by itself.
    deferred: Mutex<HashMap<PluginName, Deferred>>,
}

impl Runs {
    /// No runs yet.
    pub fn new(
        engine: Engine,
        ground: Arc<Ground>,
        find: FindVersion,
        wakes: mpsc::Sender<Wake>,
    ) -> Runs {
        let parts = Parts {
            engine,
            ground,
            find,
            wakes,
            tasks: TaskTracker::new(),
            active: Mutex::default(),
            held_back: Mutex::default(),
            deferred: Mutex::default(),
        };
        Runs {
            parts: Arc::new(parts),
        }
    }

    /// Executes a run that has not begun, unless its plugin is busy: then whoever asked is told so, and what nobody asked for
    /// waits in the store.
    pub fn start(&self, plugin: Arc<Plugin>, invocation: Invocation) {
        let parts = self.parts.clone();
        let place = parts.place(&plugin, &invocation);
        self.spawn(invocation.id.clone(), async move {
            match place {
                Ok(place) => parts.execute(place, &plugin, invocation).await,
                Err(busy) => return parts.turn_away(&plugin, invocation, busy).await,
            }
            parts.undefer(&plugin.name).await;
        });
    }

    /// Executes a run that was going on when the last host ended. To be called in the order of the events, and not waited for
    /// but for a place in the line.
    pub async fn take_up(&self, run: invocations::Invocation) {
        match self.parts.place_behind(&run.plugin) {
            Ok(place) => self.go_on(run.id, Some(place)),
            Err(_) => self.parts.defer(&run.plugin, run.event, &run.id).await,
        }
    }

    /// Executes a run that began before: what it did already is answered from its record.
    pub fn resume(&self, id: InvocationId) {
        self.go_on(id, None);
    }

    fn go_on(&self, id: InvocationId, place: Option<Place>) {
        let parts = self.parts.clone();
        self.spawn(id.clone(), async move {
            match parts.resume(&id, place).await {
                // The next start takes it up.
                Ok(()) | Err(Stuck::Store(StoreError::Closed)) => {}
                Err(Stuck::Store(error)) => {
                    tracing::error!(run = %id, "the run cannot go on before the store can: {error}");
                    parts.resume_again(&id, limits::STORE_AGAIN);
                }
                Err(Stuck::Run(error)) => parts.stuck(&id, &error).await,
            }
        });
    }

    /// Has those go on that were held back with their plugin. What is held still is held back again.
    pub fn release(&self) {
        let released = std::mem::take(&mut *self.parts.held_back());
        released.into_iter().for_each(|run| self.resume(run));
    }

    /// Tells that a run was put aside.
    pub async fn put_aside(&self, run: &invocations::Invocation) {
        self.parts.put_aside(run).await;
    }

    /// Whether nothing is executed at this moment.
    pub fn idle(&self) -> bool {
        self.parts.tasks.is_empty()
    }

    /// Waits for what is executed, at most so long. What is not over then goes on after the next start.
    pub async fn stop(&self, longest: Duration) {
        self.parts.tasks.close();
        if tokio::time::timeout(longest, self.parts.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                "{} runs are left for the next start",
                self.parts.tasks.len()
            );
        }
    }

    fn spawn(&self, id: InvocationId, work: impl Future<Output = ()> + Send + 'static) {
        let parts = self.parts.clone();
        if let Some(again) = parts.active().get_mut(&id) {
            // It is parked, and on its way out: it must not go on before it is out.
            *again = true;
            return;
        }
        parts.active().insert(id.clone(), false);
        self.parts.tasks.spawn(async move {
            let active = Active {
                parts: &parts,
                id: &id,
            };
            work.await;
            if active.end() {
                let _ = parts.wakes.send(Wake::Runnable(id.clone())).await;
            }
        });
    }
}

/// A run while it is executed. Even one that panics is not executed for ever.
struct Active<'a> {
    parts: &'a Parts,
    id: &'a InvocationId,
}

impl Active<'_> {
    /// Whether it was to be resumed meanwhile.
    fn end(self) -> bool {
        self.parts.active().remove(self.id).unwrap_or(false)
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.parts.active().remove(self.id);
    }
}

impl Parts {
    fn active(&self) -> MutexGuard<'_, HashMap<InvocationId, bool>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a run go on later that could not be stored. One of which nothing is stored begins with its event again.
    fn try_again(self: &Arc<Self>, id: &InvocationId, event_row: i64, event: &Arc<Event>) {
        let (parts, id, event) = (self.clone(), id.clone(), event.clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(limits::STORE_AGAIN).await;
                let wake = match parts.ground.store.invocation(&id).await {
                    Ok(Some(_)) => Wake::Runnable(id),
                    Ok(None) => Wake::Came {
                        row: event_row,
                        event,
                    },
                    Err(StoreError::Closed) => return,
                    Err(_) => continue,
                };
                let _ = parts.wakes.send(wake).await;
                return;
            }
        });
    }

    fn resume_again(self: &Arc<Self>, id: &InvocationId, after: Duration) {
        let (parts, id) = (self.clone(), id.clone());
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let _ = parts.wakes.send(Wake::Runnable(id)).await;
        });
    }

    /// Has a run tried again that could not go on, or puts it aside when that was so too often.
    async fn stuck(self: &Arc<Self>, id: &InvocationId, error: &anyhow::Error) {
        tracing::warn!(run = %id, "the run cannot go on: {error:#}");
        let (ground, why) = (&self.ground, format!("{error:#}"));
        let noted = ground
            .store
            .could_not_go_on(id, &ground.lease(), &why, clock::now(), last_word)
            .await;
        match noted {
            Ok(Some(run)) if run.status == Status::Dead => self.put_aside(&run).await,
            Ok(Some(_)) => self.resume_again(id, limits::RESUME_AGAIN),
            Ok(None) | Err(StoreError::Closed) => {}
            Err(error) => {
                tracing::error!(run = %id, "that is not stored, so it is tried again: {error}");
                self.resume_again(id, limits::STORE_AGAIN);
            }
        }
    }

    /// Tells that a run was put aside. What is said in the chat is stored already.
    async fn put_aside(&self, run: &invocations::Invocation) {
        let reason = run.reason.as_deref().unwrap_or_default();
        self.ground.metrics.run_put_aside(&run.plugin);
        tracing::error!(run = %run.id, plugin = %run.plugin, incident = run.id.short(), "the run is put aside: {reason}");
        if let Ok(Some(event)) = self.ground.store.event(run.event).await {
            if let Some(channel) = channel(&event) {
                self.ground.outbox.deliver(channel.clone());
            }
            self.migrated(&event).await;
        }
    }

    fn held_back(&self) -> MutexGuard<'_, BTreeSet<InvocationId>> {
        self.held_back
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a run does not go on because somebody ordered that its plugin be held.
    async fn hold_back(&self, id: &InvocationId) -> Result<bool, StoreError> {
        let held = || self.ground.rights.live.load_full();
        if held().held.is_empty() {
            return Ok(false);
        }
        let Some(run) = self.ground.store.invocation(id).await? else {
            return Ok(false);
        };
        self.held_back().insert(id.clone());
        // Looked at after it is noted: who releases the plugin meanwhile finds the run, or this does.
        if held().held.contains(&run.plugin) {
            tracing::info!(run = %id, plugin = %run.plugin, "the run goes on when its plugin is released");
            return Ok(true);
        }
        Ok(!self.held_back().remove(id))
    }

    async fn resume(
        self: &Arc<Self>,
        id: &InvocationId,
        place: Option<Place>,
    ) -> Result<(), Stuck> {
        let ground = &self.ground;
        if self.hold_back(id).await? {
            return Ok(());
        }
        let Some(run) = ground.store.invocation(id).await? else {
            return Ok(());
        };
        let Some(place) = place.or_else(|| self.place_behind(&run.plugin).ok()) else {
            self.defer(&run.plugin, run.event, id).await;
            return Ok(());
        };
        let resumed = self.resume_in(place, id).await;
        self.undefer(&run.plugin).await;
        resumed
    }

    async fn resume_in(self: &Arc<Self>, place: Place, id: &InvocationId) -> Result<(), Stuck> {
        let ground = &self.ground;
        let Some(run) = ground
            .store
            .claim(id, &ground.lease(), clock::now(), last_word)
            .await?
        else {
            return Ok(());
        };
        if run.status == Status::Dead {
            self.put_aside(&run).await;
            return Ok(());
        }
        let Some(event) = ground.store.event(run.event).await? else {
            let reason = "its event is not in the inbox any more";
            return Err(Stuck::Run(anyhow::anyhow!(reason)));
        };
        let event = Arc::new(event);
        let journal = ground.store.journal(id).await?;
        let plugin = (self.find)(run.plugin.clone(), run.digest)
            .await
            .map_err(Stuck::Run)?;
        let invocation = Invocation {
            id: id.clone(),
            handler: run.handler,
            arguments: run.arguments,
            permission: run.permission,
            started: event.received,
            event,
            event_row: run.event,
            begin: None,
            opening: Vec::new(),
            limits: self.limits_of(id, &journal).await?,
            journal,
        };
        self.execute(place, &plugin, invocation).await;
        Ok(())
    }

    /// The limits that a run keeps, if it began to call: until then it has those that hold now.
    async fn limits_of(
        &self,
        id: &InvocationId,
        journal: &[Entry],
    ) -> Result<Option<PluginLimits>, StoreError> {
        if journal.is_empty() {
            return Ok(None);
        }
        let kept = self.ground.store.limits_of(id).await?;
        Ok(Some(kept.unwrap_or_default()))
    }

    async fn execute(self: &Arc<Self>, place: Place, plugin: &Plugin, invocation: Invocation) {
        let (id, event, row) = (
            invocation.id.clone(),
            invocation.event.clone(),
            invocation.event_row,
        );
        let metrics = &self.ground.metrics;
        if invocation.journal.is_empty() && matches!(event.body, Body::Message(_)) {
            metrics.asked(&id, event.received);
        }
        let began = Instant::now();
        let Ended { ending, rest } = self
            .engine
            .run_in(place, plugin, invocation, self.ground.clone())
            .await;
        metrics.run_ended(&plugin.name, &ending, began.elapsed());
        let crashed_in = matches!(ending, Ending::Trapped(_)).then_some(plugin.digest);
        let mut commit = match ending {
            Ending::Parked => return,
            Ending::Lost(reason) => {
                tracing::warn!(run = %id, plugin = %plugin.name, event = event.key, "the run is left for later: {reason}");
                return self.try_again(&id, row, &event);
            }
            Ending::Done => Commit {
                at: clock::now(),
                state: Some(State::Done),
                ..rest
            },
            Ending::Refused(error) if self.was_canceled(&id, &error).await => Commit {
                state: Some(State::Failed {
                    reason: error.message,
                    incident: incident(&id),
                }),
                ..rest
            },
            Ending::Refused(error) => {
                tracing::warn!(run = %id, plugin = %plugin.name, event = event.key, incident = id.short(), "the handler gave up: {}", printable::line(&error.message));
                failed(&id, &event, rest, error.message.clone(), &error.message)
            }
            Ending::Trapped(report) => {
                log_report(&id, plugin, &report);
                let rest = Commit {
                    failure: Some(Box::new(report.clone())),
                    ..rest
                };
                crashed(&id, &plugin.name, &event, rest, &report.summary)
            }
        };
        let record = commit
            .state
            .as_ref()
            .and_then(|state| failure(&id, plugin, &event, state));
        commit.audit.extend(record);
        self.end(&id, plugin, row, &event, commit).await;
        self.migrated(&event).await;
        if let Some(digest) = crashed_in {
            let plugin = plugin.name.clone();
            let crash = Crash {
                plugin,
                digest,
                run: id,
                row,
                event,
            };
            let _ = self.wakes.send(Wake::Crashed(crash)).await;
        }
    }

    async fn end(
        self: &Arc<Self>,
        id: &InvocationId,
        plugin: &Plugin,
        row: i64,
        event: &Arc<Event>,
        commit: Commit,
    ) {
        if let Err(error) = self.ground.keep(id, commit).await {
            tracing::error!(run = %id, plugin = %plugin.name, event = event.key, "the end of the run is not stored, so it ends again later: {error}");
            self.try_again(id, row, event);
        }
    }
}

impl Parts {
    /// Tells that a run came to its end, if that is what a new version waits for.
    async fn migrated(&self, event: &Event) {
        if event.source == Source::Reload {
            let _ = self.wakes.send(Wake::Migrated).await;
        }
    }

    /// Whether a handler gave up because its run was canceled. That was said when it was done.
    async fn was_canceled(&self, id: &InvocationId, error: &Error) -> bool {
        error.code == Code::Canceled
            && matches!(self.ground.store.canceled_by(id).await, Ok(Some(_)))
    }
}

/// What is said in the chat about a run that is put aside.
pub fn last_word(run: &invocations::Invocation, event: &Event) -> Option<Outgoing> {
    let Body::Message(message) = &event.body else {
        return None;
    };
    let (plugin, run_id, asked) = (&run.plugin, run.id.short(), words::asked(event));
    let why = run.reason.as_deref().unwrap_or("it cannot go on");
    let text = Text::default().user(message.user.id.clone()).plain(format!(
        ": `{asked}` is put aside: {why}. An operator can look into it (`witbot runs {run_id}`), and then try it again \
         (`witbot runs retry {run_id}`) or end it (`witbot runs cancel {run_id}`). Plugin `{plugin}`, incident {run_id}."
    ));
    let id = CallId::new(&run.id, PUT_ASIDE);
    Some(Outgoing::post(id, message.place.clone(), Said::Text(text)))
}

/// Where the last word about a run is said.
fn channel(event: &Event) -> Option<&ChannelId> {
    match &event.body {
        Body::Message(message) => Some(&message.place.channel),
        Body::Click(_) | Body::Webhook(_) => None,
    }
}

/// A bad end, with one line in the chat that an operator can find the rest by.
fn crashed(
    id: &InvocationId,
    plugin: &PluginName,
    event: &Event,
    rest: Commit,
    reason: &str,
) -> Commit {
    let incident = incident(id);
    tracing::error!(run = %id, %plugin, event = event.key, incident, "the run failed: {reason}");
    let text = format!("`{plugin}` failed: {reason}. Incident {incident}; the log says more.");
    failed(id, event, rest, text, reason)
}

fn failed(
    id: &InvocationId,
    event: &Event,
    mut rest: Commit,
    text: String,
    reason: &str,
) -> Commit {
    rest.outgoing.extend(line(id, event, text));
    rest.at = clock::now();
    rest.state = Some(State::Failed {
        reason: reason.to_owned(),
        incident: incident(id),
    });
    rest
}

/// What the audit keeps of a bad end, to be found by its incident.
fn failure(
    id: &InvocationId,
    plugin: &Plugin,
    event: &Event,
    state: &State,
) -> Option<audit::Record> {
    let State::Failed { reason, incident } = state else {
        return None;
    };
    let actor = match &event.body {
        Body::Message(message) => Some(message.user.id.clone()),
        Body::Click(click) => Some(click.user.id.clone()),
        Body::Webhook(_) => None,
    };
    Some(audit::Record {
        at: clock::now(),
        actor,
        plugin: Some(plugin.name.clone()),
        digest: Some(plugin.digest),
        invocation: Some(id.clone()),
        action: "run.failed".to_owned(),
        detail: json!({ "reason": reason, "incident": incident }),
        outcome: "failed".to_owned(),
    })
}

/// What people are told to look for: short, and enough to find the run by.
fn incident(id: &InvocationId) -> String {
    id.short().to_owned()
}

/// A line to the person who asked, if somebody did.
fn line(id: &InvocationId, event: &Event, text: String) -> Option<Outgoing> {
    match &event.body {
        Body::Webhook(_) | Body::Click(_) => None,
        Body::Message(message) => {
            let last = CallId::new(id, LAST_WORD);
            Some(Outgoing::post(last, message.place.clone(), text))
        }
    }
}

fn log_report(id: &InvocationId, plugin: &Plugin, report: &Report) {
    let lines: String = report
        .lines()
        .iter()
        .map(|line| format!("\n{line}"))
        .collect();
    tracing::error!(
        run = %id,
        plugin = %plugin.name,
        digest = plugin.digest.short(),
        "{}{lines}",
        report.summary
    );
}
