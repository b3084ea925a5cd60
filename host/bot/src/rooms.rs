//! The one loop of the bot: everything that wakes it, and what happens then.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::task::TaskTracker;
use witbot_core::call::Ask;
use witbot_core::chat::Text;
use witbot_core::event::{Body, Event, Message};
use witbot_core::help::View;
use witbot_core::ids::{CallId, InvocationId, PluginName, UnixMillis};
use witbot_core::journal::Commit;
use witbot_core::route::{Command, Routed};
use witbot_core::{limits, printable};
use witbot_engine::{Invocation, Plugin, World as _};
use witbot_store::Store;
use witbot_store::error::StoreError;

use crate::admin::{self, Admin};
use crate::clock;
use crate::control::{self, Demand};
use crate::dispatch::{self, Action, Refused};
use crate::door::{self, Door};
use crate::doors::console::Console;
use crate::ground::Ground;
use crate::identities::{self, Identities};
use crate::live::Live;
use crate::metrics::health::Health;
use crate::orders::followed::Followers;
use crate::orders::{self, Done};
use crate::outbox::Outbox;
use crate::plugins::Plugins;
use crate::rehearsal::SETTLED;
use crate::rights::{Own, Ruled};
use crate::runs::{self, Runs};
use crate::services;
use crate::settings::Settings;
use crate::settings::secrets::webhooks::Locks;
use crate::theirs::{self, Wish};
use crate::waits::{Clicked, Waits};
use crate::wake::{Crash, Wake};

/// How often a script looks whether its last line is answered.
const SCRIPT_PACE: Duration = Duration::from_millis(20);

/// What the loop works with.
pub struct Rooms {
    pub settings: Arc<ArcSwap<Settings>>,
    pub settings_file: PathBuf,
    /// What the senders of webhooks prove themselves with, by the settings as they are now.
    pub locks: Arc<ArcSwap<Locks>>,
    /// What is known of it, so that each change is taken up and reported once, and whole.
    pub settings_read: Mutex<SettingsRead>,
    pub live: Arc<ArcSwap<Live>>,
    pub store: Store,
    pub ground: Arc<Ground>,
    pub plugins: Plugins,
    pub runs: Runs,
    pub waits: Waits,
    pub outbox: Outbox,
    /// Who is who at GitHub.
    pub identities: Identities,
    pub console: Console,
    pub door: Door,
    /// Who is told that the loop turns.
    pub health: Health,
    /// What the loop does not wait for.
    pub tasks: TaskTracker,
    /// One look at a time whether a version has lost its trial.
    pub trials: Arc<tokio::sync::Mutex<()>>,
}

impl Rooms {
    /// Takes up what the last stop, of whatever kind, has left.
    pub async fn recover(&self) -> anyhow::Result<()> {
        self.waits.recover().await?;
        // Before anything runs: what is being said from then on was not left over.
        self.outbox.recover().await;
        let recovered = self.store.recover(clock::now(), runs::last_word).await?;
        for run in recovered.dead {
            self.runs.put_aside(&run).await;
        }
        for run in recovered.runs {
            tracing::info!(run = %run.id, plugin = %run.plugin, "the run goes on");
            self.runs.take_up(run).await;
        }
        for (row, event) in self.store.events_unrouted().await? {
            self.came(row, Arc::new(event), Since::Before).await;
        }
        Ok(())
    }

