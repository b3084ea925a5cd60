//! Builds the rooms and wires them: the only place that knows all of them. What they then do is in `rooms`.

mod at_slack;
mod probes;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use witbot_core::ci::Provider;
use witbot_core::ids::UserId;
use witbot_core::limits;
use witbot_engine::{Engine, Fuel};
use witbot_store::Store;

use crate::app::at_slack::{AtSlack, Ear};
use crate::app::probes::Probes;
use crate::chat::Chat;
use crate::cli;
use crate::clock;
use crate::control::Control;
use crate::door::{self, Door, Input};
use crate::doors::console::Console;
use crate::doors::hooks;
use crate::expected::Expected;
use crate::ground::Ground;
use crate::identities::Identities;
use crate::lines::Lines;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::metrics::health::Health;
use crate::metrics::scrape::{self, Scraper};
use crate::outbox::Outbox;
use crate::people::People;
use crate::plugins::{Keeper, Plugins};
use crate::reconcile;
use crate::rehearsal::Rehearsal;
use crate::rights::Rights;
use crate::rooms::{self, Rooms, SettingsRead};
use crate::runs::Runs;
use crate::schedules::Schedules;
use crate::services::Services;
use crate::services::ci::CiProvider;
use crate::services::ci::actions::Actions;
use crate::services::ci::circleci::Circleci;
use crate::services::github::device::Device;
use crate::services::github::{Credentials, Github};
use crate::services::web::Web;
use crate::settings::problem::SettingsError;
use crate::settings::secrets::webhooks::Locks;
use crate::settings::secrets::{GithubCredential, Secrets};
use crate::settings::{ChatChoice, Settings};
use crate::slack;
use crate::slack::socket::SocketMode;
use crate::tell;
use crate::waits::{Look, Waits};
use crate::wake::Wake;
use crate::watch::Watch;

/// Enough for every instance to say something at once; who comes later waits.
const WAKES_MAX: usize = 1024;

/// What the command line asks for.
pub struct Options {
    /// What the operator decided.
    pub settings: Settings,
    /// The file that it stands in, or would stand in.
    pub settings_file: PathBuf,
    /// What the bot proves itself with.
    pub secrets: Secrets,
    /// What the senders of webhooks prove themselves with.
    pub locks: Locks,
    /// Where people talk to the bot.
    pub chat: ChatChoice,
    /// Lines to be said one after the other, each when all before it is answered. Then the bot stops.
    pub script: Option<Vec<String>>,
    /// Who answers in the place of the services.
    pub rehearsal: Option<Rehearsal>,
}

