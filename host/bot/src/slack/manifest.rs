//! The manifest of the app that witbot is at Slack: what it subscribes to, and which scopes it needs for that.
//!
//! The table of scopes is the one place that says what each is for. The manifest asks for exactly these, `witbot check
//! --online` compares the token's with them, and a refusal for want of a scope says what it is for.

use std::collections::BTreeSet;
use std::fmt;

use super::api::Method;
use super::yaml::{Item, Yaml};

/// The longest name of an app at Slack.
pub const APP_NAME_CHARS_MAX: usize = 35;
/// The longest slash command, with its slash.
pub const COMMAND_CHARS_MAX: usize = 32;

/// Something that the bot may do at Slack.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// What Slack calls it.
    pub name: &'static str,
    /// What the bot does with it, behind a `to`.
    pub purpose: &'static str,
    /// The events that need it.
    pub events: &'static [&'static str],
    /// The methods that need it.
    pub methods: &'static [Method],
}

/// With what it is for.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, to {}", self.name, self.purpose)?;
        let methods: Vec<&str> = self.methods.iter().map(|method| method.name).collect();
        if methods.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", methods.join(", "))
    }
}

/// All scopes that the bot needs, and no others.
pub const SCOPES: &[Scope] = &[
    Scope {
        name: "app_mentions:read",
        purpose: "hear when it is mentioned",
        events: &["app_mention"],
        methods: &[],
    },
    Scope {
        name: "channels:history",
        purpose: "hear what is said in public channels that it was invited to, and find its own messages there",
        events: &["message.channels"],
        methods: HISTORY,
    },
    Scope {
        name: "groups:history",
        purpose: "hear what is said in private channels that it was invited to, and find its own messages there",
        events: &["message.groups"],
        methods: HISTORY,
    },
    Scope {
        name: "im:history",
        purpose: "hear direct messages, and find its own messages there",
        events: &["message.im"],
        methods: HISTORY,
    },
    Scope {
        name: "mpim:history",
        purpose: "hear group direct messages that it was added to, and find its own messages there",
        events: &["message.mpim"],
        methods: HISTORY,
    },
    Scope {
        name: "commands",
        purpose: "have a slash command",
        events: &[],
        methods: &[],
    },
    Scope {
        name: "chat:write",
        purpose: "write, edit and delete its own messages",
        events: &[],
        methods: &[Method::POST, Method::WHISPER, Method::EDIT, Method::DELETE],
    },
    Scope {
        name: "files:write",
        purpose: "upload what is too long for a message",
        events: &[],
        methods: &[Method::BEGIN_UPLOAD, Method::END_UPLOAD],
    },
    Scope {
        name: "reactions:write",
        purpose: "add reactions",
        events: &[],
        methods: &[Method::REACT],
    },
    Scope {
        name: "im:write",
        purpose: "begin direct messages",
        events: &[],
        methods: &[Method::DIRECT],
    },
    Scope {
        name: "channels:read",
        purpose: "know the names of public channels, which of them it is in, and which are shared with another organisation",
        events: &[
            "channel_archive",
            "channel_deleted",
            "channel_id_changed",
            "channel_left",
            "channel_rename",
            "channel_shared",
            "channel_unarchive",
            "channel_unshared",
            "member_joined_channel",
            "member_left_channel",
        ],
        methods: &[Method::CHANNEL, Method::CHANNELS],
    },
    Scope {
        name: "groups:read",
        purpose: "know the names of private channels that it was invited to, and which are shared with another organisation",
        events: &[
            "group_archive",
            "group_deleted",
            "group_left",
            "group_rename",
            "group_unarchive",
        ],
        methods: &[Method::CHANNEL, Method::CHANNELS],
    },
    Scope {
        name: "im:read",
        purpose: "know a direct message from a channel",
        events: &[],
        methods: &[Method::CHANNEL],
    },
    Scope {
        name: "mpim:read",
        purpose: "know a group direct message from a channel",
        events: &[],
        methods: &[Method::CHANNEL],
    },
    Scope {
        name: "users:read",
        purpose: "know the names of people, and who is a guest",
        events: &["user_change"],
        methods: &[Method::PERSON],
    },
    Scope {
        name: "usergroups:read",
        purpose: "know who is in which user group",
        events: &[
            "subteam_created",
            "subteam_members_changed",
            "subteam_updated",
        ],
        methods: &[Method::GROUPS, Method::GROUP_MEMBERS],
    },
];

/// Events that need no scope: that the bot is no longer welcome.
const EVENTS_FOR_ALL: &[&str] = &["app_uninstalled", "tokens_revoked"];

