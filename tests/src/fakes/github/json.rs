//! GitHub's objects as JSON, with the fields that clients insist on.

use serde_json::{Value, json};

use super::deployment::{Deployment, DeploymentStatus};
use super::repository::Repository;
use crate::fakes::clock::seconds;
use crate::fakes::request::Answer;

mod commit;
mod repository;

const DOCUMENTATION: &str = "https://docs.github.com/rest";

/// A refusal in GitHub's form.
pub(super) fn refusal(status: u16, message: &str) -> Answer {
    let status_text = status.to_string();
    let body =
        json!({ "message": message, "documentation_url": DOCUMENTATION, "status": status_text });
    Answer::json(status, &body)
}

/// A 422 that says which field is wrong.
pub(super) fn invalid(resource: &str, field: &str, code: &str, message: &str) -> Answer {
    let error = json!({ "resource": resource, "code": code, "field": field, "message": message });
    let body = json!({
        "message": "Validation Failed",
        "errors": [error],
        "documentation_url": DOCUMENTATION,
        "status": "422",
    });
    Answer::json(422, &body)
}

/// Writes objects whose links lead back to the stand-in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) url: &'a str,
}

impl Writer<'_> {
    pub(super) fn user(self, login: &str) -> Value {
        let bot = login.ends_with("[bot]");
        let id = login
            .bytes()
            .fold(7_u64, |id, byte| id * 31 % 90_000_019 + u64::from(byte));
        let url = format!("{}/users/{login}", self.url);
        let mut user = json!({
            "login": login,
            "id": id,
            "node_id": node("U", id),
            "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
            "gravatar_id": "",
            "url": url,
            "html_url": format!("https://github.com/{login}"),
            "following_url": format!("{url}/following{{/other_user}}"),
            "gists_url": format!("{url}/gists{{/gist_id}}"),
            "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
            "events_url": format!("{url}/events{{/privacy}}"),
            "type": if bot { "Bot" } else { "User" },
            "user_view_type": "public",
            "site_admin": false,
        });
        for (name, end) in [
            ("followers_url", "followers"),
            ("subscriptions_url", "subscriptions"),
            ("organizations_url", "orgs"),
            ("repos_url", "repos"),
            ("received_events_url", "received_events"),
        ] {
            user[name] = json!(format!("{url}/{end}"));
        }
        user
    }

    fn organization(self, login: &str) -> Value {
        let mut owner = self.user(login);
        owner["type"] = json!("Organization");
        owner
    }

    pub(super) fn repository_url(self, repository: &Repository) -> String {
        format!("{}/repos/{}", self.url, repository.full_name())
    }

    pub(super) fn deployment(self, repository: &Repository, deployment: &Deployment) -> Value {
        let repository_url = self.repository_url(repository);
        let url = format!("{repository_url}/deployments/{}", deployment.id);
        json!({
            "url": url,
            "id": deployment.id,
            "node_id": node("DE", deployment.id),
            "task": deployment.task,
            "original_environment": deployment.original_environment,
            "environment": deployment.environment,
            "description": deployment.description,
            "created_at": seconds(deployment.created),
            "updated_at": seconds(deployment.updated),
            "statuses_url": format!("{url}/statuses"),
            "repository_url": repository_url,
            "creator": self.user(&deployment.creator),
            "sha": deployment.sha,
            "ref": deployment.reference,
            "payload": deployment.payload,
            "transient_environment": deployment.transient,
            "production_environment": deployment.production,
            "performed_via_github_app": null,
        })
    }

    /// What was not said is an empty text here, not null: so it is at GitHub.
    pub(super) fn deployment_status(
        self,
        repository: &Repository,
        deployment: &Deployment,
        status: &DeploymentStatus,
    ) -> Value {
        let repository_url = self.repository_url(repository);
        let deployment_url = format!("{repository_url}/deployments/{}", deployment.id);
        json!({
            "url": format!("{deployment_url}/statuses/{}", status.id),
            "id": status.id,
            "node_id": node("DES", status.id),
            "state": status.state.as_str(),
            "creator": self.user(&status.creator),
            "description": status.description,
            "environment": status.environment,
            "target_url": status.log_url,
            "created_at": seconds(status.created),
            "updated_at": seconds(status.created),
            "deployment_url": deployment_url,
            "repository_url": repository_url,
            "environment_url": status.environment_url,
            "log_url": status.log_url,
            "performed_via_github_app": null,
        })
    }
}

fn node(kind: &str, id: u64) -> String {
    format!("{kind}_{id:016x}")
}
