//! Slash commands, clicks and response URLs.

use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message as Frame;

use super::Office;

fn card() -> Value {
    let button = json!({
        "type": "button",
        "action_id": "cancel",
        "text": { "type": "plain_text", "text": "Cancel" },
        "value": "pipeline cancel 7",
    });
    json!([{ "type": "actions", "block_id": "call-7", "elements": [button] }])
}

fn menu() -> Value {
    let option = |text: &str| json!({ "text": { "type": "plain_text", "text": text }, "value": text.to_lowercase() });
    let select = json!({
        "type": "static_select",
        "action_id": "where",
        "options": [option("Staging"), option("Production")],
    });
    json!([{ "color": "good", "blocks": [{ "type": "actions", "block_id": "ask", "elements": [select] }] }])
}

#[tokio::test]
async fn a_button_and_a_menu() {
    let office = Office::open().await;
    office.slack.behave(|behaviour| behaviour.echo = false);
    let posted =
        json!({ "channel": office.deploys, "text": "", "blocks": card(), "attachments": menu() });
    let posted = office.call("chat.postMessage", posted).await;
    let ts = posted["ts"].as_str().unwrap();
    let mut socket = office.connect().await;
    let click = office
        .slack
        .click(&office.anna, &office.deploys, ts, "Cancel");
    let payload = socket.take().await;
    assert_eq!(payload["type"], "block_actions");
    assert_eq!(payload["trigger_id"], click.id);
    assert_eq!(payload["user"]["id"], office.anna);
    assert_eq!(payload["container"]["message_ts"], ts);
    assert_eq!(payload["message"]["ts"], ts);
    let action = &payload["actions"][0];
    assert_eq!(
        (&action["action_id"], &action["block_id"], &action["value"]),
        (
            &json!("cancel"),
            &json!("call-7"),
            &json!("pipeline cancel 7")
        )
    );
    office.slack.acknowledged(&click.id).await;

    office
        .slack
        .click(&office.anna, &office.deploys, ts, "Production");
    let payload = socket.take().await;
    assert_eq!(payload["container"]["type"], "message_attachment");
    assert_eq!(payload["container"]["attachment_id"], 1);
    assert_eq!(
        payload["actions"][0]["selected_option"]["value"],
        "production"
    );
    assert_eq!(
        payload["state"]["values"]["ask"]["where"]["selected_option"]["value"],
        "production"
    );
}

#[tokio::test]
async fn a_command_is_answered_with_its_acknowledgement() {
    let office = Office::open().await;
    let mut socket = office.connect().await;
    let trigger = office
        .slack
        .slash(&office.anna, &office.deploys, "/witbot", "help");
    let envelope = socket.next().await;
    assert_eq!(envelope["type"], "slash_commands");
    assert_eq!(envelope["accepts_response_payload"], true);
    assert!(envelope["retry_attempt"].is_null());
    let payload = &envelope["payload"];
    assert_eq!(
        (&payload["command"], &payload["text"]),
        (&json!("/witbot"), &json!("help"))
    );
    let ack =
        json!({ "envelope_id": envelope["envelope_id"], "payload": { "text": "one moment" } });
    socket.0.send(Frame::text(ack.to_string())).await.unwrap();
    assert_eq!(
        office.slack.acknowledged(&trigger.id).await.payload["text"],
        "one moment"
    );
    let shown = office.slack.ephemerals();
    assert_eq!(
        (&shown[0].user, shown[0].text.as_str()),
        (&office.anna, "one moment")
    );
}

#[tokio::test]
async fn response_urls_are_used_up() {
    let office = Office::open().await;
    let _socket = office.connect().await;
    let trigger = office
        .slack
        .slash(&office.anna, &office.deploys, "/witbot", "help");
    for (n, expected) in [200, 200, 200, 200, 200, 404].into_iter().enumerate() {
        let said = json!({ "text": n.to_string(), "response_type": "in_channel" });
        let sent = office
            .http
            .post(&trigger.response_url)
            .json(&said)
            .send()
            .await;
        assert_eq!(sent.unwrap().status(), expected);
    }
    assert_eq!(office.slack.post_count(&office.deploys), 5);
}

#[tokio::test]
async fn a_response_takes_the_place_of_what_was_clicked() {
    let office = Office::open().await;
    let _socket = office.connect().await;
    office.say("hello");
    let whisper =
        json!({ "channel": office.deploys, "user": office.anna, "text": "", "blocks": card() });
    let shown = office.call("chat.postEphemeral", whisper).await;
    let ts = shown["message_ts"].as_str().unwrap();
    let click = office
        .slack
        .click(&office.anna, &office.deploys, ts, "Cancel");
    let said = json!({ "text": "cancelled", "replace_original": true });
    let sent = office
        .http
        .post(&click.response_url)
        .json(&said)
        .send()
        .await;
    assert_eq!(sent.unwrap().status(), 200);
    let shown = office.slack.ephemerals();
    assert_eq!((shown.len(), shown[0].text.as_str()), (1, "cancelled"));
}
