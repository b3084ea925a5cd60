//! A made-up question: who wants what, where, when and how.

use std::collections::BTreeMap;

use chrono::DateTime;
use witbot_core::chat::{ChannelKind, Standing};
use witbot_core::ids::{ChannelId, PluginName, UnixMillis, UserId};
use witbot_core::policy::{ADMIN, Facts, Origin, Otherwise, Policy, Request};
use witbot_core::route::{Route, Routed, Table};

use crate::admin;
use crate::clock;
use crate::live::{Live, OWN_NAME};
use crate::plugins::OWN_COMMANDS;

/// The bot's own commands that concern others, which take the role `admin` when no rule says otherwise.
const FOR_ADMINS: [&str; 7] = [
    "plugin-show",
    "plugin-hold",
    "plugin-release",
    "plugin-rollback",
    "runs-all",
    "runs-cancel",
    "runs-retry",
];

/// Who, where, when and how. What is not said is as it mostly is.
#[derive(Debug, Clone)]
pub struct Circumstances {
    pub user: UserId,
    /// All groups that they are in.
    pub groups: Vec<UserId>,
    pub channel: Option<ChannelId>,
    pub kind: Option<ChannelKind>,
    pub standing: Option<Standing>,
    pub origin: Option<Origin>,
    /// By RFC 3339. None: now.
    pub at: Option<String>,
}

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub plugin: PluginName,
    pub command: String,
    pub arguments: Vec<(String, String)>,
    otherwise: Otherwise,
}

/// A question that can be decided.
pub struct Asked {
    wanted: Wanted,
    user: UserId,
    channel: ChannelId,
    origin: Origin,
    at: UnixMillis,
    facts: Facts,
}

impl Wanted {
    /// What somebody means who says something to the bot.
    pub fn said(text: &str, live: &Live) -> Result<Wanted, String> {
        if let Some(wanted) = own(text) {
            return Ok(wanted);
        }
        // Rules are tried before the plugins have all that they need to serve.
        let mut wrong = None;
        for table in [&live.table, &live.idle] {
            match routed(table, text) {
                Ok(Some(route)) => return Wanted::of(route, live),
                Ok(None) => {}
                Err(usage) => wrong = wrong.or(Some(usage)),
            }
        }
        Err(wrong.unwrap_or_else(|| format!("no plugin in the folder understands `{text}`")))
    }

    /// A command or listener by its id.
    pub fn named(plugin: PluginName, command: String, live: &Live) -> Result<Wanted, String> {
        if plugin.as_str() == OWN_NAME {
            let id = OWN_COMMANDS.into_iter().find(|id| *id == command);
            let id = id.ok_or_else(|| format!("the bot has no command `{command}`"))?;
            return Ok(of_bot(id));
        }
        let route = Route {
            plugin,
            handler: command,
            arguments: Vec::new(),
        };
        Wanted::of(route, live)
    }

    /// With arguments that are known otherwise, such as the one that is meant when none is given.
    pub fn with(mut self, arguments: BTreeMap<String, String>) -> Wanted {
        self.arguments
            .retain(|(name, _)| !arguments.contains_key(name));
        self.arguments.extend(arguments);
        self
    }

    /// As it is told.
    pub fn in_words(&self) -> String {
        let mut text = format!("the command `{}` of `{}`", self.command, self.plugin);
        if !self.arguments.is_empty() {
            let each = self
                .arguments
                .iter()
                .map(|(name, value)| format!("{name} = {value}"));
            text += &format!(" ({})", each.collect::<Vec<_>>().join(", "));
        }
        text
    }

