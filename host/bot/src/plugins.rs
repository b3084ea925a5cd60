//! The plugins folder, and what is made of it: looked at again and again, built off to the side, and swapped in whole.
//!
//! Nothing that is wrong with a file touches the version that serves, or any other plugin.

mod artefacts;
mod folder;
mod judge;
mod ordered;
mod ruled;
mod takeover;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use serde_json::json;
use tokio::sync::{Notify, mpsc, watch};
use witbot_core::audit;
use witbot_core::declaration::Checked;
use witbot_core::ids::{Digest, PluginName};
use witbot_core::route::{self, Table};
use witbot_core::{limits, printable};
use witbot_engine::{Engine, LoadError, Plugin};
use witbot_store::Store;
use witbot_store::audit::Filter;
use witbot_store::error::StoreError;
use witbot_store::orders::{Ordered, PluginOrders};
use witbot_store::takeovers::Takeover;

use crate::clock;
use crate::live::{Live, Problem, Standing, held};
use crate::metrics::{Load, Metrics};
use crate::settings::{PluginSettings, Settings};
use crate::wake::Wake;
pub use artefacts::Artefacts;
pub use folder::name_of;
use folder::{Found, Scan, Stamp, read, scan};
use judge::Judgement;
pub use judge::unfounded;
use ordered::Back;
pub use ruled::OWN_COMMANDS;

/// All plugins. Cheap to clone.
#[derive(Clone)]
pub struct Plugins {
    parts: Arc<Parts>,
}

struct Parts {
    engine: Engine,
    settings: Arc<ArcSwap<Settings>>,
    live: Arc<ArcSwap<Live>>,
    /// None: nobody audits, as when the plugins are only looked at.
    store: Option<Store>,
    artefacts: Artefacts,
    metrics: Metrics,
    look: Notify,
    /// Nobody says when files change, so that they are looked at more often.
    blind: AtomicBool,
    /// How often orders were to be taken up, and how many of these times are done.
    orders: (watch::Sender<u64>, watch::Sender<u64>),
    /// Versions that are in memory for as long as a run of theirs goes on.
    older: Mutex<Older>,
    /// Versions that nothing needed at the last tidying.
    spare: Mutex<BTreeSet<Digest>>,
}

/// By name as well: the same bytes under two names are two plugins, each with its own grants, settings and keys.
type Older = BTreeMap<(PluginName, Digest), Weak<Plugin>>;

/// What is known of one name.
#[derive(Default)]
struct Entry {
    /// The file as it was when it was last read.
    read: Option<Stamp>,
    /// The file as it was at the last look, when it is not read yet.
    seen: Option<Stamp>,
    /// Since when the file is gone.
    gone: Option<Instant>,
    /// The newest version that could be loaded.
    newest: Option<Arc<Plugin>>,
    /// The one that serves, when that is an older one or the newest.
    serving: Option<Arc<Plugin>>,
    /// The last attempt failed for no fault of the file's, so that each further look tries again.
    failed: bool,
    /// Why the newest file is not loaded.
    refused: Option<String>,
    /// The same before it is told, and since when it is so.
    suspected: Option<(String, Instant)>,
    /// Why the newest file does not serve. It is reported when it changes.
    problem: Option<Problem>,
    /// What the newest version, and the one that serves, say of the settings.
    judged: Vec<Judgement>,
    /// Somebody ordered that it does not serve. It keeps the right to its commands.
    hold: Option<Ordered>,
    /// Somebody ordered that an older version serves.
    back: Option<Back>,
    /// The file that served last, before a restart as well.
    served_last: Option<Digest>,
    /// The version that was to take over from it, as of the last look.
    takeover: Option<Takeover>,
}

impl Plugins {
    /// No plugins yet. `artefacts` is a folder of the host's own.
    pub fn new(
        engine: Engine,
        settings: Arc<ArcSwap<Settings>>,
        live: Arc<ArcSwap<Live>>,
        store: Option<Store>,
        artefacts: PathBuf,
        metrics: Metrics,
    ) -> Plugins {
        let artefacts = Artefacts::new(artefacts);
        let parts = Parts {
            engine,
            settings,
            live,
            store,
            artefacts,
            metrics,
            look: Notify::new(),
            blind: AtomicBool::new(false),
            orders: (watch::Sender::new(0), watch::Sender::new(0)),
            older: Mutex::default(),
            spare: Mutex::default(),
        };
        Plugins {
            parts: Arc::new(parts),
        }
    }

