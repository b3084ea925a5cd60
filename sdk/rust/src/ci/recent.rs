//! A run in a list.

use crate::bindings::witbot::ci::ci;
use crate::time::Timestamp;

use super::Phase;

/// A run in a list, as it stood when the list was made.
#[derive(Debug)]
pub struct RecentRun {
    raw: ci::RecentRun,
}

impl RecentRun {
    pub(super) fn new(raw: ci::RecentRun) -> RecentRun {
        RecentRun { raw }
    }

    /// The provider's id: what [`Project::run`](super::Project::run) takes.
    pub fn id(&self) -> String {
        self.raw.id()
    }

    /// The number that people see.
    pub fn number(&self) -> Option<u64> {
        self.raw.number()
    }

    /// The page of the run.
    pub fn url(&self) -> String {
        self.raw.url()
    }

    /// How people call it: the workflow, or the first line of the commit's message. Can be empty.
    pub fn title(&self) -> String {
        self.raw.title()
    }

    /// The branch or tag that it works on, when the provider says so.
    pub fn reference(&self) -> Option<String> {
        self.raw.reference()
    }

    /// The commit, as its full SHA, when the provider says so.
    pub fn commit(&self) -> Option<String> {
        self.raw.commit()
    }

    /// The account at the provider that started it, when the provider says so.
    pub fn actor(&self) -> Option<String> {
        self.raw.actor()
    }

    /// Which phase it was in.
    pub fn phase(&self) -> Phase {
        Phase::from(self.raw.phase())
    }

    /// When it was created.
    pub fn created_at(&self) -> Timestamp {
        Timestamp::from_millis(self.raw.created_at())
    }
}
