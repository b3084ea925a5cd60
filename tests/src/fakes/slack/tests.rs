//! The stand-in against a bot that does what the test says.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{APP_TOKEN, BOT_TOKEN, BOT_USER, Slack};

mod api;
mod blocks;
mod clicks;
mod faults;
mod histories;
mod requests;
mod sockets;

/// What is awaited for longer than this will not come.
const AWAITED_MAX: Duration = Duration::from_secs(20);

/// A workspace with a person, a channel, and somebody to call its Web API.
struct Office {
    slack: Slack,
    http: reqwest::Client,
    anna: String,
    deploys: String,
}

impl Office {
    async fn open() -> Office {
        let slack = Slack::start().await.unwrap();
        let anna = slack.add_user("anna");
        let deploys = slack.add_channel("deploys");
        let builder = reqwest::Client::builder().no_proxy().timeout(AWAITED_MAX);
        Office {
            slack,
            http: builder.build().unwrap(),
            anna,
            deploys,
        }
    }

    fn request(&self, method: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/{method}", self.slack.api_url());
        self.http.post(url).bearer_auth(BOT_TOKEN)
    }

    /// The answer to a call with JSON.
    async fn call(&self, method: &str, arguments: Value) -> Value {
        let sent = self.request(method).json(&arguments).send().await;
        sent.unwrap().json().await.unwrap()
    }

    /// The answer to a call with a query, as methods that read want it.
    async fn read(&self, method: &str, arguments: &[(&str, &str)]) -> Value {
        let query: Vec<String> = arguments
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace('#', "%23")))
            .collect();
        let url = format!("{}/{method}?{}", self.slack.api_url(), query.join("&"));
        let sent = self.http.get(url).bearer_auth(BOT_TOKEN).send().await;
        sent.unwrap().json().await.unwrap()
    }

    async fn post(&self, text: &str) -> String {
        let posted = json!({ "channel": self.deploys, "text": text });
        let answer = self.call("chat.postMessage", posted).await;
        assert_eq!(answer["ok"], true, "{answer}");
        answer["ts"].as_str().unwrap().to_owned()
    }

    fn say(&self, text: &str) -> String {
        self.slack.say(&self.anna, &self.deploys, None, text)
    }

    /// A new socket, which has said hello.
    async fn connect(&self) -> Socket {
        let mut socket = self.connect_quietly().await;
        assert_eq!(socket.next().await["type"], "hello");
        socket
    }

    async fn connect_quietly(&self) -> Socket {
        let url = self.ticket().await;
        let address = url.split('/').nth(2).unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Socket(client_async(&url, stream).await.unwrap().0)
    }

    async fn ticket(&self) -> String {
        let url = format!("{}/apps.connections.open", self.slack.api_url());
        let sent = self.http.post(url).bearer_auth(APP_TOKEN).send().await;
        let answer: Value = sent.unwrap().json().await.unwrap();
        answer["url"].as_str().unwrap().to_owned()
    }
}

struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// What comes next, pings aside; null at the end.
    async fn next(&mut self) -> Value {
        let reading = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Frame::Text(text))) => return serde_json::from_str(&text).unwrap(),
                    Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Close(_))) => {}
                    Some(Ok(other)) => panic!("{other:?}"),
                    Some(Err(_)) | None => return Value::Null,
                }
            }
        };
        timeout(AWAITED_MAX, reading)
            .await
            .expect("a frame was awaited")
    }

    async fn acknowledge(&mut self, envelope: &Value) {
        let ack = json!({ "envelope_id": envelope["envelope_id"] });
        self.0.send(Frame::text(ack.to_string())).await.unwrap();
    }

    async fn take(&mut self) -> Value {
        let envelope = self.next().await;
        self.acknowledge(&envelope).await;
        envelope["payload"].clone()
    }
}
