//! Who answers what: one immutable table of everything that all live plugins declare. A reload builds a new one.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use regex::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use crate::address::Names;
use crate::command::nearest::{Search, Shape};
use crate::command::{Fit, Usage};
use crate::declaration::{Checked, CommandDeclaration, Pattern, RESERVED};
use crate::ids::PluginName;
use crate::limits;

/// A handler that is to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Whose.
    pub plugin: PluginName,
    /// The id under which it was declared.
    pub handler: String,
    /// Named values of the command or the pattern; where it is a pattern by Hubot's rules, by number as well, from `0`.
    pub arguments: Vec<(String, String)>,
}

/// What something that was said to the bot comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Routed {
    /// A command.
    Command(Route),
    /// There is such a command, but the rest of it does not fit.
    Usage {
        /// Whose.
        plugin: PluginName,
        /// How it is written.
        usage: String,
        /// What is wrong, if more can be said than that.
        reason: Option<String>,
    },
    /// There is no such command.
    Unknown {
        /// The name of one that was perhaps meant.
        nearest: Option<String>,
    },
}

/// A command in the table.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// Whose.
    pub plugin: &'a PluginName,
    /// As it was declared.
    pub declaration: &'a CommandDeclaration,
    /// How it is matched.
    pub usage: &'a Usage,
}

/// A command that two plugins declare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The name of the command.
    pub command: String,
    /// The plugin that would come in.
    pub candidate: PluginName,
    /// The plugin that has it.
    pub holder: PluginName,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Conflict {
            command,
            candidate,
            holder,
        } = self;
        write!(
            f,
            "plugin `{candidate}` declares the command `{command}`, which plugin `{holder}` has already: rename it in one of the two, or remove one of them"
        )
    }
}

/// The commands of a plugin that other plugins have already. A version of the same plugin is replaced, and is no conflict.
pub fn conflicts(
    existing: &[(PluginName, Arc<Checked>)],
    candidate: &PluginName,
    checked: &Checked,
) -> Vec<Conflict> {
    let mut holders = HashMap::new();
    for (holder, checked) in existing.iter().filter(|(name, _)| name != candidate) {
        for name in checked.usages.iter().flat_map(Usage::names) {
            holders.entry(name).or_insert(holder);
        }
    }
    let mut found: Vec<Conflict> = Vec::new();
    for command in checked.usages.iter().flat_map(Usage::names) {
        let Some(holder) = holders.get(command) else {
            continue;
        };
        if found.iter().all(|conflict| conflict.command != *command) {
            found.push(Conflict {
                command: command.clone(),
                candidate: candidate.clone(),
                holder: (*holder).clone(),
            });
        }
    }
    found
}

/// Everything that the live plugins declare.
#[derive(Debug, Default)]
pub struct Table {
    plugins: Vec<(PluginName, Arc<Checked>)>,
    /// Commands by name, in order of declaration.
    by_name: HashMap<String, Vec<Position>>,
    /// The same names in order of declaration, to find the nearest, and their shapes.
    names: Vec<String>,
    shapes: Vec<Shape>,
    /// Beginnings of names of several words, each with the first name that begins with it.
    begun: HashMap<String, usize>,
    /// Words of the longest name.
    words_max: usize,
    /// Who listens to what is said.
    listeners: Ears,
    /// Who listens to all of it, by Hubot's rules.
    hubots: Ears,
    /// Subscriptions by kind.
    subscribers: HashMap<String, Vec<Position>>,
}

/// Listeners that are matched on the same text.
#[derive(Debug, Default)]
struct Ears {
    /// In order of declaration.
    all: Vec<(Position, Regex)>,
    /// Their patterns, a number of them in each.
    sets: Vec<RegexSet>,
}

/// Where something was declared: which plugin, and which of its commands, listeners or subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    plugin: usize,
    index: usize,
}

