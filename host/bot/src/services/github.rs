//! GitHub: what plugins ask of it, done with credentials that they never see. octocrab and its types end here.
//!
//! Reads are tried again within a deadline. A write is sent once; when its answer does not say whether it was done, it is
//! looked for. That is all about one request: what was recorded of it, and what to do after a crash, is the gate's.

pub(in crate::services) mod answer;
pub(in crate::services) mod asked;
mod branches;
mod checks;
mod client;
mod commits;
pub(in crate::services) mod connection;
mod deliveries;
mod deployments;
pub mod device;
mod installations;
mod merge;
mod news;
pub(in crate::services) mod path;
mod payload;
mod refusal;
mod statuses;
pub(in crate::services) mod time;

#[cfg(test)]
pub(in crate::services) mod tests;

use std::future::Future;
use std::sync::Arc;

use anyhow::Context as _;
use witbot_core::call::{
    AddDeploymentStatus, AwaitDeploymentStatus, Compare, CreateDeployment, ListBranches,
    ListDeployments, Merge, ReadChecks, ReadCommit, ReadDefaultBranch, ReadDeployment,
    ReadDeploymentStatus, ResolveReference,
};
use witbot_core::error::{Code, Error};
use witbot_core::github::{Checks, Commit, Comparison, Deployment, DeploymentStatus};
use witbot_core::grants::Grants;
use witbot_core::ids::{CallId, Repository, UnixMillis};

use self::asked::{Asked, Identity};
use self::client::Client;
use self::connection::{Access, Connection, Pace};
use self::installations::Installations;
pub use self::news::Caused;
use crate::metrics::Metrics;
use crate::secret::Secret;

/// As whom the bot speaks to GitHub.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A personal access token: `GITHUB_TOKEN`.
    Token(Secret),
    /// An app, through its installations: `GITHUB_APP_ID` and `GITHUB_APP_PRIVATE_KEY`.
    App {
        /// The number of the app.
        id: u64,
        /// Its RSA key, as GitHub made it.
        private_key_pem: Secret,
    },
}

/// The bot's way to GitHub.
#[derive(Clone)]
pub struct Github {
    connection: Arc<Connection>,
}

impl Github {
    /// Prepares the connection and asks nothing yet. Must be called within a tokio runtime.
    pub fn new(
        api_url: &str,
        credentials: Credentials,
        metrics: &Metrics,
    ) -> anyhow::Result<Github> {
        Github::with_pace(api_url, credentials, Pace::USUAL, metrics)
    }

    pub(in crate::services) fn with_pace(
        api_url: &str,
        credentials: Credentials,
        pace: Pace,
        metrics: &Metrics,
    ) -> anyhow::Result<Github> {
        tokio::runtime::Handle::try_current()
            .context("the client for GitHub needs a tokio runtime")?;
        let client = Client::new(client::octocrab(api_url, &credentials)?, metrics);
        let (access, identity) = match credentials {
            Credentials::Token(_) => (Access::One(Arc::new(client)), Identity::Token),
            Credentials::App { .. } => {
                let installations = Arc::new(Installations::new(client));
                (Access::App(installations), Identity::App)
            }
        };
        Ok(Github {
            connection: Arc::new(Connection::new(access, identity, pace)),
        })
    }

    /// The way to GitHub of a plugin with these grants: what it asks of GitHub is asked with tokens that are good for no more.
    pub fn for_plugin(&self, grants: &Arc<Grants>) -> Github {
        Github {
            connection: Arc::new(self.connection.for_plugin(grants)),
        }
    }

    /// Forgets all tokens of the app's installations, for grants that have changed.
    pub fn forget_tokens(&self) {
        self.connection.forget_tokens();
    }

    /// The connection, for what is done at GitHub besides: GitHub Actions.
    pub(in crate::services) fn connection(&self) -> Arc<Connection> {
        self.connection.clone()
    }

    /// The full SHA that a branch, tag or abbreviated SHA stands for.
    pub async fn resolve(&self, call: &ResolveReference) -> Result<String, Error> {
        commits::resolve(&self.connection, &call.repository, &call.reference).await
    }

    /// The commit that a reference stands for, with what it says.
    pub async fn commit(&self, call: &ReadCommit) -> Result<Commit, Error> {
        commits::read(&self.connection, &call.repository, &call.reference).await
    }

    /// The name of the default branch.
    pub async fn default_branch(&self, call: &ReadDefaultBranch) -> Result<String, Error> {
        branches::default(&self.connection, &call.repository).await
    }

    /// The names of the branches, in GitHub's order.
    pub async fn branches(&self, call: &ListBranches) -> Result<Vec<String>, Error> {
        branches::list(&self.connection, call).await
    }

