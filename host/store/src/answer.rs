//! What calls were answered, as the journal keeps it: small answers in the row of the call, large ones in a table of their
//! own, each once. All answers are written here; [`OUTCOME`] reads them.

use rusqlite::Connection;

use witbot_core::ids::Digest;
use witbot_core::journal::Outcome;
use witbot_core::limits::OUTCOME_INLINE_BYTES_MAX;

use crate::column::execute;
use crate::error::StoreError;

/// The answer of a row of the journal, wherever it is kept. One that is missing reads as an empty text, which is damage: it
/// must not pass for a call without an answer, which might be performed again.
pub(crate) const OUTCOME: &str = "iif(outcome_digest IS NULL, outcome,
    coalesce((SELECT text FROM blobs WHERE blobs.digest = outcome_digest), ''))";

/// An answer as text, with its digest if it is kept out of line.
pub(crate) struct Answer {
    text: String,
    digest: Option<Digest>,
}

/// What the row of a call keeps of its answer: the answer, or its digest.
pub(crate) type Kept<'a> = (Option<&'a str>, Option<&'a [u8; 32]>);

impl Answer {
    pub(crate) fn new(outcome: &Outcome) -> Result<Answer, StoreError> {
        let text = serde_json::to_string(outcome)?;
        let is_large = text.len() > OUTCOME_INLINE_BYTES_MAX;
        let digest = is_large.then(|| Digest::of(text.as_bytes()));
        Ok(Answer { text, digest })
    }