    /// Asks for a look at the folder and the settings. Asking often costs nothing.
    pub fn look(&self) {
        self.parts.look.notify_one();
    }

    /// From now on the folder is looked at more often, as changes in it are not announced. `why` is told once.
    pub fn look_often(&self, why: &str) {
        if !self.parts.blind.swap(true, Ordering::Relaxed) {
            let every = limits::RESCAN_BLIND.as_secs();
            tracing::info!("{why}: the plugins folder is looked at every {every} s");
        }
    }

    /// Loads what is in the folder now, without waiting for files to come to rest.
    pub async fn load_all(&self) -> Keeper {
        self.load_all_under(BTreeMap::new()).await
    }

    /// The same where there is no store to ask what is ordered.
    pub async fn load_all_under(&self, orders: BTreeMap<PluginName, PluginOrders>) -> Keeper {
        let served = self.parts.served_before().await;
        let mut keeper = Keeper {
            parts: self.parts.clone(),
            entries: BTreeMap::new(),
            passed_over: BTreeMap::new(),
            unreadable: None,
            served,
            called: None,
            orders,
            wakes: None,
        };
        keeper.look(Settling::Skip).await;
        keeper
    }

    /// The plugin in the version that a run began with.
    pub async fn version(&self, name: PluginName, digest: Digest) -> anyhow::Result<Arc<Plugin>> {
        let version = (name, digest);
        let name = &version.0;
        let live = self.parts.live.load();
        if let Some(plugin) = live
            .serving
            .get(name)
            .filter(|plugin| plugin.digest == digest)
        {
            return Ok(plugin.clone());
        }
        if let Some(plugin) = self.parts.older().get(&version).and_then(Weak::upgrade) {
            return Ok(plugin);
        }
        let artefacts = self.parts.artefacts.clone();
        let bytes = tokio::task::spawn_blocking(move || artefacts.read(&digest))
            .await?
            .with_context(|| {
                format!("the version of `{name}` that it began with cannot be read")
            })?;
        let plugin = Arc::new(self.parts.engine.load(name, bytes).await?);
        let mut older = self.parts.older();
        older.retain(|_, plugin| plugin.strong_count() > 0);
        older.insert(version, Arc::downgrade(&plugin));
        Ok(plugin)
    }
}

impl Plugins {
    /// Keeps the folders of old versions and of compiled code from growing for ever. `needed` are the versions of runs
    /// that are not over; those that serve are needed as well. A version goes when nothing needed it at the last tidying
    /// either: the run that has just begun with it may not be stored yet, or it is about to serve.
    pub async fn tidy(&self, mut needed: BTreeSet<Digest>) {
        let live = self.parts.live.load_full();
        needed.extend(live.serving.values().map(|plugin| plugin.digest));
        needed.extend(
            live.standings
                .iter()
                .filter_map(|standing| standing.serving),
        );
        // What is to serve when nothing keeps it from it any more.
        let newest = live.standings.iter();
        needed.extend(newest.filter_map(|standing| Some(standing.newest.as_ref()?.digest)));
        match self.parts.gone_back_to(&live).await {
            Ok(versions) => needed.extend(versions),
            Err(error) => {
                return tracing::warn!("which versions can be gone back to is not known: {error}");
            }
        }
        let parts = self.parts.clone();
        let tidied = tokio::task::spawn_blocking(move || parts.tidy(&needed)).await;
        match tidied.map_err(io::Error::other).flatten() {
            Ok(0) => {}
            Ok(files) => tracing::info!("removed {files} files of versions that nothing needs"),
            Err(error) => tracing::warn!("cannot remove what nothing needs: {error}"),
        }
    }
}

