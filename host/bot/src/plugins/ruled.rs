//! Rules against what plugins declare: a rule about a command or an argument that there is not would never match, and
//! what it denies would be allowed.

use std::collections::BTreeSet;

use witbot_core::declaration::{Checked, Pattern as Heard};
use witbot_core::ids::PluginName;
use witbot_core::policy::{Pattern, Policy, Rule, Verdict};

use crate::live::OWN_NAME;
use crate::settings::FILE;
use crate::settings::problem::{listed, nearest};

/// The bot's own commands, as rules call them.
pub const OWN_COMMANDS: [&str; 15] = [
    "plugins",
    "plugin-show",
    "plugin-hold",
    "plugin-release",
    "plugin-rollback",
    "runs-all",
    "runs-cancel",
    "runs-retry",
    "who-can",
    "whoami",
    "help",
    "runs",
    "stop",
    "link",
    "unlink",
];

/// A command or listener of a plugin.
struct Handler<'a> {
    id: &'a str,
    arguments: Vec<String>,
    /// It says itself what it comes to, in words that it does not declare.
    says_more: bool,
}

/// What is wrong with rules whatever plugins declare: those about plugins that there are not, and about commands that the
/// bot itself has not. A line for each.
pub fn unfounded(policy: &Policy, plugins: &BTreeSet<PluginName>) -> Vec<String> {
    let mut mistakes = Vec::new();
    for rule in policy.rules() {
        let Some(plugin) = &rule.plugin else { continue };
        if plugin.as_str() == OWN_NAME {
            mistakes.extend(about(rule, OWN_NAME, &own()));
            if matches!(
                rule.verdict,
                Verdict::Confirm { .. } | Verdict::Approve { .. }
            ) {
                mistakes.push(format!(
                    "{FILE}:{}: {} wants commands of the bot itself confirmed or approved, which they cannot be: allow or deny them",
                    rule.line,
                    rule.called()
                ));
            }
        } else if !plugins.contains(plugin) {
            let names = || plugins.iter().map(PluginName::as_str);
            let hint = hint(plugin.as_str(), names(), "plugins in the folder");
            mistakes.push(format!(
                "{FILE}:{}: {} is about the plugin `{plugin}`, and there is no file `{plugin}.wasm`{hint}",
                rule.line,
                rule.called()
            ));
        }
    }
    mistakes
}

/// What is wrong with the rules about a plugin. A line for each mistake.
pub fn mistakes(policy: &Policy, plugin: &PluginName, declared: &Checked) -> Vec<String> {
    let rules = policy.rules().iter();
    let rules = rules.filter(|rule| rule.plugin.as_ref() == Some(plugin));
    let mut handlers = None;
    rules
        .flat_map(|rule| {
            let handlers = handlers.get_or_insert_with(|| handlers_of(declared));
            about(rule, plugin.as_str(), handlers)
        })
        .collect()
}

fn own<'a>() -> Vec<Handler<'a>> {
    let handler = |id| Handler {
        id,
        arguments: Vec::new(),
        says_more: false,
    };
    OWN_COMMANDS.into_iter().map(handler).collect()
}

fn handlers_of(declared: &Checked) -> Vec<Handler<'_>> {
    let declaration = &declared.declaration;
    let commands = declaration.commands.iter().zip(&declared.usages);
    let commands = commands.map(|(command, usage)| Handler {
        id: &command.id,
        arguments: usage
            .arguments()
            .iter()
            .map(|argument| argument.name.clone())
            .collect(),
        says_more: command.asks_permission,
    });
    let listeners = declaration.listeners.iter().zip(&declared.patterns);
    let listeners = listeners.map(|(listener, pattern)| Handler {
        id: &listener.id,
        arguments: match pattern {
            Heard::Ours(regex) => regex.capture_names().flatten().map(str::to_owned).collect(),
            Heard::Hubot(..) => Vec::new(),
        },
        // What is matched by Hubot's rules goes by number, however many there are.
        says_more: matches!(pattern, Heard::Hubot(..)),
    });
    commands.chain(listeners).collect()
}

