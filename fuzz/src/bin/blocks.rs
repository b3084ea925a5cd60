//! Messages as Slack gets them: what is said as JSON, in which only what is meant as a mention is one.
#![no_main]

use serde_json::Value;
use witbot_core::chat::Said;
use witbot_core::ids::{CallId, InvocationId};
use witbot_fuzz::bot::slack::blocks::{Fit, Look};
use witbot_fuzz::mentions::{Bracket, brackets, meant};

libfuzzer_sys::fuzz_target!(|json: &str| {
    let Ok(said) = serde_json::from_str::<Said>(json) else {
        return;
    };
    let fit = Fit {
        text_chars: 4_000,
        note: "There is more.".to_owned(),
    };
    let plugin = "deploy".parse().expect("a name of a plugin");
    let run = InvocationId::derive("slack", "1", &plugin, "deploy");
    let look = Look::of(&said, &CallId::new(&run, 1), &fit);
    let mentions: usize = said.texts().into_iter().map(meant).sum();
    // Who has answered a question is mentioned as well. The text of a message is shown besides its blocks.
    let most = 2 * (mentions + 1);
    let mut found = 0;
    let count = |text: &str| {
        brackets(text)
            .iter()
            .filter(|found: &&Bracket| !found.is_link())
            .count()
    };
    found += count(&look.text);
    for part in [
        serde_json::to_value(&look.blocks),
        serde_json::to_value(&look.attachments),
    ] {
        markdown(&part.expect("blocks are JSON"), &mut |text| {
            found += count(text)
        });
    }
    assert!(found <= most, "{look:?}");
    let blocks = serde_json::to_string(&look.blocks).expect("blocks are JSON");
    assert!(blocks.len() < 1 << 20);
});

/// All texts that Slack reads for mentions. Plain ones it shows as they are.
fn markdown(value: &Value, seen: &mut impl FnMut(&str)) {
    match value {
        Value::Object(object) => {
            if value["type"] == "mrkdwn" {
                seen(value["text"].as_str().unwrap_or_default());
            }
            object.values().for_each(|value| markdown(value, seen));
        }
        Value::Array(array) => array.iter().for_each(|value| markdown(value, seen)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
