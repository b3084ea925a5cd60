//! Tokens, scopes, channels and what may be posted where.

use serde_json::{Value, json};

use super::{BOT_USER, Office};
use crate::fakes::slack::{TEAM, UserKind};

#[tokio::test]
async fn tokens_and_scopes() {
    let office = Office::open().await;
    let url = format!("{}/auth.test", office.slack.api_url());
    let bare: Value = office
        .http
        .post(&url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(bare["error"], "not_authed");
    let wrong = office.http.post(&url).bearer_auth("xoxb-other").send();
    let wrong: Value = wrong.await.unwrap().json().await.unwrap();
    assert_eq!(wrong["error"], "invalid_auth");
    let known = office.call("auth.test", json!({})).await;
    assert_eq!(
        (&known["user_id"], &known["team_id"]),
        (&json!(BOT_USER), &json!(TEAM))
    );
    let opened = office.call("apps.connections.open", json!({})).await;
    assert_eq!(opened["error"], "not_allowed_token_type");
    let unknown = office.call("chat.shout", json!({})).await;
    assert_eq!(unknown["error"], "unknown_method");

    office
        .slack
        .behave(|behaviour| behaviour.without("chat:write"));
    let sent = office
        .request("chat.postMessage")
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    let scopes = sent.headers()["x-oauth-scopes"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(scopes.contains("commands") && !scopes.contains("chat:write"));
    let refused: Value = sent.json().await.unwrap();
    assert_eq!(refused["error"], "missing_scope");
    assert_eq!(
        (&refused["needed"], &refused["provided"]),
        (&json!("chat:write"), &json!(scopes))
    );
}

#[tokio::test]
async fn where_a_bot_may_post() {
    let office = Office::open().await;
    let slack = &office.slack;
    let [closed, old, foreign] = ["closed", "old", "foreign"].map(|name| slack.add_channel(name));
    let secret = slack.add_private_channel("secret");
    slack.leave(BOT_USER, &closed);
    slack.leave(BOT_USER, &secret);
    slack.archive(&old);
    for (channel, error) in [
        ("C0NOWHERE00", "channel_not_found"),
        (&closed, "not_in_channel"),
        (&secret, "channel_not_found"),
        (&old, "is_archived"),
        (&foreign, ""),
        ("#deploys", ""),
        (&office.anna, ""),
    ] {
        let answer = office
            .call(
                "chat.postMessage",
                json!({ "channel": channel, "text": "hello" }),
            )
            .await;
        assert_eq!(
            answer["error"].as_str().unwrap_or_default(),
            error,
            "{channel}"
        );
    }
    let direct = slack.direct(&office.anna);
    assert_eq!(slack.posts(&direct).len(), 1);
    slack.behave(|behaviour| behaviour.scopes.push("chat:write.public".to_owned()));
    let answer = office
        .call(
            "chat.postMessage",
            json!({ "channel": closed, "text": "hello" }),
        )
        .await;
    assert_eq!(answer["ok"], true);
}

#[tokio::test]
async fn what_a_message_may_be() {
    let office = Office::open().await;
    let too_long = "ä".repeat(40_001);
    for (more, error) in [
        (json!({}), "no_text"),
        (json!({ "text": too_long }), "msg_too_long"),
        (json!({ "text": "x".repeat(40_000) }), ""),
        (
            json!({ "text": "x", "thread_ts": "1.000001" }),
            "thread_not_found",
        ),
        (
            json!({ "text": "x", "metadata": { "event_type": "a" } }),
            "invalid_metadata_format",
        ),
        (json!({ "text": "x", "blocks": "[]" }), "invalid_blocks"),
    ] {
        let mut arguments = more;
        arguments["channel"] = json!(office.deploys);
        let answer = office.call("chat.postMessage", arguments).await;
        assert_eq!(answer["error"].as_str().unwrap_or_default(), error);
    }
    let broken = office
        .request("chat.postMessage")
        .header("content-type", "application/json");
    let broken: Value = broken.body("{").send().await.unwrap().json().await.unwrap();
    assert_eq!(broken["error"], "invalid_json");
}

#[tokio::test]
async fn forms_carry_json_in_their_fields() {
    let office = Office::open().await;
    let body = format!(
        "channel={}&text=a%26b+c&blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D",
        office.deploys
    );
    let form = office.request("chat.postMessage");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer: Value = form.body(body).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["ok"], true, "{answer}");
    let posted = office.slack.posts(&office.deploys);
    assert_eq!(posted[0].text(), "a&b c");
    assert_eq!(posted[0].now().blocks[0]["type"], "divider");
    // A method that reads does not look into JSON.
    let unseen = office
        .call("users.info", json!({ "user": office.anna }))
        .await;
    assert_eq!(unseen["error"], "user_not_found");
}

#[tokio::test]
async fn edits_keep_what_was_said_before() {
    let office = Office::open().await;
    let ts = office.post("building").await;
    let card = json!([{ "type": "header", "text": { "type": "plain_text", "text": "done" } }]);
    let edit = |more: Value| {
        let mut arguments = more;
        arguments["channel"] = json!(office.deploys);
        arguments["ts"] = json!(ts);
        office.call("chat.update", arguments)
    };
    assert_eq!(
        edit(json!({ "text": "built", "blocks": card })).await["ok"],
        true
    );
    assert_eq!(edit(json!({ "text": "deployed" })).await["ok"], true);
    let message = office.slack.message(&office.deploys, &ts).unwrap();
    assert_eq!(message.texts(), ["building", "built", "deployed"]);
    assert_eq!(message.versions[1].blocks[0]["type"], "header");
    assert!(
        message.now().blocks.is_null(),
        "a text alone takes the blocks' place"
    );
    assert!(message.versions.is_sorted_by_key(|version| version.order));

    let theirs = office.say("mine");
    for (ts, error) in [
        ("1.000000", "message_not_found"),
        (&theirs, "cant_update_message"),
    ] {
        let arguments = json!({ "channel": office.deploys, "ts": ts, "text": "x" });
        assert_eq!(office.call("chat.update", arguments).await["error"], error);
    }
    let gone = json!({ "channel": office.deploys, "ts": ts });
    assert_eq!(office.call("chat.delete", gone.clone()).await["ok"], true);
    assert_eq!(
        office.call("chat.delete", gone).await["error"],
        "message_not_found"
    );
    assert!(office.slack.posts(&office.deploys)[0].deleted.is_some());
}

#[tokio::test]
async fn whispers_and_reactions() {
    let office = Office::open().await;
    let whisper = json!({ "channel": office.deploys, "user": office.anna, "text": "psst" });
    let answer = office.call("chat.postEphemeral", whisper.clone()).await;
    assert_eq!(answer["error"], "user_not_in_channel");
    let ts = office.say("hello");
    assert_eq!(office.call("chat.postEphemeral", whisper).await["ok"], true);
    assert_eq!(office.slack.ephemerals()[0].text, "psst");
    assert_eq!(office.slack.messages(&office.deploys).len(), 1);

    let reaction = json!({ "channel": office.deploys, "timestamp": ts, "name": "eyes" });
    assert_eq!(
        office.call("reactions.add", reaction.clone()).await["ok"],
        true
    );
    assert_eq!(
        office.call("reactions.add", reaction).await["error"],
        "already_reacted"
    );
    let message = office.slack.message(&office.deploys, &ts).unwrap();
    assert_eq!(
        message.reactions,
        [("eyes".to_owned(), BOT_USER.to_owned())]
    );
}

#[tokio::test]
async fn people_and_groups() {
    let office = Office::open().await;
    let slack = &office.slack;
    let guest = slack.add_user_of("gus", UserKind::Guest);
    let stranger = slack.add_user_of("sam", UserKind::Stranger);
    let user = office.read("users.info", &[("user", &guest)]).await;
    assert_eq!(user["user"]["is_restricted"], true);
    let user = office.read("users.info", &[("user", &stranger)]).await;
    assert_eq!(user["user"]["is_stranger"], true);
    assert_ne!(user["user"]["team_id"], TEAM);
    let group = slack.set_group("deployers", &[&office.anna]);
    let groups = office
        .read("usergroups.list", &[("include_users", "true")])
        .await;
    assert_eq!(groups["usergroups"][0]["handle"], "deployers");
    let users = office
        .read("usergroups.users.list", &[("usergroup", &group)])
        .await;
    assert_eq!(users["users"], json!([office.anna]));
    let unknown = office
        .read("usergroups.users.list", &[("usergroup", "S1")])
        .await;
    assert_eq!(unknown["error"], "no_such_subteam");
    let opened = office
        .call("conversations.open", json!({ "users": office.anna }))
        .await;
    assert_eq!(opened["channel"]["id"], slack.direct(&office.anna));
}

#[tokio::test]
async fn files_go_up_in_three_steps() {
    let office = Office::open().await;
    let asked = office
        .read(
            "files.getUploadURLExternal",
            &[("filename", "build.log"), ("length", "5")],
        )
        .await;
    let url = asked["upload_url"].as_str().unwrap();
    let complete = json!({
        "files": [{ "id": asked["file_id"], "title": "Build log" }],
        "channel_id": office.deploys,
        "initial_comment": "all of it",
    });
    let early = office
        .call("files.completeUploadExternal", complete.clone())
        .await;
    assert_eq!(early["error"], "file_not_found");
    let short = office.http.post(url).body("abc").send().await.unwrap();
    assert_eq!(short.status(), 400);
    let whole = office.http.post(url).body("abcde").send().await.unwrap();
    assert_eq!(whole.status(), 200);
    assert_eq!(
        office.call("files.completeUploadExternal", complete).await["ok"],
        true
    );
    let file = &office.slack.files()[0];
    assert_eq!(file.bytes.as_deref(), Some(&b"abcde"[..]));
    assert_eq!(file.channel.as_ref(), Some(&office.deploys));
    let posted = office.slack.posts(&office.deploys);
    assert_eq!(
        (posted[0].text(), &posted[0].files),
        ("all of it", &vec![file.id.clone()])
    );
}
