//! The `World` of a running bot, on which the gate stands: the store, the services, and the settings as they are now.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::mpsc;
use witbot_core::call::{AwaitTurn, KvDelete, KvSet, Occurrence, Operation};
use witbot_core::chat::Answerers;
use witbot_core::error::{Code, Error};
use witbot_core::event::{Body, Event, Place, Source, TOPIC, Webhook};
use witbot_core::grants::Grants;
use witbot_core::http::{Request, Response};
use witbot_core::ids::{
    CallId, ChannelId, InvocationId, Namespace, PluginName, UnixMillis, UserId,
};
use witbot_core::journal::{Blob, Commit, Entry, Outcome, State, Wait};
use witbot_core::limits;
use witbot_core::limits::plugin::PluginLimits;
use witbot_engine::{Caller, Found, Lost, Passed, World};
use witbot_store::Store;
use witbot_store::commit::CommitError;
use witbot_store::error::StoreError;
use witbot_store::invocations::Lease;
use witbot_store::kv::{KvWrite, Space};
use witbot_store::record::Change;

use crate::chat::Chat;
use crate::clock;
use crate::expected::Expected;
use crate::lines::Lines;
use crate::metrics::Metrics;
use crate::orders::{self, Order, What};
use crate::outbox::Outbox;
use crate::rehearsal::{self, Rehearsal};
use crate::rights::Rights;
use crate::secret::Secret;
use crate::services::Services;
use crate::services::web::Terms;
use crate::services::web::added::Added;
use crate::settings::Settings;
use crate::wake::Wake;

/// The world as runs see it.
pub struct Ground {
    /// What lasts.
    pub store: Store,
    /// Where people are.
    pub chat: Arc<dyn Chat>,
    /// What is to be said there.
    pub outbox: Outbox,
    /// The services outside.
    pub services: Services,
    /// Who stands in lines.
    pub lines: Lines,
    /// What GitHub will tell of what is done there.
    pub expected: Expected,
    /// What is counted.
    pub metrics: Metrics,
    /// What the operator decided, as it is now.
    pub settings: Arc<ArcSwap<Settings>>,
    /// Who may have what done.
    pub rights: Rights,
    /// Who is told what a commit brings about.
    pub wakes: mpsc::Sender<Wake>,
    /// Under which name this process holds its runs.
    pub owner: String,
    /// Who answers in the place of the services, in a rehearsal.
    pub rehearsal: Option<Rehearsal>,
}

impl Ground {
    /// The right to a run, from now on.
    pub fn lease(&self) -> Lease {
        Lease {
            owner: self.owner.clone(),
            until: clock::now().plus_ms(limits::LEASE.as_millis() as u64),
        }
    }

    /// Makes durable what a run did, and passes on what follows from it. Waits for room in the loop's queue, so the
    /// loop itself calls [`Ground::store`].
    pub async fn keep(&self, invocation: &InvocationId, commit: Commit) -> Result<(), CommitError> {
        let parked = match &commit.state {
            Some(State::Parked(wait)) => Some(wait.clone()),
            Some(State::Done | State::Failed { .. }) | None => None,
        };
        let over = matches!(&commit.state, Some(State::Done | State::Failed { .. }));
        // The outbox may be at work in that channel, and say the question as soon as it is stored.
        if let Some(wait) = parked
            .as_ref()
            .filter(|wait| matches!(wait.operation, Operation::Ask(_)))
        {
            let _ = self.wakes.send(Wake::Asking(wait.key.clone())).await;
        }
        let channels = self.store(invocation, commit).await?;
        self.follow(channels, parked).await;
        if over {
            self.lines.ended(invocation, &self.wakes).await;
        }
        Ok(())
    }

    /// Makes durable what a run did. Answers in which channels there is something to say now.
    pub async fn store(
        &self,
        invocation: &InvocationId,
        commit: Commit,
    ) -> Result<Vec<ChannelId>, CommitError> {
        self.store.commit(invocation, &self.lease(), commit).await
    }

    /// Looks once whether a parked wait is over. A grant that was revoked meanwhile ends it: with the bot's credentials
    /// nothing is looked at that the plugin may not see.
    pub async fn look_for(&self, wait: &Wait) -> Result<Option<Value>, Error> {
        let run = self
            .store
            .invocation(&wait.invocation)
            .await
            .map_err(unavailable)?;
        let Some(run) = run else {
            return Ok(None);
        };
        let grants = self.grants(&run.plugin);
        let allowed = grants.allows(&wait.operation);
        allowed.map_err(|denial| denial.error(&run.plugin))?;
        let id = CallId::new(&wait.invocation, wait.number);
        self.look_at(&run.plugin, &id, &wait.operation, &grants)
            .await
    }

