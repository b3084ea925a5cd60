//! Several workspaces, and one bot.

use super::*;

fn message() -> Value {
    callback(
        json!({ "type": "message", "user": "U1", "text": "witbot hi", "ts": "1.1", "channel": "C1" }),
    )
}

fn command() -> Value {
    json!({
        "team_id": "T1", "enterprise_id": "E1", "channel_id": "C1", "user_id": "U1", "text": "hi", "trigger_id": "1.1",
    })
}

fn pressed() -> Value {
    let action =
        json!({ "action_id": "witbot.command.0", "block_id": format!("{CARD}.2"), "value": "hi" });
    json!({
        "type": "block_actions", "trigger_id": "1.1", "actions": [action], "user": { "id": "U1", "team_id": "T1" },
        "container": { "message_ts": "1.1", "channel_id": "C1" }, "team": { "id": "T1" }, "enterprise": { "id": "E1" },
    })
}

/// Whether it is taken up by a bot in one workspace, and by one in all of the organisation.
#[track_caller]
fn taken(kind: Kind, payload: &Value, expected: (bool, bool)) {
    let taken = |organisation_wide| {
        let identity = Identity {
            organisation_wide,
            ..identity()
        };
        match read_as(&identity, kind, payload) {
            Ok(Meaning::Events(_)) => true,
            Ok(Meaning::Nothing(reason)) if kind == Kind::EventsApi => {
                assert!(reason.contains("another workspace"), "{reason}");
                false
            }
            Ok(Meaning::Elsewhere) if kind != Kind::EventsApi => false,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((taken(false), taken(true)), expected, "{payload}");
}

const NEVER: (bool, bool) = (false, false);
const ORGANISATION_WIDE: (bool, bool) = (false, true);
const ALWAYS: (bool, bool) = (true, true);

#[test]
fn events_of_another_workspace_with_the_same_app() {
    let other = but(
        message(),
        json!({
            "team_id": "T2", "context_team_id": "T2", "authorizations": [{ "team_id": "T2", "enterprise_id": "E2" }],
            "enterprise_id": "E2",
        }),
    );
    let authorized =
        |of: Value| json!({ "authorizations": [{ "team_id": "T2", "enterprise_id": "E2" }, of] });
    for (changes, expected) in [
        (json!({}), NEVER),
        (json!({ "team_id": "T1" }), ALWAYS),
        (json!({ "context_team_id": "T1" }), ALWAYS),
        (authorized(json!({ "team_id": "T1" })), ALWAYS),
        // To the organisation itself, and to no single workspace of it.
        (json!({ "context_team_id": "E1" }), ALWAYS),
        (json!({ "is_ext_shared_channel": true }), ALWAYS),
        // To our neighbours.
        (json!({ "enterprise_id": "E1" }), ORGANISATION_WIDE),
        (
            authorized(
                json!({ "team_id": null, "enterprise_id": "E1", "is_enterprise_install": true }),
            ),
            ORGANISATION_WIDE,
        ),
    ] {
        taken(Kind::EventsApi, &but(other.clone(), changes), expected);
    }
    let none = json!({ "team_id": null, "context_team_id": null, "enterprise_id": null, "authorizations": null });
    taken(Kind::EventsApi, &but(message(), none), ALWAYS);
}

#[test]
fn commands_of_another_workspace_with_the_same_app() {
    for (changes, expected) in [
        (json!({}), ALWAYS),
        (json!({ "enterprise_id": null }), ALWAYS),
        (json!({ "team_id": null, "enterprise_id": null }), ALWAYS),
        (json!({ "team_id": "T2" }), ORGANISATION_WIDE),
        (json!({ "team_id": "T2", "enterprise_id": "E2" }), NEVER),
        (json!({ "team_id": "T2", "enterprise_id": null }), NEVER),
    ] {
        taken(Kind::SlashCommands, &but(command(), changes), expected);
    }
}

#[test]
fn buttons_of_another_workspace_with_the_same_app() {
    let (team, enterprise) = (json!({ "id": "T2" }), json!({ "id": "E2" }));
    for (changes, expected) in [
        (json!({}), ALWAYS),
        (json!({ "enterprise": null }), ALWAYS),
        (json!({ "team": null, "enterprise": null }), ALWAYS),
        // Somebody of another workspace, in a channel that is shared with ours.
        (json!({ "user": { "id": "U1", "team_id": "T2" } }), ALWAYS),
        // The organisation has the app.
        (json!({ "team": null }), ALWAYS),
        (json!({ "team": team }), ORGANISATION_WIDE),
        (json!({ "team": team, "enterprise": null }), NEVER),
        (json!({ "team": team, "enterprise": enterprise }), NEVER),
        (json!({ "team": null, "enterprise": enterprise }), NEVER),
    ] {
        taken(Kind::Interactive, &but(pressed(), changes), expected);
    }
}
