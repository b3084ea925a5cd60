//! What operators ask on the command line, and the exit codes that their scripts rely on.

use std::sync::Arc;

use witbot_tests::bot::Bot;
use witbot_tests::fakes::{CIRCLECI_TOKEN, GITHUB_TOKEN};
use witbot_tests::home::{self, Home};
use witbot_tests::services::Services;

const KV: &str = "[plugins.remembers.grants]\nkv = [{ max_bytes = 1024 }]";

#[tokio::test(flavor = "multi_thread")]
async fn bad_settings_stop_the_start_before_anything_is_connected() {
    let services = Arc::new(Services::start().await);
    let home = Home::new()
        .with_secret("GITHUB_TOKEN", GITHUB_TOKEN)
        .with_secret("CIRCLECI_TOKEN", CIRCLECI_TOKEN)
        .with_settings(&format!("{}\n[github.more]\nurl = 1", services.settings()));
    for command in [["run"].as_slice(), &["check"], &["plugin", "list"]] {
        let answer = home.witbot(command).await;
        assert_eq!(answer.code, Some(64), "{answer:?}");
        assert!(answer.printed.is_empty(), "{answer:?}");
        // The file with its line, what is wrong there, and what to do about it.
        for part in ["witbot.toml:", "more", "help: "] {
            assert!(
                answer.complained.contains(part),
                "{part}: {}",
                answer.complained
            );
        }
    }
    assert!(services.github.requests().is_empty() && services.circleci.requests().is_empty());
    assert!(!home.data().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_usage_has_its_own_exit_code() {
    let home = Home::new();
    for arguments in [
        ["run", "--no-such-flag"].as_slice(),
        &["no-such-command"],
        &["plugin", "show"],
        &["run", "--chat", "carrier-pigeon"],
        &["run", "--config", "no-such-file.toml"],
    ] {
        let answer = home.witbot(arguments).await;
        assert_eq!(answer.code, Some(64), "{arguments:?}: {answer:?}");
        assert!(!answer.complained.is_empty(), "{arguments:?}");
    }
    assert!(
        home.witbot(&["--version"])
            .await
            .ok()
            .starts_with("witbot ")
    );
    assert!(home.witbot(&["help"]).await.ok().contains("Usage: witbot"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_checked_before_it_is_in_the_folder() {
    let home = Home::new().with_plugin("hello").with_settings(KV);
    let put = |name: &str, bytes: &[u8]| {
        std::fs::write(home.folder().join(name), bytes).expect("it can be written");
    };
    put("remembers.wasm", &home::guest("remembers"));
    put("Hello_Again.wasm", &home::plugin("hello"));
    put("notes.wasm", b"These are notes.");
    put("panics.wasm", &home::guest("panics-in-describe"));
    let check = async |arguments: &[&str]| {
        let all = [&["plugin", "check"], arguments].concat();
        home.witbot(&all).await
    };

    let well = check(&["remembers.wasm"]).await.ok();
    for part in [
        " KiB of 32768 KiB, compiled in ",
        "\n  count – Counts one further.\n",
        "\n  witbot:kv/kv@0.1.0\n",
        "\n  kv: To keep the count.\n",
    ] {
        assert!(well.contains(part), "{part}: {well}");
    }
    assert!(well.ends_with("\nstate: would be live\n"), "{well}");
    let asks = check(&["remembers.wasm", "--name", "other"]).await.ok();
    let lines = "state: held: it needs a grant for kv. To allow it, add to witbot.toml:\n[plugins.other.grants]\n";
    assert!(asks.contains(lines), "{asks}");

    let unnamed = check(&["Hello_Again.wasm"]).await;
    assert_eq!(unnamed.code, Some(64), "{unnamed:?}");
    assert!(unnamed.complained.contains("hello-again`"), "{unnamed:?}");
    let clash = check(&["Hello_Again.wasm", "--name", "hello-again"]).await;
    assert_eq!(clash.code, Some(1), "{clash:?}");
    let line = "conflict: the plugin `hello` in the folder has already: `hello`";
    assert!(clash.printed.contains(line), "{clash:?}");
    for (file, reason) in [
        ("notes.wasm", "it is not a WebAssembly file"),
        ("panics.wasm", "it failed while it described itself"),
        ("none.wasm", "cannot read none.wasm"),
    ] {
        let wrong = check(&[file]).await;
        assert_eq!(wrong.code, Some(1), "{wrong:?}");
        assert!(wrong.complained.contains(reason), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_are_listed_and_shown() {
    let home = Home::new()
        .with_plugin("hello")
        .with_plugin("pipeline")
        .with_guest("remembers")
        .with_settings(KV);
    let list = home.witbot(&["plugin", "list"]).await.ok();
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 3, "{list}");
    assert!(
        lines[0].starts_with("hello ") && lines[0].ends_with("  live"),
        "{list}"
    );
    assert!(
        lines[1].starts_with("pipeline ")
            && lines[1].contains("held: it needs a grant for github, ci"),
        "{list}"
    );
    assert!(
        lines[2].starts_with("remembers ") && lines[2].ends_with("  live"),
        "{list}"
    );

    let held = home.witbot(&["plugin", "show", "pipeline"]).await.ok();
    for part in [
        "Has a CI service run GitHub's deployments.",
        "github.deployment",
        "state: held: it needs a grant for github, ci, kv and the setting repositories. To allow it, add to witbot.toml:\n[plugins.pipeline.grants]\ngithub = [",
        "\nci = [",
        "\n[plugins.pipeline.settings]\nrepositories = ",
    ] {
        assert!(held.contains(part), "{part}: {held}");
    }
    let live = home.witbot(&["plugin", "show", "remembers"]).await.ok();
    for part in [
        "count – Counts one further.",
        "kv: To keep the count.",
        "1024",
        "state: live\n",
    ] {
        assert!(live.contains(part), "{part}: {live}");
    }
    let unknown = home.witbot(&["plugin", "show", "remember"]).await;
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown
            .complained
            .contains("plugins there: hello, pipeline, remembers"),
        "{unknown:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_what_is_wrong() {
    let home = Home::new()
        .with_plugin("hello")
        .with_secret("GITHUB_TOKEN", GITHUB_TOKEN);
    let good = home.witbot(&["check"]).await.ok();
    assert!(good.contains("GITHUB_WEBHOOK_SECRET: not set"), "{good}");
    assert!(good.contains("GITHUB_APP_PRIVATE_KEY): set"), "{good}");
    assert!(!good.contains(GITHUB_TOKEN), "{good}");

    home.put("broken", b"not a plugin");
    let bad = home.witbot(&["check"]).await;
    assert_eq!(bad.code, Some(1), "{bad:?}");
    assert!(
        bad.printed
            .contains("\nbroken: refused: it is not a WebAssembly file"),
        "{bad:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_and_audit_tell_what_was_done_beside_a_running_bot() {
    let mut bot = Bot::start(Home::new().with_guest("remembers").with_settings(KV)).await;
    assert_eq!(
        bot.home().witbot(&["runs"]).await.ok(),
        "There are no runs yet.\n"
    );
    bot.ask("@ada #ops: count", "#ops witbot: Count: 1.").await;

    let runs = bot.home().witbot(&["runs"]).await.ok();
    assert!(runs.contains("done     remembers count"), "{runs}");
    let id = runs.split_whitespace().next().unwrap();
    let run = bot.home().witbot(&["runs", &id[..8]]).await.ok();
    let steps: Vec<&str> = run.lines().filter(|line| line.contains(" -> ")).collect();
    assert_eq!(steps.len(), 3, "read, write, reply: {run}");
    let unknown = bot.home().witbot(&["runs", "no-such-run"]).await;
    assert_eq!(unknown.code, Some(1));

    let audit = bot.home().witbot(&["audit", "show"]).await.ok();
    let records: Vec<serde_json::Value> = audit
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let command = records
        .iter()
        .find(|record| record["action"] == "command")
        .unwrap();
    assert_eq!(command["actor"], "ada");
    assert_eq!(command["plugin"], "remembers");
    assert_eq!(command["detail"]["text"], "count");
    let verified = bot.home().witbot(&["audit", "verify"]).await.ok();
    let last = records.last().unwrap();
    let (seq, hash) = (&last["seq"], last["hash"].as_str().unwrap());
    assert_eq!(
        verified,
        format!(
            "all {} records are as they were written\nhead: {seq} {hash}\n",
            records.len()
        )
    );
    let export = bot.home().folder().join("export.jsonl");
    std::fs::write(&export, &audit).unwrap();
    let export = export.to_str().unwrap();
    let checked = bot
        .home()
        .witbot(&["audit", "verify", "--file", export])
        .await
        .ok();
    assert!(
        checked.starts_with(&format!("all {} records", records.len())),
        "{checked}"
    );
    std::fs::write(export, audit.replace("\"ada\"", "\"bob\"")).unwrap();
    let forged = bot
        .home()
        .witbot(&["audit", "verify", "--file", export])
        .await;
    assert_eq!(forged.code, Some(1), "{}", forged.printed);
    let head = bot
        .home()
        .witbot(&["audit", "verify", "--head", hash])
        .await
        .ok();
    assert!(head.contains(&format!("record {seq} is the one")), "{head}");
    let narrowed = bot
        .home()
        .witbot(&["audit", "show", "--actor", "ada", "--action", "kv."])
        .await
        .ok();
    assert!(narrowed.lines().count() < records.len(), "{narrowed}");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_said_line_by_line() {
    let home = Home::new().with_plugin("hello").with_guest("waits");
    std::fs::write(
        home.folder().join("script.txt"),
        "# Greets everybody.\nhello Ada\n\nwait time 100\n@bob #ops: hello\n",
    )
    .unwrap();
    let said = home.witbot(&["run", "--script", "script.txt"]).await.ok();
    let expected = "> hello Ada\n#console witbot: Hello, Ada!\n> wait time 100\n#console witbot: Good night.\n\
                    #console witbot: Good morning.\n> @bob #ops: hello\n#ops witbot: Hello, bob!\n";
    assert_eq!(said, expected);
}
