//! Slash commands, and clicks on what the bot has posted.

use std::time::Instant;

use serde_json::{Value, json};

use super::channel::{Channel, Place};
use super::delivery::{Kind, Parcel};
use super::respond::ResponseUrl;
use super::state::State;
use super::{APP, TEAM, TEAM_DOMAIN};

/// A slash command or a click that was sent to the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its id, which is also the key of its acknowledgement.
    pub id: String,
    /// Where the bot may answer.
    pub response_url: String,
}

/// What is clicked on.
struct Source {
    ts: String,
    thread: Option<String>,
    /// None when only one person sees it.
    message: Option<Value>,
    blocks: Value,
    attachments: Value,
}

/// A button or an option, and where it was found.
struct Found {
    block_id: Value,
    element: Value,
    option: Value,
    attachment: Option<Value>,
}

impl State {
    /// Sends a slash command.
    pub(super) fn slash(
        &mut self,
        user: &str,
        channel: &str,
        command: &str,
        text: &str,
    ) -> Trigger {
        let trigger = self.trigger(user, channel, None, None);
        let payload = json!({
            "token": "of-old-times",
            "team_id": TEAM,
            "team_domain": TEAM_DOMAIN,
            "channel_id": channel,
            "channel_name": place_name(self.place_of(channel)),
            "user_id": user,
            "user_name": self.user_name(user),
            "command": command,
            "text": text,
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": trigger.response_url,
            "trigger_id": trigger.id,
        });
        self.hand_over(Kind::Command, &trigger, &payload);
        trigger
    }

    /// Clicks on a button or chooses an option, which is found by its words.
    pub(super) fn click(&mut self, user: &str, channel: &str, ts: &str, words: &str) -> Trigger {
        let source = self.source(channel, ts);
        let found = source.find(words).unwrap_or_else(|| {
            panic!(
                "there is nothing called {words:?} in {ts}: {} {}",
                source.blocks, source.attachments
            )
        });
        let ephemeral = source.message.is_none();
        let clicked = Some((ts.to_owned(), ephemeral));
        let trigger = self.trigger(user, channel, clicked, source.thread.clone());
        let container = source.container(channel, &found, ephemeral);
        let mut payload = json!({
            "type": "block_actions",
            "user": {
                "id": user,
                "username": self.user_name(user),
                "name": self.user_name(user),
                "team_id": self.users.get(user).map_or(TEAM, |user| user.team()),
            },
            "api_app_id": APP,
            "token": "of-old-times",
            "container": container,
            "trigger_id": trigger.id,
            "team": { "id": TEAM, "domain": TEAM_DOMAIN },
            "enterprise": null,
            "is_enterprise_install": false,
            "channel": { "id": channel, "name": place_name(self.place_of(channel)) },
            "state": { "values": found.state() },
            "response_url": trigger.response_url,
            "actions": [found.action(&self.ts().to_string())],
        });
        if let Some(message) = source.message {
            payload["message"] = message;
        }
        self.hand_over(Kind::Interaction, &trigger, &payload);
        trigger
    }

    fn trigger(
        &mut self,
        user: &str,
        channel: &str,
        source: Option<(String, bool)>,
        thread: Option<String>,
    ) -> Trigger {
        let id = self.trigger_id();
        let response_url = self.response_url(ResponseUrl {
            made: Instant::now(),
            trigger: id.clone(),
            user: user.to_owned(),
            channel: channel.to_owned(),
            source,
            thread,
            used: 0,
        });
        Trigger { id, response_url }
    }

    fn hand_over(&mut self, kind: Kind, trigger: &Trigger, payload: &Value) {
        self.outgoing.push(Parcel {
            kind,
            key: trigger.id.clone(),
            payload: payload.to_string().into(),
        });
    }

