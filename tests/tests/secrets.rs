//! What the bot proves itself with appears nowhere: not in what is said, logged, printed or kept, and not in a plugin.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use witbot_tests::bot::Bot;
use witbot_tests::card::{self, LOG, SEE};
use witbot_tests::fakes::Outcome;
use witbot_tests::home::Home;
use witbot_tests::services::Services;

/// The bot's own, and one that a grant adds to requests.
const OWN: [&str; 4] = [
    "GITHUB_TOKEN",
    "GITHUB_WEBHOOK_SECRET",
    "CIRCLECI_TOKEN",
    "CIRCLECI_WEBHOOK_SECRET",
];

const SETTINGS: &str = r#"
[plugins.careful.grants]
github = [{ repository = "acme/api", permissions = ["contents:read", "contents:write"] }]

[[rules]]
decision = "allow"
"#;

/// All files below a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            let bytes = fs::read(&path).expect("it can be read");
            found.push((path.display().to_string(), bytes));
        }
    }
    found
}

/// A secret in all forms in which it could be written down.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let base64 = STANDARD.encode(secret);
    // The last characters of the form hang on what follows.
    let begin = base64[..base64.len() - 4].to_owned();
    vec![
        secret.into(),
        hex.clone().into(),
        hex.to_uppercase().into(),
        begin.into(),
    ]
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_written_down_or_reaches_a_plugin() {
    let services = Arc::new(Services::start().await);
    let home = Home::new()
        .with_plugin("deploy")
        .with_plugin("pipeline")
        .with_guest("careful")
        .with_settings(&format!("{}{SETTINGS}", services.settings()));
    let mut bot = Bot::start_for(home, &services).await;

    bot.say("deploy api/main to staging").await;
    let pipeline = services.pipeline().await;
    services.begin(&pipeline);
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    let done = [LOG, SEE];
    card::expect_soon(&bot, "console", "success", "Success. …", &done).await;
    let secrets: Vec<(&str, String)> = OWN
        .iter()
        .map(|name| {
            (
                *name,
                bot.home().secret(name).expect("the bot has it").to_owned(),
            )
        })
        .collect();
    for (name, secret) in &secrets {
        let reversed: String = secret.chars().rev().collect();
        bot.say(&format!("scan {reversed}")).await;
        let found = bot.expect_soon("#console witbot: found …").await;
        assert_eq!(found, "#console witbot: found 0 and itself", "{name}");
    }

    let mut seen: Vec<(String, Vec<u8>)> = Vec::new();
    for arguments in [
        &["check"][..],
        &["runs"],
        &["plugin", "list"],
        &["plugin", "show", "deploy"],
        &["plugin", "show", "careful"],
        &["audit", "show", "--limit", "10000"],
    ] {
        let answer = bot.home().witbot(arguments).await;
        let text = format!("{}{}", answer.printed, answer.complained);
        assert!(text.len() > 20, "{arguments:?} says something: {text}");
        seen.push((arguments.join(" "), text.into_bytes()));
    }
    let runs = bot.home().witbot(&["runs"]).await.printed;
    let ids = runs
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    for id in ids.filter(|id| id.len() >= 8) {
        for what in ["runs", "replay"] {
            let answer = bot.home().witbot(&[what, id]).await;
            let text = format!("{}{}", answer.printed, answer.complained);
            seen.push((format!("{what} {id}"), text.into_bytes()));
        }
    }
    bot.stop().await;
    seen.push((
        "what was said and logged".to_owned(),
        bot.everything().into_bytes(),
    ));
    seen.extend(files(bot.home().folder()));

    // The secret in reverse is what the test itself has said; forwards it is nowhere.
    for (name, secret) in &secrets {
        for form in forms(secret) {
            for (place, text) in &seen {
                assert!(!contains(text, &form), "{name} is in {place}");
            }
        }
        let reversed: String = secret.chars().rev().collect();
        let said = seen
            .iter()
            .any(|(_, text)| contains(text, reversed.as_bytes()));
        assert!(said, "the search finds what is there");
    }
}
