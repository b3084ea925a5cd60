//! Help, made from what plugins declare. Nobody writes it, so it cannot be out of date.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::declaration::{Checked, ListenerDeclaration, RESERVED};
use crate::ids::PluginName;
use crate::limits;
use crate::route::{Command, Table};

/// What the bot can do besides.
const OWN: &str = "`runs` lists what goes on for you in this channel, and `stop` ends it. `whoami` says what I know of \
                   you, and `link github` links your account there.";

/// What somebody is shown of a table.
#[derive(Clone, Copy)]
pub struct View<'a> {
    table: &'a Table,
    may: &'a dyn Fn(Command<'_>) -> bool,
}

impl<'a> View<'a> {
    /// The commands that somebody may give. Without any of them, nothing of their plugin is shown but what it listens to.
    pub fn of(table: &'a Table, may: &'a dyn Fn(Command<'_>) -> bool) -> View<'a> {
        View { table, may }
    }

    /// All of it.
    pub fn all(table: &'a Table) -> View<'a> {
        View {
            table,
            may: &|_| true,
        }
    }

    fn commands(self) -> impl Iterator<Item = Command<'a>> {
        self.table
            .commands()
            .filter(move |command| (self.may)(*command))
    }

    fn plugins(self) -> impl Iterator<Item = &'a (PluginName, Arc<Checked>)> {
        let shown = move |(name, checked): &&(PluginName, Arc<Checked>)| {
            let says_nothing = checked.declaration.commands.is_empty();
            says_nothing
                || !checked.declaration.listeners.is_empty()
                || self.commands().any(|command| command.plugin == name)
        };
        self.table.plugins().iter().filter(shown)
    }

    fn nearest(self, words: &str) -> Option<&'a str> {
        let near = self.table.nearest(words)?;
        let known = |command: Command<'_>| command.usage.names().iter().any(|name| name == near);
        // What they may not do is not offered; the bot's own commands are in no table.
        let theirs = self.commands().any(known) || !self.table.commands().any(known);
        theirs.then_some(near)
    }
}

/// The answer to `help`: all commands, a plugin at a time. Where that is more than a message, the plugins alone.
pub fn overview(view: View<'_>) -> String {
    if view.plugins().next().is_none() {
        return "No plugins are loaded, so there are no commands yet.".to_owned();
    }
    let footer = format!("{OWN}\nType `help WORD` for more about a command or a plugin.");
    let paragraphs: Vec<String> = view
        .plugins()
        .map(|(name, checked)| paragraph(view, name, checked))
        .collect();
    let whole = format!("{}\n\n{footer}", paragraphs.join("\n\n"));
    if whole.len() <= limits::MESSAGE_BYTES_MAX {
        return whole;
    }
    let lines = view.plugins().map(|(name, checked)| {
        let count = checked.usages.len();
        let plural = if count == 1 { "" } else { "s" };
        format!("{} ({count} command{plural})", title(name, checked))
    });
    let footer = format!("{OWN}\nType `help PLUGIN` for its commands.");
    joined(lines, "\n", "plugins", &footer)
}

/// The answer to `help WORD`: the commands with it in their name, their usage, or the name of their plugin.
pub fn about(view: View<'_>, words: &str) -> String {
    let words = words
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    if words.is_empty() || words == "help" {
        return overview(view);
    }
    let first = words.split(' ').next().unwrap_or_default();
    if RESERVED.contains(&first) {
        return own(first).to_owned();
    }
    let found: Vec<String> = matching(view, &words);
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
    match nearest(view, &words) {
        Some(near) => format!("There is no help for `{shown}`. Did you mean `help {near}`?"),
        None => format!("There is no help for `{shown}`. Type `help` for all commands."),
    }
}

/// A command of the bot itself, by its first word.
fn own(word: &str) -> &'static str {
    match word {
        "help" => {
            "`help` is a command of the bot itself: type it alone, or with a word that you look for."
        }
        "runs" => {
            "`runs` is a command of the bot itself: typed alone, it lists what goes on for you in this channel. For \
             admins, `runs all` lists what goes on for everybody, `runs cancel RUN` ends a run, and `runs retry RUN` \
             tries one again that was put aside."
        }
        "stop" => {
            "`stop` is a command of the bot itself: it ends what you started in this channel. Type it alone, or \
             `stop RUN` with a run that `runs` lists."
        }
        "plugin" => {
            "`plugin` is a command of the bot itself, for admins: `plugin show NAME` shows all about a plugin, \
             `plugin hold NAME [REASON]` has it not serve until `plugin release NAME`, and `plugin rollback NAME` has the \
             version serve that served before."
        }
        "whoami" => {
            "`whoami` is a command of the bot itself: type it alone, and it says your id, your roles and your account at \
             GitHub."
        }
        "who" => {
            "`who can` is a command of the bot itself: with a command behind it, such as `who can deploy api to \
             production`, it says who may give that."
        }
        "link" | "unlink" => {
            "`link github` is a command of the bot itself: it links your account at GitHub, so that what you do there \
             is known to be yours. `unlink github` forgets it."
        }
        _ => "`plugins` is a command of the bot itself: type it alone, and it lists the plugins.",
    }
}

/// Exact names first: who asks for `deploy` wants `deploy`, not everything that mentions it.
fn matching(view: View<'_>, words: &str) -> Vec<String> {
    let named = |command: &Command| command.usage.names().iter().any(|name| name == words);
    let exact = view.commands().filter(named).map(details);
    let exact: Vec<String> = exact.collect();
    let others = view.plugins().flat_map(|(name, checked)| {
        let whole = name.as_str() == words;
        let commands = view
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

fn nearest<'a>(view: View<'a>, words: &str) -> Option<&'a str> {
    let plugins = view.plugins().map(|(name, _)| name.as_str());
    view.nearest(words)
        .or_else(|| crate::command::nearest::nearest(words, plugins))
}

fn paragraph(view: View<'_>, name: &PluginName, checked: &Checked) -> String {
    let mut text = title(name, checked);
    for command in view.commands().filter(|command| command.plugin == name) {
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
