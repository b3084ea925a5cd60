use super::*;
use crate::hubot::{Hubot, Method};
use crate::limits;

fn command(id: &str, usage: &str) -> CommandDeclaration {
    CommandDeclaration {
        id: id.into(),
        usage: usage.into(),
        summary: "Does it.".into(),
        ..CommandDeclaration::default()
    }
}

fn listener(id: &str, pattern: &str) -> ListenerDeclaration {
    ListenerDeclaration {
        id: id.into(),
        pattern: pattern.into(),
        summary: "Hears it.".into(),
        hubot: None,
    }
}

fn hubot(method: Method, id: &str, pattern: &str, flags: &str) -> ListenerDeclaration {
    let flags = flags.into();
    ListenerDeclaration {
        hubot: Some(Hubot { method, flags }),
        ..listener(id, pattern)
    }
}

fn subscription(id: &str, kind: &str) -> SubscriptionDeclaration {
    SubscriptionDeclaration {
        id: id.into(),
        kind: kind.into(),
    }
}

fn schedule(id: &str, when: &str) -> ScheduleDeclaration {
    ScheduleDeclaration {
        id: id.into(),
        when: when.into(),
        summary: "Does it again.".into(),
    }
}

fn webhook(id: &str, name: &str) -> WebhookDeclaration {
    WebhookDeclaration {
        id: id.into(),
        name: name.into(),
        summary: "Hears of it.".into(),
    }
}

