//! `local-slack`, a Slack that others wrote: a workspace with two people, one channel and a bot.
//!
//! It shows that the bot and our own stand-in do not merely agree with each other. It lets every token in, forgets what
//! it does not know, and sends what happens to all sockets at once. It also listens at every address of the machine, so
//! that it only runs in a network of its own: see [`crate::isolated`].

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

use crate::home::{self, Home};
use crate::transcript::AWAITED_MAX;

/// The bot's user.
pub const BOT: &str = "U0BOT";
/// A person.
pub const ALICE: &str = "U01ALICE";
/// Another.
pub const BOB: &str = "U02BOB";
/// The channel `general`, which all of them are in.
pub const GENERAL: &str = "C01GENERAL";

/// The only port of this network that is in use when it starts.
const PORT: u16 = 3_000;
const SIGNING_SECRET: &str = "known-to-local-slack-and-the-bot";
/// It answers in milliseconds; five seconds are what it waits for an acknowledgement.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);
/// How often it is looked at. It tells nobody of news who is no browser.
const LOOK: Duration = Duration::from_millis(20);

/// How the bot hears what happens.
#[derive(Debug, Clone, Copy)]
pub enum Mode<'a> {
    /// Over sockets.
    Socket,
    /// By requests to this address.
    Http(&'a str),
}

/// A running `local-slack`. It is killed when it is dropped.
#[derive(Debug)]
pub struct LocalSlack {
    client: reqwest::Client,
    _process: Child,
    _folder: TempDir,
}

impl LocalSlack {
    /// Starts it, and waits until it is ready.
    pub async fn start(mode: Mode<'_>) -> LocalSlack {
        let folder = tempfile::tempdir().expect("the system's temporary folder can be written to");
        let workspace = folder.path().join("workspace.json");
        std::fs::write(&workspace, workspace_of(mode).to_string()).expect("it can be written to");
        let mut process = Command::new(home::from_environment("WITBOT_LOCAL_SLACK"))
            .args(["--base-host", "127.0.0.1", "--port", &PORT.to_string()])
            .arg("--config")
            .arg(workspace)
            .arg("--files-dir")
            .arg(folder.path().join("files"))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program that WITBOT_LOCAL_SLACK names can be started");
        let output = process.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines();
        let ready = async {
            let mut said = String::new();
            while let Ok(Some(line)) = lines.next_line().await {
                said += &line;
                if line.contains("is running") {
                    return;
                }
            }
            panic!("local-slack does not start: {said}");
        };
        let ready = timeout(AWAITED_MAX, ready).await;
        ready.expect("local-slack starts in a moment");
        LocalSlack {
            client: reqwest::Client::builder()
                .no_proxy()
                .timeout(ANSWER_TIME_MAX)
                .build()
                .expect("nothing of it is unusual"),
            _process: process,
            _folder: folder,
        }
    }

    /// The settings of a bot that finds it, which is not held back by the pace of the true Slack.
    pub fn settings(mode: Mode<'_>) -> String {
        let mode = match mode {
            Mode::Socket => "socket",
            Mode::Http(_) => "http",
        };
        format!(
            "[slack]\nmode = \"{mode}\"\napi_url = \"{}\"\nchannel_rate = {{ per_second = 1000.0, burst = 1000 }}\n",
            url("api")
        )
    }

    /// The home with the secrets of the bot.
    pub fn known_to(home: Home) -> Home {
        home.with_secret("SLACK_BOT_TOKEN", "xoxb-local")
            .with_secret("SLACK_APP_TOKEN", "xapp-local")
            .with_secret("SLACK_SIGNING_SECRET", SIGNING_SECRET)
    }

    /// Says something in the channel, and waits until the bot has acknowledged it. Its name comes back.
    pub async fn say(&self, text: &str) -> String {
        self.say_in(GENERAL, None, text).await
    }

    /// Says something in a channel or, with the id of the bot, to it alone; in a thread, if it is to be.
    pub async fn say_in(&self, channel: &str, thread: Option<&str>, text: &str) -> String {
        let said = json!({ "channel": channel, "user": ALICE, "text": text, "thread_ts": thread });
        let answer = self.control("message", &said).await;
        text_of(&answer["message"]["ts"])
    }

    /// Changes what was said.
    pub async fn change(&self, ts: &str, text: &str) {
        let changed = json!({ "channel": GENERAL, "user": ALICE, "ts": ts, "text": text });
        self.control("edit-message", &changed).await;
    }

    /// Types `/witbot` with something behind it.
    pub async fn command(&self, text: &str) {
        let typed =
            json!({ "channel": GENERAL, "user": ALICE, "command": "/witbot", "text": text });
        self.control("command", &typed).await;
    }

    /// Presses the button of a message that has this label.
    pub async fn press(&self, user: &str, message: &Value, label: &str) {
        let button = button(message, label);
        let button = button.unwrap_or_else(|| panic!("there is no button {label}: {message:#}"));
        let pressed = json!({
            "channel": message["channel"], "messageTs": message["ts"], "user": user, "action": button,
        });
        self.control("interact", &pressed).await;
    }

