//! A new version whose first runs crash makes way for the one before it, also over restarts; an operator can have it back.

use witbot_tests::bot::Bot;
use witbot_tests::home::{self, Home};

const CRASHED: &str = "#console witbot: `traps` failed: it crashed …";
const BACK: &str = "#console witbot: The new version of `traps` crashed 3 times, so the one before it serves again. An operator sees why with `witbot runs …`.";
const ROLLED_BACK: &str =
    "WARN [traps] the version before it serves again: `traps` is rolled back from …";
const LIVE: &str = "INFO [traps] the plugin is live";

/// The same plugin in another version: with a custom section behind all others.
fn version(number: u8) -> Vec<u8> {
    let mut plugin = home::guest("traps");
    plugin.extend([0, 2, 1, number]);
    plugin
}

/// A bot with a version that has run without a fault, and then one that is new.
async fn with_a_new_version() -> Bot {
    let home = Home::new().with_plugin("hello");
    home.put("traps", &version(1));
    let mut bot = Bot::start(home).await;
    bot.forgive("ERROR [traps] …");
    bot.forgive("WARN [traps] …");
    bot.home().put("traps", &version(2));
    bot.expect_again(LIVE).await;
    bot
}

async fn crash(bot: &mut Bot) {
    bot.ask("trap panic", CRASHED).await;
}

async fn listed(bot: &Bot) -> String {
    let list = bot.home().witbot(&["plugin", "list"]).await.ok();
    let line = list.lines().find(|line| line.starts_with("traps "));
    line.expect("it is listed").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_whose_first_runs_crash_makes_way_for_the_one_before_it() {
    let mut bot = with_a_new_version().await;
    crash(&mut bot).await;
    crash(&mut bot).await;
    // What it did is counted from what is stored.
    bot.stop().await;
    bot.restart().await;
    assert!(listed(&bot).await.ends_with("  live"));
    crash(&mut bot).await;
    bot.expect(BACK).await;
    bot.expect_log(ROLLED_BACK).await;
    let list = listed(&bot).await;
    let reason =
        "by witbot itself, 3 of the first 3 runs of the new version crashed, the last of them ";
    assert!(
        list.contains("live; rolled back from ") && list.contains(reason),
        "{list}"
    );
    let audit = bot.home().witbot(&["audit", "show"]).await.ok();
    assert!(audit.contains("plugin.rollback"), "{audit}");

    // The one before it crashes as well, and there is none before that: it stays.
    for _ in 0..4 {
        crash(&mut bot).await;
    }
    bot.stop().await;
    bot.restart().await;
    assert!(listed(&bot).await.contains("rolled back from "));
    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;

    // Another file is another try.
    bot.home().put("traps", &version(3));
    bot.expect_again(LIVE).await;
    assert!(listed(&bot).await.ends_with("  live"));
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_can_have_a_version_back_that_crashed() {
    let mut bot = with_a_new_version().await;
    for _ in 0..3 {
        crash(&mut bot).await;
    }
    bot.expect(BACK).await;
    let released = bot
        .home()
        .witbot(&["plugin", "release", "traps"])
        .await
        .ok();
    assert!(released.contains("is released"), "{released}");
    for _ in 0..4 {
        crash(&mut bot).await;
    }
    assert!(listed(&bot).await.ends_with("  live"));
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_with_none_before_it_goes_on_serving() {
    let mut bot = Bot::start(Home::new().with_guest("traps")).await;
    bot.forgive("ERROR [traps] …");
    bot.forgive("WARN [traps] …");
    for _ in 0..4 {
        crash(&mut bot).await;
    }
    bot.expect_log("WARN [traps] its first runs crash, and it goes on serving: `traps` has no version before this one …")
        .await;
    assert!(listed(&bot).await.ends_with("  live"));
    bot.stop().await;
}
