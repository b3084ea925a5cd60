//! A repository that was granted.

use crate::bindings::witbot::github::github;
use crate::error::Result;

use super::check::Check;
use super::commit::Commit;
use super::deploy::Deploy;
use super::deployment::Deployment;

/// A repository that was granted.
#[derive(Debug)]
pub struct Repository {
    raw: github::Repository,
}

impl Repository {
    pub(crate) fn new(raw: github::Repository) -> Repository {
        Repository { raw }
    }

    /// `owner/name`.
    pub fn name(&self) -> String {
        self.raw.name()
    }

    /// The commit, as its full SHA, that a branch, tag or abbreviated SHA stands for. Permission: `contents:read`.
    ///
    /// # Errors
    /// `not-found` (no such reference).
    pub fn resolve(&self, reference: &str) -> Result<String> {
        Ok(self.raw.resolve(reference)?)
    }

    /// The commit that a branch, tag or abbreviated SHA stands for. Permission: `contents:read`.
    ///
    /// # Errors
    /// `not-found` (no such reference).
    pub fn commit(&self, reference: &str) -> Result<Commit> {
        Ok(Commit::new(self.raw.commit(reference)?))
    }

    /// The name of the default branch. Permission: `contents:read`.
    pub fn default_branch(&self) -> Result<String> {
        Ok(self.raw.default_branch()?)
    }

    /// The names of the branches, in GitHub's order, at most `limit` (1 to 1,000). Permission: `contents:read`.
    pub fn branches(&self, limit: u32) -> Result<Vec<String>> {
        Ok(self.raw.branches(limit)?)
    }

    /// Merges `head`, a branch or commit, into the branch `base`, and gives the SHA of the commit that this made. None when
    /// there was nothing to merge. Permission: `contents:write`.
    ///
    /// # Errors
    /// `conflict` (they do not fit together), `not-found` (no such branch or commit).
    pub fn merge(&self, base: &str, head: &str, message: &str) -> Result<Option<String>> {
        Ok(self.raw.merge(base, head, message)?)
    }

    /// The checks of a commit, statuses and check runs together. Permission: `contents:read`.
    pub fn checks(&self, reference: &str) -> Result<Checks> {
        Ok(Checks {
            raw: self.raw.checks(reference)?,
        })
    }

    /// How `head` stands to `base`. Permission: `contents:read`.
    pub fn compare(&self, base: &str, head: &str) -> Result<Comparison> {
        Ok(Comparison {
            raw: self.raw.compare(base, head)?,
        })
    }

    /// Creates a deployment. GitHub's own gates (automatic merge, required contexts) are off unless asked for.
    /// Permission: `deployments:write`, for the environment.
    ///
    /// # Errors
    /// `conflict` (merge conflict, failed contexts, or GitHub merged the base branch in and wants the request again
    /// later), `invalid` (such as an unknown reference).
    pub fn deploy(&self, request: &Deploy) -> Result<Deployment> {
        Ok(Deployment::new(self.raw.create_deployment(&request.raw())?))
    }

    /// One deployment. Permission: `deployments:read`.
    pub fn deployment(&self, id: u64) -> Result<Deployment> {
        Ok(Deployment::new(self.raw.deployment(id)?))
    }

    /// The newest deployments, newest first, at most `limit` (1 to 100). Permission: `deployments:read`.
    pub fn deployments(&self, environment: Option<&str>, limit: u32) -> Result<Vec<Deployment>> {
        let deployments = self.raw.deployments(environment, limit)?;
        Ok(deployments.into_iter().map(Deployment::new).collect())
    }
}

/// The checks of a commit.
#[derive(Debug)]
pub struct Checks {
    raw: github::Checks,
}

impl Checks {
    /// `success`, `pending`, `failure`, or `none` when there are no checks.
    pub fn state(&self) -> String {
        self.raw.state()
    }

    /// The names of those that failed.
    pub fn failed(&self) -> Vec<String> {
        self.raw.failed()
    }

    /// The names of those that are not over.
    pub fn pending(&self) -> Vec<String> {
        self.raw.pending()
    }

    /// All of them, each name once, as it stands last.
    pub fn all(&self) -> Vec<Check> {
        self.raw.all().into_iter().map(Check::new).collect()
    }
}

/// How one reference stands to another.
#[derive(Debug)]
pub struct Comparison {
    raw: github::Comparison,
}

impl Comparison {
    /// How many commits `head` has that `base` lacks.
    pub fn ahead_by(&self) -> u32 {
        self.raw.ahead_by()
    }

    /// How many commits `base` has that `head` lacks.
    pub fn behind_by(&self) -> u32 {
        self.raw.behind_by()
    }

    /// The commits that `head` has and `base` lacks, newest first, at most 50.
    pub fn commits(&self) -> Vec<Commit> {
        self.raw.commits().into_iter().map(Commit::new).collect()
    }

    /// The page that shows it.
    pub fn url(&self) -> String {
        self.raw.url()
    }
}
