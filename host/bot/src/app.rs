//! Builds the rooms, wires them, and holds the one loop in which everything that happens can be read.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use tokio::io::AsyncBufReadExt as _;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use witbot_core::ci::Provider;
use witbot_core::event::{Body, Event};
use witbot_core::limits;
use witbot_engine::{Engine, World as _};
use witbot_store::Store;
use witbot_store::inbox::Accepted;

use crate::clock;
use crate::dispatch::{self, Action};
use crate::doors::console::{self, Console};
use crate::doors::hooks::{self, Hooks};
use crate::doors::http::Server;
use crate::ground::Ground;
use crate::live::Live;
use crate::outbox::Outbox;
use crate::plugins::{Keeper, Plugins};
use crate::runs::Runs;
use crate::services::ci::CiProvider;
use crate::services::ci::circleci::Circleci;
use crate::services::github::{Credentials, Github};
use crate::services::web::Web;
use crate::services::{self, Services};
use crate::settings::Settings;
use crate::settings::secrets::{GithubCredential, Secrets};
use crate::wake::Wake;
use crate::waits::{Look, Waits};
use crate::watch::Watch;

/// Enough for every instance to say something at once; who comes later waits.
const WAKES_MAX: usize = 1024;
/// How often a script looks whether its last line is answered.
const SCRIPT_PACE: Duration = Duration::from_millis(20);

/// What the command line asks for.
pub struct Options {
    /// What the operator decided.
    pub settings: Settings,
    /// The file that it stands in.
    pub settings_file: Option<PathBuf>,
    /// What the bot proves itself with.
    pub secrets: Secrets,
    /// Lines to be said one after the other, each when all before it is answered. Then the bot stops.
    pub script: Option<Vec<String>>,
}

/// The bot while it runs.
struct App {
    settings: Arc<ArcSwap<Settings>>,
    settings_file: Option<PathBuf>,
    live: Arc<ArcSwap<Live>>,
    store: Store,
    ground: Arc<Ground>,
    plugins: Plugins,
    runs: Runs,
    waits: Waits,
    outbox: Outbox,
    console: Console,
    door: Door,
    server: Server,
}

/// Runs the bot until it is told to stop.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let Options { settings, settings_file, secrets, script } = options;
    let (send_wake, wakes) = mpsc::channel(WAKES_MAX);
    std::fs::create_dir_all(&settings.plugins_folder)
        .with_context(|| format!("cannot make the plugins folder {}", settings.plugins_folder.display()))?;
    let store = Store::open(&settings.data)?;
    let server = Server::bind(settings.listen).await?;
    let (app, keeper) = build(settings, settings_file, &secrets, store, server, send_wake).await?;
    app.run(keeper, secrets, wakes, script).await
}

async fn build(
    settings: Settings,
    settings_file: Option<PathBuf>,
    secrets: &Secrets,
    store: Store,
    server: Server,
    wakes: mpsc::Sender<Wake>,
) -> anyhow::Result<(App, Keeper)> {
    let engine = Engine::new(&settings.data.join("compiled"))?;
    let artefacts = settings.data.join("artefacts");
    let console = Console::new(&settings.name);
    let services = services(&settings, secrets)?;
    let settings = Arc::new(ArcSwap::from_pointee(settings));
    let live = Arc::new(ArcSwap::from_pointee(Live::empty()));
    let plugins = Plugins::new(engine.clone(), settings.clone(), live.clone(), Some(store.clone()), artefacts);
    let keeper = plugins.load_all().await;
    let owner = format!("{}-{}", std::process::id(), clock::now().0);
    let ground =
        Arc::new(Ground { store: store.clone(), services, settings: settings.clone(), wakes: wakes.clone(), owner });
    let versions = plugins.clone();
    let find = Arc::new(move |name, digest| {
        let versions = versions.clone();
        Box::pin(async move { versions.version(name, digest).await }) as _
    });
    let app = App {
        runs: Runs::new(engine, ground.clone(), find, wakes.clone()),
        waits: Waits::new(store.clone(), look(ground.clone()), wakes.clone()),
        outbox: Outbox::new(store.clone(), console.clone()),
        door: Door { store: store.clone(), wakes },
        settings,
        settings_file,
        live,
        store,
        ground,
        plugins,
        console,
        server,
    };
    Ok((app, keeper))
}

