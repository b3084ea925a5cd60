//! What admins do with plugins and with everybody's runs, in the chat and on the command line: hold, release, roll back.

use witbot_tests::bot::Bot;
use witbot_tests::home::{self, Home};

const ADMIN: &str = "[roles.admin]\nusers = [\"ada\"]";

/// The same plugin, in another file: WebAssembly can have parts that mean nothing.
fn another(bytes: &[u8], mark: u8) -> Vec<u8> {
    let nothing = [0, 2, 1, mark];
    [bytes, &nothing].concat()
}

/// A bot whose plugin hello says `Hello`, and then comes in a version that says `Good day`.
async fn two_versions() -> Bot {
    let home = Home::new().with_plugin("hello").with_settings(ADMIN);
    let mut bot = Bot::start(home).await;
    says(&mut bot, "Hello").await;
    bot.home().put("hello", &home::guest("clashes"));
    bot.expect_again("INFO [hello] the plugin is live").await;
    says(&mut bot, "Good day").await;
    bot
}

async fn says(bot: &mut Bot, words: &str) {
    let answer = format!("#console witbot: {words}, Ben!");
    bot.ask("hello Ben", &answer).await;
}

/// The actions about plugins that people ordered, the oldest first.
async fn ordered(bot: &Bot) -> Vec<String> {
    let audit = bot.home().witbot(&["audit", "show"]).await.ok();
    let orders = ["plugin.hold", "plugin.release", "plugin.rollback"];
    let of = |line: &str| {
        let is = |order: &&&str| line.contains(&format!(r#""action":"{order}""#));
        orders.iter().find(is).map(|order| (*order).to_owned())
    };
    audit.lines().filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_held_is_not_called_and_its_parked_run_goes_on_when_it_is_released() {
    let home = Home::new().with_guest("waits").with_settings(ADMIN);
    let mut bot = Bot::start(home).await;
    bot.ask(
        "@ben #ops: wait answer",
        "#ops witbot: Tea or coffee? [Tea / Coffee]",
    )
    .await;
    bot.ask(
        "@ben #admin: plugin hold waits",
        "#admin witbot: You may not `plugin hold waits`: it takes the role `admin`. …",
    )
    .await;
    bot.ask(
        "@ada #admin: plugin hold waits It leaks",
        "#admin witbot: `waits` is held: …",
    )
    .await;
    bot.ask(
        "@ben #admin: plugins",
        "#admin witbot: waits  …  held: by @ada, It leaks…",
    )
    .await;
    bot.ask(
        "@ben #admin: wait answer",
        "#admin witbot: `waits` is kept from answering…",
    )
    .await;

    bot.ask("@ben #ops: Tea", "#ops witbot (edited): Tea or coffee?…")
        .await;
    bot.expect_log("INFO [waits] the run goes on when its plugin is released")
        .await;
    // Nor does it go on because the bot is killed.
    bot.kill9_and_restart().await;
    bot.expect_again("INFO [waits] the run goes on when its plugin is released")
        .await;
    let list = bot.home().witbot(&["plugin", "list"]).await.ok();
    assert!(list.contains("held: by @ada, It leaks"), "{list}");
    let checked = bot.home().witbot(&["check"]).await;
    assert_eq!(checked.code, Some(0), "{checked:?}");

    let released = bot.home().witbot(&["plugin", "release", "waits"]).await;
    assert_eq!(released.ok(), "`waits` is released.\n");
    // What was being said when it was killed may be said again.
    bot.expect_soon("#ops witbot: ben chose Tea.").await;
    bot.ask(
        "@ben #ops: wait answer",
        "#ops witbot: Tea or coffee? [Tea / Coffee]",
    )
    .await;
    assert_eq!(ordered(&bot).await, ["plugin.hold", "plugin.release"]);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_serves_the_old_version_until_there_is_a_new_file() {
    let mut bot = two_versions().await;
    bot.ask(
        "@ada #console: plugin rollback hello",
        "#console witbot: `hello` is rolled back from … to …, until there is a new file or it is released.",
    )
    .await;
    says(&mut bot, "Hello").await;
    bot.ask(
        "plugins",
        "#console witbot: hello  …  live; rolled back from …: by @ada…",
    )
    .await;
    bot.stop().await;
    bot.restart().await;
    bot.kill9_and_restart().await;
    says(&mut bot, "Hello").await;
    bot.ask(
        "@ada #console: plugin rollback hello",
        "#console witbot: `hello` has no version before this one that is known.",
    )
    .await;

    // A file that cannot be loaded is none.
    bot.home().put("hello", b"#!/bin/sh\n");
    bot.expect_log("WARN [hello] the plugin is refused …").await;
    says(&mut bot, "Hello").await;
    let newer = another(&home::guest("clashes"), b'n');
    bot.home().put("hello", &newer);
    bot.expect_logs("INFO [hello] the plugin is live", 3).await;
    says(&mut bot, "Good day").await;
    bot.stop().await;
    bot.restart().await;
    says(&mut bot, "Good day").await;
    assert_eq!(ordered(&bot).await, ["plugin.rollback", "plugin.release"]);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_command_line_a_version_is_chosen_and_released_with_and_without_a_bot() {
    let mut bot = two_versions().await;
    let newest = another(&home::guest("clashes"), b'n');
    bot.home().put("hello", &newest);
    bot.expect_logs("INFO [hello] the plugin is live", 3).await;
    let digest = witbot_core::ids::Digest::of(&home::plugin("hello")).short();
    let command = [
        "plugin",
        "rollback",
        "hello",
        &digest,
        "--reason",
        "it is rude",
    ];
    let rolled = bot.home().witbot(&command).await.ok();
    assert!(rolled.contains("is rolled back from"), "{rolled}");
    says(&mut bot, "Hello").await;
    let unknown = bot
        .home()
        .witbot(&["plugin", "rollback", "hello", "ffff"])
        .await;
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(
        unknown
            .printed
            .contains("has served no version `ffff` lately"),
        "{unknown:?}"
    );

    bot.kill9().await;
    let list = bot.home().witbot(&["plugin", "list"]).await.ok();
    assert!(list.contains("live; rolled back from"), "{list}");
    assert!(list.contains("it is rude"), "{list}");
    let released = bot
        .home()
        .witbot(&["plugin", "release", "hello"])
        .await
        .ok();
    assert!(released.contains("No bot runs"), "{released}");
    let again = bot.home().witbot(&["plugin", "release", "hello"]).await;
    assert_eq!(again.code, Some(1), "{again:?}");
    let held = bot.home().witbot(&["plugin", "hold", "hello"]).await.ok();
    assert!(held.contains("No bot runs"), "{held}");
    let nobody = bot.home().witbot(&["plugin", "hold", "goodbye"]).await;
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
    bot.restart().await;
    bot.ask(
        "hello Ben",
        "#console witbot: `hello` is kept from answering…",
    )
    .await;
    bot.ask(
        "@ada #console: plugin release hello",
        "#console witbot: `hello` is released.",
    )
    .await;
    says(&mut bot, "Good day").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_see_and_end_the_runs_of_everybody_and_all_know_who_they_are() {
    let home = Home::new().with_guest("waits").with_settings(ADMIN);
    let mut bot = Bot::start(home).await;
    bot.ask("@ben #ops: wait tidily", "#ops witbot: Waiting tidily.")
        .await;
    bot.ask(
        "@ben #ops: runs all",
        "#ops witbot: You may not `runs all`…",
    )
    .await;
    bot.ask("@ada #admin: runs all", "#admin witbot: What goes on:")
        .await;
    let line = "    - … waits `wait tidily` of @ben in ops waits until …";
    let line = bot.expect(line).await;
    let run = line
        .split("- ")
        .nth(1)
        .and_then(|line| line.split(' ').next());
    let run = run.expect("its id comes first");
    bot.ask(
        &format!("@ben #ops: runs cancel {run}"),
        "#ops witbot: You may not `runs cancel …",
    )
    .await;
    bot.say(&format!("@ada #admin: runs cancel {run}")).await;
    // Nothing orders what is said in two channels.
    let mut said = Vec::new();
    while said.len() < 3 {
        said.push(bot.expect("…").await);
    }
    for part in [
        "#admin witbot: The run ",
        ") was canceled by @ada.",
        "#ops witbot: Cleaned up: canceled by @ada.",
    ] {
        assert!(
            said.iter().any(|line| line.contains(part)),
            "{part}: {said:?}"
        );
    }
    bot.ask("@ben #admin: whoami", "#admin witbot: You are @ben:")
        .await;
    for line in [
        "id ben",
        "member",
        "no role",
        "not linked to an account at GitHub",
    ] {
        bot.expect(&format!("    - {line}")).await;
    }
    bot.ask(
        "@ben #admin: plugin show waits",
        "#admin witbot: You may not …",
    )
    .await;
    bot.ask("@ada #admin: plugin show waits", "#admin witbot: waits …")
        .await;
    bot.expect_soon("    `witbot plugin show waits` has all of it.")
        .await;
    bot.stop().await;
}
