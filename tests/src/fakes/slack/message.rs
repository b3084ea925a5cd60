//! Messages, with everything that they have ever said.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::people::User;
use super::ts::Ts;
use super::{APP, TEAM};

/// A message in a channel.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its name within the channel.
    pub ts: String,
    /// The message that its thread began with.
    pub thread_ts: Option<String>,
    /// Who said it.
    pub user: String,
    /// Whether the bot under test said it.
    pub ours: bool,
    /// What it said, first to last; never empty.
    pub versions: Vec<Version>,
    /// When it was deleted, if it was.
    pub deleted: Option<Instant>,
    /// Names of emoji, and who used them.
    pub reactions: Vec<(String, String)>,
    /// The ids of the files that it shares.
    pub files: Vec<String>,
    pub(super) at: Ts,
    pub(super) root: Option<Ts>,
    pub(super) sender: Sender,
}

/// What a message said at some time.
#[derive(Debug, Clone)]
pub struct Version {
    /// The place of this version among all that became visible in the workspace.
    pub order: u64,
    /// When it became visible.
    pub shown: Instant,
    /// The raw text.
    pub text: String,
    /// The blocks, with the ids that Slack fills in; null when there are none.
    pub blocks: Value,
    /// The attachments; null when there are none.
    pub attachments: Value,
    /// The metadata; null when there are none.
    pub metadata: Value,
    pub(super) at: Ts,
}

/// What there is to tell about the sender, in every event about the message.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub(super) team: &'static str,
    pub(super) bot: Option<(String, String)>,
}

impl Sender {
    pub(super) fn of(user: &User) -> Sender {
        Sender {
            team: user.team(),
            bot: user.bot_id().zip(user.app_id()),
        }
    }
}

impl Message {
    /// What it says now, or said last.
    ///
    /// # Panics
    ///
    /// Never: a message begins with a version.
    pub fn now(&self) -> &Version {
        self.versions
            .last()
            .expect("a message begins with a version")
    }

    /// The text that it has now.
    pub fn text(&self) -> &str {
        &self.now().text
    }

    /// All its texts, first to last.
    pub fn texts(&self) -> Vec<&str> {
        self.versions
            .iter()
            .map(|said| said.text.as_str())
            .collect()
    }

    /// As it is in events and in answers to `chat.*`.
    pub(super) fn json(&self) -> Value {
        self.version_json(self.now())
    }

    /// As it is in a history, where metadata comes only to those who ask for it.
    pub(super) fn history_json(&self, metadata: bool, replies: &[&Message]) -> Value {
        let mut message = self.json();
        if let Some(fields) = message.as_object_mut() {
            if !metadata {
                fields.remove("metadata");
            }
            if self.root.is_none() && !replies.is_empty() {
                add_thread(fields, &self.ts, replies);
            }
            if !self.reactions.is_empty() {
                fields.insert("reactions".to_owned(), self.reactions_json());
            }
        }
        message
    }

    /// As it was.
    pub(super) fn version_json(&self, version: &Version) -> Value {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                fields.insert(name.to_owned(), value);
            }
        };
        put("type", json!("message"));
        put("user", json!(self.user));
        put("ts", json!(self.ts));
        put("thread_ts", json!(self.thread_ts));
        put("text", json!(version.text));
        put("team", json!(self.sender.team));
        put("blocks", version.blocks.clone());
        put("attachments", version.attachments.clone());
        put("metadata", version.metadata.clone());
        if let Some((bot, app)) = &self.sender.bot {
            put("bot_id", json!(bot));
            put("app_id", json!(app));
            put("bot_profile", bot_profile(bot, app));
        }
        if !self.files.is_empty() {
            put("subtype", json!("file_share"));
            let files = self.files.iter().map(|id| json!({ "id": id }));
            put("files", files.collect());
        }
        // A message with blocks is not marked as edited.
        if version.order != self.versions[0].order && version.blocks.is_null() {
            put(
                "edited",
                json!({ "user": self.user, "ts": version.at.to_string() }),
            );
        }
        Value::Object(fields)
    }

    fn reactions_json(&self) -> Value {
        let mut reactions: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, user) in &self.reactions {
            match reactions.iter_mut().find(|(other, _)| other == name) {
                Some((_, users)) => users.push(user),
                None => reactions.push((name, vec![user])),
            }
        }
        let each = |(name, users): (&str, Vec<&str>)| json!({ "name": name, "count": users.len(), "users": users });
        reactions.into_iter().map(each).collect()
    }
}

fn add_thread(fields: &mut Map<String, Value>, ts: &str, replies: &[&Message]) {
    let latest = replies.last().map(|reply| reply.ts.as_str());
    fields.insert("thread_ts".to_owned(), json!(ts));
    fields.insert("reply_count".to_owned(), json!(replies.len()));
    fields.insert("latest_reply".to_owned(), json!(latest));
}

fn bot_profile(bot: &str, app: &str) -> Value {
    json!({
        "id": bot,
        "app_id": app,
        "name": if app == APP { "witbot" } else { "another bot" },
        "icons": { "image_36": "https://a.slack-edge.com/80588/img/plugins/app/bot_36.png" },
        "deleted": false,
        "updated": 1_790_000_000,
        "team_id": TEAM,
    })
}

/// A message that one person sees, and that is in no history.
#[derive(Debug, Clone)]
pub struct Ephemeral {
    /// Its name.
    pub ts: String,
    /// Where it is shown.
    pub channel: String,
    /// In which thread.
    pub thread_ts: Option<String>,
    /// Who sees it.
    pub user: String,
    /// The raw text.
    pub text: String,
    /// The blocks, with the ids that Slack fills in; null when there are none.
    pub blocks: Value,
    /// The attachments; null when there are none.
    pub attachments: Value,
}

/// A file that was uploaded.
#[derive(Debug, Clone)]
pub struct File {
    /// Its id.
    pub id: String,
    /// The name that was announced.
    pub name: String,
    /// The length that was announced.
    pub length: u64,
    /// What was uploaded, once it was.
    pub bytes: Option<Vec<u8>>,
    /// Its title, once it is shared.
    pub title: Option<String>,
    /// Where it is shared, once it is.
    pub channel: Option<String>,
}
