//! What becomes of answers when Slack is slow, full, or loses its own.

use std::sync::Arc;
use std::time::Duration;

use witbot_core::conversation::pattern::matches;
use witbot_tests::bot::Bot;
use witbot_tests::fakes::slack::Call;
use witbot_tests::fakes::{Slack, Trouble};
use witbot_tests::slack::{GRANTS, Mode, Workspace};

const POST: &str = "chat.postMessage";

async fn bot() -> (Arc<Workspace>, Bot) {
    Workspace::with_bot(Mode::Socket).await
}

/// The texts of messages that are there.
fn there(workspace: &Workspace) -> Vec<String> {
    let mut posts = workspace.slack.posts(&workspace.deploys);
    posts.retain(|post| post.deleted.is_none());
    posts.iter().map(|post| post.text().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_said_later_and_in_order() {
    let (workspace, mut bot) = bot().await;
    let slack = &workspace.slack;
    let full = Trouble::TooManyRequests(Some(1));
    slack.inject(Slack::fault(POST, full).times(2));
    for number in 1..=5 {
        workspace.say(&format!("witbot count {number}"));
        // One after the other, so that there is an order to keep.
        slack.settled().await;
    }
    slack.posts_of(&workspace.deploys, 10).await;
    let said = workspace.said_at_the_end(&mut bot).await;
    assert_eq!(said.len(), 10, "{said:?}");
    for number in 1..=5 {
        let of = |letter: &str| {
            let text = format!("{number} {letter}");
            said.iter().position(|said| *said == text)
        };
        let (a, b) = (of("a"), of("b"));
        assert!(a.is_some() && a < b, "{said:?}");
    }
    let calls = slack.calls(POST);
    let refused = |call: &Call| call.error.as_deref() == Some("ratelimited");
    assert_eq!(calls.iter().filter(|call| refused(call)).count(), 2);
    for (before, after) in calls.iter().zip(&calls[1..]) {
        let pause = after.at - before.at;
        assert!(
            !refused(before) || pause >= Duration::from_secs(1),
            "{pause:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_although_the_answer_was_lost_is_not_said_again() {
    let (workspace, mut bot) = bot().await;
    let (slack, anna, deploys) = (&workspace.slack, &workspace.anna, &workspace.deploys);
    let mut expected = Vec::new();
    for trouble in [Trouble::Cut, Trouble::Status(500), Trouble::Malformed] {
        slack.inject(Slack::fault(POST, trouble.clone()).after_effect());
        let said = format!("echo {trouble:?}");
        let post = workspace.ask(&said).await;
        assert_eq!(post.text(), format!("{trouble:?}"));
        expected.push(post.text().to_owned());
    }
    // In a thread it is looked for there.
    let root = workspace.say("What about this?");
    slack.inject(Slack::fault(POST, Trouble::Cut).after_effect());
    slack.say(anna, deploys, Some(&root), "witbot progress 1");
    let step = workspace.answer(3).await;
    // It was found: otherwise it could not be changed.
    let last = |step: &witbot_tests::fakes::slack::Message| step.text() == "Step 1.";
    workspace.becomes(&step.ts, last).await;
    expected.push("Step 1.".to_owned());
    assert_eq!(workspace.said_at_the_end(&mut bot).await, expected);
    let doubts = bot.logged("WARN perhaps said, perhaps not: …");
    assert!((3..=4).contains(&doubts.len()), "{doubts:#?}");
    assert!(slack.call_count("conversations.history") > 0);
    assert!(slack.call_count("conversations.replies") > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_said_is_said_again() {
    let (workspace, mut bot) = bot().await;
    for trouble in [Trouble::Cut, Trouble::Status(500)] {
        workspace.slack.inject(Slack::fault(POST, trouble.clone()));
        let post = workspace.ask(&format!("echo {trouble:?}")).await;
        assert_eq!(post.text(), format!("{trouble:?}"));
    }
    assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_a_crash_is_not_said_again() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let slack = &workspace.slack;
        slack.inject(Slack::fault(POST, Trouble::Hang).after_effect());
        workspace.say("witbot count 1");
        workspace.answer(0).await;
        slack.settled().await;
        bot.kill9_and_restart().await;
        workspace.answer(1).await;
        workspace.ask("echo two").await;
        let said = workspace.said_at_the_end(&mut bot).await;
        assert_eq!(said, ["1 a", "1 b", "two"], "{mode} mode");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_said_before_a_crash_is_said_after_it() {
    let (workspace, mut bot) = bot().await;
    let slack = &workspace.slack;
    slack.inject(Slack::fault(POST, Trouble::Hang));
    workspace.say("witbot count 1");
    let called = |slack: &Slack| (slack.call_count(POST) == 1).then_some(());
    slack.until(called).await;
    slack.settled().await;
    bot.kill9_and_restart().await;
    workspace.answer(1).await;
    let said = workspace.said_at_the_end(&mut bot).await;
    assert_eq!(said, ["1 a", "1 b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_tried_until_it_is_there() {
    let (workspace, mut bot) = bot().await;
    let slack = &workspace.slack;
    slack.inject(Slack::fault("chat.update", Trouble::Status(500)));
    slack.inject(Slack::fault("chat.update", Trouble::Cut).after_effect());
    workspace.ask("progress 3").await;
    let last = |slack: &Slack| (slack.call_count("chat.update") >= 3).then_some(());
    slack.until(last).await;
    let posted = workspace.answer(0).await;
    workspace
        .becomes(&posted.ts, |message| message.text() == "Step 3.")
        .await;
    workspace.said_at_the_end(&mut bot).await;
    assert_eq!(there(&workspace), ["Step 3."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_with_a_full_queue_takes_no_more() {
    // A pace at which nothing of what waits is said as long as the test takes.
    let slow = "slack.channel_rate = { per_second = 0.001, burst = 20 }\n";
    let settings = format!("{slow}{GRANTS}");
    let (workspace, mut bot) = Workspace::with_bot_of(Mode::Socket, &settings).await;
    let ops = workspace.slack.add_channel("ops");
    let mut refused = None;
    for number in 0..15 {
        workspace.say("witbot flood ops 49");
        let answer = workspace.answer(number).await;
        if answer.text() != "All 49." {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("there is a bound");
    let expected = "After …: rate-limited: 500 messages wait to be said in …: say less there";
    assert!(matches(expected, refused.text()), "{refused:#?}");
    assert_eq!(workspace.slack.posts_of(&ops, 20).await.len(), 20);
    // What waits is too much for a stop to wait for.
    bot.kill9().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_channel_that_is_slow_holds_up_no_other() {
    let slow = "slack.channel_rate = { per_second = 0.001, burst = 5 }\n";
    let settings = format!("{slow}{GRANTS}");
    let (workspace, mut bot) = Workspace::with_bot_of(Mode::Socket, &settings).await;
    let ops = workspace.slack.add_channel("ops");
    let answer = workspace.ask("flood ops 10").await;
    assert_eq!(answer.text(), "All 10.");
    assert_eq!(workspace.slack.posts_of(&ops, 5).await.len(), 5);
    workspace.ask("echo here").await;
    assert_eq!(workspace.slack.post_count(&ops), 5);
    bot.kill9().await;
}
