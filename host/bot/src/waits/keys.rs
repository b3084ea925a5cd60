//! For which keys something may be waiting. Every message that is heard and every webhook asks this, and nearly always
//! the answer is no, which is to cost nothing. It takes sixteen bytes a key.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

/// Keys, as hashes: two that have the same only cost a question to the store.
#[derive(Debug, Default)]
pub struct Keys {
    hasher: RandomState,
    notes: HashMap<u64, Note>,
    last: u32,
}

/// A key in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hash(u64);

/// When a key was noted last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note(u32);

impl Keys {
    /// A key in short.
    pub fn hash(&self, key: &str) -> Hash {
        Hash(self.hasher.hash_one(key))
    }

    /// Something waits for a key.
    pub fn note(&mut self, key: &str) {
        self.last = self.last.wrapping_add(1);
        let hash = self.hash(key);
        self.notes.insert(hash.0, Note(self.last));
    }

    /// When something was said to wait for a key. None: nothing does.
    pub fn noted(&self, key: &str) -> Option<Note> {
        self.notes.get(&self.hash(key).0).copied()
    }

    /// Nothing waited for a key any more at some moment after it was noted so. If it was noted again since, it stays.
    pub fn forget(&mut self, key: &str, noted: Note) {
        if self.noted(key) == Some(noted) {
            self.notes.remove(&self.hash(key).0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_noted_again_is_not_forgotten() {
        let mut keys = Keys::default();
        assert_eq!(keys.noted("k"), None);
        keys.note("k");
        let before = keys.noted("k").unwrap();
        keys.note("k");
        keys.forget("k", before);
        let again = keys.noted("k").unwrap();
        keys.forget("other", again);
        keys.forget("k", again);
        assert_eq!(keys.noted("k"), None);
    }
}
