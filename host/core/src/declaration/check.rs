//! What a declaration must be. Every problem is found at once, so that an author mends all of them in one go.

use std::collections::HashSet;

use regex::{Regex, RegexBuilder, RegexSetBuilder};

use super::{
    Checked, CommandDeclaration, Declaration, ListenerDeclaration, Pattern, Problem, RESERVED,
    ScheduleDeclaration, SettingDeclaration, SubscriptionDeclaration, WebhookDeclaration,
};
use crate::address::Names;
use crate::command::nearest::nearest;
use crate::command::{Fit, Usage};
use crate::event::Source;
use crate::grants::Capability;
use crate::hubot::Hubot;
use crate::ids::{TopicName, WebhookName};
use crate::limits;
use crate::schedule::When;

pub(super) fn check(declaration: Declaration) -> Result<Checked, Vec<Problem>> {
    let mut report = Report::default();
    report.summary("summary", &declaration.summary);
    report.version(&declaration.version);
    if declaration.commands.is_empty()
        && declaration.listeners.is_empty()
        && declaration.subscriptions.is_empty()
        && declaration.schedules.is_empty()
        && declaration.webhooks.is_empty()
    {
        report.add(
            "declaration",
            "nothing is declared, so the plugin would never be called: declare a command, a listener, a subscription, a schedule or a webhook",
        );
    }
    let usages = report.commands(&declaration.commands);
    let patterns = report.listeners(&declaration.listeners);
    report.subscriptions(&declaration.subscriptions);
    let schedules = report.schedules(&declaration.schedules);
    report.webhooks(&declaration.webhooks);
    report.settings(&declaration.settings);
    let all: Vec<_> = declaration
        .wants
        .iter()
        .chain(&declaration.can_use)
        .cloned()
        .collect();
    report.wants(&all);
    report.ids(&declaration);
    if report.problems.is_empty() {
        Ok(Checked {
            declaration,
            usages,
            patterns,
            schedules,
        })
    } else {
        Err(report.problems)
    }
}

/// The problems that were found so far.
#[derive(Default)]
struct Report {
    problems: Vec<Problem>,
}

