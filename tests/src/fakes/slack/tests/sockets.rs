//! Socket Mode.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message as Frame;

use futures_util::{SinkExt as _, StreamExt as _};

use super::{BOT_USER, Office};
use crate::fakes::slack::Reason;

#[tokio::test]
async fn a_mention_is_two_events_of_one_message() {
    let office = Office::open().await;
    let mut socket = office.connect().await;
    let ts = office.say(&format!("<@{BOT_USER}> hello"));
    let (first, second) = (socket.take().await, socket.take().await);
    assert_eq!(
        (&first["event"]["type"], &second["event"]["type"]),
        (&json!("message"), &json!("app_mention"))
    );
    assert_eq!(
        (&first["event"]["ts"], &second["event"]["ts"]),
        (&json!(ts), &json!(ts))
    );
    assert_ne!(first["event_id"], second["event_id"]);
    assert_eq!(first["event"]["channel_type"], "channel");
    office.slack.settled().await;
    assert_eq!(office.slack.counts().acked, 2);
    assert_eq!(office.slack.latencies().len(), 2);
}

#[tokio::test]
async fn the_bot_hears_itself_and_all_edits() {
    let office = Office::open().await;
    let mut socket = office.connect().await;
    let ts = office.post("hello").await;
    let echo = socket.take().await;
    assert_eq!(
        (&echo["event"]["user"], &echo["event"]["bot_id"]),
        (&json!(BOT_USER), &json!("B000WITBOT"))
    );
    let edit = json!({ "channel": office.deploys, "ts": ts, "text": "bye" });
    office.call("chat.update", edit).await;
    let changed = socket.take().await["event"].clone();
    assert_eq!(changed["subtype"], "message_changed");
    assert_eq!(
        (
            &changed["message"]["text"],
            &changed["previous_message"]["text"]
        ),
        (&json!("bye"), &json!("hello"))
    );
    let theirs = office.say("mine");
    socket.take().await;
    office
        .slack
        .edit(&office.deploys, &theirs, &format!("<@{BOT_USER}> yours"));
    assert_eq!(socket.take().await["event"]["subtype"], "message_changed");
    office.slack.delete(&office.deploys, &theirs);
    let deleted = socket.take().await["event"].clone();
    assert_eq!(
        (&deleted["subtype"], &deleted["deleted_ts"]),
        (&json!("message_deleted"), &json!(theirs))
    );
}

