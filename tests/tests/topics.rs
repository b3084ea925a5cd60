//! Plugins tell each other what happened by topics, and change what they said in earlier runs.

use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

const GRANTS: &str = r#"
[plugins.tells.grants]
chat = [{ channel = "ops" }]
kv = [{ max_bytes = 1024 }]
topics = [{ name = "news", publish = true }, { name = "echo", publish = true }, { name = "secrets" }]
"#;

async fn bot() -> Bot {
    let home = Home::new().with_guest("tells").with_plugin("hello");
    Bot::start(home.with_settings(GRANTS)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_comes_to_who_subscribed_and_to_who_waits_for_its_subject() {
    let mut bot = bot().await;
    bot.say("@ada #dev: await news about api").await;
    bot.expect("#dev witbot: Waiting.").await;
    bot.say("tell news about web it is slow").await;
    bot.expect_each(&[
        "#console witbot: Told.",
        "#ops witbot: Heard of web: it is slow",
    ])
    .await;
    bot.say("tell news about api it is back").await;
    bot.expect_each(&[
        "#console witbot: Told.",
        "#ops witbot: Heard of api: it is back",
        "#dev witbot: It came: it is back",
    ])
    .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_hears_of_it_after_a_restart() {
    let mut bot = bot().await;
    bot.say("@ada #dev: await news about api").await;
    bot.expect("#dev witbot: Waiting.").await;
    bot.stop().await;
    bot.restart().await;
    bot.say("tell news about api it is back").await;
    bot.expect_each(&[
        "#console witbot: Told.",
        "#ops witbot: Heard of api: it is back",
        "#dev witbot: It came: it is back",
    ])
    .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_granted_is_neither_published_nor_heard_of() {
    let mut bot = bot().await;
    bot.say("tell secrets about api x").await;
    bot.expect(
        "#console witbot: plugin `tells` may not publish in the topic `secrets`; to allow it, add to the list `topics` \
         in [plugins.tells.grants]: { name = \"secrets\", publish = true }",
    )
    .await;
    bot.say("tell Secrets about api x").await;
    bot.expect("#console witbot: …lower-case letters, digits and hyphens…")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_do_not_answer_each_other_for_ever() {
    let mut bot = bot().await;
    bot.say("tell echo about api hello").await;
    bot.expect_each(&["#console witbot: Told.", "#ops witbot: No echo: conflict"])
        .await;
    let runs = bot.home().witbot(&["runs", "--limit", "50"]).await.ok();
    // The command, and eight echoes of it.
    assert_eq!(
        runs.lines().filter(|line| line.contains("tells")).count(),
        9,
        "{runs}"
    );
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_changes_what_it_said_in_an_earlier_run_and_nothing_of_others() {
    let mut bot = bot().await;
    bot.say("note all is well").await;
    bot.expect("#console witbot: all is well").await;
    bot.kill9_and_restart().await;
    bot.say("change to it was well").await;
    // A screen cannot be asked what stands on it, so the message may come once more.
    bot.expect_soon("#console witbot (edited): it was well")
        .await;
    bot.say("hello").await;
    bot.expect("#console witbot: Hello, you!").await;
    let runs = bot.home().witbot(&["runs", "--limit", "1"]).await.ok();
    let other = runs.split_whitespace().next().expect("there is a run");
    for number in 0..4 {
        bot.say(&format!("change of {other}-{number} to mine"))
            .await;
        bot.expect("#console witbot: this plugin has written no such message")
            .await;
    }
    bot.say("change of nothing to mine").await;
    bot.expect("#console witbot: there is no message of this id")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_posted_in_a_channel_is_left_alone_once_that_is_granted_no_more() {
    let mut bot = bot().await;
    bot.say("post all is well").await;
    bot.expect("#ops witbot: all is well").await;
    bot.say("change to it was well").await;
    bot.expect("#ops witbot (edited): it was well").await;
    let revoked = GRANTS.replace("\"ops\"", "\"dev\"");
    bot.home().write_settings(&revoked);
    bot.expect_log("INFO the settings …").await;
    bot.say("change to mine").await;
    bot.expect("#console witbot: plugin `tells` may not …ops…")
        .await;
    bot.stop().await;
}
