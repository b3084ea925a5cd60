//! What calls were answered with: a thing outside belongs to one call, and no other may take it for its own.

use witbot_core::ids::{CallId, UnixMillis};

use crate::Store;
use crate::answer::OUTCOME;
use crate::column::{first, stored_millis};
use crate::error::StoreError;

impl Store {
    /// Whether another call of this name has to do with a thing of this id since some time: was answered with it, or was
    /// about it, as its `run`, and went well. Looks through all journals: for what is seldom asked.
    pub async fn belongs_to_another(
        &self,
        call: &CallId,
        name: &'static str,
        thing: &str,
        since: UnixMillis,
    ) -> Result<bool, StoreError> {
        let (call, thing) = (call.to_string(), thing.to_owned());
        let sql = format!(
            "SELECT 1 FROM journal JOIN invocations USING (run)
             WHERE name = ?1 AND at_ms >= ?2 AND id || '-' || number <> ?3
                 AND (json_extract({OUTCOME}, '$.ok.id') = ?4
                     OR json_extract(journal.arguments, '$.run') = ?4 AND json_type({OUTCOME}, '$.ok') IS NOT NULL)
             LIMIT 1"
        );
        let found = self.read(move |db| {
            first(db, &sql, (name, stored_millis(since), call, thing), |_| {
                Ok(())
            })
        });
        Ok(found.await?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use witbot_core::call::{Operation, ReadSettings};
    use witbot_core::error::Error;
    use witbot_core::journal::{Commit, Entry, Outcome};

    use super::*;
    use crate::fixture::{begun, lease, store};

    /// A call that was answered at 20.
    fn answered(number: u32, name: &str, arguments: Value, outcome: Outcome) -> Entry {
        let operation = Operation::ReadSettings(ReadSettings {});
        let mut entry = Entry::begin(number, &operation, UnixMillis(20));
        entry.name = name.to_owned();
        entry.arguments = arguments;
        entry.outcome = Some(outcome);
        entry
    }

    #[tokio::test]
    async fn what_one_call_has_to_do_with_belongs_to_no_other() {
        let (_folder, store) = store();
        let lease = lease("a", 100);
        let run = begun(&store, "1", &lease).await;
        let started = Outcome::Ok(json!({ "id": "p1" }));
        let refused = Outcome::Error(Error::invalid("no"));
        let commit = Commit {
            entries: vec![
                answered(0, "ci.trigger", json!({}), started),
                answered(
                    1,
                    "ci.rerun",
                    json!({ "run": "p1" }),
                    Outcome::Ok(json!(null)),
                ),
                answered(2, "ci.rerun", json!({ "run": "p2" }), refused),
            ],
            ..Commit::default()
        };
        store.commit(&run, &lease, commit).await.unwrap();
        for (number, name, thing, since, expected) in [
            (9, "ci.trigger", "p1", 20, true),
            (9, "ci.trigger", "p1", 21, false),
            (0, "ci.trigger", "p1", 20, false),
            (9, "ci.trigger", "p2", 20, false),
            (9, "ci.cancel", "p1", 20, false),
            (9, "ci.rerun", "p1", 20, true),
            (1, "ci.rerun", "p1", 20, false),
            (9, "ci.rerun", "p2", 20, false),
        ] {
            let call = CallId::new(&run, number);
            let found = store.belongs_to_another(&call, name, thing, UnixMillis(since));
            assert_eq!(found.await.unwrap(), expected, "{number} {name} {thing}");
        }
    }
}
