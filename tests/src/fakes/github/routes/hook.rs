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
        json!({ "type": "Repository", "id": HOOK_ID, "name": "web", "active": true,
            "events": ["deployment", "deployment_status"], "config": { "content_type": "json" } })
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
                    .filter(|delivery| delivery.status.is_some());
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
