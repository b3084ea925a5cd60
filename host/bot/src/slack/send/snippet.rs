//! What is too long for a message, as a file in its thread.
//!
//! The bytes are uploaded before the message is sent, when nobody sees them yet; if that does not work, the message can
//! still say so. Then the file is shown below it.

use serde::Deserialize;
use serde_json::{Value, json};
use witbot_core::chat::Said;
use witbot_core::ids::CallId;
use witbot_core::limits;
use witbot_store::outbox::Delivery;

use super::find::Search;
use crate::slack::api::{Failure, Method};
use crate::slack::blocks::{Fit, Look};
use crate::slack::chat::Slack;
use crate::slack::{manifest, mrkdwn};

const SCOPE: &str = "files:write";

/// A file with all that a message has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snippet {
    name: String,
}

/// One that is uploaded, and that nobody sees yet.
#[derive(Debug)]
pub(super) struct Staged {
    id: String,
    snippet: Snippet,
}

#[derive(Deserialize)]
struct Upload {
    upload_url: String,
    file_id: String,
}

impl Snippet {
    /// Of a message. There is one at the most, of the first version that is too long.
    pub(super) fn of(message: &CallId) -> Snippet {
        Snippet {
            name: format!("witbot-{message}.txt"),
        }
    }

    /// How much is shown in the message, and that the rest is in the file.
    pub(super) fn fit(&self, text_chars: usize) -> Fit {
        Fit {
            text_chars,
            note: format!("_All of it is in the file `{}` in this thread._", self.name),
        }
    }

    /// What is said where a message is too long that has a file already.
    pub(super) fn note_of_earlier(&self) -> String {
        format!(
            "_The rest is cut off; the file `{}` in this thread has all of an earlier version._",
            self.name
        )
    }

    /// What is said with the file, by which it is found again.
    fn comment(&self) -> String {
        format!("`{}`", self.name)
    }
}

impl Slack {
    /// Uploads a file.
    pub(super) async fn stage(&self, snippet: &Snippet, said: &Said) -> Result<Staged, Failure> {
        if !self.account().may(SCOPE) {
            return Err(Failure::Unreached(format!(
                "the scope `{SCOPE}` is missing"
            )));
        }
        let text = said.shown();
        let text = mrkdwn::harmless(&text);
        let length = text.len().to_string();
        let parameters = [
            ("filename", snippet.name.as_str()),
            ("length", &length),
            ("snippet_type", "text"),
        ];
        let upload: Upload = self.api.read(Method::BEGIN_UPLOAD, &parameters).await?;
        self.api.upload(&upload.upload_url, &text).await?;
        Ok(Staged {
            id: upload.file_id,
            snippet: snippet.clone(),
        })
    }

    /// Shows it in the thread of a message, or says in the message that it is not there.
    pub(super) async fn attach(&self, delivery: &Delivery, said: &Said, ts: &str, staged: &Staged) {
        let failure = match self.show(delivery, ts, staged).await {
            Ok(()) => return,
            Err(Failure::Unknown(why)) => {
                // What was cut off can still be under way there.
                tokio::time::sleep(limits::DOUBT_GRACE).await;
                match self.is_attached(delivery, ts, &staged.snippet).await {
                    Ok(true) => return,
                    Ok(false) => match self.show(delivery, ts, staged).await {
                        Ok(()) => return,
                        Err(failure) => failure,
                    },
                    Err(_) => Failure::Unknown(why),
                }
            }
            Err(failure) => failure,
        };
        let message = &delivery.outgoing.message;
        tracing::warn!(id = %message, "the file with all of it is not shown: {failure}");
        let fit = Fit {
            text_chars: limits::SLACK_TEXT_CHARS_BEST,
            note: self.why_without(&failure),
        };
        let look = Look::of(said, message, &fit);
        if let Err(failure) = self.edit_look(delivery, ts, look).await {
            tracing::warn!(id = %message, "and the message cannot say so: {failure}");
        }
    }

    async fn show(&self, delivery: &Delivery, ts: &str, staged: &Staged) -> Result<(), Failure> {
        let request = json!({
            "files": [{ "id": staged.id, "title": staged.snippet.name }],
            "channel_id": delivery.outgoing.place.channel.as_str(),
            "thread_ts": delivery.thread.as_deref().unwrap_or(ts),
            "initial_comment": staged.snippet.comment(),
        });
        let shown = self.api.write_in_turn(Method::END_UPLOAD, &request).await;
        shown.map(drop)
    }

    /// Whether the file is shown in the thread of a message.
    pub(super) async fn is_attached(
        &self,
        delivery: &Delivery,
        ts: &str,
        snippet: &Snippet,
    ) -> Result<bool, Failure> {
        let comment = snippet.comment();
        let is_it = |message: &Value| {
            let files = message["files"].as_array();
            let mut names = files.into_iter().flatten().map(|file| &file["name"]);
            names.any(|name| *name == snippet.name)
                || (files.is_some() && message["text"] == comment)
        };
        let thread = delivery.thread.as_deref().unwrap_or(ts);
        // The file is younger than the message.
        Ok(
            match self.search(delivery, Some(thread), ts, is_it).await? {
                // Twice would be worse than not at all: who looks for it there finds the note at least.
                Search::Found(_) | Search::Unfinished => true,
                Search::Nothing => false,
            },
        )
    }

    /// Why there is no file, for those who read the message.
    pub(super) fn why_without(&self, failure: &Failure) -> String {
        let lacks = match failure {
            Failure::Refused(refusal) => {
                let needed = refusal.needed.as_deref();
                needed.is_some_and(|scopes| scopes.contains(SCOPE))
            }
            Failure::RateLimited { .. }
            | Failure::Unreached(_)
            | Failure::NotTaken(_)
            | Failure::Unknown(_) => !self.account().may(SCOPE),
        };
        if lacks {
            tracing::warn!(
                "a long text is not attached as a file: {}",
                manifest::missing(SCOPE)
            );
            return format!(
                "_The rest is cut off: to attach it as a file, the app needs the scope `{SCOPE}`._"
            );
        }
        tracing::warn!("a long text is not attached as a file: {failure}");
        "_The rest is cut off: Slack did not take it as a file._".to_owned()
    }
}
