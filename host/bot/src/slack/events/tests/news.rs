use super::*;

fn news(event: Value) -> String {
    line(Kind::EventsApi, &callback(event))
}

#[test]
fn what_is_known_no_longer() {
    let channel = |id| format!("{:?}", Changed::Channel(id));
    let c1 = channel("C1".parse().unwrap());
    let u1 = format!("{:?}", Changed::User("U1".parse().unwrap()));
    let groups = format!("{:?}", Changed::Groups);
    for (event, expected) in [
        (
            json!({ "type": "user_change", "user": { "id": "U1", "name": "ada" }, "cache_ts": 1 }),
            &u1,
        ),
        (
            json!({ "type": "user_profile_changed", "user": { "id": "U1" } }),
            &u1,
        ),
        (json!({ "type": "team_join", "user": { "id": "U1" } }), &u1),
        (
            json!({ "type": "channel_rename", "channel": { "id": "C1", "name": "new", "created": 1 } }),
            &c1,
        ),
        (
            json!({ "type": "group_rename", "channel": { "id": "C1", "name": "new" } }),
            &c1,
        ),
        (
            json!({ "type": "channel_archive", "channel": "C1", "user": "U1" }),
            &c1,
        ),
        (
            json!({ "type": "channel_unarchive", "channel": "C1", "user": "U1" }),
            &c1,
        ),
        (json!({ "type": "group_archive", "channel": "C1" }), &c1),
        (json!({ "type": "group_unarchive", "channel": "C1" }), &c1),
        (json!({ "type": "channel_deleted", "channel": "C1" }), &c1),
        (json!({ "type": "group_deleted", "channel": "C1" }), &c1),
        (json!({ "type": "channel_left", "channel": "C1" }), &c1),
        (json!({ "type": "group_left", "channel": "C1" }), &c1),
        (
            json!({ "type": "channel_shared", "connected_team_id": "T2", "channel": "C1" }),
            &c1,
        ),
        (json!({ "type": "channel_unshared", "channel": "C1" }), &c1),
        (
            json!({ "type": "channel_id_changed", "old_channel_id": "C1", "new_channel_id": "C2" }),
            &c1,
        ),
        (
            json!({ "type": "member_joined_channel", "user": "U0BOT", "channel": "C1", "inviter": "U1" }),
            &c1,
        ),
        (
            json!({ "type": "member_left_channel", "user": "U0BOT", "channel": "C1" }),
            &c1,
        ),
        (
            json!({ "type": "subteam_created", "subteam": { "id": "S1" } }),
            &groups,
        ),
        (
            json!({ "type": "subteam_updated", "subteam": { "id": "S1" } }),
            &groups,
        ),
        (
            json!({ "type": "subteam_members_changed", "subteam_id": "S1", "added_users": ["U1"] }),
            &groups,
        ),
        (
            json!({ "type": "subteam_self_added", "subteam_id": "S1" }),
            &groups,
        ),
        (
            json!({ "type": "subteam_self_removed", "subteam_id": "S1" }),
            &groups,
        ),
    ] {
        assert_eq!(
            news(event.clone()),
            format!("changed: {expected}"),
            "{event}"
        );
    }
    for kind in ["member_joined_channel", "member_left_channel"] {
        let line = news(json!({ "type": kind, "user": "U1", "channel": "C1" }));
        assert_eq!(line, "nothing: somebody else came or went");
    }
}

#[test]
fn what_an_operator_has_to_know() {
    for (payload, expected) in [
        (
            json!({ "type": "app_rate_limited", "minute_rate_limited": 1_518_467_820, "api_app_id": "A0BOT" }),
            "warning: Slack holds events back since 1518467820",
        ),
        (
            callback(json!({ "type": "app_rate_limited" })),
            "warning: Slack holds events back, as",
        ),
        (
            callback(
                json!({ "type": "tokens_revoked", "tokens": { "oauth": [], "bot": ["U0BOT"] } }),
            ),
            "trouble: Slack: the token of the bot was revoked",
        ),
        (
            callback(json!({ "type": "tokens_revoked", "tokens": { "oauth": ["U1"], "bot": [] } })),
            "nothing: a token was revoked",
        ),
        (
            callback(json!({ "type": "app_uninstalled" })),
            "trouble: Slack: the app was removed",
        ),
    ] {
        let line = line(Kind::EventsApi, &payload);
        assert!(line.starts_with(expected), "{line}");
    }
}

#[test]
fn what_is_not_known_has_its_name_in_the_log() {
    assert_eq!(news(json!({ "type": "pin_added" })), "unknown: pin_added");
    assert_eq!(
        news(json!({ "type": "new\u{1b}[2J\none" })),
        "unknown: new\u{fffd}[2J one"
    );
    let long = news(json!({ "type": "x".repeat(10_000) }));
    assert_eq!(long.len(), "unknown: ".len() + limits::SHOWN_CHARS_MAX);
}

#[test]
fn what_is_missing_is_named() {
    for (event, expected) in [
        (
            json!({ "type": "user_change", "user": {} }),
            "the event Ev1 (user_change) from Slack cannot be read: it has no `user`",
        ),
        (
            json!({ "type": "channel_rename" }),
            "the event Ev1 (channel_rename) from Slack cannot be read: it has no `channel`",
        ),
        (
            json!({ "user": "U1" }),
            "the event Ev1 (without a type) from Slack cannot be read: its event has no `type`",
        ),
        (
            json!(null),
            "the event Ev1 (without a type) from Slack cannot be read: its event has no `type`",
        ),
    ] {
        assert_eq!(news(event), format!("unreadable: {expected}"));
    }
    let line = line(Kind::EventsApi, &json!("x"));
    assert_eq!(
        line,
        "unreadable: the event without an id (without a type) from Slack cannot be read: it is no JSON object"
    );
}
