//! What Slack would not send, or should not: it is noted, and the bot goes on.

use std::time::Duration;

use serde_json::{Value, json};
use witbot_core::conversation::pattern::matches;
use witbot_tests::bot::Bot;
use witbot_tests::fakes::Slack;
use witbot_tests::slack::signed::{Signed, client, form};
use witbot_tests::slack::{FAST, GRANTS, Mode, Workspace};

const PATIENCE: Duration = Duration::from_secs(60);

/// The bot answers as if nothing had happened.
async fn still_answers(workspace: &Workspace) {
    assert_eq!(workspace.ask("echo still here").await.text(), "still here");
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_are_no_envelopes_do_not_end_a_socket() {
    let (workspace, mut bot) = Workspace::with_bot(Mode::Socket).await;
    let slack = &workspace.slack;
    for (frame, line) in [
        (
            "no json {",
            "a frame of 9 bytes is left out: it is no JSON that can be read: …",
        ),
        (
            "[1]",
            "a frame of 3 bytes is left out: it is no JSON object",
        ),
        ("{}", "a frame of 2 bytes is left out: it has no `type`"),
        (
            "{\"type\":\"events_api\",\"payload\":{}}",
            "a frame of … bytes is left out: it has no `envelope_id`",
        ),
        (
            "{\"type\":\"novel\\u001b[31m\",\"envelope_id\":\"1-2\"}",
            "there is nothing to do about a frame of type `novel…[31m`",
        ),
    ] {
        slack.send_text(frame);
        for socket in 1..=2 {
            let line = format!("WARN Slack: socket {socket}: {line}");
            let logged = bot.expect_log(&line).await.message;
            assert!(!logged.contains('\u{1b}'), "{logged:?}");
        }
    }
    slack.send_binary(b"\x00\x01\x02");
    let line = "WARN Slack: socket 1: a binary frame of 3 bytes is left out";
    bot.expect_log(line).await;
    // What is not known is acknowledged all the same, or it would come again.
    let both = |slack: &Slack| (slack.counts().strange == 2).then_some(());
    slack.until(both).await;
    assert_eq!(slack.counts().opened, 2);
    still_answers(&workspace).await;
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_with_a_broken_text_is_replaced() {
    let (workspace, mut bot) = Workspace::with_bot(Mode::Socket).await;
    workspace.slack.send_broken_text();
    bot.expect_log("WARN Slack: there is no socket 1: …").await;
    let replaced = |slack: &Slack| (slack.counts().opened == 4).then_some(());
    workspace.slack.until(replaced).await;
    workspace.slack.connected(2).await;
    still_answers(&workspace).await;
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_nobody_knows_or_can_read_are_acknowledged() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let slack = &workspace.slack;
        // A machine that stands still for a moment is not to look like an event that was not acknowledged.
        slack.behave(|slack| {
            (slack.redelivery_after, slack.http_time_max) = (PATIENCE, PATIENCE);
        });
        let channel = &workspace.deploys;
        for event in [
            json!({ "type": "emoji_changed", "subtype": "add" }),
            json!({ "type": "novel", "user": { "a": [1, null] } }),
            json!({ "type": "message", "subtype": "channel_topic", "channel": channel, "ts": "1.2" }),
        ] {
            slack.event(&event);
        }
        let unreadable = [
            json!({ "kind": "message" }),
            json!({ "type": "message", "user": "U1", "text": "witbot echo 1", "channel": channel }),
            json!({ "type": "message", "user": "U1", "text": "witbot echo 2", "channel": 7, "ts": "1.2" }),
            json!({ "type": "message", "user": 7, "text": "witbot echo 3", "channel": channel, "ts": "1.2" }),
            json!({ "type": "message", "user": "U1", "text": "witbot echo 4", "channel": channel, "ts": "1.2; drop" }),
        ];
        for event in &unreadable {
            slack.event(event);
        }
        slack.settled().await;
        still_answers(&workspace).await;
        let unread = "WARN … from Slack cannot be read: …";
        bot.expect_logs(unread, unreadable.len()).await;
        assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 1);
        let lines = bot.logged(unread);
        assert_eq!(lines.len(), unreadable.len(), "{lines:#?}");
        let repeats = |line: &witbot_tests::transcript::Record| line.message.contains("echo");
        assert!(!lines.iter().any(repeats), "{lines:#?}");
        assert_eq!(slack.counts().redelivered, 0, "{mode} mode");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_any_length_and_any_characters_are_answered() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let huge = "a".repeat(39_000);
        let refusal = workspace.ask(&format!("echo {huge}")).await;
        assert!(refusal.text().chars().count() < 1_000, "{refusal:#?}");
        let unknown = workspace.ask(&huge).await;
        assert!(unknown.text().starts_with("I do not know that command."));
        workspace.say(&huge);
        // Of what nobody sees, nothing is left.
        let odd = "echo a\u{0}b\u{1b}[31mc\u{202e}d\u{200b}e\u{feff}f\u{2028}g";
        assert_eq!(workspace.ask(odd).await.text(), "ab[31mcdef\ng");
        let shown = workspace.ask("\u{1b}[31mnothing\u{7} of the kind").await;
        assert!(!shown.text().contains(['\u{1b}', '\u{7}']), "{shown:#?}");
        // Everything that is invisible is the same as nothing.
        let nothing = workspace.ask("\u{200b} \u{a0}\u{0}").await;
        assert_eq!(nothing.text(), "Yes? `help` lists what I can do.");
        assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 5);
    }
}

