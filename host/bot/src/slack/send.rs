//! Does in Slack what there is to be done: posts, edits, deletes, reacts, whispers.

mod advice;
mod find;
mod snippet;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::{Value, json};
use slack_morphism::prelude::{
    SlackApiChatPostEphemeralRequest, SlackApiChatPostMessageRequest, SlackApiChatUpdateRequest,
    SlackMessageContent, SlackMessageMetadata,
};
use slack_morphism::{SlackChannelId, SlackTs, SlackUserId};
use witbot_core::chat::Said;
use witbot_core::ids::{CallId, UserId};
use witbot_core::journal::{Act, Outgoing};
use witbot_core::limits;
use witbot_store::outbox::Delivery;

use self::snippet::Snippet;
use super::api::{Failure, Method};
use super::blocks::{Fit, Look};
use super::chat::Slack;
use crate::chat::Unsent;

pub(super) use advice::advice;

/// What the metadata of our messages is called.
const METADATA: &str = "witbot_message";

impl Slack {
    /// Does one thing. Answers what Slack calls the message that was written.
    pub(super) async fn perform(&self, delivery: &Delivery) -> Result<Option<String>, Unsent> {
        let act = &delivery.outgoing.act;
        let done = match act {
            Act::Post(said) => return self.post(delivery, said).await,
            Act::Whisper { user, said } => self.whisper(delivery, user, said).await,
            Act::Edit(said) => self.edit(delivery, remote(delivery)?, said).await,
            Act::Delete => self.delete(delivery, remote(delivery)?).await,
            Act::React { emoji, .. } => self.react(delivery, remote(delivery)?, emoji).await,
        };
        match done {
            Ok(()) => Ok(None),
            Err(Failure::Refused(refusal)) if is_as_wanted(act, &refusal.code) => Ok(None),
            Err(failure) => Err(self.unsent(failure, &delivery.outgoing)),
        }
    }

    async fn post(&self, delivery: &Delivery, said: &Said) -> Result<Option<String>, Unsent> {
        let unsent = |failure| self.unsent(failure, &delivery.outgoing);
        let id = &delivery.outgoing.message;
        let snippet = Snippet::of(id);
        let fit = snippet.fit(limits::SLACK_TEXT_CHARS_BEST);
        let look = Look::of(said, id, &fit);
        if look.complete {
            return self.post_look(delivery, look).await.map_err(unsent);
        }
        match self.stage(&snippet, said).await {
            Ok(staged) => {
                let ts = self.post_look(delivery, look).await.map_err(unsent)?;
                if let Some(ts) = &ts {
                    self.attach(delivery, said, ts, &staged).await;
                }
                Ok(ts)
            }
            Err(Failure::RateLimited { after }) => Err(unsent(Failure::RateLimited { after })),
            Err(failure) => {
                let note = self.why_without(&failure);
                self.post_without(delivery, said, note)
                    .await
                    .map_err(unsent)
            }
        }
    }

    /// Posts as much as Slack shows of a text that no file can be attached to.
    async fn post_without(
        &self,
        delivery: &Delivery,
        said: &Said,
        note: String,
    ) -> Result<Option<String>, Failure> {
        let id = &delivery.outgoing.message;
        let mut fit = Fit {
            text_chars: limits::SLACK_TEXT_CHARS_MAX,
            note,
        };
        let posted = self.post_look(delivery, Look::of(said, id, &fit)).await;
        match posted {
            // Some workspaces take no more than Slack recommends.
            Err(Failure::Refused(refusal)) if refusal.code == "msg_too_long" => {
                fit.text_chars = limits::SLACK_TEXT_CHARS_BEST;
                self.post_look(delivery, Look::of(said, id, &fit)).await
            }
            posted => posted,
        }
    }

    async fn post_look(&self, delivery: &Delivery, look: Look) -> Result<Option<String>, Failure> {
        let content = content(look, Some(&delivery.outgoing.message));
        let request = SlackApiChatPostMessageRequest::new(channel(delivery), content)
            .opt_thread_ts(thread(delivery))
            .with_unfurl_links(false)
            .with_unfurl_media(false);
        let answer = self.api.write(Method::POST, &request).await?;
        Ok(answer["ts"].as_str().map(str::to_owned))
    }

    async fn edit(&self, delivery: &Delivery, ts: &str, said: &Said) -> Result<(), Failure> {
        let id = &delivery.outgoing.message;
        let snippet = Snippet::of(id);
        let fit = snippet.fit(limits::SLACK_TEXT_CHARS_BEST);
        let look = Look::of(said, id, &fit);
        if look.complete {
            return self.edit_look(delivery, ts, look).await;
        }
        let cut = |note| Look::of(said, id, &Fit { note, ..fit });
        // A file for each change would fill the thread of a message that changes often.
        let staged = match self.is_attached(delivery, ts, &snippet).await {
            Ok(true) => {
                return self
                    .edit_look(delivery, ts, cut(snippet.note_of_earlier()))
                    .await;
            }
            Ok(false) => self.stage(&snippet, said).await,
            Err(failure) => Err(failure),
        };
        match staged {
            Ok(staged) => {
                self.edit_look(delivery, ts, look).await?;
                self.attach(delivery, said, ts, &staged).await;
                Ok(())
            }
            Err(Failure::RateLimited { after }) => Err(Failure::RateLimited { after }),
            Err(failure) => {
                let note = self.why_without(&failure);
                self.edit_look(delivery, ts, cut(note)).await
            }
        }
    }

