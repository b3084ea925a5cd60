//! Who may have what done: rules, confirmation and approval, on the console.

use std::sync::Arc;

use serde_json::Value;

use witbot_tests::bot::Bot;
use witbot_tests::home::Home;
use witbot_tests::services::Services;

const SETTINGS: &str = r#"
[plugins.careful.grants]
github = [{ repository = "acme/api", permissions = ["contents:read", "contents:write"] }]

[roles.crew]
users = ["ada", "bob"]

[roles.leads]
users = ["bob", "cyd"]

[[rules]]
name = "production"
plugin = "careful"
commands = ["ship"]
arguments = { env = "production" }
who = ["crew"]
decision = "approve"
approvers = ["leads"]
reason = "two pairs of eyes"

[[rules]]
name = "outsiders"
plugin = "careful"
commands = ["ship"]
arguments = { env = "production" }
decision = "deny"
reason = "ask the crew"

[[rules]]
plugin = "careful"
commands = ["ship", "sneak"]
decision = "allow"

[[rules]]
name = "think"
plugin = "careful"
commands = ["wipe"]
arguments = { what = "logs" }
who = ["crew"]
decision = "confirm"

[[rules]]
name = "lift-off"
plugin = "careful"
commands = ["listener"]
arguments = { env = "mars" }
decision = "deny"
"#;

async fn bot() -> (Arc<Services>, Bot) {
    let services = Arc::new(Services::start().await);
    let home = Home::new()
        .with_guest("careful")
        .with_settings(&format!("{}{SETTINGS}", services.addresses()));
    let bot = Bot::start_for(home, &services).await;
    services.github.hold_webhooks();
    (services, bot)
}

/// What of the audit says so.
async fn audited(bot: &Bot, action: &str, outcome: &str) -> usize {
    let answer = bot
        .home()
        .witbot(&["audit", "show", "--limit", "1000"])
        .await;
    let records = answer
        .printed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line is a record"));
    records
        .filter(|record| record["action"] == action && record["outcome"] == outcome)
        .count()
}

/// Says something, and waits for a line, whatever is printed before it.
async fn said(bot: &mut Bot, line: &str, answer: &str) {
    bot.say(line).await;
    bot.expect_soon(answer).await;
}

