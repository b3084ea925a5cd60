//! The adapter against a stand-in for GitHub that speaks HTTP.

mod app;
mod merges;
mod reads;
pub(in crate::services) mod stand_in;
mod writes;

use std::time::Duration;

use serde_json::{Value, json};
use witbot_core::call::{AddDeploymentStatus, CreateDeployment};
use witbot_core::error::Error;
use witbot_core::github::{DeploymentRequest, StatusRequest};
use witbot_core::ids::{CallId, InvocationId, PluginName, Repository};

use self::stand_in::StandIn;
use super::connection::Pace;
use super::{Credentials, Github};
use crate::metrics::Metrics;
use crate::secret::Secret;

/// No pauses, and all the time that a slow machine may need.
pub(in crate::services) const PACE: Pace = Pace {
    read: Duration::from_secs(60),
    write: Duration::from_secs(60),
    pause: Duration::ZERO,
    settle: Duration::ZERO,
};

pub(in crate::services) fn token() -> Credentials {
    Credentials::Token(Secret::new("ghp_test\n".to_owned()))
}

fn github(stand_in: &StandIn) -> Github {
    Github::with_pace(&stand_in.url, token(), PACE, &Metrics::new()).unwrap()
}

fn api() -> Repository {
    "acme/api".parse().unwrap()
}

fn call_id() -> CallId {
    let plugin: PluginName = "deploy".parse().unwrap();
    CallId::new(&InvocationId::derive("console", "1", &plugin, "deploy"), 3)
}

/// An error as `code: message`.
fn told(error: Error) -> String {
    let after = error
        .retry_after_ms
        .map(|ms| format!(" [{ms} ms]"))
        .unwrap_or_default();
    format!("{}{after}: {error}", error.code.as_str())
}

fn create() -> CreateDeployment {
    let request = DeploymentRequest {
        reference: "fix/login".to_owned(),
        environment: "staging".to_owned(),
        task: "deploy".to_owned(),
        description: "ü".repeat(150),
        payload: r#"{"build": 7}"#.to_owned(),
        production: None,
        transient: false,
        auto_merge: false,
        required_contexts: Vec::new(),
    };
    CreateDeployment {
        repository: api(),
        request,
    }
}

fn add_status() -> AddDeploymentStatus {
    let request = StatusRequest {
        state: "in_progress".to_owned(),
        description: "building".to_owned(),
        log_url: Some("https://ci.example/1".to_owned()),
        environment_url: None,
    };
    AddDeploymentStatus {
        repository: api(),
        deployment: 42,
        environment: "staging".to_owned(),
        request,
    }
}

/// A deployment as GitHub writes it, with fields that nobody reads and an id beyond 32 bits.
fn deployment(id: u64, payload: Value) -> Value {
    json!({
        "url": "https://api.github.com/repos/acme/api/deployments/1", "id": id, "node_id": "x",
        "sha": "a84d88e7554fc1fa21bcbc4efae3c782a70d2b9d", "ref": "fix/login", "task": "deploy", "payload": payload,
        "original_environment": "staging", "environment": "staging", "description": null,
        "creator": {"login": "witbot[bot]", "id": 1}, "created_at": "2026-11-22T18:30:00Z",
        "updated_at": "2026-11-22T18:30:00Z", "transient_environment": false, "production_environment": false,
    })
}

fn status(id: u64, state: &str, created_at: &str) -> Value {
    json!({
        "id": id, "state": state, "description": "building", "log_url": "https://ci.example/1",
        "target_url": "https://ci.example/1", "environment_url": "", "created_at": created_at, "creator": null,
    })
}

/// A commit as GitHub writes it.
fn commit(sha: &str, message: &str, parents: &[&str]) -> Value {
    let parents: Vec<Value> = parents.iter().map(|sha| json!({"sha": sha})).collect();
    let person =
        json!({"name": "Alice Doe", "email": "a@example.com", "date": "2026-11-22T18:30:00Z"});
    json!({
        "sha": sha, "html_url": format!("https://github.com/acme/api/commit/{sha}"), "parents": parents,
        "commit": {"message": message, "author": person, "committer": person},
        "author": {"login": "alice", "id": 1}, "committer": null,
    })
}

#[tokio::test]
async fn bad_credentials_and_addresses_stop_the_start() {
    let refused = |url: &str, credentials: Credentials| {
        let error = Github::new(url, credentials, &Metrics::new())
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        error.split([':', ';']).next().unwrap().to_owned()
    };
    let token = |text: &str| Credentials::Token(Secret::new(text.to_owned()));
    let app = Credentials::App {
        id: 1,
        private_key_pem: Secret::new("not a key".to_owned()),
    };
    assert_eq!(
        refused("http://127.0.0.1", token("")),
        "GITHUB_TOKEN is not a token"
    );
    assert_eq!(
        refused("http://127.0.0.1", token("a\nb")),
        "GITHUB_TOKEN is not a token"
    );
    assert_eq!(
        refused("http://127.0.0.1", app),
        "GITHUB_APP_PRIVATE_KEY is not an RSA private key"
    );
    assert!(
        refused("github.com", token("a")).starts_with("`api_url` of [github] must be like `https")
    );
    assert_eq!(refused("https://api.github.com", token("a")), "");
}
