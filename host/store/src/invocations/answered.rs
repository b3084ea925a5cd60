//! What calls were answered with: a thing outside belongs to one call, and no other may take it for its own.

use witbot_core::ids::CallId;

use crate::Store;
use crate::column::first;
use crate::error::StoreError;

impl Store {
    /// Whether another call of this name was answered with a thing of this id. Looks through all journals: for what is
    /// seldom asked.
    pub async fn belongs_to_another(
        &self,
        call: &CallId,
        name: &'static str,
        thing: &str,
    ) -> Result<bool, StoreError> {
        let (call, thing) = (call.to_string(), thing.to_owned());
        let found = self.read(move |db| {
            first(
                db,
                "SELECT 1 FROM journal JOIN invocations USING (run)
                 WHERE name = ? AND json_extract(outcome, '$.ok.id') = ? AND id || '-' || number <> ? LIMIT 1",
                (name, thing, call),
                |_| Ok(()),
            )
        });
        Ok(found.await?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use witbot_core::call::{Operation, ReadSettings};
    use witbot_core::ids::UnixMillis;
    use witbot_core::journal::{Commit, Entry, Outcome};

    use super::*;
    use crate::fixture::{begun, lease, store};

    #[tokio::test]
    async fn what_one_call_was_answered_with_belongs_to_no_other() {
        let (_folder, store) = store();
        let lease = lease("a", 100);
        let run = begun(&store, "1", &lease).await;
        let operation = Operation::ReadSettings(ReadSettings {});
        let mut entry = Entry::begin(0, &operation, UnixMillis(20));
        entry.name = "ci.trigger".to_owned();
        entry.outcome = Some(Outcome::Ok(json!({ "id": "p1" })));
        let commit = Commit {
            entries: vec![entry],
            ..Commit::default()
        };
        store.commit(&run, &lease, commit).await.unwrap();

        let (itself, other) = (CallId::new(&run, 0), CallId::new(&run, 1));
        for (call, name, thing, expected) in [
            (&other, "ci.trigger", "p1", true),
            (&itself, "ci.trigger", "p1", false),
            (&other, "ci.trigger", "p2", false),
            (&other, "ci.cancel", "p1", false),
        ] {
            let found = store.belongs_to_another(call, name, thing).await.unwrap();
            assert_eq!(found, expected, "{call} {name} {thing}");
        }
    }
}
