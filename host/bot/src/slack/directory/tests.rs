mod groups;
mod places;

use serde_json::json;

use super::*;
use crate::chat::Chat as _;
use crate::slack::api::double::{Double, Reply};

fn user(id: &str) -> UserId {
    id.parse().unwrap()
}

async fn person(answer: Value) -> Person {
    let double = Double::start(move |_| Reply::Ok(json!({ "user": answer }))).await;
    let slack = double.slack().await;
    slack.directory().person(&user("U1")).await.unwrap()
}

#[tokio::test]
async fn a_person_has_a_name_and_a_standing() {
    let long = "x".repeat(500);
    for (answer, name, standing) in [
        (
            json!({ "team_id": "T1", "name": "ada", "profile": { "display_name": "Ada", "real_name": "Ada L" } }),
            "Ada",
            Standing::Member,
        ),
        (
            json!({ "team_id": "T1", "name": "ada", "profile": { "display_name": " ", "real_name": "Ada\nL" } }),
            "Ada L",
            Standing::Member,
        ),
        (json!({ "name": "ada" }), "ada", Standing::Member),
        (
            json!({ "name": 7, "is_restricted": true }),
            "U1",
            Standing::Guest,
        ),
        (
            json!({ "name": "g", "is_ultra_restricted": true }),
            "g",
            Standing::Guest,
        ),
        (json!({ "name": "b", "is_bot": true }), "b", Standing::Bot),
        (
            json!({ "name": "slackbot", "id": "USLACKBOT" }),
            "slackbot",
            Standing::Bot,
        ),
        (
            json!({ "name": "s", "team_id": "T2" }),
            "s",
            Standing::Stranger,
        ),
        (
            json!({ "name": "s", "team_id": "T1", "is_stranger": true }),
            "s",
            Standing::Stranger,
        ),
        (
            json!({ "name": "s", "team_id": "T2", "enterprise_user": { "enterprise_id": "E9" } }),
            "s",
            Standing::Stranger,
        ),
        (json!({ "name": long }), &long[..100], Standing::Member),
    ] {
        let found = person(answer.clone()).await;
        assert_eq!(
            (found.name.as_str(), found.standing),
            (name, standing),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_person_is_asked_for_once_until_something_changes() {
    let double = Double::start(|_| Reply::Ok(json!({ "user": { "name": "ada" } }))).await;
    let slack = double.slack().await;
    let directory = slack.directory();
    assert_eq!(directory.called("U1"), None);
    let (ada, bob) = (user("U1"), user("U2"));
    let (one, two, three) = tokio::join!(
        directory.person(&ada),
        directory.person(&ada),
        directory.person(&bob)
    );
    assert_eq!(one.unwrap(), two.unwrap());
    three.unwrap();
    assert_eq!(double.calls("users.info").len(), 2);
    assert_eq!(directory.called("U1").as_deref(), Some("ada"));
    directory.forget(&Changed::User(ada.clone()));
    directory.person(&ada).await.unwrap();
    directory.person(&bob).await.unwrap();
    assert_eq!(double.calls("users.info").len(), 3);
}

#[tokio::test]
async fn what_slack_does_not_tell_is_an_error_that_helps() {
    for (reply, code, part) in [
        (
            "user_not_found",
            Code::NotFound,
            "does not know the person `U1`",
        ),
        ("missing_scope", Code::Denied, "witbot slack manifest"),
        ("invalid_auth", Code::Unavailable, "invalid_auth"),
        ("internal_error", Code::Unavailable, "internal_error"),
        ("user_disabled", Code::Invalid, "user_disabled"),
    ] {
        let double = Double::start(move |_| Reply::Error(reply)).await;
        let slack = double.slack().await;
        let error = slack.directory().person(&user("U1")).await.unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(part), "{error}");
    }
    let double = Double::start(|_| Reply::Raw(429, Some(60), "text/plain", String::new())).await;
    let error = double
        .slack()
        .await
        .directory()
        .person(&user("U1"))
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::RateLimited);
    assert!(
        error.retry_after_ms.is_some_and(|wait| wait > 50_000),
        "{error:?}"
    );
}

/// Three channels on two pages.
async fn channels() -> Double {
    Double::start(
        |call| match (call.method.as_str(), call.arguments["cursor"].as_str()) {
            ("users.conversations", None) => Reply::Ok(json!({
                "channels": [{ "id": "C1", "name": "dev" }, { "id": "C2", "name": "ops" }],
                "response_metadata": { "next_cursor": "two" },
            })),
            ("users.conversations", Some("two")) => Reply::Ok(json!({
                "channels": [{ "name": "broken" }, { "id": "C3", "name": "deploys" }],
                "response_metadata": { "next_cursor": "" },
            })),
            ("conversations.info", _) => match call.arguments["channel"].as_str() {
                Some("C3") => Reply::Ok(json!({ "channel": { "id": "C3", "name": "shipping" } })),
                Some("G1") => Reply::Ok(
                    json!({ "channel": { "id": "G1", "is_mpim": true, "name": "mpdm-a--b-1" } }),
                ),
                _ => Reply::Error("channel_not_found"),
            },
            _ => Reply::Error("unknown_method"),
        },
    )
    .await
}

#[tokio::test]
async fn channels_are_found_by_name_and_gone_through_once() {
    let double = channels().await;
    let slack = double.slack().await;
    let directory = slack.directory();
    let found = directory.channel("#dev").await.unwrap();
    assert_eq!((found.id.as_str(), found.name.as_str()), ("C1", "dev"));
    // The second page was not needed, and the first is known now.
    assert_eq!(directory.channel("ops").await.unwrap().id.as_str(), "C2");
    assert_eq!(double.calls("users.conversations").len(), 1);
    let (one, two) = tokio::join!(directory.channel("deploys"), directory.channel("deploys"));
    assert_eq!(
        (one.unwrap().id.as_str(), two.unwrap().id.as_str()),
        ("C3", "C3")
    );
    let calls = double.calls("users.conversations");
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[0]["types"], "public_channel,private_channel");
    assert_eq!(directory.called("C3").as_deref(), Some("deploys"));
}

