//! A socket that ends is opened again, in good time.

use std::time::Duration;

use futures_util::SinkExt as _;
use serde_json::json;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use witbot_core::limits;

use super::slack::Slack;
use crate::slack::socket::NoSocket;

#[tokio::test(start_paused = true)]
async fn pauses_grow_while_sockets_do_not_last() {
    let mut slack = Slack::start(1);
    for _ in 0..12 {
        drop(slack.socket().await);
        slack.connected_are(0).await;
    }
    let asked = slack.asked();
    let mut most = limits::SLACK_SOCKET_PAUSE_FIRST;
    for pair in asked.windows(2) {
        assert!(
            pair[1] - pair[0] <= most + Duration::from_millis(1),
            "{asked:?}"
        );
        most = (most * 2).min(limits::SLACK_SOCKET_PAUSE_MAX);
    }
    assert!(asked[11].as_secs() > 5, "{asked:?}");
    assert!(
        slack.log().contains("the connection was cut"),
        "{}",
        slack.log()
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_good_socket_pauses_are_short_again() {
    let mut slack = Slack::start(1);
    for _ in 0..8 {
        drop(slack.socket().await);
        slack.connected_are(0).await;
    }
    for brought in [true, false] {
        let mut good = slack.socket().await;
        if brought {
            good.event("e", json!({})).await;
            good.acked().await;
        } else {
            good.next_within(limits::SLACK_SOCKET_GOOD_AFTER).await;
        }
        let before = Instant::now();
        drop(good);
        slack.connected_are(0).await;
        slack.socket().await;
        assert!(before.elapsed() <= limits::SLACK_SOCKET_PAUSE_FIRST + Duration::from_millis(2));
        slack.connected_are(0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn slack_says_how_long_to_wait() {
    let wait = Duration::from_secs(40);
    let limited = NoSocket::of_code("ratelimited", Some(wait));
    let forever = NoSocket::of_code("ratelimited", Some(Duration::MAX));
    let mut slack = Slack::refusing(1, [limited, forever]);
    slack.socket().await;
    let asked = slack.asked();
    assert!(asked[1] >= wait && asked[1].as_secs() <= 41, "{asked:?}");
    let second = asked[2] - asked[1];
    assert!(second >= limits::SLACK_RETRY_AFTER_MAX, "{asked:?}");
    assert!(
        second.as_secs() <= limits::SLACK_RETRY_AFTER_MAX.as_secs() + 2,
        "{asked:?}"
    );
    assert!(slack.log().contains("`ratelimited`"));
}

#[tokio::test(start_paused = true)]
async fn a_socket_without_any_sign_of_life_is_dead() {
    let mut slack = Slack::start(1);
    // Nobody reads at the other end, so pings are not answered.
    let _dead = slack.socket().await;
    let begun = Instant::now();
    slack.connected_are(0).await;
    assert_eq!(
        begun.elapsed().as_secs(),
        limits::SLACK_SOCKET_SILENCE_MAX.as_secs()
    );
    slack.socket().await;
    assert!(slack.log().contains("nothing came over it for 70 s"));
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_answers_pings_lives() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    let came = peer.next_within(Duration::from_secs(600)).await;
    assert!(came.is_none(), "{came:?}");
    assert_eq!(slack.asked().len(), 1);
    assert_eq!(*slack.connected.borrow(), 1);
}

#[tokio::test(start_paused = true)]
async fn pings_of_slack_are_answered() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    peer.0
        .send(Message::Ping("how are you".into()))
        .await
        .unwrap();
    assert_eq!(peer.next().await, Some(Message::Pong("how are you".into())));
}

#[tokio::test(start_paused = true)]
async fn a_socket_without_a_hello_is_none() {
    let mut slack = Slack::start(1);
    let mut mute = slack.silent_socket().await;
    assert_eq!(mute.is_closed().await.unwrap().0, 1000);
    let mut peer = slack.socket().await;
    assert!(slack.asked()[1] >= limits::SLACK_SOCKET_OPEN_TIME_MAX);
    assert!(slack.log().contains("no hello within 30 s"));
    peer.event("e", json!({})).await;
    assert_eq!(peer.acked().await, "e");
}

#[tokio::test(start_paused = true)]
async fn a_bad_token_ends_it_and_says_what_to_do() {
    let mut slack = Slack::start(2);
    let mut peer = slack.socket().await;
    let second = slack.socket().await;
    slack.refuse(NoSocket::of_code("token_revoked", None));
    drop(second);
    let error = slack.ended().await.unwrap_err().to_string();
    for part in [
        "token_revoked",
        "SLACK_APP_TOKEN",
        "`xapp-`",
        "App-Level Tokens",
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(slack.asked().len(), 3, "it is not asked again");
    assert_eq!(peer.is_closed().await.unwrap().0, 1001);
}

#[tokio::test(start_paused = true)]
async fn socket_mode_that_is_switched_off_is_looked_for_now_and_then() {
    let mut slack = Slack::start(1);
    let mut peer = slack.socket().await;
    slack.refuse(NoSocket::of_code("link_disabled", None));
    peer.disconnect("link_disabled").await;
    assert_eq!(peer.is_closed().await.unwrap().0, 1000);
    slack.socket().await;
    let asked = slack.asked();
    assert_eq!(asked.len(), 3);
    for pair in asked.windows(2) {
        assert_eq!(
            (pair[1] - pair[0]).as_secs(),
            limits::SLACK_SWITCHED_OFF_PAUSE.as_secs()
        );
    }
    let log = slack.log();
    assert!(
        log.contains("ERROR") && log.contains("Socket Mode is switched off"),
        "{log}"
    );
}

#[tokio::test(start_paused = true)]
async fn with_too_many_sockets_the_others_do() {
    let mut slack = Slack::start(2);
    let first = slack.socket().await;
    let mut second = slack.silent_socket().await;
    let begun = Instant::now();
    second.disconnect("too_many_websockets").await;
    assert_eq!(second.is_closed().await.unwrap().0, 1000);
    let _third = slack.silent_socket().await;
    assert_eq!(
        begun.elapsed().as_secs(),
        limits::SLACK_SOCKETS_TOO_MANY_PAUSE.as_secs()
    );
    assert!(
        slack.log().contains("too many sockets open"),
        "{}",
        slack.log()
    );
    assert_eq!(*slack.connected.borrow(), 1);
    drop(first);
}

#[tokio::test(start_paused = true)]
async fn without_any_socket_too_many_is_no_reason_to_wait_long() {
    let mut slack = Slack::start(1);
    let mut only = slack.silent_socket().await;
    only.disconnect("too_many_websockets").await;
    assert!(only.is_closed().await.is_some());
    let begun = Instant::now();
    slack.socket().await;
    assert!(begun.elapsed() <= limits::SLACK_SOCKET_PAUSE_FIRST + Duration::from_millis(2));
}
