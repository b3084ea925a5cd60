//! What somebody can do about it when Slack says no.

use witbot_core::chat::{Span, Text};
use witbot_core::ids::ChannelId;
use witbot_core::journal::{Act, Outgoing};

use crate::slack::api::Refusal;
use crate::slack::manifest;

/// What could not be done, and where: who is told of it may be somewhere else.
pub(in crate::slack) fn what_failed(outgoing: &Outgoing) -> Text {
    let what = match &outgoing.act {
        Act::Post(_) => "say something",
        Act::Whisper { .. } => "show something to one person",
        Act::Edit(_) => "change a message",
        Act::Delete => "take a message away",
        Act::React { .. } => "react to a message",
    };
    let channel = &outgoing.place.channel;
    let text = Text::from(format!("I could not {what} in "));
    let text = match is_conversation(channel) {
        true => text.plain("a conversation of yours"),
        false => text.with(Span::Channel(channel.clone())),
    };
    text.plain(". ")
}

/// What to do about a refusal, in a sentence for whoever asked. `name` is the bot's.
pub(in crate::slack) fn advice(
    refusal: &Refusal,
    name: &str,
    outgoing: Option<&Outgoing>,
) -> String {
    let code = refusal.code.as_str();
    let between_people = outgoing.is_some_and(|outgoing| is_conversation(&outgoing.place.channel));
    match code {
        // Slash commands can be typed there as well.
        "not_in_channel" | "channel_not_found" | "no_permission" if between_people => {
            "I cannot be in a conversation between people: say it in a channel that I am in, or write to me alone.".to_owned()
        }
        "not_in_channel" | "channel_not_found" | "no_permission" => {
            format!("I am not in that channel. Invite me with `/invite @{name}`.")
        }
        "is_archived" | "is_inactive" => {
            "That channel is archived. Unarchive it, or have me speak in another.".to_owned()
        }
        "missing_scope" | "no_scopes" => match &refusal.needed {
            Some(scope) => format!(
                "My app may not do that: {}. `witbot slack manifest` prints a manifest with all scopes.",
                manifest::missing(scope)
            ),
            None => "My app may not do that: install it again with the manifest that `witbot slack manifest` prints.".to_owned(),
        },
        "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "restricted_action_non_threadable_channel"
        | "restricted_action_thread_locked"
        | "ekm_access_denied"
        | "access_denied"
        | "slack_connect_file_upload_sharing_blocked" => format!(
            "The settings of the workspace or of that channel do not allow me to do that (`{code}`). An administrator of the workspace can change them."
        ),
        "msg_too_long" | "msg_blocks_too_long" => {
            "That message is too long for Slack: say less, or in several messages.".to_owned()
        }
        "invalid_blocks" | "invalid_blocks_format" | "invalid_attachments" | "block_mismatch"
        | "no_text" | "invalid_arguments" => format!(
            "Slack cannot show that message (`{code}`), which is a mistake of witbot's; the log says more."
        ),
        "user_not_in_channel" => {
            "You are not in that channel, so that I cannot show you anything there.".to_owned()
        }
        "cant_update_message" | "edit_window_closed" => format!(
            "Slack does not let me change that message any more (`{code}`). How long messages can be changed is a setting of the workspace."
        ),
        "cant_delete_message" => {
            "Slack does not let me take that message away: the settings of the workspace forbid it.".to_owned()
        }
        "message_not_found" | "thread_not_found" | "bad_timestamp" => {
            "That message is no longer there: somebody deleted it.".to_owned()
        }
        "invalid_name" | "no_reaction" => match outgoing.map(|outgoing| &outgoing.act) {
            Some(Act::React { emoji, .. }) => {
                format!("This workspace has no emoji that is called `{emoji}`.")
            }
            Some(Act::Post(_) | Act::Edit(_) | Act::Delete | Act::Whisper { .. }) | None => {
                format!("Slack does not take that name (`{code}`).")
            }
        },
        "too_many_emoji" | "too_many_reactions" => {
            "That message has as many reactions as Slack allows.".to_owned()
        }
        "messages_tab_disabled" => {
            "Direct messages to my app are switched off: switch on the Messages Tab under App Home at https://api.slack.com/apps.".to_owned()
        }
        _ => format!("Slack does not let me do that (`{code}`)."),
    }
}

/// There is nobody else to invite.
fn is_conversation(channel: &ChannelId) -> bool {
    channel.as_str().starts_with('D')
}

/// What to do about a token that Slack does not take, for the log.
pub(in crate::slack) fn token(refusal: &Refusal) -> String {
    format!(
        "{refusal} about the bot token: install the app in the workspace at https://api.slack.com/apps, under Install App, set SLACK_BOT_TOKEN to the token that begins with `xoxb-`, and start witbot again"
    )
}
