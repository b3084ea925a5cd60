//! A stop.

use serde_json::json;
use tokio::time::Instant;
use witbot_core::limits;

use super::slack::Slack;
use crate::slack::socket::NoSocket;

#[tokio::test(start_paused = true)]
async fn a_stop_acknowledges_what_is_under_way_and_closes() {
    let mut slack = Slack::start(2);
    let mut busy = slack.socket().await;
    let mut idle = slack.socket().await;
    busy.event("e1", json!({ "do": "wait" })).await;
    busy.event("e2", json!({ "do": "wait" })).await;
    slack.shelf.begun(2).await;
    slack.stop();
    assert_eq!(idle.is_closed().await.unwrap().0, 1001);
    busy.is_quiet().await;
    slack.shelf.release(2);
    let mut acked = [busy.acked().await, busy.acked().await];
    acked.sort();
    assert_eq!(acked, ["e1", "e2"]);
    assert_eq!(busy.is_closed().await.unwrap().0, 1001);
    assert_eq!(busy.next().await, None);
    slack.ended().await.unwrap();
    assert_eq!(*slack.connected.borrow(), 0);
    assert_eq!(slack.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_bounded_whatever_is_stuck() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    peer.event("stuck", json!({ "do": "wait" })).await;
    slack.shelf.begun(1).await;
    let begun = Instant::now();
    slack.stop();
    slack.ended().await.unwrap();
    assert!(begun.elapsed() <= limits::SLACK_STOP_TIME_MAX + std::time::Duration::from_millis(2));
    assert!(slack.log().contains("not acknowledged"), "{}", slack.log());
    assert_eq!(peer.is_closed().await.unwrap().0, 1001);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_pause_or_a_hello() {
    for refusal in [
        NoSocket::of_code("link_disabled", None),
        NoSocket::of_code("too_many_websockets", None),
        NoSocket::of_code("ratelimited", Some(limits::SLACK_RETRY_AFTER_MAX)),
    ] {
        let mut slack = Slack::refusing(2, [refusal]);
        let mut mute = slack.silent_socket().await;
        let begun = Instant::now();
        slack.stop();
        assert!(mute.is_closed().await.is_some());
        assert_eq!(mute.next().await, None);
        slack.ended().await.unwrap();
        assert!(begun.elapsed().as_millis() < 10, "{:?}", begun.elapsed());
    }
}
