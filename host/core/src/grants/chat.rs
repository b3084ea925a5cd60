//! Grants to write where nobody asked: `chat = [{ channel = "deploys" }]`, `chat = [{ direct = true }]`.

use std::ops::Not;

use serde::{Deserialize, Serialize};

use super::Capability;
use super::denial::{Denial, quoted, toml_text};
use crate::chat::Audience;
use crate::ids::{ChannelId, InvalidId, UserId};

/// Where may be written, and how loudly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatGrant {
    /// In which channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelPattern>,
    /// To single people, too, in their conversation with the bot.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub direct: bool,
    /// Notifying groups of people in the channel.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub mentions: bool,
    /// Notifying everybody in the channel, and so groups as well.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub broadcast: bool,
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

impl ChatGrant {
    fn covers(&self, channel: &ChannelId, name: Option<&str>) -> bool {
        match &self.channel {
            None => false,
            Some(ChannelPattern::Any) => true,
            Some(ChannelPattern::One(granted)) => {
                granted == channel || name == Some(granted.as_str())
            }
        }
    }
}

pub(super) fn allows(
    grants: &[ChatGrant],
    channel: &ChannelId,
    name: Option<&str>,
) -> Result<(), Denial> {
    if grants.iter().any(|grant| grant.covers(channel, name)) {
        return Ok(());
    }
    let channel = name.unwrap_or(channel.as_str());
    let what = format!("write in the channel `{channel}`");
    Err(missing(grants, channel, what, ""))
}

pub(super) fn allows_broadcast(
    grants: &[ChatGrant],
    channel: &ChannelId,
    name: Option<&str>,
    audience: Audience,
) -> Result<(), Denial> {
    let mut covering = grants.iter().filter(|grant| grant.covers(channel, name));
    if covering.any(|grant| grant.broadcast) {
        return Ok(());
    }
    let channel = name.unwrap_or(channel.as_str());
    let what = format!("notify @{} in the channel `{channel}`", audience.as_str());
    Err(missing(grants, channel, what, ", broadcast = true"))
}

pub(super) fn allows_mention(
    grants: &[ChatGrant],
    channel: &ChannelId,
    name: Option<&str>,
    group: &UserId,
) -> Result<(), Denial> {
    let mut covering = grants.iter().filter(|grant| grant.covers(channel, name));
    if covering.any(|grant| grant.mentions || grant.broadcast) {
        return Ok(());
    }
    let channel = name.unwrap_or(channel.as_str());
    let what = format!(
        "notify the group {} in the channel `{channel}`",
        quoted(group.as_str())
    );
    Err(missing(grants, channel, what, ", mentions = true"))
}

pub(super) fn allows_direct(grants: &[ChatGrant], user: &UserId) -> Result<(), Denial> {
    if grants.iter().any(|grant| grant.direct) {
        return Ok(());
    }
    let what = format!("write to {user} alone");
    let entry = "{ direct = true }".to_owned();
    Err(Denial::missing(Capability::Chat, grants, what, entry))
}

/// Looking a channel up says no more than that it exists: whoever may write anywhere may do so.
pub(super) fn finds(grants: &[ChatGrant], name: &str) -> Result<(), Denial> {
    if !grants.is_empty() {
        return Ok(());
    }
    let what = format!("write in the channel `{name}`");
    Err(missing(grants, name, what, ""))
}

/// What the grant of one channel would allow. A name such as `*` would be granted as something else than is asked for.
fn missing(grants: &[ChatGrant], channel: &str, what: String, more: &str) -> Denial {
    match ChannelPattern::try_from(channel.to_owned()) {
        Ok(ChannelPattern::One(_)) => {
            let entry = format!("{{ channel = {}{more} }}", toml_text(channel));
            Denial::missing(Capability::Chat, grants, what, entry)
        }
        Ok(ChannelPattern::Any) | Err(_) => {
            Denial::never(format!("{} is not the name of a channel", quoted(channel)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_never_granted_as_another() {
        for name in ["*", " ops", ""] {
            assert_eq!(finds(&[], name).unwrap_err().line(), None, "{name:?}");
        }
        let line = finds(&[], "#ops").unwrap_err().line();
        assert_eq!(line.as_deref(), Some("chat = [{ channel = \"#ops\" }]"));
    }
}
