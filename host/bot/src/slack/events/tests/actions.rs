use super::*;

fn button() -> Value {
    json!({
        "action_id": "witbot.command.0", "block_id": format!("{CARD}.2"), "type": "button", "action_ts": "1.2",
        "text": { "type": "plain_text", "text": "Cancel", "emoji": true }, "value": "cancel deploy api",
    })
}

fn menu() -> Value {
    but(
        button(),
        json!({
            "action_id": "witbot.command.7", "type": "static_select", "value": null,
            "selected_option": { "text": { "type": "plain_text", "text": "api" }, "value": "deploy api" },
        }),
    )
}

fn choice() -> Value {
    but(
        button(),
        json!({ "action_id": "witbot.answer.1", "value": "yes" }),
    )
}

fn pressed(actions: Value) -> Value {
    json!({
        "type": "block_actions", "api_app_id": "A0BOT", "token": "", "trigger_id": "13.37.abc", "actions": actions,
        "user": { "id": "U1", "username": "ada", "name": "ada", "team_id": "T1" },
        "container": { "type": "message", "message_ts": "1700000000.000100", "channel_id": "C1", "is_ephemeral": false },
        "team": { "id": "T1", "domain": "acme" }, "channel": { "id": "C1", "name": "deploys" },
        "enterprise": null, "is_enterprise_install": false, "state": { "values": {} },
        "message": { "bot_id": "B0BOT", "type": "message", "ts": "1700000000.000100", "user": "U0BOT" },
        "response_url": "https://slack.example/1",
    })
}

fn read_line(actions: Value, changes: Value) -> String {
    line(Kind::Interactive, &but(pressed(actions), changes))
}

#[test]
fn a_button_of_a_card_says_its_command_in_the_thread_of_the_card() {
    let container = |changes| {
        let container =
            json!({ "type": "message", "message_ts": "1700000000.000100", "channel_id": "C1" });
        json!({ "container": but(container, changes) })
    };
    for (action, changes, expected) in [
        (
            button(),
            json!({}),
            "0: member U1 in C1/1700000000.000100 to the bot card CARD: \"cancel deploy api\"",
        ),
        (
            menu(),
            json!({}),
            "7: member U1 in C1/1700000000.000100 to the bot card CARD: \"deploy api\"",
        ),
        (
            button(),
            container(json!({ "thread_ts": "1.1" })),
            "0: member U1 in C1/1.1 to the bot card CARD: \"cancel deploy api\"",
        ),
        (
            button(),
            container(json!({ "is_ephemeral": true })),
            "0: member U1 in C1 to the bot card CARD: \"cancel deploy api\"",
        ),
        (
            button(),
            json!({ "channel": null }),
            "0: member U1 in C1/1700000000.000100 to the bot card CARD: \"cancel deploy api\"",
        ),
        (
            button(),
            json!({ "container": null }),
            "0: member U1 in C1/1700000000.000100 to the bot card CARD: \"cancel deploy api\"",
        ),
        (
            button(),
            json!({ "channel": { "id": "D1" } }),
            "0: member U1 in D1/1700000000.000100 directly to the bot card CARD: \"cancel deploy api\"",
        ),
        (
            button(),
            json!({ "user": { "id": "U1", "team_id": "T2" } }),
            "0: stranger U1 in C1/1700000000.000100 to the bot card CARD: \"cancel deploy api\"",
        ),
    ] {
        let expected = format!(
            "interaction:13.37.abc:witbot.command.{}",
            expected.replace("CARD", CARD)
        );
        assert_eq!(
            read_line(json!([action]), changes.clone()),
            expected,
            "{changes}"
        );
    }
}

#[test]
fn a_button_of_a_question_answers_it_where_it_stands() {
    let answer =
        format!("interaction:13.37.abc:witbot.answer.1: U1 in PLACE answers {CARD}: \"yes\"");
    assert_eq!(
        read_line(json!([choice()]), json!({})),
        answer.replace("PLACE", "C1")
    );
    let container =
        json!({ "container": { "message_ts": "1.2", "thread_ts": "1.1", "channel_id": "C1" } });
    assert_eq!(
        read_line(json!([choice()]), container),
        answer.replace("PLACE", "C1/1.1")
    );
}

#[test]
fn several_at_once_are_several_events() {
    let lines = read_line(
        json!([button(), { "action_id": "other" }, menu(), choice()]),
        json!({}),
    );
    let keys: Vec<&str> = lines
        .lines()
        .filter_map(|line| Some(line.split_once(": ")?.0))
        .collect();
    assert_eq!(
        keys,
        [
            "interaction:13.37.abc:witbot.command.0",
            "interaction:13.37.abc:witbot.command.7",
            "interaction:13.37.abc:witbot.answer.1",
        ]
    );
}

#[test]
fn what_asks_for_nothing() {
    let none = "nothing: none of its buttons asks for anything";
    for change in [
        json!({ "action_id": "witbot.link.0", "url": "https://ci.example" }),
        json!({ "action_id": "approve" }),
        json!({ "action_id": null }),
        json!({ "action_id": "witbot.command." }),
        json!({ "action_id": "witbot.command.x" }),
        json!({ "action_id": "witbot.command.1.1" }),
        json!({ "action_id": "witbot.command" }),
        json!({ "block_id": null }),
        json!({ "block_id": CARD }),
        json!({ "block_id": format!("{CARD}.x") }),
    ] {
        assert_eq!(
            read_line(json!([but(button(), change.clone())]), json!({})),
            none,
            "{change}"
        );
    }
    for actions in [json!([]), json!(null), json!("x"), json!([7, null])] {
        assert_eq!(read_line(actions, json!({})), none);
    }
    for kind in [
        "view_submission",
        "view_closed",
        "shortcut",
        "message_action",
        "block_suggestion",
    ] {
        let line = read_line(json!([button()]), json!({ "type": kind }));
        assert_eq!(line, "nothing: the bot has no such surface");
    }
}

#[test]
fn what_is_missing_is_named() {
    for (action, changes, expected) in [
        (
            json!({}),
            json!({ "trigger_id": null }),
            "it has no `trigger_id`",
        ),
        (json!({}), json!({ "user": {} }), "it has no `user`"),
        (
            json!({}),
            json!({ "channel": null, "container": null }),
            "it has no `channel`",
        ),
        (
            json!({ "value": null }),
            json!({}),
            "its button has no value",
        ),
        (
            json!({ "block_id": "x.1" }),
            json!({}),
            "its `block_id` is none",
        ),
        (
            json!({}),
            json!({ "message": { "thread_ts": "1\n2" } }),
            "its `thread_ts` is none",
        ),
    ] {
        let line = read_line(json!([but(button(), action)]), changes);
        assert_eq!(
            line,
            format!(
                "unreadable: an interaction (block_actions) from Slack cannot be read: {expected}"
            )
        );
    }
    let line = read_line(json!([]), json!({ "type": null }));
    assert_eq!(
        line,
        "unreadable: an interaction (without a type) from Slack cannot be read: it has no `type`"
    );
}
