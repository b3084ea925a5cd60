use serde_json::json;
use witbot_core::event::{MessageId, Place};

use super::*;

mod actions;
mod commands;
mod messages;
mod news;
mod origin;
mod strange;

const CARD: &str = "00112233445566778899-3";

fn identity() -> Identity {
    Identity {
        team: "T1".into(),
        enterprise: Some("E1".into()),
        organisation_wide: false,
        user: "U0BOT".into(),
        bot: Some("B0BOT".into()),
    }
}

fn read(kind: Kind, payload: &Value) -> Result<Meaning, Unreadable> {
    read_as(&identity(), kind, payload)
}

fn read_as(identity: &Identity, kind: Kind, payload: &Value) -> Result<Meaning, Unreadable> {
    let bots = [
        "B0CI".to_owned(),
        "A0JENKINS".to_owned(),
        "U0NAGIOS".to_owned(),
    ];
    let reader = Reader {
        identity,
        name: "witbot",
        alias: Some("!"),
        bots: &bots,
        called: &|id| (id == "U1").then(|| "ada".to_owned()),
        direct: &|user| (user.as_str() == "U1").then(|| "D1".parse().unwrap()),
    };
    reader.read(kind, payload, UnixMillis(42))
}

/// An event of the Events API with what Slack puts around it.
fn callback(event: Value) -> Value {
    json!({
        "token": "", "team_id": "T1", "context_team_id": "T1", "api_app_id": "A0BOT", "event": event,
        "type": "event_callback", "event_id": "Ev1", "event_time": 1_700_000_000, "is_ext_shared_channel": false,
        "authorizations": [{ "enterprise_id": "E1", "team_id": "T1", "user_id": "U0BOT", "is_bot": true }],
        "event_context": "4-abc",
    })
}

/// With other values for some fields; null takes a field away.
fn but(mut value: Value, changes: Value) -> Value {
    let fields = value.as_object_mut().unwrap();
    for (key, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => fields.remove(key),
            change => fields.insert(key.clone(), change.clone()),
        };
    }
    value
}

/// One line for what something comes to.
fn line(kind: Kind, payload: &Value) -> String {
    let events = match read(kind, payload) {
        Ok(Meaning::Events(events)) => events,
        Ok(Meaning::Elsewhere) => return "elsewhere".to_owned(),
        Ok(Meaning::Nothing(reason)) => return format!("nothing: {reason}"),
        Ok(Meaning::Changed(changed)) => return format!("changed: {changed:?}"),
        Ok(Meaning::Unknown(name)) => return format!("unknown: {name}"),
        Ok(Meaning::Warning(text)) => return format!("warning: {text}"),
        Ok(Meaning::Trouble(text)) => return format!("trouble: {text}"),
        Err(unreadable) => return format!("unreadable: {unreadable}"),
    };
    assert!(!events.is_empty());
    let lines: Vec<String> = events.iter().map(event_line).collect();
    lines.join("\n")
}

fn event_line(event: &Event) -> String {
    assert_eq!(
        (event.source, event.received),
        (Source::Slack, UnixMillis(42))
    );
    let key = &event.key;
    match &event.body {
        Body::Message(message) => {
            let standing = message.user.standing.as_str();
            let (user, place) = (&message.user.id, place(&message.place));
            let to = if message.addressed {
                "to the bot"
            } else {
                "to others"
            };
            let direct = if message.direct { " directly" } else { "" };
            let card = message
                .card
                .as_ref()
                .map_or(String::new(), |card| format!(" card {card}"));
            let text = &message.text;
            format!("{key}: {standing} {user} in {place}{direct} {to}{card}: {text:?}")
        }
        Body::Click(click) => {
            let (user, place, message) = (&click.user.id, place(&click.place), &click.message);
            format!(
                "{key}: {user} in {place} answers {message}: {:?}",
                click.choice
            )
        }
        Body::Webhook(_) => panic!("{key}"),
    }
}

fn place(place: &Place) -> String {
    match &place.thread {
        None => place.channel.to_string(),
        Some(MessageId::Theirs(root)) => format!("{}/{root}", place.channel),
        Some(MessageId::Ours(id)) => panic!("{id}"),
    }
}