impl Report {
    fn add(&mut self, what: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem {
            what: what.into(),
            message: message.into(),
        });
    }

    /// Reports a list that is too long. What is over the limit is not looked at further: a hostile declaration could
    /// keep the host busy with it.
    fn within<'a, T>(&mut self, what: &str, list: &'a [T], most: usize) -> &'a [T] {
        if list.len() > most {
            let count = list.len();
            self.add(what, format!("there are {count}, at most {most} are kept: leave some out, or split the plugin"));
        }
        &list[..list.len().min(most)]
    }

    fn length(&mut self, what: &str, text: &str, most: usize) {
        let length = text.chars().count();
        if length > most {
            self.add(
                what,
                format!("it has {length} characters, and at most {most} can be shown: shorten it"),
            );
        }
    }

    fn version(&mut self, text: &str) {
        self.length("version", text, limits::VERSION_CHARS_MAX);
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            self.add("version", "it must be one word, such as `1.4.0`");
        }
    }

    fn summary(&mut self, what: &str, text: &str) {
        self.length(what, text, limits::SUMMARY_CHARS_MAX);
        if text.contains(char::is_control) {
            self.add(
                what,
                "it must be one line: remove line breaks and other control characters",
            );
        }
    }

    fn commands(&mut self, commands: &[CommandDeclaration]) -> Vec<Usage> {
        let mut usages: Vec<Usage> = Vec::new();
        for command in self.within("commands", commands, limits::COMMANDS_MAX) {
            let what = format!("command `{}`", shown(&command.id));
            self.summary(&format!("{what}, summary"), &command.summary);
            self.length(
                &format!("{what}, details"),
                &command.details,
                limits::DETAILS_CHARS_MAX,
            );
            let usage = match Usage::parse(&command.usage) {
                Ok(usage) => usage,
                Err(error) => {
                    self.add(
                        format!("{what}, usage `{}`", shown(&command.usage)),
                        error.to_string(),
                    );
                    continue;
                }
            };
            self.usage(&what, &usage, &usages);
            self.examples(&what, command, &usage);
            usages.push(usage);
        }
        usages
    }

    fn usage(&mut self, what: &str, usage: &Usage, others: &[Usage]) {
        let begins_with = |word: &&str| {
            let first = |name: &String| name.split(' ').next() == Some(*word);
            usage.names().iter().any(first)
        };
        if let Some(word) = RESERVED.iter().find(|word| begins_with(word)) {
            self.add(
                what,
                format!("`{word}` is a command of the bot itself: begin with another word"),
            );
        }
        let same = |other: &Usage| other.as_str().to_lowercase() == usage.as_str().to_lowercase();
        if others.iter().any(same) {
            self.add(
                what,
                format!(
                    "the usage `{}` is declared twice: remove one of them",
                    usage.as_str()
                ),
            );
        }
    }

    fn examples(&mut self, what: &str, command: &CommandDeclaration, usage: &Usage) {
        let examples = self.within(
            &format!("{what}, examples"),
            &command.examples,
            limits::EXAMPLES_MAX,
        );
        for example in examples {
            let what = format!("{what}, example `{}`", shown(example));
            self.summary(&what, example);
            let reason = match usage.fit(example) {
                Fit::Fits(_) => continue,
                Fit::Wrong(reason) => format!(": {reason}"),
                Fit::No => String::new(),
            };
            let usage = usage.as_str();
            self.add(
                what,
                format!("it does not fit the usage `{usage}`{reason}; correct one of the two"),
            );
        }
    }

    fn listeners(&mut self, listeners: &[ListenerDeclaration]) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        let mut compiled = Vec::new();
        for listener in self.within("listeners", listeners, limits::LISTENERS_MAX) {
            let what = format!("listener `{}`", shown(&listener.id));
            self.summary(&format!("{what}, summary"), &listener.summary);
            if let Some(message) = listener.hubot.as_ref().and_then(Hubot::wrong_flag) {
                self.add(format!("{what}, flags"), message);
                continue;
            }
            match pattern(listener) {
                Ok((pattern, regex)) => {
                    patterns.push(pattern);
                    compiled.push(regex);
                }
                Err(message) => self.add(format!("{what}, pattern"), message),
            }
        }
        // They are also compiled together, with those of all other plugins, where no limit must be met any more.
        let together = RegexSetBuilder::new(compiled.iter().map(Regex::as_str))
            .size_limit(limits::PATTERNS_BYTES_MAX)
            .build();
        if together.is_err() {
            self.add("listeners", "together they are too large once compiled: use smaller repetitions such as `{1,20}`, or fewer listeners");
        }
        patterns
    }

    fn subscriptions(&mut self, subscriptions: &[SubscriptionDeclaration]) {
        for subscription in self.within("subscriptions", subscriptions, limits::SUBSCRIPTIONS_MAX) {
            if let Err(message) = check_kind(&subscription.kind) {
                self.add(
                    format!("subscription `{}`", shown(&subscription.id)),
                    message,
                );
            }
        }
    }

    fn schedules(&mut self, schedules: &[ScheduleDeclaration]) -> Vec<(String, When)> {
        let mut read = Vec::new();
        for schedule in self.within("schedules", schedules, limits::SCHEDULES_MAX) {
            let what = format!("schedule `{}`", shown(&schedule.id));
            self.summary(&format!("{what}, summary"), &schedule.summary);
            match schedule.when.parse::<When>() {
                Ok(when) => read.push((schedule.id.clone(), when)),
                Err(error) => self.add(what, error.to_string()),
            }
        }
        read
    }

    fn webhooks(&mut self, webhooks: &[WebhookDeclaration]) {
        for webhook in self.within("webhooks", webhooks, limits::WEBHOOKS_MAX) {
            let what = format!("webhook `{}`", shown(&webhook.id));
            self.summary(&format!("{what}, summary"), &webhook.summary);
            if let Err(error) = webhook.name.parse::<WebhookName>() {
                self.add(what, error.to_string());
            }
        }
    }

    fn settings(&mut self, settings: &[SettingDeclaration]) {
        let mut names = HashSet::new();
        for setting in self.within("settings", settings, limits::SETTINGS_MAX) {
            let what = format!("setting `{}`", shown(&setting.name));
            self.summary(&format!("{what}, summary"), &setting.summary);
            self.id(&what, &setting.name);
            if !names.insert(&setting.name) {
                self.add(what, "it is declared twice: remove one of them");
            }
        }
    }

    fn wants(&mut self, wants: &[(String, String)]) {
        let mut known = HashSet::new();
        // One more than there are, so that a mistyped one beside all the others is named.
        for (name, reason) in self.within("wants", wants, Capability::ALL.len() + 1) {
            let what = format!("wants `{}`", shown(name));
            self.length(&what, reason, limits::REASON_CHARS_MAX);
            if reason.trim().is_empty() {
                self.add(what.as_str(), "there is no reason: say what the plugin does with it, so that the operator can decide");
            }
            match name.parse::<Capability>() {
                Err(error) => self.add(what, error.to_string()),
                Ok(capability) if !known.insert(capability) => {
                    self.add(
                        what,
                        "it is declared twice: give both reasons in one sentence",
                    );
                }
                Ok(_) => {}
            }
        }
    }

    /// One message can call a command and a listener of a plugin; their ids tell the two runs apart.
    fn ids(&mut self, declaration: &Declaration) {
        let commands = declaration.commands.iter().map(|one| ("command", &one.id));
        let listeners = declaration
            .listeners
            .iter()
            .map(|one| ("listener", &one.id));
        let subscriptions = declaration
            .subscriptions
            .iter()
            .map(|one| ("subscription", &one.id));
        let settings = declaration
            .checks_settings
            .iter()
            .map(|id| ("check of the settings", id));
        let migration = declaration.migrates.iter().map(|id| ("migration", id));
        let schedules = declaration
            .schedules
            .iter()
            .map(|one| ("schedule", &one.id));
        let webhooks = declaration.webhooks.iter().map(|one| ("webhook", &one.id));
        let most = limits::COMMANDS_MAX
            + limits::LISTENERS_MAX
            + limits::SUBSCRIPTIONS_MAX
            + limits::SCHEDULES_MAX
            + limits::WEBHOOKS_MAX
            + 2;
        let mut seen = HashSet::new();
        for (what, id) in settings
            .chain(migration)
            .chain(commands)
            .chain(listeners)
            .chain(subscriptions)
            .chain(schedules)
            .chain(webhooks)
            .take(most)
        {
            let what = format!("{what} `{}`", shown(id));
            self.id(&what, id);
            if !seen.insert(id) {
                self.add(what, "another handler has the same id: give each its own");
            }
        }
    }

    fn id(&mut self, what: &str, id: &str) {
        let readable = |c: char| !c.is_whitespace() && !c.is_control();
        if id.is_empty() || id.chars().count() > limits::ID_CHARS_MAX || !id.chars().all(readable) {
            let most = limits::ID_CHARS_MAX;
            self.add(
                what,
                format!("the name must have 1 to {most} characters and no spaces"),
            );
        }
    }
}