fn services(settings: &Settings, secrets: &Secrets) -> anyhow::Result<Services> {
    let credentials = secrets.github.clone().map(|credential| match credential {
        GithubCredential::Token(token) => Credentials::Token(token),
        GithubCredential::App { id, private_key } => Credentials::App { id, private_key_pem: private_key },
    });
    let github = credentials.map(|credentials| Github::new(&settings.github_api_url, credentials)).transpose()?;
    let circleci = secrets.circleci.clone().map(|token| Circleci::new(&settings.circleci_api_url, token)).transpose()?;
    let circleci = circleci.map(|circleci| (Provider::Circleci, Box::new(circleci) as Box<dyn CiProvider>));
    Ok(Services { github, ci: circleci.into_iter().collect(), web: Web::new()? })
}

fn look(ground: Arc<Ground>) -> Look {
    Arc::new(move |operation| {
        let ground = ground.clone();
        Box::pin(async move { ground.look(&operation).await })
    })
}

impl App {
    async fn run(
        self,
        keeper: Keeper,
        secrets: Secrets,
        mut wakes: mpsc::Receiver<Wake>,
        script: Option<Vec<String>>,
    ) -> anyhow::Result<()> {
        let plugins_folder = self.settings.load().plugins_folder.clone();
        let _watch = Watch::start(
            &plugins_folder,
            self.settings_file.as_deref(),
            self.plugins.clone(),
            self.door.wakes.clone(),
        )
        .inspect_err(|error| tracing::warn!("changes are seen every {} s only: {error:#}", limits::RESCAN.as_secs()));
        let (stop, stopping) = watch::channel(false);
        let (address, ready) = (self.server.address()?, self.server.ready());
        let App { settings, settings_file, live, store, ground, plugins, runs, waits, outbox, console, door, server } =
            self;
        let rooms = Rooms { settings, settings_file, live, store, ground, plugins, runs, waits, outbox, console, door };
        rooms.recover().await?;
        let background = [
            tokio::spawn(keeper.run()),
            tokio::spawn({
                let waits = rooms.waits.clone();
                async move { waits.run().await }
            }),
        ];
        let served = tokio::spawn(server.run(hooks::router(rooms.door.hooks(&secrets)), stopping));
        let input = match &script {
            Some(_) => None,
            None => Some(tokio::spawn(read_lines(rooms.door.clone(), rooms.settings.clone()))),
        };
        ready.store(true, Ordering::Relaxed);
        tracing::info!("ready: {} plugins live, listening at http://{address}", rooms.live.load().serving.len());
        rooms.serve(&mut wakes, script).await?;
        ready.store(false, Ordering::Relaxed);
        // Doors first, so that nothing new begins; then what runs; then what it had to say.
        let _ = stop.send(true);
        for task in input.iter().chain(&background) {
            task.abort();
        }
        rooms.stop(wakes, served).await
    }
}

/// What the loop works with.
struct Rooms {
    settings: Arc<ArcSwap<Settings>>,
    settings_file: Option<PathBuf>,
    live: Arc<ArcSwap<Live>>,
    store: Store,
    ground: Arc<Ground>,
    plugins: Plugins,
    runs: Runs,
    waits: Waits,
    outbox: Outbox,
    console: Console,
    door: Door,
}

impl Rooms {
    /// Takes up what the last stop, of whatever kind, has left.
    async fn recover(&self) -> anyhow::Result<()> {
        for wait in self.store.waits().await? {
            self.waits.add(wait);
        }
        let recovered = self.store.recover().await?;
        for run in recovered.dead {
            tracing::error!(run = %run.id, plugin = %run.plugin, "the run is put aside: the bot was stopped in it {} times", run.attempts);
        }
        for run in recovered.runs {
            tracing::info!(run = %run.id, plugin = %run.plugin, "the run goes on");
            self.runs.resume(run.id);
        }
        self.outbox.recover().await;
        for (row, event) in self.store.events_unrouted().await? {
            self.came(row, Arc::new(event)).await;
        }
        Ok(())
    }

