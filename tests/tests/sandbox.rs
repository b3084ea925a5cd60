//! Whatever a plugin does costs the one command that made it do so, and nothing that was not granted is given.

use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

const GREEDY: &str = r#"
[plugins.greedy.grants]
github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = ["staging"] }]
chat = [{ channel = "ops" }]
http = [{ host = "status.example.com" }, { host = "127.0.0.1:9" }]
"#;

async fn bot() -> Bot {
    let home = Home::new().with_plugin("hello").with_guest("traps");
    let mut bot = Bot::start(home).await;
    bot.forgive("ERROR [traps] …");
    bot
}

/// Says a command that crashes, and expects one line for people, a report for the operator, and a bot that goes on.
async fn crashes(command: &str, reason: &str, trace: &str) {
    let mut bot = bot().await;
    let answer =
        format!("#console witbot: `traps` failed: {reason}. Incident …; the log says more.");
    let line = bot.ask(command, &answer).await;
    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;

    let after = line.split_once("Incident ").map_or("", |(_, after)| after);
    let incident = after.split_once(';').map_or("", |(incident, _)| incident);
    assert!(!incident.is_empty(), "{line}");
    bot.expect_log(&format!("ERROR [traps] {trace}")).await;
    let run = bot.home().witbot(&["runs", incident]).await.ok();
    assert!(run.starts_with(incident) && run.contains("failed"), "{run}");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_costs_one_command() {
    let reason = "it crashed (…)";
    crashes(
        "trap panic",
        reason,
        "it crashed…panics…this was to be expected…",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_recursion_costs_one_command() {
    let reason = "it called itself too deeply";
    crashes("trap deep", reason, "it called itself too deeply…deeper…").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eating_memory_costs_one_command() {
    let reason = "it needed more than 64 MiB of memory…";
    crashes("trap memory", reason, "it needed more than…eats_memory…").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_host_calls_cost_one_command() {
    let reason = "the run made more than 500 calls to the host";
    crashes("trap calls", reason, "the run made more…calls_the_host…").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_costs_one_command_and_holds_nobody_up() {
    let mut bot = bot().await;
    bot.say("trap loop").await;
    // The answer comes while the loop still turns: it ends by itself after ten seconds of computing.
    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
    bot.expect(
        "#console witbot: `traps` failed: it computed for too long. Incident …; the log says more.",
    )
    .await;
    bot.expect_log("ERROR [traps] it computed for too long…never_ends…")
        .await;
    bot.ask("hello Bob", "#console witbot: Hello, Bob!").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_log_lines_is_cut_off() {
    let mut bot = bot().await;
    bot.ask("trap log", "#console witbot: I wrote a lot.").await;
    bot.expect_log("WARN [traps] … further log lines were dropped: a run may log 65536 bytes")
        .await;
    let written = bot.logged("INFO [traps] 000…");
    assert!((500..2_000).contains(&written.len()), "{}", written.len());
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_granted_is_denied_with_the_line_that_would_allow_it() {
    let home = Home::new().with_guest("greedy").with_settings(GREEDY);
    let mut bot = Bot::start(home).await;
    bot.ask(
        "grab repository acme/secret",
        r#"#console witbot: denied: plugin `greedy` may not …`acme/secret`…; to allow it, add to … [plugins.greedy.grants]: …repository = "acme/secret"…"#,
    )
    .await;
    bot.ask(
        "grab environment production",
        r#"#console witbot: denied: plugin `greedy` may not …; to allow it, add to … [plugins.greedy.grants]: …"production"…"#,
    )
    .await;
    bot.ask(
        "grab channel general",
        r#"#console witbot: denied: plugin `greedy` may not …; to allow it, add to … [plugins.greedy.grants]: …channel = "general"…"#,
    )
    .await;
    bot.ask(
        "grab address https://example.com/",
        r#"#console witbot: denied: plugin `greedy` may not …; to allow it, add to … [plugins.greedy.grants]: …host = "example.com"…"#,
    )
    .await;
    // Granted, but inside the network.
    bot.ask(
        "grab address http://127.0.0.1:9/",
        "#console witbot: denied: …127.0.0.1…private…",
    )
    .await;

    // What is granted is given, so that the denials above are for their reasons.
    bot.ask("grab repository acme/api", "#console witbot: It is mine.")
        .await;
    bot.say("grab channel ops").await;
    let mut lines = [bot.expect("…").await, bot.expect("…").await];
    lines.sort();
    assert_eq!(
        lines,
        ["#console witbot: It is mine.", "#ops witbot: Hear me!"]
    );
    // The audit has what was denied, with who wanted it.
    let audit = bot.home().witbot(&["audit", "show"]).await.ok();
    let denied = audit
        .lines()
        .filter(|line| line.contains(r#""outcome":"denied""#));
    assert!(denied.clone().count() >= 4, "{audit}");
    assert!(
        denied.clone().all(|line| line.contains(r#""actor":"you""#)),
        "{audit}"
    );
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_and_single_people_are_called_only_where_that_is_granted() {
    let home = Home::new().with_guest("greedy").with_settings(GREEDY);
    let mut bot = Bot::start(home).await;
    for channel in ["ops", "general"] {
        let denied = format!(
            "#{channel} witbot: denied: plugin `greedy` may not notify @channel in the channel `{channel}`; …{{ channel = \"{channel}\", broadcast = true }}…"
        );
        bot.ask(&format!("@ada #{channel}: grab everyone"), &denied)
            .await;
        bot.expect(&denied).await;
    }
    bot.ask(
        "grab person ada",
        "#console witbot: denied: plugin `greedy` may not write to ada alone; …{ direct = true }…",
    )
    .await;

    let more = GREEDY.replace(
        r#"{ channel = "ops" }"#,
        r#"{ channel = "ops", broadcast = true }, { direct = true }"#,
    );
    bot.home().write_settings(&more);
    bot.expect_log("INFO the settings are taken up").await;
    bot.ask("@ada #ops: grab everyone", "#ops witbot: @channel hear me!")
        .await;
    bot.expect("#ops witbot: It is mine.").await;
    bot.expect("#ops witbot: Hear me").await;
    bot.expect("    Who: @channel hear me!").await;
    bot.expect("#ops witbot: It is mine.").await;
    bot.say("grab person ada").await;
    let mut lines = [bot.expect("…").await, bot.expect("…").await];
    lines.sort();
    assert_eq!(
        lines,
        ["#console witbot: It is mine.", "@ada witbot: Hear me!"]
    );
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_cards_is_cut_off() {
    let mut bot = Bot::start(Home::new().with_guest("greedy").with_settings(GREEDY)).await;
    bot.say("grab screen").await;
    for number in 0..50 {
        bot.expect(&format!("#console witbot: Card {number}")).await;
    }
    bot.expect("#console witbot: a run may have 50 messages, edits and questions")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_said_is_refused_with_the_reason() {
    let mut bot = Bot::start(Home::new().with_guest("greedy").with_settings(GREEDY)).await;
    bot.ask("grab space", "#console witbot: Listen!").await;
    let reasons = [
        "the title of a card cannot be empty",
        "the title of a card has to be one line",
        "…bytes, not 20000",
        "…bytes, not 20001",
        "a card can have 20 fields, not 21",
        "a card can have 10 buttons, not 11",
        "…bytes, not 20002",
        "`javascript:alert(1)` is not an address…",
        "a menu needs a command to choose",
        "a menu can have 100 commands, not 101",
        "a message needs some text",
        "`no such id` is not a user id: …",
        "`no address` is not an address…",
        "a message can have 500 pieces of text, not 501",
        "`:eyes:` is not the name of an emoji: …",
    ];
    for (line, reason) in reasons.into_iter().enumerate() {
        let before = if line == 0 { "#console witbot:" } else { "   " };
        bot.expect(&format!("{before} invalid: {reason}")).await;
    }
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_a_handler_is_told_as_it_is() {
    let mut bot = Bot::start(Home::new().with_guest("waits")).await;
    bot.ask("wait not", "#console witbot: I would rather not wait.")
        .await;
    bot.stop().await;
}
