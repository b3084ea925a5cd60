//! The plugins folder as people and their tools treat it: written in pieces, swapped behind links, taken away and made again,
//! filled with hundreds of files. What answered goes on answering, and the newest version is what serves in the end.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, SystemTime};

use witbot_tests::bot::Bot;
use witbot_tests::home::{self, Home};

const LIVE: &str = "INFO [hello] the plugin is live";
const OLD: &str = "#console witbot: Hello, Ada!";
const NEW: &str = "#console witbot: Good day, Ada!";

/// The same plugin in another version: with a custom section behind all others.
fn version(mut plugin: Vec<u8>, number: u8) -> Vec<u8> {
    plugin.extend([0, 2, 1, number]);
    plugin
}

/// What says "Hello", and what says "Good day".
fn old() -> Vec<u8> {
    home::plugin("hello")
}

fn new() -> Vec<u8> {
    home::guest("clashes")
}

async fn says(bot: &mut Bot, answer: &str) {
    bot.ask("hello Ada", answer).await;
}

/// Puts another plugin into the folder and waits until it is live: all that was there before it has been looked at by then.
async fn looked(bot: &Bot) {
    bot.home().put("waits", &home::guest("waits"));
    bot.expect_log("INFO [waits] the plugin is live").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_file_that_is_written_in_pieces_the_whole_is_loaded() {
    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    // Only if it takes long enough to write is it told that the file is not whole.
    bot.forgive("WARN [hello] the plugin is refused (the version before it goes on serving): it is damaged …");
    let (whole, path) = (new(), bot.home().file("hello"));
    let mut file = File::create(&path).expect("the plugins folder can be written to");
    for piece in whole.chunks(whole.len() / 3) {
        file.write_all(piece).expect("there is room");
        says(&mut bot, OLD).await;
    }
    drop(file);
    bot.expect_again(LIVE).await;
    says(&mut bot, NEW).await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_deleted_and_written_again_was_never_gone() {
    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    bot.home().remove("hello");
    bot.home().put("hello", &new());
    bot.expect_again(LIVE).await;
    says(&mut bot, NEW).await;
    assert!(bot.logged("INFO [hello] the plugin is gone").is_empty());
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_of_several_versions_serves_in_the_end() {
    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    for number in 0..10 {
        let plugin = if number % 2 == 0 { new() } else { old() };
        bot.home().put("hello", &version(plugin, number));
    }
    bot.home().put("hello", &new());
    looked(&bot).await;
    says(&mut bot, NEW).await;
    // And none of the others comes after it.
    let list = bot.home().witbot(&["plugin", "list"]).await.ok();
    let lives = bot.logged(LIVE).len();
    bot.home().put("listens", &home::guest("listens"));
    bot.expect_log("INFO [listens] the plugin is live").await;
    assert_eq!(bot.logged(LIVE).len(), lives, "{list}");
    says(&mut bot, NEW).await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_touched_is_the_same_version() {
    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    let file = File::options().append(true).open(bot.home().file("hello"));
    let later = SystemTime::now() + Duration::from_secs(60);
    file.and_then(|file| file.set_modified(later))
        .expect("the file is ours");
    // Once for the look that sees it, and once for the one that reads it.
    looked(&bot).await;
    assert_eq!(bot.logged(LIVE).len(), 1);
    bot.stop().await;
}

/// As Kubernetes puts the files of a ConfigMap or a secret into a folder: all of them are links over one link, which is
/// swapped. <https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically>
#[tokio::test(flavor = "multi_thread")]
async fn files_behind_a_link_are_swapped_with_it() {
    let home = Home::new();
    let plugins = home.folder().join("plugins");
    let release = |name: &str, plugin: &[u8]| {
        fs::create_dir(plugins.join(name)).expect("it is new");
        fs::write(plugins.join(name).join("hello.wasm"), plugin).expect("there is room");
    };
    let swap = |to: &str| {
        symlink(to, plugins.join("..data_tmp")).expect("it is new");
        fs::rename(plugins.join("..data_tmp"), plugins.join("..data")).expect("it can be swapped");
    };
    release("..first", &old());
    swap("..first");
    symlink("..data/hello.wasm", plugins.join("hello.wasm")).expect("it is new");
    let mut bot = Bot::start(home).await;
    says(&mut bot, OLD).await;
    release("..second", &new());
    swap("..second");
    fs::remove_dir_all(plugins.join("..first")).expect("it is there");
    bot.expect_again(LIVE).await;
    says(&mut bot, NEW).await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_a_link_is_watched_where_it_leads_to() {
    let home = Home::new();
    let folder = home.folder().to_owned();
    let plugins = folder.join("plugins");
    let release = |name: &str, plugin: &[u8]| {
        fs::create_dir(folder.join(name)).expect("it is new");
        fs::write(folder.join(name).join("hello.wasm"), plugin).expect("there is room");
    };
    fs::remove_dir(&plugins).expect("it is empty");
    release("first", &old());
    release("second", &new());
    symlink("first", &plugins).expect("there is none");
    let mut bot = Bot::start(home).await;
    says(&mut bot, OLD).await;
    symlink("second", folder.join("next")).expect("there is none");
    fs::rename(folder.join("next"), &plugins).expect("it can be swapped");
    bot.expect_again(LIVE).await;
    says(&mut bot, NEW).await;
    bot.expect_log("INFO the plugins folder is another one now: …")
        .await;
    looked(&bot).await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_taken_away_takes_nobody_with_it() {
    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    let plugins = bot.home().folder().join("plugins");
    bot.forgive("ERROR the plugins folder plugins cannot be read, …");
    fs::rename(&plugins, bot.home().folder().join("away")).expect("it is there");
    bot.expect_log(
        "ERROR the plugins folder plugins cannot be read, so what serves goes on: No such file …",
    )
    .await;
    says(&mut bot, OLD).await;
    fs::create_dir(&plugins).expect("it is gone");
    bot.home().put("hello", &new());
    bot.expect_log("INFO the plugins folder can be read again")
        .await;
    bot.expect_again(LIVE).await;
    says(&mut bot, NEW).await;
    bot.expect_log("INFO the plugins folder is another one now: plugins")
        .await;
    looked(&bot).await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_told_once_and_harms_nobody() {
    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    let home = bot.home();
    fs::create_dir(home.file("folder")).expect("it is new");
    let made = Command::new("mkfifo").arg(home.file("pipe")).status();
    assert!(made.expect("there is mkfifo").success());
    symlink("nowhere.wasm", home.file("dangling")).expect("it is new");
    for name in ["folder", "pipe"] {
        let refused = format!(
            "WARN [{name}] the plugin is refused: it cannot be read: it is not a regular file"
        );
        bot.expect_log(&refused).await;
    }
    says(&mut bot, OLD).await;
    // A link is followed to a file, also one outside of the folder.
    fs::write(bot.home().folder().join("waits.wasm"), home::guest("waits")).expect("it is ours");
    symlink("../waits.wasm", bot.home().file("linked")).expect("it is new");
    bot.expect_log("INFO [linked] the plugin is live").await;
    // What it leads to comes later.
    let plugins = bot.home().folder().join("plugins");
    fs::write(plugins.join("nowhere.wasm"), home::guest("listens")).expect("it is ours");
    bot.expect_log("INFO [dangling] the plugin is live").await;
    assert_eq!(bot.logged("WARN [pipe] …").len(), 1);
    bot.stop().await;
}

/// Files that come at once: none is forgotten, and nobody waits for them.
#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_files_at_once_are_all_taken_up() {
    const FILES: usize = 300;
    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    let plugin = home::guest("listens");
    for number in 0..FILES {
        bot.home().put(&format!("many-{number}"), &plugin);
    }
    for _ in 0..20 {
        says(&mut bot, OLD).await;
    }
    bot.expect_logs("INFO [many-…] the plugin is live", FILES)
        .await;
    for number in 0..FILES {
        bot.home().remove(&format!("many-{number}"));
    }
    bot.expect_logs("INFO [many-…] the plugin is gone", FILES)
        .await;
    says(&mut bot, OLD).await;
    bot.stop().await;
}