#[tokio::test]
async fn a_channel_that_is_not_there_says_how_to_invite_the_bot() {
    let double = channels().await;
    let slack = double.slack().await;
    for name in ["nowhere", "elsewhere", "C99999"] {
        let error = slack.directory().channel(name).await.unwrap_err();
        assert_eq!(error.code, Code::NotFound);
        assert!(
            error.message.contains(name) && error.message.contains("`/invite @witbot`"),
            "{error}"
        );
    }
    assert_eq!(
        double.calls("users.conversations").len(),
        2,
        "both pages, once"
    );
    // Somebody invites the bot.
    slack
        .directory()
        .forget(&Changed::Channel("C7".parse().unwrap()));
    slack.directory().channel("nowhere").await.unwrap_err();
    assert_eq!(double.calls("users.conversations").len(), 4);
}

#[tokio::test]
async fn a_channel_that_is_renamed_has_its_new_name() {
    let double = channels().await;
    let slack = double.slack().await;
    let directory = slack.directory();
    directory.channel("deploys").await.unwrap();
    directory.forget(&Changed::Channel("C3".parse().unwrap()));
    assert_eq!(directory.channel("C3").await.unwrap().name, "shipping");
    assert_eq!(double.calls("conversations.info").len(), 1);
}

#[tokio::test]
async fn a_conversation_is_no_channel() {
    let double = channels().await;
    let slack = double.slack().await;
    for id in ["D1", "#D1", "G1", "G1"] {
        let error = slack.directory().channel(id).await.unwrap_err();
        assert_eq!(error.code, Code::Invalid, "{id}");
        assert!(error.message.contains("`chat.direct`"), "{error}");
    }
    assert_eq!(slack.directory().called("G1"), None);
    assert_eq!(
        double.calls("conversations.info"),
        [json!({ "channel": "G1" })]
    );
}

/// `ops` is C1, and later C2, which Slack says nothing of: only that it is no longer C1 can be seen.
#[tokio::test]
async fn a_name_that_another_channel_has_now_leads_to_that_one() {
    let lists = std::sync::atomic::AtomicUsize::new(0);
    let double = Double::start(move |call| {
        let lists = match call.method.as_str() {
            "users.conversations" => lists.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
            _ => return Reply::Ok(json!({ "channel": { "id": "C1", "name": "old-ops" } })),
        };
        let channels = match lists {
            0 => json!([{ "id": "C1", "name": "ops" }]),
            _ => json!([{ "id": "C1", "name": "old-ops" }, { "id": "C2", "name": "ops" }]),
        };
        Reply::Ok(json!({ "channels": channels }))
    })
    .await;
    let slack = double.slack().await;
    let directory = slack.directory();
    assert_eq!(directory.channel("ops").await.unwrap().id.as_str(), "C1");
    assert_eq!(directory.channel("ops").await.unwrap().id.as_str(), "C1");
    // It is asked for again by its id, as after some time.
    directory.channels.forget("C1");
    assert_eq!(directory.channel("C1").await.unwrap().name, "old-ops");
    assert_eq!(directory.channel("ops").await.unwrap().id.as_str(), "C2");
    assert_eq!(
        directory.channel("old-ops").await.unwrap().id.as_str(),
        "C1"
    );
    assert_eq!(double.calls("users.conversations").len(), 2);
}

#[tokio::test]
async fn a_conversation_is_opened_once() {
    let double = Double::start(|_| Reply::Ok(json!({ "channel": { "id": "D024" } }))).await;
    let slack = double.slack().await;
    for _ in 0..2 {
        let channel = slack.directory().direct(&user("U1")).await.unwrap();
        assert_eq!(channel.as_str(), "D024");
        assert_eq!(slack.directory().known_direct(&user("U1")), Some(channel));
    }
    assert_eq!(slack.directory().known_direct(&user("U2")), None);
    assert_eq!(
        double.calls("conversations.open"),
        [json!({ "users": "U1" })]
    );
    let double = Double::start(|_| Reply::Ok(json!({}))).await;
    let error = double
        .slack()
        .await
        .directory()
        .direct(&user("U1"))
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::Unavailable);
}
