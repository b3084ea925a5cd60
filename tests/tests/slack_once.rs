//! What Slack sends twice is done once, and what the bot says itself is not done at all.

use std::time::Duration;

use serde_json::{Value, json};
use witbot_tests::bot::Bot;
use witbot_tests::fakes::Slack;
use witbot_tests::fakes::slack::{BOT_USER, HttpDelivery, Message, Sent, TEAM, UserKind};
use witbot_tests::slack::signed::{Signed, form};
use witbot_tests::slack::{FAST, GRANTS, Mode, Workspace};

/// Brings a payload to the bot so that it looks like the same thing sent again, as often as the bot has ears: two
/// sockets, or two requests.
async fn bring(workspace: &Workspace, bot: &Bot, mode: Mode, kind: Sent, payload: &Value) {
    match mode {
        Mode::Socket => {
            let kind = match kind {
                Sent::Event => "events_api",
                Sent::Command => "slash_commands",
                Sent::Interaction => "interactive",
            };
            let envelope = json!({
                "envelope_id": "2af6b6f7-1c9e-4e3b-8d4c-0d2d6c1f0a11",
                "type": kind,
                "payload": payload,
                "accepts_response_payload": kind == "slash_commands",
                "retry_attempt": 1,
                "retry_reason": "timeout",
            });
            let strange = workspace.slack.counts().strange;
            workspace.slack.send_text(&envelope.to_string());
            // The stand-in does not know that it has sent this.
            let both = |slack: &Slack| (slack.counts().strange == strange + 2).then_some(());
            workspace.slack.until(both).await;
        }
        Mode::Http => {
            let (route, body) = request(kind, payload);
            for attempt in 1..=2 {
                let again = Signed::new(body.as_str()).again(attempt);
                assert_eq!(again.send(bot, route).await.0, 200);
            }
        }
    }
}

/// The route of a thing, and the body that a request has for it.
fn request(kind: Sent, payload: &Value) -> (&'static str, String) {
    let text = payload.to_string();
    match kind {
        Sent::Event => ("events", text),
        Sent::Interaction => ("interactions", form(&[("payload", &text)])),
        Sent::Command => {
            let fields = payload.as_object().into_iter().flatten();
            let fields: Vec<_> = fields
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
                .collect();
            ("commands", form(&fields))
        }
    }
}

