//! Samples of GitHub's webhooks, as GitHub sent them to the people of `@octokit/webhooks-examples`.

use std::fs;

use reqwest::Response;
use serde_json::Value;

use super::file;
use crate::bot::Bot;
use crate::fakes::hmac_hex;

/// GitHub itself, and its versions for one's own machines.
const EDITIONS: [&str; 6] = [
    "api.github.com",
    "ghes-31",
    "ghes-32",
    "ghes-33",
    "ghes-34",
    "ghes-35",
];

/// A webhook.
#[derive(Debug)]
pub struct Sample {
    /// Where it comes from, and its number there.
    pub name: String,
    /// As in `X-GitHub-Event`.
    pub event: String,
    /// What is sent.
    pub payload: Value,
}

impl Sample {
    /// All that there are.
    ///
    /// # Panics
    ///
    /// When the package is not as it was when this was written.
    pub fn all() -> Vec<Sample> {
        EDITIONS.into_iter().flat_map(of_edition).collect()
    }

    /// The repository that it is about, if it is about one.
    pub fn repository(&self) -> Option<&str> {
        self.payload.pointer("/repository/full_name")?.as_str()
    }

    /// Sends it to a bot, as GitHub does.
    pub async fn send(&self, client: &reqwest::Client, bot: &Bot, secret: &str) -> Response {
        let body = self.payload.to_string();
        let signature = format!("sha256={}", hmac_hex(secret, body.as_bytes()));
        let request = client
            .post(format!("{}/hooks/github", bot.url()))
            .header("content-type", "application/json")
            .header("user-agent", "GitHub-Hookshot/044aadd")
            .header("x-github-event", &self.event)
            .header("x-github-delivery", &self.name)
            .header("x-hub-signature-256", signature)
            .body(body);
        request.send().await.expect("the bot answers")
    }
}

fn of_edition(edition: &str) -> Vec<Sample> {
    let path = file(&format!("@octokit/webhooks-examples/{edition}/index.json"));
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let events: Vec<Value> = serde_json::from_slice(&text).expect("it is a list of events");
    events
        .iter()
        .flat_map(|event| of_event(edition, event))
        .collect()
}

fn of_event(edition: &str, event: &Value) -> Vec<Sample> {
    let name = event["name"].as_str().expect("events have names");
    let examples = event["examples"].as_array().expect("it is a list").iter();
    let sample = |(number, payload): (usize, &Value)| Sample {
        name: format!("{edition}-{name}-{number}"),
        event: name.to_owned(),
        payload: payload.clone(),
    };
    examples.enumerate().map(sample).collect()
}