impl Table {
    /// The table of some plugins, for a bot that is called so. They should have no conflicts; where they do, the first
    /// one wins.
    pub fn new(plugins: Vec<(PluginName, Arc<Checked>)>, called: Names<'_>) -> Table {
        let mut table = Table::default();
        for (plugin, (_, checked)) in plugins.iter().enumerate() {
            table.enter(plugin, checked);
            for (index, pattern) in checked.patterns.iter().enumerate() {
                table.enter_pattern(Position { plugin, index }, pattern, called);
            }
        }
        table.listeners.close();
        table.hubots.close();
        table.plugins = plugins;
        table
    }

    fn enter_pattern(&mut self, position: Position, pattern: &Pattern, called: Names<'_>) {
        match pattern {
            Pattern::Ours(regex) => self.listeners.all.push((position, regex.clone())),
            Pattern::Hubot(hubot, pattern) => {
                let regex = RegexBuilder::new(&hubot.expression(pattern, called))
                    .size_limit(usize::MAX)
                    .build()
                    .expect("it was compiled when it was declared, and names are escaped");
                self.hubots.all.push((position, regex));
            }
        }
    }

    fn enter(&mut self, plugin: usize, checked: &Checked) {
        for (index, usage) in checked.usages.iter().enumerate() {
            for name in usage.names() {
                if !self.by_name.contains_key(name) {
                    self.enter_name(name);
                }
                let positions = self.by_name.entry(name.clone()).or_default();
                positions.push(Position { plugin, index });
            }
        }
        for (index, subscription) in checked.declaration.subscriptions.iter().enumerate() {
            let positions = self
                .subscribers
                .entry(subscription.kind.clone())
                .or_default();
            positions.push(Position { plugin, index });
        }
    }

    fn enter_name(&mut self, name: &str) {
        for (end, _) in name.match_indices(' ') {
            let beginning = name[..end].to_owned();
            self.begun.entry(beginning).or_insert(self.names.len());
        }
        let shape = Shape::of(name);
        self.words_max = self.words_max.max(shape.words());
        self.names.push(name.to_owned());
        self.shapes.push(shape);
    }

    /// The plugins, in the order in which they were given.
    pub fn plugins(&self) -> &[(PluginName, Arc<Checked>)] {
        &self.plugins
    }