impl Parts {
    fn tidy(&self, needed: &BTreeSet<Digest>) -> io::Result<usize> {
        let all = self.artefacts.all()?;
        let spare: BTreeSet<Digest> = all.difference(needed).copied().collect();
        let before = {
            let mut last = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *last, spare.clone())
        };
        let twice = spare.intersection(&before).copied().collect();
        Ok(self.artefacts.thin_out(&twice)? + self.engine.forget_compiled(needed)?)
    }

    fn older(&self) -> std::sync::MutexGuard<'_, Older> {
        self.older.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who served when the bot was stopped, as the audit knows it.
    async fn served_before(&self) -> BTreeSet<PluginName> {
        /// Every start writes a record for each plugin, so these are the plugins of a very full folder and hundreds
        /// of changes since. Who is forgotten keeps its commands unless another plugin wants them too.
        const RECORDS_MAX: u32 = 1_000;
        let Some(store) = &self.store else {
            return BTreeSet::new();
        };
        let mut latest = BTreeMap::new();
        for action in [
            "plugin.loaded",
            "plugin.refused",
            "plugin.held",
            "plugin.removed",
        ] {
            let filter = Filter {
                action: Some(action.to_owned()),
                ..Filter::default()
            };
            let links = store
                .audit_tail(RECORDS_MAX, filter)
                .await
                .unwrap_or_else(|error| {
                    tracing::warn!("who served before is not known: {error}");
                    Vec::new()
                });
            for link in links {
                let Some(plugin) = link.record.plugin else {
                    continue;
                };
                let serves = link.record.digest.is_some();
                let known = latest.entry(plugin).or_insert((link.seq, serves));
                *known = (*known).max((link.seq, serves));
            }
        }
        latest
            .into_iter()
            .filter(|(_, (_, serves))| *serves)
            .map(|(name, _)| name)
            .collect()
    }
}

/// Whether files have to be unchanged for a while before they are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Settling {
    /// At the start, what is there is there.
    Skip,
    /// Linkers write in pieces.
    Wait,
}

/// The one who looks. It is owned by one task, so that there is one look at a time.
pub struct Keeper {
    parts: Arc<Parts>,
    entries: BTreeMap<PluginName, Entry>,
    /// Files that cannot be plugins, and why, as of the last look. Each is reported once.
    passed_over: BTreeMap<PathBuf, String>,
    /// Why the folder could not be read at the last look.
    unreadable: Option<String>,
    /// Who served when the bot was stopped: a restart must not change who has a command.
    served: BTreeSet<PluginName>,
    /// The name and the alias of the bot, as they are part of the table that serves.
    called: Option<(String, Option<String>)>,
    /// What is ordered, as of the last look.
    orders: BTreeMap<PluginName, PluginOrders>,
    /// Who acts on what begins. None: the bot does not run yet.
    wakes: Option<mpsc::Sender<Wake>>,
}

impl Keeper {
    /// Looks for as long as the bot runs: when asked, when a file has not come to rest, and every so often anyway.
    pub async fn run(mut self, wakes: mpsc::Sender<Wake>) {
        self.wakes(wakes);
        let parts = self.parts.clone();
        let mut ordered = parts.orders.0.subscribe();
        loop {
            let settled = !self.unsettled();
            let again = match parts.blind.load(Ordering::Relaxed) {
                _ if !settled => limits::RELOAD_QUIET,
                true => limits::RESCAN_BLIND,
                false => limits::RESCAN,
            };
            tokio::select! {
                () = parts.look.notified() => {
                    // Changes come in bursts, and a look at each would see half of it.
                    tokio::time::sleep(limits::RELOAD_QUIET).await;
                    self.look(Settling::Wait).await;
                }
                () = tokio::time::sleep(again) => {
                    self.look(Settling::Wait).await;
                    if settled && self.unsettled() {
                        self.was_it_announced().await;
                    }
                }
                // The sender is among our parts.
                _ = ordered.changed() => {
                    let times = *ordered.borrow_and_update();
                    let settings = parts.settings.load_full();
                    self.publish(&settings).await;
                    parts.orders.1.send_replace(times);
                }
            }
        }
    }

    /// A look that nobody asked for has found something new. Where changes are announced, this one is within a moment.
    async fn was_it_announced(&self) {
        let announced = self.parts.look.notified();
        if tokio::time::timeout(limits::RELOAD_QUIET, announced)
            .await
            .is_err()
        {
            let plugins = Plugins {
                parts: self.parts.clone(),
            };
            plugins.look_often("a change of a file was not announced by its file system");
        }
    }