/// How often something was merged at GitHub: what the plugin does when it may.
fn merges(services: &Services) -> usize {
    let requests = services.github.requests();
    let merges = requests
        .iter()
        .filter(|request| request.path.ends_with("/merges"));
    merges.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_approval_is_done_when_somebody_else_approves_it() {
    let (services, mut bot) = bot().await;
    bot.ask(
        "@ada #ops: ship prod",
        "#ops witbot: @ada wants `ship prod`.",
    )
    .await;
    bot.expect("    env: `production`").await;
    bot.expect("    commit: `c0ffee`").await;
    bot.expect("    1 approval by `leads` needed, by rule `production`: two pairs of eyes. Nobody approves what they asked for themselves. [Approve / Deny]").await;
    // Neither she herself nor somebody else who is not among the leads.
    said(
        &mut bot,
        "@ada #ops: Approve",
        "#ops witbot: I do not know that command…",
    )
    .await;
    said(
        &mut bot,
        "@dan #ops: Approve",
        "#ops witbot: I do not know that command…",
    )
    .await;
    bot.kill9_and_restart().await;
    said(
        &mut bot,
        "@bob #ops: Approve",
        "#ops witbot: shipped to production after asking with …",
    )
    .await;
    assert_eq!(audited(&bot, "policy.judge", "asks").await, 1);
    assert_eq!(audited(&bot, "policy.judge", "allowed").await, 1);
    assert_eq!(merges(&services), 1);
    let verified = bot.home().witbot(&["audit", "verify"]).await;
    assert_eq!(verified.code, Some(0), "{}", verified.complained);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blanks_hide_nothing_from_those_who_approve() {
    let (_services, mut bot) = bot().await;
    let blanks = " ".repeat(3_000);
    bot.ask(
        &format!("@ada #ops: ship{blanks}prod"),
        "#ops witbot: @ada wants `ship prod`.",
    )
    .await;
    bot.expect("    env: `production`").await;
    bot.expect("    commit: `c0ffee`").await;
    bot.expect("    1 approval by `leads` needed, …[Approve / Deny]")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_what_they_asked_for_themselves() {
    let (services, mut bot) = bot().await;
    said(
        &mut bot,
        "@bob #ops: ship production",
        "    1 approval by `leads` needed…",
    )
    .await;
    said(
        &mut bot,
        "@bob #ops: Approve",
        "#ops witbot: I do not know that command…",
    )
    .await;
    said(
        &mut bot,
        "@cyd #ops: Deny",
        "#ops witbot: it was not approved; nothing was done",
    )
    .await;
    assert_eq!(merges(&services), 0);
    bot.forgive("WARN [careful] the handler gave up…");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_told_why_and_whom_to_ask() {
    let (services, mut bot) = bot().await;
    let told = "#ops witbot: You may not `ship env=production commit=c0ffee`: rule `outsiders` (ask the crew). Who can: `crew`, with 1 approval by `leads`.";
    // By the name that it goes by, by another, and by none.
    for line in ["ship production", "ship prod", "ship"] {
        bot.ask(&format!("@dan #ops: {line}"), told).await;
    }
    assert_eq!(merges(&services), 0);
    bot.ask(
        "@dan #ops: ship staging",
        "#ops witbot: shipped to staging at once with …",
    )
    .await;
    assert_eq!(merges(&services), 1);
    // Without a rule nobody does what is dangerous, and everybody what is not.
    let nobody = "#ops witbot: You may not `wipe disk`: it is a command that nobody may give unless a rule says so, and none does. Nobody can: no rule allows it.";
    bot.ask("@ada #ops: wipe disk", nobody).await;
    bot.ask("@dan #ops: look closely", "#ops witbot: looked at closely")
        .await;
    assert_eq!(audited(&bot, "command", "denied").await, 1);
    assert_eq!(audited(&bot, "policy.judge", "denied").await, 3);
    assert_eq!(merges(&services), 1);
    bot.forgive("WARN [careful] the handler gave up…");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_confirmed_is_asked_before_the_handler_is_called() {
    let (services, mut bot) = bot().await;
    let asks = "    You are asked to confirm it, by rule `think`. [Yes, do it / No]";
    said(&mut bot, "@ada #ops: wipe logs", asks).await;
    said(
        &mut bot,
        "@bob #ops: Yes, do it",
        "#ops witbot: I do not know that command…",
    )
    .await;
    bot.kill9_and_restart().await;
    said(
        &mut bot,
        "@ada #ops: No",
        "#ops witbot: it was not confirmed; nothing was done",
    )
    .await;
    assert_eq!(merges(&services), 0);
    said(&mut bot, "@ada #ops: wipe logs", asks).await;
    said(
        &mut bot,
        "@ada #ops: Yes, do it",
        "#ops witbot: wiped logs with …",
    )
    .await;
    assert_eq!(merges(&services), 1);
    bot.forgive("WARN [careful] the handler gave up…");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_before_permission_is_asked() {
    let (services, mut bot) = bot().await;
    bot.ask("@ada #ops: sneak", "#ops witbot: caught: denied")
        .await;
    assert_eq!(merges(&services), 0);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn help_and_listeners_keep_to_the_rules() {
    let (_services, mut bot) = bot().await;
    bot.say("@dan #ops: help").await;
    bot.expect("#ops witbot: careful: Asks whether it may, or does not.")
        .await;
    for command in [
        "look <what>",
        "ship [<env>]",
        "sneak [<env>]",
        "may <command> <env>",
    ] {
        bot.expect(&format!("    - `{command}` …")).await;
    }
    said(&mut bot, "@ada #ops: help", "    - `wipe <what>` …").await;
    said(
        &mut bot,
        "@dan #ops: may ship production",
        "#ops witbot: ship production: false",
    )
    .await;
    bot.ask(
        "@dan #ops: may ship staging",
        "#ops witbot: ship staging: true",
    )
    .await;
    bot.ask(
        "@ada #ops: may ship production",
        "#ops witbot: ship production: true",
    )
    .await;
    bot.ask(
        "@ada #ops: may fly production",
        "#ops witbot: fly production: the plugin has no command or listener `fly`",
    )
    .await;
    bot.say("@dan #ops: launch mars").await;
    said(
        &mut bot,
        "@dan #ops: launch moon",
        "#ops witbot: launched moon",
    )
    .await;
    assert_eq!(audited(&bot, "command", "denied").await, 1);
    bot.stop().await;
}