    /// The loop. Nothing in it waits for room in its own queue: there would never be any.
    pub async fn serve(
        &self,
        wakes: &mut mpsc::Receiver<Wake>,
        script: Option<Vec<String>>,
        stopped: impl Future<Output = &'static str>,
    ) -> anyhow::Result<()> {
        let mut script = script.map(|lines| Script {
            lines: lines.into_iter(),
            said: 0,
            quiet: 0,
            settles: false,
        });
        let mut pace = every(SCRIPT_PACE);
        // The watcher is blind on network drives.
        let mut rescan = every(limits::RESCAN);
        let mut tidying = every(limits::FORGET_EVERY);
        let mut pulse = every(limits::HEALTH_LOOKED_AT_EVERY);
        let mut stopped = std::pin::pin!(stopped);
        self.health.running();
        loop {
            self.health.turned();
            tokio::select! {
                wake = wakes.recv() => match wake {
                    None => return Ok(()),
                    Some(Wake::Deaf(error)) => return Err(error),
                    Some(Wake::InputEnded) => {
                        tracing::info!("nothing more will be typed: stopping when all is answered");
                        script = Some(Script::default());
                    }
                    Some(Wake::Settle) => {
                        script = Some(Script { settles: true, ..Script::default() });
                    }
                    Some(wake) => self.on(wake).await,
                },
                _ = pace.tick(), if script.is_some() => {
                    if let Some(said) = &mut script
                        && !self.next_line(said, wakes.is_empty()).await?
                    {
                        if !said.settles {
                            return Ok(());
                        }
                        tracing::info!("{SETTLED}");
                        script = None;
                    }
                }
                _ = rescan.tick() => {
                    self.sweep();
                    self.miss_settings();
                    self.read_settings().await;
                }
                _ = tidying.tick() => self.forget(),
                // So that a quiet loop turns too.
                _ = pulse.tick() => {}
                signal = &mut stopped => {
                    tracing::info!("stopping: {signal}");
                    return Ok(());
                }
            }
        }
    }

    async fn on(&self, wake: Wake) {
        match wake {
            Wake::Came { row, event } => self.came(row, event, Since::Now).await,
            Wake::ToSay(channels) => channels
                .into_iter()
                .for_each(|channel| self.outbox.deliver(channel)),
            Wake::Asking(key) => self.waits.expect(&key),
            Wake::Parked(wait) => self.waits.add(*wait),
            Wake::Moved(key) => self.waits.poke(&key),
            Wake::Runnable(run) => self.runs.resume(run),
            Wake::Crashed(crash) => self.after_crash(crash),
            Wake::Migrated => self.plugins.decide_again(),
            Wake::Ordered { order, answer } => self.obey(order, answer),
            Wake::SettingsChanged => self.read_settings().await,
            Wake::Deaf(_) | Wake::InputEnded | Wake::Settle => {}
        }
    }

    async fn came(&self, row: i64, event: Arc<Event>, since: Since) {
        for key in services::wait_keys(&event) {
            self.waits.poke(&key);
        }
        let clicked = match &event.body {
            Body::Message(message) if message.card.is_none() => {
                let answered = self.waits.answer(row, message).await;
                answered.map(Clicked::Answered)
            }
            Body::Click(click) => Some(self.waits.click(row, click).await),
            Body::Message(_) | Body::Webhook(_) => None,
        };
        let action = match clicked {
            Some(Clicked::Answered(answered)) => {
                self.outbox.deliver(answered.channel);
                return self.runs.resume(answered.run);
            }
            Some(Clicked::NotTheirs(ask)) => return self.click_of_another(row, event, *ask),
            Some(Clicked::Over) => dispatch::over(row, &event),
            None => self.decide(row, &event).await,
        };
        match action {
            Action::Nothing => self.routed(row),
            Action::Theirs(wish) => self.grant(row, event, wish),
            Action::Admin(wish) => self.administer(row, event, wish),
            Action::Identify(wish) => self.identify(row, event, wish),
            Action::Say(run, commit) => {
                self.tasks.spawn(say(self.ground.clone(), run, *commit));
            }
            Action::Help(about) => self.help(row, event, about),
            Action::WhoCan(what) => self.who_can(row, event, what),
            Action::Tell(command, text) => self.tell(row, event, command, text),
            Action::Call(calls) if matches!(event.body, Body::Message(_)) => {
                self.judge(row, event, calls, since);
            }
            Action::Call(calls) => call(&self.store, &self.runs, row, calls, since).await,
        }
    }

    /// Looks whether a version has lost its trial, and tells where it was called.
    fn after_crash(&self, crash: Crash) {
        let (ground, followers) = (self.ground.clone(), self.followers());
        self.tasks.spawn(async move {
            match followers.after_crash(&crash).await {
                Ok(None) => {}
                Ok(Some(text)) => {
                    if let Action::Say(run, commit) = dispatch::told(crash.row, &crash.event, "trial", text) {
                        say(ground, run, *commit).await;
                    }
                }
                Err(error) => {
                    tracing::error!(plugin = %crash.plugin, "whether its new version has to make way is not known: {error}");
                }
            }
        });
    }

