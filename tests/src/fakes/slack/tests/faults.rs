//! What goes wrong with calls.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Office;
use crate::fakes::fault::Trouble;
use crate::fakes::slack::Slack;

#[tokio::test]
async fn too_many_requests_and_then_not() {
    let office = Office::open().await;
    let fault = Slack::fault("chat.postMessage", Trouble::TooManyRequests(Some(7)));
    office.slack.inject(fault);
    let posted = json!({ "channel": office.deploys, "text": "hello" });
    let sent = office
        .request("chat.postMessage")
        .json(&posted)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (sent.status().as_u16(), &sent.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    assert_eq!(office.slack.post_count(&office.deploys), 0);
    office.post("hello").await;
    assert_eq!(office.slack.call_count("chat.postMessage"), 2);
    assert_eq!(
        office.slack.calls("chat.postMessage")[0].error.as_deref(),
        Some("ratelimited")
    );
}

#[tokio::test]
async fn every_third_call() {
    let office = Office::open().await;
    let fault = Slack::fault("chat.*", Trouble::Status(503))
        .every(3)
        .always();
    office.slack.inject(fault);
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let posted = json!({ "channel": office.deploys, "text": "hello" });
        let sent = office
            .request("chat.postMessage")
            .json(&posted)
            .send()
            .await;
        statuses.push(sent.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 503, 200, 200, 503]);
    assert_eq!(office.slack.post_count(&office.deploys), 4);
}

/// The unknown outcome: the message is there, and the bot was not told.
#[tokio::test]
async fn a_lost_answer() {
    let office = Office::open().await;
    office
        .slack
        .inject(Slack::fault("chat.postMessage", Trouble::Cut).after_effect());
    let metadata = json!({ "event_type": "witbot", "event_payload": { "id": "7" } });
    let posted = json!({ "channel": office.deploys, "text": "hello", "metadata": metadata });
    let sent = office
        .request("chat.postMessage")
        .json(&posted)
        .send()
        .await;
    assert!(sent.is_err());
    let history = office
        .read(
            "conversations.history",
            &[
                ("channel", &office.deploys),
                ("include_all_metadata", "true"),
            ],
        )
        .await;
    assert_eq!(history["messages"][0]["metadata"], metadata);
    assert_eq!(history["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn slow_and_refused() {
    let office = Office::open().await;
    let delay = Duration::from_millis(20);
    office
        .slack
        .inject(Slack::fault("auth.test", Trouble::Slow(delay)));
    office.slack.refuse("auth.test", "account_inactive", 1);
    let began = Instant::now();
    assert_eq!(
        office.call("auth.test", json!({})).await["error"],
        "account_inactive"
    );
    assert!(began.elapsed() >= delay);
    assert_eq!(office.call("auth.test", json!({})).await["ok"], true);
    assert_eq!(office.slack.call_count("auth.test"), 2);
}

#[tokio::test]
async fn channels_take_so_many_posts() {
    let office = Office::open().await;
    office
        .slack
        .behave(|behaviour| behaviour.posts_per_second = Some((0.001, 2)));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let posted = json!({ "channel": office.deploys, "text": "hello" });
        let sent = office
            .request("chat.postMessage")
            .json(&posted)
            .send()
            .await;
        statuses.push(sent.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 429, 429]);
    assert_eq!(office.slack.overrun(), 2);
    let other = office.slack.add_channel("other");
    let posted = json!({ "channel": other, "text": "hello" });
    assert_eq!(office.call("chat.postMessage", posted).await["ok"], true);
}
