use super::*;
use witbot_core::chat::Standing;

/// What somebody writes in a channel.
fn message(text: &str) -> Value {
    json!({
        "type": "message", "user": "U1", "text": text, "ts": "1700000000.000100", "client_msg_id": "x", "team": "T1",
        "channel": "C1", "event_ts": "1700000000.000100", "channel_type": "channel",
        "blocks": [{ "type": "rich_text", "block_id": "b", "elements": [] }],
    })
}

/// The same as it comes to whoever is mentioned.
fn mention(text: &str) -> Value {
    but(
        message(text),
        json!({ "type": "app_mention", "channel_type": null }),
    )
}

fn said(event: Value) -> String {
    line(Kind::EventsApi, &callback(event))
}

fn heard(payload: &Value) -> witbot_core::event::Message {
    let Ok(Meaning::Events(events)) = read(Kind::EventsApi, payload) else {
        panic!("{payload}")
    };
    let [
        Event {
            body: Body::Message(message),
            ..
        },
    ] = &events[..]
    else {
        panic!("{payload}")
    };
    message.clone()
}

#[test]
fn a_mention_is_one_event_however_it_comes() {
    for text in [
        "<@U0BOT> deploy api",
        "<@U0BOT>",
        "hey <@U0BOT> ping",
        "<@U0BOT|witbot>: &lt;b&gt;",
    ] {
        let [one, other] = [message(text), mention(text)]
            .map(|event| read(Kind::EventsApi, &callback(event)).unwrap());
        assert_eq!(one, other, "{text}");
        assert!(matches!(one, Meaning::Events(_)), "{text}");
    }
}

