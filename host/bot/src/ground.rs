//! The `World` of a running bot, on which the gate stands: the store, the services, and the settings as they are now.

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::mpsc;
use witbot_core::call::{Occurrence, Operation};
use witbot_core::chat::Answerers;
use witbot_core::error::{Code, Error};
use witbot_core::event::Body;
use witbot_core::grants::Grants;
use witbot_core::ids::{CallId, ChannelId, InvocationId, PluginName, UnixMillis, UserId};
use witbot_core::journal::{Blob, Commit, Entry, Outcome, State, Wait};
use witbot_engine::{Caller, Found, Lost, World};
use witbot_store::Store;
use witbot_store::commit::CommitError;
use witbot_store::error::StoreError;
use witbot_store::invocations::Lease;
use witbot_store::kv::KvWrite;

use crate::chat::Chat;
use crate::clock;
use crate::outbox::Outbox;
use crate::services::Services;
use crate::settings::Settings;
use crate::wake::Wake;

/// Longer than any commit is apart from the next; on one host only the start-up looks at it.
const LEASE_MS: u64 = 300_000;

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
    /// What the operator decided, as it is now.
    pub settings: Arc<ArcSwap<Settings>>,
    /// Who is told what a commit brings about.
    pub wakes: mpsc::Sender<Wake>,
    /// Under which name this process holds its runs.
    pub owner: String,
}

impl Ground {
    /// The right to a run, from now on.
    pub fn lease(&self) -> Lease {
        Lease {
            owner: self.owner.clone(),
            until: clock::now().plus_ms(LEASE_MS),
        }
    }

    /// Makes durable what a run did, and passes on what follows from it. Waits for room in the loop's queue, so the
    /// loop itself calls [`Ground::store`].
    pub async fn keep(&self, invocation: &InvocationId, commit: Commit) -> Result<(), CommitError> {
        let parked = match &commit.state {
            Some(State::Parked(wait)) => Some(wait.clone()),
            Some(State::Done | State::Failed { .. }) | None => None,
        };
        let channels = self.store(invocation, commit).await?;
        self.follow(channels, parked).await;
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
        if let Some(run) = run {
            let allowed = self.grants(&run.plugin).allows(&wait.operation);
            allowed.map_err(|denial| denial.error(&run.plugin))?;
        }
        self.look(&wait.operation).await
    }

    /// Whether somebody is in a group that may answer a question. If that cannot be found out, they are not.
    pub async fn is_among(&self, user: &UserId, answerers: &Answerers) -> bool {
        let Answerers::These(groups) = answerers else {
            return false;
        };
        for group in groups {
            match self.chat.belongs(user, group).await {
                Ok(true) => return true,
                Ok(false) => {}
                Err(error) => tracing::warn!("who is in the group {group} is not known: {error}"),
            }
        }
        false
    }

    async fn follow(&self, channels: Vec<ChannelId>, parked: Option<Box<Wait>>) {
        // A loop that has ended needs no telling: the next start finds all of this in the store. The wait comes first,
        // so that no answer to what is said can come before it.
        if let Some(wait) = parked {
            let _ = self.wakes.send(Wake::Parked(wait)).await;
        }
        if !channels.is_empty() {
            let _ = self.wakes.send(Wake::ToSay(channels)).await;
        }
    }

    async fn read(&self, caller: &Caller, id: &CallId, operation: &Operation) -> Outcome {
        match operation {
            Operation::ReadSettings(_) => Outcome::Ok(self.plugin_settings(&caller.plugin)),
            Operation::KvGet(get) => {
                let value = self.store.kv_get(&caller.plugin, &get.key).await;
                Outcome::of(value.map(|value| value.map(Blob)).map_err(unavailable))
            }
            Operation::KvKeys(keys) => {
                let after = keys.after.as_deref();
                let found = self
                    .store
                    .kv_keys(&caller.plugin, &keys.prefix, after, keys.limit)
                    .await;
                Outcome::of(found.map_err(unavailable))
            }
            Operation::FindChannel(call) => Outcome::of(self.chat.channel(&call.name).await),
            Operation::FindDirect(call) => Outcome::of(self.chat.direct(&call.user).await),
            Operation::FindPerson(call) => Outcome::of(self.chat.person(&call.user).await),
            other => {
                self.services
                    .perform(other, id, &self.grants(&caller.plugin))
                    .await
            }
        }
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

    async fn room(&self, channel: &ChannelId) -> Result<(), Error> {
        self.outbox.room(channel).await
    }

    async fn commit(&self, invocation: &InvocationId, commit: Commit) -> Result<(), Lost> {
        self.keep(invocation, commit).await.map_err(lost)
    }

    async fn write_kv(
        &self,
        caller: &Caller,
        before: Commit,
        entry: Entry,
        operation: &Operation,
    ) -> Result<Outcome, Lost> {
        let write = match operation.clone() {
            Operation::KvSet(set) => KvWrite::Set {
                key: set.key,
                value: set.value.0,
            },
            Operation::KvDelete(delete) => KvWrite::Delete { key: delete.key },
            Operation::KvReplace(replace) => KvWrite::Replace {
                key: replace.key,
                expected: replace.expected.map(|blob| blob.0),
                value: replace.value.0,
            },
            other => {
                return Err(Lost(format!(
                    "{} does not write to the kv space",
                    other.name()
                )));
            }
        };
        let bytes_max = self.grants(&caller.plugin).kv_bytes_max();
        let (invocation, plugin) = (&caller.invocation, &caller.plugin);
        let (outcome, channels) = self
            .store
            .kv_write(
                invocation,
                &self.lease(),
                before,
                entry,
                plugin,
                write,
                bytes_max,
            )
            .await
            .map_err(lost)?;
        self.follow(channels, None).await;
        Ok(outcome)
    }

    async fn perform(&self, caller: &Caller, id: &CallId, operation: &Operation) -> Outcome {
        self.read(caller, id, operation).await
    }

    async fn find(&self, id: &CallId, operation: &Operation, begun: UnixMillis) -> Found {
        self.services.find(operation, id, begun).await
    }

    async fn canceled(&self, invocation: &InvocationId) -> Result<Option<String>, Lost> {
        let by = self.store.canceled_by(invocation).await;
        by.map_err(|error| Lost(error.to_string()))
    }

    async fn look(&self, operation: &Operation) -> Result<Option<Value>, Error> {
        let Operation::AwaitEvent(call) = operation else {
            return self.services.look(operation).await;
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
}