#[tokio::test]
async fn each_event_goes_to_one_socket_only() {
    let office = Office::open().await;
    let (mut a, mut b) = (office.connect().await, office.connect().await);
    let said: Vec<String> = (0..40).map(|n| office.say(&n.to_string())).collect();
    let (mut of_a, mut of_b) = (HashSet::new(), HashSet::new());
    while of_a.len() + of_b.len() < said.len() {
        tokio::select! {
            payload = a.take() => of_a.insert(payload["event"]["ts"].as_str().unwrap().to_owned()),
            payload = b.take() => of_b.insert(payload["event"]["ts"].as_str().unwrap().to_owned()),
        };
    }
    assert!(of_a.is_disjoint(&of_b));
    assert!(
        of_a.len() > 5 && of_b.len() > 5,
        "{} {}",
        of_a.len(),
        of_b.len()
    );
    office.slack.settled().await;
    assert_eq!(
        (
            office.slack.counts().sent,
            office.slack.counts().redelivered
        ),
        (40, 0)
    );
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again() {
    let office = Office::open().await;
    office.slack.behave(|behaviour| {
        behaviour.redelivery_after = Duration::from_millis(20);
        behaviour.redeliveries_max = 2;
    });
    let mut socket = office.connect().await;
    office.say("hello");
    let first = socket.next().await;
    assert_eq!(
        (&first["retry_attempt"], &first["retry_reason"]),
        (&json!(0), &json!(""))
    );
    for attempt in 1..=2 {
        let again = socket.next().await;
        assert_eq!(
            (&again["retry_attempt"], &again["retry_reason"]),
            (&json!(attempt), &json!("timeout"))
        );
        assert_eq!(again["payload"]["event_id"], first["payload"]["event_id"]);
        assert_ne!(again["envelope_id"], first["envelope_id"]);
    }
    office.slack.settled().await;
    assert_eq!(office.slack.counts().lost, 1);
    // Too late.
    socket.acknowledge(&first).await;
    office
        .slack
        .until(|slack| (slack.counts().strange == 1).then_some(()))
        .await;
    // A command is not sent again.
    office
        .slack
        .slash(&office.anna, &office.deploys, "/witbot", "help");
    socket.next().await;
    office
        .slack
        .until(|slack| (slack.counts().lost == 2).then_some(()))
        .await;
    assert_eq!(office.slack.counts().redelivered, 2);
}

#[tokio::test]
async fn a_dropped_socket_leaves_its_share_to_the_others() {
    let office = Office::open().await;
    let mut a = office.connect().await;
    let said: Vec<String> = (0..5).map(|n| office.say(&n.to_string())).collect();
    a.next().await;
    let mut b = office.connect().await;
    office.slack.drop_socket(1);
    for ts in &said {
        let again = b.next().await;
        assert_eq!(
            (&again["payload"]["event"]["ts"], &again["retry_attempt"]),
            (&json!(ts), &json!(1))
        );
        b.acknowledge(&again).await;
    }
    while !a.next().await.is_null() {}
    office.slack.settled().await;
    let counts = office.slack.counts();
    assert_eq!(
        (counts.dropped, counts.left, counts.redelivered, counts.lost),
        (1, 0, 5, 0)
    );
}

#[tokio::test]
async fn a_socket_that_the_bot_closes() {
    let office = Office::open().await;
    let mut a = office.connect().await;
    let ts = office.say("hello");
    a.next().await;
    a.0.close(None).await.unwrap();
    office.slack.connected(0).await;
    assert_eq!(office.slack.unacknowledged(), 1);
    let mut b = office.connect().await;
    assert_eq!(b.take().await["event"]["ts"], ts);
    assert_eq!(office.slack.counts().left, 1);
}

#[tokio::test]
async fn a_disconnect_comes_before_the_end() {
    let office = Office::open().await;
    let mut a = office.connect().await;
    let later = Duration::from_secs(3600);
    office.slack.disconnect(1, Reason::Warning, later);
    let told = a.next().await;
    assert_eq!(
        (&told["type"], &told["reason"]),
        (&json!("disconnect"), &json!("warning"))
    );
    office.say("in between");
    assert_eq!(a.take().await["event"]["text"], "in between");
    office.slack.settled().await;
    office
        .slack
        .disconnect(1, Reason::RefreshRequested, Duration::ZERO);
    assert_eq!(a.next().await["reason"], "refresh_requested");
    assert!(a.next().await.is_null());
    office.slack.connected(0).await;
    assert_eq!(
        (office.slack.counts().refreshed, office.slack.counts().lost),
        (2, 0)
    );
}

#[tokio::test]
async fn the_eleventh_socket_is_one_too_many() {
    let office = Office::open().await;
    let mut sockets = Vec::new();
    for n in 1..=10 {
        let mut socket = office.connect_quietly().await;
        assert_eq!(socket.next().await["num_connections"], n);
        sockets.push(socket);
    }
    let mut eleventh = office.connect_quietly().await;
    assert_eq!(eleventh.next().await["reason"], "too_many_websockets");
    assert!(eleventh.next().await.is_null());
    assert_eq!(office.slack.sockets().len(), 10);
}

#[tokio::test]
async fn a_ticket_is_good_for_one_socket() {
    let office = Office::open().await;
    let url = office.ticket().await;
    let address = url.split('/').nth(2).unwrap();
    for good in [true, false] {
        let stream = TcpStream::connect(address).await.unwrap();
        assert_eq!(client_async(&url, stream).await.is_ok(), good);
    }
}

#[tokio::test]
async fn what_happens_without_a_socket_is_kept_for_a_while() {
    let office = Office::open().await;
    let ts = office.say("hello");
    office
        .slack
        .slash(&office.anna, &office.deploys, "/witbot", "help");
    assert_eq!(office.slack.counts().lost, 1, "a command is not kept");
    let mut socket = office.connect().await;
    assert_eq!(socket.take().await["event"]["ts"], ts);
    drop(socket);
    office.slack.connected(0).await;
    office
        .slack
        .behave(|behaviour| behaviour.kept_for = Duration::ZERO);
    office.say("too early");
    let _socket = office.connect().await;
    assert_eq!(
        (office.slack.counts().lost, office.slack.counts().sent),
        (2, 1)
    );
}

#[tokio::test]
async fn odd_frames_arrive_as_they_are() {
    let office = Office::open().await;
    let mut socket = office.connect().await;
    office.slack.send_text("{not json");
    office.slack.send_binary(b"\x00\x01");
    office.slack.send_broken_text();
    assert_eq!(
        socket.0.next().await.unwrap().unwrap(),
        Frame::text("{not json")
    );
    assert_eq!(
        socket.0.next().await.unwrap().unwrap(),
        Frame::binary(&b"\x00\x01"[..])
    );
    assert!(socket.0.next().await.unwrap().is_err(), "it is not UTF-8");
    let mut other = office.connect().await;
    other.0.send(Frame::text("what?")).await.unwrap();
    office
        .slack
        .until(|slack| (slack.counts().strange == 1).then_some(()))
        .await;
}

#[tokio::test]
async fn pings_and_silence() {
    let office = Office::open().await;
    office.slack.behave(|behaviour| {
        behaviour.ping_every = Duration::from_millis(5);
        behaviour.redelivery_after = Duration::from_millis(20);
        behaviour.redeliveries_max = u32::MAX;
    });
    let mut socket = office.connect().await;
    let answering = async {
        loop {
            socket.0.next().await.unwrap().unwrap();
        }
    };
    tokio::select! {
        () = answering => {}
        () = office.slack.until(|slack| (slack.pongs() > 1).then_some(())) => {}
    }
    office.slack.freeze_socket(1);
    let ts = office.say("hello");
    let mut other = office.connect().await;
    // Half of what is sent to the frozen one comes here in the end.
    while other.next().await["payload"]["event"]["ts"] != ts.as_str() {}
    assert_eq!(office.slack.sockets().len(), 2);
    drop(socket);
    office.slack.connected(1).await;
}

#[tokio::test]
async fn frames_take_their_time() {
    let office = Office::open().await;
    let mut socket = office.connect().await;
    let delay = Duration::from_millis(30);
    office
        .slack
        .behave(|behaviour| behaviour.frame_delay = delay);
    let began = std::time::Instant::now();
    let said = [office.say("one"), office.say("two")];
    for ts in said {
        assert_eq!(socket.take().await["event"]["ts"], ts);
    }
    assert!(began.elapsed() >= delay);
}

#[tokio::test]
async fn news_of_people_and_places() {
    let office = Office::open().await;
    let mut socket = office.connect().await;
    let slack = &office.slack;
    slack.rename_channel(&office.deploys, "releases");
    assert_eq!(socket.take().await["event"]["channel"]["name"], "releases");
    slack.join(&office.anna, &office.deploys);
    assert_eq!(
        socket.take().await["event"]["type"],
        "member_joined_channel"
    );
    slack.set_group("deployers", &[&office.anna]);
    assert_eq!(
        socket.take().await["event"]["subteam"]["users"],
        json!([office.anna])
    );
    let kind = crate::fakes::slack::UserKind::Guest;
    slack.change_user(&office.anna, "anne", kind, false);
    assert_eq!(socket.take().await["event"]["user"]["name"], "anne");
    let id = slack.event(&json!({ "type": "never_heard_of" }));
    assert_eq!(socket.take().await["event_id"], id);
    slack.acknowledged(&id).await;
}