    /// Does what an operator wants done with a run or a plugin.
    fn obey(&self, order: Demand, answer: oneshot::Sender<control::Answer>) {
        let (store, follow, followers) = (self.store.clone(), self.follower(), self.followers());
        self.tasks.spawn(async move {
            let obeyed = match order {
                Demand::Run(order) => orders::carry_out(&store, order).await.map(|done| {
                    let said = (done.well, done.text.clone());
                    follow(done);
                    said
                }),
                Demand::Plugin(order) => {
                    let noted = followers.carry_out(&order).await;
                    noted.map(|noted| (noted.well, noted.text))
                }
            };
            let (well, text) = obeyed.unwrap_or_else(|error| (false, error.to_string()));
            // Who asked may have gone away.
            let _ = answer.send(control::Answer { well, text });
        });
    }

    /// Does what an admin wants in the chat, as far as the rules let them.
    fn administer(&self, row: i64, event: Arc<Event>, wish: admin::Wish) {
        let (ground, follow) = (self.ground.clone(), self.follower());
        let room = Admin {
            followers: self.followers(),
            rights: self.ground.rights.clone(),
        };
        self.tasks.spawn(async move {
            let Body::Message(message) = &event.body else {
                return;
            };
            let answer = match admin::may(&room.rights, &event, message, &wish).await {
                Some(Ruled::Denied { by, told }) => {
                    dispatch::denied_own(row, &event, message, &by, &told)
                }
                Some(Ruled::Begins { .. }) | None => {
                    let text = match room.grant(&event, message, wish).await {
                        Ok(granted) => {
                            granted.done.into_iter().for_each(follow);
                            granted.text
                        }
                        Err(error) => {
                            tracing::error!("what an admin wants cannot be done: {error}");
                            Some("I cannot do that just now; the log says why.".into())
                        }
                    };
                    dispatch::granted(row, &event, message, text)
                }
            };
            if let Action::Say(run, commit) = answer {
                say(ground, run, *commit).await;
            }
        });
    }

    fn followers(&self) -> Followers {
        Followers {
            store: self.store.clone(),
            plugins: self.plugins.clone(),
            live: self.live.clone(),
            runs: self.runs.clone(),
            trials: self.trials.clone(),
        }
    }

    /// Does what somebody in the chat wants done with their own runs.
    fn grant(&self, row: i64, event: Arc<Event>, wish: Wish) {
        let (ground, follow) = (self.ground.clone(), self.follower());
        self.tasks.spawn(async move {
            let Body::Message(message) = &event.body else {
                return;
            };
            if !may(&ground, row, &event, message, wish.command()).await {
                return;
            }
            let granted = theirs::grant(&ground.store, row, &event, message, wish).await;
            let text = match granted {
                Ok(granted) => {
                    granted.done.into_iter().for_each(follow);
                    granted.text
                }
                Err(error) => {
                    tracing::error!("what somebody wants of their runs cannot be done: {error}");
                    Some("I cannot look at my runs just now; the log says why.".to_owned())
                }
            };
            if let Action::Say(run, commit) = dispatch::granted(row, &event, message, text) {
                say(ground, run, *commit).await;
            }
        });
    }

    /// Links somebody's account at GitHub, or forgets it. What waits for them to type a code ends with the bot.
    fn identify(&self, row: i64, event: Arc<Event>, wish: identities::Wish) {
        let (ground, identities) = (self.ground.clone(), self.identities.clone());
        self.tasks.spawn(async move {
            let Body::Message(message) = &event.body else {
                return;
            };
            if !may(&ground, row, &event, message, wish.command()).await {
                return;
            }
            let answer = identities.grant(&event, message, wish).await;
            whisper(ground.clone(), row, &event, "say", answer.text).await;
            if let Some(attempt) = answer.then {
                tokio::spawn(async move {
                    if let Some(text) = attempt.finish().await {
                        whisper(ground, row, &event, "link", text).await;
                    }
                });
            }
        });
    }