    /// The loop.
    async fn serve(&self, wakes: &mut mpsc::Receiver<Wake>, script: Option<Vec<String>>) -> anyhow::Result<()> {
        let mut script = script.map(|lines| Script { lines: lines.into_iter(), said: 0, quiet: 0 });
        let mut pace = tokio::time::interval(SCRIPT_PACE);
        let mut stopped = std::pin::pin!(stop_signal());
        loop {
            tokio::select! {
                wake = wakes.recv() => match wake {
                    None => return Ok(()),
                    Some(Wake::InputEnded) => {
                        tracing::info!("nothing more will be typed: stopping when all is answered");
                        script = Some(Script::default());
                    }
                    Some(wake) => self.on(wake).await,
                },
                _ = pace.tick(), if script.is_some() => {
                    if let Some(script) = &mut script
                        && !self.next_line(script, wakes.is_empty()).await?
                    {
                        return Ok(());
                    }
                }
                signal = &mut stopped => {
                    tracing::info!("stopping: {}", signal?);
                    return Ok(());
                }
            }
        }
    }

    async fn on(&self, wake: Wake) {
        match wake {
            Wake::Came { row, event } => self.came(row, event).await,
            Wake::ToSay(channels) => channels.into_iter().for_each(|channel| self.outbox.deliver(channel)),
            Wake::Parked(wait) => self.waits.add(wait),
            Wake::Runnable(run) => self.runs.resume(run),
            Wake::SettingsChanged => self.read_settings(),
            Wake::Ended | Wake::InputEnded => {}
        }
    }

    async fn came(&self, row: i64, event: Arc<Event>) {
        for key in services::wait_keys(&event) {
            self.waits.poke(&key);
        }
        if let Body::Message(message) = &event.body
            && self.waits.answer(message).await
        {
            return self.routed(row).await;
        }
        let live = self.live.load();
        match dispatch::decide(&live, row, &event, |plugin| self.ground.grants(plugin)) {
            Action::Nothing => self.routed(row).await,
            Action::Say(run, commit) => {
                if let Err(error) = self.ground.keep(&run, *commit).await {
                    tracing::error!("an answer is not stored: {error}");
                }
            }
            Action::Call(calls) => self.call(row, calls).await,
        }
    }

    /// One run begins with its own first commit; several begin together, so that none is forgotten.
    async fn call(&self, row: i64, mut calls: Vec<(Arc<witbot_engine::Plugin>, witbot_engine::Invocation)>) {
        if calls.len() == 1
            && let Some((plugin, invocation)) = calls.pop()
        {
            return self.runs.start(plugin, invocation);
        }
        let begins = calls.iter_mut().filter_map(|(_, call)| Some((call.id.clone(), call.begin.take()?))).collect();
        let opening = calls.iter_mut().flat_map(|(_, call)| std::mem::take(&mut call.opening)).collect();
        match self.store.begin_all(row, begins).await {
            Ok(new) => new.into_iter().for_each(|run| self.runs.resume(run)),
            Err(error) => return tracing::error!("the runs of event {row} begin after the next start: {error}"),
        }
        if let Err(error) = self.store.audit(opening).await {
            tracing::error!("the beginning of runs is not in the audit: {error}");
        }
    }

    async fn routed(&self, row: i64) {
        if let Err(error) = self.store.mark_routed(row).await {
            tracing::error!("event {row} is looked at again after the next start: {error}");
        }
    }

    /// Takes new settings up. Bad ones change nothing.
    fn read_settings(&self) {
        let Some(file) = &self.settings_file else { return };
        let before = self.settings.load();
        let mut settings = match Settings::read(file) {
            Ok(settings) => settings,
            Err(error) => return tracing::error!("the settings stay as they were:\n{:?}", miette::Report::new(error)),
        };
        let fixed = |settings: &Settings| {
            let Settings { plugins_folder, data, listen, github_api_url, circleci_api_url, .. } = settings.clone();
            (plugins_folder, data, listen, github_api_url, circleci_api_url)
        };
        if fixed(&settings) != fixed(&before) {
            tracing::warn!("folders, addresses and API addresses stay as they were until the next start");
            (
                settings.plugins_folder,
                settings.data,
                settings.listen,
                settings.github_api_url,
                settings.circleci_api_url,
            ) = fixed(&before);
        }
        self.settings.store(Arc::new(settings));
        tracing::info!("the settings are taken up");
        self.plugins.look();
    }