    fn source(&self, channel: &str, ts: &str) -> Source {
        if let Some(message) = self.place_of(channel).find(ts) {
            let version = message.now();
            return Source {
                ts: message.ts.clone(),
                thread: message.thread_ts.clone(),
                message: Some(message.json()),
                blocks: version.blocks.clone(),
                attachments: version.attachments.clone(),
            };
        }
        let shown = self.ephemerals.iter().find(|shown| shown.ts == ts);
        let Some(shown) = shown else {
            panic!("there is no message {ts} in {channel}")
        };
        Source {
            ts: shown.ts.clone(),
            thread: shown.thread_ts.clone(),
            message: None,
            blocks: shown.blocks.clone(),
            attachments: shown.attachments.clone(),
        }
    }

    /// A channel that a test names.
    pub(super) fn place_of(&self, channel: &str) -> &Channel {
        match self.channels.get(channel) {
            Some(channel) => channel,
            None => panic!("there is no channel {channel}; add it with add_channel"),
        }
    }

    fn user_name(&self, user: &str) -> &str {
        match self.users.get(user) {
            Some(user) => &user.name,
            None => panic!("there is no user {user}; add them with add_user"),
        }
    }
}

impl Source {
    fn find(&self, words: &str) -> Option<Found> {
        let attached = self.attachments.as_array().into_iter().flatten();
        find_in(&self.blocks, words, None).or_else(|| {
            attached
                .filter_map(|attachment| {
                    find_in(&attachment["blocks"], words, Some(attachment["id"].clone()))
                })
                .next()
        })
    }

    fn container(&self, channel: &str, found: &Found, ephemeral: bool) -> Value {
        let mut container = json!({
            "type": "message",
            "message_ts": self.ts,
            "channel_id": channel,
            "is_ephemeral": ephemeral,
        });
        if let Some(thread) = &self.thread {
            container["thread_ts"] = json!(thread);
        }
        if let Some(attachment) = &found.attachment {
            container["type"] = json!("message_attachment");
            container["attachment_id"] = attachment.clone();
            container["is_app_unfurl"] = json!(false);
        }
        container
    }
}

fn find_in(blocks: &Value, words: &str, attachment: Option<Value>) -> Option<Found> {
    for block in blocks.as_array().into_iter().flatten() {
        let inside = block["elements"].as_array().into_iter().flatten();
        for element in inside.chain([&block["accessory"]]) {
            let options = element["options"].as_array().into_iter().flatten();
            let grouped = element["option_groups"].as_array().into_iter().flatten();
            let grouped =
                grouped.flat_map(|group| group["options"].as_array().into_iter().flatten());
            let mut options = options.chain(grouped);
            let option = options.find(|option| option["text"]["text"] == words);
            let button = element["type"] == "button" && element["text"]["text"] == words;
            if button || option.is_some() {
                return Some(Found {
                    block_id: block["block_id"].clone(),
                    element: element.clone(),
                    option: option.cloned().unwrap_or_default(),
                    attachment,
                });
            }
        }
    }
    None
}

impl Found {
    fn action(&self, ts: &str) -> Value {
        let mut action = json!({
            "type": self.element["type"],
            "action_id": self.element["action_id"],
            "block_id": self.block_id,
            "action_ts": ts,
        });
        if self.option.is_null() {
            for field in ["text", "value", "style", "url"] {
                if !self.element[field].is_null() {
                    action[field] = self.element[field].clone();
                }
            }
        } else {
            action["selected_option"] = self.option.clone();
            action["placeholder"] = self.element["placeholder"].clone();
        }
        action
    }

    /// What the menus of the message are set to.
    fn state(&self) -> Value {
        if self.option.is_null() {
            return json!({});
        }
        let (block, action) = (
            self.block_id.as_str().unwrap_or_default(),
            self.element["action_id"].as_str().unwrap_or_default(),
        );
        let set = json!({ "type": self.element["type"], "selected_option": self.option });
        json!({ block: { action: set } })
    }
}

fn place_name(channel: &Channel) -> &str {
    match channel.place {
        Place::Public => &channel.name,
        Place::Private => "privategroup",
        Place::Direct => "directmessage",
    }
}