    /// All commands, in the order of the plugins and as each declared them.
    pub fn commands(&self) -> impl Iterator<Item = Command<'_>> {
        self.plugins.iter().flat_map(|(plugin, checked)| {
            let declared = checked.declaration.commands.iter().zip(&checked.usages);
            declared.map(move |(declaration, usage)| Command {
                plugin,
                declaration,
                usage,
            })
        })
    }

    /// What something that was said to the bot comes to. The command with the longest name that fits wins, and of several
    /// with the same name the one that was declared first.
    pub fn command(&self, text: &str) -> Routed {
        let text = read(text);
        let typed = Typed::new(text, self.words_max);
        let mut complaint: Option<(&Usage, &PluginName, Option<String>)> = None;
        let names = typed.beginnings().chain(typed.prefix());
        for positions in names.filter_map(|name| self.by_name.get(name)) {
            for position in positions {
                let (plugin, checked) = &self.plugins[position.plugin];
                let usage = &checked.usages[position.index];
                let reason = match usage.fit(text) {
                    Fit::Fits(arguments) => {
                        let handler = checked.declaration.commands[position.index].id.clone();
                        return Routed::Command(Route {
                            plugin: plugin.clone(),
                            handler,
                            arguments,
                        });
                    }
                    Fit::Wrong(reason) => Some(reason),
                    Fit::No => None,
                };
                // The first complaint is the best, unless it cannot give a reason and this one can.
                if complaint
                    .as_ref()
                    .is_none_or(|(_, _, known)| known.is_none() && reason.is_some())
                {
                    complaint = Some((usage, plugin, reason));
                }
            }
        }
        match complaint {
            Some((usage, plugin, reason)) => Routed::Usage {
                plugin: plugin.clone(),
                usage: usage.as_str().to_owned(),
                reason: reason.or_else(|| open_quotation(text)),
            },
            None => Routed::Unknown {
                nearest: self.nearest(text).map(str::to_owned),
            },
        }
    }

    /// The name of the command that somebody may have meant: the first that begins with all that was typed, or else the
    /// one with the fewest wrong letters. The host's own commands count too.
    pub fn nearest(&self, text: &str) -> Option<&str> {
        let typed = Typed::new(read(text), self.words_max);
        let all = typed.first(typed.ends.len());
        if all.is_empty() {
            return None;
        }
        if let Some(name) = self.begun.get(all) {
            return Some(&self.names[*name]);
        }
        // Each name is compared with as many words as it has itself.
        let beginnings: Vec<(&str, Shape)> = (1..=typed.ends.len())
            .map(|words| typed.first(words))
            .map(|beginning| (beginning, Shape::of(beginning)))
            .collect();
        let mut search = Search::default();
        for (index, shape) in self.shapes.iter().enumerate() {
            let typed = beginnings[shape.words().min(beginnings.len()) - 1];
            search.look(typed, *shape, || &self.names[index]);
        }
        for name in RESERVED {
            search.look(beginnings[0], Shape::of(name), || name);
        }
        search.found()
    }

    /// The listeners that a message is for, in order of declaration. `whole` is the message with the name of the bot,
    /// where that is more than the text: listeners by Hubot's rules look at it.
    pub fn listeners(&self, text: &str, whole: Option<&str>) -> Vec<Route> {
        let ours = self.listeners.heard(read(text));
        let ours = ours.map(|(position, regex, captures)| (position, named(regex, &captures)));
        let hubots = self.hubots.heard(read(whole.unwrap_or(text)));
        let hubots = hubots.map(|(position, regex, captures)| {
            let mut arguments = numbered(&captures);
            arguments.extend(named(regex, &captures));
            (position, arguments)
        });
        let mut all: Vec<(Position, Vec<(String, String)>)> = ours.chain(hubots).collect();
        all.sort_by_key(|(position, _)| *position);
        let routes = all.into_iter().map(|(position, arguments)| {
            let (plugin, checked) = &self.plugins[position.plugin];
            Route {
                plugin: plugin.clone(),
                handler: checked.declaration.listeners[position.index].id.clone(),
                arguments,
            }
        });
        routes.collect()
    }

    /// The handlers of webhooks of a name, in order of declaration. Whether they may reach a plugin is for its grants to
    /// say.
    pub fn webhooks(&self, name: &str) -> Vec<Route> {
        let declared = self.plugins.iter().flat_map(|(plugin, checked)| {
            let webhooks = checked.declaration.webhooks.iter();
            webhooks.map(move |webhook| (plugin, webhook))
        });
        let routes = declared
            .filter(|(_, webhook)| webhook.name == name)
            .map(|(plugin, webhook)| plain(plugin, &webhook.id));
        routes.collect()
    }

    /// The handler of a schedule, if the plugin still has it.
    pub fn schedule(&self, plugin: &PluginName, id: &str) -> Option<Route> {
        let (plugin, checked) = self.plugins.iter().find(|(name, _)| name == plugin)?;
        let declared = checked.schedules.iter().any(|(other, _)| other == id);
        declared.then(|| plain(plugin, id))
    }

    /// The subscriptions to a kind of event, in order of declaration. Whether a plugin may see what the event is about
    /// is for its grants to say.
    pub fn subscribers(&self, kind: &str) -> Vec<Route> {
        let positions = self.subscribers.get(kind).map_or(&[][..], Vec::as_slice);
        let routes = positions.iter().map(|position| {
            let (plugin, checked) = &self.plugins[position.plugin];
            let subscription = &checked.declaration.subscriptions[position.index];
            plain(plugin, &subscription.id)
        });
        routes.collect()
    }
}