    fn of(route: Route, live: &Live) -> Result<Wanted, String> {
        let tables = live.table.plugins().iter().chain(live.idle.plugins());
        let declared = tables.into_iter().find(|(name, _)| *name == route.plugin);
        let Some((_, checked)) = declared else {
            return Err(format!(
                "there is no plugin `{}` in the folder",
                route.plugin
            ));
        };
        let declaration = &checked.declaration;
        let command = declaration
            .commands
            .iter()
            .find(|command| command.id == route.handler);
        let listens = || {
            declaration
                .listeners
                .iter()
                .any(|listener| listener.id == route.handler)
        };
        let otherwise = match command {
            Some(command) if command.dangerous => Otherwise::Deny,
            Some(_) => Otherwise::Allow,
            None if listens() => Otherwise::Allow,
            None => {
                let (plugin, id) = (&route.plugin, &route.handler);
                return Err(format!(
                    "`{plugin}` has no command or listener with the id `{id}`"
                ));
            }
        };
        Ok(Wanted {
            plugin: route.plugin,
            command: route.handler,
            arguments: route.arguments,
            otherwise,
        })
    }
}

impl Asked {
    /// Under some circumstances.
    pub fn new(
        wanted: Wanted,
        circumstances: Circumstances,
        policy: &Policy,
    ) -> Result<Asked, String> {
        let at = match &circumstances.at {
            None => clock::now(),
            Some(text) => time(text)?,
        };
        let elsewhere = || "C0ELSEWHERE".parse().expect("it is an id");
        let mut asked = Asked {
            wanted,
            user: circumstances.user,
            channel: circumstances.channel.unwrap_or_else(elsewhere),
            origin: circumstances.origin.unwrap_or(Origin::Message),
            at,
            facts: Facts {
                kind: Some(circumstances.kind.unwrap_or(ChannelKind::Public)),
                standing: Some(circumstances.standing.unwrap_or_default()),
                ..Facts::default()
            },
        };
        let groups = policy.needs(&asked.request()).groups.into_iter();
        let groups = groups.map(|group| {
            let is = circumstances.groups.contains(&group);
            (group, is)
        });
        asked.facts.groups = groups.collect();
        Ok(asked)
    }

    /// For the rules.
    pub fn request(&self) -> Request<'_> {
        Request {
            plugin: &self.wanted.plugin,
            command: &self.wanted.command,
            arguments: &self.wanted.arguments,
            settled: true,
            otherwise: self.wanted.otherwise,
            user: &self.user,
            channel: &self.channel,
            origin: self.origin,
            at: self.at,
        }
    }

    /// All of them are known.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}

fn time(text: &str) -> Result<UnixMillis, String> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| {
        format!("`{text}` is no time: write one such as `2026-11-20T16:30:00+01:00`")
    })?;
    Ok(UnixMillis(time.timestamp_millis().try_into().unwrap_or(0)))
}

/// The error: there is such a command, and it is written otherwise.
fn routed(table: &Table, text: &str) -> Result<Option<Route>, String> {
    match table.command(text) {
        Routed::Command(route) => Ok(Some(route)),
        Routed::Usage { usage, .. } => Err(format!("`{text}` is not as it should be: `{usage}`")),
        Routed::Unknown { .. } => Ok(table.listeners(text, None).into_iter().next()),
    }
}

fn own(text: &str) -> Option<Wanted> {
    if let Some(wish) = admin::wish(text) {
        return Some(of_bot(wish.command().id));
    }
    let words: Vec<String> = text
        .split_whitespace()
        .take(2)
        .map(str::to_lowercase)
        .collect();
    let first = words.first()?;
    if first == "who" {
        return words
            .get(1)
            .filter(|second| *second == "can")
            .map(|_| of_bot("who-can"));
    }
    let id = OWN_COMMANDS.into_iter().find(|id| *id == first)?;
    Some(of_bot(id))
}

fn of_bot(id: &str) -> Wanted {
    Wanted {
        plugin: OWN_NAME.parse().expect("it is a plugin name"),
        command: id.to_owned(),
        arguments: Vec::new(),
        otherwise: if FOR_ADMINS.contains(&id) {
            Otherwise::Role(ADMIN)
        } else {
            Otherwise::Allow
        },
    }
}
