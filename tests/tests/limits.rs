//! What a plugin may use up is the operator's to say, and what a run that failed used up is told to who wrote the plugin.

use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

const CRASHED: &str = "#console witbot: `traps` failed: …Incident …; the log says more.";

async fn bot(settings: &str) -> Bot {
    let home = Home::new()
        .with_plugin("hello")
        .with_guest("traps")
        .with_settings(settings);
    let mut bot = Bot::start(home).await;
    bot.forgive("ERROR [traps] …");
    bot
}

/// The report of a command that fails, as an operator reads it.
async fn report(bot: &mut Bot, command: &str) -> String {
    let line = bot.ask(command, CRASHED).await;
    let after = line.split_once("Incident ").map_or("", |(_, after)| after);
    let incident = after.split_once(';').map_or("", |(incident, _)| incident);
    assert!(!incident.is_empty(), "{line}");
    bot.home().witbot(&["runs", incident]).await.ok()
}

#[track_caller]
fn has(report: &str, parts: &[&str]) {
    for part in parts {
        assert!(report.contains(part), "no `{part}` in\n{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_of_a_failure_has_what_led_to_it_and_is_kept() {
    let mut bot = bot("").await;
    let panicked = report(&mut bot, "trap panic").await;
    let parts = [
        "trace:",
        "panics",
        // The guest is built with its lines.
        "src/lib.rs:",
        "calls to the host: none",
        "last lines of its log:",
        "this was to be expected",
        "used: computing 0.",
        "0 of 500 calls",
        "event: console ",
    ];
    has(&panicked, &parts);
    let flooded = report(&mut bot, "trap calls").await;
    let parts = [
        "calls to the host, the last 10 of 501:\n  flow.sleep -> ok\n",
        "  flow.sleep -> too much\n",
        "500 of 500 calls",
    ];
    has(&flooded, &parts);
    bot.expect_log("ERROR [traps] the run made more than 500 calls to the host…the last 10 of 501:…flow.sleep -> too much…")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_the_operators_and_hold_for_the_next_call() {
    let mut bot = bot("[plugins.traps.limits]\ncalls = 7\nmemory_mib = 3\nlog_kib = 1\n").await;
    let flooded = report(&mut bot, "trap calls").await;
    has(
        &flooded,
        &[
            "more than 7 calls",
            "7 of 7 calls",
            "memory 1.",
            "of 3 MiB",
            "of 1 KiB",
        ],
    );
    let eaten = report(&mut bot, "trap memory").await;
    has(&eaten, &["it needed more than 3 MiB of memory"]);
    bot.ask("trap log", "#console witbot: I wrote a lot.").await;
    bot.expect_log("WARN [traps] … further log lines were dropped: a run may log 1024 bytes")
        .await;
    let shown = bot.home().witbot(&["plugin", "show", "traps"]).await.ok();
    has(
        &shown,
        &["limits of its own:", "memory_mib = 3 (default 64)"],
    );
    let checked = bot.home().witbot(&["check"]).await.ok();
    has(&checked, &["traps has limits of its own: memory_mib = 3"]);

    bot.home()
        .write_settings("[plugins.traps.limits]\ncalls = 9\n");
    bot.expect_log("INFO the settings are taken up").await;
    let flooded = report(&mut bot, "trap calls").await;
    has(&flooded, &["more than 9 calls", "9 of 9 calls"]);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_when_the_queue_is_full_is_told_so_and_others_are_answered() {
    let limits = "[plugins.traps.limits]\ninstances = 1\nwaiting = 1\ncall_seconds = 2\n";
    let mut bot = bot(limits).await;
    for _ in 0..3 {
        bot.say("trap loop").await;
    }
    bot.expect(
        "#console witbot: `traps` is busy: 1 calls of it run and 1 wait. Try again in a moment.",
    )
    .await;
    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
    for _ in 0..2 {
        bot.expect("#console witbot: `traps` failed: it computed for too long. Incident …")
            .await;
    }
    // The place is free again.
    report(&mut bot, "trap panic").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_waits_in_its_order_also_over_a_kill() {
    const LINES: usize = 40;
    let limits = "[plugins.traps.limits]\ninstances = 1\nwaiting = 1\ncall_seconds = 3\n";
    let mut bot = bot(limits).await;
    bot.say("trap loop").await;
    for line in 1..=LINES {
        bot.say(&format!("number {line}")).await;
    }
    // The first waits for the place itself.
    bot.expect_logs("INFO [traps] the run begins later: …", LINES - 1)
        .await;
    bot.kill9_and_restart().await;
    bot.forgive("WARN [traps] the run is refused: …");
    let mut told = Vec::new();
    // The loop had not done anything yet, so it begins again, or is told that the plugin is busy.
    for _ in 0..=LINES {
        let line = bot.expect("#console witbot: …").await;
        let number = line.strip_prefix("#console witbot: It was ");
        let number = number.and_then(|number| number.trim_end_matches('.').parse::<usize>().ok());
        told.extend(number);
    }
    told.retain(|number| *number != 1);
    // They begin in their order. An answer is stored after the next one has begun, so neighbours may change places: on a busy
    // machine also with the one behind the next.
    for (place, number) in (2..).zip(&told) {
        assert!(number.abs_diff(place) <= 3, "{told:?}");
    }
    told.sort_unstable();
    assert_eq!(told, (2..=LINES).collect::<Vec<_>>());
    bot.stop().await;
}
