//! A storm of alerts: all come at once, and the channel sees few messages. `WITBOT_ALERTS` says how many; 10,000 unless set.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Client;
use serde_json::json;
use tokio::time::interval;
use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

/// What a channel sees at the most in a minute.
const MESSAGES_MAX: usize = 10;
const SENDERS: usize = 16;
/// How often it is asked whether all are there, and how often at the most.
const LOOK: Duration = Duration::from_millis(500);
const LOOKS_MAX: usize = 600;

const SETTINGS: &str = r#"
[plugins.alerts.settings]
channel = "ops"

[plugins.alerts.grants]
chat = [{ channel = "ops" }]
kv = [{ max_bytes = 67108864 }]
schedules = [{ at_most_every = "1m" }]
webhooks = [{ name = "alerts", verify = "none" }]
"#;

fn count() -> usize {
    let given = std::env::var("WITBOT_ALERTS").ok();
    given.map_or(10_000, |given| {
        given.parse().expect("WITBOT_ALERTS is a number")
    })
}

async fn send(client: &Client, url: &str, number: usize) {
    let key = format!("disk-{number}");
    let data = json!({ "title": format!("Disk {number} is full"), "severity": "critical", "status": "firing", "key": key });
    let body = json!({ "type": "alert.firing", "timestamp": "2026-11-23T17:00:00Z", "data": data });
    let sent = client.post(url).json(&body).send().await;
    let answer = sent.expect("the bot answers");
    assert!(
        answer.status().is_success(),
        "{number}: {}",
        answer.status()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_alerts_is_few_messages_and_nothing_is_lost() {
    let home = Home::new().with_plugin("alerts").with_settings(SETTINGS);
    let mut bot = Bot::start(home).await;
    let (all, next) = (count(), Arc::new(AtomicUsize::new(1)));
    let url = format!("{}/hooks/in/alerts", bot.url());
    let client = Client::builder()
        .no_proxy()
        .build()
        .expect("it needs nothing of the system");
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (client, url, next) = (client.clone(), url.clone(), next.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number > all {
                        return;
                    }
                    send(&client, &url, number).await;
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.expect("nothing went wrong");
    }
    // What the bot has taken, it works off. Until then it is busy, and says so.
    let mut open = 0;
    let mut look = interval(LOOK);
    for _ in 0..LOOKS_MAX {
        look.tick().await;
        bot.say("@ada #dev: alerts").await;
        let line = bot.expect_soon("#dev witbot: …").await;
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        open = match line.ends_with(" alerts are open:") {
            true => digits.parse().expect("it says how many"),
            false => 0,
        };
        if open == all {
            break;
        }
    }
    assert_eq!(open, all, "so many alerts are kept");
    bot.say("@ada #dev: alerts show 1").await;
    bot.expect_soon("#dev witbot: [failure] #1 Disk …").await;
    bot.stop_unread().await;
    let printed = bot.everything();
    let posted = printed
        .lines()
        .filter(|line| line.starts_with("#ops witbot: "));
    let posted = posted.count();
    assert!(
        (2..=MESSAGES_MAX).contains(&posted),
        "{posted} messages:\n{printed}"
    );
}
