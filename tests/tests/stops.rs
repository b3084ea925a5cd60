//! The bot is told to stop while something is under way that does not end: it ends in time and well, and the next start
//! brings to an end what was left, once.

use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};
use witbot_tests::bot::Bot;
use witbot_tests::fakes::{Fault, Slack, Trouble};
use witbot_tests::home::Home;
use witbot_tests::services::{REPOSITORY, Services};
use witbot_tests::slack::{Mode, Workspace};

const MERGES: &str = "/repos/acme/api/merges";
const POST: &str = "chat.postMessage";

/// Stops it, which fails when that takes too long or ends badly. How long it took is in its log.
async fn stop(bot: &mut Bot) {
    let before = bot.logged("INFO stopped after … ms").len();
    bot.stop().await;
    let stops = bot.logged("INFO stopped after … ms");
    assert_eq!(stops.len(), before + 1, "{stops:?}");
}

/// How many runs that ended so it lists.
async fn runs(bot: &Bot, ended: &str) -> usize {
    let runs = bot.home().witbot(&["runs"]).await.ok();
    runs.matches(ended).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_computes_for_ever_does_not_hold_up_a_stop() {
    let home = Home::new().with_guest("traps").with_plugin("hello");
    let mut bot = Bot::start(home).await;
    bot.forgive("ERROR [traps] …");
    bot.say("trap loop").await;
    // What was said first has begun first.
    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
    stop(&mut bot).await;
    bot.expect_log("WARN 1 runs are left for the next start")
        .await;
    bot.restart().await;
    bot.expect("#console witbot: `traps` failed: it computed for too long. …")
        .await;
    // It has ended: there is nothing to go on with.
    stop(&mut bot).await;
    bot.restart().await;
    bot.ask("hello Bob", "#console witbot: Hello, Bob!").await;
    assert_eq!(runs(&bot, "traps loop").await, 1);
    stop(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_never_answers_does_not_hold_up_a_stop() {
    let hangs = || Fault::on("POST", MERGES, Trouble::Hang);
    for (fault, asked) in [(hangs(), 2), (hangs().after_effect(), 1)] {
        let services = Arc::new(Services::start().await);
        let settings = format!("{}{GRANTS}", services.addresses());
        let home = Home::new().with_guest("inspects").with_settings(&settings);
        let mut bot = Bot::start_for(home, &services).await;
        let github = &services.github;
        let merges = || {
            let mut requests = github.requests();
            requests.retain(|request| request.method == "POST" && request.path == MERGES);
            requests.len()
        };
        let before = github.sha(REPOSITORY, "fix-login");
        github.push(REPOSITORY, "main", "News");
        github.inject(fault);
        bot.say("merge main into fix-login").await;
        github.until(|_| (merges() == 1).then_some(())).await;
        stop(&mut bot).await;
        bot.expect_log("WARN 1 runs are left for the next start")
            .await;
        bot.restart().await;
        let merged = github.until(|github| {
            let sha = github.sha(REPOSITORY, "fix-login");
            (sha != before).then_some(sha)
        });
        let merged = merged.await;
        bot.expect(&format!("#console witbot: {merged}")).await;
        assert_eq!(merges(), asked);
        stop(&mut bot).await;
        bot.restart().await;
        assert_eq!(runs(&bot, "done     inspects merge").await, 1);
        stop(&mut bot).await;
        assert_eq!(merges(), asked);
    }
}

const GRANTS: &str = r#"
[plugins.inspects.grants]
github = [{ repository = "acme/api", permissions = ["contents:read", "contents:write"] }]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_takes_nothing_does_not_hold_up_a_stop() {
    for trouble in [
        Trouble::TooManyRequests(Some(5)),
        Trouble::Status(503),
        Trouble::Hang,
    ] {
        let (workspace, mut bot) = Workspace::with_bot(Mode::Socket).await;
        let slack = &workspace.slack;
        slack.inject(Slack::fault(POST, trouble.clone()).always());
        workspace.say("witbot count 1");
        let asked = |slack: &Slack| (slack.call_count(POST) > 0).then_some(());
        slack.until(asked).await;
        slack.settled().await;
        stop(&mut bot).await;
        assert_eq!(workspace.said(), [] as [&str; 0], "{trouble:?}");
        slack.clear_faults();
        bot.restart().await;
        workspace.answer(1).await;
        workspace.ask("echo two").await;
        let said = workspace.said_at_the_end(&mut bot).await;
        assert_eq!(said, ["1 a", "1 b", "two"], "{trouble:?}");
    }
}

/// A backup, perhaps, that is in the middle of reading the database.
fn reader(home: &Home) -> Connection {
    let database = home.data().join("witbot.db");
    let reader = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let reader = reader.expect("it is there");
    let begun = reader.execute_batch("BEGIN; SELECT count(*) FROM inbox");
    begun.expect("it can be read");
    reader
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_reads_the_database_does_not_hold_up_a_stop() {
    let home = Home::new()
        .with_guest("remembers")
        .with_settings("[plugins.remembers.grants]\nkv = [{ max_bytes = 1024 }]");
    let mut bot = Bot::start(home).await;
    let reader = reader(bot.home());
    bot.ask("count", "#console witbot: Count: 1.").await;
    stop(&mut bot).await;
    bot.expect_log("WARN the database is not tidied up: …")
        .await;
    bot.restart().await;
    drop(reader);
    bot.ask("count", "#console witbot: Count: 2.").await;
    stop(&mut bot).await;
}