    fn unsettled(&self) -> bool {
        self.entries.values().any(|entry| {
            entry.seen != entry.read || entry.gone.is_some() || entry.suspected.is_some()
        })
    }

    async fn look(&mut self, settling: Settling) {
        let settings = self.parts.settings.load_full();
        let folder = settings.plugins_folder.clone();
        match tokio::task::spawn_blocking(move || scan(&folder)).await {
            Ok(Ok(Scan { found, passed_over })) => {
                if self.unreadable.take().is_some() {
                    tracing::info!("the plugins folder can be read again");
                }
                self.pass_over(passed_over);
                self.take_up(found, settling).await;
            }
            // There was none before either.
            Ok(Err(error))
                if error.kind() == io::ErrorKind::NotFound && self.entries.is_empty() => {}
            // What serves goes on: an unreadable folder is not an empty one.
            Ok(Err(error)) => self.cannot_read(&settings.plugins_folder, &error.to_string()),
            Err(error) => self.cannot_read(&settings.plugins_folder, &error.to_string()),
        }
        self.publish(&settings).await;
    }

    fn cannot_read(&mut self, folder: &Path, error: &str) {
        if self.unreadable.as_deref() != Some(error) {
            let folder = folder.display();
            tracing::error!(
                "the plugins folder {folder} cannot be read, so what serves goes on: {error}"
            );
        }
        self.unreadable = Some(error.to_owned());
    }

    fn pass_over(&mut self, files: BTreeMap<PathBuf, String>) {
        for (path, reason) in &files {
            if self.passed_over.get(path) != Some(reason) {
                let path = path.display().to_string();
                tracing::warn!(
                    "{} is passed over: {}; rename it",
                    printable::line(&path),
                    printable::line(reason)
                );
            }
        }
        self.passed_over = files;
    }

    async fn take_up(&mut self, found: BTreeMap<PluginName, Found>, settling: Settling) {
        for (name, entry) in &mut self.entries {
            if !found.contains_key(name) {
                entry.gone.get_or_insert_with(Instant::now);
            }
        }
        self.entries.retain(|_, entry| {
            entry
                .gone
                .is_none_or(|gone| gone.elapsed() < limits::DELETE_GRACE)
        });
        for (name, file) in found {
            let entry = self.entries.entry(name.clone()).or_default();
            entry.gone = None;
            let rested = settling == Settling::Skip || entry.seen.as_ref() == Some(&file.stamp);
            entry.seen = Some(file.stamp.clone());
            if rested && (entry.failed || entry.read.as_ref() != Some(&file.stamp)) {
                entry.read = Some(file.stamp.clone());
                entry.take(&self.parts, &name, file).await;
            }
            entry.suspect(settling, Instant::now());
        }
    }

    /// Decides who serves, and swaps the whole table once.
    async fn publish(&mut self, settings: &Settings) {
        let before = self.parts.live.load_full();
        self.take_up_orders().await;
        let mut names: Vec<PluginName> = self.entries.keys().cloned().collect();
        // Who serves already has the right to its commands.
        let has_right = |name: &PluginName| {
            let held = self
                .entries
                .get(name)
                .is_some_and(|entry| entry.hold.is_some());
            held || before.serving.contains_key(name) || self.served.contains(name)
        };
        names.sort_by_key(|name| !has_right(name));
        let known = before.standings.iter().map(|standing| &standing.name);
        let mut news: Vec<PluginName> = known
            .filter(|name| !self.entries.contains_key(*name))
            .cloned()
            .collect();
        for name in names {
            self.judge(&name, settings).await;
            self.serve_on(&name).await;
            if self.settle(&name, settings) {
                news.push(name);
            }
        }
        self.begin_migrations().await;
        let called = (settings.name.clone(), settings.alias.clone());
        let same_held = before.held == self.held();
        if news.is_empty() && same_held && self.called.as_ref() == Some(&called) {
            return;
        }
        let renamed = self.called.as_ref().is_some_and(|before| *before != called);
        self.called = Some(called);
        let live = Arc::new(self.live(settings));
        self.parts.live.store(live.clone());
        if renamed {
            tracing::info!("listeners know the bot as `{}`", settings.name);
        }
        for name in news {
            self.note_version(&name).await;
            self.report(&name, live.standing(&name)).await;
        }
    }