/// What makes the bot answer `forged` if it believes it.
fn event(workspace: &Workspace) -> String {
    let event = json!({
        "type": "message",
        "user": workspace.anna,
        "text": "witbot echo forged",
        "ts": "1790000000.000100",
        "channel": workspace.deploys,
        "channel_type": "channel",
    });
    let callback = json!({ "type": "event_callback", "event_id": "Ev1", "event": event });
    callback.to_string()
}

/// A slash command that makes it do so.
fn command(workspace: &Workspace) -> String {
    form(&[
        ("trigger_id", "1.2.3"),
        ("channel_id", &workspace.deploys),
        ("user_id", &workspace.anna),
        ("command", "/witbot"),
        ("text", "echo forged"),
    ])
}

/// Expects a line about the last request that was refused. Each route has its own, so that strangers cannot fill the log.
async fn refused(bot: &Bot, count: usize, reason: &str) {
    bot.expect_log("WARN a webhook was refused").await;
    if count > 1 {
        bot.expect_again("WARN a webhook was refused").await;
    }
    let lines = bot.logged("WARN a webhook was refused");
    assert_eq!(lines.len(), count, "{lines:#?}");
    let details = &lines[count - 1].details;
    assert!(matches(&format!("…reason={reason}…"), details), "{details}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_slack_did_not_sign_are_refused() {
    let (workspace, mut bot) = Workspace::with_bot(Mode::Http).await;
    let (event, command) = (event(&workspace), command(&workspace));
    let forged = Signed::new(event.as_str()).with("a guess");
    assert_eq!(forged.send(&bot, "events").await.0, 401);
    refused(&bot, 1, "\"its signature is missing or wrong\"").await;
    // Without any, and with that of another body.
    for client_sent in [
        client().post(format!("{}/hooks/slack/events", bot.url())),
        client()
            .post(format!("{}/hooks/slack/events", bot.url()))
            .header("x-slack-signature", "v0=00")
            .header("x-slack-request-timestamp", "never"),
    ] {
        let answer = client_sent.body(event.clone()).send().await;
        assert_eq!(answer.expect("it answers").status().as_u16(), 401);
    }
    // What was overheard and is sent once more.
    let replayed = Signed::new(command.as_str()).ago(Duration::from_secs(301));
    let (status, answer) = replayed.send(&bot, "commands").await;
    assert_eq!(status, 401, "{answer}");
    assert!(answer.contains("more than 5 minutes"), "{answer}");
    refused(
        &bot,
        2,
        "\"It was signed more than 5 minutes before or after now…",
    )
    .await;

    still_answers(&workspace).await;
    let said = workspace.said_at_the_end(&mut bot).await;
    assert_eq!(said, ["still here"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_cannot_be_read_are_taken_off_slacks_hands() {
    let (workspace, mut bot) = Workspace::with_bot(Mode::Http).await;
    for (route, body, line) in [
        (
            "events",
            b"{\"type\":\"\xff\xfe\"}".as_slice(),
            "it is no JSON that can be read",
        ),
        ("events", b"[]", "it is no JSON object"),
        ("events", b"", "it is no JSON that can be read"),
        ("commands", b"text=\xff\xfe", "the body is no form of texts"),
        ("interactions", b"a=b", "the form has no `payload`"),
        (
            "interactions",
            b"payload=%7B",
            "it is no JSON that can be read",
        ),
    ] {
        let (status, answer) = Signed::new(body).send(&bot, route).await;
        assert_eq!(status, 200, "{route} {answer}");
        let line = format!("WARN what Slack sent cannot be read: {line}");
        bot.expect_log(&line).await;
    }
    // Some of them read the same, and the last may be on its way.
    let unreadable = "WARN what Slack sent cannot be read: …";
    bot.expect_logs(unreadable, 6).await;
    let lines = bot.logged(unreadable);
    assert_eq!(lines.len(), 6, "{lines:#?}");

    let large = vec![b' '; (1 << 20) + 1];
    let (status, answer) = Signed::new(large).send(&bot, "events").await;
    assert_eq!(status, 413, "{answer}");
    let reason = bot.expect_log("WARN a webhook was refused").await.details;
    assert!(matches("…status=413…", &reason), "{reason}");

    still_answers(&workspace).await;
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_routes_are_verified_in_one_mode_and_closed_in_the_other() {
    let (workspace, mut bot) = Workspace::with_bot(Mode::Http).await;
    assert!(workspace.slack.verifies(bot.url()).await);
    bot.stop().await;

    let (workspace, mut bot) = Workspace::with_bot(Mode::Socket).await;
    assert!(!workspace.slack.verifies(bot.url()).await);
    let answer = Signed::new(event(&workspace)).send(&bot, "events").await;
    assert!(
        matches("…Socket Mode…`mode = \"http\"`…", &answer.1),
        "{answer:?}"
    );
    assert_eq!(answer.0, 404);
    assert!(workspace.said_at_the_end(&mut bot).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_says_about_itself_is_in_the_log() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot_of(mode, &format!("{FAST}{GRANTS}")).await;
        bot.forgive("ERROR Slack: the token of the bot was revoked…");
        let slack = &workspace.slack;
        let revoked: Value =
            json!({ "type": "tokens_revoked", "tokens": { "bot": ["U000WITBOT"] } });
        slack.event(&revoked);
        bot.expect_log("ERROR Slack: the token of the bot was revoked, …")
            .await;
        slack.event(&json!({ "type": "app_rate_limited", "minute_rate_limited": 1_790_000_000 }));
        bot.expect_log("WARN Slack holds events back…").await;
        workspace.said_at_the_end(&mut bot).await;
    }
}
