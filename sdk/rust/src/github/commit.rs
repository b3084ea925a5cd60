//! A commit.

use crate::bindings::witbot::github::github;
use crate::time::Timestamp;

/// A commit.
#[derive(Debug)]
pub struct Commit {
    raw: github::Commit,
}

impl Commit {
    pub(crate) fn new(raw: github::Commit) -> Commit {
        Commit { raw }
    }

    /// The full SHA.
    pub fn sha(&self) -> String {
        self.raw.sha()
    }

    /// The first line of its message.
    pub fn title(&self) -> String {
        self.raw.title()
    }

    /// The login of its author at GitHub, or else the name that the commit gives.
    pub fn author(&self) -> String {
        self.raw.author()
    }

    /// The page that shows it.
    pub fn url(&self) -> String {
        self.raw.url()
    }

    /// When it was committed.
    pub fn committed_at(&self) -> Timestamp {
        Timestamp::from_millis(self.raw.committed_at())
    }
}