fn about(rule: &Rule, plugin: &str, handlers: &[Handler<'_>]) -> Vec<String> {
    let place = format!("{FILE}:{}: {}", rule.line, rule.called());
    let mut mistakes = Vec::new();
    for pattern in rule.commands.iter().flatten() {
        if !handlers.iter().any(|handler| pattern.matches(handler.id)) {
            let ids = handlers.iter().map(|handler| handler.id);
            let hint = hint(&pattern.to_string(), ids, "commands");
            mistakes.push(format!(
                "{place} is about `{pattern}`, which `{plugin}` does not have{hint}"
            ));
        }
    }
    let meant = |handler: &&Handler<'_>| is_meant(rule.commands.as_deref(), handler.id);
    let meant: Vec<_> = handlers.iter().filter(meant).collect();
    let known: BTreeSet<&str> = meant
        .iter()
        .flat_map(|handler| handler.arguments.iter().map(String::as_str))
        .collect();
    let says_more = meant.iter().any(|handler| handler.says_more);
    for (name, _) in &rule.arguments {
        // A slip is told from a word that is said later by how near it is to one that is known.
        let slip = || nearest(name, known.iter().copied()).is_some();
        if !known.contains(name.as_str()) && !meant.is_empty() && (!says_more || slip()) {
            let hint = hint(name, known.iter().copied(), "arguments");
            mistakes.push(format!(
                "{place} is about the argument `{name}`, which no such command of `{plugin}` has{hint}"
            ));
        }
    }
    mistakes
}

fn is_meant(commands: Option<&[Pattern]>, id: &str) -> bool {
    commands.is_none_or(|commands| commands.iter().any(|pattern| pattern.matches(id)))
}

fn hint<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone, what: &str) -> String {
    match nearest(word, known.clone()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if known.clone().next().is_none() => format!("; {what}: none"),
        None => format!("; {what}: {}", listed(known)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use witbot_core::declaration::{CommandDeclaration, Declaration, ListenerDeclaration};

    fn declared() -> Checked {
        let command = |id: &str, usage: &str, asks_permission| CommandDeclaration {
            id: id.to_owned(),
            usage: usage.to_owned(),
            asks_permission,
            ..CommandDeclaration::default()
        };
        let declaration = Declaration {
            commands: vec![
                command("deploy", "deploy <app> [to <env>]", true),
                command("lock", "lock <app>", false),
            ],
            listeners: vec![ListenerDeclaration {
                id: "ticket".to_owned(),
                pattern: r"\b(?P<key>PROJ-\d+)\b".to_owned(),
                ..ListenerDeclaration::default()
            }],
            ..Declaration::default()
        };
        declaration.check().unwrap()
    }

    fn policy(plugin: &str, command: Option<&str>, argument: Option<&str>) -> Policy {
        let argument = argument.map(|name| (name.to_owned(), vec![Pattern::new("x")]));
        let rule = Rule {
            name: None,
            number: 1,
            line: 7,
            plugin: Some(plugin.parse().unwrap()),
            commands: command.map(|command| vec![Pattern::new(command)]),
            arguments: argument.into_iter().collect(),
            who: None,
            standings: None,
            channels: None,
            kinds: None,
            origins: None,
            when: None,
            verdict: Verdict::Deny,
            reason: None,
        };
        Policy::new(std::collections::BTreeMap::new(), vec![rule])
    }

    #[test]
    fn rules_about_what_a_plugin_does_not_declare_are_told_with_their_line() {
        let (plugin, declared) = ("deploy".parse().unwrap(), declared());
        for (command, argument, expected) in [
            (Some("deploy*"), Some("env"), ""),
            (Some("ticket"), Some("key"), ""),
            (None, Some("key"), ""),
            (
                Some("deplyo"),
                None,
                "`deplyo`, which `deploy` does not have; did you mean `deploy`?",
            ),
            (
                Some("ship*"),
                None,
                "`ship*`, which `deploy` does not have; commands: `deploy`, `lock` and `ticket`",
            ),
            (
                Some("lock"),
                Some("env"),
                "the argument `env`, which no such command of `deploy` has; arguments: `app`",
            ),
            (Some("lock"), Some("ap"), "did you mean `app`?"),
            // Said by the plugin when it knows what the command comes to.
            (Some("deploy"), Some("commit"), ""),
            (Some("deploy"), Some("envv"), "did you mean `env`?"),
        ] {
            let found = mistakes(&policy("deploy", command, argument), &plugin, &declared);
            let found = found.join("\n");
            assert_eq!(
                found.is_empty(),
                expected.is_empty(),
                "{command:?} {argument:?}: {found}"
            );
            assert!(
                found.contains(expected),
                "{command:?} {argument:?}: {found}"
            );
            assert!(
                found.is_empty() || found.starts_with("witbot.toml:7: rule 1 (line 7) is about"),
                "{found}"
            );
        }
    }

    #[test]
    fn rules_about_plugins_that_there_are_not_are_told_and_so_are_unknown_commands_of_the_bot() {
        let there = BTreeSet::from(["deploy".parse().unwrap(), "pipeline".parse().unwrap()]);
        for (plugin, command, argument, expected) in [
            ("deploy", Some("whatever"), None, ""),
            (
                "deply",
                None,
                None,
                "there is no file `deply.wasm`; did you mean `deploy`?",
            ),
            (
                "karma",
                None,
                None,
                "plugins in the folder: `deploy` and `pipeline`",
            ),
            ("witbot", Some("plugin-*"), None, ""),
            (
                "witbot",
                Some("plugin-hodl"),
                None,
                "did you mean `plugin-hold`?",
            ),
            (
                "witbot",
                Some("help"),
                Some("topic"),
                "the argument `topic`",
            ),
        ] {
            let found = unfounded(&policy(plugin, command, argument), &there).join("\n");
            assert_eq!(
                found.is_empty(),
                expected.is_empty(),
                "{plugin} {command:?}: {found}"
            );
            assert!(found.contains(expected), "{plugin} {command:?}: {found}");
        }
    }
}
