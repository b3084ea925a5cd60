//! When each schedule of a plugin is due next. What is due becomes an event in the transaction that moves it on.

use rusqlite::Connection;

use witbot_core::event::Event;
use witbot_core::ids::{PluginName, UnixMillis};

use crate::Store;
use crate::column::{all, execute, id, millis, stored_millis};
use crate::error::StoreError;
use crate::inbox::{Accepted, Arrival};

/// A schedule, and its next time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Whose.
    pub plugin: PluginName,
    /// The plugin's own name of it.
    pub id: String,
    /// What it said when the time was computed.
    pub rule: String,
    /// When.
    pub at: UnixMillis,
}

impl Store {
    /// All schedules that have a time.
    pub async fn schedules(&self) -> Result<Vec<Due>, StoreError> {
        self.read(|db| {
            all(
                db,
                "SELECT plugin, id, rule, due_ms FROM schedules ORDER BY plugin, id",
                (),
                |row| {
                    Ok(Due {
                        plugin: id(row, "plugin")?,
                        id: row.get("id")?,
                        rule: row.get("rule")?,
                        at: millis(row, "due_ms")?,
                    })
                },
            )
        })
        .await
    }

    /// Gives a schedule its next time.
    pub async fn schedule(&self, next: Due) -> Result<(), StoreError> {
        self.write(move |db| Ok(put(db, &next)?)).await
    }

    /// Puts the event of a schedule that is due into the inbox, and gives the schedule its next time, or forgets it if there
    /// is none. Both or neither.
    pub async fn fire(
        &self,
        event: &Event,
        due: Due,
        next: Option<UnixMillis>,
    ) -> Result<Accepted, StoreError> {
        let arrival = Arrival::of(event, false)?;
        self.write(move |db| {
            match next {
                Some(at) => put(db, &Due { at, ..due })?,
                None => forget(db, &due.plugin, &due.id)?,
            }
            Ok(arrival.store(db)?)
        })
        .await
    }

    /// Forgets a schedule that there is not any more.
    pub async fn unschedule(&self, plugin: PluginName, id: String) -> Result<(), StoreError> {
        self.write(move |db| Ok(forget(db, &plugin, &id)?)).await
    }
}

fn put(db: &Connection, due: &Due) -> Result<(), rusqlite::Error> {
    execute(
        db,
        "INSERT INTO schedules (plugin, id, rule, due_ms) VALUES (?, ?, ?, ?)
         ON CONFLICT (plugin, id) DO UPDATE SET rule = excluded.rule, due_ms = excluded.due_ms",
        (
            due.plugin.as_str(),
            &due.id,
            &due.rule,
            stored_millis(due.at),
        ),
    )
    .map(|_| ())
}

fn forget(db: &Connection, plugin: &PluginName, id: &str) -> Result<(), rusqlite::Error> {
    let sql = "DELETE FROM schedules WHERE plugin = ? AND id = ?";
    execute(db, sql, (plugin.as_str(), id)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{store, webhook};

    fn due(id: &str, at: u64) -> Due {
        Due {
            plugin: "health".parse().unwrap(),
            id: id.to_owned(),
            rule: "every 5m".to_owned(),
            at: UnixMillis(at),
        }
    }

    #[tokio::test]
    async fn a_schedule_has_one_next_time() {
        let (_folder, store) = store();
        assert_eq!(store.schedules().await.unwrap(), []);
        store.schedule(due("b", 20)).await.unwrap();
        store.schedule(due("a", 10)).await.unwrap();
        store.schedule(due("a", 15)).await.unwrap();
        assert_eq!(
            store.schedules().await.unwrap(),
            [due("a", 15), due("b", 20)]
        );
        let gone = due("a", 0);
        store.unschedule(gone.plugin, gone.id).await.unwrap();
        assert_eq!(store.schedules().await.unwrap(), [due("b", 20)]);
    }

    #[tokio::test]
    async fn what_is_due_comes_in_once_and_moves_on() {
        let (_folder, store) = store();
        store.schedule(due("a", 10)).await.unwrap();
        let event = webhook("health a 10", "schedule", "a");
        let fire = async |event: &Event, next: Option<u64>| {
            let fired = store.fire(event, due("a", 10), next.map(UnixMillis)).await;
            fired.unwrap()
        };
        assert!(matches!(fire(&event, Some(20)).await, Accepted::New(_)));
        assert_eq!(store.schedules().await.unwrap(), [due("a", 20)]);
        assert_eq!(fire(&event, Some(30)).await, Accepted::Duplicate);
        assert_eq!(store.schedules().await.unwrap(), [due("a", 30)]);
        let event = webhook("health a 30", "schedule", "a");
        assert!(matches!(fire(&event, None).await, Accepted::New(_)));
        assert_eq!(store.schedules().await.unwrap(), []);
        assert_eq!(store.events_unrouted().await.unwrap().len(), 2);
    }
}