    /// Whether somebody is in a group that may answer a question. If that cannot be found out, they are not.
    pub async fn is_among(&self, user: &UserId, answerers: &Answerers) -> bool {
        for group in answerers.groups_for(user) {
            match self.chat.belongs(user, group).await {
                Ok(true) => return true,
                Ok(false) => {}
                // People stand among the groups.
                Err(error) if error.code == Code::Invalid => {}
                Err(error) => tracing::warn!("who is in the group {group} is not known: {error}"),
            }
        }
        false
    }

    async fn follow(&self, channels: Vec<ChannelId>, parked: Option<Box<Wait>>) {
        // A loop that has ended needs no telling: the next start finds all of this in the store.
        if let Some(wait) = parked {
            let _ = self.wakes.send(Wake::Parked(wait)).await;
        }
        if !channels.is_empty() {
            let _ = self.wakes.send(Wake::ToSay(channels)).await;
        }
    }

    async fn read(&self, caller: &Caller, id: &CallId, operation: &Operation) -> Outcome {
        let space = |namespace: &Option<Namespace>| Space::of(&caller.plugin, namespace.as_ref());
        match operation {
            Operation::ReadSettings(_) => Outcome::Ok(self.plugin_settings(&caller.plugin)),
            Operation::KvGet(get) => {
                let value = self.store.kv_get(&space(&get.namespace), &get.key).await;
                Outcome::of(value.map(|value| value.map(Blob)).map_err(unavailable))
            }
            Operation::KvKeys(keys) => {
                let after = keys.after.as_deref();
                let found = self
                    .store
                    .kv_keys(&space(&keys.namespace), &keys.prefix, after, keys.limit)
                    .await;
                Outcome::of(found.map_err(unavailable))
            }
            Operation::HttpFetch(call) => Outcome::of(self.send(caller, &call.request).await),
            Operation::HttpSend(call) => Outcome::of(self.send(caller, &call.request).await),
            Operation::StopRun(call) => Outcome::of(self.stop_run(caller, &call.run).await),
            Operation::FindMessage(call) => Outcome::of(self.place_of(caller, &call.message).await),
            Operation::FindChannel(call) => Outcome::of(self.chat.channel(&call.name).await),
            Operation::FindDirect(call) => Outcome::of(self.chat.direct(&call.user).await),
            Operation::Judge(call) => Outcome::of(self.rights.judge(&caller.plugin, call).await),
            Operation::May(call) => Outcome::of(self.rights.may(&caller.plugin, call).await),
            Operation::FindPerson(call) => Outcome::of(self.chat.person(&call.user).await),
            Operation::FindGithubLogin(call) => {
                let identity = self.store.identity(call.source, &call.user).await;
                let login = identity.map(|found| found.map(|identity| identity.login));
                Outcome::of(login.map_err(unavailable))
            }
            other => {
                self.services
                    .perform(other, id, &self.grants(&caller.plugin))
                    .await
            }
        }
    }

    /// Where a message stands that the plugin has written: the record of the run that wrote it says it. Where it needed a grant,
    /// it needs it still.
    async fn place_of(&self, caller: &Caller, message: &CallId) -> Result<Place, Error> {
        let run = message.invocation();
        let found = self.store.invocation(&run).await.map_err(unavailable)?;
        let unknown = || Error::new(Code::NotFound, "this plugin has written no such message");
        found
            .filter(|found| found.plugin == caller.plugin)
            .ok_or_else(unknown)?;
        let entries = self.store.journal(&run).await.map_err(unavailable)?;
        let entry = entries
            .into_iter()
            .find(|entry| CallId::new(&run, entry.number) == *message)
            .filter(|entry| matches!(entry.outcome, Some(Outcome::Ok(_))));
        let call = entry.and_then(|entry| Operation::recorded(&entry.name, entry.arguments));
        let call = call.ok_or_else(unknown)?;
        let place = written_at(&call).ok_or_else(unknown)?;
        let allowed = self.grants(&caller.plugin).allows(&call);
        allowed.map_err(|denial| denial.error(&caller.plugin))?;
        Ok(place)
    }

