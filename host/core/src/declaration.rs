//! What a plugin says of itself, as it was said and as it was checked. See `wit/declare.wit` for what plugins can say,
//! and `check` for what is refused.

mod check;

use std::fmt;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::command::Usage;
use crate::hubot::{Hubot, Method};
use crate::schedule::When;
use crate::{limits, printable};

/// What `describe` filled in, as it was said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// One line for lists.
    pub summary: String,
    /// The author's own version; empty when there is none.
    #[serde(default)]
    pub version: String,
    /// In the order in which they were declared.
    pub commands: Vec<CommandDeclaration>,
    /// In the order in which they were declared.
    pub listeners: Vec<ListenerDeclaration>,
    /// In the order in which they were declared.
    pub subscriptions: Vec<SubscriptionDeclaration>,
    /// In the order in which they were declared.
    pub settings: Vec<SettingDeclaration>,
    /// Capability and reason.
    pub wants: Vec<(String, String)>,
    /// The same for those that it can do without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub can_use: Vec<(String, String)>,
    /// In the order in which they were declared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<ScheduleDeclaration>,
    /// In the order in which they were declared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<WebhookDeclaration>,
    /// The handler that checks the settings, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks_settings: Option<String>,
    /// The handler that migrates what the plugin keeps, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrates: Option<String>,
}

/// A command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandDeclaration {
    /// The plugin's own name of the handler.
    pub id: String,
    /// What is matched, and shown in help.
    pub usage: String,
    /// One line.
    pub summary: String,
    /// More of it.
    pub details: String,
    /// What one can type.
    pub examples: Vec<String>,
    /// Whether nobody may give it unless a rule says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dangerous: bool,
    /// Whether its handler asks for permission when it knows what the command comes to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks_permission: bool,
}

/// A listener.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerDeclaration {
    /// The plugin's own name of the handler.
    pub id: String,
    /// A regular expression.
    pub pattern: String,
    /// One line.
    pub summary: String,
    /// It listens by Hubot's rules. None: by ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hubot: Option<Hubot>,
}

impl ListenerDeclaration {
    /// The pattern as its author wrote it: those of Hubot with their flags.
    pub fn written(&self) -> String {
        match &self.hubot {
            None => self.pattern.clone(),
            Some(Hubot { flags, .. }) => format!("/{}/{flags}", self.pattern),
        }
    }

    /// Where it must stand, to be read behind the pattern.
    pub fn place(&self) -> &'static str {
        match &self.hubot {
            Some(Hubot {
                method: Method::Respond,
                ..
            }) => " behind the name of the bot",
            Some(Hubot {
                method: Method::Hear,
                ..
            })
            | None => "",
        }
    }
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionDeclaration {
    /// The plugin's own name of the handler.
    pub id: String,
    /// `github.deployment`.
    pub kind: String,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleDeclaration {
    /// The plugin's own name of the handler.
    pub id: String,
    /// When it is called, as it was written.
    pub when: String,
    /// One line.
    pub summary: String,
}

/// A webhook at an address of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookDeclaration {
    /// The plugin's own name of the handler.
    pub id: String,
    /// The last part of the address.
    pub name: String,
    /// One line.
    pub summary: String,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingDeclaration {
    /// Its key.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Whether the plugin cannot work without.
    pub required: bool,
}

/// Commands that the host answers itself; no command of a plugin begins with one of these words.
pub const RESERVED: [&str; 9] = [
    "help", "plugins", "runs", "stop", "plugin", "who", "whoami", "link", "unlink",
];

/// A declaration in which nothing is wrong.
#[derive(Debug)]
pub struct Checked {
    /// As it was said.
    pub declaration: Declaration,
    /// The usages of its commands, in the same order.
    pub usages: Vec<Usage>,
    /// The patterns of its listeners, in the same order.
    pub patterns: Vec<Pattern>,
    /// Its schedules by their ids, in the same order.
    pub schedules: Vec<(String, When)>,
}

/// The pattern of a listener, in which nothing is wrong.
#[derive(Debug)]
pub enum Pattern {
    /// By our rules.
    Ours(Regex),
    /// By Hubot's. The name of the bot can be part of what is matched, so that it is compiled where that is known.
    Hubot(Hubot, String),
}

/// A setting that the plugin itself says is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Which, by JSON pointer (RFC 6901) from the plugin's settings; empty for all of them.
    pub pointer: String,
    /// Why, and what to write instead.
    pub reason: String,
}

impl Rejected {
    /// What a plugin said, in one line and cut to what people read.
    pub fn new(pointer: &str, reason: &str) -> Rejected {
        let short = reason
            .trim()
            .chars()
            .take(limits::SETTINGS_REASON_CHARS_MAX);
        let reason = match printable::line(&short.collect::<String>()).as_ref() {
            "" => "the plugin gave no reason".to_owned(),
            reason => reason.to_owned(),
        };
        let pointer = pointer.chars().take(limits::TEXT_BYTES_MAX).collect();
        Rejected { pointer, reason }
    }
}

/// Something that is wrong with a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: "command `deploy`".
    pub what: String,
    /// What is wrong there, and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.message)
    }
}

impl Declaration {
    /// Checks all of it, and reports all that is wrong at once.
    pub fn check(self) -> Result<Checked, Vec<Problem>> {
        check::check(self)
    }
}

#[cfg(test)]
mod tests;