/// Runs the bot until it is told to stop.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let Options {
        settings,
        settings_file,
        secrets,
        locks,
        chat,
        script,
        rehearsal,
    } = options;
    let (metrics, health) = (Metrics::new(), Health::new());
    let store = Store::open(&settings.data)?;
    let watched = observe(&store, &metrics, &health);
    let scraper = Scraper::new(metrics.clone(), health.clone());
    let probes = Probes::start(&settings, &scraper, &health).await?;
    let at_slack = match chat {
        ChatChoice::Console => None,
        ChatChoice::Slack(access) => Some(AtSlack::connect(&settings, access, &metrics).await?),
    };
    let (send_wake, mut wakes) = mpsc::channel(WAKES_MAX);
    std::fs::create_dir_all(&settings.plugins_folder).with_context(|| {
        format!(
            "cannot make the plugins folder {}",
            settings.plugins_folder.display()
        )
    })?;
    let seen = Seen {
        metrics: metrics.clone(),
        health: health.clone(),
        scraper,
    };
    let rehearsed = rehearsal.is_some();
    let outside = Outside {
        secrets: &secrets,
        at_slack: at_slack.as_ref(),
        rehearsal,
    };
    let (rooms, keeper) = build(settings, settings_file, outside, store, send_wake, seen).await?;
    rooms.locks.store(Arc::new(locks));
    if let Some(problem) = groups_that_are_none(&rooms, at_slack.is_some()).await {
        return Err(problem.into());
    }
    let text = rooms.settings_text();
    let keys = crate::settings::audit::keys(&text);
    rooms.store.settings_taken_up(keys, clock::now()).await?;
    rooms.recover().await?;

    let _watch = watch(&rooms);
    let control = control(&rooms);
    let (stop, stopping) = watch::channel(false);
    let waits = rooms.waits.clone();
    let schedules = Schedules {
        store: rooms.store.clone(),
        wakes: rooms.door.wakes.clone(),
        live: rooms.live.clone(),
        settings: rooms.settings.clone(),
        metrics: metrics.clone(),
    };
    let mut background = vec![
        tokio::spawn(keeper.run(rooms.door.wakes.clone())),
        tokio::spawn(schedules.run()),
        tokio::spawn(async move { waits.run().await }),
    ];
    background.extend(control);
    background.push(watched);
    if let Some(github) = rooms.ground.services.github.clone() {
        let expected = rooms.ground.expected.clone();
        background.push(tokio::spawn(
            expected.run(github.clone(), rooms.door.clone()),
        ));
        if !secrets.github_webhook.is_empty() {
            let look = reconcile::run(github, rooms.settings.clone(), rooms.live.clone());
            background.push(tokio::spawn(look));
        }
    }
    let mut routes = hooks::router(rooms.door.hooks(&secrets, rooms.locks.clone()));
    let mut heard = None;
    if rehearsed && at_slack.is_some() {
        let input = Input {
            said: false,
            outside: true,
        };
        let read = door::read_lines(rooms.door.clone(), rooms.settings.clone(), input);
        background.push(tokio::spawn(read));
    }
    match at_slack.map(|slack| slack.ear(&rooms.door, &rooms.settings)) {
        None => {
            health.connected(true);
            if script.is_none() {
                let input = Input {
                    said: true,
                    outside: rehearsed,
                };
                let read = door::read_lines(rooms.door.clone(), rooms.settings.clone(), input);
                background.push(tokio::spawn(read));
            }
        }
        Some(Ear::Routes(slack)) => {
            health.connected(true);
            routes = routes.merge(slack);
        }
        Some(Ear::Sockets(sockets, count)) => {
            routes = routes.merge(slack::hooks::closed());
            background.push(tokio::spawn(while_connected(
                count,
                metrics,
                health.clone(),
            )));
            heard = Some(hear(*sockets, stopping, rooms.door.wakes.clone()));
        }
    }
    probes.doors.open(routes);
    let address = probes.address;
    let stopped = rooms::stop_signal()?;
    let plugins = rooms.live.load().serving.len();
    tracing::info!(
        "ready: {plugins} plugin{} live, listening at http://{address}",
        if plugins == 1 { "" } else { "s" }
    );
    let ended = rooms.serve(&mut wakes, script, stopped).await;

    // Doors first, so that nothing new begins; then what runs; then what it had to say.
    background.iter().for_each(JoinHandle::abort);
    health.stopping();
    probes.doors.refuse();
    let _ = stop.send(true);
    let closed = async move {
        probes.close().await;
        if let Some(heard) = heard {
            let _ = heard.await;
        }
    };
    rooms.stop(wakes, closed).await?;
    ended
}

/// A group that a role names and that Slack does not have: nobody would have that role, and nobody would be told. What
/// cannot be found out just now is looked at again when a rule needs it.
async fn groups_that_are_none(rooms: &Rooms, at_slack: bool) -> Option<SettingsError> {
    let policy = rooms.settings.load().policy.clone();
    let groups: BTreeSet<UserId> = policy
        .roles()
        .values()
        .flat_map(|role| role.groups.iter().cloned())
        .collect();
    if groups.is_empty() {
        return None;
    }
    if !at_slack {
        tracing::warn!("nobody is in a group at the terminal: what hangs on one is denied");
        return None;
    }
    let mut none = Vec::new();
    for (group, error) in rooms.ground.rights.people.verify_groups(&groups).await {
        let roles = policy.roles().iter();
        let role = roles
            .filter(|(_, role)| role.groups.contains(&group))
            .map(|(name, _)| name.as_str());
        let roles = role.collect::<Vec<_>>().join("`, `");
        let text = format!(
            "the role `{roles}` names the group `{group}`: {}",
            error.message
        );
        if error.is_transient() {
            tracing::warn!("{text}; what hangs on it is denied meanwhile");
        } else {
            none.push(text);
        }
    }
    (!none.is_empty()).then(|| SettingsError::beside(&rooms.settings_file, &none))
}

