//! The hook, its deliveries, and further attempts at them.

use serde_json::{Value, json};

use super::{Answered, not_found};
use crate::fakes::clock;
use crate::fakes::github::Shared;
use crate::fakes::github::events::HOOK_ID;
use crate::fakes::github::page::page;
use crate::fakes::hooks::Delivery;
use crate::fakes::request::{Answer, Request};

impl Shared {
    pub(super) fn hook(&self) -> Value {
        // It is the hook of whichever repository it is asked for.
        let url = format!("{}/repos/acme/api/hooks/{HOOK_ID}", self.url);
        json!({ "type": "Repository", "id": HOOK_ID, "name": "web", "active": true,
            "events": ["deployment", "deployment_status"], "config": { "content_type": "json", "url": self.hooks.target() },
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            "url": url, "test_url": format!("{url}/test"), "ping_url": format!("{url}/pings"),
            "deliveries_url": format!("{url}/deliveries"),
            "last_response": { "code": 200, "status": "active", "message": "OK" } })
    }

    /// Deliveries of the hook, newest first, and a further attempt at one.
    pub(super) fn hook_route(&self, request: &Request, method: &str, rest: &[&str]) -> Answered {
        let log = self.hooks.log();
        let find = |id: &str| log.iter().find(|delivery| delivery.id.to_string() == id);
        match (method, rest) {
            ("GET", ["deliveries"]) => {
                let sent = log
                    .iter()
                    .rev()
                    .filter(|delivery| delivery.status.is_some() && is_of(delivery, &request.path));
                let all: Vec<Value> = sent.map(delivery_json).collect();
                Ok(Answer::json(
                    200,
                    &json!(page(request, &self.url, &request.path, all).items),
                ))
            }
            ("GET", ["deliveries", id]) => {
                let delivery = find(id).ok_or_else(not_found)?;
                let mut body = delivery_json(delivery);
                body["url"] = json!("");
                body["request"] = json!({ "headers": {}, "payload": delivery.json() });
                body["response"] = json!({ "headers": {}, "payload": "" });
                Ok(Answer::json(200, &body))
            }
            ("POST", ["deliveries", id, "attempts"]) => {
                let delivery = find(id).ok_or_else(not_found)?;
                self.hooks.redeliver(&delivery.guid);
                Ok(Answer::json(202, &json!({})))
            }
            _ => Err(not_found()),
        }
    }
}

fn delivery_json(delivery: &Delivery) -> Value {
    let status = delivery.status.unwrap_or_default();
    json!({
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": clock::milliseconds(delivery.created),
        "redelivery": delivery.redelivery,
        "duration": 0.1,
        "status": if delivery.accepted() { "OK" } else { "Invalid HTTP Response" },
        "status_code": status,
        "event": delivery.event,
        "action": "created",
        "installation_id": null,
        "repository_id": delivery.json()["repository"]["id"],
        "throttled_at": null,
    })
}

/// Whether a delivery is about the repository of a path.
fn is_of(delivery: &Delivery, path: &str) -> bool {
    let body = delivery.json();
    let repository = body["repository"]["full_name"].as_str();
    repository.is_some_and(|name| path.starts_with(&format!("/repos/{name}/")))
}