    /// What follows in this bot from something that was done with a run.
    fn follower(&self) -> impl Fn(Done) + Send + 'static {
        let (outbox, runs) = (self.outbox.clone(), self.runs.clone());
        move |done| {
            done.channel
                .into_iter()
                .for_each(|channel| outbox.deliver(channel));
            done.goes_on.into_iter().for_each(|run| runs.resume(run));
        }
    }

    /// A click of somebody who is not named among those who may answer, and may be in a group that is. Not in the loop:
    /// the chat service is asked.
    fn click_of_another(&self, row: i64, event: Arc<Event>, ask: Ask) {
        let (ground, waits, runs) = (self.ground.clone(), self.waits.clone(), self.runs.clone());
        self.tasks.spawn(async move {
            let Body::Click(click) = &event.body else {
                return;
            };
            let late = if ground.is_among(&click.user.id, &ask.answerers).await {
                if let Clicked::Answered(answered) = waits.click_for(row, click, true).await {
                    ground.outbox.deliver(answered.channel);
                    return runs.resume(answered.run);
                }
                true
            } else {
                false
            };
            let refusal = match late {
                true => dispatch::over(row, &event),
                false => dispatch::not_theirs(row, &event, &ask),
            };
            if let Action::Say(run, commit) = refusal {
                say(ground, run, *commit).await;
            }
        });
    }

    async fn decide(&self, row: i64, event: &Arc<Event>) -> Action {
        let card = match &event.body {
            Body::Message(message) => message.card.as_ref(),
            Body::Click(_) | Body::Webhook(_) => None,
        };
        let owner = match card {
            Some(card) => self.plugin_of(card).await,
            None => None,
        };
        let live = self.live.load();
        let grants = |plugin: &_| self.ground.grants(plugin);
        dispatch::decide(&live, row, event, grants, owner.as_ref())
    }

    /// Whose message it is. None when its run is forgotten.
    async fn plugin_of(&self, message: &CallId) -> Option<PluginName> {
        let run = self.store.invocation(&message.invocation()).await;
        let run = run.inspect_err(|error| {
            tracing::error!("whose message {message} is cannot be found out: {error}");
        });
        run.ok().flatten().map(|run| run.plugin)
    }

    /// Has what somebody said done, as far as the rules let it. Not in the loop: the chat service may have to be asked who
    /// and where they are.
    fn judge(
        &self,
        row: i64,
        event: Arc<Event>,
        calls: Vec<(Arc<Plugin>, Invocation)>,
        since: Since,
    ) {
        let (ground, store, runs) = (self.ground.clone(), self.store.clone(), self.runs.clone());
        self.tasks.spawn(async move {
            let Body::Message(message) = &event.body else {
                return;
            };
            let Ok(judged) = judged(&ground, row, &event, message, calls).await else {
                return;
            };
            if !judged.is_empty() {
                call(&store, &runs, row, judged, since).await;
            }
        });
    }

    /// Says who can have something done, and in which roles they are.
    fn who_can(&self, row: i64, event: Arc<Event>, what: String) {
        let (ground, live) = (self.ground.clone(), self.live.load_full());
        self.tasks.spawn(async move {
            let Body::Message(message) = &event.body else {
                return;
            };
            if !may(&ground, row, &event, message, "who-can").await {
                return;
            }
            let text = match live.table.command(&what) {
                Routed::Command(route) => {
                    ground.rights.who_can(&event, message, &route, &what).await
                }
                Routed::Usage { usage, .. } => format!("Usage: `{usage}`"),
                Routed::Unknown { .. } => {
                    "I do not know that command. `help` lists all that you may give.".to_owned()
                }
            };
            answer(ground, dispatch::granted(row, &event, message, Some(text))).await;
        });
    }

    /// Says something, if the rules let somebody know it.
    fn tell(&self, row: i64, event: Arc<Event>, command: &'static str, text: Text) {
        let ground = self.ground.clone();
        self.tasks.spawn(async move {
            let Body::Message(message) = &event.body else {
                return;
            };
            if may(&ground, row, &event, message, command).await {
                answer(ground, dispatch::granted(row, &event, message, Some(text))).await;
            }
        });
    }

    /// Shows somebody what they may do.
    fn help(&self, row: i64, event: Arc<Event>, about: Option<String>) {
        let (ground, live) = (self.ground.clone(), self.live.load_full());
        self.tasks.spawn(async move {
            let Body::Message(message) = &event.body else {
                return;
            };
            if !may(&ground, row, &event, message, "help").await {
                return;
            }
            let commands = live.table.commands();
            let theirs = ground.rights.could(&event, message, commands).await;
            let theirs: HashSet<_> = theirs
                .iter()
                .map(|command| (command.plugin, command.declaration.id.as_str()))
                .collect();
            let may = |command: Command<'_>| {
                theirs.contains(&(command.plugin, command.declaration.id.as_str()))
            };
            let view = View::of(&live.table, &may);
            if let Action::Say(run, commit) =
                dispatch::helped(row, &event, message, view, about.as_deref())
            {
                say(ground, run, *commit).await;
            }
        });
    }

    /// Nothing more will come of an event. Most of what is said in chats is not meant for the bot, so the loop does not
    /// wait for the disk.
    fn routed(&self, row: i64) {
        let store = self.store.clone();
        self.tasks.spawn(async move {
            if let Err(error) = store.mark_routed(row).await {
                tracing::error!("event {row} is looked at again after the next start: {error}");
            }
        });
    }

    /// Has said what nobody took up when it came.
    fn sweep(&self) {
        let outbox = self.outbox.clone();
        self.tasks.spawn(async move { outbox.sweep().await });
    }

    /// Forgets what ended long ago, versions that nothing needs, and of the audit what is older than the settings want. What
    /// plugins remember is not touched.
    fn forget(&self) {
        let (store, plugins) = (self.store.clone(), self.plugins.clone());
        let audit_kept = self.settings.load().audit_kept;
        tokio::spawn(async move {
            let now = clock::now();
            let ago = |kept: Duration| UnixMillis(now.0.saturating_sub(kept.as_millis() as u64));
            if let Some(kept) = audit_kept {
                match store.audit_prune(ago(kept), now).await {
                    Ok(0) => {}
                    Ok(records) => tracing::info!("forgot {records} records of the audit"),
                    Err(StoreError::Closed) => return,
                    Err(error) => {
                        tracing::error!("cannot forget old records of the audit: {error}");
                    }
                }
            }
            match store
                .prune(ago(limits::KEPT), ago(limits::TICKS_KEPT))
                .await
            {
                Ok(0) => {}
                Ok(rows) => tracing::info!("forgot {rows} rows of what ended long ago"),
                Err(StoreError::Closed) => return,
                Err(error) => tracing::error!("cannot forget what ended long ago: {error}"),
            }
            match store.digests_in_use().await {
                Ok(needed) => plugins.tidy(needed.into_iter().collect()).await,
                Err(StoreError::Closed) => {}
                Err(error) => tracing::error!("which versions are needed is not known: {error}"),
            }
        });
    }

    /// Says once that the file of settings is gone. What it said goes on to hold: nobody deletes a file to change it.
    fn miss_settings(&self) {
        let mut read = self
            .settings_read
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !read.taken_up.is_empty() && !self.settings_file.exists() {
            *read = SettingsRead::default();
            let file = self.settings_file.display();
            tracing::warn!(
                "{file} is gone: what it said holds until it is there again, or until the next start"
            );
        }
    }

    /// What stood in the file of settings when it was taken up.
    pub fn settings_text(&self) -> String {
        let read = self.settings_read.lock();
        let read = read.unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&read.taken_up).into_owned()
    }

    /// The text of the file of settings, if it is new and has come to rest.
    fn new_settings(&self) -> Option<String> {
        // Editors replace a file by removing it first; and a bot that began without one has nothing to read yet.
        let bytes = match std::fs::read(&self.settings_file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => {
                let file = self.settings_file.display();
                tracing::warn!(
                    "cannot read {file}, so what it said goes on to hold: {error}. A bot that runs reaches only the folders \
                     that were there when it began: start it again if they were replaced"
                );
                return None;
            }
        };
        let mut read = self
            .settings_read
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if read.came_to_rest(bytes) {
            return Some(String::from_utf8_lossy(&read.taken_up).into_owned());
        }
        if read.is_moving() {
            self.look_again();
        }
        None
    }

    /// Takes new settings up. Bad ones change nothing, whether the host or a plugin finds them so.
    async fn read_settings(&self) {
        let before = self.settings.load_full();
        let Some(text) = self.new_settings() else {
            return;
        };
        let read = Settings::parse(&text, &self.settings_file).and_then(|mut settings| {
            let warnings = settings.secrets.read(|name| std::env::var_os(name))?;
            Ok((settings, warnings))
        });
        let mut settings = match read {
            Ok((settings, warnings)) => {
                warnings
                    .iter()
                    .for_each(|warning| tracing::warn!("{warning}"));
                settings
            }
            Err(error) => {
                return tracing::error!(
                    "the settings stay as they were:\n{:?}",
                    miette::Report::new(error)
                );
            }
        };
        let fixed = |settings: &Settings| {
            let Settings {
                plugins_folder,
                data,
                listen,
                metrics,
                slack,
                github_api_url,
                linking,
                circleci_api_url,
                ..
            } = settings.clone();
            (
                plugins_folder,
                data,
                listen,
                metrics,
                slack,
                github_api_url,
                linking,
                circleci_api_url,
            )
        };
        if fixed(&settings) != fixed(&before) {
            tracing::warn!(
                "folders, addresses, API addresses, [github] and [slack] stay as they were until the next start"
            );
            (
                settings.plugins_folder,
                settings.data,
                settings.listen,
                settings.metrics,
                settings.slack,
                settings.github_api_url,
                settings.linking,
                settings.circleci_api_url,
            ) = fixed(&before);
        }
        let mistakes = self.plugins.mistakes(&settings).await;
        if !mistakes.is_empty() {
            let mistakes = printable::text(&mistakes.join("\n")).into_owned();
            return tracing::error!("the settings stay as they were: {mistakes}");
        }
        let locks = match Locks::read(&settings, |name| std::env::var_os(name)) {
            Ok((locks, _)) => locks,
            Err(error) => {
                return tracing::error!(
                    "the settings stay as they were: {:?}",
                    miette::Report::new(error)
                );
            }
        };
        let keys = crate::settings::audit::keys(&text);
        if let Err(error) = self.store.settings_taken_up(keys, clock::now()).await {
            tracing::error!("what changed in the settings is not in the audit: {error}");
        }
        // First what is granted: what is let in before that would reach nobody.
        self.settings.store(Arc::new(settings));
        self.locks.store(Arc::new(locks));
        if let Some(github) = &self.ground.services.github {
            github.forget_tokens();
        }
        tracing::info!("the settings are taken up");
        self.plugins.look();
    }

    /// Half of a file can be settings too, with half of the grants: so it is looked at until it is twice the same.
    fn look_again(&self) {
        let wakes = self.door.wakes.clone();
        tokio::spawn(async move {
            tokio::time::sleep(limits::RELOAD_QUIET).await;
            let _ = wakes.send(Wake::SettingsChanged).await;
        });
    }

    /// Says the next line of a script when all is quiet. False: there is none.
    async fn next_line(&self, script: &mut Script, no_wakes: bool) -> anyhow::Result<bool> {
        let quiet = no_wakes
            && self.tasks.is_empty()
            && self.runs.idle()
            && self.outbox.idle()
            && match script.settles {
                true => !self.is_due().await?,
                false => !self.waits.busy().await,
            };
        script.quiet = if quiet { script.quiet + 1 } else { 0 };
        // Twice: between two rooms, something can be in neither.
        if script.quiet < 2 {
            return Ok(true);
        }
        script.quiet = 0;
        let Some(line) = script.lines.next() else {
            return Ok(false);
        };
        script.said += 1;
        if !line.trim().is_empty() && !line.starts_with('#') {
            self.console.echo(&line).await;
            let event = door::typed(&line, door::key_of(script.said), &self.settings.load());
            if let Some(event) = event
                && let Some((row, event)) = self.door.take(event).await?
            {
                self.came(row, event, Since::Now).await;
            }
        }
        Ok(true)
    }

    /// Whether the time has come for something that was not done yet.
    async fn is_due(&self) -> anyhow::Result<bool> {
        if self.waits.is_due().await? {
            return Ok(true);
        }
        let now = clock::now();
        let schedules = self.store.schedules().await?;
        Ok(schedules.iter().any(|due| due.at <= now))
    }

    /// Waits for what runs, then for what it had to say. The doors are told before to take nothing new, and are closed last:
    /// they have all the time until then, and say meanwhile that the bot is stopping, so that everything together takes no longer than [`limits::SHUTDOWN_MAX`] and
    /// [`limits::STORE_CLOSE_MAX`].
    pub async fn stop(
        self,
        mut wakes: mpsc::Receiver<Wake>,
        served: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let began = Instant::now();
        let latest = began + limits::SHUTDOWN_MAX;
        // Runs that end say so; somebody has to listen, or they would wait for ever.
        let (outbox, runs, tasks) = (self.outbox.clone(), self.runs.clone(), self.tasks.clone());
        let ended = async move {
            tasks.close();
            let _ = tokio::time::timeout(limits::SHUTDOWN_MAX / 4, tasks.wait()).await;
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
                channels
                    .into_iter()
                    .for_each(|channel| self.outbox.deliver(channel));
            }
        }
        let _ = tokio::time::timeout(limits::SHUTDOWN_MAX / 4, self.outbox.stop()).await;
        let _ = tokio::time::timeout_at(latest, served).await;
        if tokio::time::timeout(limits::STORE_CLOSE_MAX, self.store.close())
            .await
            .is_err()
        {
            tracing::warn!(
                "the database is not tidied up: somebody else reads it, or the disk is slow; the next start does it"
            );
        }
        tracing::info!("stopped after {} ms", began.elapsed().as_millis());
        Ok(())
    }
}

