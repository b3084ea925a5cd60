//! Whatever Slack sends, it comes to something.

use super::*;

const KINDS: [Kind; 3] = [Kind::EventsApi, Kind::SlashCommands, Kind::Interactive];

/// What can stand where something else is expected.
fn oddities() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(-1.5),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}\u{1b}\u{202e} \n"),
        json!("<@U0BOT"),
        json!("<".repeat(1000)),
        json!("ü&amp;".repeat(limits::INPUT_CHARS_MAX)),
        json!([]),
        json!([[null], 1, "x", {}]),
        json!({}),
        json!({ "id": { "id": [] }, "team_id": 1 }),
    ]
}

fn payloads() -> [Value; 4] {
    let message = json!({
        "type": "message", "user": "U1", "text": "witbot hi", "ts": "1.1", "thread_ts": "1.0", "channel": "C1", "team": "T1",
        "user_team": "T1", "source_team": "T1", "user_profile": { "team": "T1" }, "bot_profile": null, "edited": null,
        "hidden": false, "channel_type": "channel",
    });
    let pressed = json!({
        "type": "block_actions", "trigger_id": "1.1", "user": { "id": "U1", "team_id": "T1" }, "team": { "id": "T1" },
        "container": { "channel_id": "C1", "message_ts": "1.1", "thread_ts": "1.0", "is_ephemeral": false },
        "channel": { "id": "C1" }, "message": { "ts": "1.1", "thread_ts": "1.0" },
        "actions": [{ "action_id": "witbot.command.1", "block_id": format!("{CARD}.1"), "selected_option": { "value": "x" } }],
    });
    let typed = json!({ "trigger_id": "1.1", "channel_id": "C1", "user_id": "U1", "team_id": "T1", "text": "hi" });
    let changed = json!({ "type": "user_change", "user": { "id": "U1" } });
    [callback(message), pressed, typed, callback(changed)]
}

/// Every place of a document, as a pointer.
fn places(value: &Value, at: &str, places: &mut Vec<String>) {
    places.push(at.to_owned());
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| self::places(value, &format!("{at}/{key}"), places)),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, value)| self::places(value, &format!("{at}/{index}"), places));
        }
        _ => {}
    }
}

#[test]
fn anything_can_stand_anywhere() {
    let mut read = 0;
    for payload in payloads() {
        let mut all = Vec::new();
        places(&payload, "", &mut all);
        for place in all {
            for oddity in oddities() {
                let mut odd = payload.clone();
                *odd.pointer_mut(&place).unwrap() = oddity;
                for kind in KINDS {
                    check(kind, &odd);
                    read += 1;
                }
            }
        }
    }
    assert!(read > 2_000, "{read}");
}

/// What is stored can be read again, has a key that is short, and what cannot be read is told in one short line.
fn check(kind: Kind, payload: &Value) {
    match read(kind, payload) {
        Ok(Meaning::Events(events)) => {
            for event in events {
                assert!(
                    event.key.len() < 500 && !event.key.contains(char::is_control),
                    "{:?}",
                    event.key
                );
                let json = serde_json::to_string(&event).unwrap();
                assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
            }
        }
        Ok(_) => {}
        Err(unreadable) => {
            let line = unreadable.to_string();
            assert!(
                line.chars().count() < 500 && !line.contains(char::is_control),
                "{line:?}"
            );
        }
    }
}

#[test]
fn every_payload_of_these_is_good_before_it_is_made_strange() {
    let [message, pressed, typed, changed] = payloads();
    for (kind, payload) in [
        (Kind::EventsApi, message),
        (Kind::Interactive, pressed),
        (Kind::SlashCommands, typed),
    ] {
        let read = read(kind, &payload);
        assert!(matches!(read, Ok(Meaning::Events(_))), "{read:?}");
    }
    assert!(matches!(
        read(Kind::EventsApi, &changed),
        Ok(Meaning::Changed(_))
    ));
}
