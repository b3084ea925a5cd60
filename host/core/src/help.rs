//! Help, made from what plugins declare. Nobody writes it, so it cannot be out of date.

use std::fmt::Write as _;

use crate::declaration::{Checked, ListenerDeclaration, RESERVED};
use crate::ids::PluginName;
use crate::limits;
use crate::route::{Command, Table};

/// What the bot can do besides.
const OWN: &str = "`runs` lists what goes on for you in this channel, and `stop` ends it.";

/// The answer to `help`: all commands, a plugin at a time. Where that is more than a message, the plugins alone.
pub fn overview(table: &Table) -> String {
    if table.plugins().is_empty() {
        return "No plugins are loaded, so there are no commands yet.".to_owned();
    }
    let footer = format!("{OWN}\nType `help WORD` for more about a command or a plugin.");
    let paragraphs: Vec<String> = table
        .plugins()
        .iter()
        .map(|(name, checked)| paragraph(table, name, checked))
        .collect();
    let whole = format!("{}\n\n{footer}", paragraphs.join("\n\n"));
    if whole.len() <= limits::MESSAGE_BYTES_MAX {
        return whole;
    }
    let lines = table.plugins().iter().map(|(name, checked)| {
        let count = checked.usages.len();
        let plural = if count == 1 { "" } else { "s" };
        format!("{} ({count} command{plural})", title(name, checked))
    });
    let footer = format!("{OWN}\nType `help PLUGIN` for its commands.");
    joined(lines, "\n", "plugins", &footer)
}

/// The answer to `help WORD`: the commands with it in their name, their usage, or the name of their plugin.
pub fn about(table: &Table, words: &str) -> String {
    let words = words
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    if words.is_empty() || words == "help" {
        return overview(table);
    }
    if words == "stop" {
        return "`stop` is a command of the bot itself: it ends what you started in this channel. Type it alone, or \
                `stop RUN` with a run that `runs` lists."
            .to_owned();
    }
    if RESERVED.contains(&words.as_str()) {
        return format!("`{words}` is a command of the bot itself: type it alone.");
    }
    let found: Vec<String> = matching(table, &words);
    if !found.is_empty() {
        let footer = "";
        return joined(
            found.into_iter(),
            "\n\n",
            "commands; a longer word finds fewer",
            footer,
        );
    }
    let shown: String = words.chars().take(limits::SHOWN_CHARS_MAX).collect();
    match nearest(table, &words) {
        Some(near) => format!("There is no help for `{shown}`. Did you mean `help {near}`?"),
        None => format!("There is no help for `{shown}`. Type `help` for all commands."),
    }
}

/// Exact names first: who asks for `deploy` wants `deploy`, not everything that mentions it.
fn matching(table: &Table, words: &str) -> Vec<String> {
    let named = |command: &Command| command.usage.names().iter().any(|name| name == words);
    let exact = table.commands().filter(named).map(details);
    let exact: Vec<String> = exact.collect();
    let others = table.plugins().iter().flat_map(|(name, checked)| {
        let whole = name.as_str() == words;
        let commands = table
            .commands()
            .filter(move |command| command.plugin == name);
        let commands =
            commands.filter(move |command| !named(command) && (whole || mentions(command, words)));
        let listeners = checked.declaration.listeners.iter();
        let listeners = listeners
            .filter(move |listener| whole || listener.summary.to_lowercase().contains(words));
        commands.map(details).chain(
            listeners.map(move |listener| format!("{} (plugin `{name}`)", listening(listener))),
        )
    });
    let others: Vec<String> = others.collect();
    exact.into_iter().chain(others).collect()
}

fn mentions(command: &Command, words: &str) -> bool {
    let usage = command.usage.as_str().to_lowercase();
    let summary = command.declaration.summary.to_lowercase();
    command
        .usage
        .names()
        .iter()
        .any(|name| name.contains(words))
        || usage.contains(words)
        || summary.contains(words)
}

fn nearest<'a>(table: &'a Table, words: &str) -> Option<&'a str> {
    let plugins = table.plugins().iter().map(|(name, _)| name.as_str());
    table
        .nearest(words)
        .or_else(|| crate::command::nearest::nearest(words, plugins))
}

fn paragraph(table: &Table, name: &PluginName, checked: &Checked) -> String {
    let mut text = title(name, checked);
    for command in table.commands().filter(|command| command.plugin == name) {
        text += "\n";
        text += &line(command);
    }
    for listener in &checked.declaration.listeners {
        text += "\n";
        text += &listening(listener);
    }
    text
}

fn title(name: &PluginName, checked: &Checked) -> String {
    match checked.declaration.summary.as_str() {
        "" => name.to_string(),
        summary => format!("{name}: {summary}"),
    }
}

fn line(command: Command) -> String {
    let usage = command.usage.as_str();
    match command.declaration.summary.as_str() {
        "" => format!("- `{usage}`"),
        summary => format!("- `{usage}` {summary}"),
    }
}

fn listening(listener: &ListenerDeclaration) -> String {
    // A grave accent in the pattern would end the code that it is shown as.
    let pattern = listener.written().replace('`', "'");
    let place = listener.place();
    match listener.summary.as_str() {
        "" => format!("- listens for `{pattern}`{place}"),
        summary => format!("- listens for `{pattern}`{place} {summary}"),
    }
}

fn details(command: Command) -> String {
    let mut text = line(command);
    // Writing to a string cannot fail.
    let _ = write!(text, " (plugin `{}`)", command.plugin);
    let declared = command.declaration;
    for paragraph in declared
        .details
        .lines()
        .filter(|line| !line.trim().is_empty())
    {
        let _ = write!(text, "\n  {paragraph}");
    }
    for example in &declared.examples {
        let _ = write!(text, "\n  For example: `{example}`");
    }
    text
}

/// As many as a message holds, and how many are left out.
fn joined(
    parts: impl Iterator<Item = String>,
    separator: &str,
    what: &str,
    footer: &str,
) -> String {
    let parts: Vec<String> = parts.collect();
    // Room for the two last lines.
    let room = limits::MESSAGE_BYTES_MAX - 200;
    let mut text = String::new();
    let mut shown = 0;
    for part in &parts {
        if text.len() + separator.len() + part.len() > room {
            break;
        }
        if shown > 0 {
            text += separator;
        }
        text += part;
        shown += 1;
    }
    if shown < parts.len() {
        let _ = write!(text, "{separator}and {} more {what}", parts.len() - shown);
    }
    if !footer.is_empty() {
        let _ = write!(text, "\n\n{footer}");
    }
    text
}

#[cfg(test)]
mod tests;
