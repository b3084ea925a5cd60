//! What witbot needs of a CI service, whichever it is. The services themselves are below.

pub mod actions;
pub mod circleci;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use witbot_core::call::{ApproveRun, CancelRun, ListRuns, RerunRun, TriggerRun};
use witbot_core::ci::{Project, RecentRun, Run, RunStatus};
use witbot_core::error::Error;
use witbot_core::grants::Grants;
use witbot_core::ids::{CallId, UnixMillis};

/// An answer that is on its way.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A CI service. What not every one of them can do is said by [`Provider::can`](witbot_core::ci::Provider::can).
///
/// Other services would fit more or less well:
///
/// - Buildkite fits. A build is created with its exact commit, which is also told afterwards, and its `meta_data` carries the
///   id of the call; block steps are approvals (`unblock` of the job); `rebuild` makes a build of another number, so `rerun`
///   would have to be the retry of each failed job.
/// - Jenkins does not. A trigger is answered with an item of a queue, and the build has its number only later, so that `Run`
///   would need an id that changes. Parameters are not told in lists of builds unless each of them is read, and the queue
///   forgets an item after five minutes: a lost answer would often be `in-doubt`. Approvals (`input` steps) are a matter of
///   plugins of Jenkins, and nothing can be run again under the same number.
pub trait CiProvider: Send + Sync {
    /// The service as a plugin with these grants reaches it, if that is another way than the bot's own.
    fn for_plugin(&self, _grants: &Arc<Grants>) -> Option<Arc<dyn CiProvider>> {
        None
    }

    /// Starts a run, once: nothing is ever sent a second time. `in-doubt` when it cannot be known whether it was started.
    fn trigger<'a>(&'a self, call: &'a TriggerRun, id: &'a CallId) -> Answer<'a, Run>;

    /// Looks for the run that a call may have started. The call was begun at that time.
    fn find<'a>(
        &'a self,
        call: &'a TriggerRun,
        id: &'a CallId,
        begun: UnixMillis,
    ) -> Answer<'a, Found>;

    /// The newest runs, newest first.
    fn recent<'a>(&'a self, call: &'a ListRuns) -> Answer<'a, Vec<RecentRun>>;

    /// How a run stands.
    fn status<'a>(&'a self, project: &'a Project, run: &'a str) -> Answer<'a, RunStatus>;

    /// Asks for a run to be stopped. It ends some time later. Asking twice does no harm.
    fn cancel<'a>(&'a self, call: &'a CancelRun) -> Answer<'a, ()>;

    /// Runs it once more, under the same id: nothing is ever sent a second time. `conflict` when it is not over.
    fn rerun<'a>(&'a self, call: &'a RerunRun) -> Answer<'a, ()>;

    /// Whether a call that was begun at that time has made it run once more.
    fn find_rerun<'a>(&'a self, call: &'a RerunRun, begun: UnixMillis) -> Answer<'a, bool>;

    /// Gives an approval. `conflict` when it is not waited for any more.
    fn approve<'a>(&'a self, call: &'a ApproveRun) -> Answer<'a, ()>;
}

/// What became of a call that may have started a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It started this one.
    Run(Run),
    /// It started none.
    Nothing,
    /// There are runs that it may have started, and it cannot be known which, or whether.
    Doubt,
}
