//! Reading back what was said.

use serde_json::{Value, json};

use super::Office;

fn texts(answer: &Value) -> Vec<&str> {
    let messages = answer["messages"].as_array().unwrap();
    let text = |message: &'_ Value| message["text"].as_str().unwrap_or_default().len();
    assert!(messages.iter().all(|message| text(message) > 0), "{answer}");
    messages
        .iter()
        .map(|message| message["text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn newest_first_in_pages() {
    let office = Office::open().await;
    let channel = office.deploys.as_str();
    let first = office.say("one");
    office
        .slack
        .say(&office.anna, channel, Some(&first), "in the thread");
    let second = office.say("two");
    office.say("three");
    let page = office
        .read(
            "conversations.history",
            &[("channel", channel), ("limit", "2")],
        )
        .await;
    assert_eq!(texts(&page), ["three", "two"]);
    assert_eq!(page["has_more"], true);
    let cursor = page["response_metadata"]["next_cursor"].as_str().unwrap();
    let rest = office
        .read(
            "conversations.history",
            &[("channel", channel), ("limit", "2"), ("cursor", cursor)],
        )
        .await;
    assert_eq!(texts(&rest), ["one"]);
    assert_eq!(
        (&rest["has_more"], &rest["messages"][0]["reply_count"]),
        (&json!(false), &json!(1))
    );
    let after = office
        .read(
            "conversations.history",
            &[("channel", channel), ("oldest", &second)],
        )
        .await;
    assert_eq!(texts(&after), ["three"]);
    let from = [
        ("channel", channel),
        ("oldest", second.as_str()),
        ("inclusive", "true"),
    ];
    assert_eq!(
        texts(&office.read("conversations.history", &from).await),
        ["three", "two"]
    );
    let wrong = office
        .read(
            "conversations.history",
            &[("channel", channel), ("cursor", "x")],
        )
        .await;
    assert_eq!(wrong["error"], "invalid_cursor");
}

#[tokio::test]
async fn threads_begin_with_their_parent() {
    let office = Office::open().await;
    let channel = office.deploys.as_str();
    let parent = office.say("one");
    let reply = office
        .slack
        .say(&office.anna, channel, Some(&parent), "two");
    let metadata = json!({ "event_type": "witbot", "event_payload": {} });
    let posted =
        json!({ "channel": channel, "thread_ts": parent, "text": "three", "metadata": metadata });
    assert_eq!(
        office.call("chat.postMessage", posted).await["message"]["thread_ts"],
        parent
    );
    for ts in [&parent, &reply] {
        let read = office
            .read("conversations.replies", &[("channel", channel), ("ts", ts)])
            .await;
        assert_eq!(texts(&read), ["one", "two", "three"]);
        assert!(read["messages"][2]["metadata"].is_null());
    }
    let asked = [
        ("channel", channel),
        ("ts", &parent),
        ("include_all_metadata", "true"),
        ("oldest", &reply),
    ];
    let read = office.read("conversations.replies", &asked).await;
    assert_eq!(texts(&read), ["one", "three"]);
    assert_eq!(read["messages"][1]["metadata"], metadata);
    let none = office
        .read(
            "conversations.replies",
            &[("channel", channel), ("ts", "1.000000")],
        )
        .await;
    assert_eq!(none["error"], "thread_not_found");
}

#[tokio::test]
async fn what_a_channel_is() {
    let office = Office::open().await;
    let slack = &office.slack;
    let secret = slack.add_private_channel("secret");
    slack.share(&office.deploys);
    let read = office
        .read("conversations.info", &[("channel", &office.deploys)])
        .await;
    assert_eq!(
        (&read["channel"]["name"], &read["channel"]["is_ext_shared"]),
        (&json!("deploys"), &json!(true))
    );
    let listed = office
        .read(
            "users.conversations",
            &[("types", "public_channel,private_channel"), ("limit", "1")],
        )
        .await;
    assert_eq!(listed["channels"].as_array().unwrap().len(), 1);
    assert_ne!(listed["response_metadata"]["next_cursor"], "");
    slack.behave(|behaviour| behaviour.without("groups:read"));
    let read = office
        .read("conversations.info", &[("channel", &secret)])
        .await;
    assert_eq!(
        (&read["error"], &read["needed"]),
        (&json!("missing_scope"), &json!("groups:read"))
    );
}

#[tokio::test]
async fn a_log_forgets_its_oldest() {
    let office = Office::open().await;
    office.slack.behave(|behaviour| behaviour.kept_max = 3);
    for n in 0..5 {
        office.post(&n.to_string()).await;
    }
    let posts = office.slack.posts(&office.deploys);
    assert_eq!(
        posts.iter().map(|post| post.text()).collect::<Vec<_>>(),
        ["2", "3", "4"]
    );
    assert_eq!(office.slack.calls("chat.postMessage").len(), 3);
    assert_eq!(office.slack.call_count("chat.postMessage"), 5);
}