    /// Decides who serves under one name. Says whether anything is new about it.
    fn settle(&mut self, name: &PluginName, settings: &Settings) -> bool {
        let Some(entry) = self.entries.get(name) else {
            return false;
        };
        let before = (entry.digest(), entry.problem.clone());
        let conflict = self.conflict(name, entry.newest.as_ref());
        let older = entry.back.as_ref().and_then(Back::plugin);
        let older_conflict = self.conflict(name, older);
        let Some(entry) = self.entries.get_mut(name) else {
            return false;
        };
        let part = settings.plugins.get(name);
        entry.settle(part, conflict);
        entry.go_back(part, older_conflict);
        if let Some(hold) = &entry.hold {
            entry.problem = Some(Problem::Ordered(hold.clone()));
        }
        before != (entry.digest(), entry.problem.clone())
    }

    /// Whether a version that does not serve clashes with another plugin.
    fn conflict(&self, name: &PluginName, version: Option<&Arc<Plugin>>) -> Option<Problem> {
        let serving = self.entries.get(name)?.serving.as_ref();
        let waiting = version
            .filter(|waiting| Some(waiting.digest) != serving.map(|plugin| plugin.digest))?;
        let others = self.entries.iter();
        let others: Vec<_> = others
            .filter_map(|(name, entry)| entry.declared(name))
            .collect();
        let conflicts = route::conflicts(&others, name, &waiting.declaration);
        conflicts
            .first()
            .map(|conflict| Problem::Refused(conflict.to_string()))
    }

    fn live(&self, settings: &Settings) -> Live {
        let declared = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.hold.is_none())
            .filter_map(|(name, entry)| entry.declared(name))
            .collect();
        let serving = self
            .entries
            .iter()
            .filter_map(|(name, entry)| Some((name.clone(), entry.serves()?.clone())));
        let known = self.entries.iter();
        // What is looked at still is nothing yet.
        let known = known.filter(|(_, entry)| entry.newest.is_some() || entry.problem.is_some());
        let standings = known.map(|(name, entry)| Standing {
            name: name.clone(),
            version: entry.version(),
            serving: entry.digest(),
            problem: entry.problem.clone(),
            newest: entry.newest.clone(),
            before: entry.before(),
        });
        let idle = self
            .entries
            .iter()
            .filter_map(|(name, entry)| entry.declared_in_vain(name))
            .collect();
        Live {
            table: Table::new(declared, settings.names()),
            idle: Table::new(idle, settings.names()),
            serving: serving.collect(),
            standings: standings.collect(),
            held: self.held(),
        }
    }

    async fn report(&self, name: &PluginName, standing: Option<&Standing>) {
        // Who only looks is told by what is printed.
        let Some(store) = &self.parts.store else {
            return;
        };
        let digest = standing.and_then(|standing| standing.serving);
        let (action, detail) = match (
            digest,
            standing.and_then(|standing| standing.problem.as_ref()),
        ) {
            (Some(digest), None) => {
                tracing::info!(plugin = %name, digest = digest.short(), "the plugin is live");
                ("plugin.loaded", String::new())
            }
            (None, None) => {
                tracing::info!(plugin = %name, "the plugin is gone");
                ("plugin.removed", String::new())
            }
            (_, Some(Problem::Migrates)) => ("plugin.held", Problem::Migrates.reason()),
            (serving, Some(problem)) => {
                let older = match (serving, problem) {
                    (None, _) => "",
                    (Some(_), Problem::RolledBack(_)) => " (an older version serves)",
                    (Some(_), _) => " (the version before it goes on serving)",
                };
                tracing::warn!(plugin = %name, "the plugin is {}{older}: {}{}", problem.word(), printable::text(&problem.reason()), news(standing));
                let action = match problem {
                    Problem::Held { .. }
                    | Problem::Settings(_)
                    | Problem::Ordered(_)
                    | Problem::Migrates
                    | Problem::NotMigrated { .. } => "plugin.held",
                    Problem::Refused(_) => "plugin.refused",
                    Problem::RolledBack(_) => "plugin.loaded",
                };
                (action, problem.reason())
            }
        };
        let record = audit::Record {
            at: clock::now(),
            actor: None,
            plugin: Some(name.clone()),
            digest,
            invocation: None,
            action: action.to_owned(),
            detail: json!(detail),
            outcome: "ok".to_owned(),
        };
        match store.audit(vec![record]).await {
            // A stop records nothing: every start says anew how each plugin stands.
            Ok(_) | Err(StoreError::Closed) => {}
            Err(error) => {
                tracing::error!("a change of the plugins is not in the audit: {error}");
            }
        }
    }
}

