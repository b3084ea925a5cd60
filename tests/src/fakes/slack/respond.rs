//! Response URLs, and other answers to a command or a click.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::BOT_USER;
use super::arguments::filled;
use super::methods::check;
use super::speech::{Draft, Said};
use super::state::State;
use super::ts::Ts;
use crate::fakes::request::{Answer, Request};

const USES_MAX: u32 = 5;
const AGE_MAX: Duration = Duration::from_secs(30 * 60);

/// Where an answer to a command or a click goes.
#[derive(Debug, Clone)]
pub(super) struct ResponseUrl {
    pub(super) made: Instant,
    pub(super) trigger: String,
    pub(super) user: String,
    pub(super) channel: String,
    /// The message that was clicked on, and whether only one person sees it.
    pub(super) source: Option<(String, bool)>,
    pub(super) thread: Option<String>,
    pub(super) used: u32,
}

impl State {
    /// A new response URL.
    pub(super) fn response_url(&mut self, url: ResponseUrl) -> String {
        self.sweep(AGE_MAX);
        let id = format!("{:X}", self.number());
        let address = format!("{}/respond/{id}", self.url);
        self.response_urls.insert(id, url);
        address
    }

    /// Takes what is posted to a response URL.
    pub(super) fn respond_by_url(&mut self, id: &str, request: &Request) -> Answer {
        self.sweep(AGE_MAX);
        let Some(url) = self.response_urls.get_mut(id) else {
            return refused(404, "expired_url");
        };
        if url.used >= USES_MAX {
            return refused(404, "used_url");
        }
        url.used += 1;
        let url = url.clone();
        let Some(said) = request.json().filter(Value::is_object) else {
            return refused(400, "invalid_payload");
        };
        match self.answer_to(&url, &said) {
            Ok(()) => Answer::json(200, &json!({ "ok": true })),
            Err(error) => refused(400, &error),
        }
    }

    /// Takes what came with the acknowledgement of a command.
    pub(super) fn respond(&mut self, trigger: &str, said: &Value) {
        let mut urls = self.response_urls.values();
        if let Some(url) = urls.find(|url| url.trigger == trigger).cloned() {
            // What Slack does not like here is shown to nobody, so that a test misses it.
            let _ = self.answer_to(&url, said);
        }
    }

    fn answer_to(&mut self, url: &ResponseUrl, body: &Value) -> Result<(), String> {
        let flag = |name: &str| body[name] == true;
        if let Some((ts, ephemeral)) = &url.source
            && flag("delete_original")
        {
            if *ephemeral {
                self.ephemerals.retain(|shown| shown.ts != *ts);
            } else {
                self.remove(&url.channel, ts);
            }
            return Ok(());
        }
        let said = Said {
            text: body["text"].as_str().unwrap_or_default().to_owned(),
            blocks: filled(&body["blocks"]),
            attachments: filled(&body["attachments"]),
            metadata: Value::Null,
        };
        if said.text.is_empty() && said.blocks.is_null() && said.attachments.is_null() {
            return Err("no_text".to_owned());
        }
        check(&said).map_err(|failure| failure.error)?;
        let thread = body["thread_ts"].as_str().or(url.thread.as_deref());
        match &url.source {
            Some((ts, false)) if flag("replace_original") => {
                self.revise(&url.channel, ts, said);
            }
            Some((ts, true)) if flag("replace_original") => self.replace_shown(ts, said),
            _ if body["response_type"] == "in_channel" => {
                let root = thread.and_then(Ts::parse);
                let draft = Draft {
                    user: BOT_USER.to_owned(),
                    said,
                    root,
                    files: Vec::new(),
                };
                self.publish(&url.channel, draft);
            }
            _ => {
                self.show(&url.user, &url.channel, thread, said);
            }
        }
        Ok(())
    }

    fn replace_shown(&mut self, ts: &str, said: Said) {
        if let Some(shown) = self.ephemerals.iter_mut().find(|shown| shown.ts == ts) {
            shown.text = said.text;
            shown.blocks = said.blocks;
            shown.attachments = said.attachments;
        }
    }
}

fn refused(status: u16, error: &str) -> Answer {
    Answer::json(status, &json!({ "ok": false, "error": error }))
}