/// Whether the rules let somebody give a command of the bot itself that concerns nobody else. If not, they are told.
async fn may(
    ground: &Arc<Ground>,
    row: i64,
    event: &Event,
    message: &Message,
    command: &'static str,
) -> bool {
    let own = Own {
        id: command,
        admin: false,
    };
    let Some(Ruled::Denied { by, told }) = ground.rights.own(event, message, own).await else {
        return true;
    };
    answer(
        ground.clone(),
        dispatch::denied_own(row, event, message, &by, &told),
    )
    .await;
    false
}

/// Says what an action says.
async fn answer(ground: Arc<Ground>, action: Action) {
    if let Action::Say(run, commit) = action {
        say(ground, run, *commit).await;
    }
}

/// The calls that the rules let begin. Those that they do not are told, when they are commands, and are in the audit.
async fn judged(
    ground: &Arc<Ground>,
    row: i64,
    event: &Arc<Event>,
    message: &Message,
    calls: Vec<(Arc<Plugin>, Invocation)>,
) -> Result<Vec<(Arc<Plugin>, Invocation)>, StoreError> {
    let (mut begins, mut denied) = (Vec::new(), Vec::new());
    for (plugin, mut call) in calls {
        let (handler, arguments) = (&call.handler, &call.arguments);
        let ruled = ground
            .rights
            .rule(event, message, &plugin.name, handler, arguments);
        match ruled.await {
            Ruled::Begins { permission, by } => {
                call.permission = permission;
                if let Some(begin) = &mut call.begin {
                    begin.permission = permission;
                }
                for record in &mut call.opening {
                    record.detail["by"] = by.clone().into();
                }
                begins.push((plugin, call));
            }
            Ruled::Denied { by, told } => denied.push((plugin, call, by, told)),
        }
    }
    for (plugin, call, by, told) in &denied {
        let Some(begin) = &call.begin else { continue };
        let refused = Refused {
            begin,
            run: &call.id,
            by,
            told,
        };
        let listens = plugin.declaration.declaration.listeners.iter();
        // Who listens was not spoken to, and does not answer.
        if listens
            .into_iter()
            .any(|listener| listener.id == call.handler)
        {
            ground.store.audit(vec![refused.record(event)]).await?;
        } else if let Action::Say(run, commit) =
            dispatch::denied(row, event, message, &refused, begins.is_empty())
        {
            say(ground.clone(), run, *commit).await;
        }
    }
    if begins.is_empty() {
        ground.store.mark_routed(row).await?;
    }
    if let [(_, call)] = begins.as_mut_slice()
        && let Some(begin) = &mut call.begin
    {
        begin.routed = true;
    }
    Ok(begins)
}

