//! Events that the bot itself has caused, and that are to come back to it by a webhook: a webhook can be lost.

use serde_json::Value;
use witbot_core::event::Source;
use witbot_core::ids::UnixMillis;

use crate::Store;
use crate::column::{all, execute, first, json, millis, stored_millis};
use crate::error::StoreError;

/// An event that did not come.
#[derive(Debug, Clone, PartialEq)]
pub struct Overdue {
    /// The door through which it should have come.
    pub source: Source,
    /// The key that it would have had.
    pub key: String,
    /// What is known of it.
    pub what: Value,
}

impl Store {
    /// Expects an event, unless it came already. Expecting it twice changes nothing.
    pub async fn expect(
        &self,
        source: Source,
        key: String,
        what: Value,
        due: UnixMillis,
    ) -> Result<(), StoreError> {
        self.write(move |db| {
            let source = source.as_str();
            execute(
                db,
                "INSERT INTO expected (source, key, what, due_ms) SELECT ?1, ?2, ?3, ?4
                 WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE source = ?1 AND key = ?2)
                 ON CONFLICT DO NOTHING",
                (source, key, what.to_string(), stored_millis(due)),
            )?;
            Ok(())
        })
        .await
    }

    /// When the next event is due that is expected from a source. None: nothing is.
    pub async fn expected_next(&self, source: Source) -> Result<Option<UnixMillis>, StoreError> {
        self.read(move |db| {
            first(
                db,
                "SELECT due_ms FROM expected WHERE source = ? ORDER BY due_ms LIMIT 1",
                (source.as_str(),),
                |row| millis(row, "due_ms"),
            )
        })
        .await
    }

    /// The events of a source that should have come by now and have not, oldest first, at most `most`. Those that have come
    /// are not expected any more.
    pub async fn overdue(
        &self,
        source: Source,
        now: UnixMillis,
        most: u32,
    ) -> Result<Vec<Overdue>, StoreError> {
        self.write(move |db| {
            execute(
                db,
                "DELETE FROM expected WHERE source = ? AND due_ms <= ? AND EXISTS
                 (SELECT 1 FROM inbox WHERE inbox.source = expected.source AND inbox.key = expected.key)",
                (source.as_str(), stored_millis(now)),
            )?;
            all(
                db,
                "SELECT key, what FROM expected WHERE source = ? AND due_ms <= ? ORDER BY due_ms LIMIT ?",
                (source.as_str(), stored_millis(now), most),
                |row| {
                    Ok(Overdue {
                        source,
                        key: row.get("key")?,
                        what: json(row, "what")?,
                    })
                },
            )
        })
        .await
    }

    /// Looks at an event again at a later time.
    pub async fn expect_later(
        &self,
        source: Source,
        key: String,
        due: UnixMillis,
    ) -> Result<(), StoreError> {
        self.write(move |db| {
            execute(
                db,
                "UPDATE expected SET due_ms = ? WHERE source = ? AND key = ?",
                (stored_millis(due), source.as_str(), key),
            )?;
            Ok(())
        })
        .await
    }

    /// Expects an event no more.
    pub async fn expect_no_more(&self, source: Source, key: String) -> Result<(), StoreError> {
        self.write(move |db| {
            execute(
                db,
                "DELETE FROM expected WHERE source = ? AND key = ?",
                (source.as_str(), key),
            )?;
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixture::{store, webhook};

    const GITHUB: Source = Source::Github;

    async fn expect(store: &Store, key: &str, due: u64) {
        let what = json!({ "deployment": key });
        let done = store
            .expect(GITHUB, key.to_owned(), what, UnixMillis(due))
            .await;
        done.unwrap();
    }

    async fn overdue(store: &Store, now: u64) -> Vec<String> {
        let overdue = store.overdue(GITHUB, UnixMillis(now), 10).await.unwrap();
        overdue.into_iter().map(|event| event.key).collect()
    }

    #[tokio::test]
    async fn what_does_not_come_is_overdue_in_order() {
        let (_folder, store) = store();
        assert_eq!(store.expected_next(GITHUB).await.unwrap(), None);
        expect(&store, "b", 20).await;
        expect(&store, "a", 10).await;
        expect(&store, "a", 5).await;
        let next = store.expected_next(GITHUB).await.unwrap();
        assert_eq!(next, Some(UnixMillis(10)));
        assert!(overdue(&store, 9).await.is_empty());
        assert_eq!(overdue(&store, 20).await, ["a", "b"]);
        let later = store.expect_later(GITHUB, "a".to_owned(), UnixMillis(30));
        later.await.unwrap();
        assert_eq!(overdue(&store, 20).await, ["b"]);
        store.expect_no_more(GITHUB, "b".to_owned()).await.unwrap();
        assert_eq!(overdue(&store, 30).await, ["a"]);
        assert_eq!(
            store
                .overdue(Source::Circleci, UnixMillis(30), 10)
                .await
                .unwrap(),
            []
        );
    }

    #[tokio::test]
    async fn what_has_come_is_not_expected() {
        let (_folder, store) = store();
        let came = |key| webhook(key, "github.deployment", "acme/api");
        store.accept(&came("early"), true).await.unwrap();
        expect(&store, "early", 10).await;
        expect(&store, "late", 10).await;
        store.accept(&came("late"), true).await.unwrap();
        assert!(overdue(&store, 10).await.is_empty());
        assert_eq!(store.expected_next(GITHUB).await.unwrap(), None);
    }
}
