//! Looks for a message that was perhaps posted, by the id of ours in its metadata.

use serde_json::Value;
use witbot_core::chat::Said;
use witbot_core::journal::Act;
use witbot_core::limits;
use witbot_store::outbox::Delivery;

use super::is_ours;
use super::snippet::Snippet;
use crate::chat::{Looked, Unsent};
use crate::slack::api::{Failure, Method};
use crate::slack::blocks::Look;
use crate::slack::chat::Slack;

/// What came of looking for a message.
pub(super) enum Search {
    /// It is there.
    Found(Value),
    /// It is not.
    Nothing,
    /// There are more messages than can be gone through.
    Unfinished,
}

impl Slack {
    /// Looks whether something was done. What may be done twice need not be looked for.
    pub(crate) async fn look_for(&self, delivery: &Delivery) -> Result<Looked, Unsent> {
        let said = match &delivery.outgoing.act {
            Act::Post(said) => said,
            Act::Edit(_) | Act::Delete | Act::React { .. } | Act::Whisper { .. } => {
                return Ok(Looked::NotDone);
            }
        };
        let id = &delivery.outgoing.message;
        let bot = self.account().identity.bot.as_deref();
        let thread = delivery.thread.as_deref();
        let oldest = committed(delivery);
        let found = self
            .search(delivery, thread, &oldest, |message| {
                is_ours(message, id, bot)
            })
            .await;
        match found {
            Ok(Search::Nothing) => Ok(Looked::NotDone),
            // Saying no here would say it twice.
            Ok(Search::Unfinished) => Err(Unsent::Never {
                reason: format!(
                    "it was perhaps said, and more than {} messages have come since",
                    limits::SLACK_HISTORY_PAGES_MAX * limits::SLACK_HISTORY_PAGE
                ),
                told: None,
            }),
            Ok(Search::Found(message)) => {
                let ts = message["ts"].as_str().map(str::to_owned);
                if let Some(ts) = &ts {
                    self.attach_if_missing(delivery, said, ts).await;
                }
                Ok(Looked::Done(ts))
            }
            Err(failure) => Err(match self.unsent(failure, &delivery.outgoing) {
                Unsent::Never { reason, .. } => Unsent::Never {
                    reason: format!("it was perhaps said, and cannot be looked for: {reason}"),
                    told: None,
                },
                other => other,
            }),
        }
    }

    /// The bot may have been stopped between a message and the file that belongs to it.
    async fn attach_if_missing(&self, delivery: &Delivery, said: &Said, ts: &str) {
        let message = &delivery.outgoing.message;
        let snippet = Snippet::of(message);
        if Look::of(said, message, &snippet.fit(limits::SLACK_TEXT_CHARS_BEST)).complete {
            return;
        }
        let attached = match self.is_attached(delivery, ts, &snippet).await {
            Ok(true) => return,
            Ok(false) => self.stage(&snippet, said).await,
            Err(failure) => Err(failure),
        };
        match attached {
            Ok(staged) => self.attach(delivery, said, ts, &staged).await,
            Err(failure) => {
                tracing::warn!(id = %message, "the file with all of it is perhaps missing: {failure}");
            }
        }
    }

    /// Goes through a channel or a thread from some time on.
    pub(super) async fn search(
        &self,
        delivery: &Delivery,
        thread: Option<&str>,
        oldest: &str,
        is_it: impl Fn(&Value) -> bool,
    ) -> Result<Search, Failure> {
        let channel = delivery.outgoing.place.channel.as_str();
        let limit = limits::SLACK_HISTORY_PAGE.to_string();
        let mut cursor = String::new();
        for _ in 0..limits::SLACK_HISTORY_PAGES_MAX {
            let mut parameters = vec![
                ("channel", channel),
                ("oldest", oldest),
                ("limit", &limit),
                ("include_all_metadata", "true"),
            ];
            parameters.extend(thread.map(|thread| ("ts", thread)));
            if !cursor.is_empty() {
                parameters.push(("cursor", &cursor));
            }
            let method = thread.map_or(Method::HISTORY, |_| Method::REPLIES);
            let page: Value = self.api.read(method, &parameters).await?;
            let messages = page["messages"].as_array().into_iter().flatten();
            if let Some(message) = messages.into_iter().find(|message| is_it(message)) {
                return Ok(Search::Found(message.clone()));
            }
            match page["response_metadata"]["next_cursor"].as_str() {
                Some(next) if !next.is_empty() => cursor = next.to_owned(),
                Some(_) | None => return Ok(Search::Nothing),
            }
        }
        Ok(Search::Unfinished)
    }
}

/// When it was decided to say something, in seconds, as Slack counts them.
fn committed(delivery: &Delivery) -> String {
    let skew = u64::try_from(limits::SLACK_CLOCK_SKEW.as_millis()).unwrap_or(u64::MAX);
    let at = delivery.at.0.saturating_sub(skew);
    format!("{}.{:03}000", at / 1_000, at % 1_000)
}