/// One run begins with its own first commit; several begin together, so that none is forgotten. So does one whose event
/// was here before the start: it may be what brought the bot down, and what is stored is counted.
async fn call(
    store: &Store,
    runs: &Runs,
    row: i64,
    mut calls: Vec<(Arc<Plugin>, Invocation)>,
    since: Since,
) {
    if calls.len() == 1
        && since == Since::Now
        && let Some((plugin, invocation)) = calls.pop()
    {
        return runs.start(plugin, invocation);
    }
    let begins = calls
        .iter_mut()
        .filter_map(|(_, call)| Some((call.id.clone(), call.begin.take()?)))
        .collect();
    let opening = calls
        .iter_mut()
        .flat_map(|(_, call)| std::mem::take(&mut call.opening))
        .collect();
    match store.begin_all(row, begins).await {
        Ok(new) => new.into_iter().for_each(|run| runs.resume(run)),
        Err(error) => {
            return tracing::error!("the runs of event {row} begin after the next start: {error}");
        }
    }
    if let Err(error) = store.audit(opening).await {
        tracing::error!("the beginning of runs is not in the audit: {error}");
    }
}

/// Says what the bot says by itself. Not in the loop: it waits for the disk.
async fn say(ground: Arc<Ground>, run: InvocationId, commit: Commit) {
    match ground.store(&run, commit).await {
        Ok(channels) => channels
            .into_iter()
            .for_each(|channel| ground.outbox.deliver(channel)),
        Err(error) => {
            tracing::error!("an answer is not stored, so it comes after the next start: {error}");
        }
    }
}

