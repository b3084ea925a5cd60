//! The limits of Block Kit.

use serde_json::{Value, json};

use crate::fakes::slack::limits::{check, fill_ids};

fn text(kind: &str, length: usize) -> Value {
    json!({ "type": kind, "text": "ä".repeat(length) })
}

fn section(length: usize) -> Value {
    json!({ "type": "section", "text": text("mrkdwn", length) })
}

fn button(id: &str, length: usize, value: usize) -> Value {
    json!({
        "type": "button",
        "action_id": id,
        "text": text("plain_text", length),
        "value": "x".repeat(value),
    })
}

fn actions(elements: Vec<Value>) -> Value {
    json!({ "type": "actions", "elements": elements })
}

fn buttons(count: usize) -> Value {
    actions((0..count).map(|n| button(&format!("b{n}"), 1, 1)).collect())
}

fn fields(count: usize, length: usize) -> Value {
    json!({ "type": "section", "fields": vec![text("mrkdwn", length); count] })
}

fn select(options: usize, length: usize, value: usize) -> Value {
    let option = json!({ "text": text("plain_text", length), "value": "v".repeat(value) });
    let select = json!({
        "type": "static_select",
        "action_id": "s",
        "options": vec![option; options],
    });
    actions(vec![select])
}

fn named(id: &str) -> Value {
    json!({ "type": "divider", "block_id": id })
}

fn error(blocks: &Value) -> &'static str {
    check(blocks, &Value::Null)
        .err()
        .map_or("", |refusal| refusal.error)
}

#[test]
fn each_limit_from_both_sides() {
    let long = "i".repeat(256);
    for (name, fits, too_much) in [
        ("section", section(3_000), section(3_001)),
        ("fields", fields(10, 1), fields(11, 1)),
        ("no fields", fields(1, 1), fields(0, 1)),
        ("field", fields(1, 2_000), fields(1, 2_001)),
        ("empty text", section(1), section(0)),
        (
            "header",
            json!({ "type": "header", "text": text("plain_text", 150) }),
            json!({ "type": "header", "text": text("plain_text", 151) }),
        ),
        (
            "header without formatting",
            json!({ "type": "header", "text": text("plain_text", 1) }),
            json!({ "type": "header", "text": text("mrkdwn", 1) }),
        ),
        ("elements", buttons(25), buttons(26)),
        ("no elements", buttons(1), buttons(0)),
        (
            "button",
            actions(vec![button("a", 75, 1)]),
            actions(vec![button("a", 76, 1)]),
        ),
        (
            "value",
            actions(vec![button("a", 1, 2_000)]),
            actions(vec![button("a", 1, 2_001)]),
        ),
        (
            "action id",
            actions(vec![button(&long[1..], 1, 1)]),
            actions(vec![button(&long, 1, 1)]),
        ),
        (
            "action ids differ",
            actions(vec![button("a", 1, 1), button("b", 1, 1)]),
            actions(vec![button("a", 1, 1), button("a", 1, 1)]),
        ),
        ("block id", named(&long[1..]), named(&long)),
        ("options", select(100, 1, 1), select(101, 1, 1)),
        ("no options", select(1, 1, 1), select(0, 1, 1)),
        ("option", select(1, 75, 1), select(1, 76, 1)),
        ("option value", select(1, 1, 150), select(1, 1, 151)),
        (
            "types",
            json!({ "type": "divider" }),
            json!({ "type": "carousel9" }),
        ),
    ] {
        assert_eq!(error(&json!([fits])), "", "{name}");
        assert_eq!(error(&json!([too_much])), "invalid_blocks", "{name}");
    }
}

#[test]
fn limits_of_the_whole() {
    assert_eq!(error(&json!(vec![named(""); 50])), "");
    assert_eq!(error(&json!(vec![named(""); 51])), "invalid_blocks");
    assert_eq!(error(&json!([named("a"), named("a")])), "invalid_blocks");
    let mut blocks = vec![section(3_000); 4];
    blocks.push(section(1_000));
    assert_eq!(error(&json!(blocks)), "");
    blocks.push(section(1));
    assert_eq!(error(&json!(blocks)), "msg_blocks_too_long");
    assert_eq!(error(&json!({})), "invalid_blocks");
}

#[test]
fn blocks_inside_attachments_count() {
    let attached = json!([{ "color": "#ff0000", "blocks": [section(3_001)] }]);
    let refusal = check(&Value::Null, &attached).unwrap_err();
    assert_eq!(
        refusal.messages,
        ["[ERROR] must be less than 3001 characters [json-pointer:/attachments/0/blocks/0/text]"]
    );
}

#[test]
fn ids_that_were_left_out() {
    let mut blocks = json!([
        { "type": "divider" },
        { "type": "actions", "block_id": "mine", "elements": [{ "type": "button" }] },
        { "type": "context", "elements": [{ "type": "mrkdwn", "text": "x" }] },
    ]);
    fill_ids(&mut blocks, 7);
    assert_eq!(blocks[0]["block_id"], "b7x0");
    assert_eq!(blocks[1]["block_id"], "mine");
    assert_eq!(blocks[1]["elements"][0]["action_id"], "a7x0");
    assert!(blocks[2]["elements"][0]["action_id"].is_null());
}