impl Entry {
    /// Reads and loads the file. What serves is not touched.
    async fn take(&mut self, parts: &Parts, name: &PluginName, file: Found) {
        let bytes = match tokio::task::spawn_blocking(move || read(&file)).await {
            Ok(Ok(Some(bytes))) => bytes,
            Ok(Ok(None)) => {
                // Somebody is writing it.
                self.read = None;
                return;
            }
            Ok(Err(error)) => return self.fail(format!("it cannot be read: {error}")),
            Err(error) => return self.fail(format!("it cannot be read: {error}")),
        };
        self.failed = false;
        let digest = Digest::of(&bytes);
        if self
            .newest
            .as_ref()
            .is_some_and(|plugin| plugin.digest == digest)
        {
            return self.is_well();
        }
        let began = Instant::now();
        let loaded = parts.engine.load(name, bytes.clone()).await;
        parts.metrics.loaded(outcome(&loaded), began.elapsed());
        match loaded {
            Ok(plugin) => {
                log_load(name, &digest, began.elapsed());
                self.is_well();
                self.newest = Some(Arc::new(plugin));
                keep_artefact(parts, name, digest, bytes).await;
            }
            Err(error @ LoadError::Host(_)) => self.fail(error.to_string()),
            Err(error) => self.wrong(error.to_string()),
        }
    }

    /// It is not the file's fault, so that each further look tries again.
    fn fail(&mut self, reason: String) {
        self.failed = true;
        self.wrong(reason);
    }

    fn is_well(&mut self) {
        (self.refused, self.suspected) = (None, None);
    }

    fn wrong(&mut self, reason: String) {
        if self.refused.as_ref() == Some(&reason) {
            self.suspected = None;
            return;
        }
        let since = match self.suspected.take() {
            // It was tried again, and is as it was.
            Some((before, since)) if self.failed && before == reason => since,
            _ => Instant::now(),
        };
        self.suspected = Some((reason, since));
    }

    /// What is wrong with a file is told when it stays so: somebody may be writing it still.
    fn suspect(&mut self, settling: Settling, now: Instant) {
        let settled = |(_, since): &mut (String, Instant)| {
            settling == Settling::Skip || now.duration_since(*since) >= limits::REFUSAL_GRACE
        };
        if let Some((reason, _)) = self.suspected.take_if(settled) {
            self.refused = Some(reason);
        }
    }

    /// Decides who serves under these settings, and why it is not the newest file.
    fn settle(&mut self, part: Option<&PluginSettings>, conflict: Option<Problem>) {
        let problem = |plugin: &Arc<Plugin>| self.problem_of(plugin, part);
        let newest = conflict
            .or_else(|| self.newest.as_ref().and_then(problem))
            .or_else(|| self.migration());
        if newest.is_none() && self.newest.is_some() {
            self.serving.clone_from(&self.newest);
        } else if self
            .serving
            .as_ref()
            .is_some_and(|plugin| problem(plugin).is_some())
        {
            self.serving = None;
        }
        self.problem = self.refused.clone().map(Problem::Refused).or(newest);
    }

    /// What keeps a version from serving under these settings.
    fn problem_of(&self, plugin: &Plugin, part: Option<&PluginSettings>) -> Option<Problem> {
        let nothing = PluginSettings::default();
        let part = part.unwrap_or(&nothing);
        let own = |judgement: &&Judgement| judgement.digest == plugin.digest;
        let judged = || self.judged.iter().find(own)?.problem.clone();
        held(plugin, part).or_else(judged)
    }

    /// What the author calls the version that serves, or else the newest.
    fn version(&self) -> String {
        let plugin = self.serving.as_ref().or(self.newest.as_ref());
        plugin.map_or(String::new(), |plugin| {
            plugin.declaration.declaration.version.clone()
        })
    }

