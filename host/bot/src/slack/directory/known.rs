//! What is remembered by its id, for some time, and no more than so much of it.
//!
//! Whoever asks says how old the answer may be: a name may be older than what decides who may do something.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;
use witbot_core::limits;

/// What is remembered.
#[derive(Debug)]
pub(super) struct Known<V> {
    entries: Mutex<HashMap<String, Arc<Entry<V>>>>,
}

#[derive(Debug)]
struct Entry<V> {
    since: Instant,
    /// Empty while it is asked for.
    value: OnceCell<V>,
}

impl<V> Default for Known<V> {
    fn default() -> Known<V> {
        Known {
            entries: Mutex::default(),
        }
    }
}

impl<V: Clone> Known<V> {
    /// What is known and not older than this, or what is answered now. Whoever asks for the same at the same time waits
    /// for the same answer.
    pub(super) async fn get<E>(
        &self,
        id: &str,
        age_max: Duration,
        ask: impl AsyncFnOnce() -> Result<V, E>,
    ) -> Result<V, E> {
        let entry = self.entry(id, age_max);
        let answer = entry.value.get_or_try_init(|| ask()).await.cloned();
        if answer.is_err() {
            // Nothing is kept of what was asked for in vain.
            let mut entries = self.entries();
            let is_same = |kept: &Arc<Entry<V>>| Arc::ptr_eq(kept, &entry);
            if entries.get(id).is_some_and(is_same) && !entry.value.initialized() {
                entries.remove(id);
            }
        }
        answer
    }

    /// What is known.
    pub(super) fn peek(&self, id: &str) -> Option<V> {
        let entries = self.entries();
        let entry = entries
            .get(id)
            .filter(|entry| entry.is_younger(limits::SLACK_KNOWN_AGE_MAX))?;
        entry.value.get().cloned()
    }

    /// Something came along.
    pub(super) fn put(&self, id: &str, value: V) {
        let mut entries = self.entries();
        make_room(&mut entries, id);
        entries.insert(id.to_owned(), Arc::new(Entry::new(Some(value))));
    }

    /// Asks again the next time. An answer that is under way now may be too old.
    pub(super) fn forget(&self, id: &str) {
        self.entries().remove(id);
    }

    /// The same for all that a test picks, and for what is being asked for.
    pub(super) fn forget_if(&self, test: impl Fn(&V) -> bool) {
        self.entries()
            .retain(|_, entry| entry.value.get().is_some_and(|value| !test(value)));
    }

    fn entry(&self, id: &str, age_max: Duration) -> Arc<Entry<V>> {
        let mut entries = self.entries();
        if let Some(entry) = entries.get(id).filter(|entry| entry.is_younger(age_max)) {
            return entry.clone();
        }
        make_room(&mut entries, id);
        let entry = Arc::new(Entry::new(None));
        entries.insert(id.to_owned(), entry.clone());
        entry
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Arc<Entry<V>>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Entry<V> {
    fn new(value: Option<V>) -> Entry<V> {
        Entry {
            since: Instant::now(),
            value: OnceCell::new_with(value),
        }
    }

    fn is_younger(&self, age_max: Duration) -> bool {
        self.since.elapsed() < age_max
    }
}

/// What is too old goes first, and then what is oldest.
fn make_room<V>(entries: &mut HashMap<String, Arc<Entry<V>>>, id: &str) {
    if entries.len() < limits::SLACK_KNOWN_MAX || entries.contains_key(id) {
        return;
    }
    entries.retain(|_, entry| entry.is_younger(limits::SLACK_KNOWN_AGE_MAX));
    if entries.len() < limits::SLACK_KNOWN_MAX {
        return;
    }
    let oldest = entries.iter().min_by_key(|(_, entry)| entry.since);
    if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
        entries.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const AGE: Duration = limits::SLACK_KNOWN_AGE_MAX;

    #[tokio::test]
    async fn those_who_ask_at_the_same_time_share_an_answer() {
        let known = Known::default();
        let asked = AtomicUsize::new(0);
        let ask = async || {
            asked.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok::<_, ()>(7)
        };
        let answers = tokio::join!(
            known.get("a", AGE, ask),
            known.get("a", AGE, ask),
            known.get("b", AGE, ask)
        );
        assert_eq!(answers, (Ok(7), Ok(7), Ok(7)));
        assert_eq!(known.get("a", AGE, ask).await, Ok(7));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn what_was_asked_in_vain_is_asked_again() {
        let known = Known::default();
        assert_eq!(
            known.get("a", AGE, async || Err::<u8, _>("no")).await,
            Err("no")
        );
        assert!(known.entries().is_empty());
        assert_eq!(known.get("a", AGE, async || Ok::<_, &str>(1)).await, Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_old_or_forgotten_or_too_much_is_asked_again() {
        let known = Known::default();
        let one = async || Ok::<_, ()>(1);
        let two = async || Ok::<_, ()>(2);
        known.get("a", AGE, one).await.unwrap();
        known.put("b", 5);
        assert_eq!((known.peek("a"), known.peek("b")), (Some(1), Some(5)));
        known.forget("a");
        assert_eq!(known.get("a", AGE, two).await, Ok(2));
        known.forget_if(|value| *value == 2);
        assert_eq!((known.peek("a"), known.peek("b")), (None, Some(5)));
        tokio::time::advance(limits::SLACK_KNOWN_AGE_MAX).await;
        assert_eq!(known.peek("b"), None);
        assert_eq!(known.get("b", AGE, one).await, Ok(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        for number in 0..limits::SLACK_KNOWN_MAX {
            known.put(&number.to_string(), 3);
        }
        assert_eq!(known.entries().len(), limits::SLACK_KNOWN_MAX);
        assert_eq!((known.peek("b"), known.peek("0")), (None, Some(3)));
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_says_how_old_an_answer_may_be() {
        let known = Known::default();
        let second = Duration::from_secs(1);
        known.put("a", 1);
        tokio::time::advance(second).await;
        let two = async || Ok::<_, ()>(2);
        assert_eq!(known.get("a", 2 * second, two).await, Ok(1));
        assert_eq!(known.get("a", second, two).await, Ok(2));
        assert_eq!(known.peek("a"), Some(2));
    }
}
