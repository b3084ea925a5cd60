//! What the bot itself does at GitHub wakes plugins by a webhook that GitHub sends of it. It can be lost, and there are
//! bots that no webhook can reach: so the event is expected, and when it has not come in time, it is made from what GitHub
//! shows. Whichever comes first goes through the inbox, once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::Notify;
use witbot_core::call::Operation;
use witbot_core::event::{Body, Event, Source, Webhook};
use witbot_core::github::{Deployment, DeploymentStatus};
use witbot_core::journal::Outcome;
use witbot_core::limits;
use witbot_store::Store;
use witbot_store::error::StoreError;
use witbot_store::expected::Overdue;

use crate::clock;
use crate::door::Door;
use crate::doors::hooks::sender::{deployment_key, status_key};
use crate::services::github::{Caused, Github};

/// What GitHub does not show, and since when that is known.
type Missing = HashMap<String, Instant>;

/// The one who expects. Cheap to clone.
#[derive(Clone)]
pub struct Expected {
    store: Store,
    patience: Duration,
    more: Arc<Notify>,
}

impl Expected {
    /// `reachable`: webhooks of GitHub can come at all.
    pub fn new(store: Store, reachable: bool) -> Expected {
        Expected {
            store,
            patience: if reachable {
                limits::WEBHOOK_PATIENCE
            } else {
                Duration::ZERO
            },
            more: Arc::default(),
        }
    }

    /// Notes which event an effect that has happened will bring about. Before its outcome is recorded: whoever looks for
    /// the outcome after a crash comes by here again.
    pub async fn note(&self, operation: &Operation, outcome: &Outcome) {
        let Some((key, caused)) = caused(operation, outcome) else {
            return;
        };
        let due = clock::now().plus_ms(self.patience.as_millis() as u64);
        let noted = self
            .store
            .expect(Source::Github, key, json!(caused), due)
            .await;
        match noted {
            Ok(()) => self.more.notify_one(),
            Err(error) => {
                tracing::error!("only GitHub's webhook can tell of a deployment now: {error}");
            }
        }
    }

    /// Looks for what does not come, for as long as the bot runs.
    pub async fn run(self, github: Github, door: Door) {
        let mut missing = Missing::new();
        loop {
            match self.store.expected_next(Source::Github).await {
                Ok(None) => self.more.notified().await,
                Ok(Some(due)) => {
                    let left = Duration::from_millis(due.0.saturating_sub(clock::now().0));
                    if left.is_zero() {
                        self.look(&github, &door, &mut missing).await;
                    } else {
                        // No longer than that, whatever becomes of the clock.
                        let left = left.min(limits::EXPECTED_AGAIN);
                        let _ = tokio::time::timeout(left, self.more.notified()).await;
                    }
                }
                Err(error) => {
                    tracing::error!("whether a webhook is overdue is not known: {error}");
                    tokio::time::sleep(limits::EXPECTED_AGAIN).await;
                }
            }
        }
    }

    async fn look(&self, github: &Github, door: &Door, missing: &mut Missing) {
        let overdue = self
            .store
            .overdue(Source::Github, clock::now(), limits::EXPECTED_AT_ONCE_MAX)
            .await;
        let overdue = overdue.unwrap_or_else(|error| {
            tracing::error!("overdue webhooks cannot be read: {error}");
            Vec::new()
        });
        for one in overdue {
            let key = one.key.clone();
            let done = match self.bring(github, door, one).await {
                Ok(true) => {
                    missing.remove(&key);
                    self.store.expect_no_more(Source::Github, key).await
                }
                Ok(false) => {
                    let since = *missing.entry(key.clone()).or_insert_with(Instant::now);
                    self.not_there(key, since.elapsed(), missing).await
                }
                Err(error) => {
                    tracing::warn!(
                        event = key,
                        "a webhook is overdue, and GitHub says: {error:#}"
                    );
                    let later = clock::now().plus_ms(limits::EXPECTED_AGAIN.as_millis() as u64);
                    self.store.expect_later(Source::Github, key, later).await
                }
            };
            if let Err(error) = done {
                tracing::error!("an overdue webhook will be looked at again: {error}");
            }
        }
    }

    /// GitHub does not show what it was asked to make. It may not do so yet: what is written is not at once what is read
    /// there. Only when that stays so, it was removed.
    async fn not_there(
        &self,
        key: String,
        missing_for: Duration,
        missing: &mut Missing,
    ) -> Result<(), StoreError> {
        if missing_for < limits::EXPECTED_MISSING_MAX {
            let pause = missing_for.clamp(limits::EXPECTED_MISSING_AGAIN, limits::EXPECTED_AGAIN);
            let later = clock::now().plus_ms(pause.as_millis() as u64);
            return self.store.expect_later(Source::Github, key, later).await;
        }
        tracing::info!(
            event = key,
            "it was removed at GitHub before anybody told of it"
        );
        missing.remove(&key);
        self.store.expect_no_more(Source::Github, key).await
    }

    /// False: GitHub does not show it.
    async fn bring(&self, github: &Github, door: &Door, overdue: Overdue) -> anyhow::Result<bool> {
        let Overdue { source, key, what } = overdue;
        let caused: Caused = serde_json::from_value(what)?;
        let Some(body) = github.news(&caused).await? else {
            return Ok(false);
        };
        let kind = match caused.status {
            None => "github.deployment",
            Some(_) => "github.deployment_status",
        };
        let webhook = Webhook {
            kind: kind.to_owned(),
            subject: caused.repository.to_string(),
            body,
            depth: 0,
        };
        let event = Event {
            source,
            key: key.clone(),
            received: clock::now(),
            body: Body::Webhook(webhook),
        };
        if door.accept(event).await? {
            tracing::info!(
                event = key,
                "no webhook came of it: taken from GitHub itself"
            );
        }
        Ok(true)
    }
}

fn caused(operation: &Operation, outcome: &Outcome) -> Option<(String, Caused)> {
    let Outcome::Ok(answer) = outcome else {
        return None;
    };
    match operation {
        Operation::CreateDeployment(call) => {
            let created: Deployment = serde_json::from_value(answer.clone()).ok()?;
            let caused = Caused {
                repository: call.repository.clone(),
                deployment: created.id,
                status: None,
            };
            Some((deployment_key(created.id), caused))
        }
        Operation::AddDeploymentStatus(call) => {
            let added: DeploymentStatus = serde_json::from_value(answer.clone()).ok()?;
            let caused = Caused {
                repository: call.repository.clone(),
                deployment: call.deployment,
                status: Some(added.id),
            };
            Some((status_key(added.id), caused))
        }
        _ => None,
    }
}
