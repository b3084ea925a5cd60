//! Frames that nobody expects stop nothing.

use futures_util::SinkExt as _;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use witbot_core::limits;

use super::slack::{Peer, Slack};

fn raw(bytes: &'static [u8]) -> Message {
    Message::Frame(Frame::message(bytes, OpCode::Data(Data::Text), true))
}

async fn still_works(peer: &mut Peer) {
    peer.event("next", json!({})).await;
    assert_eq!(peer.acked().await, "next");
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_cannot_be_read_is_a_line_in_the_log() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    for (frame, said) in [
        (
            Message::text("xoxb-secret {"),
            "a frame of 13 bytes is left out: it is no JSON",
        ),
        (Message::text(""), "a frame of 0 bytes is left out"),
        (Message::text("[]"), "no JSON object"),
        (Message::text("{}"), "no `type`"),
        (
            Message::text(r#"{"type":"interactive"}"#),
            "no `envelope_id`",
        ),
        (Message::text(r#"{"type":"hello"}"#), "connected"),
        (
            Message::binary(vec![0; 7]),
            "a binary frame of 7 bytes is left out",
        ),
        (
            Message::text(r#"{"type":"pigeon"}"#),
            "a frame of type `pigeon`",
        ),
    ] {
        peer.0.send(frame).await.unwrap();
        still_works(&mut peer).await;
        let log = slack.log();
        assert!(log.contains(said), "{said}: {log}");
        assert!(!log.contains("secret"), "{log}");
    }
    assert_eq!(slack.asked().len(), 1);
    assert_eq!(
        *slack.connected.borrow(),
        1,
        "a second hello is no second socket"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_known_but_has_an_id_is_not_sent_again() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    peer.send(json!({ "type": "pigeon", "envelope_id": "e1", "payload": {} }))
        .await;
    assert_eq!(peer.ack().await, json!({ "envelope_id": "e1" }));
    assert!(slack.log().contains("a frame of type `pigeon`"));
    assert!(slack.shelf.begun(0).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_text_that_is_no_utf_8_another_socket_is_opened_and_nothing_is_lost() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    peer.event("before", json!({ "do": "wait" })).await;
    slack.shelf.begun(1).await;
    peer.0.send(raw(b"{\"type\":\"\xff\xfe\"}")).await.unwrap();
    let mut next = slack.silent_socket().await;
    slack.shelf.release(1);
    assert_eq!(peer.acked().await, "before");
    assert_eq!(peer.is_closed().await.unwrap().0, 1007);
    next.hello().await;
    still_works(&mut next).await;
    assert!(slack.log().contains("no UTF-8"), "{}", slack.log());
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_too_large_is_not_read() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    peer.event("before", json!({})).await;
    assert_eq!(peer.acked().await, "before");
    let large = "x".repeat(limits::SLACK_FRAME_BYTES_MAX + 1);
    // It cannot be sent to the end.
    assert!(peer.0.send(Message::text(large)).await.is_err());
    let mut next = slack.socket().await;
    still_works(&mut next).await;
    assert!(
        slack.log().contains("a frame of more than 4 MiB"),
        "{}",
        slack.log()
    );

    let payload = "x".repeat(limits::SLACK_FRAME_BYTES_MAX - 1_000);
    next.event("large", json!({ "text": payload })).await;
    assert_eq!(next.acked().await, "large");
}
