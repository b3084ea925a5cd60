//! What a bot does whose disk lets it down: it says so in words that help, and loses nothing that it has acknowledged.

use std::fs;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use witbot_tests::bot::Bot;
use witbot_tests::fakes::{Fault, Trouble};
use witbot_tests::home::Home;
use witbot_tests::isolated;
use witbot_tests::services::{REPOSITORY, Services};

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

/// A disk of its own, in memory, as large as what a bot keeps in these tests and a little larger.
struct Disk(TempDir);

impl Disk {
    fn mount() -> Disk {
        let folder = tempfile::tempdir().expect("the system's temporary folder can be written to");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64m,mode=700", "none"])
            .arg(folder.path())
            .status();
        assert!(mounted.is_ok_and(|status| status.success()));
        Disk(folder)
    }

    fn ballast(&self) -> PathBuf {
        self.0.path().join("ballast")
    }

    /// Leaves no room for a single byte.
    fn fill(&self) {
        let mut file = fs::File::create(self.ballast()).expect("there is room yet");
        for bytes in [1 << 20, 4096, 1] {
            let error = loop {
                if let Err(error) = file.write_all(&vec![0xa5; bytes]) {
                    break error;
                }
            };
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        }
    }

    /// Somebody deletes what nobody needs.
    fn free(&self) {
        fs::remove_file(self.ballast()).expect("it is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Else the folder could not be removed. If it fails, it is gone with the test.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

const MERGES: &str = "/repos/acme/api/merges";
/// Longer than it takes to fill the disk, also where much else is going on.
const LATE: Duration = Duration::from_secs(5);
const FULL: &str =
    "the disk with the data folder is full; free some space, witbot goes on by itself (…)";

#[test]
fn a_full_disk_loses_nothing_and_is_gone_on_with_when_there_is_room() {
    if !isolated::is_possible() {
        // As root in a container without the right to mount, and for everybody on some systems.
        eprintln!("left out: nothing can be mounted here, so there is no disk that could be full");
        return;
    }
    isolated::run(
        "a_full_disk_loses_nothing_and_is_gone_on_with_when_there_is_room",
        with_a_full_disk(),
    );
}

async fn with_a_full_disk() {
    let disk = Disk::mount();
    let services = Arc::new(Services::start().await);
    let grants = r#"
[plugins.waits.grants]
github = [{ repository = "acme/api", permissions = ["deployments:read"] }]

[plugins.inspects.grants]
github = [{ repository = "acme/api", permissions = ["contents:write"] }]
"#;
    let data = disk.0.path().display();
    let settings = format!("data = \"{data}\"\n{}{KV}{grants}", services.addresses());
    let home = Home::new()
        .with_guest("remembers")
        .with_guest("waits")
        .with_guest("inspects")
        .with_settings(&settings);
    let mut bot = Bot::start_for(home, &services).await;
    bot.ask("count", "#console witbot: Count: 1.").await;
    bot.ask(
        "wait event github.deployment acme/api",
        "#console witbot: Waiting for github.deployment of acme/api.",
    )
    .await;
    disk.fill();

    // Nothing is acknowledged that is not stored, so whoever sent it knows, and sends it again.
    services.github.deploy_as(
        "bob",
        REPOSITORY,
        json!({ "ref": "main", "environment": "staging" }),
    );
    services.github.webhooks_settled().await;
    let webhook = services.github.deliveries().remove(0);
    assert_eq!(webhook.status, Some(503));
    let record = bot.expect_log("ERROR a webhook could not be stored").await;
    let why = "free some space, witbot goes on by itself";
    assert!(record.details.contains(why), "{record:?}");
    bot.forgive("ERROR a webhook could not be stored");
    bot.say("count").await;
    bot.expect_log(&format!("ERROR the line is lost: {FULL}"))
        .await;
    bot.forgive(&format!("ERROR …: {FULL}"));

    disk.free();
    assert!(services.github.redeliver(&webhook.guid));
    bot.expect("#console witbot: It came: staging.").await;
    bot.ask("count", "#console witbot: Count: 2.").await;
    bot.stop().await;
    bot.restart().await;
    bot.ask("recall", "#console witbot: I remember 2.").await;
    a_merge_is_done_once(&mut bot, &services, &disk).await;
    bot.stop().await;
}

/// The disk gets full between what a plugin has done at GitHub and its being stored.
async fn a_merge_is_done_once(bot: &mut Bot, services: &Services, disk: &Disk) {
    let github = &services.github;
    let merges = || {
        let mut requests = github.requests();
        requests.retain(|request| request.path == MERGES);
        requests.len()
    };
    github.push(REPOSITORY, "main", "News");
    github.webhooks_settled().await;
    github.inject(Fault::on("POST", MERGES, Trouble::Slow(LATE)).after_effect());
    bot.say("merge main into fix-login").await;
    github.until(|_| (merges() == 1).then_some(())).await;
    disk.fill();
    bot.expect_log("WARN [inspects] the run is left for later: …")
        .await;
    disk.free();
    let merged = github.sha(REPOSITORY, "fix-login");
    bot.expect(&format!("#console witbot: {merged}")).await;
    assert_eq!(merges(), 1);
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
    // What is said again may come after that.
    bot.stop_unread().await;
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
