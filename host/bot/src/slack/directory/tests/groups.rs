use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// S1 has two members, S4 none, S5 is disabled, of S6 it is not said who is in it, S7 may not be read, and there is no S2.
async fn groups() -> Double {
    Double::start(|call| match call.method.as_str() {
        "usergroups.users.list" => match call.arguments["usergroup"].as_str() {
            Some("S1") => Reply::Ok(json!({ "users": ["U1", 7, "U2"] })),
            Some("S4" | "S5") => Reply::Ok(json!({ "users": [] })),
            Some("S6") => Reply::Ok(json!({})),
            Some("S7") => Reply::Raw(
                200,
                None,
                "application/json",
                r#"{"ok":false,"error":"missing_scope","needed":"usergroups:read"}"#.into(),
            ),
            _ => Reply::Error("no_such_subteam"),
        },
        _ => Reply::Ok(json!({ "usergroups": [
            { "id": "S1", "date_delete": 0 },
            { "id": "S4" },
            { "id": "S5", "date_delete": 1_795_000_000 },
            { "id": 7 },
        ] })),
    })
    .await
}

#[tokio::test]
async fn who_is_in_a_group_is_kept_until_it_changes() {
    let double = groups().await;
    let slack = double.slack().await;
    let (in_it, outside, group) = (user("U1"), user("U3"), user("S1"));
    assert_eq!(slack.belongs(&in_it, &group).await, Ok(true));
    assert_eq!(slack.belongs(&outside, &group).await, Ok(false));
    assert_eq!(double.methods(), ["usergroups.users.list"]);
    slack.directory().forget(&Changed::Groups);
    assert_eq!(slack.belongs(&in_it, &group).await, Ok(true));
    assert_eq!(double.methods().len(), 2);
}

#[tokio::test]
async fn a_change_that_nobody_told_is_seen_after_a_while() {
    let asked = AtomicUsize::new(0);
    let double = Double::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::Ok(json!({ "users": ["U1", "U2"] })),
        _ => Reply::Ok(json!({ "users": ["U2"] })),
    })
    .await;
    let slack = double.slack().await;
    let (ada, group) = (user("U1"), user("S1"));
    assert_eq!(slack.belongs(&ada, &group).await, Ok(true));
    tokio::time::pause();
    let second = std::time::Duration::from_secs(1);
    tokio::time::advance(limits::SLACK_DECIDING_AGE_MAX - second).await;
    assert_eq!(slack.belongs(&ada, &group).await, Ok(true));
    tokio::time::advance(second).await;
    tokio::time::resume();
    assert_eq!(slack.belongs(&ada, &group).await, Ok(false));
}

#[tokio::test]
async fn nobody_is_said_to_be_outside_of_what_cannot_be_read() {
    let double = groups().await;
    let slack = double.slack().await;
    for (group, code, part) in [
        ("S2", Code::NotFound, "knows no user group `S2`"),
        ("S5", Code::NotFound, "or it is disabled"),
        ("S6", Code::Unavailable, "who is in the group"),
        ("S7", Code::Denied, "`usergroups:read`"),
        ("U3", Code::Invalid, "`U3` is no user group"),
    ] {
        let error = slack.belongs(&user("U1"), &user(group)).await.unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(part), "{error}");
    }
    // There can be a group in which nobody is yet.
    assert_eq!(slack.belongs(&user("U1"), &user("S4")).await, Ok(false));
}

#[tokio::test]
async fn all_groups_of_the_settings_are_looked_at_with_one_question() {
    let double = groups().await;
    let slack = double.slack().await;
    let named = |ids: &[&str]| -> BTreeSet<UserId> { ids.iter().map(|id| user(id)).collect() };
    assert_eq!(slack.unreadable_groups(&named(&[])).await, []);
    assert_eq!(slack.unreadable_groups(&named(&["S1", "S4"])).await, []);
    let found = slack
        .unreadable_groups(&named(&["S1", "S2", "S5", "U1"]))
        .await;
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(group, error)| (group.as_str(), error.message.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("S2", "Slack knows no user group `S2`, or it is disabled."),
            ("S5", "The user group `S5` is disabled at Slack."),
            ("U1", "`U1` is no user group: their ids begin with `S`."),
        ]
    );
    assert_eq!(double.methods(), ["usergroups.list"; 2]);
    let down = Double::start(|_| Reply::Error("internal_error")).await;
    let found = down.slack().await.unreadable_groups(&named(&["S1"])).await;
    assert!(found.iter().all(|(_, error)| error.is_transient()) && found.len() == 1);
}

#[tokio::test]
async fn who_asks_while_a_group_changes_does_not_hear_what_was() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counts = asked.clone();
    let double = Double::start(move |_| match counts.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::Silence,
        _ => Reply::Ok(json!({ "users": ["U2"] })),
    })
    .await;
    let slack = Arc::new(double.slack().await);
    let early = slack.clone();
    let early = tokio::spawn(async move { early.belongs(&user("U1"), &user("S1")).await });
    tokio::time::timeout(std::time::Duration::from_secs(30), async {
        while asked.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the group is asked for");
    slack.directory().forget(&Changed::Groups);
    assert_eq!(slack.belongs(&user("U1"), &user("S1")).await, Ok(false));
    early.abort();
}