    /// Sends a request to the web, with what the grants add to it: they and the secrets are of the same settings.
    async fn send(&self, caller: &Caller, request: &Request) -> Result<Response, Error> {
        let settings = self.settings.load_full();
        let plugin = settings.plugins.get(&caller.plugin);
        let grants = plugin.map_or_else(Arc::default, |plugin| plugin.grants.clone());
        let mut terms = Terms {
            private: grants.opens_private_network(request),
            added: Vec::new(),
        };
        for (name, template) in grants.added_headers(request) {
            let variable = template.variable();
            let secret = settings.secrets.get(variable).ok_or_else(|| {
                let text = format!("`{variable}` is not known to the bot");
                Error::new(Code::Unavailable, text)
            })?;
            terms.added.push(Added {
                name: name.to_owned(),
                value: Secret::new(template.filled(secret.expose())),
                secret: secret.clone(),
            });
        }
        self.services.web.send(request, &terms).await
    }

    /// How much a space may hold: a shared one as much as any plugin's grant says.
    fn kv_bytes_max(&self, plugin: &PluginName, namespace: Option<&Namespace>) -> u64 {
        let settings = self.settings.load();
        let of_space = settings
            .plugins
            .iter()
            .filter(|(name, _)| namespace.is_some() || *name == plugin);
        of_space
            .map(|(_, plugin)| plugin.grants.kv_bytes_max(namespace))
            .max()
            .unwrap_or(0)
    }

    /// What a call changes in the store. None: it changes nothing there that it is answered with.
    fn change(&self, plugin: &PluginName, operation: Operation) -> Option<Change> {
        let (namespace, write) = match operation {
            Operation::LineUp(call) => {
                return Some(Change::LineUp(call.line, limits::LINE_LENGTH_MAX));
            }
            Operation::LeaveLine(call) => return Some(Change::Leave(call.line)),
            Operation::KvSet(KvSet {
                namespace,
                key,
                value: Blob(value),
            }) => (namespace, KvWrite::Set { key, value }),
            Operation::KvDelete(KvDelete { namespace, key }) => {
                (namespace, KvWrite::Delete { key })
            }
            Operation::KvReplace(call) => {
                let write = KvWrite::Replace {
                    key: call.key,
                    expected: call.expected.map(|blob| blob.0),
                    value: call.value.0,
                };
                (call.namespace, write)
            }
            _ => return None,
        };
        let bytes_max = self.kv_bytes_max(plugin, namespace.as_ref());
        let space = Space::of(plugin, namespace.as_ref());
        Some(Change::Kv(space, write, bytes_max))
    }

    /// How many stand before a run, if those are fewer than it was told last.
    async fn turn(&self, call: &AwaitTurn) -> Result<Option<Value>, Error> {
        let ahead = self.store.ahead(&call.plugin, &call.line, &call.run).await;
        let Some(ahead) = ahead.map_err(unavailable)? else {
            let text = format!("this run does not stand in the line `{}`", call.line);
            return Err(Error::new(Code::NotFound, text));
        };
        Ok((ahead == 0 || ahead < call.ahead).then(|| ahead.into()))
    }

    /// Cancels another run of the same plugin, in the name of whoever began this one. Doing it twice changes nothing.
    async fn stop_run(&self, caller: &Caller, run: &InvocationId) -> Result<bool, Error> {
        let found = self.store.invocation(run).await.map_err(unavailable)?;
        if found.is_none_or(|found| found.plugin != caller.plugin) {
            return Ok(false);
        }
        let (by, person) = self.who_began(caller).await?;
        let order = Order {
            what: What::Cancel,
            run: run.clone(),
            by,
            person,
            by_plugin: true,
        };
        let done = orders::carry_out(&self.store, order)
            .await
            .map_err(unavailable)?;
        if let Some(channel) = done.channel {
            let _ = self.wakes.send(Wake::ToSay(vec![channel])).await;
        }
        if let Some(run) = done.goes_on {
            let _ = self.wakes.send(Wake::Runnable(run)).await;
        }
        Ok(done.well)
    }

    /// In words, and by id if it was a person.
    async fn who_began(&self, caller: &Caller) -> Result<(String, Option<UserId>), Error> {
        let run = self.store.invocation(&caller.invocation).await;
        let event = match run.map_err(unavailable)? {
            Some(run) => self.store.event(run.event).await.map_err(unavailable)?,
            None => None,
        };
        Ok(match event.map(|event| event.body) {
            Some(Body::Message(message)) => {
                let user = message.user;
                let name = user.name.unwrap_or_else(|| user.id.to_string());
                (name, Some(user.id))
            }
            Some(Body::Click(_) | Body::Webhook(_)) | None => {
                (format!("the plugin {}", caller.plugin), None)
            }
        })
    }

