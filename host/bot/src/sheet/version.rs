//! A version of a plugin, as far as it concerns those who decide what it may do, and how two of them differ.

use witbot_core::declaration::{Declaration, SettingDeclaration};
use witbot_core::ids::Digest;
use witbot_engine::Plugin;

/// A version.
#[derive(Clone, Copy)]
pub struct Version<'a> {
    /// Which one.
    pub digest: Digest,
    /// The interfaces that it imports.
    pub imports: &'a [String],
    /// What it says of itself.
    pub said: &'a Declaration,
}

impl<'a> From<&'a Plugin> for Version<'a> {
    fn from(plugin: &'a Plugin) -> Version<'a> {
        Version {
            digest: plugin.digest,
            imports: &plugin.contract.imports,
            said: &plugin.declaration.declaration,
        }
    }
}

impl Version<'_> {
    /// What people call it.
    pub fn named(&self) -> String {
        match self.said.version.as_str() {
            "" => self.digest.short(),
            version => format!("{version} {}", self.digest.short()),
        }
    }

    /// What it does and asks for, in parts with titles, some of which have no lines.
    pub fn parts(&self) -> [(&'static str, Vec<String>); 9] {
        let said = self.said;
        let commands = said.commands.iter().map(|command| {
            let dangerous = if command.dangerous {
                " (dangerous)"
            } else {
                ""
            };
            // Rules go by it.
            let id = if command.usage.starts_with(&command.id) {
                String::new()
            } else {
                format!(" (`{}` in rules)", command.id)
            };
            format!("{}{dangerous}{id} – {}", command.usage, command.summary)
        });
        let listeners = said.listeners.iter().map(|listener| {
            let (pattern, place) = (listener.written(), listener.place());
            let id = &listener.id;
            format!("{pattern}{place} (`{id}` in rules) – {}", listener.summary)
        });
        let subscriptions = said.subscriptions.iter();
        let schedules = said.schedules.iter();
        let webhooks = said.webhooks.iter();
        let reasoned = |wants: &[(String, String)]| {
            let lines = wants
                .iter()
                .map(|(name, reason)| format!("{name}: {reason}"));
            lines.collect()
        };
        [
            ("commands", commands.collect()),
            ("listens for", listeners.collect()),
            (
                "is told of",
                subscriptions.map(|one| one.kind.clone()).collect(),
            ),
            (
                "is called at",
                schedules
                    .map(|one| format!("{} (`{}`) – {}", one.when, one.id, one.summary))
                    .collect(),
            ),
            (
                "takes webhooks",
                webhooks
                    .map(|one| format!("{} – {}", one.name, one.summary))
                    .collect(),
            ),
            ("settings", said.settings.iter().map(setting).collect()),
            ("imports", self.imports.to_vec()),
            ("wants", reasoned(&said.wants)),
            ("can use", reasoned(&said.can_use)),
        ]
    }
}

/// What a version has that another has not, in lines that begin with `+`, and the other way round, with `-`.
pub fn difference(before: &Version<'_>, after: &Version<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for ((title, old), (_, new)) in before.parts().into_iter().zip(after.parts()) {
        let gone = old.iter().filter(|line| !new.contains(line));
        lines.extend(gone.map(|line| format!("- {title}: {line}")));
        let come = new.iter().filter(|line| !old.contains(line));
        lines.extend(come.map(|line| format!("+ {title}: {line}")));
    }
    lines
}

/// How many lines come and go: `+2 -1`.
pub fn in_short(difference: &[String]) -> String {
    let come = difference
        .iter()
        .filter(|line| line.starts_with('+'))
        .count();
    format!("+{come} -{}", difference.len() - come)
}

fn setting(setting: &SettingDeclaration) -> String {
    let required = if setting.required { " (required)" } else { "" };
    format!("{}{required} – {}", setting.name, setting.summary)
}