/// Tells somebody something that is for them alone.
async fn whisper(ground: Arc<Ground>, row: i64, event: &Event, part: &str, text: String) {
    if let Action::Say(run, commit) = dispatch::tell_alone(row, event, part, text) {
        say(ground, run, *commit).await;
    }
}

/// When an event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// Before the start, which found it left over.
    Before,
    /// Just now.
    Now,
}

/// What is known of the file of settings.
#[derive(Debug, Default)]
pub struct SettingsRead {
    /// What stood in it when it was taken up.
    pub taken_up: Vec<u8>,
    /// What stood in it at the last look.
    seen: Vec<u8>,
}

impl SettingsRead {
    /// What was read at the start.
    pub fn at_start(bytes: Vec<u8>) -> SettingsRead {
        SettingsRead {
            seen: bytes.clone(),
            taken_up: bytes,
        }
    }

    /// Notes what stands in it now; true if that is new, and was the same at the last look.
    fn came_to_rest(&mut self, bytes: Vec<u8>) -> bool {
        let rests = self.seen == bytes;
        self.seen = bytes;
        let news = rests && self.is_moving();
        if news {
            self.taken_up.clone_from(&self.seen);
        }
        news
    }

    fn is_moving(&self) -> bool {
        self.seen != self.taken_up
    }
}

/// Ticks that are missed are not made up for.
fn every(period: Duration) -> Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Lines that are said one after the other.
#[derive(Default)]
struct Script {
    lines: std::vec::IntoIter<String>,
    said: u32,
    quiet: u32,
    /// Whether the end of it is only told.
    settles: bool,
}

/// What tells the bot to stop, from now on: until this is called, a signal ends the process as it stands.
pub fn stop_signal() -> anyhow::Result<impl Future<Output = &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "told to by SIGTERM",
            _ = interrupt.recv() => "told to by the keyboard",
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_taken_up_when_they_are_twice_the_same() {
        let mut read = SettingsRead::at_start(b"old".to_vec());
        assert!(!read.came_to_rest(b"old".to_vec()) && !read.is_moving());
        assert!(
            !read.came_to_rest(b"".to_vec()),
            "an editor has begun to write"
        );
        assert!(!read.came_to_rest(b"new".to_vec()) && read.is_moving());
        assert!(read.came_to_rest(b"new".to_vec()));
        assert!(!read.came_to_rest(b"new".to_vec()), "it is taken up once");
        assert!(
            !read.came_to_rest(b"".to_vec()) && read.came_to_rest(b"".to_vec()),
            "it can be empty"
        );
    }
}
