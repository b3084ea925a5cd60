//! The permission sheet: what a plugin may do and did with that, what is different in a version that is held, and grants that
//! are written into the settings, or tried.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use witbot_tests::bot::Bot;
use witbot_tests::home::{self, Home};

const GREEDY: &str = r#"
# What greed may have.
[plugins.greedy.grants]
github = [{ repository = "acme/api", permissions = ["contents:read"] }] # To look.
chat = [{ channel = "ops" }]
http = [{ host = "status.example.com" }]
"#;

const KV: &str = "[plugins.remembers.grants]\nkv = [{ max_bytes = 1024 }]";

const DENIED: &str = r#"github = [{ repository = "acme/web", permissions = ["contents:read", "deployments:read"] }]"#;

async fn show(home: &Home, name: &str) -> String {
    home.witbot(&["plugin", "show", name]).await.ok()
}

fn settings(home: &Home) -> String {
    fs::read_to_string(home.folder().join("witbot.toml")).expect("the home has settings")
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_and_denied_is_shown_beside_the_bot_and_after_it() {
    let home = Home::new().with_guest("greedy").with_settings(GREEDY);
    has(
        &show(&home, "greedy").await,
        &["used in the last 30 days:\n  nothing\nstate: live\n"],
    );
    let mut bot = Bot::start(home).await;
    bot.ask("grab repository acme/api", "#console witbot: It is mine.")
        .await;
    for _ in 0..2 {
        bot.ask("grab repository acme/web", "#console witbot: denied: …")
            .await;
    }
    // Said in one channel, it comes in order.
    bot.ask("@ada #ops: grab channel ops", "#ops witbot: Hear me!")
        .await;
    bot.expect("#ops witbot: It is mine.").await;
    let parts = [
        "  [[github]]\n  repository = \"acme/api\"",
        "\n  chat.post ops: once, last 20",
        "denied in the last 30 days:\n  github.open acme/web: 2 times, last 20",
        &format!("    allowed by: {DENIED}\n"),
    ];
    let beside = show(bot.home(), "greedy").await;
    has(&beside, &parts);
    assert!(!beside.contains("github.open acme/api"), "{beside}");
    bot.kill9_and_restart().await;
    has(&show(bot.home(), "greedy").await, &parts);
    bot.stop().await;
    has(&show(bot.home(), "greedy").await, &parts);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_denied_is_granted_and_takes_effect() {
    let mut bot = Bot::start(Home::new().with_guest("greedy").with_settings(GREEDY)).await;
    bot.ask("grab repository acme/web", "#console witbot: denied: …")
        .await;
    let file = bot.home().folder().join("witbot.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let before = settings(bot.home());

    let unasked = bot
        .home()
        .witbot(&["plugin", "grant", "greedy", "--denied"])
        .await;
    assert_eq!(unasked.code, Some(64), "{unasked:?}");
    has(&unasked.printed, &[DENIED]);
    has(&unasked.complained, &["--yes"]);
    assert_eq!(settings(bot.home()), before);

    let granted = bot
        .home()
        .witbot(&["plugin", "grant", "greedy", "--denied", "--yes"])
        .await
        .ok();
    has(&granted, &[DENIED, "written into"]);
    let after = settings(bot.home());
    has(
        &after,
        &[
            "# What greed may have.\n",
            r#"permissions = ["contents:read"] }, { repository = "acme/web", permissions = ["contents:read", "deployments:read"] }] # To look."#,
            "\nchat = [{ channel = \"ops\" }]\n",
        ],
    );
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    bot.expect_log("INFO the settings are taken up").await;
    bot.ask("grab repository acme/web", "#console witbot: It is mine.")
        .await;
    has(&show(bot.home(), "greedy").await, &["is allowed since"]);
    let again = bot
        .home()
        .witbot(&["plugin", "grant", "greedy", "--denied", "--yes"])
        .await
        .ok();
    has(&again, &["nothing is written"]);
    assert_eq!(settings(bot.home()), after);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_asks_for_more_is_held_with_what_is_different_in_it() {
    let mut bot = Bot::start(Home::new().with_guest("remembers").with_settings(KV)).await;
    bot.ask("count", "#console witbot: Count: 1.").await;
    bot.home().put("remembers", &home::guest("inspects"));
    let log = bot
        .expect_log(
            "WARN [remembers] the plugin is held (the version before it goes on serving): …",
        )
        .await;
    let lines = [
        "- commands: recall – Shows the count.",
        "+ commands: merge <head> into <base> – Merges.",
        "- imports: witbot:kv/kv@",
        "+ imports: witbot:github/github@",
        "- wants: kv: To keep the count.",
        "+ wants: github: To look, and to merge.",
    ];
    has(&log.shown(), &lines);
    bot.ask(
        "plugins",
        "#console witbot: remembers  …  live; a newer version is held: it needs a grant for github; …(+…-…)",
    )
    .await;
    has(&show(bot.home(), "remembers").await, &lines);
    has(
        &show(bot.home(), "remembers").await,
        &["new since ", "kv.get: "],
    );
    let list = bot.home().witbot(&["plugin", "list"]).await.ok();
    has(&list, &["held: it needs a grant for github", " (+"]);
    bot.ask("count", "#console witbot: Count: 2.").await;

    let arguments = [
        "plugin",
        "grant",
        "remembers",
        "--repository",
        "acme/api",
        "--environment",
        "staging",
        "--environment",
        "qa",
        "--yes",
    ];
    let granted = bot.home().witbot(&arguments).await.ok();
    let line = r#"github = [{ repository = "acme/api", permissions = ["contents:read", "deployments:write"], environments = ["staging", "qa"] }]"#;
    has(&granted, &[line]);
    has(&settings(bot.home()), &[&format!("{KV}\n{line}\n")]);
    bot.expect_again("INFO [remembers] the plugin is live")
        .await;
    let now = show(bot.home(), "remembers").await;
    has(&now, &["state: live\n"]);
    assert!(!now.contains("new since"), "{now}");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_that_are_tried_deny_nothing_and_are_audited_once_a_day() {
    let tried = "[plugins.remembers.observe]\nkv = []\nchat = [{ channel = \"ops\" }]";
    let home = Home::new()
        .with_guest("remembers")
        .with_settings(&format!("{KV}\n{tried}"));
    let mut bot = Bot::start(home).await;
    for number in 1..=3 {
        bot.ask("count", &format!("#console witbot: Count: {number}."))
            .await;
    }
    let sheet = show(bot.home(), "remembers").await;
    has(
        &sheet,
        &[
            "tried, and not enforced:\n  [[chat]]\n",
            "would be denied:\n  kv.get: 3 times, last ",
            "    allowed by: kv = [{ max_bytes = 1048576 }]\n",
        ],
    );
    assert!(!sheet.contains("denied in the last"), "{sheet}");
    let audit = bot.home().witbot(&["audit", "show"]).await.ok();
    let lines = audit.lines().filter(|line| line.contains("\"would-deny\""));
    let lines: Vec<&str> = lines.collect();
    // Reading and writing.
    assert_eq!(lines.len(), 2, "{audit}");
    bot.home().witbot(&["audit", "verify"]).await.ok();
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_granted_is_refused_and_nothing_is_written() {
    let home = Home::new().with_guest("greedy").with_guest("remembers");
    let before = settings(&home);
    for (arguments, code, told) in [
        (&["nobody"][..], 1, "plugins there: greedy, remembers"),
        (&["greedy", "--yes"], 64, "is missing for the grant of"),
        (
            &["greedy", "--set", "REPO=acme/api"],
            64,
            "there is no blank `REPO`",
        ),
        (&["greedy", "--set", "REPOSITORY"], 64, "has no `=`"),
        (
            &["remembers", "--channel", "ops", "--yes"],
            64,
            "has the blank CHANNEL",
        ),
        (&["remembers"], 64, "--yes"),
        (
            &[
                "greedy",
                "--yes",
                "--channel",
                "ops",
                "--repository",
                "no repository",
                "--environment",
                "qa",
                "--host",
                "status.example.com",
                "--set",
                "PATH=/",
            ],
            64,
            "is not a repository",
        ),
    ] {
        let arguments = [&["plugin", "grant"][..], arguments].concat();
        let answer = home.witbot(&arguments).await;
        assert_eq!(answer.code, Some(code), "{arguments:?}: {answer:?}");
        has(&answer.complained, &[told]);
        assert_eq!(settings(&home), before, "{arguments:?}");
    }
    let granted = home
        .witbot(&["plugin", "grant", "remembers", "--yes"])
        .await;
    has(
        &granted.ok(),
        &["[plugins.remembers.grants]\nkv = [{ max_bytes = 1048576 }]\nwritten into"],
    );
    let after = settings(&home);
    has(&after, &[&before, "\n[plugins.remembers.grants]\nkv = "]);
    has(&show(&home, "remembers").await, &["state: live\n"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_makes_the_file_that_was_not_there() {
    let home = Home::new().with_guest("remembers");
    fs::remove_file(home.folder().join("witbot.toml")).unwrap();
    home.witbot(&["plugin", "grant", "remembers", "--yes"])
        .await
        .ok();
    assert_eq!(
        settings(&home),
        "[plugins.remembers.grants]\nkv = [{ max_bytes = 1048576 }]\n"
    );
}