/// What the bot is called while nobody knows: what comes of it may have no other shape with other names.
const ANY: Names = Names {
    name: "witbot",
    alias: Some("/"),
    id: None,
};

fn pattern(listener: &ListenerDeclaration) -> Result<(Pattern, Regex), String> {
    let source = &listener.pattern;
    let most = limits::USAGE_CHARS_MAX;
    if source.is_empty() {
        return Err(
            "it is empty, which would answer every message: write what to listen for".to_owned(),
        );
    }
    if source.chars().count() > most {
        return Err(format!(
            "it has more than {most} characters: use several listeners"
        ));
    }
    // Alone as well if a name comes before it: the two could be good together, and be something else.
    let alone = compiled(source)?;
    let Some(hubot) = &listener.hubot else {
        return Ok((Pattern::Ours(alone.clone()), alone));
    };
    if let Some(message) = hubot.wrong_pattern(source) {
        return Err(message.to_owned());
    }
    let regex = compiled(&hubot.expression(source, ANY))?;
    Ok((Pattern::Hubot(hubot.clone(), source.clone()), regex))
}

fn compiled(source: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(source)
        .size_limit(limits::PATTERN_BYTES_MAX)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            "it is too large once compiled: use smaller repetitions such as `{1,20}`".to_owned()
        }
        error => format!("it is not a regular expression (look-around and back-references are not supported): {error}"),
    })
}

/// The doors through which events from outside come.
const OUTSIDE: [Source; 3] = [Source::Github, Source::Circleci, Source::Topic];

fn check_kind(kind: &str) -> Result<(), String> {
    let known = OUTSIDE.map(Source::as_str);
    let (source, rest) = kind.split_once('.').unwrap_or((kind, ""));
    if !known.contains(&source) {
        let hint = match nearest(source, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("events come from {}", known.join(", ")),
        };
        return Err(format!("nothing comes from `{}`: {hint}", shown(source)));
    }
    if source == Source::Topic.as_str() {
        return rest
            .parse::<TopicName>()
            .map(drop)
            .map_err(|error| error.to_string());
    }
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if rest.is_empty() || rest.len() > limits::ID_CHARS_MAX || !rest.chars().all(letter) {
        return Err(format!(
            "`{}` is not a kind of event: write it as `{source}.name`, such as `github.deployment` or `circleci.workflow-completed`",
            shown(kind)
        ));
    }
    Ok(())
}

/// What is repeated of somebody's input in a problem.
fn shown(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(limits::SHOWN_CHARS_MAX)
        .collect()
}