const HISTORY: &[Method] = &[Method::HISTORY, Method::REPLIES];

/// What is to be done about a scope that Slack says is missing, as it stands in an answer: one, or several with commas
/// between, of which one is enough.
pub fn missing(needed: &str) -> String {
    let purpose = |name: &str| {
        let known = SCOPES.iter().find(|scope| scope.name == name);
        known.map_or_else(
            || format!("`{name}`"),
            |scope| format!("`{name}` (to {})", scope.purpose),
        )
    };
    let names: Vec<String> = needed.split(',').map(|name| purpose(name.trim())).collect();
    format!(
        "the bot token lacks the scope {}: add it at https://api.slack.com/apps under `OAuth & Permissions`, and install the app again",
        names.join(" or ")
    )
}

/// What the app is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// What it is called.
    pub name: String,
    /// Its slash command, with the slash.
    pub command: String,
    /// How Slack tells what happens.
    pub events: Events,
}

/// How Slack tells what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Events {
    /// Over WebSockets that the bot opens.
    Socket,
    /// With requests to this address, which has no slash at its end.
    Http(String),
}

impl App {
    /// The manifest, as Slack takes it.
    pub fn manifest(&self) -> String {
        Yaml::map([
            (
                "display_information",
                Yaml::map([
                    ("name", Yaml::text(&self.name)),
                    (
                        "description",
                        Yaml::text(
                            "Answers commands with plugins that may do what they were granted.",
                        ),
                    ),
                ]),
            ),
            ("features", self.features()),
            (
                "oauth_config",
                Yaml::map([("scopes", Yaml::map([("bot", scopes())]))]),
            ),
            ("settings", self.settings()),
        ])
        .to_string()
    }

    fn features(&self) -> Yaml {
        let mut command = vec![
            ("command", Yaml::text(&self.command)),
            ("description", Yaml::text("Gives a command to the bot.")),
            ("usage_hint", Yaml::text("help")),
            // Mentions then arrive with ids and not with names, which could be anybody's.
            ("should_escape", Yaml::Flag(true)),
        ];
        command.extend(self.url("commands").map(|url| ("url", url)));
        Yaml::map([
            (
                "app_home",
                Yaml::map([
                    ("home_tab_enabled", Yaml::Flag(false)),
                    // Without these two, nobody can write the bot a direct message.
                    ("messages_tab_enabled", Yaml::Flag(true)),
                    ("messages_tab_read_only_enabled", Yaml::Flag(false)),
                ]),
            ),
            (
                "bot_user",
                Yaml::map([
                    ("display_name", Yaml::text(&self.name)),
                    ("always_online", Yaml::Flag(true)),
                ]),
            ),
            (
                "slash_commands",
                Yaml::List(vec![Yaml::map(command).into()]),
            ),
        ])
    }

    fn settings(&self) -> Yaml {
        let mut events: Vec<_> = self
            .url("events")
            .map(|url| ("request_url", url))
            .into_iter()
            .collect();
        events.push(("bot_events", bot_events()));
        let mut interactivity = vec![("is_enabled", Yaml::Flag(true))];
        interactivity.extend(self.url("interactions").map(|url| ("request_url", url)));
        Yaml::map([
            ("event_subscriptions", Yaml::map(events)),
            ("interactivity", Yaml::map(interactivity)),
            ("org_deploy_enabled", Yaml::Flag(false)),
            (
                "socket_mode_enabled",
                Yaml::Flag(self.events == Events::Socket),
            ),
            // The tokens of witbot are not replaced while it runs.
            ("token_rotation_enabled", Yaml::Flag(false)),
        ])
    }

    /// Where Slack sends requests of one kind, if it sends any.
    fn url(&self, route: &str) -> Option<Yaml> {
        match &self.events {
            Events::Socket => None,
            Events::Http(base) => Some(Yaml::text(&format!("{base}/hooks/slack/{route}"))),
        }
    }
}

fn scopes() -> Yaml {
    Yaml::List(
        SCOPES
            .iter()
            .map(|scope| Item::from(Yaml::text(scope.name)).comment(scope.purpose))
            .collect(),
    )
}

fn bot_events() -> Yaml {
    let events: BTreeSet<&str> = SCOPES
        .iter()
        .flat_map(|scope| scope.events)
        .chain(EVENTS_FOR_ALL)
        .copied()
        .collect();
    Yaml::List(
        events
            .into_iter()
            .map(|event| Yaml::text(event).into())
            .collect(),
    )
}

#[cfg(test)]
mod tests;
