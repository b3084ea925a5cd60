use std::sync::{Arc, Mutex};

use super::*;

fn channel(id: &str) -> ChannelId {
    id.parse().unwrap()
}

/// Slack says this of all channels.
async fn place(answer: Value) -> Double {
    Double::start(move |_| Reply::Ok(json!({ "channel": answer }))).await
}

#[tokio::test]
async fn who_can_read_a_channel_is_what_slack_says_of_it() {
    for (place_, kind) in [
        (json!({ "is_private": false }), ChannelKind::Public),
        (json!({ "is_private": true }), ChannelKind::Private),
        (json!({ "is_im": true }), ChannelKind::Direct),
        (
            json!({ "is_mpim": true, "is_private": true }),
            ChannelKind::Group,
        ),
        (
            json!({ "is_private": false, "is_ext_shared": true, "is_shared": true }),
            ChannelKind::Shared,
        ),
        (
            json!({ "is_private": true, "is_ext_shared": true }),
            ChannelKind::Shared,
        ),
        (
            json!({ "is_private": true, "is_ext_shared": false, "is_pending_ext_shared": true }),
            ChannelKind::Shared,
        ),
        (
            json!({ "is_im": true, "is_ext_shared": true }),
            ChannelKind::Shared,
        ),
        (
            json!({ "is_private": false, "is_shared": true, "is_org_shared": true }),
            ChannelKind::Public,
        ),
        (
            json!({ "is_private": false, "is_shared": true, "is_org_shared": true, "is_ext_shared": true }),
            ChannelKind::Shared,
        ),
        (
            json!({ "is_private": false, "is_shared": true }),
            ChannelKind::Shared,
        ),
    ] {
        let mut answer = place_.clone();
        answer["id"] = json!("C1");
        let slack = place(answer).await.slack().await;
        assert_eq!(slack.kind(&channel("C1")).await, Ok(kind), "{place_}");
    }
}

#[tokio::test]
async fn what_slack_does_not_say_is_not_guessed() {
    for (reply, code) in [
        (Ok(json!({ "id": "C1", "name": "dev" })), Code::Unavailable),
        (
            Ok(json!({ "id": "C1", "is_private": "no" })),
            Code::Unavailable,
        ),
        (Ok(json!({ "is_private": false })), Code::Unavailable),
        (Err("channel_not_found"), Code::NotFound),
        (Err("missing_scope"), Code::Denied),
        (Err("internal_error"), Code::Unavailable),
    ] {
        let shown = format!("{reply:?}");
        let double = Double::start(move |_| match &reply {
            Ok(place) => Reply::Ok(json!({ "channel": place })),
            Err(error) => Reply::Error(error),
        })
        .await;
        let error = double.slack().await.kind(&channel("C1")).await.unwrap_err();
        assert_eq!(error.code, code, "{shown}: {error}");
    }
}

/// A channel with these fields, which a test can change, and how often Slack was asked for it.
async fn changing(fields: Value) -> (Double, Arc<Mutex<Value>>) {
    let now = Arc::new(Mutex::new(fields));
    let said = now.clone();
    let double = Double::start(move |_| {
        let mut place = said.lock().unwrap().clone();
        place["id"] = json!("C1");
        Reply::Ok(json!({ "channel": place }))
    })
    .await;
    (double, now)
}

#[tokio::test]
async fn a_channel_is_asked_for_again_when_slack_says_that_it_changed_or_after_a_while() {
    let (double, now) = changing(json!({ "is_private": true })).await;
    let slack = double.slack().await;
    let id = channel("C1");
    for _ in 0..3 {
        assert_eq!(slack.kind(&id).await, Ok(ChannelKind::Private));
    }
    assert_eq!(double.calls("conversations.info").len(), 1);
    *now.lock().unwrap() = json!({ "is_private": true, "is_ext_shared": true });
    slack.directory().forget(&Changed::Channel(id.clone()));
    assert_eq!(slack.kind(&id).await, Ok(ChannelKind::Shared));
    *now.lock().unwrap() = json!({ "is_private": false });
    assert_eq!(slack.kind(&id).await, Ok(ChannelKind::Shared));
    tokio::time::pause();
    tokio::time::advance(limits::SLACK_DECIDING_AGE_MAX).await;
    tokio::time::resume();
    assert_eq!(slack.kind(&id).await, Ok(ChannelKind::Public));
    assert_eq!(double.calls("conversations.info").len(), 3);
}

#[tokio::test]
async fn a_message_in_it_knows_better_whether_a_channel_is_shared() {
    let (double, now) = changing(json!({ "is_private": true })).await;
    let slack = double.slack().await;
    let id = channel("C1");
    let told = |shared| {
        slack
            .directory()
            .forget(&Changed::Shared(id.clone(), shared))
    };
    told(false);
    assert_eq!(slack.kind(&id).await, Ok(ChannelKind::Private));
    // Nobody told that it was shared, and Slack was asked before.
    told(true);
    assert_eq!(slack.kind(&id).await, Ok(ChannelKind::Shared));
    told(false);
    assert_eq!(slack.kind(&id).await, Ok(ChannelKind::Private));
    assert_eq!(double.calls("conversations.info").len(), 1);
    // The other way round.
    *now.lock().unwrap() = json!({ "is_private": true, "is_ext_shared": true });
    slack.directory().forget(&Changed::Channel(id.clone()));
    assert_eq!(slack.kind(&id).await, Ok(ChannelKind::Shared));
    *now.lock().unwrap() = json!({ "is_private": true });
    told(false);
    assert_eq!(slack.kind(&id).await, Ok(ChannelKind::Private));
    assert_eq!(double.calls("conversations.info").len(), 3);
}

#[tokio::test]
async fn a_message_of_a_shared_channel_counts_when_slack_cannot_be_asked() {
    let double = Double::start(|_| Reply::Error("internal_error")).await;
    let slack = double.slack().await;
    let id = channel("C1");
    slack.kind(&id).await.unwrap_err();
    slack.directory().forget(&Changed::Shared(id.clone(), true));
    assert_eq!(slack.kind(&id).await, Ok(ChannelKind::Shared));
}