    /// What was said in a channel and is not deleted, in order.
    pub async fn messages(&self, channel: &str) -> Vec<Value> {
        let answer = self.get(&format!("_control/messages/{channel}")).await;
        let messages: Value = serde_json::from_str(&answer).expect("it is JSON");
        messages["messages"].as_array().cloned().unwrap_or_default()
    }

    /// What the bot said in the channel, once it has said this many things.
    pub async fn answers(&self, count: usize) -> Vec<Value> {
        self.answers_in(GENERAL, count).await
    }

    /// The same in any channel.
    pub async fn answers_in(&self, channel: &str, count: usize) -> Vec<Value> {
        let what = format!("{count} answers in {channel}");
        self.until(channel, &what, |messages| {
            let answers = messages.iter().filter(|message| message["user"] == BOT);
            let answers: Vec<Value> = answers.cloned().collect();
            (answers.len() >= count).then_some(answers)
        })
        .await
    }

    /// Looks at what was said in a channel until there is something to see.
    ///
    /// # Panics
    ///
    /// When it does not come within [`AWAITED_MAX`], with what was said instead and all that the bot was sent.
    pub async fn until<T>(
        &self,
        channel: &str,
        what: &str,
        mut look: impl FnMut(&[Value]) -> Option<T>,
    ) -> T {
        let mut pause = interval(LOOK);
        let looking = async {
            loop {
                pause.tick().await;
                if let Some(seen) = look(&self.messages(channel).await) {
                    return seen;
                }
            }
        };
        match timeout(AWAITED_MAX, looking).await {
            Ok(seen) => seen,
            Err(_) => {
                let (messages, log) =
                    (self.messages(channel).await, self.get("_control/log").await);
                panic!("{what} did not come within {AWAITED_MAX:?}: {messages:#?}\n{log}")
            }
        }
    }

    /// The channel in which the bot and somebody are alone.
    pub async fn direct(&self, user: &str) -> String {
        let state: Value =
            serde_json::from_str(&self.get("_control/state").await).expect("it is JSON");
        let channels = state["channels"].as_array().into_iter().flatten();
        let mut directs = channels.filter(|channel| channel["is_im"] == true);
        let direct = directs.find(|channel| channel["members"] == json!([user, BOT]));
        text_of(&direct.expect("they have spoken")["id"])
    }

    /// How many sockets were opened so far.
    pub async fn sockets(&self) -> usize {
        self.get("_control/log").await.matches("(hello)").count()
    }

    /// The bytes of a file.
    pub async fn file(&self, file: &Value) -> String {
        let url = text_of(&file["url_private"]);
        let path = url.strip_prefix(&crate::local_slack::url(""));
        self.get(path.expect("it is on the same server")).await
    }

    async fn control(&self, what: &str, body: &Value) -> Value {
        let request = self.client.post(url(&format!("_control/{what}")));
        let answer = request.json(body).send().await;
        let answer = answer.expect("local-slack answers").json::<Value>().await;
        let answer = answer.expect("it is JSON");
        assert_eq!(answer["ok"], true, "{what} {body}: {answer}");
        answer
    }

    async fn get(&self, path: &str) -> String {
        let answer = self.client.get(url(path)).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let text = answer.expect("local-slack answers").text().await;
        text.expect("it is text")
    }
}

fn url(path: &str) -> String {
    format!("http://127.0.0.1:{PORT}/{path}")
}

fn workspace_of(mode: Mode<'_>) -> Value {
    let (mode, address) = match mode {
        Mode::Socket => ("socket", None),
        Mode::Http(address) => ("events", Some(address)),
    };
    let mut app = json!({
        "appId": "A01WITBOT", "botUserId": BOT, "botName": "witbot", "botToken": "xoxb-local",
        "appToken": "xapp-local", "signingSecret": SIGNING_SECRET, "mode": mode,
    });
    if let Some(address) = address {
        app["requestUrl"] = json!(address);
    }
    json!({
        "workspace": { "name": "Acme", "domain": "acme", "teamId": "T01ACME" },
        "apps": [app],
        "users": [{ "id": ALICE, "name": "alice" }, { "id": BOB, "name": "bob" }],
        "channels": [{ "id": GENERAL, "name": "general", "members": [ALICE, BOB, BOT] }],
    })
}

/// What `local-slack` wants to know of a button: what the browser would send.
fn button(message: &Value, label: &str) -> Option<Value> {
    let attachments = message["attachments"].as_array().into_iter().flatten();
    let mut parts = vec![message];
    parts.extend(attachments);
    for block in parts
        .iter()
        .filter_map(|part| part["blocks"].as_array())
        .flatten()
    {
        let elements = block["elements"].as_array().into_iter().flatten();
        for element in elements.filter(|element| element["text"]["text"] == label) {
            let mut button = element.clone();
            button["block_id"] = block["block_id"].clone();
            return Some(button);
        }
    }
    None
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}
