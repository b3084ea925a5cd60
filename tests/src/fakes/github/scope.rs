//! What a token of an installation may do: GitHub looks at the permissions that it was made with, whatever the app may do.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::json::refusal;
use crate::fakes::request::Answer;

/// Permissions by their names, with `read` or `write`.
pub(super) type Permissions = BTreeMap<String, String>;

/// What an app may do that nothing else is said of.
pub(super) fn usual() -> Permissions {
    named(&[
        ("actions", "write"),
        ("checks", "read"),
        ("contents", "write"),
        ("deployments", "write"),
        ("metadata", "read"),
        ("repository_hooks", "write"),
        ("statuses", "read"),
        ("workflows", "write"),
    ])
}

pub(super) fn named(permissions: &[(&str, &str)]) -> Permissions {
    let permissions = permissions.iter();
    permissions
        .map(|(name, level)| ((*name).to_owned(), (*level).to_owned()))
        .collect()
}

/// What a token is made with, if it was asked for so.
pub(super) fn asked(asked: &Value, installed: &Permissions) -> Result<Permissions, Answer> {
    let Some(asked) = asked.as_object() else {
        return Err(refusal(
            422,
            "Invalid request.\n\nFor 'properties/permissions', it is not an object.",
        ));
    };
    let mut permissions = named(&[("metadata", "read")]);
    for (name, level) in asked {
        let level = level.as_str().unwrap_or_default();
        if !covers(installed, name, level) {
            let text = "The permissions requested are not granted to this installation.";
            return Err(refusal(422, text));
        }
        permissions.insert(name.clone(), level.to_owned());
    }
    Ok(permissions)
}

/// Whether a request may be made with these permissions. What it needs is said with each endpoint of
/// <https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps>.
pub(super) fn check(permissions: &Permissions, method: &str, rest: &[&str]) -> Result<(), Answer> {
    let write = method != "GET";
    let (name, write) = match rest {
        [] => ("metadata", write),
        ["commits", .., "status" | "statuses"] => ("statuses", write),
        ["commits", .., "check-runs"] => ("checks", write),
        ["deployments", ..] => ("deployments", write),
        ["actions", "runs", _, "pending_deployments"] if write => ("deployments", true),
        ["actions", ..] => ("actions", write),
        ["hooks", ..] => ("repository_hooks", write),
        _ => ("contents", write),
    };
    let level = if write { "write" } else { "read" };
    if covers(permissions, name, level) {
        return Ok(());
    }
    Err(refusal(403, "Resource not accessible by integration")
        .with("x-accepted-github-permissions", &format!("{name}={level}")))
}

pub(super) fn shown(permissions: &Permissions) -> Value {
    json!(permissions)
}

fn covers(permissions: &Permissions, name: &str, level: &str) -> bool {
    let has = permissions.get(name).map(String::as_str);
    match level {
        "read" => has.is_some(),
        "write" => has == Some("write"),
        _ => false,
    }
}