    /// Whether what was found may as well be of another call. A CI service that does not tell the mark of a call is asked for
    /// what looks like its doing, and what another call did a moment before looks like it, too.
    async fn is_of_another(
        &self,
        id: &CallId,
        operation: &Operation,
        begun: UnixMillis,
        found: &Found,
    ) -> bool {
        let Found::Happened(Outcome::Ok(answer)) = found else {
            return false;
        };
        let run = match operation {
            Operation::TriggerRun(_) => answer["id"].as_str().unwrap_or_default(),
            Operation::RerunRun(call) => call.run.as_str(),
            _ => return false,
        };
        let skew_ms = u64::try_from(limits::CI_CLOCK_SKEW.as_millis()).unwrap_or(u64::MAX);
        // What the service counts as later than the begin, less the skew, is answered later than that, less the skew again.
        let since = begun.minus_ms(skew_ms.saturating_mul(2));
        let name = operation.name();
        let known = self.store.belongs_to_another(id, name, run, since).await;
        known.unwrap_or_else(|error| {
            tracing::warn!("which call has to do with the run {run} cannot be looked up: {error}");
            true
        })
    }

    /// Looks once whether a wait is over.
    async fn look_at(
        &self,
        plugin: &PluginName,
        id: &CallId,
        operation: &Operation,
        grants: &Arc<Grants>,
    ) -> Result<Option<Value>, Error> {
        let rehearsed = self.rehearsal.as_ref();
        if let Some(looked) = rehearsed.and_then(|one| one.look(plugin, id, operation)) {
            return looked;
        }
        let call = match operation {
            Operation::AwaitEvent(call) => call,
            Operation::AwaitTurn(call) => return self.turn(call).await,
            _ => return self.services.look(operation, grants).await,
        };
        let found = self
            .store
            .first_event_after(&call.kind, &call.subject, call.after)
            .await
            .map_err(unavailable)?;
        let Some((row, event)) = found else {
            return Ok(None);
        };
        let Body::Webhook(webhook) = event.body else {
            return Ok(None);
        };
        let occurrence = Occurrence {
            event: row,
            kind: webhook.kind,
            subject: webhook.subject,
            body: webhook.body,
        };
        serde_json::to_value(occurrence)
            .map(Some)
            .map_err(|error| Error::invalid(error.to_string()))
    }

    /// In a rehearsal the bot may crash here, between two steps of a run. It does so when all is said: a screen cannot be asked
    /// afterwards what stands on it.
    async fn moment(&self) {
        let Some(rehearsal) = &self.rehearsal else {
            return;
        };
        if !rehearsal.is_the_end() {
            return;
        }
        for _ in 0..rehearsal::LOOKS_MAX {
            if self.all_is_said().await {
                break;
            }
            tokio::time::sleep(rehearsal::LOOK_EVERY).await;
        }
        std::process::abort();
    }

    /// Whether the outbox has nothing left that it has begun to say or is to say.
    async fn all_is_said(&self) -> bool {
        let queued = self.store.outbox_channels().await;
        let begun = self.store.outbox_in_doubt().await;
        matches!((queued, begun), (Ok(queued), Ok(begun)) if queued.is_empty() && begun.is_empty())
    }

    fn plugin_settings(&self, plugin: &PluginName) -> Value {
        let settings = self.settings.load();
        let of_plugin = settings
            .plugins
            .get(plugin)
            .map(|plugin| plugin.settings.clone());
        of_plugin.unwrap_or_else(|| Value::Object(serde_json::Map::new()))
    }
}

/// The event that a call publishes: known by the id of the call.
fn published(caller: &Caller, entry: &Entry, operation: &Operation) -> Option<Event> {
    let Operation::Publish(call) = operation else {
        return None;
    };
    Some(Event {
        source: Source::Topic,
        key: CallId::new(&caller.invocation, entry.number).to_string(),
        received: entry.at,
        body: Body::Webhook(Webhook {
            kind: format!("{TOPIC}{}", call.topic),
            subject: call.subject.clone(),
            body: call.body.clone(),
            depth: call.depth,
        }),
    })
}

/// Where a call has written a message, if it did.
fn written_at(operation: &Operation) -> Option<Place> {
    let channel = match operation {
        Operation::Reply(call) => return Some(call.place.clone()),
        Operation::Post(call) => &call.channel,
        Operation::PostDirect(call) => &call.channel,
        _ => return None,
    };
    Some(Place {
        channel: channel.clone(),
        thread: None,
    })
}

