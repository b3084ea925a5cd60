//! What a bot does whose disk lets it down: it says so in words that help, and loses nothing that it has acknowledged.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Command;

use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

const KV: &str = "[plugins.remembers.grants]\nkv = [{ max_bytes = 1024 }]";

/// Whoever writes beyond the limit is told so, and not killed.
const TOLD: &str = "trap '' XFSZ";

/// The frames of SQLite's write-ahead log: <https://www.sqlite.org/fileformat2.html#walformat>
const LOG_HEAD_BYTES: u64 = 32;
const FRAME_BYTES: u64 = 24 + 4096;

/// Lets a process write to files up to a length. What is written to pipes does not count.
fn limit_files(process: u32, bytes: &str) {
    let status = Command::new("prlimit")
        .args(["--pid", &process.to_string()])
        .arg(format!("--fsize={bytes}:unlimited"))
        .status();
    let status = status.expect("`prlimit` is there, which is a part of util-linux");
    assert!(status.success(), "the limit cannot be set to {bytes}");
}

/// The process that has the data folder.
fn process(home: &Home) -> u32 {
    let lock = fs::read_to_string(home.data().join("lock"));
    let lock = lock.expect("the bot has written down who it is");
    lock.trim().parse().expect("the number of a process")
}

/// Turns the bits of a byte around.
fn damage(file: &Path, at: u64) {
    let mut file = fs::File::options()
        .read(true)
        .write(true)
        .open(file)
        .expect("the file is there");
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).expect("it is that long");
    file.read_exact(&mut byte).expect("it is that long");
    byte[0] = !byte[0];
    file.seek(SeekFrom::Start(at)).expect("it is that long");
    file.write_all(&byte).expect("it can be written to");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_nothing_more_loses_nothing_and_is_gone_on_with() {
    let home = Home::new()
        .with_guest("remembers")
        .with_guest("waits")
        .with_settings(KV)
        .with_prelude(TOLD);
    let mut bot = Bot::start(home).await;
    bot.ask("count", "#console witbot: Count: 1.").await;
    bot.ask("wait time 1500", "#console witbot: Good night.")
        .await;
    let process = process(bot.home());
    limit_files(process, "1");
    // The time of the sleeper comes, and cannot be recorded.
    bot.expect_log("ERROR the end of a wait is not stored, and is tried again: …")
        .await;
    // What is typed just now cannot be stored, so it is not acted on. A chat service would send it again.
    bot.say("count").await;
    bot.expect_log("ERROR the line is lost: the disk with the data folder failed; …")
        .await;
    bot.forgive("ERROR …: the disk with the data folder failed; …");
    limit_files(process, "unlimited");
    bot.expect("#console witbot: Good morning.").await;
    bot.ask("count", "#console witbot: Count: 2.").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_cannot_be_written_to_is_refused() {
    for (data, refusal) in [
        (
            "witbot.toml",
            "`witbot.toml` is not a folder; let `data` in witbot.toml name a folder",
        ),
        (
            "witbot.toml/below",
            "the data folder `witbot.toml/below` cannot be used: ",
        ),
        // Even root makes no files there.
        ("/proc", "the data folder `/proc` cannot be used: "),
    ] {
        let home = Home::new().with_settings(&format!("data = \"{data}\""));
        refused(&home, &[refusal]).await;
    }
    // There is no room for a single byte.
    let home = Home::new().with_prelude("trap '' XFSZ; ulimit -f 0");
    refused(
        &home,
        &["the data folder `", "cannot be used: File too large"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_bots_do_not_share_a_data_folder() {
    let mut bot = Bot::start(Home::new().with_guest("waits")).await;
    let who = format!(
        "another witbot (process {}) uses the data folder",
        process(bot.home())
    );
    refused(
        bot.home(),
        &[&who, "stop it, or give this one another `data` folder"],
    )
    .await;
    // The first has not noticed.
    bot.ask("wait not", "#console witbot: I would rather not wait.")
        .await;
    bot.stop().await;
    bot.restart().await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_end_is_damaged_loses_its_last_write_and_no_more() {
    let home = Home::new().with_guest("remembers").with_settings(KV);
    let mut bot = Bot::start(home).await;
    for count in 1..=3 {
        bot.ask("count", &format!("#console witbot: Count: {count}."))
            .await;
    }
    bot.kill9().await;
    let log = bot.home().data().join("witbot.db-wal");
    let length = log.metadata().expect("it is there").len();
    let frames = (length - LOG_HEAD_BYTES) / FRAME_BYTES;
    assert!(frames > 3, "the log has {length} bytes");
    damage(&log, LOG_HEAD_BYTES + frames * FRAME_BYTES - 1);
    bot.restart().await;
    // What was lost is that something was said, at the most: so it is said again.
    bot.say("recall").await;
    bot.expect_soon("#console witbot: I remember 3.").await;
    let verified = bot.home().witbot(&["audit", "verify"]).await.ok();
    assert!(
        verified.contains("records are as they were written"),
        "{verified}"
    );
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_damaged_is_refused() {
    let home = Home::new().with_guest("remembers").with_settings(KV);
    let mut bot = Bot::start(home).await;
    bot.ask("count", "#console witbot: Count: 1.").await;
    bot.stop().await;
    let database = bot.home().data().join("witbot.db");
    let length = database.metadata().expect("it is there").len();
    // All pages but the first, which says what the file is.
    let mut file = fs::File::options()
        .write(true)
        .open(&database)
        .expect("it is there");
    file.seek(SeekFrom::Start(4096)).expect("it is that long");
    let rubbish = vec![0xa5; length as usize - 4096];
    file.write_all(&rubbish).expect("it can be written to");
    let refusal = "`data/witbot.db` is not a database of witbot's, or is damaged: ";
    refused(
        bot.home(),
        &[refusal, "restore the data folder from a backup"],
    )
    .await;
}

/// Expects a start to end at once, with all of this on standard error.
async fn refused(home: &Home, parts: &[&str]) {
    let answer = home.witbot(&["run"]).await;
    assert_eq!(answer.code, Some(1), "{answer:?}");
    for part in parts {
        assert!(
            answer.complained.contains(part),
            "{part}: {}",
            answer.complained
        );
    }
}
