//! What Slack sends: a frame of a socket, or else the name of a kind and a payload.
#![no_main]

use serde_json::Value;
use witbot_core::event::{Body, Event};
use witbot_core::ids::UnixMillis;
use witbot_core::limits;
use witbot_fuzz::bot::slack::envelope::{Ack, Frame, Kind};
use witbot_fuzz::bot::slack::events::{Identity, Meaning, Reader};
use witbot_fuzz::input;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match Frame::read(text) {
        Ok(Frame::Envelope(envelope)) => {
            let _ = Ack::default().frame(&envelope.id);
            read(envelope.kind, &envelope.payload);
        }
        Ok(Frame::Unknown { name, .. } | Frame::Disconnect { host: name, .. }) => {
            assert!(!name.contains(char::is_control));
        }
        Ok(Frame::Hello(_)) | Err(_) => {}
    }
    let (kind, payload) = input::line(text);
    let kind = match kind {
        "event" => Kind::EventsApi,
        "command" => Kind::SlashCommands,
        "interaction" => Kind::Interactive,
        _ => return,
    };
    if let Ok(payload) = serde_json::from_str(payload) {
        read(kind, &payload);
    }
});

fn read(kind: Kind, payload: &Value) {
    let identity = Identity {
        team: "T1".to_owned(),
        enterprise: None,
        organisation_wide: false,
        user: "U0BOT".to_owned(),
        bot: Some("B0BOT".to_owned()),
    };
    let reader = Reader {
        identity: &identity,
        name: "witbot",
        alias: Some("!"),
        bots: &["B0OTHER".to_owned()],
        called: &|id| (id == "U1").then(|| "ada".to_owned()),
        direct: &|_| None,
    };
    let _ = reader.sharing(kind, payload);
    match reader.read(kind, payload, UnixMillis(1)) {
        Ok(Meaning::Events(events)) => events.iter().for_each(check),
        Ok(_) => {}
        Err(unreadable) => assert!(!unreadable.to_string().contains(char::is_control)),
    }
}

/// An event can be stored, is no longer than what is read of one, and can be told from others.
fn check(event: &Event) {
    assert!(!event.key.is_empty() && !event.key.contains(char::is_control));
    if let Body::Message(message) = &event.body {
        assert!(message.text.chars().count() <= limits::INPUT_CHARS_MAX);
    }
    let stored = serde_json::to_string(event).expect("an event can be stored");
    assert_eq!(
        serde_json::from_str::<Event>(&stored).ok().as_ref(),
        Some(event)
    );
}
