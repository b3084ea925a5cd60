//! The plugins folder and the settings change while the bot runs: what is right takes effect, what is wrong is reported
//! once, and whatever answered before goes on answering.

use std::fs;

use witbot_core::limits;
use witbot_tests::bot::Bot;
use witbot_tests::home::{self, Home};

const KV: &str = "[plugins.remembers.grants]\nkv = [{ max_bytes = 1024 }]";

/// A bot that says hello.
async fn hello() -> Bot {
    Bot::start(Home::new().with_plugin("hello")).await
}

async fn says_hello(bot: &mut Bot) {
    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
}

/// Puts something in the place of hello, and expects that it is reported once, with this reason, while the old version
/// goes on answering.
async fn keeps_the_old(bytes: &[u8], reason: &str) {
    let mut bot = hello().await;
    bot.home().put("hello", bytes);
    refused(&mut bot, reason).await;
    bot.stop().await;
}

async fn refused(bot: &mut Bot, reason: &str) {
    let report = format!(
        "WARN [hello] the plugin is refused (the version before it goes on serving): {reason}"
    );
    bot.expect_log(&report).await;
    says_hello(bot).await;
    bot.ask(
        "plugins",
        "#console witbot: hello  …  live; a newer version is refused: …",
    )
    .await;
    // Another plugin comes meanwhile, so that the folder was looked at once more.
    bot.home().put("waits", &home::guest("waits"));
    bot.expect_log("INFO [waits] the plugin is live").await;
    assert_eq!(bot.logged("WARN [hello] …").len(), 1);
    // What is good again is taken up again.
    bot.home().put("hello", &home::guest("clashes"));
    bot.expect_again("INFO [hello] the plugin is live").await;
    bot.ask("hello Ada", "#console witbot: Good day, Ada!")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_answers_and_a_deleted_one_does_not() {
    let mut bot = Bot::start(Home::new()).await;
    bot.ask("plugins", "#console witbot: There are no plugins yet. …")
        .await;
    bot.ask(
        "hello Ada",
        "#console witbot: I do not know that command. …",
    )
    .await;

    bot.home().put("hello", &home::plugin("hello"));
    bot.expect_log("INFO [hello] the plugin is live").await;
    says_hello(&mut bot).await;

    bot.home().remove("hello");
    bot.expect_log("INFO [hello] the plugin is gone").await;
    bot.ask(
        "hello Ada",
        "#console witbot: I do not know that command. …",
    )
    .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_renamed_over_another_takes_its_place() {
    let mut bot = hello().await;
    says_hello(&mut bot).await;
    bot.home().put("hello", &home::guest("clashes"));
    newer_hello(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_written_over_takes_its_own_place() {
    let mut bot = hello().await;
    says_hello(&mut bot).await;
    bot.home().overwrite("hello", &home::guest("clashes"));
    newer_hello(&mut bot).await;
}

async fn newer_hello(bot: &mut Bot) {
    bot.expect_again("INFO [hello] the plugin is live").await;
    bot.ask("hello Ada", "#console witbot: Good day, Ada!")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_webassembly_changes_nothing() {
    keeps_the_old(b"#!/bin/sh\n", "it is not a WebAssembly file: …").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_cut_off_changes_nothing() {
    let whole = home::plugin("hello");
    let half = &whole[..whole.len() / 2];
    keeps_the_old(half, "it is damaged or not complete: …. Copy it again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_too_large_changes_nothing() {
    let large = vec![0; limits::COMPONENT_BYTES_MAX as usize + 1];
    let reason = "it has … bytes, and a plugin can have 33554432: …";
    keeps_the_old(&large, reason).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_for_a_newer_contract_changes_nothing() {
    let reason = "it needs witbot:log/log@0.9.0, and this witbot offers witbot:log/log@0.1.0: the plugin is newer; …";
    keeps_the_old(&newer(), reason).await;
}

/// The plugin hello, were it built for a contract of which `witbot:log` is at 0.9.
fn newer() -> Vec<u8> {
    let (from, to) = (b"witbot:log/log@0.1.0", b"witbot:log/log@0.9.0");
    let mut bytes = home::plugin("hello");
    let found: Vec<usize> = (0..bytes.len() - from.len())
        .filter(|at| bytes[*at..].starts_with(from))
        .collect();
    assert!(!found.is_empty(), "hello does not import {from:?}");
    for at in found {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_panics_in_describe_changes_nothing() {
    let mut bot = hello().await;
    // The panic's own line.
    bot.forgive("ERROR [hello] panicked at …I do not know what I am");
    bot.home().put("hello", &home::guest("panics-in-describe"));
    let reason = "it failed while it described itself: it crashed …I do not know what I am";
    refused(&mut bot, reason).await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compiled_code_is_not_taken_from_the_folder() {
    let mut bot = hello().await;
    let code = compiled(&bot);
    bot.home().put("hello", &code);
    refused(&mut bot, "it is compiled machine code, not WebAssembly: …").await;
    bot.stop().await;
}

/// What the bot itself has made of hello.
fn compiled(bot: &Bot) -> Vec<u8> {
    let folder =
        fs::read_dir(bot.home().data().join("compiled")).expect("the bot keeps them there");
    let mut files = folder.flatten().map(|file| file.path());
    let code = files.find(|file| file.extension().is_some_and(|end| end == "code"));
    fs::read(code.expect("it has compiled hello")).expect("it is a file of ours")
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_plugins_with_one_command_the_first_keeps_it() {
    let mut bot = hello().await;
    bot.home().put("clashes", &home::guest("clashes"));
    let report = "WARN [clashes] the plugin is refused: plugin `clashes` declares the command `hello`, which plugin `hello` has already: rename it in one of the two, or remove one of them";
    bot.expect_log(report).await;
    says_hello(&mut bot).await;

    // A start looks at all of them at once, and it is not the alphabet that decides.
    bot.stop().await;
    bot.restart().await;
    says_hello(&mut bot).await;

    // When the first goes, the other one's turn has come.
    bot.home().remove("hello");
    bot.expect_log("INFO [clashes] the plugin is live").await;
    bot.ask("hello Ada", "#console witbot: Good day, Ada!")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_a_grant_away_holds_the_plugin_until_it_is_given_back() {
    let mut bot = Bot::start(Home::new().with_guest("remembers").with_settings(KV)).await;
    bot.ask("count", "#console witbot: Count: 1.").await;

    bot.home().write_settings("");
    let record = bot
        .expect_log("WARN [remembers] the plugin is held: it needs a grant for kv…")
        .await;
    assert!(
        record
            .message
            .contains("add to witbot.toml:\n[plugins.remembers.grants]\nkv = ["),
        "{record:?}"
    );
    bot.ask(
        "count",
        "#console witbot: `remembers` is kept from answering; …",
    )
    .await;
    bot.ask(
        "plugins",
        "#console witbot: remembers  …  held: it needs a grant for kv…",
    )
    .await;
    let sheet = bot
        .home()
        .witbot(&["plugin", "show", "remembers"])
        .await
        .ok();
    assert!(
        sheet.contains("[plugins.remembers.grants]\nkv = ["),
        "{sheet}"
    );

    bot.home().write_settings(KV);
    bot.expect_again("INFO [remembers] the plugin is live")
        .await;
    bot.ask("count", "#console witbot: Count: 2.").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_wants_more_waits_for_its_grant() {
    let mut bot = hello().await;
    bot.home().put("hello", &home::guest("remembers"));
    bot.expect_log("WARN [hello] the plugin is held (the version before it goes on serving): it needs a grant for kv. …")
        .await;
    says_hello(&mut bot).await;
    bot.home()
        .write_settings("[plugins.hello.grants]\nkv = [{}]");
    bot.expect_again("INFO [hello] the plugin is live").await;
    bot.ask("count", "#console witbot: Count: 1.").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_settings_change_nothing_while_the_bot_runs() {
    let mut bot = Bot::start(Home::new().with_guest("remembers").with_settings(KV)).await;
    bot.forgive("ERROR the settings stay as they were:…");
    bot.home()
        .write_settings("[plugins.remembers.grants]\nkb = [{}]");
    bot.expect_log("ERROR the settings stay as they were:…witbot.toml…kb…help: …")
        .await;
    bot.ask("count", "#console witbot: Count: 1.").await;
    bot.stop().await;
}