    /// The version that is called.
    fn serves(&self) -> Option<&Arc<Plugin>> {
        self.serving.as_ref().filter(|_| self.hold.is_none())
    }

    fn digest(&self) -> Option<Digest> {
        self.serves().map(|plugin| plugin.digest)
    }

    /// The version that serves, if it is not the newest.
    fn before(&self) -> Option<Arc<Plugin>> {
        let newest = self.newest.as_ref()?.digest;
        self.serving
            .clone()
            .filter(|serving| serving.digest != newest)
    }

    fn declared(&self, name: &PluginName) -> Option<(PluginName, Arc<Checked>)> {
        Some((name.clone(), self.serving.as_ref()?.declaration.clone()))
    }

    /// What it would answer if nothing kept it from serving.
    fn declared_in_vain(&self, name: &PluginName) -> Option<(PluginName, Arc<Checked>)> {
        let idle = self.serving.as_ref().or(self.newest.as_ref());
        let idle = idle.filter(|_| self.serves().is_none())?;
        Some((name.clone(), idle.declaration.clone()))
    }
}

/// How a version that does not serve differs from the one that does, for the log.
fn news(standing: Option<&Standing>) -> String {
    let lines = standing.map(Standing::difference).unwrap_or_default();
    if lines.is_empty() {
        return String::new();
    }
    let lines = printable::text(&lines.join("\n")).into_owned();
    format!("\nWhat is different in it:\n{lines}")
}

/// What became of a new file.
fn outcome(loaded: &Result<Plugin, LoadError>) -> Load {
    match loaded {
        Ok(_) => Load::Ready,
        Err(LoadError::Host(_)) => Load::Failed,
        Err(_) => Load::Refused,
    }
}

fn log_load(name: &PluginName, digest: &Digest, took: Duration) {
    tracing::debug!(plugin = %name, digest = digest.short(), took_ms = took.as_millis() as u64, "loaded");
}

async fn keep_artefact(parts: &Parts, name: &PluginName, digest: Digest, bytes: Vec<u8>) {
    if parts.store.is_none() {
        // Who only looks runs nothing, and a bot that runs may be writing there.
        return;
    }
    let artefacts = parts.artefacts.clone();
    let kept = tokio::task::spawn_blocking(move || artefacts.keep(&digest, &bytes)).await;
    if let Err(error) = kept.map_err(io::Error::other).flatten() {
        tracing::warn!(plugin = %name, "its version cannot be kept for runs that outlive it: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_told_when_it_stays_so() {
        let mut entry = Entry::default();
        entry.wrong("half of it is missing".to_owned());
        let later = |entry: &Entry, after: Duration| {
            let (_, since) = entry.suspected.as_ref().unwrap();
            *since + after
        };
        let soon = later(&entry, limits::REFUSAL_GRACE / 2);
        entry.suspect(Settling::Wait, soon);
        assert_eq!(entry.refused, None);
        // It was written on, and is wrong in another way: the time begins anew.
        entry.wrong("the end of it is missing".to_owned());
        entry.suspect(Settling::Wait, later(&entry, limits::REFUSAL_GRACE / 2));
        assert_eq!(entry.refused, None);
        let late = later(&entry, limits::REFUSAL_GRACE);
        entry.suspect(Settling::Wait, late);
        assert_eq!(entry.refused.as_deref(), Some("the end of it is missing"));
        // What was told stays told until the file is well, or wrong in another way for as long.
        entry.wrong("the end of it is missing".to_owned());
        assert_eq!(entry.suspected, None);
        entry.is_well();
        assert_eq!(entry.refused, None);
    }

    #[test]
    fn what_is_tried_again_and_fails_again_is_told_in_the_same_time() {
        let mut entry = Entry::default();
        entry.fail("no rights".to_owned());
        let since = entry.suspected.as_ref().unwrap().1;
        entry.fail("no rights".to_owned());
        assert_eq!(entry.suspected.as_ref().unwrap().1, since);
    }

    #[test]
    fn at_the_start_nobody_is_writing() {
        let mut entry = Entry::default();
        entry.wrong("half of it is missing".to_owned());
        entry.suspect(Settling::Skip, Instant::now());
        assert!(entry.refused.is_some() && entry.suspected.is_none());
    }
}