/// An event about something that `anna` says.
fn said(workspace: &Workspace, kind: &str, ts: &str, id: &str, text: &str) -> Value {
    json!({
        "team_id": TEAM,
        "api_app_id": "A000WITBOT",
        "type": "event_callback",
        "event_id": id,
        "event": {
            "type": kind,
            "user": workspace.anna,
            "text": text,
            "ts": ts,
            "channel": workspace.deploys,
            "event_ts": ts,
        },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_comes_as_two_events_and_is_answered_once() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let before = workspace.slack.counts().sent;
        workspace.ask("echo one").await;
        assert_eq!(workspace.said_at_the_end(&mut bot).await, ["one"]);
        // `message`, `app_mention`, and what the bot said.
        assert_eq!(workspace.slack.counts().sent - before, 3, "{mode} mode");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_again_is_answered_once() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let text = "<@U000WITBOT> echo one";
        let ts = "1790000000.000100";
        for (kind, id) in [
            ("message", "Ev1"),
            ("app_mention", "Ev2"),
            ("message", "Ev1"),
        ] {
            let event = said(&workspace, kind, ts, id, text);
            bring(&workspace, &bot, mode, Sent::Event, &event).await;
        }
        bot.expect_log("INFO Slack sends something again").await;
        // The same words a moment later are said again.
        let later = said(&workspace, "message", "1790000000.000200", "Ev3", text);
        bring(&workspace, &bot, mode, Sent::Event, &later).await;
        workspace.answer(1).await;
        assert_eq!(workspace.said_at_the_end(&mut bot).await, ["one", "one"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_comes_again_is_answered_once() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let command = json!({
            "team_id": TEAM,
            "channel_id": workspace.deploys,
            "user_id": workspace.anna,
            "command": "/witbot",
            "text": "echo one",
            "trigger_id": "1.2.3",
        });
        bring(&workspace, &bot, mode, Sent::Command, &command).await;
        workspace.answer(0).await;
        assert_eq!(workspace.said_at_the_end(&mut bot).await, ["one"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_comes_again_is_done_once() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let card = workspace.ask("card api").await;
        let click = click(&workspace, &card);
        bring(&workspace, &bot, mode, Sent::Interaction, &click).await;
        workspace.answer(1).await;
        let said = workspace.said_at_the_end(&mut bot).await;
        assert_eq!(said[1..], ["again"], "{mode} mode");
    }
}

/// A click of `anna` on the first button of a card.
fn click(workspace: &Workspace, card: &Message) -> Value {
    let blocks = card.now().attachments[0]["blocks"].as_array();
    let mut blocks = blocks.expect("a card has blocks").iter();
    let actions = blocks.find(|block| block["type"] == "actions");
    let actions = actions.expect("the card has buttons");
    let button = &actions["elements"][0];
    json!({
        "type": "block_actions",
        "trigger_id": "1.2.3",
        "api_app_id": "A000WITBOT",
        "user": { "id": workspace.anna, "team_id": TEAM },
        "team": { "id": TEAM },
        "channel": { "id": workspace.deploys },
        "container": {
            "type": "message_attachment",
            "message_ts": card.ts,
            "channel_id": workspace.deploys,
        },
        "actions": [{
            "type": "button",
            "action_id": button["action_id"],
            "block_id": actions["block_id"],
            "value": button["value"],
        }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_took_is_taken_after_a_crash() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let often = vec![Duration::from_millis(100); 300];
        workspace.slack.behave(|slack| slack.http_pauses = often);
        workspace.ask("echo one").await;
        bot.kill9().await;
        workspace.say("witbot echo two");
        if mode == Mode::Http {
            let refused = |delivery: &HttpDelivery| delivery.status.is_none();
            let failed = |slack: &Slack| slack.deliveries().iter().any(refused).then_some(());
            workspace.slack.until(failed).await;
        }
        bot.restart().await;
        workspace.answer(1).await;
        assert_eq!(workspace.said_at_the_end(&mut bot).await, ["one", "two"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_runs_nothing() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let (slack, deploys) = (&workspace.slack, &workspace.deploys);
        let to_others = workspace.say("I shall say");
        let to_the_bot = workspace.say("witbot echo one");
        workspace.answer(0).await;
        slack.edit(deploys, &to_others, "<@U000WITBOT> echo two");
        slack.edit(deploys, &to_the_bot, "witbot echo three");
        slack.delete(deploys, &to_the_bot);
        workspace.ask("echo four").await;
        let said = workspace.said_at_the_end(&mut bot).await;
        assert_eq!(said, ["one", "four"], "{mode} mode");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_answer_itself_even_if_the_settings_name_it() {
    for mode in Mode::BOTH {
        let allowed = "slack.bots = [\"B000WITBOT\", \"A000WITBOT\", \"U000WITBOT\"]\n";
        let settings = format!("{allowed}{FAST}{GRANTS}");
        let (workspace, mut bot) = Workspace::with_bot_of(mode, &settings).await;
        let slack = &workspace.slack;
        workspace.ask("echo witbot echo loop").await;
        workspace
            .ask(&format!("mention {BOT_USER} echo loop"))
            .await;
        let direct = slack.direct(&workspace.anna);
        slack.say(&workspace.anna, &direct, None, "echo echo loop");
        slack.posts_of(&direct, 1).await;
        let said = workspace.said_at_the_end(&mut bot).await;
        assert_eq!(said, ["witbot echo loop", "<@U000WITBOT>: echo loop"]);
        assert_eq!(slack.post_count(&direct), 1, "{mode} mode");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bots_are_heard_if_the_settings_name_them() {
    for mode in Mode::BOTH {
        // By the id of the bot, of its app, and of its user.
        let allowed = "slack.bots = [\"B0000000CI1\", \"A0000000CI2\", \"U0000000CI3\"]\n";
        let settings = format!("{allowed}{FAST}{GRANTS}");
        let (workspace, mut bot) = Workspace::with_bot_of(mode, &settings).await;
        let (slack, deploys) = (&workspace.slack, &workspace.deploys);
        for (name, answered) in [("ci4", 0), ("ci1", 1), ("ci2", 2), ("ci3", 3)] {
            let other = slack.add_user_of(name, UserKind::Bot);
            slack.say(&other, deploys, None, &format!("<@U000WITBOT> echo {name}"));
            slack.posts_of(deploys, answered).await;
        }
        slack.say_by_webhook(deploys, "hook", "witbot echo hook");
        workspace.ask("name").await;
        let said = workspace.said_at_the_end(&mut bot).await;
        let expected = ["ci1", "ci2", "ci3", "You are anna, a member."];
        assert_eq!(said, expected, "{mode} mode");
    }
}
