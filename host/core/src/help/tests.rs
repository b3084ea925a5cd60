use std::sync::Arc;

use super::*;
use crate::address::Names;
use crate::declaration::{CommandDeclaration, Declaration};
use crate::hubot::{Hubot, Method};

const CALLED: Names = Names {
    name: "witbot",
    alias: None,
    id: None,
};

fn command(
    id: &str,
    usage: &str,
    summary: &str,
    details: &str,
    examples: &[&str],
) -> CommandDeclaration {
    CommandDeclaration {
        id: id.into(),
        usage: usage.into(),
        summary: summary.into(),
        details: details.into(),
        examples: examples.iter().map(|text| text.to_string()).collect(),
        ..CommandDeclaration::default()
    }
}

fn plugin(name: &str, declaration: Declaration) -> (PluginName, Arc<Checked>) {
    (
        name.parse().unwrap(),
        Arc::new(declaration.check().unwrap()),
    )
}

fn table() -> Table {
    let deploy = Declaration {
        summary: "Deployments through GitHub.".into(),
        commands: vec![
            command(
                "deploy",
                "deploy <app>[/<ref>] [to|in|on <env>]",
                "Deploys an application.",
                "Waits for the checks first.\n\nWithout a reference, the default branch is deployed.",
                &["deploy api/fix-login to staging", "deploy api"],
            ),
            command(
                "list",
                "deploy list",
                "Lists the last deployments.",
                "",
                &[],
            ),
            command(
                "lock",
                "lock|freeze <app>",
                "Stops all of an application.",
                "",
                &[],
            ),
        ],
        ..Declaration::default()
    };
    let tickets = Declaration {
        commands: vec![command("ticket", "ticket <key>", "", "", &[])],
        listeners: vec![ListenerDeclaration {
            id: "key".into(),
            pattern: r"\bOPS-\d+`?".into(),
            summary: "Shows the ticket.".into(),
            hubot: None,
        }],
        ..Declaration::default()
    };
    let plugins = vec![plugin("deploy", deploy), plugin("tickets", tickets)];
    Table::new(plugins, CALLED)
}

