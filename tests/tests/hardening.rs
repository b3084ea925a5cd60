//! A bot that runs has given up what it does not need, and does its work all the same.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};

use witbot_tests::bot::Bot;
use witbot_tests::home::{self, Home};

/// The program is opened before the account is changed, which need not be able to reach where it is.
const AS_NOBODY: &str = r#"
if [ "$(id -u)" = 0 ]; then
    chown -R 65534:65534 .
    exec 3<"$0"
    exec setpriv --reuid 65534 --regid 65534 --clear-groups /proc/self/fd/3 "$@"
fi
"#;

const WITHOUT_LANDLOCK: &str = "bounds on files";

async fn says_hello(bot: &mut Bot) {
    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
}

/// What the log says: whether files are closed. An old kernel lacks that, and nothing else.
async fn closes_files(bot: &Bot) -> bool {
    let line = bot.expect_log("… hardened: …").await.shown();
    let held = "hardened: no core dumps; memory closed to other processes; no new privileges; ";
    assert!(line.contains(held), "{line}");
    assert!(line.contains("dangerous system calls refused"), "{line}");
    if line.contains(WITHOUT_LANDLOCK) {
        println!("this kernel has no landlock: files are not closed to the bot");
        return false;
    }
    assert!(
        line.contains("files outside of its folders closed"),
        "{line}"
    );
    true
}

fn of_process(bot: &Bot, file: &str) -> String {
    let path = format!("/proc/{}/{file}", bot.id());
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The first number of a line such as `Seccomp: 2`.
fn number(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim_start_matches(':')
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

#[tokio::test]
async fn every_thread_of_a_bot_has_given_up_its_rights() {
    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    closes_files(&bot).await;
    says_hello(&mut bot).await;
    let limits = of_process(&bot, "limits");
    assert_eq!(number(&limits, "Max core file size"), Some(0), "{limits}");
    let mut threads = 0;
    for thread in fs::read_dir(format!("/proc/{}/task", bot.id())).unwrap() {
        // It may have ended since.
        let Ok(status) = fs::read_to_string(thread.unwrap().path().join("status")) else {
            continue;
        };
        assert_eq!(number(&status, "NoNewPrivs"), Some(1), "{status}");
        assert_eq!(number(&status, "Seccomp"), Some(2), "{status}");
        threads += 1;
    }
    assert!(threads > 3, "only {threads} threads were seen");
    bot.stop().await;
}

#[tokio::test]
async fn what_is_linked_into_the_plugins_folder_later_is_not_read_from_elsewhere() {
    let elsewhere = tempfile::tempdir().unwrap();
    let (before, later) = (
        elsewhere.path().join("before"),
        elsewhere.path().join("later"),
    );
    for folder in [&before, &later] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("plugin.wasm"), home::plugin("hello")).unwrap();
    }
    let home = Home::new();
    symlink(before.join("plugin.wasm"), home.file("hello")).unwrap();
    let mut bot = Bot::start(home).await;
    says_hello(&mut bot).await;
    if closes_files(&bot).await {
        symlink(later.join("plugin.wasm"), bot.home().file("greets")).unwrap();
        bot.expect_log("WARN [greets] …Permission denied…it is a link…start it again…")
            .await;
        says_hello(&mut bot).await;
    }
    bot.stop().await;
}

#[tokio::test]
async fn a_bot_of_an_account_without_rights_works_and_is_closed_to_that_account() {
    let home = Home::new().with_prelude(AS_NOBODY);
    let mut bot = Bot::start(home).await;
    closes_files(&bot).await;
    // It is compiled by a process that the bot starts, and kept in a folder that the bot makes.
    bot.home().put("hello", &home::plugin("hello"));
    bot.expect_log("INFO [hello] the plugin is live").await;
    says_hello(&mut bot).await;
    let account = number(&of_process(&bot, "status"), "Uid").unwrap();
    assert_ne!(account, 0, "it gave up its account");
    // What cannot be dumped belongs to root, and not to the account: proc(5).
    let environment = format!("/proc/{}/environ", bot.id());
    assert_eq!(fs::metadata(environment).unwrap().uid(), 0);
    bot.stop().await;
}
