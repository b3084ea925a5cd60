//! Repositories: commits, the names that point to them, and what was deployed.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::actions::Actions;
use super::checks::{CheckRun, CommitStatus};
use super::deployment::Deployment;
use crate::fakes::clock;

/// The shortest part of a SHA that GitHub takes for one.
const SHORT_SHA_MIN: usize = 7;

#[derive(Debug)]
pub(super) struct Repository {
    pub(super) id: u64,
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) default_branch: String,
    pub(super) created: u64,
    pub(super) branches: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) commits: BTreeMap<String, Commit>,
    /// Branches that cannot be merged with others.
    pub(super) conflicting: BTreeSet<String>,
    /// In the order in which they were created.
    pub(super) deployments: Vec<Deployment>,
    pub(super) actions: Actions,
}

#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) sha: String,
    pub(super) message: String,
    pub(super) parents: Vec<String>,
    pub(super) author: Author,
    pub(super) created: u64,
    /// The latest of each context.
    pub(super) statuses: Vec<CommitStatus>,
    /// The latest of each name.
    pub(super) check_runs: Vec<CheckRun>,
}

/// Who wrote a commit.
#[derive(Debug, Clone)]
pub(super) struct Author {
    pub(super) name: String,
    /// The account that the address in the commit belongs to.
    pub(super) login: Option<String>,
}

impl Author {
    /// Who writes what nobody is named for.
    pub(super) fn usual() -> Author {
        Author {
            name: "Alice".to_owned(),
            login: Some("alice".to_owned()),
        }
    }
}

impl Repository {
    /// With one commit on the first branch, and one more on each of the others.
    pub(super) fn new(id: u64, owner: &str, name: &str, branches: &[&str]) -> Repository {
        let default_branch = branches.first().copied().unwrap_or("main").to_owned();
        let mut repository = Repository {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            default_branch: default_branch.clone(),
            created: clock::now(),
            branches: BTreeMap::new(),
            tags: BTreeMap::new(),
            commits: BTreeMap::new(),
            conflicting: BTreeSet::new(),
            deployments: Vec::new(),
            actions: Actions::default(),
        };
        repository.push(&default_branch, "Start");
        for branch in branches.iter().skip(1) {
            repository.push(branch, &format!("Work on {branch}"));
        }
        repository
    }

    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// When the newest commit was made.
    pub(super) fn newest(&self) -> u64 {
        self.commits
            .values()
            .map(|commit| commit.created)
            .max()
            .unwrap_or(self.created)
    }

    /// Adds a commit to a branch. A new branch begins at the head of the default branch.
    pub(super) fn push(&mut self, branch: &str, message: &str) -> String {
        self.push_by(Author::usual(), branch, message)
    }

    pub(super) fn push_by(&mut self, author: Author, branch: &str, message: &str) -> String {
        let head = self
            .branches
            .get(branch)
            .or_else(|| self.branches.get(&self.default_branch));
        let parents = head.cloned().into_iter().collect();
        self.commit(author, branch, message, parents)
    }

    /// Merges the default branch into another one.
    pub(super) fn merge_default_into(&mut self, branch: &str) -> String {
        let heads = [branch, &self.default_branch].map(|name| self.branches.get(name).cloned());
        let message = format!("Merge {} into {branch}", self.default_branch);
        let parents = heads.into_iter().flatten().collect();
        self.commit(Author::usual(), branch, &message, parents)
    }

    /// Adds a commit at the head of a branch.
    pub(super) fn commit(
        &mut self,
        author: Author,
        branch: &str,
        message: &str,
        parents: Vec<String>,
    ) -> String {
        let content = format!(
            "{} {branch} {message} {}",
            self.full_name(),
            self.commits.len()
        );
        let mut sha = hex::encode(Sha256::digest(content));
        sha.truncate(40);
        let commit = Commit {
            sha: sha.clone(),
            message: message.to_owned(),
            parents,
            author,
            created: clock::now(),
            statuses: Vec::new(),
            check_runs: Vec::new(),
        };
        self.commits.insert(sha.clone(), commit);
        self.branches.insert(branch.to_owned(), sha.clone());
        sha
    }

    /// The branch of this name, however it is spelled.
    pub(super) fn branch(&self, reference: &str) -> Option<(&str, &str)> {
        let name = reference.strip_prefix("refs/").unwrap_or(reference);
        let name = name.strip_prefix("heads/").unwrap_or(name);
        let (name, sha) = self.branches.get_key_value(name)?;
        Some((name, sha))
    }

    /// The commit that a branch, tag or SHA, perhaps a short one, stands for.
    pub(super) fn resolve(&self, reference: &str) -> Option<&Commit> {
        let name = reference.strip_prefix("refs/").unwrap_or(reference);
        let tag = name.strip_prefix("tags/").unwrap_or(name);
        let named = match reference {
            "HEAD" => self.branches.get(&self.default_branch).map(String::as_str),
            _ => self.branch(reference).map(|(_, sha)| sha),
        };
        let named = named.or_else(|| self.tags.get(tag).map(String::as_str));
        let sha = named.unwrap_or(reference);
        self.commits.get(sha).or_else(|| self.short(sha))
    }

    fn short(&self, sha: &str) -> Option<&Commit> {
        let plausible =
            sha.len() >= SHORT_SHA_MIN && sha.chars().all(|digit| digit.is_ascii_hexdigit());
        let mut found = self
            .commits
            .values()
            .filter(|commit| commit.sha.starts_with(sha));
        found.next().filter(|_| plausible && found.next().is_none())
    }

    /// The commits that can be reached from `head` and not from `base`, oldest first.
    pub(super) fn missing(&self, base: &str, head: &str) -> Vec<&Commit> {
        let known = self.history(base);
        let mut missing: Vec<&Commit> = self
            .history(head)
            .difference(&known)
            .filter_map(|sha| self.commits.get(*sha))
            .collect();
        missing.sort_by_key(|commit| (self.history(&commit.sha).len(), commit.sha.clone()));
        missing
    }

    /// The newest commit that both have.
    pub(super) fn merge_base(&self, base: &str, head: &str) -> Option<&Commit> {
        let (base, head) = (self.history(base), self.history(head));
        let common = base
            .intersection(&head)
            .filter_map(|sha| self.commits.get(*sha));
        common.max_by_key(|commit| self.history(&commit.sha).len())
    }

    /// A commit with all that came before it.
    fn history(&self, sha: &str) -> BTreeSet<&str> {
        let mut history = BTreeSet::new();
        let mut open: Vec<&str> = self
            .commits
            .get(sha)
            .map(|c| c.sha.as_str())
            .into_iter()
            .collect();
        while let Some(sha) = open.pop() {
            if history.insert(sha)
                && let Some(commit) = self.commits.get(sha)
            {
                open.extend(commit.parents.iter().map(String::as_str));
            }
        }
        history
    }
}
