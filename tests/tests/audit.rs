//! The audit of a bot that runs: what changed in its settings, what failed, and what is forgotten.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use witbot_core::audit::Record;
use witbot_core::ids::UnixMillis;
use witbot_store::Store;
use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

const CHANGE_TIME_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The records of some actions, beside the bot.
async fn records(home: &Home, filter: &[&str]) -> Vec<Value> {
    let arguments = [&["audit", "show", "--json"], filter].concat();
    let shown = home.witbot(&arguments).await.ok();
    let record = |line| serde_json::from_str(line).expect("a line is a record");
    shown.lines().map(record).collect()
}

/// The same, as soon as there are so many.
async fn records_soon(home: &Home, filter: &[&str], count: usize) -> Vec<Value> {
    let until = Instant::now() + CHANGE_TIME_MAX;
    loop {
        let found = records(home, filter).await;
        if found.len() >= count {
            return found;
        }
        assert!(
            Instant::now() < until,
            "never {count} of {filter:?}: {found:#?}"
        );
        sleep(LOOK_EVERY).await;
    }
}

fn settings(bytes: u32, token: &str) -> String {
    format!(
        "[plugins.remembers.grants]\nkv = [{{ max_bytes = {bytes} }}]\n[plugins.absent.settings]\nlabel = \"{bytes}\"\ntoken = \"{token}\"\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_changed_is_told_whether_the_bot_ran_or_not() {
    let filter = ["--action", "settings.changed"];
    let home = Home::new().with_guest("remembers");
    let mut bot = Bot::start(home.with_settings(&settings(1_024, "xoxb-first"))).await;
    assert!(
        records(bot.home(), &filter).await.is_empty(),
        "nothing was before"
    );
    bot.home().write_settings(&settings(2_048, "xoxb-first"));
    let told = records_soon(bot.home(), &filter, 2).await;
    let grant = &told[1]["detail"];
    assert_eq!(grant["key"], "plugins.remembers.grants.kv", "{told:#?}");
    assert!(
        grant["before"].as_str().unwrap().contains("1024"),
        "{grant}"
    );
    assert!(grant["now"].as_str().unwrap().contains("2048"), "{grant}");
    bot.stop().await;

    bot.home().write_settings(&settings(4_096, "xoxb-second"));
    bot.restart().await;
    let told = records(bot.home(), &filter).await;
    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(
        told[3]["detail"]["now"].as_str().unwrap().contains("4096"),
        "{told:#?}"
    );
    assert!(!format!("{told:?}").contains("xoxb"), "{told:#?}");
    bot.home().witbot(&["audit", "verify"]).await.ok();
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_found_by_its_incident() {
    let mut bot = Bot::start(Home::new().with_guest("traps")).await;
    bot.forgive("ERROR [traps] …");
    let line = bot
        .ask(
            "@ada #ops: trap panic",
            "#ops witbot: `traps` failed: …Incident …",
        )
        .await;
    let incident = line
        .split_once("Incident ")
        .and_then(|(_, after)| after.split_once(';'))
        .map(|(incident, _)| incident)
        .expect("an incident");
    let filter = ["--incident", incident, "--action", "run."];
    let told = records_soon(bot.home(), &filter, 1).await;
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0]["action"], "run.failed");
    assert_eq!(told[0]["actor"], "ada");
    assert_eq!(told[0]["detail"]["incident"], incident);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_is_forgotten_and_the_rest_is_provable() {
    let home = Home::new().with_settings("audit.keep = \"35d\"");
    let store = Store::open(&home.data()).expect("a new store");
    let old = |number: u64| Record {
        at: UnixMillis(number),
        actor: None,
        plugin: None,
        digest: None,
        invocation: None,
        action: "long.ago".to_owned(),
        detail: json!({}),
        outcome: "ok".to_owned(),
    };
    store
        .audit((1..=7).map(old).collect())
        .await
        .expect("it is stored");
    let (_, head) = store.audit_head().await.expect("it can be read");
    // Something is newer, and stays.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.expect("it is after 1970").as_millis() as u64;
    store.audit(vec![old(now)]).await.expect("it is stored");
    store.close().await;
    drop(store);
    let export = home.witbot(&["audit", "show", "--json"]).await.ok();
    std::fs::write(home.folder().join("export.jsonl"), export).expect("a new file");

    let mut bot = Bot::start(home).await;
    let told = records_soon(bot.home(), &["--action", "audit.pruned"], 1).await;
    assert_eq!(told[0]["detail"]["last"], 7, "{told:#?}");
    assert_eq!(told[0]["detail"]["hash"], head.as_str(), "{told:#?}");
    let old = records(bot.home(), &["--action", "long.ago"]).await;
    assert_eq!(old.len(), 1, "{old:#?}");
    assert_eq!(
        old[0]["previous"],
        head.as_str(),
        "an export can be joined to it"
    );
    let noted = ["audit", "verify", "--head", &head];
    let verified = bot.home().witbot(&noted).await.ok();
    assert!(verified.contains("record 7 is the one"), "{verified}");
    let file = ["audit", "verify", "--file", "export.jsonl"];
    let verified = bot.home().witbot(&file).await.ok();
    assert!(verified.contains("all 8 records of the file"), "{verified}");
    bot.stop().await;
}
