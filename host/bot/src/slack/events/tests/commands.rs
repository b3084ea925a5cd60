use super::*;

fn command(text: &str) -> Value {
    json!({
        "token": "", "team_id": "T1", "team_domain": "acme", "channel_id": "C1", "channel_name": "deploys",
        "user_id": "U1", "user_name": "ada", "command": "/witbot", "text": text, "api_app_id": "A0BOT",
        "is_enterprise_install": "false", "response_url": "https://slack.example/1", "trigger_id": "13.37.abc",
    })
}

fn typed(changes: Value) -> String {
    line(Kind::SlashCommands, &but(command("deploy api"), changes))
}

#[test]
fn a_slash_command_is_said_to_the_bot() {
    for (changes, expected) in [
        (json!({}), r#"member U1 in C1 to the bot: "deploy api""#),
        (
            json!({ "text": " for <@U2|bob> in <#C2|ops> &amp; more" }),
            r#"member U1 in C1 to the bot: "for <@U2> in <#C2|ops> & more""#,
        ),
        (
            json!({ "text": "" }),
            r#"member U1 in C1 to the bot: "help""#,
        ),
        (
            json!({ "text": "  " }),
            r#"member U1 in C1 to the bot: "help""#,
        ),
        (
            json!({ "text": null }),
            r#"member U1 in C1 to the bot: "help""#,
        ),
        (
            json!({ "channel_id": "D1", "channel_name": "directmessage" }),
            r#"member U1 in D1 directly to the bot: "deploy api""#,
        ),
        // Between two others, or with the bot as far as is known.
        (
            json!({ "channel_id": "D2", "channel_name": "directmessage" }),
            r#"member U1 in D2 to the bot: "deploy api""#,
        ),
        (
            json!({ "channel_id": "D1", "channel_name": "directmessage", "user_id": "U2" }),
            r#"member U2 in D1 to the bot: "deploy api""#,
        ),
    ] {
        assert_eq!(
            typed(changes.clone()),
            format!("command:13.37.abc: {expected}"),
            "{changes}"
        );
    }
}

#[test]
fn listeners_by_hubots_rules_hear_it_as_well() {
    let Ok(Meaning::Events(events)) = read(Kind::SlashCommands, &command("deploy api")) else {
        panic!()
    };
    let Body::Message(message) = &events[0].body else {
        panic!()
    };
    assert_eq!(message.whole.as_deref(), Some("witbot deploy api"));
    assert_eq!(message.id, None);
}

#[test]
fn what_is_no_command() {
    assert_eq!(
        typed(json!({ "ssl_check": "1" })),
        "nothing: Slack checks the certificate"
    );
    for (changes, expected) in [
        (json!({ "trigger_id": null }), "it has no `trigger_id`"),
        (json!({ "trigger_id": "a b" }), "its `trigger_id` is none"),
        (json!({ "user_id": null }), "it has no `user_id`"),
        (json!({ "channel_id": "" }), "it has no `channel_id`"),
        (json!({ "channel_id": "C 1" }), "its `channel_id` is none"),
    ] {
        assert_eq!(
            typed(changes),
            format!("unreadable: a slash command from Slack cannot be read: {expected}")
        );
    }
}
