use super::*;
use crate::declaration::{
    Declaration, ListenerDeclaration, ScheduleDeclaration, SubscriptionDeclaration,
    WebhookDeclaration,
};
use crate::hubot::{Hubot, Method};

const CALLED: Names = Names {
    name: "witbot",
    alias: Some("/"),
    id: None,
};

/// A plugin whose handlers are called like what they answer to.
fn plugin(
    name: &str,
    usages: &[&str],
    patterns: &[&str],
    kinds: &[&str],
) -> (PluginName, Arc<Checked>) {
    let command = |usage: &&str| CommandDeclaration {
        id: usage.replace(' ', "_"),
        usage: usage.to_string(),
        ..CommandDeclaration::default()
    };
    let listener = |pattern: &&str| ListenerDeclaration {
        id: pattern.to_string(),
        pattern: pattern.to_string(),
        ..ListenerDeclaration::default()
    };
    let subscription = |kind: &&str| SubscriptionDeclaration {
        id: kind.to_string(),
        kind: kind.to_string(),
    };
    let declaration = Declaration {
        commands: usages.iter().map(command).collect(),
        listeners: patterns.iter().map(listener).collect(),
        subscriptions: kinds.iter().map(subscription).collect(),
        ..Declaration::default()
    };
    (
        name.parse().unwrap(),
        Arc::new(declaration.check().unwrap()),
    )
}

fn table() -> Table {
    let plugins = vec![
        plugin(
            "deploy",
            &[
                "deploy <app>[/<ref>] [to <env>]",
                "deploy list [<count:integer>]",
                "where can i deploy <app>",
                "lock|freeze <app> [because <why:text>]",
            ],
            &[r"(?i)\b(?P<key>ops-\d+)(?P<x>!)?"],
            &["github.deployment", "github.deployment_status"],
        ),
        plugin(
            "other",
            &["ping", "deploy list all <app>"],
            &["thanks", r"(\d+)"],
            &["github.deployment"],
        ),
    ];
    Table::new(plugins, CALLED)
}

fn command(text: &str) -> String {
    match table().command(text) {
        Routed::Command(route) => shown(&route),
        Routed::Usage {
            plugin,
            usage,
            reason,
        } => {
            format!("{plugin} usage: {usage} ({})", reason.unwrap_or_default())
        }
        Routed::Unknown { nearest } => {
            format!("unknown, nearest {}", nearest.unwrap_or("nothing".into()))
        }
    }
}

fn shown(route: &Route) -> String {
    let arguments: Vec<String> = route
        .arguments
        .iter()
        .map(|(name, value)| format!(" {name}={value}"))
        .collect();
    format!("{}: {}{}", route.plugin, route.handler, arguments.concat())
}

