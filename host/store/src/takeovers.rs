//! Versions that are about to take over from another one, each with the run in which it migrates what its plugin keeps. That
//! run and its event are stored together with the takeover, so that no crash begins it twice or loses it.

use rusqlite::Row;

use witbot_core::audit::Record;
use witbot_core::event::Event;
use witbot_core::ids::{Digest, InvocationId, PluginName};
use witbot_core::journal::Begin;

use crate::Store;
use crate::audit;
use crate::column::{damaged, digest, execute, first, id};
use crate::commit::{Beginning, Standing};
use crate::error::StoreError;
use crate::inbox::{Accepted, Arrival};
use crate::invocations::Status;

/// A version that is about to take over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Takeover {
    /// The version.
    pub to: Digest,
    /// The run in which it migrates what the plugin keeps.
    pub run: InvocationId,
    /// How that run stands. None: it is forgotten, so it came to no good end.
    pub status: Option<Status>,
    /// Why it failed or was put aside.
    pub reason: Option<String>,
}

/// For each plugin that has one.
pub(crate) const TAKEOVERS: &str =
    "SELECT takeover.plugin, takeover.digest, takeover.run, state, reason
     FROM plugin_takeovers AS takeover LEFT JOIN invocations ON invocations.id = takeover.run";

pub(crate) fn takeover(row: &Row<'_>) -> Result<(PluginName, Takeover), StoreError> {
    let state: Option<String> = row.get("state")?;
    let status = state
        .map(|state| Status::named(&state).ok_or_else(|| damaged("state", &state)))
        .transpose()?;
    let takeover = Takeover {
        to: digest(row, "digest")?,
        run: id(row, "run")?,
        status,
        reason: row.get("reason")?,
    };
    Ok((id(row, "plugin")?, takeover))
}

impl Store {
    /// Begins the run in which a version migrates what its plugin keeps, unless that was begun for this version before. An
    /// earlier version that was to take over is not to any more. Says whether the run is new, and free to be claimed then.
    pub async fn begin_takeover(
        &self,
        event: &Event,
        run: &InvocationId,
        begin: Begin,
        record: Record,
    ) -> Result<bool, StoreError> {
        let arrival = Arrival::of(event, true)?;
        let (run, texts) = (run.clone(), audit::texts(&[record])?);
        self.write(move |db| {
            let known = "SELECT 1 FROM plugin_takeovers WHERE plugin = ? AND digest = ?";
            let which = (begin.plugin.as_str(), begin.digest.as_bytes());
            if first(db, known, which, |row| Ok(row.get::<_, i64>(0)?))?.is_some() {
                return Ok(false);
            }
            let Accepted::New(event) = arrival.store(db)? else {
                return Ok(false);
            };
            let put =
                "INSERT OR REPLACE INTO plugin_takeovers (plugin, digest, run) VALUES (?, ?, ?)";
            execute(db, put, (which.0, which.1, run.as_str()))?;
            let begin = Beginning::new(Begin { event, ..begin })?;
            begin.insert(db, &run, &Standing::running(0), None)?;
            audit::append(db, &texts)?;
            Ok(true)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{begin, finish, invocation_id, lease, record, store, webhook};

    async fn takeover(store: &Store) -> Option<Takeover> {
        let orders = store.plugin_orders().await.unwrap();
        orders.into_values().find_map(|orders| orders.takeover)
    }

    async fn begun(store: &Store, key: &str) -> bool {
        let event = webhook(key, "migrate", "");
        let run = invocation_id(key);
        let begun = store.begin_takeover(&event, &run, begin(0), record("plugin.migrate"));
        begun.await.unwrap()
    }

    #[tokio::test]
    async fn a_takeover_begins_one_run_and_is_forgotten_when_the_version_serves() {
        let (_folder, store) = store();
        assert_eq!(takeover(&store).await, None);
        assert!(begun(&store, "1").await);
        assert!(!begun(&store, "2").await, "the same version");
        let found = takeover(&store).await.unwrap();
        assert_eq!((found.to, found.run), (begin(0).digest, invocation_id("1")));
        assert_eq!(found.status, Some(Status::Running));
        assert_eq!(store.events_unrouted().await.unwrap(), []);
        assert_eq!(store.invocation(&invocation_id("2")).await.unwrap(), None);

        let run = store
            .invocation(&invocation_id("1"))
            .await
            .unwrap()
            .unwrap();
        assert!(store.event(run.event).await.unwrap().is_some());
        // A release ends what failed, and not what goes on or went well.
        let plugin = begin(0).plugin;
        assert!(!store.release_plugin(&plugin, record("a")).await.unwrap());
        finish(&store, &invocation_id("1"), &lease("a", 2_000))
            .await
            .unwrap();
        assert!(!store.release_plugin(&plugin, record("a")).await.unwrap());
        assert_eq!(takeover(&store).await.unwrap().status, Some(Status::Done));
        store.plugin_serves(&plugin, begin(0).digest).await.unwrap();
        assert_eq!(takeover(&store).await, None);
    }
}
