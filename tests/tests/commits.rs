//! How often the disk is written to for a command: each write takes milliseconds, and everybody waits for it.

use std::fs;
use std::sync::Arc;

use witbot_tests::bot::Bot;
use witbot_tests::fakes::{Slack, Trouble};
use witbot_tests::home::Home;
use witbot_tests::services::{REPOSITORY, Services};
use witbot_tests::slack::{Mode, Workspace};

const POST: &str = "chat.postMessage";
const MERGES: &str = "/repos/acme/api/merges";

const GRANTS: &str = r#"
[plugins.remembers.grants]
kv = [{ max_bytes = 1024 }]

[plugins.inspects.grants]
github = [{ repository = "acme/api", permissions = ["contents:read", "contents:write"] }]
"#;

/// The head of SQLite's write-ahead log, and of each frame in it, which is followed by a page:
/// <https://www.sqlite.org/fileformat2.html#walformat>
const LOG_HEAD_BYTES: usize = 32;
const FRAME_HEAD_BYTES: usize = 24;
const PAGE_BYTES: usize = 4096;

/// How many transactions are in the log: the last frame of each says how large the database is since.
fn commits(bot: &Bot) -> usize {
    let log = fs::read(bot.home().data().join("witbot.db-wal")).expect("the bot has written");
    let (head, frames) = log.split_at(LOG_HEAD_BYTES);
    let frames = frames.chunks_exact(FRAME_HEAD_BYTES + PAGE_BYTES);
    // What is left of a longer log from before carries another salt.
    let frames = frames.take_while(|frame| frame[8..16] == head[16..24]);
    frames.filter(|frame| frame[4..8] != [0; 4]).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_on_its_way_after_two() {
    let (workspace, mut bot) = Workspace::with_bot(Mode::Socket).await;
    let slack = &workspace.slack;
    workspace.ask("hello Ada").await;
    slack.settled().await;
    // That it was said is stored some time after that.
    bot.stop().await;
    bot.restart().await;
    let before = commits(&bot);
    slack.inject(Slack::fault(POST, Trouble::Hang));
    let said = slack.call_count(POST);
    workspace.say("witbot hello Ada");
    let asked = |slack: &Slack| (slack.call_count(POST) > said).then_some(());
    slack.until(asked).await;
    // The event, and the run with all that it did.
    assert_eq!(commits(&bot) - before, 2);
    bot.stop().await;
}

/// How often each command is said: enough to see what one costs, and so few that the log is not begun anew.
const TIMES: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_does_costs_few() {
    let services = Arc::new(Services::start().await);
    let home = Home::new()
        .with_plugin("hello")
        .with_guest("remembers")
        .with_guest("inspects")
        .with_settings(&format!("{}{GRANTS}", services.addresses()));
    let mut bot = Bot::start_for(home, &services).await;
    // They are events of their own.
    services.github.hold_webhooks();
    for (line, most) in [
        // The event; the run; that its answer was said, which can wait for the next event.
        ("hello Ada", 3),
        // What is read in the store goes with the run.
        ("recall", 3),
        // What is kept is kept at once.
        ("count", 4),
        // Nothing leaves the process before all until then is stored: each question to a service is one more.
        ("inspect commit main", 4),
        ("inspect branches 1", 5),
        // That it will be done is stored before, and what came of it after.
        ("merge main into fix-login", 5),
    ] {
        let before = commits(&bot);
        for _ in 0..TIMES {
            services.github.push(REPOSITORY, "main", "News");
            bot.ask(line, "#console witbot: …").await;
        }
        // That the last answer of the command before was said can be counted here.
        let made = commits(&bot) - before;
        let expected = TIMES * (most - 1)..=TIMES * most + 1;
        assert!(
            expected.contains(&made),
            "`{line}`: {made}, not {expected:?}"
        );
        println!("{TIMES} times `{line}`: {made}");
    }
    let merges = services.github.requests();
    let merges = merges.iter().filter(|request| request.path == MERGES);
    assert_eq!(merges.count(), TIMES);
    bot.stop().await;
}

/// Said at once: many more than run at a time, and so few that the log is not begun anew.
const AT_ONCE: usize = 32;

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_cost_no_more_than_each_alone() {
    let services = Arc::new(Services::start().await);
    let home = Home::new()
        .with_guest("inspects")
        .with_settings(&format!("{}{GRANTS}", services.addresses()));
    let mut bot = Bot::start_for(home, &services).await;
    services.github.hold_webhooks();
    // How many share a commit hangs on the disk and on what else the machine does.
    for (line, alone) in [("inspect commit main", 4), ("merge main into fix-login", 5)] {
        let before = commits(&bot);
        for _ in 0..AT_ONCE {
            bot.say(line).await;
        }
        for _ in 0..AT_ONCE {
            bot.expect("#console witbot: …").await;
        }
        let made = commits(&bot) - before;
        println!("{AT_ONCE} at once `{line}`: {made}");
        assert!(made <= AT_ONCE * alone, "`{line}`: {made}");
        // The next begins with a new log.
        bot.stop().await;
        bot.restart().await;
    }
    bot.stop().await;
}