#[test]
fn messages_find_their_command() {
    let texts = [
        "deploy api",
        " DEPLOY  api/x to prod",
        "deploy list",
        "deploy list 3",
        "deploy list x",
        "deploy list all api",
        "deploy list/main",
        "deploy",
        "deploy api prod",
        "deploy \"api",
        "where can I deploy api",
        "where can I deploy",
        "freeze api because it burns",
        "lock",
        "ping pong",
        "depoly api",
        "wher can i deploy api",
        "where can",
        "where",
        "wh",
        "deploys",
        "hlep",
        "plugin",
        "good morning everybody",
        "",
        "  ",
        "İ",
    ];
    let all: String = texts
        .iter()
        .map(|text| format!("{text:30} -> {}\n", command(text)))
        .collect();
    insta::assert_snapshot!(all, @r#"
    deploy api                     -> deploy: deploy_<app>[/<ref>]_[to_<env>] app=api
     DEPLOY  api/x to prod         -> deploy: deploy_<app>[/<ref>]_[to_<env>] app=api ref=x env=prod
    deploy list                    -> deploy: deploy_list_[<count:integer>]
    deploy list 3                  -> deploy: deploy_list_[<count:integer>] count=3
    deploy list x                  -> deploy usage: deploy list [<count:integer>] (`count` must be a whole number, not `x`)
    deploy list all api            -> other: deploy_list_all_<app> app=api
    deploy list/main               -> deploy: deploy_<app>[/<ref>]_[to_<env>] app=list ref=main
    deploy                         -> deploy usage: deploy <app>[/<ref>] [to <env>] ()
    deploy api prod                -> deploy usage: deploy <app>[/<ref>] [to <env>] ()
    deploy "api                    -> deploy usage: deploy <app>[/<ref>] [to <env>] (a quotation mark is opened and never closed)
    where can I deploy api         -> deploy: where_can_i_deploy_<app> app=api
    where can I deploy             -> deploy usage: where can i deploy <app> ()
    freeze api because it burns    -> deploy: lock|freeze_<app>_[because_<why:text>] app=api why=it burns
    lock                           -> deploy usage: lock|freeze <app> [because <why:text>] ()
    ping pong                      -> other usage: ping ()
    depoly api                     -> unknown, nearest deploy
    wher can i deploy api          -> unknown, nearest where can i deploy
    where can                      -> unknown, nearest where can i deploy
    where                          -> unknown, nearest where can i deploy
    wh                             -> unknown, nearest who
    deploys                        -> unknown, nearest deploy
    hlep                           -> unknown, nearest help
    plugin                         -> unknown, nearest plugin
    good morning everybody         -> unknown, nearest nothing
                                   -> unknown, nearest nothing
                                   -> unknown, nearest nothing
    İ                              -> unknown, nearest nothing
    "#);
}

#[test]
fn a_prefix_is_a_name_unless_the_whole_word_is_one() {
    let usages = [
        "deploy:lock <app>",
        "deploy:<task>! <app>",
        "deploy:<task> <app>",
    ];
    let table = Table::new(vec![plugin("deploy", &usages, &[], &[])], CALLED);
    for (said, expected) in [
        ("Deploy:Lock api", Some("deploy:lock_<app>")),
        ("deploy:migrate api", Some("deploy:<task>_<app>")),
        ("deploy:migrate! api", Some("deploy:<task>!_<app>")),
        ("deploy: api", None),
        ("deploy api", None),
    ] {
        let found = match table.command(said) {
            Routed::Command(route) => Some(route.handler),
            Routed::Usage { .. } | Routed::Unknown { .. } => None,
        };
        assert_eq!(found.as_deref(), expected, "{said}");
    }
}

#[test]
fn listeners_hear_what_they_asked_for() {
    let heard = |text: &str| {
        let routes = table().listeners(text, None);
        routes.iter().map(shown).collect::<Vec<_>>().join("; ")
    };
    insta::assert_snapshot!(heard("thanks for OPS-12"), @r#"deploy: (?i)\b(?P<key>ops-\d+)(?P<x>!)? key=OPS-12; other: thanks; other: (\d+)"#);
    assert_eq!(heard("nothing"), "");
}

fn hubot(id: &str, method: Method, pattern: &str, flags: &str) -> ListenerDeclaration {
    let flags = flags.into();
    ListenerDeclaration {
        id: id.into(),
        pattern: pattern.into(),
        hubot: Some(Hubot { method, flags }),
        ..ListenerDeclaration::default()
    }
}

fn with_hubots(called: Names<'_>) -> Table {
    let ours = |pattern: &str| ListenerDeclaration {
        id: pattern.to_owned(),
        pattern: pattern.to_owned(),
        ..ListenerDeclaration::default()
    };
    let declaration = Declaration {
        listeners: vec![
            hubot(
                "any",
                Method::Respond,
                r"ping|deploy (?P<app>\w+)( now)?",
                "i",
            ),
            ours("ping"),
            hubot("hear", Method::Hear, "(p)ing", "g"),
            hubot("loud", Method::Respond, "PING", ""),
            ours("^witbot"),
        ],
        ..Declaration::default()
    };
    let checked = Arc::new(declaration.check().unwrap());
    Table::new(vec![("old".parse().unwrap(), checked)], called)
}

fn heard(table: &Table, text: &str, whole: Option<&str>) -> String {
    let routes = table.listeners(text, whole);
    routes.iter().map(shown).collect::<Vec<_>>().join("; ")
}

#[test]
fn listeners_by_hubots_rules_hear_the_whole() {
    let table = with_hubots(CALLED);
    for (text, whole, expected) in [
        // Said to nobody.
        ("ping", None, "old: ping; old: hear 0=ping 1=p"),
        // Said to the bot: all that match are called, in the order in which they were declared.
        (
            "ping",
            Some("@Witbot: ping"),
            "old: any 0=@Witbot: ping; old: ping; old: hear 0=ping 1=p",
        ),
        (
            "deploy api",
            Some("/deploy api"),
            "old: any 0=/deploy api 1=api app=api",
        ),
        (
            "deploy api now",
            Some("witbot deploy api now"),
            "old: any 0=witbot deploy api now 1=api 2= now app=api",
        ),
        (
            "PING",
            Some("witbot PING"),
            "old: any 0=witbot PING; old: loud 0=witbot PING",
        ),
        // Ours never see the name.
        ("hello", Some("witbot hello"), ""),
    ] {
        assert_eq!(heard(&table, text, whole), expected, "{whole:?}");
    }
}

#[test]
fn a_bot_with_another_name_has_another_table() {
    let hal = Names {
        name: "hal",
        alias: None,
        id: None,
    };
    let table = with_hubots(hal);
    assert_eq!(
        heard(&table, "PING", Some("hal, PING")),
        r"old: any 0=hal, PING; old: loud 0=hal, PING"
    );
    assert_eq!(heard(&table, "PING", Some("witbot PING")), "");
}

#[test]
fn webhooks_and_schedules_find_their_handlers() {
    let declared = |name: &str| {
        let schedule = ScheduleDeclaration {
            id: "nightly".into(),
            when: "0 3 * * *".into(),
            summary: String::new(),
        };
        let webhook = |id: &str, name: &str| WebhookDeclaration {
            id: id.into(),
            name: name.into(),
            summary: String::new(),
        };
        let declaration = Declaration {
            schedules: vec![schedule],
            webhooks: vec![webhook("ring", "alerts"), webhook("built", name)],
            ..Declaration::default()
        };
        let name = name.parse().unwrap();
        (name, Arc::new(declaration.check().unwrap()))
    };
    let table = Table::new(vec![declared("a"), declared("b")], CALLED);
    let heard = |name: &str| {
        let routes = table.webhooks(name);
        routes.iter().map(shown).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(heard("alerts"), "a: ring, b: ring");
    assert_eq!(heard("b"), "b: built");
    assert_eq!(heard("alert"), "");
    let called = |plugin: &str, id: &str| {
        let route = table.schedule(&plugin.parse().unwrap(), id);
        route.map(|route| shown(&route))
    };
    assert_eq!(called("b", "nightly"), Some("b: nightly".to_owned()));
    assert_eq!(called("b", "ring"), None);
    assert_eq!(called("c", "nightly"), None);
}

#[test]
fn subscribers_get_their_kind() {
    let table = table();
    let plugins = |kind: &str| {
        let routes = table.subscribers(kind);
        routes
            .iter()
            .map(|route| route.plugin.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(plugins("github.deployment"), "deploy other");
    assert_eq!(plugins("github.deployment_status"), "deploy");
    assert_eq!(plugins("github.push"), "");
}

#[test]
fn an_empty_table_knows_the_commands_of_the_host() {
    let table = Table::default();
    assert_eq!(table.command("x"), Routed::Unknown { nearest: None });
    assert_eq!(
        table.command("hepl"),
        Routed::Unknown {
            nearest: Some("help".into())
        }
    );
    assert!(table.listeners("x", None).is_empty());
}

#[test]
fn the_same_command_in_two_plugins_is_a_conflict() {
    let existing = [
        plugin("deploy", &["deploy <app>", "status [all]"], &[], &[]),
        plugin("ping", &["ping"], &[], &[]),
    ];
    let (name, candidate) = plugin(
        "heaven",
        &["ship|Deploy <x>", "deploy list", "status <y>"],
        &["x"],
        &[],
    );
    let found = conflicts(&existing, &name, &candidate);
    let found: Vec<String> = found.iter().map(Conflict::to_string).collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    plugin `heaven` declares the command `deploy`, which plugin `deploy` has already: rename it in one of the two, or remove one of them
    plugin `heaven` declares the command `status`, which plugin `deploy` has already: rename it in one of the two, or remove one of them
    "#);

    let (name, newer) = plugin("deploy", &["deploy <app> <env>"], &[], &[]);
    assert_eq!(conflicts(&existing, &name, &newer), []);
}

#[test]
fn messages_are_read_up_to_a_limit() {
    let long = "ö".repeat(limits::INPUT_CHARS_MAX + 1);
    assert_eq!(read(&long).chars().count(), limits::INPUT_CHARS_MAX);
    assert_eq!(read("short"), "short");
}
