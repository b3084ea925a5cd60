//! Plugins that were built for a released contract go on as they were: loaded, described, called, answered and denied by the
//! bot of now. Between them they import every interface.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

const SETTINGS: &str = r#"
[plugins.remembers.grants]
kv = [{ max_bytes = 1024 }]
[plugins.greedy.grants]
github = [{ repository = "acme/api", permissions = ["contents:read"] }]
chat = [{ channel = "ops" }]
http = [{ host = "status.example.com" }]
[plugins.careful.grants]
github = [{ repository = "acme/api", permissions = ["contents:read"] }]
[plugins.acts]
settings = { web = "https://status.example.com" }
[plugins.acts.grants]
github = [{ repository = "acme/api", permissions = ["contents:read"] }]
ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["read"] }]
http = [{ host = "status.example.com" }]
kv = [{ max_bytes = 1024 }]
chat = [{ channel = "ops" }]
[plugins.asks.grants]
github = [{ repository = "acme/api", permissions = ["contents:read"] }]
ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["read"] }]
"#;

/// The plugins of each released contract, by its version.
fn released() -> Vec<(String, Vec<PathBuf>)> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let entries = |folder: &Path| {
        let entries = fs::read_dir(folder).expect("the folder is there");
        let paths = entries.map(|entry| entry.expect("it can be read").path());
        paths.collect::<Vec<_>>()
    };
    let versions = entries(&golden)
        .into_iter()
        .filter(|path| path.is_dir())
        .map(|folder| {
            let name = folder.file_name().expect("it has a name");
            (name.to_string_lossy().into_owned(), entries(&folder))
        });
    versions.collect()
}

fn home_with(plugins: &[PathBuf]) -> Home {
    let home = Home::new().with_settings(SETTINGS);
    for plugin in plugins {
        let name = plugin.file_stem().expect("it has a name").to_string_lossy();
        home.put(&name, &fs::read(plugin).expect("it can be read"));
    }
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_of_released_contracts_import_all_of_them() {
    for (version, plugins) in released() {
        let home = home_with(&plugins);
        let mut imports = BTreeSet::new();
        for plugin in &plugins {
            let file = plugin.to_string_lossy();
            // Beside the same file in the folder nothing is in conflict: it is a version of itself.
            let page = home.witbot(&["plugin", "check", &file]).await.ok();
            let lines = page
                .lines()
                .filter_map(|line| line.strip_prefix("  witbot:"));
            imports.extend(lines.filter_map(|line| Some(line.split_once('@')?.0.to_owned())));
        }
        let all = [
            "chat/chat",
            "chat/content",
            "chat/messages",
            "ci/ci",
            "config/config",
            "flow/flow",
            "flow/permission",
            "github/github",
            "http/http",
            "kv/kv",
            "log/log",
            "plugin/declare",
            "plugin/events",
            "types/types",
        ];
        for interface in all {
            assert!(
                imports.contains(interface),
                "{version}: {interface} is not among {imports:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_of_released_contracts_answer() {
    for (_, plugins) in released() {
        let mut bot = Bot::start(home_with(&plugins)).await;
        bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
        for count in 1..=2 {
            bot.ask("count", &format!("#console witbot: Count: {count}."))
                .await;
        }
        bot.stop().await;
        bot.restart().await;
        bot.ask("recall", "#console witbot: I remember 2.").await;
        bot.ask("grab repository acme/api", "#console witbot: It is mine.")
            .await;
        for (command, denied) in [
            ("grab repository acme/web", "repository = \"acme/web\""),
            ("grab environment production", "\"production\""),
            ("grab channel general", "channel = \"general\""),
            (
                "grab address https://example.com/",
                "host = \"example.com\"",
            ),
        ] {
            let answer = format!("#console witbot: denied: plugin `greedy` may not …{denied}…");
            bot.ask(command, &answer).await;
        }
        bot.stop().await;
    }
}
