//! `local-slack`, a Slack that others wrote: a workspace with two people, one channel and a bot.
//!
//! It shows that the bot and our own stand-in do not merely agree with each other. It lets every token in, forgets what
//! it does not know, and sends what happens to all sockets at once. It also listens at every address of the machine, so
//! that it only runs in a network of its own: see [`crate::isolated`].

mod routes;

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

use crate::home::{self, Home};
use crate::isolated;
use crate::transcript::AWAITED_MAX;

pub use routes::Routes;

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
const TOKEN: &str = "xoxb-local";
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
    ///
    /// # Panics
    ///
    /// Where others could reach it.
    pub async fn start(mode: Mode<'_>) -> LocalSlack {
        assert!(
            isolated::is_isolated(),
            "local-slack is for tests that run by `isolated::run`"
        );
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
            client: client(),
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
        home.with_secret("SLACK_BOT_TOKEN", TOKEN)
            .with_secret("SLACK_APP_TOKEN", "xapp-local")
            .with_secret("SLACK_SIGNING_SECRET", SIGNING_SECRET)
    }

    /// Says something in the channel, and waits until the bot has acknowledged it. Its name comes back.
    pub async fn say(&self, text: &str) -> String {
        self.say_in(GENERAL, None, text).await
    }

    /// Says something in a channel, or to the bot alone when `channel` is [`ALICE`]; in a thread, if it is to be.
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

    /// Presses the button of a message that has this label, or chooses the entry of a menu that has it.
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
        let messages = self.json(&format!("_control/messages/{channel}")).await;
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
    /// When it does not come within [`AWAITED_MAX`], with all that came instead.
    pub async fn until<T>(
        &self,
        channel: &str,
        what: &str,
        look: impl Fn(&[Value]) -> Option<T>,
    ) -> T {
        self.poll(what, async || look(&self.messages(channel).await))
            .await
    }

    /// The channel in which the bot and somebody are alone, once there is one.
    pub async fn direct(&self, user: &str) -> String {
        let what = format!("a conversation with {user}");
        self.poll(&what, async || {
            let state = self.json("_control/state").await;
            let channels = state["channels"].as_array().into_iter().flatten();
            let mut directs = channels.filter(|channel| channel["is_im"] == true);
            let direct = directs.find(|channel| channel["members"] == json!([user, BOT]));
            direct.map(|direct| text_of(&direct["id"]))
        })
        .await
    }

    /// How many things of a kind it had to tell the bot. Over sockets, each goes to all of them.
    pub async fn sent(&self, kind: &str) -> usize {
        let log = self.json("_control/log").await;
        let entries = log["log"].as_array().into_iter().flatten();
        let is_sent = |entry: &&Value| entry["direction"] == "to_bot" && entry["kind"] == kind;
        entries.filter(is_sent).count()
    }

    /// Waits until the bot has opened this many sockets. What happens before is lost: nobody keeps it here.
    pub async fn connected(&self, sockets: usize) {
        let what = format!("socket {sockets}");
        self.poll(&what, async || {
            let log = self.get("_control/log").await;
            (log.matches("(hello)").count() >= sockets).then_some(())
        })
        .await;
    }

    /// The bytes of a file.
    pub async fn file(&self, file: &Value) -> String {
        let url = text_of(&file["url_private"]);
        let path = url.strip_prefix(&crate::local_slack::url(""));
        self.get(path.expect("it is on the same server")).await
    }

    async fn poll<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let mut pause = interval(LOOK);
        let looking = async {
            loop {
                pause.tick().await;
                if let Some(seen) = look().await {
                    return seen;
                }
            }
        };
        match timeout(AWAITED_MAX, looking).await {
            Ok(seen) => seen,
            Err(_) => {
                let log = self.get("_control/log").await;
                panic!("{what} did not come within {AWAITED_MAX:?}, but: {log}")
            }
        }
    }

    async fn control(&self, what: &str, body: &Value) -> Value {
        let request = self.client.post(url(&format!("_control/{what}")));
        let answer = request.json(body).send().await;
        let answer = answer.expect("local-slack answers").json::<Value>().await;
        let answer = answer.expect("it is JSON");
        assert_eq!(answer["ok"], true, "{what} {body}: {answer}");
        answer
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).await).expect("it is JSON")
    }

    async fn get(&self, path: &str) -> String {
        let request = self.client.get(url(path)).bearer_auth(TOKEN);
        let answer = request.send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let text = answer.expect("local-slack answers").text().await;
        text.expect("it is text")
    }
}

fn client() -> reqwest::Client {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(ANSWER_TIME_MAX);
    client.build().expect("nothing of it is unusual")
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
        "appId": "A01WITBOT", "botUserId": BOT, "botName": "witbot", "botToken": TOKEN,
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
        for element in elements {
            let mut options = element["options"].as_array().into_iter().flatten();
            let chosen = options.find(|option| option["text"]["text"] == label);
            if chosen.is_some() || element["text"]["text"] == label {
                let mut pressed = element.clone();
                pressed["block_id"] = block["block_id"].clone();
                pressed["selected_option"] = json!(chosen);
                return Some(pressed);
            }
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
