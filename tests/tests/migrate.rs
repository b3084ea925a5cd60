//! A new version migrates what the plugin keeps before it serves: once, also over a `kill -9`, and the one before it goes on
//! until then. One that cannot is held.

use witbot_tests::bot::Bot;
use witbot_tests::home::{self, Home};

const SETTINGS: &str = r#"
[plugins.migrates]
settings = { word = "now" }
[plugins.migrates.grants]
kv = [{ max_bytes = 65536 }]
chat = [{ channel = "ops" }]
"#;
const BEGINS: &str = "INFO [migrates] the new version migrates what the plugin keeps";
const LIVE: &str = "INFO [migrates] the plugin is live";
const NOTED: &str = "#console witbot: Noted.";

/// The same plugin in another version: with a custom section behind all others.
fn version(number: u8) -> Vec<u8> {
    let mut plugin = home::guest("migrates");
    plugin.extend([0, 2, 1, number]);
    plugin
}

/// A bot with the first version, which was told how the next one is to migrate.
async fn told(how: &str) -> Bot {
    let home = Home::new().with_plugin("hello").with_settings(SETTINGS);
    home.put("migrates", &version(1));
    let mut bot = Bot::start(home).await;
    // Nothing was kept before the first.
    kept(&mut bot, "0 times, 0 steps, word none.").await;
    bot.ask(&format!("next {how}"), NOTED).await;
    bot
}

async fn kept(bot: &mut Bot, what: &str) {
    bot.ask("kept", &format!("#console witbot: {what}")).await;
}

async fn listed(bot: &Bot) -> String {
    let list = bot.home().witbot(&["plugin", "list"]).await.ok();
    let line = list.lines().find(|line| line.starts_with("migrates "));
    line.expect("it is listed").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_migrates_once_and_then_serves() {
    let mut bot = told("well").await;
    bot.home().put("migrates", &version(2));
    bot.expect_log(BEGINS).await;
    bot.expect_log("INFO [migrates] migrate from …").await;
    bot.expect_logs(LIVE, 2).await;
    kept(&mut bot, "1 times, 0 steps, word now.").await;
    let audit = bot.home().witbot(&["audit", "show"]).await.ok();
    assert!(audit.contains("plugin.migrate"), "{audit}");

    // Neither a restart nor going back and forward migrates anything, and another file does.
    bot.stop().await;
    bot.restart().await;
    for order in ["rollback", "release"] {
        bot.home().witbot(&["plugin", order, "migrates"]).await.ok();
    }
    kept(&mut bot, "1 times, 0 steps, word now.").await;
    bot.home().put("migrates", &version(1));
    bot.expect_logs(LIVE, 5).await;
    kept(&mut bot, "2 times, 0 steps, word now.").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_cannot_migrate_is_held_also_over_a_restart() {
    let mut bot = told("fails").await;
    bot.forgive("WARN [migrates] …");
    bot.home().put("migrates", &version(2));
    bot.expect_log("WARN [migrates] the plugin is held (the version before it goes on serving): it could not migrate what the plugin keeps: there is a key that I do not know. See `witbot runs …").await;
    kept(&mut bot, "1 times, 0 steps, word none.").await;
    let list = listed(&bot).await;
    assert!(
        list.contains("live; a newer version is held: it could not migrate what the plugin keeps: there is a key that I do not know; see `witbot runs "),
        "{list}"
    );

    // The file is the version that cannot serve, so the one that served last comes from where versions are kept.
    bot.stop().await;
    bot.restart().await;
    kept(&mut bot, "1 times, 0 steps, word none.").await;

    bot.ask("next well", NOTED).await;
    let released = bot
        .home()
        .witbot(&["plugin", "release", "migrates"])
        .await
        .ok();
    assert!(released.contains("`migrates` is released."), "{released}");
    bot.expect_logs(LIVE, 2).await;
    kept(&mut bot, "2 times, 0 steps, word now.").await;
    assert!(listed(&bot).await.ends_with("  live"));
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_whose_migration_crashes_is_held_and_another_file_tries_again() {
    let mut bot = told("panics").await;
    bot.forgive("WARN [migrates] …");
    bot.forgive("ERROR [migrates] …");
    bot.home().put("migrates", &version(2));
    bot.expect_log("WARN [migrates] the plugin is held (the version before it goes on serving): it could not migrate what the plugin keeps: it crashed …").await;
    bot.ask("next well", NOTED).await;
    bot.home().put("migrates", &version(3));
    bot.expect_logs(LIVE, 2).await;
    kept(&mut bot, "2 times, 0 steps, word now.").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_reaches_nothing_but_what_is_kept() {
    let mut bot = told("reaches").await;
    bot.home().put("migrates", &version(2));
    bot.expect_logs(LIVE, 2).await;
    let tried = bot.logged("INFO [migrates] tried: …");
    assert_eq!(tried.len(), 3, "{tried:?}");
    assert!(tried[0].message.contains("NotFound"), "{tried:?}");
    for tried in &tried[1..] {
        assert!(tried.message.contains("Denied"), "{tried:?}");
    }
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_goes_on_after_a_kill_and_does_everything_once() {
    let mut bot = told("slowly").await;
    bot.home().put("migrates", &version(2));
    bot.expect_log("INFO [migrates] half of it").await;
    // The one before it serves meanwhile.
    kept(&mut bot, "1 times, 50 steps, word none.").await;
    let list = listed(&bot).await;
    assert!(
        list.ends_with(
            "live; a newer version is held: it migrates what the plugin keeps, and then serves"
        ),
        "{list}"
    );
    bot.kill9_and_restart().await;
    bot.expect_log("INFO [migrates] the run goes on").await;
    // It does so after a restart as well.
    kept(&mut bot, "1 times, 50 steps, word none.").await;
    bot.expect_logs(LIVE, 2).await;
    kept(&mut bot, "1 times, 100 steps, word now.").await;
    bot.stop().await;
}