#[test]
fn everything_at_a_glance() {
    insta::assert_snapshot!(overview(View::all(&table())), @r#"
    deploy: Deployments through GitHub.
    - `deploy <app>[/<ref>] [to|in|on <env>]` Deploys an application.
    - `deploy list` Lists the last deployments.
    - `lock|freeze <app>` Stops all of an application.

    tickets
    - `ticket <key>`
    - listens for `\bOPS-\d+'?` Shows the ticket.

    `runs` lists what goes on for you in this channel, and `stop` ends it. `whoami` says what I know of you, and `link github` links your account there.
    Type `help WORD` for more about a command or a plugin.
    "#);
    insta::assert_snapshot!(overview(View::all(&Table::default())), @r#"No plugins are loaded, so there are no commands yet."#);
}

#[test]
fn one_command_with_details_and_examples() {
    insta::assert_snapshot!(about(View::all(&table()), "Deploy"), @r#"
    - `deploy <app>[/<ref>] [to|in|on <env>]` Deploys an application. (plugin `deploy`)
      Waits for the checks first.
      Without a reference, the default branch is deployed.
      For example: `deploy api/fix-login to staging`
      For example: `deploy api`

    - `deploy list` Lists the last deployments. (plugin `deploy`)

    - `lock|freeze <app>` Stops all of an application. (plugin `deploy`)
    "#);
    insta::assert_snapshot!(about(View::all(&table()), "deploy  LIST"), @r#"- `deploy list` Lists the last deployments. (plugin `deploy`)"#);
    insta::assert_snapshot!(about(View::all(&table()), "freeze"), @r#"- `lock|freeze <app>` Stops all of an application. (plugin `deploy`)"#);
}

#[test]
fn what_listens_like_hubot_is_shown_like_there() {
    let listener = |method, summary: &str| ListenerDeclaration {
        id: format!("{method:?}"),
        pattern: "ship it".into(),
        summary: summary.into(),
        hubot: Some(Hubot {
            method,
            flags: "i".into(),
        }),
    };
    let squirrel = Declaration {
        listeners: vec![
            listener(Method::Hear, ""),
            listener(Method::Respond, "Ships it."),
        ],
        ..Declaration::default()
    };
    let table = Table::new(vec![plugin("squirrel", squirrel)], CALLED);
    insta::assert_snapshot!(overview(View::all(&table)), @r#"
    squirrel
    - listens for `/ship it/i`
    - listens for `/ship it/i` behind the name of the bot Ships it.

    `runs` lists what goes on for you in this channel, and `stop` ends it. `whoami` says what I know of you, and `link github` links your account there.
    Type `help WORD` for more about a command or a plugin.
    "#);
}

#[test]
fn a_plugin_with_all_it_has() {
    insta::assert_snapshot!(about(View::all(&table()), "tickets"), @r#"
    - `ticket <key>` (plugin `tickets`)

    - listens for `\bOPS-\d+'?` Shows the ticket. (plugin `tickets`)
    "#);
}

#[test]
fn words_of_usage_and_summary() {
    insta::assert_snapshot!(about(View::all(&table()), "stops"), @r#"- `lock|freeze <app>` Stops all of an application. (plugin `deploy`)"#);
    insta::assert_snapshot!(about(View::all(&table()), "<key>"), @r#"- `ticket <key>` (plugin `tickets`)"#);
}

#[test]
fn nothing_found() {
    insta::assert_snapshot!(about(View::all(&table()), "depoly"), @r#"There is no help for `depoly`. Did you mean `help deploy`?"#);
    insta::assert_snapshot!(about(View::all(&table()), "tikets"), @r#"There is no help for `tikets`. Did you mean `help ticket`?"#);
    insta::assert_snapshot!(about(View::all(&table()), "coffee"), @r#"There is no help for `coffee`. Type `help` for all commands."#);
    assert_eq!(
        about(View::all(&table()), " "),
        overview(View::all(&table()))
    );
    assert_eq!(
        about(View::all(&table()), "help"),
        overview(View::all(&table()))
    );
    insta::assert_snapshot!(about(View::all(&table()), "plugins"), @"`plugins` is a command of the bot itself: type it alone, and it lists the plugins.");
    for word in RESERVED {
        let told = about(View::all(&table()), &format!("{word} something"));
        assert!(told.contains(&format!("`{word}")), "{word}: {told}");
    }
    insta::assert_snapshot!(about(View::all(&table()), "stop"), @"`stop` is a command of the bot itself: it ends what you started in this channel. Type it alone, or `stop RUN` with a run that `runs` lists.");
}

#[test]
fn help_is_never_longer_than_a_message() {
    let plugins = (0..20).map(|plugin_number| {
        let commands = (0..50).map(|n| {
            let usage = format!("c{plugin_number}-{n} <app>");
            command(&usage.replace(' ', "-"), &usage, &"x".repeat(100), "", &[])
        });
        let declaration = Declaration {
            commands: commands.collect(),
            ..Declaration::default()
        };
        plugin(&format!("p{plugin_number}"), declaration)
    });
    let table = Table::new(plugins.collect(), CALLED);
    let text = overview(View::all(&table));
    assert!(
        text.starts_with("p0 (50 commands)\np1 (50 commands)"),
        "{text}"
    );
    assert!(
        text.contains("p19 (50 commands)\n\n")
            && text.ends_with("Type `help PLUGIN` for its commands."),
        "{text}"
    );
    let text = about(View::all(&table), "app");
    assert!(text.len() <= limits::MESSAGE_BYTES_MAX);
    assert!(
        text.ends_with("more commands; a longer word finds fewer"),
        "{text}"
    );
}