fn unavailable(error: StoreError) -> Error {
    Error::new(Code::Unavailable, error.to_string())
}

fn lost(error: CommitError) -> Lost {
    Lost(error.to_string())
}

#[async_trait]
impl World for Ground {
    fn now(&self) -> UnixMillis {
        clock::now()
    }

    fn grants(&self, plugin: &PluginName) -> Arc<Grants> {
        let settings = self.settings.load();
        settings
            .plugins
            .get(plugin)
            .map(|plugin| plugin.grants.clone())
            .unwrap_or_default()
    }

    fn limits(&self, plugin: &PluginName) -> PluginLimits {
        self.settings.load().limits(plugin)
    }

    fn observed(&self, plugin: &PluginName) -> Option<Arc<Grants>> {
        self.settings.load().plugins.get(plugin)?.observe.clone()
    }

    fn passed(&self, caller: &Caller, passed: Passed<'_>) {
        self.metrics.passed(&caller.plugin, &passed);
    }

    async fn room(&self, channel: &ChannelId) -> Result<(), Error> {
        self.outbox.room(channel).await
    }

    async fn commit(&self, invocation: &InvocationId, commit: Commit) -> Result<(), Lost> {
        self.moment().await;
        let kept = self.keep(invocation, commit).await.map_err(lost);
        self.moment().await;
        kept
    }

    async fn record(
        &self,
        caller: &Caller,
        before: Commit,
        entry: Entry,
        operation: &Operation,
    ) -> Result<Outcome, Lost> {
        let published = published(caller, &entry, operation);
        let change = match &published {
            Some(event) => Some(Change::Publish(
                Box::new(event.clone()),
                limits::TOPIC_WAITING_MAX,
            )),
            None => self.change(&caller.plugin, operation.clone()),
        };
        let Some(change) = change else {
            let name = operation.name();
            return Err(Lost(format!("{name} changes nothing in the store")));
        };
        self.moment().await;
        let (invocation, plugin) = (&caller.invocation, &caller.plugin);
        let (outcome, channels) = self
            .store
            .record(invocation, &self.lease(), before, entry, plugin, change)
            .await
            .map_err(lost)?;
        self.lines.recorded(caller, operation, &self.wakes).await;
        self.follow(channels, None).await;
        if let (Some(event), Outcome::Ok(row)) = (published, &outcome)
            && let Some(row) = row.as_i64()
        {
            let event = Arc::new(event);
            let _ = self.wakes.send(Wake::Came { row, event }).await;
        }
        self.moment().await;
        Ok(outcome)
    }

    async fn perform(&self, caller: &Caller, id: &CallId, operation: &Operation) -> Outcome {
        let began = Instant::now();
        let rehearsed = self.rehearsal.as_ref();
        let rehearsed = rehearsed.and_then(|one| one.perform(&caller.plugin, id, operation));
        let outcome = match rehearsed {
            Some(outcome) => outcome,
            None => self.read(caller, id, operation).await,
        };
        self.metrics.performed(operation, &outcome, began.elapsed());
        self.expected.note(operation, &outcome).await;
        self.moment().await;
        outcome
    }

    async fn find(
        &self,
        caller: &Caller,
        id: &CallId,
        operation: &Operation,
        begun: UnixMillis,
    ) -> Found {
        // Whoever is canceled twice is canceled once.
        if matches!(operation, Operation::StopRun(_)) {
            return Found::Nothing;
        }
        let rehearsed = self.rehearsal.as_ref();
        if let Some(found) = rehearsed.and_then(|one| one.find(id, operation)) {
            return found;
        }
        let grants = self.grants(&caller.plugin);
        let found = self.services.find(operation, id, begun, &grants).await;
        if self.is_of_another(id, operation, begun, &found).await {
            return Found::Unknown;
        }
        if let Found::Happened(outcome) = &found {
            self.expected.note(operation, outcome).await;
        }
        found
    }

    async fn canceled(&self, invocation: &InvocationId) -> Result<Option<String>, Lost> {
        let by = self.store.canceled_by(invocation).await;
        by.map_err(|error| Lost(error.to_string()))
    }

    async fn look(
        &self,
        caller: &Caller,
        id: &CallId,
        operation: &Operation,
    ) -> Result<Option<Value>, Error> {
        let grants = self.grants(&caller.plugin);
        self.look_at(&caller.plugin, id, operation, &grants).await
    }
}
