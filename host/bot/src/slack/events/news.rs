//! What Slack says of itself: who and what is no longer as it was, and what is wrong.

use serde_json::Value;
use witbot_core::ids::{ChannelId, UserId};
use witbot_core::printable;

use super::{Changed, Meaning, Reader, parsed, text};

impl Reader<'_> {
    pub(super) fn news(&self, kind: &str, event: &Value) -> Result<Meaning, String> {
        let changed = match kind {
            "user_change" | "user_profile_changed" | "team_join" => Changed::User(user(event)?),
            "channel_rename" | "group_rename" | "channel_archive" | "group_archive"
            | "channel_unarchive" | "group_unarchive" | "channel_deleted" | "group_deleted"
            | "channel_left" | "group_left" | "channel_shared" | "channel_unshared" => {
                Changed::Channel(channel(event, "channel")?)
            }
            "channel_id_changed" => Changed::Channel(channel(event, "old_channel_id")?),
            "member_joined_channel" | "member_left_channel" => {
                // Who else is in a channel is not remembered.
                if text(event, "user") != Some(&self.identity.user) {
                    return Ok(Meaning::Nothing("somebody else came or went"));
                }
                Changed::Channel(channel(event, "channel")?)
            }
            "subteam_created"
            | "subteam_updated"
            | "subteam_members_changed"
            | "subteam_self_added"
            | "subteam_self_removed" => Changed::Groups,
            "app_rate_limited" => return Ok(rate_limited(event)),
            "tokens_revoked" => return Ok(tokens_revoked(event)),
            "app_uninstalled" => {
                return Ok(Meaning::Trouble(
                    "Slack: the app was removed from the workspace, and the bot can do nothing there: install the app again \
                     on its page at Slack, set SLACK_BOT_TOKEN to the new token, and start the bot again"
                        .to_owned(),
                ));
            }
            _ => return Ok(Meaning::Unknown(printable::short(kind))),
        };
        Ok(Meaning::Changed(changed))
    }
}

/// Slack sends a workspace and an app no more than 30,000 events in an hour.
pub(super) fn rate_limited(event: &Value) -> Meaning {
    let since = event["minute_rate_limited"]
        .as_u64()
        .map(|at| format!(" since {at} (Unix time)"))
        .unwrap_or_default();
    Meaning::Warning(format!(
        "Slack holds events back{since}, as there are too many: messages are lost to the bot; take it out of channels where it is not needed"
    ))
}

fn tokens_revoked(event: &Value) -> Meaning {
    let bots = event["tokens"]["bot"].as_array();
    if bots.is_none_or(Vec::is_empty) {
        return Meaning::Nothing("a token was revoked that the bot does not have");
    }
    Meaning::Trouble(
        "Slack: the token of the bot was revoked, and the bot can say nothing more: install the app again on its page at \
         Slack, set SLACK_BOT_TOKEN to the new token, and start the bot again"
            .to_owned(),
    )
}

/// Some events have the person, some only the id.
fn user(event: &Value) -> Result<UserId, String> {
    let id = text(&event["user"], "id").or_else(|| text(event, "user"));
    parsed(id, "user")
}

/// The same for channels.
fn channel(event: &Value, key: &str) -> Result<ChannelId, String> {
    let id = text(&event[key], "id").or_else(|| text(event, key));
    parsed(id, key)
}