    /// Merges into a branch, and gives the commit that this made, if it made one. `in-doubt` if GitHub can afterwards not
    /// be asked whether it did. The call id is for the log: GitHub has no place for it.
    pub async fn merge(&self, call: &Merge, id: &CallId) -> Result<Option<String>, Error> {
        tracing::debug!(call = %id, base = call.base, head = call.head, "merges into a branch");
        merge::merge(&self.connection, call).await
    }

    /// What became of a merge that began at `begun`. None: it did not happen.
    pub async fn find_merge(
        &self,
        call: &Merge,
        begun: UnixMillis,
    ) -> Result<Option<Option<String>>, Error> {
        merge::find(&self.connection, call, begun).await
    }

    /// Statuses and check runs of a commit, together.
    pub async fn checks(&self, call: &ReadChecks) -> Result<Checks, Error> {
        checks::read(&self.connection, call).await
    }

    /// How one reference stands to another.
    pub async fn compare(&self, call: &Compare) -> Result<Comparison, Error> {
        commits::compare(&self.connection, call).await
    }

    /// Creates a deployment, marked with the id of the call. `in-doubt` if GitHub can afterwards not be asked whether it did.
    pub async fn create_deployment(
        &self,
        call: &CreateDeployment,
        id: &CallId,
    ) -> Result<Deployment, Error> {
        deployments::create(&self.connection, call, id).await
    }

    /// The deployment that was created with this call id. None: there is none.
    pub async fn find_deployment(
        &self,
        call: &CreateDeployment,
        id: &CallId,
    ) -> Result<Option<Deployment>, Error> {
        deployments::find(&self.connection, call, id).await
    }

    /// One deployment.
    pub async fn deployment(&self, call: &ReadDeployment) -> Result<Deployment, Error> {
        deployments::read(&self.connection, call).await
    }

    /// The newest deployments, newest first.
    pub async fn deployments(&self, call: &ListDeployments) -> Result<Vec<Deployment>, Error> {
        deployments::list(&self.connection, call).await
    }

    /// The latest status of a deployment.
    pub async fn deployment_status(
        &self,
        call: &ReadDeploymentStatus,
    ) -> Result<Option<DeploymentStatus>, Error> {
        statuses::latest(&self.connection, call).await
    }

    /// Adds a status to a deployment. The call id is for the log: GitHub has no place for it.
    pub async fn add_deployment_status(
        &self,
        call: &AddDeploymentStatus,
        id: &CallId,
    ) -> Result<DeploymentStatus, Error> {
        tracing::debug!(call = %id, deployment = call.deployment, state = call.request.state, "adds a deployment status");
        statuses::add(&self.connection, call).await
    }

    /// The status that was added by a call that began at `begun`: the newest that says the same and is not older.
    pub async fn find_deployment_status(
        &self,
        call: &AddDeploymentStatus,
        begun: UnixMillis,
    ) -> Result<Option<DeploymentStatus>, Error> {
        statuses::find(&self.connection, call, begun).await
    }

    /// Has GitHub send again the webhooks of a repository that did not arrive since a time, and says how many.
    /// `not-found`, `denied`: the bot's credentials may not see webhooks there.
    pub async fn redeliver(
        &self,
        repository: &Repository,
        since: UnixMillis,
    ) -> Result<u32, Error> {
        deliveries::redeliver(&self.connection, repository, since).await
    }

    /// What the bot has done, as GitHub's webhook tells it. None: it is not there any more.
    pub async fn news(&self, caused: &Caused) -> Result<Option<serde_json::Value>, Error> {
        news::read(&self.connection, caused).await
    }

    /// The status that the wait is for, if it is there already.
    pub async fn next_deployment_status(
        &self,
        call: &AwaitDeploymentStatus,
    ) -> Result<Option<DeploymentStatus>, Error> {
        statuses::next(&self.connection, call).await
    }
}

/// Ends a write that was not answered as it should: looks for what it did, and never sends it again. `seen` says what was
/// seen of it.
pub(in crate::services) async fn settle<T>(
    connection: &Connection,
    seen: &str,
    asked: &Asked,
    find: impl Future<Output = Result<Option<T>, Error>>,
) -> Result<T, Error> {
    // GitHub may still be at it: a gateway that gives up says nothing about what is behind it.
    tokio::time::sleep(connection.pace.settle).await;
    let action = &asked.action;
    match find.await {
        Ok(Some(found)) => {
            tracing::info!(seen, "GitHub did {action} all the same");
            Ok(found)
        }
        Ok(None) => {
            let text = format!(
                "{seen} when asked to {action}. As far as it shows, it was not done: try again in a while."
            );
            Err(Error::new(Code::Unavailable, text))
        }
        Err(error) => {
            tracing::warn!(seen, %error, "cannot find out whether GitHub did {action}");
            let text = format!(
                "{seen} when asked to {action}, and cannot be asked whether it was done. Look there before you try again. ({error})"
            );
            Err(Error::new(Code::InDoubt, text))
        }
    }
}
