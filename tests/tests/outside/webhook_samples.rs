//! Every sample of GitHub's webhooks is taken, and reaches the plugins that subscribed to it.

use std::time::Duration;

use reqwest::StatusCode;
use witbot_tests::bot::Bot;
use witbot_tests::home::Home;
use witbot_tests::outside::samples::Sample;

const SECRET: &str = "known-to-github-and-the-bot";
/// GitHub waits for so long.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

const GRANTS: &str = r#"
[plugins.hears.grants]
github = [{ repository = "*", permissions = ["contents:read"] }]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_is_taken_and_heard_of() {
    let samples = Sample::all();
    assert!(samples.len() > 700, "{}", samples.len());
    let home = Home::new()
        .with_guest("hears")
        .with_settings(GRANTS)
        .with_secret("GITHUB_WEBHOOK_SECRET", SECRET);
    let mut bot = Bot::start(home).await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(ANSWER_TIME_MAX);
    let client = client.build().expect("nothing of it is unusual");

    let shown = bot.home().witbot(&["plugin", "show", "hears"]).await.ok();
    let mut heard = 0;
    for sample in &samples {
        let answer = sample.send(&client, &bot, SECRET).await;
        let status = answer.status();
        let said = answer.text().await.unwrap_or_default();
        match (sample.event.as_str(), status) {
            (_, StatusCode::ACCEPTED) => heard += usize::from(is_heard(&shown, sample)),
            // Many samples are of one deployment, which is created once and gets each status once.
            ("ping" | "deployment" | "deployment_status", StatusCode::OK) => {}
            (_, _) => panic!("{}: {status} {said}", sample.name),
        }
    }
    // All that are about a repository, but for what only older servers send.
    assert!(heard > 560, "{heard}: {shown}");
    bot.expect_logs("INFO [hears] heard github.…", heard).await;
    bot.stop().await;
    assert_eq!(bot.logged("INFO [hears] heard…").len(), heard);
    for trouble in ["ERROR…", "WARN…", "PLAIN…"] {
        let logged = bot.logged(trouble);
        assert!(logged.is_empty(), "{logged:#?}");
    }
}

/// Whether the plugin subscribed to it, and may hear of it.
fn is_heard(shown: &str, sample: &Sample) -> bool {
    let kind = format!("github.{}", sample.event);
    let mut words = shown.split_whitespace();
    sample.repository().is_some() && words.any(|word| word.trim_end_matches(',') == kind)
}