impl Ears {
    /// Nobody else is coming.
    fn close(&mut self) {
        let sets = self.all.chunks(limits::PATTERNS_TOGETHER).map(together);
        self.sets = sets.collect();
    }

    /// Who hears something, and what of it.
    fn heard<'s, 't>(
        &'s self,
        text: &'t str,
    ) -> impl Iterator<Item = (Position, &'s Regex, Captures<'t>)> + use<'s, 't> {
        let all = self.all.chunks(limits::PATTERNS_TOGETHER);
        let heard = self.sets.iter().zip(all).flat_map(move |(set, all)| {
            let heard = set.matches(text);
            heard.into_iter().map(|index| &all[index])
        });
        heard.filter_map(move |(position, regex)| {
            let captures = regex.captures(text)?;
            Some((*position, regex, captures))
        })
    }
}

/// A handler that is called without arguments.
fn plain(plugin: &PluginName, handler: &str) -> Route {
    Route {
        plugin: plugin.clone(),
        handler: handler.to_owned(),
        arguments: Vec::new(),
    }
}

fn together(patterns: &[(Position, Regex)]) -> RegexSet {
    RegexSetBuilder::new(patterns.iter().map(|(_, regex)| regex.as_str()))
        .size_limit(usize::MAX)
        .build()
        .expect("each pattern was compiled by itself, and there is no limit to the size of all")
}

fn named(regex: &Regex, captures: &Captures<'_>) -> Vec<(String, String)> {
    let names = regex.capture_names().flatten();
    let values = names.filter_map(|name| Some((name.to_owned(), captures.name(name)?)));
    let values = values.map(|(name, value)| (name, value.as_str().to_owned()));
    values.collect()
}

fn numbered(captures: &Captures<'_>) -> Vec<(String, String)> {
    let values = captures.iter().enumerate();
    let values = values.filter_map(|(number, value)| Some((number.to_string(), value?)));
    let values = values.map(|(number, value)| (number, value.as_str().to_owned()));
    values.collect()
}

/// The first words of a message as names are written: in small letters and with single spaces.
struct Typed {
    words: String,
    /// Where each word ends.
    ends: Vec<usize>,
}

impl Typed {
    fn new(text: &str, words_max: usize) -> Typed {
        let mut typed = Typed {
            words: String::new(),
            ends: Vec::new(),
        };
        for word in text.split_whitespace().take(words_max.max(1)) {
            if !typed.words.is_empty() {
                typed.words.push(' ');
            }
            typed
                .words
                .extend(word.chars().flat_map(char::to_lowercase));
            typed.ends.push(typed.words.len());
        }
        typed
    }

    /// So many words, or all if there are fewer.
    fn first(&self, words: usize) -> &str {
        let last = words.min(self.ends.len());
        last.checked_sub(1)
            .map_or("", |last| &self.words[..self.ends[last]])
    }

    /// All of them, then one fewer, down to the first word.
    fn beginnings(&self) -> impl Iterator<Item = &str> {
        self.ends.iter().rev().map(|end| &self.words[..*end])
    }

    /// The first word up to its colon: `deploy:` of `deploy:migrate`, which is the name of `deploy:<task>`.
    fn prefix(&self) -> Option<&str> {
        let (prefix, rest) = self.first(1).split_once(':')?;
        Some(&self.words[..=prefix.len()]).filter(|_| !rest.is_empty())
    }
}

/// What is read of a message.
fn read(text: &str) -> &str {
    if text.len() <= limits::INPUT_CHARS_MAX {
        return text;
    }
    let end = text.char_indices().nth(limits::INPUT_CHARS_MAX);
    end.map_or(text, |(end, _)| &text[..end])
}

fn open_quotation(text: &str) -> Option<String> {
    let marks = text
        .chars()
        .filter(|c| matches!(c, '"' | '“' | '”'))
        .count();
    (marks % 2 == 1).then(|| "a quotation mark is opened and never closed".to_owned())
}

#[cfg(test)]
mod tests;
