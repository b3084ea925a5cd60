//! Setting Slack up: the manifest, the check of tokens, and what is said when something is missing.

use serde_json::Value;
use witbot_tests::fakes::slack::{APP_TOKEN, BOT_TOKEN};
use witbot_tests::home::{Answer, Home};
use witbot_tests::manifest::{mistakes, read};
use witbot_tests::slack::Workspace;

const HTTP: [&str; 6] = [
    "slack",
    "manifest",
    "--mode",
    "http",
    "--url",
    "https://bot.example.com/",
];

async fn scopes(home: &Home) -> Vec<String> {
    let manifest = read(&home.witbot(&["slack", "manifest"]).await.ok());
    let scopes = manifest["oauth_config"]["scopes"]["bot"].as_array();
    let scopes = scopes.expect("there are scopes").iter();
    scopes
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

#[track_caller]
fn refused(answer: &Answer, parts: &[&str]) {
    assert_eq!(answer.code, Some(64), "{answer:?}");
    assert!(answer.printed.is_empty(), "{answer:?}");
    // The lines of a report are broken where they are full.
    let said: Vec<&str> = answer.complained.split_whitespace().collect();
    let said = said.join(" ");
    for part in parts {
        assert!(said.contains(part), "{part}: {}", answer.complained);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_keeps_the_rules_of_slack_in_both_modes() {
    let home = Home::new();
    let long = "a-bot-with-a-name-of-31-letters";
    for arguments in [
        ["slack", "manifest"].as_slice(),
        &[
            "slack",
            "manifest",
            "--mode",
            "socket",
            "--name",
            "Deploy Bot",
        ],
        &["slack", "manifest", "--name", long],
        &HTTP,
    ] {
        let manifest = read(&home.witbot(arguments).await.ok());
        assert_eq!(mistakes(&manifest), [""; 0], "{manifest}");
        let over_http = arguments == HTTP;
        let settings = &manifest["settings"];
        assert_eq!(settings["socket_mode_enabled"].as_bool(), Some(!over_http));
        assert_eq!(
            settings["interactivity"]["is_enabled"].as_bool(),
            Some(true)
        );
        let command = &manifest["features"]["slash_commands"][0];
        assert_eq!(command["should_escape"].as_bool(), Some(true));
        let urls = [
            &settings["event_subscriptions"]["request_url"],
            &settings["interactivity"]["request_url"],
            &command["url"],
        ]
        .map(Value::as_str);
        let expected = ["events", "interactions", "commands"]
            .map(|route| format!("https://bot.example.com/hooks/slack/{route}"));
        match over_http {
            true => assert_eq!(urls, expected.each_ref().map(|url| Some(url.as_str()))),
            false => assert_eq!(urls, [None; 3]),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_follows_the_settings() {
    let home = Home::new().with_settings("[slack]\nmode = \"http\"");
    refused(
        &home.witbot(&["slack", "manifest"]).await,
        &["`--url https://bot.example.com`"],
    );
    // Keys at the top stand before the first table.
    std::fs::write(home.folder().join("hal.toml"), "name = \"Hal\"").unwrap();
    let printed = home
        .witbot(&["slack", "manifest", "--config", "hal.toml"])
        .await
        .ok();
    let manifest = read(&printed);
    assert_eq!(
        manifest["display_information"]["name"].as_str(),
        Some("Hal")
    );
    let features = &manifest["features"];
    assert_eq!(features["bot_user"]["display_name"].as_str(), Some("Hal"));
    assert_eq!(
        features["slash_commands"][0]["command"].as_str(),
        Some("/hal")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_would_not_take_is_refused() {
    let home = Home::new();
    let too_long = "a".repeat(32);
    for (more, part) in [
        (
            ["--name", too_long.as_str()].as_slice(),
            "at most 31 letters",
        ),
        (&["--name", "Käthe"], "`Käthe` cannot be the name"),
        (&["--name", ""], "cannot be the name"),
        (
            &["--url", "https://bot.example.com"],
            "or say `--mode http` as well",
        ),
        (&["--mode", "http"], "where it reaches the bot"),
        (
            &["--mode", "http", "--url", "bot.example.com"],
            "such as `https://bot.example.com`",
        ),
        (
            &["--mode", "http", "--url", "http://bot.example.com"],
            "begins with `https://`",
        ),
        (
            &["--mode", "http", "--url", "https://me:pw@bot.example.com"],
            "leave out the user",
        ),
        (
            &["--mode", "http", "--url", "https://bot.example.com/?a=b"],
            "begins with `?`",
        ),
        (&["--mode", "rtm"], "rtm"),
    ] {
        let arguments = [["slack", "manifest"].as_slice(), more].concat();
        refused(&home.witbot(&arguments).await, &[part]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_without_its_secrets_does_not_start() {
    let home = Home::new();
    let answer = home.witbot(&["run", "--chat", "slack"]).await;
    refused(
        &answer,
        &[
            "`SLACK_BOT_TOKEN` is not set",
            "OAuth & Permissions",
            "`SLACK_APP_TOKEN` is not set",
            "connections:write",
        ],
    );
    // The folder may be there, since what it can reach is settled before it reads a secret.
    let left = std::fs::read_dir(home.data()).map(|mut files| files.next().is_none());
    assert!(left.unwrap_or(true), "the data folder is empty");

    // The token alone says that the bot is to talk at Slack.
    let home = home.with_secret("SLACK_BOT_TOKEN", BOT_TOKEN);
    for command in [["run"].as_slice(), &["run", "--chat", "slack"]] {
        refused(
            &home.witbot(command).await,
            &["`SLACK_APP_TOKEN` is not set"],
        );
    }
    let home = home.with_settings("[slack]\nmode = \"http\"");
    refused(
        &home.witbot(&["run"]).await,
        &["`SLACK_SIGNING_SECRET` is not set", "Basic Information"],
    );
    let script = home.folder().join("script.txt");
    std::fs::write(&script, "help\n").unwrap();
    refused(
        &home
            .witbot(&["run", "--chat", "slack", "--script", "script.txt"])
            .await,
        &["leave one of the two out"],
    );
    // A script is said in the terminal, and so is what somebody asks for by name.
    home.witbot(&["run", "--script", "script.txt"]).await.ok();

    let home = Home::new().with_secret("SLACK_BOT_TOKEN", APP_TOKEN);
    let answer = home.witbot(&["run"]).await;
    refused(
        &answer,
        &["`SLACK_BOT_TOKEN` is an app-level token (`xapp-`)"],
    );
    assert!(!answer.complained.contains(APP_TOKEN), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_lists_the_secrets_of_slack() {
    let home = Home::new();
    let without = home.witbot(&["check", "--online"]).await.ok();
    for part in [
        "SLACK_BOT_TOKEN: not set",
        "SLACK_APP_TOKEN: not set",
        "SLACK_SIGNING_SECRET: not set",
        "Slack: not asked",
    ] {
        assert!(without.contains(part), "{part}: {without}");
    }
    let home = home.with_secret("SLACK_BOT_TOKEN", BOT_TOKEN);
    let half = home.witbot(&["check"]).await;
    assert_eq!(half.code, Some(64), "{half:?}");
    assert!(half.complained.contains("SLACK_APP_TOKEN"), "{half:?}");

    let home = home.with_secret("SLACK_APP_TOKEN", APP_TOKEN);
    let offline = home.witbot(&["check"]).await.ok();
    assert!(offline.contains("SLACK_BOT_TOKEN: set"), "{offline}");
    assert!(offline.contains("SLACK_APP_TOKEN: set"), "{offline}");
    assert!(!offline.contains("Slack: "), "{offline}");
    assert!(!offline.contains(BOT_TOKEN), "{offline}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_online_says_what_slack_says() {
    let workspace = Workspace::start().await;
    let home = workspace
        .known_to(Home::new())
        .with_settings(&workspace.settings("socket", ""));
    // The scopes of the manifest are all that is needed.
    let scopes = scopes(&home).await;
    workspace
        .slack
        .behave(|slack| slack.scopes = scopes.clone());
    let well = home.witbot(&["check", "--online"]).await.ok();
    for part in [
        "Slack: SLACK_BOT_TOKEN is good: the bot is @witbot",
        "Slack: all scopes that the bot needs are there",
        "Slack: SLACK_APP_TOKEN is good: a socket was opened, and closed again",
        "GitHub, CircleCI: not asked",
    ] {
        assert!(well.contains(part), "{part}: {well}");
    }
    assert!(
        !well.contains(BOT_TOKEN) && !well.contains(APP_TOKEN),
        "{well}"
    );

    workspace.slack.behave(|slack| slack.without("im:write"));
    let lacking = home.witbot(&["check", "--online"]).await;
    assert_eq!(lacking.code, Some(1), "{lacking:?}");
    assert!(
        lacking.printed.contains(
            "  - im:write, to begin direct messages (conversations.open)\n  help: add them at "
        ),
        "{lacking:?}"
    );

    let home = home.with_settings(&workspace.settings("http", ""));
    workspace
        .slack
        .behave(|slack| slack.scopes = scopes.clone());
    let http = home.witbot(&["check", "--online"]).await.ok();
    assert!(http.contains("SLACK_SIGNING_SECRET is not tried"), "{http}");
    assert!(!http.contains("a socket was opened"), "{http}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_online_knows_a_wrong_token() {
    let workspace = Workspace::start().await;
    let settings = workspace.settings("socket", "");
    for (bot, app, part) in [
        (
            "xoxb-other",
            APP_TOKEN,
            "SLACK_BOT_TOKEN is of no use: Slack answers `invalid_auth`",
        ),
        (
            BOT_TOKEN,
            "xapp-other",
            "there is no socket: Slack does not know the app-level token",
        ),
    ] {
        let home = Home::new()
            .with_settings(&settings)
            .with_secret("SLACK_BOT_TOKEN", bot)
            .with_secret("SLACK_APP_TOKEN", app);
        let answer = home.witbot(&["check", "--online"]).await;
        assert_eq!(answer.code, Some(1), "{answer:?}");
        assert!(answer.printed.contains(part), "{part}: {answer:?}");
    }
}
