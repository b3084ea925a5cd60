//! Commits with their checks, and how two of them stand to each other, as JSON.

use serde_json::{Value, json};

use super::{Writer, node};
use crate::fakes::clock::seconds;
use crate::fakes::github::checks::{CheckRun, CommitStatus, combined};
use crate::fakes::github::repository::{Author, Commit, Repository};

impl Writer<'_> {
    pub(in crate::fakes::github) fn commit(
        self,
        repository: &Repository,
        commit: &Commit,
    ) -> Value {
        let (url, sha) = (self.repository_url(repository), &commit.sha);
        let page = format!("https://github.com/{}/commit", repository.full_name());
        let Author { name, login } = &commit.author;
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        let person = json!({ "name": name, "email": email, "date": seconds(commit.created) });
        let account = login.as_deref().map(|login| self.user(login));
        let parents: Vec<Value> = commit
            .parents
            .iter()
            .map(|parent| {
                json!({
                    "sha": parent,
                    "url": format!("{url}/commits/{parent}"),
                    "html_url": format!("{page}/{parent}"),
                })
            })
            .collect();
        json!({
            "sha": sha,
            "node_id": format!("C_{sha}"),
            "commit": {
                "author": person,
                "committer": person,
                "message": commit.message,
                "tree": { "sha": sha, "url": format!("{url}/git/trees/{sha}") },
                "url": format!("{url}/git/commits/{sha}"),
                "comment_count": 0,
                "verification": {
                    "verified": false, "reason": "unsigned",
                    "signature": null, "payload": null, "verified_at": null,
                },
            },
            "url": format!("{url}/commits/{sha}"),
            "html_url": format!("{page}/{sha}"),
            "comments_url": format!("{url}/commits/{sha}/comments"),
            "author": account,
            "committer": account,
            "parents": parents,
        })
    }

    pub(in crate::fakes::github) fn branch(
        self,
        repository: &Repository,
        (name, sha): (&str, &str),
    ) -> Value {
        let url = self.repository_url(repository);
        json!({
            "name": name,
            "commit": { "sha": sha, "url": format!("{url}/commits/{sha}") },
            "protected": false,
        })
    }

    /// `shown` are those of the commits between the two that are on the page, oldest first, and `ahead` is how many there
    /// are.
    pub(in crate::fakes::github) fn comparison(
        self,
        repository: &Repository,
        (base_name, base): (&str, &Commit),
        (head_name, head): (&str, &Commit),
        (ahead, shown): (usize, &[&Commit]),
    ) -> Value {
        let behind = repository.missing(&head.sha, &base.sha);
        let status = match (ahead == 0, behind.is_empty()) {
            (true, true) => "identical",
            (false, true) => "ahead",
            (true, false) => "behind",
            (false, false) => "diverged",
        };
        let path = format!("compare/{base_name}...{head_name}");
        let page = format!("https://github.com/{}/{path}", repository.full_name());
        let merge_base = repository.merge_base(&base.sha, &head.sha).unwrap_or(base);
        let commits: Vec<Value> = shown.iter().map(|c| self.commit(repository, c)).collect();
        json!({
            "url": format!("{}/{path}", self.repository_url(repository)),
            "html_url": page,
            "permalink_url": format!(
                "https://github.com/{}/compare/{}...{}",
                repository.full_name(), base.sha, head.sha,
            ),
            "diff_url": format!("{page}.diff"),
            "patch_url": format!("{page}.patch"),
            "base_commit": self.commit(repository, base),
            "merge_base_commit": self.commit(repository, merge_base),
            "status": status,
            "ahead_by": ahead,
            "behind_by": behind.len(),
            "total_commits": ahead,
            "commits": commits,
            "files": [],
        })
    }

    pub(in crate::fakes::github) fn combined_status(
        self,
        repository: &Repository,
        commit: &Commit,
        shown: &[CommitStatus],
    ) -> Value {
        let url = format!("{}/commits/{}", self.repository_url(repository), commit.sha);
        let shown: Vec<Value> = shown
            .iter()
            .map(|status| self.commit_status(repository, commit, status))
            .collect();
        json!({
            "state": combined(&commit.statuses).as_str(),
            "statuses": shown,
            "sha": commit.sha,
            "total_count": commit.statuses.len(),
            "repository": self.repository(repository),
            "commit_url": url,
            "url": format!("{url}/status"),
        })
    }

    pub(in crate::fakes::github) fn commit_status(
        self,
        repository: &Repository,
        commit: &Commit,
        status: &CommitStatus,
    ) -> Value {
        json!({
            "url": format!("{}/statuses/{}", self.repository_url(repository), commit.sha),
            "avatar_url": "https://avatars.githubusercontent.com/oa/1?v=4",
            "id": status.id,
            "node_id": node("SC", status.id),
            "state": status.state.as_str(),
            "description": null,
            "target_url": null,
            "context": status.context,
            "created_at": seconds(status.created),
            "updated_at": seconds(status.created),
            "creator": self.user("ci[bot]"),
        })
    }

    pub(in crate::fakes::github) fn check_run(
        self,
        repository: &Repository,
        commit: &Commit,
        run: &CheckRun,
    ) -> Value {
        let url = format!("{}/check-runs/{}", self.repository_url(repository), run.id);
        let page = format!(
            "https://github.com/{}/runs/{}",
            repository.full_name(),
            run.id
        );
        let (status, conclusion) = run.state.status_and_conclusion();
        let started = seconds(run.created);
        json!({
            "id": run.id,
            "node_id": node("CR", run.id),
            "name": run.name,
            "head_sha": commit.sha,
            "external_id": "",
            "url": url,
            "html_url": page,
            "details_url": page,
            "status": status,
            "conclusion": conclusion,
            "started_at": started,
            "completed_at": conclusion.map(|_| &started),
            "output": {
                "title": null, "summary": null, "text": null,
                "annotations_count": 0, "annotations_url": format!("{url}/annotations"),
            },
            "check_suite": { "id": run.id },
            "app": null,
            "pull_requests": [],
        })
    }
}
