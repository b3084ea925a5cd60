//! A socket is replaced before it is gone.

use serde_json::json;
use tokio::time::Instant;
use witbot_core::limits;

use super::slack::Slack;
use crate::slack::socket::NoSocket;

#[tokio::test(start_paused = true)]
async fn at_no_moment_of_a_refresh_is_there_no_socket() {
    let mut slack = Slack::start(1);
    let mut old = slack.socket().await;
    old.event("before", json!({})).await;
    assert_eq!(old.acked().await, "before");
    for reason in ["warning", "refresh_requested", "something_new"] {
        old.disconnect(reason).await;
        let mut new = slack.silent_socket().await;
        // Slack takes its time with the hello.
        old.event("meanwhile", json!({})).await;
        assert_eq!(old.acked().await, "meanwhile");
        assert_eq!(*slack.connected.borrow(), 1);
        new.hello().await;
        slack.connected_are(2).await;
        // Slack may go on with the old one, and says again what it has said.
        old.disconnect("refresh_requested").await;
        for peer in [&mut new, &mut old] {
            peer.event("both", json!({})).await;
            assert_eq!(peer.acked().await, "both");
        }
        old.0.close(None).await.unwrap();
        slack.connected_are(1).await;
        old = new;
    }
    assert_eq!(slack.asked().len(), 4);
    assert_eq!(
        slack.asked()[3],
        slack.asked()[0],
        "a good socket is replaced at once"
    );
    assert!(slack.log().contains("is refreshed (warning)"));
}

#[tokio::test(start_paused = true)]
async fn an_old_socket_stays_until_there_is_a_new_one() {
    let mut slack = Slack::start(1);
    let mut old = slack.socket().await;
    old.event("before", json!({})).await;
    old.acked().await;
    for _ in 0..20 {
        slack.refuse(NoSocket::failed("Slack is having a bad day"));
    }
    old.disconnect("warning").await;
    let mut sockets = 0;
    while sockets < 20 {
        old.event("meanwhile", json!({})).await;
        assert_eq!(old.acked().await, "meanwhile");
        sockets = slack.asked().len();
        old.is_quiet().await;
    }
    slack.socket().await;
}

#[tokio::test(start_paused = true)]
async fn an_old_socket_that_slack_forgets_is_closed() {
    let mut slack = Slack::start(1);
    let mut old = slack.socket().await;
    old.event("before", json!({})).await;
    old.acked().await;
    old.disconnect("warning").await;
    let _new = slack.socket().await;
    let begun = Instant::now();
    assert_eq!(old.is_closed().await.unwrap().0, 1000);
    assert_eq!(
        begun.elapsed().as_secs(),
        limits::SLACK_SOCKET_OLD_TIME_MAX.as_secs()
    );
    assert_eq!(slack.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_slack_that_refreshes_all_the_time_is_asked_less_and_less() {
    let mut slack = Slack::start(1);
    let mut old = Vec::new();
    for _ in 0..12 {
        let mut peer = slack.silent_socket().await;
        peer.hello().await;
        peer.disconnect("refresh_requested").await;
        old.push(peer);
    }
    let asked = slack.asked();
    // Each pause is a random part of its bound, but all of them together are not nothing.
    assert!(asked[11].as_secs() > 5, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn each_of_two_sockets_is_replaced_by_itself() {
    let mut slack = Slack::start(2);
    let mut first = slack.socket().await;
    let mut second = slack.socket().await;
    first.event("e", json!({})).await;
    first.acked().await;
    first.disconnect("warning").await;
    let mut third = slack.socket().await;
    slack.connected_are(3).await;
    first.0.close(None).await.unwrap();
    slack.connected_are(2).await;
    for peer in [&mut second, &mut third] {
        peer.event("e", json!({})).await;
        assert_eq!(peer.acked().await, "e");
    }
}
