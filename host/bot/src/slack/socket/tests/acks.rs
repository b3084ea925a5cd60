//! When an envelope is acknowledged.

use serde_json::json;
use witbot_core::limits;

use super::slack::Slack;

#[tokio::test(start_paused = true)]
async fn an_envelope_is_acknowledged_when_it_is_stored_and_not_before() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    peer.event("e1", json!({ "do": "wait" })).await;
    slack.shelf.begun(1).await;
    peer.is_quiet().await;
    slack.shelf.release(1);
    assert_eq!(peer.ack().await, json!({ "envelope_id": "e1" }));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_slow_delays_no_other() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    peer.event("slow", json!({ "do": "wait" })).await;
    for number in 0..100 {
        let id = format!("e{number}");
        peer.event(&id, json!({})).await;
        assert_eq!(peer.acked().await, id);
    }
    slack.shelf.release(1);
    assert_eq!(peer.acked().await, "slow");
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_stored_is_not_acknowledged() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    peer.event("full", json!({ "do": "fail" })).await;
    peer.event("broken", json!({ "do": "panic" })).await;
    peer.event("stuck", json!({ "do": "wait" })).await;
    peer.event("good", json!({})).await;
    assert_eq!(peer.acked().await, "good");
    slack.shelf.begun(4).await;
    // Longer than storing may take.
    let came = peer.next_within(limits::SLACK_ENVELOPE_TIME_MAX * 2).await;
    assert!(came.is_none(), "{came:?}");
    assert_eq!(slack.shelf.stored(0).await, ["good"]);
    // It is stored all the same, and too late to be acknowledged.
    slack.shelf.release(1);
    assert_eq!(slack.shelf.stored(2).await, ["good", "stuck"]);
    peer.is_quiet().await;

    let log = slack.log();
    for said in [
        "the disk is full",
        "a mistake of witbot's",
        "not stored after 10 s",
    ] {
        assert!(log.contains(said), "{log}");
    }
    assert_eq!(slack.asked().len(), 1, "it is still the same socket");
}

#[tokio::test(start_paused = true)]
async fn envelopes_are_begun_in_the_order_in_which_they_came() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    let ids: Vec<String> = (0..100).map(|number| format!("e{number}")).collect();
    for id in &ids {
        peer.event(id, json!({ "do": "wait" })).await;
    }
    assert_eq!(slack.shelf.begun(100).await, ids);
}

#[tokio::test(start_paused = true)]
async fn an_answer_goes_along_where_slack_takes_one() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    for (id, accepts) in [("yes", true), ("no", false)] {
        peer.send(json!({
            "type": "slash_commands", "envelope_id": id, "accepts_response_payload": accepts,
            "payload": { "answer": { "text": "hi" } },
        }))
        .await;
    }
    assert_eq!(
        [peer.ack().await, peer.ack().await],
        [
            json!({ "envelope_id": "yes", "payload": { "text": "hi" } }),
            json!({ "envelope_id": "no" })
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn when_too_many_are_under_way_no_more_is_read() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    let most = limits::SLACK_ENVELOPES_MAX;
    for number in 0..most + 5 {
        peer.event(&format!("e{number}"), json!({ "do": "wait" }))
            .await;
    }
    slack.shelf.begun(most).await;
    peer.is_quiet().await;
    assert_eq!(slack.shelf.begun(0).await.len(), most);

    slack.shelf.release(2);
    peer.acked().await;
    peer.acked().await;
    assert_eq!(slack.shelf.begun(most + 2).await.len(), most + 2);
    slack.shelf.release(most + 3);
    for _ in 0..most + 3 {
        peer.acked().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_stored_even_if_its_socket_ends() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    peer.event("stuck", json!({ "do": "wait" })).await;
    slack.shelf.begun(1).await;
    let came = peer.next_within(limits::SLACK_ENVELOPE_TIME_MAX * 2).await;
    assert!(came.is_none(), "{came:?}");
    drop(peer);
    slack.connected_are(0).await;
    let _another = slack.socket().await;
    slack.shelf.release(1);
    assert_eq!(slack.shelf.stored(1).await, ["stuck"]);
}