    /// Stores the answer if it is large, and says what the row of the call keeps of it.
    pub(crate) fn keep(&self, db: &Connection) -> Result<Kept<'_>, rusqlite::Error> {
        let Some(digest) = &self.digest else {
            return Ok((Some(&self.text), None));
        };
        let digest = digest.as_bytes();
        let sql = "INSERT INTO blobs (digest, text) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING";
        execute(db, sql, (digest, &self.text))?;
        Ok((None, Some(digest)))
    }

    /// Gives a call its answer, at a time as it is stored, and says how many rows that were: none if the call has an answer.
    pub(crate) fn give(
        &self,
        db: &Connection,
        run: i64,
        number: u32,
        at: i64,
    ) -> Result<usize, rusqlite::Error> {
        let (text, digest) = self.keep(db)?;
        execute(
            db,
            "UPDATE journal SET outcome = ?, outcome_digest = ?, at_ms = ?
             WHERE run = ? AND number = ? AND outcome IS NULL AND outcome_digest IS NULL",
            (text, digest, at, run, number),
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use witbot_core::call::{KvGet, Operation, ReadSettings, Sleep};
    use witbot_core::error::{Code, Error};
    use witbot_core::ids::{CallId, InvocationId, UnixMillis};
    use witbot_core::journal::{Commit, Entry, Journal, State, Step, Wait};

    use super::*;
    use crate::Store;
    use crate::column::all;
    use crate::commit::CommitError;
    use crate::fixture::{begun, finish, lease, store};

    /// An answer whose text has so many bytes.
    fn of_bytes(size: usize) -> Outcome {
        let around = serde_json::to_string(&Outcome::Ok(json!(""))).unwrap();
        Outcome::Ok(json!("x".repeat(size - around.len())))
    }

    fn large() -> Outcome {
        of_bytes(OUTCOME_INLINE_BYTES_MAX + 1)
    }

    fn get() -> Operation {
        KvGet {
            namespace: None,
            key: "a".into(),
        }
        .into()
    }

    fn answered(number: u32, outcome: Outcome) -> Entry {
        let outcome = Some(outcome);
        Entry {
            outcome,
            ..Entry::begin(number, &get(), UnixMillis(20))
        }
    }

    async fn commit(
        store: &Store,
        id: &InvocationId,
        entries: Vec<Entry>,
    ) -> Result<(), CommitError> {
        let commit = Commit {
            entries,
            ..Commit::default()
        };
        store.commit(id, &lease("a", 2_000), commit).await.map(drop)
    }

    /// How many bytes each text has that is kept out of line.
    async fn blobs(store: &Store) -> Vec<u32> {
        let sql = "SELECT length(text) AS size FROM blobs";
        let sizes = store.read(|db| all(db, sql, (), |row| Ok(row.get("size")?)));
        sizes.await.unwrap()
    }

    #[tokio::test]
    async fn only_an_answer_above_the_bound_is_kept_out_of_line() {
        let (_folder, store) = store();
        let id = begun(&store, "1", &lease("a", 2_000)).await;
        let entries = vec![
            answered(0, of_bytes(OUTCOME_INLINE_BYTES_MAX)),
            answered(1, large()),
            answered(
                2,
                Outcome::Error(Error::new(Code::NotFound, "x".repeat(20_000))),
            ),
        ];
        commit(&store, &id, entries.clone()).await.unwrap();
        assert_eq!(store.journal(&id).await.unwrap(), entries);
        let out_of_line = blobs(&store).await;
        assert_eq!(out_of_line.len(), 2, "{out_of_line:?}");
        assert!(
            out_of_line
                .iter()
                .all(|size| *size as usize > OUTCOME_INLINE_BYTES_MAX)
        );
    }

    #[tokio::test]
    async fn a_run_with_a_large_answer_is_replayed() {
        let (_folder, store) = store();
        let id = begun(&store, "1", &lease("a", 2_000)).await;
        let entries = vec![answered(0, large()), answered(1, Outcome::Ok(json!(1)))];
        commit(&store, &id, entries).await.unwrap();
        let mut journal = Journal::new(store.journal(&id).await.unwrap());
        let first = Step::Answered(large(), UnixMillis(20));
        let second = Step::Answered(Outcome::Ok(json!(1)), UnixMillis(20));
        let steps = [get(), get(), get()].map(|call| journal.step(&call));
        assert_eq!(steps, [first, second, Step::Live(2)]);
    }

    #[tokio::test]
    async fn a_call_with_a_large_answer_is_not_answered_again() {
        let (_folder, store) = store();
        let ours = lease("a", 2_000);
        let id = begun(&store, "1", &ours).await;
        let begins = Entry::begin(0, &get(), UnixMillis(20));
        commit(&store, &id, vec![begins]).await.unwrap();
        let answer = |outcome| Commit {
            answers: vec![(0, outcome, UnixMillis(30))],
            ..Commit::default()
        };
        store.commit(&id, &ours, answer(large())).await.unwrap();
        let again = store
            .commit(&id, &ours, answer(Outcome::Ok(json!(2))))
            .await;
        assert_eq!(again, Err(CommitError::Superseded));
        let entry = store.journal(&id).await.unwrap().remove(0);
        assert_eq!((entry.outcome, entry.at), (Some(large()), UnixMillis(30)));
    }

    #[tokio::test]
    async fn a_wait_can_end_with_a_large_answer() {
        let (_folder, store) = store();
        let id = begun(&store, "1", &lease("a", 2_000)).await;
        let operation: Operation = Sleep { milliseconds: 5 }.into();
        let wait = Wait {
            invocation: id.clone(),
            number: 0,
            key: operation.wait_key(),
            operation,
            deadline: UnixMillis(500),
        };
        let parks = Commit {
            entries: vec![Entry::begin(0, &wait.operation, UnixMillis(20))],
            state: Some(State::Parked(Box::new(wait.clone()))),
            ..Commit::default()
        };
        store.commit(&id, &lease("a", 2_000), parks).await.unwrap();
        let fulfilled = store.fulfil(&wait, large(), UnixMillis(30), None, None);
        assert!(fulfilled.await.unwrap());
        let entry = store.journal(&id).await.unwrap().remove(0);
        assert_eq!(entry.outcome, Some(large()));
        assert_eq!(blobs(&store).await.len(), 1);
    }

    #[tokio::test]
    async fn equal_answers_are_kept_once_and_go_with_the_last_run_that_has_them() {
        let (_folder, store) = store();
        let lease = lease("a", 2_000);
        let over = begun(&store, "over", &lease).await;
        let twice = vec![answered(0, large()), answered(1, large())];
        commit(&store, &over, twice).await.unwrap();
        let shares = begun(&store, "shares", &lease).await;
        commit(&store, &shares, vec![answered(0, large())])
            .await
            .unwrap();
        assert_eq!(blobs(&store).await.len(), 1);
        // The last run always stays, so that this must not be one of the two.
        begun(&store, "last", &lease).await;

        finish(&store, &over, &lease).await.unwrap();
        store
            .prune(UnixMillis(10_000), UnixMillis(0))
            .await
            .unwrap();
        assert_eq!(store.invocation(&over).await.unwrap(), None);
        let kept = store.journal(&shares).await.unwrap().remove(0);
        assert_eq!(kept.outcome, Some(large()));

        finish(&store, &shares, &lease).await.unwrap();
        store
            .prune(UnixMillis(10_000), UnixMillis(0))
            .await
            .unwrap();
        assert_eq!(store.invocation(&shares).await.unwrap(), None);
        assert!(blobs(&store).await.is_empty());
    }

    #[tokio::test]
    async fn an_answer_that_is_missing_is_damage() {
        let (_folder, store) = store();
        let id = begun(&store, "1", &lease("a", 2_000)).await;
        commit(&store, &id, vec![answered(0, large())])
            .await
            .unwrap();
        let lose = |db: &Connection| Ok::<_, StoreError>(execute(db, "DELETE FROM blobs", ())?);
        assert_eq!(store.write(lose).await.unwrap(), 1);
        let refusal = store.journal(&id).await.unwrap_err();
        assert!(matches!(refusal, StoreError::Damaged(_)), "{refusal}");
    }

    #[tokio::test]
    async fn what_a_large_answer_names_belongs_to_its_call() {
        let (_folder, store) = store();
        let id = begun(&store, "1", &lease("a", 2_000)).await;
        let value = json!({ "id": "p1", "log": "x".repeat(OUTCOME_INLINE_BYTES_MAX) });
        let settings: Operation = ReadSettings {}.into();
        let entry = Entry {
            outcome: Some(Outcome::Ok(value)),
            ..Entry::begin(0, &settings, UnixMillis(20))
        };
        commit(&store, &id, vec![entry]).await.unwrap();
        let call = CallId::new(&id, 9);
        for (thing, expected) in [("p1", true), ("p2", false)] {
            let found = store.belongs_to_another(&call, settings.name(), thing, UnixMillis(20));
            assert_eq!(found.await.unwrap(), expected, "{thing}");
        }
    }
}