#[test]
fn schedules_and_webhooks_are_checked() {
    let problems = problems(Declaration {
        schedules: vec![
            schedule("nightly", "0 25 * * *"),
            schedule("nightly", "every 1h"),
            ScheduleDeclaration {
                summary: "two\nlines".into(),
                ..schedule("hourly", "every 1h")
            },
        ],
        webhooks: vec![webhook("alert", "Alerts!"), webhook("hourly", "alerts")],
        ..Declaration::default()
    });
    insta::assert_snapshot!(problems, @r#"
    schedule `nightly`: `25` is no hour: write `*`, a number from 0 to 23, a range such as `0-23`, one of these two with a step such as `*/2`, or several of them with commas
    schedule `hourly`, summary: it must be one line: remove line breaks and other control characters
    webhook `alert`: `Alerts!` is not a name of a webhook: use lower-case letters, digits and hyphens, at most 40, beginning with a letter
    schedule `nightly`: another handler has the same id: give each its own
    webhook `hourly`: another handler has the same id: give each its own
    "#);
    let many = Declaration {
        schedules: (0..=limits::SCHEDULES_MAX)
            .map(|number| schedule(&format!("s{number}"), "every 1h"))
            .collect(),
        webhooks: (0..=limits::WEBHOOKS_MAX)
            .map(|number| webhook(&format!("w{number}"), "alerts"))
            .collect(),
        ..Declaration::default()
    };
    assert_eq!(many.check().unwrap_err().len(), 2);
}

fn problems(declaration: Declaration) -> String {
    let problems = declaration.check().unwrap_err();
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}

#[test]
fn a_whole_plugin_is_accepted() {
    let checked = Declaration {
        summary: "Deploys.".into(),
        version: "1.4.0".into(),
        commands: vec![CommandDeclaration {
            examples: vec!["deploy api/main to staging".into()],
            ..command("deploy", "deploy <app>[/<ref>] [to <env>]")
        }],
        listeners: vec![listener("ticket", r"\b(?P<key>OPS-\d+)\b")],
        subscriptions: vec![
            subscription("status", "github.deployment_status"),
            subscription("built", "circleci.workflow-completed"),
        ],
        settings: vec![SettingDeclaration {
            name: "apps".into(),
            summary: "Repositories by name.".into(),
            required: true,
        }],
        wants: vec![("github".into(), "Creates deployments.".into())],
        can_use: vec![("chat".into(), "Announces them.".into())],
        schedules: vec![schedule("nightly", "0 3 * * * Europe/Berlin")],
        webhooks: vec![webhook("alert", "alerts")],
        checks_settings: Some("settings".into()),
        migrates: Some("migrate".into()),
    }
    .check()
    .unwrap();
    assert_eq!(checked.schedules.len(), 1);
    assert_eq!(checked.usages.len(), 1);
    assert_eq!(checked.patterns.len(), 1);
}

#[test]
fn all_problems_are_reported_at_once() {
    let declaration = Declaration {
        summary: "two\nlines".into(),
        version: "1.4.0".into(),
        commands: vec![
            command("deploy", "deploy <app"),
            command("deploy", "help me"),
            CommandDeclaration {
                examples: vec![
                    "scale api".into(),
                    "scale api x".into(),
                    "scale api 3".into(),
                ],
                ..command("scale", "scale <app> <count:integer>")
            },
            command("again", "Scale  <app> <count:integer>"),
            command("", "status"),
            command("two words", "plugins|addons"),
        ],
        listeners: vec![
            listener("a", "(?=x)"),
            listener("b", r"(\w{1,500}){1,500}"),
            listener("scale", "x"),
            listener("c", ""),
        ],
        subscriptions: vec![
            subscription("s1", "githb.deployment"),
            subscription("s2", "jenkins.built"),
            subscription("s3", "github"),
            subscription("s4", "github.Push Event"),
        ],
        settings: vec![
            SettingDeclaration {
                name: "app s".into(),
                summary: String::new(),
                required: false,
            },
            SettingDeclaration {
                name: "x".into(),
                summary: String::new(),
                required: false,
            },
            SettingDeclaration {
                name: "x".into(),
                summary: String::new(),
                required: true,
            },
        ],
        wants: vec![
            ("git".into(), "To read.".into()),
            ("githb".into(), "To read.".into()),
            ("kv".into(), " ".into()),
            ("kv".into(), "To remember.".into()),
        ],
        ..Declaration::default()
    };
    insta::assert_snapshot!(problems(declaration), @r#"
    summary: it must be one line: remove line breaks and other control characters
    command `deploy`, usage `deploy <app`: this `<` is never closed: write an argument as `<name>` (at character 8)
    command `deploy`: `help` is a command of the bot itself: begin with another word
    command `scale`, example `scale api`: it does not fit the usage `scale <app> <count:integer>`; correct one of the two
    command `scale`, example `scale api x`: it does not fit the usage `scale <app> <count:integer>`: `count` must be a whole number, not `x`; correct one of the two
    command `again`: the usage `Scale <app> <count:integer>` is declared twice: remove one of them
    command `two words`: `plugins` is a command of the bot itself: begin with another word
    listener `a`, pattern: it is not a regular expression (look-around and back-references are not supported): regex parse error:
        (?=x)
        ^^^
    error: look-around, including look-ahead and look-behind, is not supported
    listener `b`, pattern: it is too large once compiled: use smaller repetitions such as `{1,20}`
    listener `c`, pattern: it is empty, which would answer every message: write what to listen for
    subscription `s1`: nothing comes from `githb`: did you mean `github`?
    subscription `s2`: nothing comes from `jenkins`: events come from github, circleci, topic
    subscription `s3`: `github` is not a kind of event: write it as `github.name`, such as `github.deployment` or `circleci.workflow-completed`
    subscription `s4`: `github.Push Event` is not a kind of event: write it as `github.name`, such as `github.deployment` or `circleci.workflow-completed`
    setting `app s`: the name must have 1 to 100 characters and no spaces
    setting `x`: it is declared twice: remove one of them
    wants `git`: there is no capability `git`; known: chat, github, ci, http, kv, schedules, topics, webhooks
    wants `githb`: there is no capability `githb`; did you mean `github`?
    wants `kv`: there is no reason: say what the plugin does with it, so that the operator can decide
    wants `kv`: it is declared twice: give both reasons in one sentence
    command `deploy`: another handler has the same id: give each its own
    command ``: the name must have 1 to 100 characters and no spaces
    command `two words`: the name must have 1 to 100 characters and no spaces
    listener `scale`: another handler has the same id: give each its own
    "#);
}

#[test]
fn listeners_by_hubots_rules_are_checked_as_they_will_be_matched() {
    let declaration = Declaration {
        listeners: vec![
            hubot(Method::Respond, "good", r"(?P<x>a)|b\/c$", "gims"),
            hubot(Method::Hear, "also-good", "^x|y", ""),
            hubot(Method::Respond, "after-a-line", "^x", "m"),
            hubot(Method::Respond, "anchored", "^x", "i"),
            hubot(Method::Respond, "empty", "", ""),
            hubot(Method::Hear, "u", "x", "iu"),
            hubot(Method::Hear, "twice", "x", "igi"),
            hubot(Method::Hear, "strange", "x", "\n"),
            hubot(Method::Respond, "open", "a)|(b", ""),
            hubot(Method::Respond, "look", "x(?!y)", ""),
            hubot(Method::Respond, "comment", "(?x)a # b", ""),
        ],
        ..Declaration::default()
    };
    insta::assert_snapshot!(problems(declaration), @r#"
    listener `anchored`, pattern: it begins with `^`, which never matches, as the name of the bot stands before it: leave the `^` out
    listener `empty`, pattern: it is empty, which would answer every message: write what to listen for
    listener `u`, flags: there is no flag `u`: leave it out; known are `i`, `m`, `s` and `g`
    listener `twice`, flags: the flag `i` is there twice: once is enough
    listener `strange`, flags: there is no flag `\n`: leave it out; known are `i`, `m`, `s` and `g`
    listener `open`, pattern: it is not a regular expression (look-around and back-references are not supported): regex parse error:
        a)|(b
         ^
    error: unopened group
    listener `look`, pattern: it is not a regular expression (look-around and back-references are not supported): regex parse error:
        x(?!y)
         ^^^
    error: look-around, including look-ahead and look-behind, is not supported
    listener `comment`, pattern: it is not a regular expression (look-around and back-references are not supported): regex parse error:
        ^\s*@?(?:witbot[:,]?|/[:,]?)\s*(?:(?x)a # b)
                                       ^
    error: unclosed group
    "#);
}

#[test]
fn an_empty_declaration_is_a_problem() {
    insta::assert_snapshot!(problems(Declaration::default()), @r#"declaration: nothing is declared, so the plugin would never be called: declare a command, a listener, a subscription, a schedule or a webhook"#);
}

#[test]
fn limits_are_kept() {
    let long = |count: usize| "x".repeat(count);
    let declaration = Declaration {
        summary: long(limits::SUMMARY_CHARS_MAX + 1),
        version: long(limits::VERSION_CHARS_MAX + 1),
        commands: (0..=limits::COMMANDS_MAX)
            .map(|n| CommandDeclaration {
                details: if n == 1 {
                    long(limits::DETAILS_CHARS_MAX + 1)
                } else {
                    String::new()
                },
                examples: if n == 2 {
                    vec!["c2".into(); limits::EXAMPLES_MAX + 1]
                } else {
                    Vec::new()
                },
                ..command(&format!("c{n}"), &format!("c{n}"))
            })
            .collect(),
        listeners: (0..=limits::LISTENERS_MAX)
            .map(|n| {
                let pattern = if n == 0 {
                    long(limits::USAGE_CHARS_MAX + 1)
                } else {
                    "x".into()
                };
                listener(&format!("l{n}"), &pattern)
            })
            .collect(),
        subscriptions: (0..=limits::SUBSCRIPTIONS_MAX)
            .map(|n| subscription(&format!("s{n}"), "github.push"))
            .collect(),
        settings: (0..=limits::SETTINGS_MAX)
            .map(|n| SettingDeclaration {
                name: format!("n{n}"),
                summary: String::new(),
                required: false,
            })
            .collect(),
        wants: vec![("kv".into(), long(limits::REASON_CHARS_MAX + 1))],
        ..Declaration::default()
    };
    insta::assert_snapshot!(problems(declaration), @r#"
    summary: it has 201 characters, and at most 200 can be shown: shorten it
    version: it has 41 characters, and at most 40 can be shown: shorten it
    commands: there are 101, at most 100 are kept: leave some out, or split the plugin
    command `c1`, details: it has 2001 characters, and at most 2000 can be shown: shorten it
    command `c2`, examples: there are 11, at most 10 are kept: leave some out, or split the plugin
    listeners: there are 51, at most 50 are kept: leave some out, or split the plugin
    listener `l0`, pattern: it has more than 500 characters: use several listeners
    subscriptions: there are 51, at most 50 are kept: leave some out, or split the plugin
    settings: there are 51, at most 50 are kept: leave some out, or split the plugin
    wants `kv`: it has 501 characters, and at most 500 can be shown: shorten it
    "#);
}

#[test]
fn patterns_that_are_large_together_are_refused() {
    let declaration = Declaration {
        listeners: (0..limits::LISTENERS_MAX)
            .map(|n| listener(&format!("l{n}"), r"[a-z]{1,900}\d"))
            .collect(),
        ..Declaration::default()
    };
    insta::assert_snapshot!(problems(declaration), @r#"listeners: together they are too large once compiled: use smaller repetitions such as `{1,20}`, or fewer listeners"#);
}