/// Holds the sockets open. A bot that cannot hear, and never will, stops.
fn hear(
    sockets: SocketMode,
    stopping: watch::Receiver<bool>,
    wakes: mpsc::Sender<Wake>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        if let Err(error) = sockets.run(stopping).await {
            let _ = wakes.send(Wake::Deaf(error)).await;
        }
    })
}

/// The bot is connected while it has a socket.
async fn while_connected(mut count: watch::Receiver<usize>, metrics: Metrics, health: Health) {
    loop {
        let sockets = *count.borrow_and_update();
        metrics.sockets(sockets);
        health.connected(sockets > 0);
        if count.changed().await.is_err() {
            metrics.sockets(0);
            return health.connected(false);
        }
    }
}

/// Has the store say how it is.
fn observe(store: &Store, metrics: &Metrics, health: &Health) -> JoinHandle<()> {
    let (counted, seen) = (metrics.clone(), health.clone());
    store.observe_writes(Box::new(move |written| {
        counted.written(written);
        seen.written(written.stored);
    }));
    tokio::spawn(health.clone().watch(store.clone()))
}

/// Who is told how the bot is.
struct Seen {
    metrics: Metrics,
    health: Health,
    scraper: Scraper,
}

/// Without it, operators can do nothing with a run while the bot runs.
fn control(rooms: &Rooms) -> Option<JoinHandle<()>> {
    let control = Control::open(&rooms.settings.load().data);
    let control = control.inspect_err(|error| {
        tracing::warn!("`witbot runs cancel` and `retry`, and `witbot plugin hold` and the like, cannot reach this bot: the socket in the data folder: {error}");
    });
    let control = control.ok()?;
    Some(tokio::spawn(control.run(rooms.door.wakes.clone())))
}

/// Without it, changes are still seen: later.
fn watch(rooms: &Rooms) -> Option<Watch> {
    let folder = rooms.settings.load().plugins_folder.clone();
    Watch::start(
        &folder,
        &rooms.settings_file,
        rooms.plugins.clone(),
        rooms.door.wakes.clone(),
    )
    .inspect_err(|error| {
        tracing::warn!(
            "changes are seen every {} s only: {error:#}",
            limits::RESCAN.as_secs()
        )
    })
    .ok()
}

/// What is outside of the bot.
struct Outside<'a> {
    secrets: &'a Secrets,
    at_slack: Option<&'a AtSlack>,
    rehearsal: Option<Rehearsal>,
}