    /// Says the next line of a script when all is quiet. False: there is none.
    async fn next_line(&self, script: &mut Script, no_wakes: bool) -> anyhow::Result<bool> {
        let quiet = no_wakes && self.runs.idle() && self.waits.busy() == 0 && self.outbox.idle();
        script.quiet = if quiet { script.quiet + 1 } else { 0 };
        // Twice: between two rooms, something can be in neither.
        if script.quiet < 2 {
            return Ok(true);
        }
        script.quiet = 0;
        let Some(line) = script.lines.next() else { return Ok(false) };
        script.said += 1;
        if !line.trim().is_empty() && !line.starts_with('#') {
            self.console.echo(&line).await;
            self.door.say(&line, script.said, &self.settings.load()).await?;
        }
        Ok(true)
    }

    async fn stop(
        self,
        mut wakes: mpsc::Receiver<Wake>,
        served: JoinHandle<anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        // Runs that end say so; somebody has to listen, or they would wait for ever.
        let (outbox, runs) = (self.outbox.clone(), self.runs.clone());
        let ended = async move {
            runs.stop(limits::SHUTDOWN_MAX / 2).await;
        };
        let mut ended = std::pin::pin!(ended);
        loop {
            tokio::select! {
                () = &mut ended => break,
                Some(wake) = wakes.recv() => if let Wake::ToSay(channels) = wake {
                    channels.into_iter().for_each(|channel| outbox.deliver(channel));
                },
            }
        }
        while let Ok(wake) = wakes.try_recv() {
            if let Wake::ToSay(channels) = wake {
                channels.into_iter().for_each(|channel| self.outbox.deliver(channel));
            }
        }
        let _ = tokio::time::timeout(limits::SHUTDOWN_MAX / 4, self.outbox.stop()).await;
        let _ = tokio::time::timeout(limits::SHUTDOWN_MAX / 4, served).await;
        self.store.close().await;
        Ok(())
    }
}

/// Lines that are said one after the other.
#[derive(Default)]
struct Script {
    lines: std::vec::IntoIter<String>,
    said: u32,
    quiet: u32,
}

/// Where every event comes in: it is on the disk before anybody acts on it or is told that it arrived.
#[derive(Clone)]
struct Door {
    store: Store,
    wakes: mpsc::Sender<Wake>,
}

impl Door {
    async fn accept(&self, event: Event) -> anyhow::Result<bool> {
        match self.store.accept(&event, false).await? {
            Accepted::Duplicate => Ok(false),
            Accepted::New(row) => {
                let _ = self.wakes.send(Wake::Came { row, event: Arc::new(event) }).await;
                Ok(true)
            }
        }
    }

    fn hooks(&self, secrets: &Secrets) -> Hooks {
        let door = self.clone();
        Hooks {
            github: secrets.github_webhook.clone(),
            circleci: secrets.circleci_webhook.clone(),
            now: clock::now,
            accept: Arc::new(move |event| {
                let door = door.clone();
                Box::pin(async move { door.accept(event).await })
            }),
        }
    }

    /// Takes a line that was typed.
    async fn say(&self, line: &str, number: u32, settings: &Settings) -> anyhow::Result<()> {
        let at = clock::now();
        let key = format!("{}-{}-{number}", std::process::id(), at.0);
        match console::event(line, key, &settings.name, settings.alias.as_deref(), at) {
            Some(event) => self.accept(event).await.map(|_| ()),
            None => Ok(()),
        }
    }
}

async fn read_lines(door: Door, settings: Arc<ArcSwap<Settings>>) {
    let mut lines = tokio::io::BufReader::new(tokio::io::stdin()).lines();
    let mut number = 0;
    while let Ok(Some(line)) = lines.next_line().await {
        number += 1;
        if let Err(error) = door.say(&line, number, &settings.load()).await {
            tracing::error!("the line is lost: {error:#}");
        }
    }
    let _ = door.wakes.send(Wake::InputEnded).await;
}

async fn stop_signal() -> anyhow::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok("told to by SIGTERM"),
        _ = interrupt.recv() => Ok("told to by the keyboard"),
    }
}
