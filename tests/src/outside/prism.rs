//! Prism, which knows from GitHub's own description of its interface what may be asked and what may be answered. It passes
//! requests on to a witness, which answers them as they were answered before, and says what is wrong with either.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::witness::{AGAIN, Exchange, Witness, of_the_message};
use super::{DESCRIPTION, file};

const PROGRAM: &str = "@stoplight/prism-cli/dist/index.js";
/// It reads 13 MB of description, and makes an example of everything in it: 10 s where nothing else runs.
const START_TIME_MAX: Duration = Duration::from_secs(150);
/// It answers in milliseconds.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);
/// Where it says what is wrong.
const VIOLATIONS: &str = "sl-violations";

/// A running Prism, on loopback. It is killed when it is dropped.
#[derive(Debug)]
pub struct Prism {
    client: reqwest::Client,
    url: String,
    reading: JoinHandle<()>,
    process: Child,
}

impl Prism {
    /// Starts it, and waits until it is ready.
    ///
    /// # Panics
    ///
    /// When it does not start, with what it said.
    pub async fn start(witness: &Witness) -> Prism {
        let mut process = Command::new("node")
            .arg(file(PROGRAM))
            .args(["proxy", "--host", "127.0.0.1", "--port", "0"])
            .arg(file(DESCRIPTION))
            .arg(witness.url())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node is there, which came with npm");
        let output = process.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines();
        let url = timeout(START_TIME_MAX, ready(&mut lines)).await;
        let url = url.unwrap_or_else(|_| panic!("Prism was not ready within {START_TIME_MAX:?}"));
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(ANSWER_TIME_MAX);
        Prism {
            client: client.build().expect("nothing of it is unusual"),
            url,
            // It would stop at a full pipe.
            reading: tokio::spawn(
                async move { while let Ok(Some(_)) = lines.next_line().await {} },
            ),
            process,
        }
    }

    /// Stops it, and waits until it is gone.
    pub async fn stop(mut self) {
        // It has nothing to lose.
        let _ = self.process.kill().await;
    }

    /// What is wrong with a request, and with what was answered. It is the one of this number that the witness has seen.
    pub async fn violations(&self, number: usize, exchange: &Exchange) -> Vec<String> {
        let request = self
            .client
            .request(
                exchange.method.clone(),
                format!("{}{}", self.url, exchange.uri),
            )
            .headers(of_the_message(&exchange.headers))
            .header(AGAIN, number)
            .body(exchange.body.clone());
        let answer = request.send().await.expect("Prism answers");
        let status = answer.status();
        let found = answer.headers().get(VIOLATIONS).cloned();
        if status != exchange.answer.status {
            let said = answer.text().await.unwrap_or_default();
            return vec![format!("{status}: {said}")];
        }
        let Some(found) = found else {
            return Vec::new();
        };
        let found: Vec<Value> = serde_json::from_slice(found.as_bytes()).expect("it is a list");
        let found = found
            .iter()
            .filter(|violation| !is_known(violation, exchange));
        found.map(ToString::to_string).collect()
    }
}

/// Whether GitHub does it in this way although its description does not know it.
fn is_known(violation: &Value, exchange: &Exchange) -> bool {
    let location = violation["location"].as_array().into_iter().flatten();
    let location: Vec<&str> = location.filter_map(Value::as_str).collect();
    match location.as_slice() {
        // "Returns workflow runs created within the given date-time range", such as `>=2026-01-01T00:00:00Z`. The
        // description takes it for one time.
        ["request", "query", "created"] => violation["code"] == "format",
        // There is no address: the description has the empty text as the default of what has to be an address.
        ["response", "body", path @ ..] if violation["code"] == "format" => {
            let body: Value = serde_json::from_slice(&exchange.answer.body).unwrap_or_default();
            let pointer: String = path.iter().map(|name| format!("/{name}")).collect();
            body.pointer(&pointer).is_some_and(|text| text == "")
        }
        // Ids of deliveries are larger than what JavaScript can count to, which the description thinks is enough.
        ["response", "body", _, "id"] if violation["code"] == "maximum" => {
            exchange.uri.path().ends_with("/deliveries")
        }
        // The description does not list the refusals that anything can be answered with.
        ["response"] => exchange.answer.status.is_client_error(),
        _ => false,
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// The address that it listens at, once it does.
async fn ready(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    let mut last = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some((_, url)) = line.split_once("Prism is listening on ") {
            return url.trim().to_owned();
        }
        last = line;
    }
    panic!("Prism does not start: {last}");
}
