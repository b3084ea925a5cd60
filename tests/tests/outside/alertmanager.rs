//! Prometheus Alertmanager itself tells the bot of alerts, and is told to be silent by it.

use serde_json::json;
use witbot_tests::alertmanager::{Alertmanager, free_address};
use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

const TOKEN: &str = "known-to-alertmanager-and-the-bot";

fn home(address: &str) -> Home {
    let settings = format!(
        r#"
[plugins.alerts.settings]
channel = "ops"
alertmanager_url = "http://{address}"

[plugins.alerts.grants]
chat = [{{ channel = "ops" }}]
kv = [{{ max_bytes = 1048576 }}]
schedules = [{{ at_most_every = "1m" }}]
webhooks = [{{ name = "alertmanager", verify = "token", secret = "ALERTMANAGER_SECRET" }}]
http = [{{ host = "{address}", methods = ["POST"], path = "/api/v2/silences", private = true }}]
"#
    );
    Home::new()
        .with_plugin("alerts")
        .with_settings(&settings)
        .with_secret("ALERTMANAGER_SECRET", TOKEN)
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_come_and_go_and_are_silenced() {
    let address = free_address();
    let mut bot = Bot::start(home(&address)).await;
    let webhook = format!("{}/hooks/in/alertmanager", bot.url());
    let alertmanager = Alertmanager::start(&address, &webhook, TOKEN).await;

    let full = json!({ "alertname": "DiskFull", "severity": "critical", "instance": "a:9100" });
    alertmanager
        .tell(full.clone(), "The disk is full.", None)
        .await;
    bot.expect_soon("#ops witbot: [failure] #1 DiskFull…").await;
    bot.expect_soon("…The disk is full.").await;
    let over = Some("2026-01-01T00:00:00Z");
    alertmanager.tell(full, "The disk is full.", over).await;
    bot.expect_soon("#ops witbot (edited): [success] #1 DiskFull…")
        .await;

    let down = json!({ "alertname": "InstanceDown", "severity": "warning", "instance": "b:9100" });
    alertmanager.tell(down, "b:9100 is down.", None).await;
    bot.expect_soon("#ops witbot: [warning] #2 InstanceDown…")
        .await;
    // What the button stands for.
    bot.expect_soon("…[Silence 2h] `alerts silence 2 for 2h`")
        .await;
    bot.say("@ada #ops: alerts silence 2 for 2h").await;
    bot.expect_soon("#ops witbot: ada silenced #2 InstanceDown until …")
        .await;
    alertmanager.silenced("InstanceDown").await;
    let silences = alertmanager.silences().await;
    assert_eq!(silences.len(), 1, "{silences:?}");
    assert_eq!(silences[0]["createdBy"], "ada");
    assert_eq!(silences[0]["status"]["state"], "active");
    bot.stop_unread().await;
}
