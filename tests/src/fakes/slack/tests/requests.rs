//! HTTP mode.

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use serde_json::{Value, json};

use super::Office;
use crate::fakes::receiver::Receiver;
use crate::fakes::request::pairs;
use crate::fakes::slack::{SIGNING_SECRET, signed};

#[tokio::test]
async fn events_are_signed_and_brought_again() {
    let office = Office::open().await;
    let bot = Receiver::start().await.unwrap();
    for status in [500, 503] {
        bot.answer_next(status);
    }
    office
        .slack
        .behave(|behaviour| behaviour.http_pauses = vec![Duration::ZERO; 3]);
    office.slack.deliver_to(&bot.url());
    office.say("hello");
    office.slack.settled().await;
    let received = bot.received();
    assert_eq!(received.len(), 3);
    for (attempt, request) in received.iter().enumerate() {
        assert!(request.path.ends_with("/hooks/slack/events"));
        let time = request.header("x-slack-request-timestamp").unwrap();
        let [_, (_, signature)] = signed(SIGNING_SECRET, time.parse().unwrap(), &request.body);
        assert_eq!(
            request.header("x-slack-signature"),
            Some(signature.as_str())
        );
        let number = (attempt > 0).then(|| attempt.to_string());
        assert_eq!(request.header("x-slack-retry-num"), number.as_deref());
        let reason = (attempt > 0).then_some("http_error");
        assert_eq!(request.header("x-slack-retry-reason"), reason);
        assert_eq!(request.json(), received[0].json(), "the event id stays");
    }
    let statuses: Vec<_> = office.slack.deliveries().iter().map(|d| d.status).collect();
    assert_eq!(statuses, [Some(500), Some(503), Some(200)]);
}

#[tokio::test]
async fn commands_are_forms_and_brought_once() {
    let office = Office::open().await;
    let bot = Receiver::start().await.unwrap();
    bot.answer_next(500);
    office.slack.deliver_to(&bot.url());
    office
        .slack
        .slash(&office.anna, &office.deploys, "/witbot", "deploy a & b");
    office.slack.settled().await;
    let received = bot.received();
    assert_eq!(received.len(), 1);
    assert!(received[0].path.ends_with("/hooks/slack/commands"));
    let fields = pairs(std::str::from_utf8(&received[0].body).unwrap());
    assert!(fields.contains(&("text".to_owned(), "deploy a & b".to_owned())));
    assert_eq!(office.slack.counts().lost, 1);
}

#[tokio::test]
async fn interactions_are_json_in_a_form() {
    let office = Office::open().await;
    let bot = Receiver::start().await.unwrap();
    office.slack.behave(|behaviour| behaviour.echo = false);
    office.slack.deliver_to(&bot.url());
    let button = json!({ "type": "button", "text": { "type": "plain_text", "text": "Go" } });
    let blocks = json!([{ "type": "actions", "elements": [button] }]);
    let posted = json!({ "channel": office.deploys, "blocks": blocks });
    let posted = office.call("chat.postMessage", posted).await;
    office.slack.click(
        &office.anna,
        &office.deploys,
        posted["ts"].as_str().unwrap(),
        "Go",
    );
    office.slack.settled().await;
    let fields = pairs(std::str::from_utf8(&bot.received()[0].body).unwrap());
    assert_eq!(fields[0].0, "payload");
    let payload: Value = serde_json::from_str(&fields[0].1).unwrap();
    assert_eq!(payload["actions"][0]["text"]["text"], "Go");
}

#[tokio::test]
async fn the_challenge_must_come_back() {
    let office = Office::open().await;
    let deaf = Receiver::start().await.unwrap();
    assert!(!office.slack.verifies(&deaf.url()).await);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let echo = |body: String| async move {
        let asked: Value = serde_json::from_str(&body).unwrap_or_default();
        asked["challenge"].as_str().unwrap_or_default().to_owned()
    };
    let router = Router::new().route("/hooks/slack/events", post(echo));
    let serving = tokio::spawn(axum::serve(listener, router).into_future());
    assert!(office.slack.verifies(&url).await);
    serving.abort();
}
