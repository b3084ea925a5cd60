//! The page as it is read.

use witbot_core::declaration::{CommandDeclaration, Declaration, ScheduleDeclaration};
use witbot_core::ids::{Digest, UnixMillis};
use witbot_core::limits::plugin::PluginLimits;

use super::*;

fn declaration(version: &str) -> Declaration {
    Declaration {
        summary: "Deploys.".to_owned(),
        version: version.to_owned(),
        commands: vec![CommandDeclaration {
            id: "deploy".to_owned(),
            usage: "deploy <app>".to_owned(),
            summary: "Deploys an app.".to_owned(),
            ..CommandDeclaration::default()
        }],
        wants: vec![("github".to_owned(), "To create deployments.".to_owned())],
        ..Declaration::default()
    }
}

fn newer() -> Declaration {
    let mut said = declaration("1.1.0");
    said.commands[0].dangerous = true;
    said.wants[0].1 = "To create deployments, and merge.".to_owned();
    said.can_use
        .push(("http".to_owned(), "To look at the app.".to_owned()));
    said.schedules.push(ScheduleDeclaration {
        id: "sweep".to_owned(),
        when: "every 5m".to_owned(),
        summary: "Looks for stale locks.".to_owned(),
    });
    said
}

fn counted(call: &str, subject: &str, outcome: Use, count: u64, line: Option<&str>) -> Counted {
    Counted {
        call: call.to_owned(),
        subject: subject.to_owned(),
        outcome,
        line: line.map(str::to_owned),
        count,
        last: UnixMillis(1_763_872_000_000 + count),
    }
}

const STAGING: &str = r#"github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = ["staging"] }]"#;
const PRODUCTION: &str = r#"github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = ["production"] }]"#;

