//! What witbot needs of a CI service, whichever it is. The services themselves are below.

pub mod circleci;

use std::future::Future;
use std::pin::Pin;

use witbot_core::call::{CancelRun, TriggerRun};
use witbot_core::ci::{Project, Run, RunStatus};
use witbot_core::error::Error;
use witbot_core::ids::{CallId, UnixMillis};

/// An answer that is on its way.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A CI service.
pub trait CiProvider: Send + Sync {
    /// Starts a run, once: nothing is ever sent a second time. `in-doubt` when it cannot be known whether it was started.
    fn trigger<'a>(&'a self, call: &'a TriggerRun, id: &'a CallId) -> Answer<'a, Run>;

    /// Looks for the run that a call may have started. The call was begun at that time.
    fn find<'a>(
        &'a self,
        call: &'a TriggerRun,
        id: &'a CallId,
        begun: UnixMillis,
    ) -> Answer<'a, Found>;

    /// How a run stands.
    fn status<'a>(&'a self, project: &'a Project, run: &'a str) -> Answer<'a, RunStatus>;

    /// Asks for a run to be stopped. It ends some time later. Asking twice does no harm.
    fn cancel<'a>(&'a self, call: &'a CancelRun) -> Answer<'a, ()>;
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
