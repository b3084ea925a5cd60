//! What an id of a channel or a conversation stands for, and who can read what is said there.

use std::time::Duration;

use serde_json::Value;
use witbot_core::chat::{Channel, ChannelKind};
use witbot_core::error::{Code, Error};
use witbot_core::ids::ChannelId;
use witbot_core::{limits, printable};

use super::{Behind, Directory};
use crate::slack::api::{Failure, Method};

impl Directory {
    /// Who can read what is said in a channel or a conversation.
    pub async fn kind(&self, id: &ChannelId) -> Result<ChannelKind, Error> {
        let what = format!("the channel `{id}`");
        let found = self
            .place(id.as_str(), limits::SLACK_DECIDING_AGE_MAX)
            .await;
        // What a message said while that was asked is news as well.
        if self.shared.peek(id.as_str()).is_some() {
            return Ok(ChannelKind::Shared);
        }
        match found {
            Ok(Some(behind)) => behind.kind.ok_or_else(|| {
                let text = format!("Slack does not say who can read {what}.");
                Error::new(Code::Unavailable, text)
            }),
            Ok(None) => Err(self.unseen(&what)),
            Err(failure) => Err(self.error(failure, &what)),
        }
    }

    /// A message says whether the channel that it is in is shared with another organisation. That is news if something
    /// else was known.
    pub(super) fn told_shared(&self, id: &ChannelId, shared: bool) {
        let id = id.as_str();
        if shared {
            return self.shared.put(id, ());
        }
        self.shared.forget(id);
        let kind = self.channels.peek(id).and_then(|behind| behind.kind);
        if kind == Some(ChannelKind::Shared) {
            self.channels.forget(id);
        }
    }

    /// None: Slack knows none of this id, or lets the bot not see it.
    pub(super) async fn place(
        &self,
        id: &str,
        age_max: Duration,
    ) -> Result<Option<Behind>, Failure> {
        let ask = || async {
            let answer = self.ask(Method::CHANNEL, &[("channel", id)]).await?;
            behind(&answer["channel"]).ok_or_else(|| {
                Failure::Unknown("Slack does not say which channel it is".to_owned())
            })
        };
        match self.channels.get(id, age_max, ask).await {
            Ok(behind) => Ok(Some(behind)),
            Err(Failure::Refused(refusal)) if refusal.code == "channel_not_found" => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

/// None: it has no id.
pub(super) fn behind(place: &Value) -> Option<Behind> {
    let id = place["id"].as_str()?;
    let channel = Channel {
        id: id.parse().ok()?,
        name: printable::short(place["name"].as_str().unwrap_or(id)),
    };
    let is_channel = place["is_im"] != true && place["is_mpim"] != true;
    Some(Behind {
        channel: is_channel.then_some(channel),
        kind: kind(place),
    })
}

/// What Slack does not say is not guessed. A channel to which another organisation is invited counts as shared with it: they
/// can come at any moment. One that is shared among workspaces of the same organisation does not.
/// <https://docs.slack.dev/reference/objects/conversation-object/>
fn kind(place: &Value) -> Option<ChannelKind> {
    let is = |what: &str| place[what].as_bool();
    let with_others = is("is_ext_shared") == Some(true)
        || is("is_pending_ext_shared") == Some(true)
        || (is("is_shared") == Some(true) && is("is_org_shared") != Some(true));
    if with_others {
        Some(ChannelKind::Shared)
    } else if is("is_im") == Some(true) {
        Some(ChannelKind::Direct)
    } else if is("is_mpim") == Some(true) {
        Some(ChannelKind::Group)
    } else {
        is("is_private").map(|private| match private {
            true => ChannelKind::Private,
            false => ChannelKind::Public,
        })
    }
}