fn usage() -> Vec<Counted> {
    let create = "github.create-deployment";
    vec![
        counted("chat.post", "deploys", Use::Ok, 2, None),
        counted(
            create,
            "acme/api production",
            Use::Denied,
            3,
            Some(PRODUCTION),
        ),
        counted(create, "acme/api staging", Use::Ok, 12, None),
        counted(create, "acme/api staging", Use::Error, 1, None),
        counted(create, "acme/api staging", Use::Denied, 1, Some(STAGING)),
        counted("github.open", "no repository", Use::Denied, 1, None),
        counted(
            "chat.post",
            "deploys",
            Use::WouldDeny,
            2,
            Some(r#"chat = [{ channel = "deploys" }]"#),
        ),
    ]
}

fn grants(text: &str) -> Grants {
    toml::from_str(text).unwrap()
}

fn page(check: impl FnOnce(&Sheet<'_>)) {
    let (name, grants) = (
        "deploy".parse().unwrap(),
        grants(&format!("{STAGING}\nchat = [{{ channel = \"deploys\" }}]")),
    );
    let observe = Grants {
        chat: Vec::new(),
        ..grants.clone()
    };
    let problem = Problem::Held {
        needs: "a grant for http".to_owned(),
        lines: "[plugins.deploy.grants]\nhttp = […]".to_owned(),
    };
    let usage = usage();
    let (old, new) = (declaration("1.0.0"), newer());
    let imports = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (old_imports, new_imports) = (
        imports(&["witbot:github/github@0.1.0"]),
        imports(&["witbot:github/github@0.1.0", "witbot:http/http@0.1.0"]),
    );
    check(&Sheet {
        name: &name,
        newest: Some(Version {
            digest: Digest::of(b"new"),
            imports: &new_imports,
            said: &new,
        }),
        before: Some(Version {
            digest: Digest::of(b"old"),
            imports: &old_imports,
            said: &old,
        }),
        problem: Some(&problem),
        grants: &grants,
        observe: Some(&observe),
        limits: PluginLimits::default(),
        usage: Ok(&usage),
    });
}

#[test]
fn a_terminal_shows_all_of_it() {
    page(|sheet| {
        insta::assert_snapshot!(sheet.terminal(), @r#"
        deploy 1.1.0 11507a0e2f5e – Deploys.
        commands:
          deploy <app> (dangerous) – Deploys an app.
        is called at:
          every 5m (`sweep`) – Looks for stale locks.
        imports:
          witbot:github/github@0.1.0
          witbot:http/http@0.1.0
        wants:
          github: To create deployments, and merge.
        can use:
          http: To look at the app.
        granted:
          [[github]]
          repository = "acme/api"
          permissions = ["deployments:write"]
          environments = ["staging"]
          [[chat]]
          channel = "deploys"
        tried, and not enforced:
          [[github]]
          repository = "acme/api"
          permissions = ["deployments:write"]
          environments = ["staging"]
        used in the last 30 days:
          chat.post deploys: 2 times, last 2025-11-23T04:26:40Z
          github.create-deployment acme/api staging: 13 times (1 failed), last 2025-11-23T04:26:40Z
        denied in the last 30 days:
          github.create-deployment acme/api production: 3 times, last 2025-11-23T04:26:40Z
            allowed by: github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = ["production"] }]
          github.create-deployment acme/api staging: once, last 2025-11-23T04:26:40Z
            is allowed since
          github.open no repository: once, last 2025-11-23T04:26:40Z
        would be denied:
          chat.post deploys: 2 times, last 2025-11-23T04:26:40Z
            allowed by: chat = [{ channel = "deploys" }]
        new since 1.0.0 cba06b5736fa:
          - commands: deploy <app> – Deploys an app.
          + commands: deploy <app> (dangerous) – Deploys an app.
          + is called at: every 5m (`sweep`) – Looks for stale locks.
          + imports: witbot:http/http@0.1.0
          - wants: github: To create deployments.
          + wants: github: To create deployments, and merge.
          + can use: http: To look at the app.
        state: held: it needs a grant for http. To allow it, add to witbot.toml:
        [plugins.deploy.grants]
        http = […]
        "#);
    });
}

#[test]
fn a_chat_shows_the_same_in_a_message() {
    page(|sheet| {
        let text = sheet.chat();
        let shown = text.spans().iter().map(|span| match span {
            Span::Plain(words) => words.clone(),
            Span::Code(lines) => format!("```\n{lines}\n```"),
            other => panic!("{other:?}"),
        });
        insta::assert_snapshot!(shown.collect::<String>(), @r#"
        deploy 1.1.0 11507a0e2f5e – Deploys.
        *state*
        ```
        held: it needs a grant for http. To allow it, add to witbot.toml:
        [plugins.deploy.grants]
        http = […]
        ```
        *commands*
        ```
        deploy <app> (dangerous) – Deploys an app.
        ```
        *is called at*
        ```
        every 5m (`sweep`) – Looks for stale locks.
        ```
        *imports*
        ```
        witbot:github/github@0.1.0
        witbot:http/http@0.1.0
        ```
        *wants*
        ```
        github: To create deployments, and merge.
        ```
        *can use*
        ```
        http: To look at the app.
        ```
        *granted*
        ```
        [[github]]
        repository = "acme/api"
        permissions = ["deployments:write"]
        environments = ["staging"]
        [[chat]]
        channel = "deploys"
        ```
        *tried, and not enforced*
        ```
        [[github]]
        repository = "acme/api"
        permissions = ["deployments:write"]
        environments = ["staging"]
        ```
        *used in the last 30 days*
        ```
        chat.post deploys: 2 times, last 2025-11-23T04:26:40Z
        github.create-deployment acme/api staging: 13 times (1 failed), last 2025-11-23T04:26:40Z
        ```
        *denied in the last 30 days*
        ```
        github.create-deployment acme/api production: 3 times, last 2025-11-23T04:26:40Z
          allowed by: github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = ["production"] }]
        github.create-deployment acme/api staging: once, last 2025-11-23T04:26:40Z
          is allowed since
        github.open no repository: once, last 2025-11-23T04:26:40Z
        ```
        *would be denied*
        ```
        chat.post deploys: 2 times, last 2025-11-23T04:26:40Z
          allowed by: chat = [{ channel = "deploys" }]
        ```
        *new since 1.0.0 cba06b5736fa*
        ```
        - commands: deploy <app> – Deploys an app.
        + commands: deploy <app> (dangerous) – Deploys an app.
        + is called at: every 5m (`sweep`) – Looks for stale locks.
        + imports: witbot:http/http@0.1.0
        - wants: github: To create deployments.
        + wants: github: To create deployments, and merge.
        + can use: http: To look at the app.
        ```
        `witbot plugin show deploy` has all of it.
        "#);
    });
}

#[test]
fn whatever_a_plugin_does_its_page_fits_into_a_message() {
    let long = "x".repeat(limits::USAGE_LINE_BYTES_MAX);
    let usage: Vec<Counted> = (0..limits::USAGE_SUBJECTS_MAX)
        .map(|number| {
            counted(
                "http.fetch",
                &number.to_string(),
                Use::Denied,
                1,
                Some(&long),
            )
        })
        .collect();
    let (name, grants) = ("deploy".parse().unwrap(), Grants::default());
    let mut said = newer();
    said.commands = vec![said.commands[0].clone(); 200];
    let sheet = Sheet {
        name: &name,
        newest: Some(Version {
            digest: Digest::of(b"new"),
            imports: &[],
            said: &said,
        }),
        before: None,
        problem: None,
        grants: &grants,
        observe: None,
        limits: PluginLimits {
            memory_mib: 128,
            ..PluginLimits::default()
        },
        usage: Ok(&usage),
    };
    let text = sheet.chat();
    let bytes = serde_json::to_string(&text).unwrap().len();
    assert!(bytes < limits::MESSAGE_BYTES_MAX, "{bytes}");
    assert!(format!("{text:?}").contains("and 185 more"), "{text:?}");
    assert!(sheet.terminal().contains("memory_mib = 128 (default 64)"));
}

#[test]
fn what_was_granted_since_is_not_wanted_any_more() {
    let usage = usage();
    let lines = |grants: &Grants| {
        let wanted = wanted(&usage, grants);
        wanted.into_iter().map(|(line, _)| line).collect::<Vec<_>>()
    };
    assert_eq!(lines(&Grants::default()), [PRODUCTION, STAGING]);
    assert_eq!(lines(&grants(STAGING)), [PRODUCTION]);
}

#[test]
fn a_difference_is_empty_between_equals() {
    let said = declaration("1.0.0");
    let version = Version {
        digest: Digest::of(b"old"),
        imports: &[],
        said: &said,
    };
    assert_eq!(version::difference(&version, &version), [""; 0]);
}
