//! Grants to write where nobody asked: `chat = [{ channel = "deploys" }]`.

use serde::{Deserialize, Serialize};

use super::Capability;
use super::denial::{Denial, toml_text};
use crate::ids::{ChannelId, InvalidId};

/// A channel that may be written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatGrant {
    /// Which one.
    pub channel: ChannelPattern,
}

/// A channel as people name it, with or without `#`, or by id; or `*` for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ChannelPattern {
    /// All of them.
    Any,
    /// This one.
    One(ChannelId),
}

impl TryFrom<String> for ChannelPattern {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<ChannelPattern, InvalidId> {
        match text.as_str() {
            "*" => Ok(ChannelPattern::Any),
            text => text
                .strip_prefix('#')
                .unwrap_or(text)
                .parse()
                .map(ChannelPattern::One),
        }
    }
}

impl From<ChannelPattern> for String {
    fn from(pattern: ChannelPattern) -> String {
        match pattern {
            ChannelPattern::Any => "*".to_owned(),
            ChannelPattern::One(channel) => channel.into(),
        }
    }
}

pub(super) fn allows(grants: &[ChatGrant], channel: &ChannelId) -> Result<(), Denial> {
    let covered = grants.iter().any(|grant| match &grant.channel {
        ChannelPattern::Any => true,
        ChannelPattern::One(granted) => granted == channel,
    });
    if covered {
        return Ok(());
    }
    let what = format!("write in the channel `{channel}`");
    let entry = format!("{{ channel = {} }}", toml_text(channel.as_str()));
    Err(Denial::missing(Capability::Chat, grants, what, entry))
}
