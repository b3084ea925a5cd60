//! Handlers that the clock calls. No test waits for it: what the bot has noted to be due next year is put back to a year ago,
//! as if it had not run since.

use std::fmt::Debug;
use std::time::Duration;

use rusqlite::Connection;
use witbot_store::Store;
use witbot_store::schedules::Due;
use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

const TICKS: &str = r#"
[plugins.ticks.grants]
chat = [{ channel = "ops" }]
schedules = [{ at_most_every = "8d" }]

[plugins.ticks.schedules]
often = "off"
"#;

const YEARLY: &str = "yearly: 0 0 1 1 * Europe/Berlin";

/// Two years of milliseconds, of which one is not over yet.
const BACK_MS: i64 = 2 * 366 * 86_400_000;

/// Looks again and again until something is so. Answers what it saw then.
async fn until<T: Debug>(what: &str, mut look: impl AsyncFnMut() -> (bool, T)) -> T {
    const PATIENCE: Duration = Duration::from_secs(30);
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    let mut last = None;
    let seen = tokio::time::timeout(PATIENCE, async {
        loop {
            looks.tick().await;
            let (so, seen) = look().await;
            if so {
                return seen;
            }
            last = Some(seen);
        }
    });
    match seen.await {
        Ok(seen) => seen,
        Err(_) => panic!("expected {what}, and there is {last:?}"),
    }
}

/// What is due next.
async fn noted(bot: &Bot) -> Vec<Due> {
    let store = Store::open_to_read(&bot.home().data()).expect("the bot has made it");
    store.schedules().await.expect("it can be read")
}

/// Waits until that is this again.
async fn until_again(bot: &Bot, expected: &[Due]) {
    until(&format!("{expected:?}"), async || {
        let noted = noted(bot).await;
        (noted == expected, noted)
    })
    .await;
}

/// Waits until the bot has noted what is due next, for these, each as `id: rule`.
async fn until_noted(bot: &Bot, expected: &[&str]) -> Vec<Due> {
    let shown = |due: &Due| format!("{}: {}", due.id, due.rule);
    until(&format!("{expected:?}"), async || {
        let noted = noted(bot).await;
        (noted.iter().map(shown).eq(expected.iter().copied()), noted)
    })
    .await
}

/// Waits until nothing is left to be said: what a terminal showed in the moment of a crash, it shows again.
async fn until_said(bot: &Bot) {
    let db = Connection::open(bot.home().data().join("witbot.db")).expect("the bot has made it");
    until("nothing left to be said", async || {
        let sql = "SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'failed')";
        let left: i64 = db
            .query_row(sql, (), |row| row.get(0))
            .expect("it can be read");
        (left == 0, left)
    })
    .await;
}

/// Makes it later for a bot that does not run. Answers when the first is due then.
fn put_back(bot: &Bot) -> i64 {
    let db = Connection::open(bot.home().data().join("witbot.db")).expect("the bot has made it");
    db.execute("UPDATE schedules SET due_ms = due_ms - ?", [BACK_MS])
        .expect("the bot does not run");
    db.query_row("SELECT min(due_ms) FROM schedules", (), |row| row.get(0))
        .expect("there is one")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_made_up_for_once_whatever_becomes_of_the_bot() {
    let home = Home::new().with_guest("ticks").with_settings(TICKS);
    let mut bot = Bot::start(home).await;
    let noted = until_noted(&bot, &[YEARLY]).await;
    bot.stop().await;
    let due = put_back(&bot);

    bot.restart().await;
    // Nobody said it, so there is nobody to answer.
    let said = format!("#ops witbot: schedule yearly: due {due}, missed true, answer NotFound");
    bot.expect(&said).await;
    until_said(&bot).await;
    bot.kill9_and_restart().await;
    until_again(&bot, &noted).await;
    bot.stop().await;
    let runs = bot.home().witbot(&["runs"]).await.ok();
    assert_eq!(runs.matches("ticks yearly").count(), 1, "{runs}");

    // The same time again, as by a clock that was set back: it has been.
    put_back(&bot);
    bot.restart().await;
    until_again(&bot, &noted).await;
    bot.stop().await;
    let runs = bot.home().witbot(&["runs"]).await.ok();
    assert_eq!(runs.matches("ticks yearly").count(), 1, "{runs}");
    let audit = bot.home().witbot(&["audit", "show"]).await.ok();
    assert!(audit.contains("yearly"), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_called_more_often_than_was_granted() {
    let home = Home::new().with_guest("ticks");
    let chat = "[plugins.ticks.grants]\nchat = [{ channel = \"ops\" }]";
    home.write_settings(chat);
    let mut bot = Bot::start(home).await;
    let line = r#"schedules = [{ at_most_every = "7d" }]"#;
    bot.expect_log(&format!(
        "WARN [ticks] the plugin is held: it needs a grant for schedules (`0 0 1 1 * Europe/Berlin`). …{line}"
    ))
    .await;
    bot.home().write_settings(&format!(
        "{chat}\nschedules = [{{ at_most_every = \"8d\" }}]"
    ));
    bot.expect_log(&format!(
        "WARN [ticks] the plugin is held: it needs a grant for more frequent schedules (`every 7d`). …{line}…"
    ))
    .await;
    until_noted(&bot, &[]).await;

    // The line that it says lets it in.
    bot.home().write_settings(&format!("{chat}\n{line}"));
    bot.expect_log("INFO [ticks] the plugin is live").await;
    until_noted(&bot, &["often: every 7d", YEARLY]).await;

    // So does another time, by the operator.
    let seldom = format!(
        "{chat}\nschedules = [{{ at_most_every = \"8d\" }}]\n[plugins.ticks.schedules]\noften = \"every 8d\""
    );
    bot.home().write_settings(&seldom);
    until_noted(&bot, &["often: every 8d", YEARLY]).await;

    // But not a schedule that it does not have.
    bot.home()
        .write_settings(&seldom.replace("often =", "oftn ="));
    bot.expect_log("WARN [ticks] the plugin is held: its settings are wrong:…the plugin has no schedule `oftn`: it has `yearly`, `often`")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_can_do_without_a_grant_is_not_called() {
    let home = Home::new()
        .with_guest("nosy")
        .with_guest("ticks")
        .with_settings(TICKS);
    let mut bot = Bot::start(home).await;
    bot.expect_log("INFO [nosy] the plugin is live").await;
    // The clock was looked at, with `nosy` among those who serve.
    until_noted(&bot, &[YEARLY]).await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_times_are_told_with_their_line() {
    let home = Home::new();
    for (written, told) in [
        (
            r#"a = "0 9 * * mon-fri Europe/Berlim""#,
            "there is no time zone `Europe/Berlim`",
        ),
        (r#"a = "0 25 * * *""#, "`25` is no hour"),
        (r#"a = 5"#, "has to be a string"),
        (r#"a = "never""#, "a schedule has five fields"),
    ] {
        home.write_settings(&format!("[plugins.ticks.schedules]\n{written}"));
        let answer = home.witbot(&["check"]).await;
        assert_eq!(answer.code, Some(64), "{written}");
        let complained = &answer.complained;
        assert!(complained.contains(told), "{written}: {complained}");
        assert!(complained.contains("witbot.toml:4:"), "{complained}");
    }
    home.write_settings("[plugins.ticks.grants]\nschedules = [{ at_most_every = \"1s\" }]");
    let answer = home.witbot(&["check"]).await;
    assert_eq!(answer.code, Some(64));
    let complained = answer.complained;
    assert!(
        complained.contains("write a length of time from 10 s on"),
        "{complained}"
    );
}