    /// Everything is given, so that nothing stays of what the message was before.
    async fn edit_look(&self, delivery: &Delivery, ts: &str, look: Look) -> Result<(), Failure> {
        let (blocks, attachments) = (look.blocks.clone(), look.attachments.clone());
        let content = content(look, Some(&delivery.outgoing.message))
            .with_blocks(blocks)
            .with_attachments(attachments);
        let ts = SlackTs(ts.to_owned());
        // Unlike in a post, Slack would look for addresses and names in the text by itself.
        let request = SlackApiChatUpdateRequest::new(channel(delivery), content, ts)
            .with_parse("none".to_owned());
        self.api.write(Method::EDIT, &request).await.map(drop)
    }

    async fn whisper(
        &self,
        delivery: &Delivery,
        user: &UserId,
        said: &Said,
    ) -> Result<(), Failure> {
        let fit = Fit {
            text_chars: limits::SLACK_WHISPER_CHARS_MAX,
            note: "_The rest is cut off: Slack shows no longer texts to one person alone._"
                .to_owned(),
        };
        let look = Look::of(said, &delivery.outgoing.message, &fit);
        let user = SlackUserId(user.as_str().to_owned());
        let content = content(look, None);
        let request = SlackApiChatPostEphemeralRequest::new(channel(delivery), user, content)
            .opt_thread_ts(thread(delivery));
        self.api.write(Method::WHISPER, &request).await.map(drop)
    }

    async fn delete(&self, delivery: &Delivery, ts: &str) -> Result<(), Failure> {
        let channel = delivery.outgoing.place.channel.as_str();
        let request = json!({ "channel": channel, "ts": ts });
        self.api.write(Method::DELETE, &request).await.map(drop)
    }

    async fn react(&self, delivery: &Delivery, ts: &str, emoji: &str) -> Result<(), Failure> {
        let channel = delivery.outgoing.place.channel.as_str();
        let request = json!({ "channel": channel, "timestamp": ts, "name": emoji });
        self.api.write(Method::REACT, &request).await.map(drop)
    }

    /// What becomes of something that did not work.
    fn unsent(&self, failure: Failure, outgoing: &Outgoing) -> Unsent {
        let reason = failure.to_string();
        let later = |reason, after, counts| Unsent::Later {
            reason,
            after,
            counts,
        };
        match failure {
            Failure::RateLimited { after } => later(reason, after, false),
            Failure::Unreached(_) => later(reason, limits::OUTBOX_AGAIN, false),
            Failure::NotTaken(_) => later(reason, limits::OUTBOX_AGAIN, true),
            Failure::Unknown(_) => Unsent::Doubt(reason),
            // What is queued can be sent when there is a new token.
            Failure::Refused(refusal) if refusal.is_about_token() => {
                later(advice::token(&refusal), limits::SLACK_TOKEN_AGAIN, false)
            }
            Failure::Refused(refusal) => {
                let advice = advice(&refusal, &self.account().name, Some(outgoing));
                let reason = format!("{advice} ({refusal})");
                let told = advice::what_failed(outgoing).plain(advice);
                Unsent::Never {
                    reason,
                    told: Some(told).filter(|_| !is_gone(&outgoing.act, &refusal.code)),
                }
            }
        }
    }
}

/// What was to be done is so already.
fn is_as_wanted(act: &Act, code: &str) -> bool {
    match act {
        Act::Delete => code == "message_not_found",
        Act::React { .. } => code == "already_reacted",
        Act::Post(_) | Act::Edit(_) | Act::Whisper { .. } => false,
    }
}

/// Somebody took the message away, and need not be told with every change that it would have had.
fn is_gone(act: &Act, code: &str) -> bool {
    match act {
        Act::Edit(_) | Act::React { .. } => code == "message_not_found",
        Act::Post(_) | Act::Delete | Act::Whisper { .. } => false,
    }
}

fn remote(delivery: &Delivery) -> Result<&str, Unsent> {
    delivery.remote.as_deref().ok_or_else(|| Unsent::Never {
        reason:
            "Slack has no such message: it was never sent, or Slack did not say what it is called"
                .to_owned(),
        told: None,
    })
}

fn content(look: Look, message: Option<&CallId>) -> SlackMessageContent {
    let metadata = message.map(|message| {
        let payload = HashMap::from([("id".to_owned(), message.to_string())]);
        SlackMessageMetadata::new(METADATA.to_owned()).with_event_payload(payload)
    });
    SlackMessageContent::new()
        .with_text(look.text)
        .opt_blocks(Some(look.blocks).filter(|blocks| !blocks.is_empty()))
        .opt_attachments(Some(look.attachments).filter(|attachments| !attachments.is_empty()))
        .opt_metadata(metadata)
}

fn channel(delivery: &Delivery) -> SlackChannelId {
    SlackChannelId(delivery.outgoing.place.channel.as_str().to_owned())
}

/// If the message that the thread was to hang from was not sent, it is said in the channel itself.
fn thread(delivery: &Delivery) -> Option<SlackTs> {
    delivery.thread.clone().map(SlackTs)
}

/// Whether a message in a history is the one with our id.
fn is_ours(message: &Value, id: &CallId, bot: Option<&str>) -> bool {
    let metadata = &message["metadata"];
    let by_another = match (message["bot_id"].as_str(), bot) {
        (Some(author), Some(bot)) => author != bot,
        (None, _) | (_, None) => false,
    };
    metadata["event_type"] == METADATA
        && metadata["event_payload"]["id"] == id.as_str()
        && !by_another
}
