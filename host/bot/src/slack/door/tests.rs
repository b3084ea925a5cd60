use std::path::Path;
use std::sync::Mutex;

use serde_json::{Value, json};
use witbot_core::event::{Body, Event};

use super::*;

/// A door with nothing behind it but lists.
struct Behind {
    handle: Handle,
    settings: Arc<ArcSwap<Settings>>,
    events: Arc<Mutex<Vec<Event>>>,
    changed: Arc<Mutex<Vec<Changed>>>,
}

fn door(store_fails: bool) -> Behind {
    let settings = Arc::new(ArcSwap::from_pointee(Settings::default_in(Path::new("/"))));
    let events = Arc::new(Mutex::new(Vec::new()));
    let changed = Arc::new(Mutex::new(Vec::new()));
    let (all_events, all_changed) = (events.clone(), changed.clone());
    let door = Door {
        identity: Identity {
            team: "T1".into(),
            enterprise: None,
            organisation_wide: false,
            user: "U0BOT".into(),
            bot: None,
        },
        bots: Vec::new(),
        settings: settings.clone(),
        now: || UnixMillis(42),
        accept: Arc::new(move |event| {
            let events = all_events.clone();
            Box::pin(async move {
                anyhow::ensure!(!store_fails, "the disk is full");
                events.lock().unwrap().push(event);
                Ok(true)
            })
        }),
        changed: Arc::new(move |changed| all_changed.lock().unwrap().push(changed)),
        called: Arc::new(|_| None),
        direct: Arc::new(|_| None),
    };
    Behind {
        handle: door.handle(),
        settings,
        events,
        changed,
    }
}

fn envelope(kind: Kind, payload: Value) -> Envelope {
    Envelope {
        id: "e".into(),
        kind,
        payload,
        accepts_answer: kind != Kind::EventsApi,
        retry: None,
    }
}

fn message(text: &str) -> Envelope {
    let event =
        json!({ "type": "message", "user": "U1", "text": text, "ts": "1.1", "channel": "C1" });
    envelope(Kind::EventsApi, json!({ "event": event }))
}

fn command() -> Envelope {
    let payload = json!({ "trigger_id": "1.1", "channel_id": "C1", "user_id": "U1", "team_id": "T1", "text": "hi" });
    envelope(Kind::SlashCommands, payload)
}

#[tokio::test]
async fn what_is_said_is_stored_and_what_was_typed_is_shown() {
    let door = door(false);
    assert_eq!(
        (door.handle)(message("witbot hi")).await.unwrap(),
        Ack::default()
    );
    let shown = Some(json!({ "response_type": "in_channel" }));
    assert_eq!((door.handle)(command()).await.unwrap().payload, shown);
    let silent = Envelope {
        accepts_answer: false,
        ..command()
    };
    assert_eq!((door.handle)(silent).await.unwrap(), Ack::default());
    let events = door.events.lock().unwrap();
    let keys: Vec<&str> = events.iter().map(|event| event.key.as_str()).collect();
    assert_eq!(keys, ["message:T1:C1:1.1", "command:1.1", "command:1.1"]);
}

#[tokio::test]
async fn what_a_message_says_of_its_channel_is_known_even_if_it_is_nothing_for_the_bot() {
    let door = door(false);
    let said = |kind, ours: bool, shared: Value| {
        let user = if ours { "U0BOT" } else { "U1" };
        let event =
            json!({ "type": kind, "user": user, "text": "hi", "ts": "1.1", "channel": "C1" });
        let payload = json!({ "event": event, "is_ext_shared_channel": shared });
        envelope(Kind::EventsApi, payload)
    };
    for (kind, ours, shared) in [
        ("message", false, json!(true)),
        ("app_mention", false, json!(false)),
        ("message", true, json!(true)),
        ("message", false, json!("yes")),
        ("message", false, json!(null)),
        ("reaction_added", false, json!(true)),
    ] {
        (door.handle)(said(kind, ours, shared)).await.unwrap();
    }
    let shared = |shared| Changed::Shared("C1".parse().unwrap(), shared);
    assert_eq!(
        *door.changed.lock().unwrap(),
        [shared(true), shared(false), shared(true)]
    );
}

#[tokio::test]
async fn the_name_can_change() {
    let door = door(false);
    let names = [
        ("witbot", None),
        ("robbie", None),
        ("witbot", Some("robbie")),
    ];
    for (name, alias) in names {
        let mut settings = Settings::clone(&door.settings.load());
        settings.name = name.to_owned();
        settings.alias = alias.map(str::to_owned);
        door.settings.store(Arc::new(settings));
        (door.handle)(message("robbie hi")).await.unwrap();
    }
    let events = door.events.lock().unwrap();
    let addressed: Vec<bool> = events
        .iter()
        .map(|event| matches!(&event.body, Body::Message(said) if said.addressed))
        .collect();
    assert_eq!(addressed, [false, true, true]);
}

#[tokio::test]
async fn what_is_not_stored_is_not_acknowledged() {
    let door = door(true);
    for envelope in [message("witbot hi"), command()] {
        let error = (door.handle)(envelope).await.unwrap_err();
        assert_eq!(error.to_string(), "the disk is full");
    }
}

#[tokio::test]
async fn everything_else_is_acknowledged_whatever_it_is() {
    let door = door(true);
    for payload in [
        json!({ "event": { "type": "channel_rename", "channel": { "id": "C1" } } }),
        json!({ "event": { "type": "something_new" } }),
        json!({ "event": { "type": "app_uninstalled" } }),
        json!({ "event": { "type": "message", "user": "U0BOT" } }),
        json!({ "event": { "type": "message", "user": "U1" } }),
        json!({ "type": "app_rate_limited" }),
        json!(null),
    ] {
        let ack = (door.handle)(envelope(Kind::EventsApi, payload))
            .await
            .unwrap();
        assert_eq!(ack, Ack::default());
    }
    let pressed = envelope(Kind::Interactive, json!({}));
    assert_eq!((door.handle)(pressed).await.unwrap(), Ack::default());
    assert_eq!(
        *door.changed.lock().unwrap(),
        [Changed::Channel("C1".parse().unwrap())]
    );
}

#[tokio::test]
async fn who_is_in_another_workspace_is_told_so_where_that_is_possible() {
    let door = door(true);
    let from = |mut envelope: Envelope, team: Value| {
        envelope.payload[if envelope.kind == Kind::Interactive {
            "team"
        } else {
            "team_id"
        }] = team;
        envelope
    };
    let told = (door.handle)(from(command(), json!("T2"))).await.unwrap();
    let payload = told.payload.unwrap();
    assert_eq!(payload["response_type"], "ephemeral");
    let text = payload["text"].as_str().unwrap();
    assert!(text.contains("another workspace"), "{text}");
    let pressed = json!({
        "type": "block_actions", "actions": [
            { "action_id": "witbot.command.0", "block_id": "00112233445566778899-3.0", "value": "hi" },
        ],
    });
    let silent = Envelope {
        accepts_answer: false,
        ..command()
    };
    for envelope in [
        from(silent, json!("T2")),
        from(envelope(Kind::Interactive, pressed), json!({ "id": "T2" })),
        from(message("witbot hi"), json!("T2")),
    ] {
        assert_eq!((door.handle)(envelope).await.unwrap(), Ack::default());
    }
}
