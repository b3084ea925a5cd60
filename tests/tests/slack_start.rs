//! How a bot starts in a workspace, or does not.

use std::sync::Arc;

use tokio::time::timeout;
use witbot_tests::bot::Bot;
use witbot_tests::fakes::slack::{APP_TOKEN, BOT_TOKEN};
use witbot_tests::fakes::{Slack, Trouble};
use witbot_tests::home::Home;
use witbot_tests::slack::signed::client;
use witbot_tests::slack::{FAST, Mode, Workspace};
use witbot_tests::transcript::AWAITED_MAX;

/// Runs a bot with these tokens to its end, which it finds by itself. What it logged comes back.
async fn fails(workspace: &Workspace, bot_token: &str, app_token: &str) -> String {
    let home = Home::new()
        .with_settings(&workspace.settings("socket", ""))
        .with_secret("SLACK_BOT_TOKEN", bot_token)
        .with_secret("SLACK_APP_TOKEN", app_token);
    let answer = home.witbot(&["run"]).await;
    assert_eq!(answer.code, Some(1), "{answer:?}");
    for token in [bot_token, app_token] {
        assert!(!answer.complained.contains(token), "{answer:?}");
    }
    answer.complained
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_bot_token_ends_it_at_once() {
    let workspace = Workspace::start().await;
    let said = fails(&workspace, "xoxb-of-another-app", APP_TOKEN).await;
    assert!(said.contains("Slack does not let the bot in"), "{said}");
    assert!(said.contains("`invalid_auth`"), "{said}");
    assert_eq!(workspace.slack.call_count("auth.test"), 1);
    assert_eq!(workspace.slack.call_count("apps.connections.open"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_app_token_ends_it_at_once() {
    let workspace = Workspace::start().await;
    let said = fails(&workspace, BOT_TOKEN, "xapp-of-another-app").await;
    for part in ["Slack does not know the app-level token", "SLACK_APP_TOKEN"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // Each of the two sockets may have asked before the other was answered.
    let asked = workspace.slack.call_count("apps.connections.open");
    assert!((1..=2).contains(&asked), "{asked}");
    assert_eq!(workspace.slack.counts().opened, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_revoked_later_ends_it_when_it_needs_a_socket() {
    let (workspace, mut bot) = Workspace::with_bot(Mode::Socket).await;
    let slack = &workspace.slack;
    slack.refuse("apps.connections.open", "token_revoked", usize::MAX);
    let [first, ..] = slack.sockets()[..] else {
        panic!("there are sockets")
    };
    slack.drop_socket(first);
    bot.expect_end(1).await;
    let said = "PLAIN …the app-level token is no longer valid (`token_revoked`)…";
    bot.expect_log(said).await;
    slack.connected(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_that_cannot_be_reached_is_tried_again() {
    for mode in Mode::BOTH {
        let workspace = Arc::new(Workspace::start().await);
        let home = Home::new().with_plugin("hello");
        let home = workspace.home(home, mode, FAST).await;
        for trouble in [Trouble::Cut, Trouble::Status(503)] {
            workspace.slack.inject(Slack::fault("auth.test", trouble));
        }
        workspace
            .slack
            .inject(Slack::fault("apps.connections.open", Trouble::Status(503)));
        let mut bot = Bot::start_in(home, &workspace, mode).await;
        let waiting =
            bot.logged("WARN Slack cannot be asked who the bot is, and is asked again in 5 s: …");
        assert_eq!(waiting.len(), 2, "{waiting:#?}");
        assert_eq!(workspace.ask("hello").await.text(), "Hello, anna!");
        workspace.said_at_the_end(&mut bot).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_while_it_hears() {
    let (workspace, mut bot) = Workspace::with_bot(Mode::Socket).await;
    let slack = &workspace.slack;
    becomes_ready(&bot, 200).await;
    slack.refuse("apps.connections.open", "internal_error", usize::MAX);
    for socket in slack.sockets() {
        slack.drop_socket(socket);
    }
    bot.expect_log("WARN Slack: there is no socket 1: …").await;
    bot.expect_log("WARN Slack: there is no socket 2: …").await;
    becomes_ready(&bot, 503).await;
    bot.stop().await;
}

/// Asks the bot whether it is ready until it answers this.
async fn becomes_ready(bot: &Bot, expected: u16) {
    let url = format!("{}/readyz", bot.url());
    let client = client();
    let asking = async {
        loop {
            let answer = client.get(&url).send().await.expect("the bot answers");
            if answer.status().as_u16() == expected {
                return;
            }
        }
    };
    let asked = timeout(AWAITED_MAX, asking).await;
    assert!(asked.is_ok(), "it did not answer {expected}");
}