async fn build(
    settings: Settings,
    settings_file: PathBuf,
    outside: Outside<'_>,
    store: Store,
    wakes: mpsc::Sender<Wake>,
    seen: Seen,
) -> anyhow::Result<(Rooms, Keeper)> {
    let Outside {
        secrets,
        at_slack,
        rehearsal,
    } = outside;
    let fuel = rehearsal.as_ref().map_or(Fuel::Uncounted, Rehearsal::fuel);
    let compiled = settings.data.join("compiled");
    let engine = Engine::with_fuel(&compiled, cli::compile::compiler(), fuel)?;
    let artefacts = settings.data.join("artefacts");
    let console = Console::new(&settings.name);
    let chat: Arc<dyn Chat> = match at_slack {
        None => Arc::new(console.clone()),
        Some(slack) => slack.chat(),
    };
    let pace = at_slack.map(|_| AtSlack::pace(&settings));
    let tell = tell::tell(store.clone(), chat.clone());
    let metrics = seen.metrics;
    let (outbox, handed_over) =
        Outbox::new(store.clone(), chat.clone(), pace, tell, metrics.clone());
    tokio::spawn(outbox.clone().run(handed_over));
    let services = services(&settings, secrets, &metrics)?;
    let linking = &settings.linking;
    let device = linking.client_id.clone();
    let device = device.map(|id| Device::new(&linking.url, &settings.github_api_url, id, &metrics));
    let identities = Identities::new(store.clone(), device.transpose()?);
    let expected = Expected::new(store.clone(), !secrets.github_webhook.is_empty());
    let settings = Arc::new(ArcSwap::from_pointee(settings));
    let live = Arc::new(ArcSwap::from_pointee(Live::empty()));
    let plugins = Plugins::new(
        engine.clone(),
        settings.clone(),
        live.clone(),
        Some(store.clone()),
        artefacts,
        metrics.clone(),
    );
    let keeper = plugins.load_all().await;
    let owner = format!("{}-{}", std::process::id(), clock::now().0);
    let rights = Rights {
        settings: settings.clone(),
        live: live.clone(),
        people: Arc::new(People::new(chat.clone())),
    };
    let ground = Arc::new(Ground {
        store: store.clone(),
        rights,
        chat,
        outbox: outbox.clone(),
        services,
        lines: Lines::new(store.lines().await?),
        expected,
        metrics: metrics.clone(),
        settings: settings.clone(),
        wakes: wakes.clone(),
        owner,
        rehearsal,
    });
    seen.scraper.ask(scrape::Rooms {
        store: store.clone(),
        live: live.clone(),
        engine: engine.clone(),
    });
    let versions = plugins.clone();
    let find = Arc::new(move |name, digest| {
        let versions = versions.clone();
        Box::pin(async move { versions.version(name, digest).await }) as _
    });
    let rooms = Rooms {
        runs: Runs::new(engine, ground.clone(), find, wakes.clone()),
        waits: Waits::new(
            store.clone(),
            look(ground.clone()),
            wakes.clone(),
            Arc::new(clock::moment),
        ),
        outbox,
        identities,
        door: Door {
            store: store.clone(),
            wakes,
            metrics,
        },
        health: seen.health,
        trials: Arc::default(),
        settings,
        settings_read: Mutex::new(SettingsRead::at_start(
            std::fs::read(&settings_file).unwrap_or_default(),
        )),
        settings_file,
        locks: Arc::default(),
        live,
        store,
        ground,
        plugins,
        console,
        tasks: TaskTracker::new(),
    };
    Ok((rooms, keeper))
}

fn services(settings: &Settings, secrets: &Secrets, metrics: &Metrics) -> anyhow::Result<Services> {
    let credentials = secrets.github.clone().map(|credential| match credential {
        GithubCredential::Token(token) => Credentials::Token(token),
        GithubCredential::App { id, private_key } => Credentials::App {
            id,
            private_key_pem: private_key,
        },
    });
    let github = credentials
        .map(|credentials| Github::new(&settings.github_api_url, credentials, metrics))
        .transpose()?;
    let circleci = secrets
        .circleci
        .clone()
        .map(|token| Circleci::new(&settings.circleci_api_url, token, metrics))
        .transpose()?;
    let mut ci: BTreeMap<Provider, Arc<dyn CiProvider>> = BTreeMap::new();
    if let Some(circleci) = circleci {
        ci.insert(Provider::Circleci, Arc::new(circleci));
    }
    if let Some(github) = &github {
        ci.insert(Provider::GithubActions, Arc::new(Actions::new(github)));
    }
    Ok(Services {
        github,
        ci,
        web: Web::new()?,
    })
}

fn look(ground: Arc<Ground>) -> Look {
    Arc::new(move |wait| {
        let ground = ground.clone();
        Box::pin(async move { ground.look_for(&wait).await })
    })
}
