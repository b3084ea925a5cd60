//! Prometheus Alertmanager, as Debian has it, on loopback.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

use crate::home;
use crate::transcript::AWAITED_MAX;

/// How often it is looked at. It tells nobody when it is ready.
const LOOK: Duration = Duration::from_millis(20);

/// A running Alertmanager. It is killed when it is dropped.
#[derive(Debug)]
pub struct Alertmanager {
    url: String,
    client: reqwest::Client,
    _process: Child,
    _folder: TempDir,
}

/// An address at which nothing listens now.
pub fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let address = listener.local_addr().expect("it has an address");
    address.to_string()
}

impl Alertmanager {
    /// Starts one at an address, which sends what it has to say to a webhook, with a token, and waits until it is ready.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn start(address: &str, webhook: &str, token: &str) -> Alertmanager {
        let folder = tempfile::tempdir().expect("the system's temporary folder can be written to");
        let config = folder.path().join("alertmanager.yml");
        std::fs::write(&config, settings(webhook, token)).expect("it can be written to");
        let process = Command::new(home::from_environment("WITBOT_ALERTMANAGER"))
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.path={}",
                folder.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            // It looks for no others.
            .arg("--cluster.listen-address=")
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program that WITBOT_ALERTMANAGER names can be started");
        let client = reqwest::Client::builder().no_proxy().build();
        let alertmanager = Alertmanager {
            url: format!("http://{address}"),
            client: client.expect("it needs nothing of the system"),
            _process: process,
            _folder: folder,
        };
        let is_ready = async || {
            let url = format!("{}/-/ready", alertmanager.url);
            let answer = alertmanager.client.get(url).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        };
        until(is_ready).await;
        alertmanager
    }

    /// Tells it of an alert, as Prometheus does. It is over when `ends` is said.
    ///
    /// # Panics
    ///
    /// When it does not take it.
    pub async fn tell(&self, labels: Value, summary: &str, ends: Option<&str>) {
        let mut alert = json!({ "labels": labels, "annotations": { "summary": summary } });
        if let Some(ends) = ends {
            alert["endsAt"] = ends.into();
        }
        let url = format!("{}/api/v2/alerts", self.url);
        let sent = self.client.post(url).json(&json!([alert])).send().await;
        let answer = sent.expect("it answers");
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
    }

    /// Its silences.
    ///
    /// # Panics
    ///
    /// When it does not answer.
    pub async fn silences(&self) -> Vec<Value> {
        self.get("silences").await
    }

    /// Waits until an alert is silenced.
    ///
    /// # Panics
    ///
    /// When it is not.
    pub async fn silenced(&self, name: &str) {
        until(async || {
            let alerts: Vec<Value> = self.get("alerts").await;
            alerts.iter().any(|alert| {
                alert["labels"]["alertname"] == name && alert["status"]["state"] == "suppressed"
            })
        })
        .await;
    }

    async fn get(&self, what: &str) -> Vec<Value> {
        let url = format!("{}/api/v2/{what}", self.url);
        let answer = self.client.get(url).send().await.expect("it answers");
        answer.json().await.expect("it answers with a list")
    }
}

async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let look = async {
        let mut look = interval(LOOK);
        while !is_so().await {
            look.tick().await;
        }
    };
    let seen = timeout(AWAITED_MAX, look).await;
    seen.expect("Alertmanager comes to it in time");
}

fn settings(webhook: &str, token: &str) -> String {
    format!(
        r#"
route:
  receiver: witbot
  group_by: [alertname]
  group_wait: 10ms
  group_interval: 100ms
  repeat_interval: 1h
receivers:
  - name: witbot
    webhook_configs:
      - url: {webhook}
        http_config:
          authorization:
            credentials: {token}
"#
    )
}
