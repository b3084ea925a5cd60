//! What keeps a plugin from serving that declares schedules and webhooks: unlike imports, each of them has its own grant, and
//! the lines that would allow it are known to the letter.

use witbot_core::grants::{Capability, schedules, webhooks};
use witbot_core::schedule::{Override, When};
use witbot_engine::Plugin;

use crate::settings::{FILE, PluginSettings};

/// What is missing in the grants, as needs, and as lines for them.
pub(super) fn ungranted(plugin: &Plugin, part: &PluginSettings) -> (Vec<String>, Vec<String>) {
    let (mut needs, mut lines) = (Vec::new(), Vec::new());
    let all = [
        (Capability::Schedules, clock(plugin, part)),
        (Capability::Webhooks, hooks(plugin, part)),
    ];
    for (capability, missing) in all {
        if let Some((need, line)) = missing
            && !plugin.can_do_without(capability)
        {
            needs.push(need);
            lines.push(line);
        }
    }
    (needs, lines)
}

/// What is missing in the grants, as lists of it alone: `schedules = […]`.
pub(super) fn additions(plugin: &Plugin, part: &PluginSettings) -> Vec<String> {
    let (_, lines) = ungranted(plugin, part);
    let list = |line: String| match line.strip_prefix(INTO_THE_LIST) {
        Some(entries) => format!("{} = [{entries}]", Capability::Webhooks),
        None => line,
    };
    lines.into_iter().map(list).collect()
}

/// What a line begins with that cannot be one of its own.
const INTO_THE_LIST: &str = "# into the list `webhooks`: ";

fn clock(plugin: &Plugin, part: &PluginSettings) -> Option<(String, String)> {
    let wanted: Vec<When> = plugin
        .declaration
        .schedules
        .iter()
        .filter_map(|(id, when)| match part.schedules.get(id) {
            None => Some(when.clone()),
            Some(Override::At(when)) => Some(when.clone()),
            Some(Override::Off) => None,
        })
        .collect();
    let grants = &part.grants.schedules;
    let denied = wanted
        .iter()
        .find(|when| schedules::allows(grants, when).is_err())?;
    let enough = schedules::enough(&wanted)?;
    let (need, instead) = match grants.is_empty() {
        true => (format!("schedules (`{denied}`)"), ""),
        false => (
            format!("more frequent schedules (`{denied}`)"),
            "  # instead of the list that is there",
        ),
    };
    Some((
        format!("a grant for {need}"),
        format!("schedules = [{enough}]{instead}"),
    ))
}

fn hooks(plugin: &Plugin, part: &PluginSettings) -> Option<(String, String)> {
    let grants = &part.grants.webhooks;
    let mut names: Vec<&str> = Vec::new();
    for webhook in &plugin.declaration.declaration.webhooks {
        let name = webhook.name.as_str();
        if !names.contains(&name) && webhooks::allows(grants, name).is_err() {
            names.push(name);
        }
    }
    if names.is_empty() {
        return None;
    }
    let entries: Vec<String> = names.iter().map(|name| webhooks::entry(name)).collect();
    let entries = entries.join(", ");
    let line = match grants.is_empty() {
        true => format!("webhooks = [{entries}]"),
        false => format!("{INTO_THE_LIST}{entries}"),
    };
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Some((
        format!("a grant for the webhook {}", names.join(" and ")),
        line,
    ))
}

/// What the operator says of schedules that the plugin does not have.
pub(super) fn unknown(plugin: &Plugin, part: &PluginSettings) -> Option<String> {
    let declared = &plugin.declaration.schedules;
    let unknown = part
        .schedules
        .keys()
        .find(|id| declared.iter().all(|(other, _)| other != *id))?;
    let known: Vec<String> = declared.iter().map(|(id, _)| format!("`{id}`")).collect();
    let known = match known.as_slice() {
        [] => "it has none".to_owned(),
        known => format!("it has {}", known.join(", ")),
    };
    Some(format!(
        "  {FILE}: [plugins.{}.schedules]: the plugin has no schedule `{unknown}`: {known}",
        plugin.name
    ))
}