#[test]
fn what_is_said_and_to_whom() {
    let key = "message:T1:C1:1700000000.000100";
    for (text, expected) in [
        ("<@U0BOT> deploy api", r#"to the bot: "deploy api""#),
        ("witbot: deploy <@U2>", r#"to the bot: "deploy <@U2>""#),
        ("! deploy a&amp;b", r#"to the bot: "deploy a&b""#),
        ("<@U0BOT>", r#"to the bot: """#),
        ("hello everybody", r#"to others: "hello everybody""#),
        ("hey <@U0BOT> ping", r#"to others: "hey <@U0BOT> ping""#),
    ] {
        let expected = format!("{key}: member U1 in C1 {expected}");
        assert_eq!(said(message(text)), expected);
    }
}

#[test]
fn the_message_itself_and_its_whole_text_are_kept() {
    let message = heard(&callback(mention("<@U0BOT> deploy for <@U1>")));
    assert_eq!(message.id.as_deref(), Some("1700000000.000100"));
    assert_eq!(message.whole.as_deref(), Some("@witbot deploy for @ada"));
    assert_eq!((message.card, message.user.name), (None, None));
}

#[test]
fn where_it_is_said() {
    let at = |changes| {
        let line = said(but(message("witbot hi"), changes));
        let (_, rest) = line.split_once(" in ").unwrap_or_else(|| panic!("{line}"));
        rest.split_once(':').unwrap().0.to_owned()
    };
    assert_eq!(at(json!({})), "C1 to the bot");
    // In a thread, and the message that a thread hangs from.
    assert_eq!(
        at(json!({ "thread_ts": "1600000000.000001" })),
        "C1/1600000000.000001 to the bot"
    );
    assert_eq!(
        at(json!({ "thread_ts": "1700000000.000100" })),
        "C1 to the bot"
    );
    assert_eq!(
        at(json!({ "channel": "G1", "channel_type": "group" })),
        "G1 to the bot"
    );
    assert_eq!(
        at(json!({ "channel": "G1", "channel_type": "mpim", "text": "hi" })),
        "G1 to others"
    );
    // Directly.
    assert_eq!(
        at(json!({ "channel": "D1", "channel_type": "im", "text": "hi" })),
        "D1 directly to the bot"
    );
    assert_eq!(
        at(json!({ "channel": "D1", "channel_type": null, "text": "hi" })),
        "D1 directly to the bot"
    );
}

#[test]
fn what_counts_as_said() {
    for changes in [
        json!({ "subtype": "file_share", "files": [{ "id": "F1" }], "upload": false }),
        json!({ "subtype": "me_message", "blocks": null }),
        json!({ "subtype": "thread_broadcast", "thread_ts": "1.1", "root": { "text": "x", "user": "U0BOT" } }),
    ] {
        let line = said(but(message("witbot ping"), changes.clone()));
        assert!(line.ends_with(r#"to the bot: "ping""#), "{changes}: {line}");
    }
}

#[test]
fn what_runs_no_command() {
    let inner = message("witbot ping");
    for (changes, expected) in [
        (
            json!({ "subtype": "message_changed", "hidden": true, "message": inner, "previous_message": inner }),
            "it is hidden",
        ),
        (
            json!({ "subtype": "message_changed", "message": inner, "previous_message": inner }),
            "a message was edited",
        ),
        (
            json!({ "edited": { "user": "U1", "ts": "1700000001.000000" } }),
            "a message was edited",
        ),
        (
            json!({ "type": "app_mention", "edited": { "user": "U1", "ts": "1700000001.000000" } }),
            "a message was edited",
        ),
        (
            json!({ "subtype": "message_deleted", "deleted_ts": "1.1", "previous_message": inner }),
            "a message was deleted",
        ),
        (
            json!({ "subtype": "message_replied", "message": inner }),
            "it is a notice",
        ),
        (
            json!({ "subtype": "channel_join", "text": "<@U1> has joined the channel" }),
            "it is a notice",
        ),
        (
            json!({ "subtype": "channel_topic", "topic": "witbot ping" }),
            "it is a notice",
        ),
        (json!({ "subtype": "reminder_add" }), "it is a notice"),
        (json!({ "subtype": "something_new" }), "it is a notice"),
        (json!({ "hidden": true }), "it is hidden"),
        // Ourselves.
        (json!({ "user": "U0BOT" }), "the bot said it itself"),
        (
            json!({ "user": "U0BOT", "bot_id": "B0CI" }),
            "the bot said it itself",
        ),
        (
            json!({ "user": null, "subtype": "bot_message", "bot_id": "B0BOT" }),
            "the bot said it itself",
        ),
        (
            json!({ "user": "U9", "bot_id": "B9", "app_id": "A0BOT" }),
            "the bot said it itself",
        ),
        (
            json!({ "user": "U9", "bot_id": "B9", "bot_profile": { "app_id": "A0BOT" } }),
            "the bot said it itself",
        ),
        // Other bots.
        (json!({ "bot_id": "B1" }), "another bot said it"),
        (
            json!({ "bot_profile": { "id": "B1", "app_id": "A1" } }),
            "another bot said it",
        ),
        (
            json!({ "subtype": "bot_message", "user": null, "bot_id": "B1" }),
            "another bot said it",
        ),
        (
            json!({ "subtype": "bot_message", "username": "B0CI" }),
            "another bot said it",
        ),
        (json!({ "user": "USLACKBOT" }), "another bot said it"),
        // Nothing.
        (json!({ "text": "" }), "it has no text"),
        (json!({ "text": " \n" }), "it has no text"),
        (
            json!({ "text": null, "subtype": "file_share", "files": [{}] }),
            "it has no text",
        ),
        (
            json!({ "text": "", "channel": "D1", "channel_type": "im" }),
            "it has no text",
        ),
        (json!({ "text": ["witbot ping"] }), "it has no text"),
    ] {
        let line = said(but(message("witbot ping"), changes.clone()));
        assert!(
            line.starts_with(&format!("nothing: {expected}")),
            "{changes}: {line}"
        );
    }
}

#[test]
fn bots_that_the_operator_named() {
    for (changes, user) in [
        (json!({ "bot_id": "B0CI", "user": "U7" }), "U7"),
        (
            json!({ "bot_id": "B0CI", "user": null, "subtype": "bot_message" }),
            "B0CI",
        ),
        (
            json!({ "bot_id": "B7", "user": "U7", "app_id": "A0JENKINS" }),
            "U7",
        ),
        (
            json!({ "bot_id": "B7", "user": "U7", "bot_profile": { "app_id": "A0JENKINS" } }),
            "U7",
        ),
        (
            json!({ "bot_id": "B7", "user": "U0NAGIOS", "team": "T2" }),
            "U0NAGIOS",
        ),
    ] {
        let line = said(but(message("witbot ping"), changes.clone()));
        let expected = format!(": bot {user} in C1 to the bot: \"ping\"");
        assert!(line.ends_with(&expected), "{changes}: {line}");
    }
}

#[test]
fn strangers_in_shared_channels() {
    let standing = |changes: Value| {
        heard(&callback(but(message("witbot hi"), changes)))
            .user
            .standing
    };
    for (changes, expected) in [
        (json!({}), Standing::Member),
        (json!({ "team": null }), Standing::Member),
        (
            json!({ "user_team": "T1", "source_team": "T1" }),
            Standing::Member,
        ),
        (
            json!({ "user_team": "E1", "source_team": "E1" }),
            Standing::Member,
        ),
        (json!({ "team": "T2" }), Standing::Stranger),
        (json!({ "user_team": "T2" }), Standing::Stranger),
        (json!({ "source_team": "T2" }), Standing::Stranger),
        (
            json!({ "user_team": "T1", "source_team": "E2" }),
            Standing::Stranger,
        ),
        (
            json!({ "user_profile": { "team": "T2" } }),
            Standing::Stranger,
        ),
    ] {
        assert_eq!(standing(changes.clone()), expected, "{changes}");
    }
    // Whatever is around it.
    let shared = json!({ "is_ext_shared_channel": true, "team_id": "T2", "context_team_id": "T2" });
    let payload = but(
        callback(but(message("witbot hi"), json!({ "user_team": "T2" }))),
        shared,
    );
    assert_eq!(heard(&payload).user.standing, Standing::Stranger);
    assert!(line(Kind::EventsApi, &payload).starts_with("message:T1:C1:1700000000.000100: "));
}

#[test]
fn attachments_alone_are_for_listeners_by_hubots_rules() {
    let bare = json!({ "text": "", "attachments": [{ "fallback": "build 7 failed" }, { "color": "red" }], "bot_id": "B0CI" });
    let said = heard(&callback(but(message("x"), bare.clone())));
    assert_eq!((said.text.as_str(), said.addressed), ("", false));
    assert_eq!(said.whole.as_deref(), Some("build 7 failed"));
    let direct = but(but(message("x"), bare), json!({ "channel": "D1" }));
    assert_eq!(self::said(direct), "nothing: it has no text");
}

#[test]
fn what_is_missing_is_named_and_nothing_is_repeated() {
    for (changes, expected) in [
        (json!({ "user": null }), "it has no `user`"),
        (json!({ "user": "witbot secret" }), "its `user` is none"),
        (json!({ "user": { "id": "U1" } }), "it has no `user`"),
        (json!({ "channel": null }), "it has no `channel`"),
        (json!({ "channel": "#secret" }), "its `channel` is none"),
        (json!({ "ts": null }), "it has no `ts`"),
        (json!({ "ts": 1_700_000_000 }), "it has no `ts`"),
        (json!({ "ts": "secret" }), "its `ts` is none"),
        (json!({ "ts": "1".repeat(300) }), "its `ts` is none"),
        (json!({ "thread_ts": "1.1\n" }), "its `thread_ts` is none"),
    ] {
        let line = said(but(message("witbot secret"), changes.clone()));
        assert_eq!(
            line,
            format!("unreadable: the event Ev1 (message) from Slack cannot be read: {expected}"),
            "{changes}"
        );
    }
}

#[test]
fn very_long_texts_are_read_to_a_bound() {
    for letter in ["x", "ü", "\u{1f680}"] {
        let text = format!("witbot {}", letter.repeat(limits::INPUT_CHARS_MAX * 2));
        let message = heard(&callback(message(&text)));
        assert_eq!(
            message.text.chars().count(),
            limits::INPUT_CHARS_MAX - "witbot ".len()
        );
    }
}

#[test]
fn control_characters_do_not_come_through() {
    let message = heard(&callback(message(
        "witbot a\u{0}b\u{1b}[2Jc\u{9b}d\u{202e}e",
    )));
    assert!(
        !message
            .text
            .contains(|c: char| c.is_control() || c == '\u{202e}'),
        "{:?}",
        message.text
    );
}

#[test]
fn a_channel_that_becomes_private_or_public_is_asked_for_again() {
    for subtype in ["channel_convert_to_private", "channel_convert_to_public"] {
        let line = said(but(message("made it so"), json!({ "subtype": subtype })));
        let expected = Changed::Channel("C1".parse().unwrap());
        assert_eq!(line, format!("changed: {expected:?}"));
    }
}
