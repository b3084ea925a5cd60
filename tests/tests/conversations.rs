//! The conversations in `tests/conversations`, each with a new bot that has all plugins and finds both services. CI
//! moves by itself there. To add a conversation, add a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use witbot_tests::bot::Bot;
use witbot_tests::conversation;
use witbot_tests::home::Home;
use witbot_tests::services::Services;

/// Long enough for the bot to look at each step, also on a machine that has other things to do.
const PACE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn all_conversations_go_as_they_are_written() {
    let files = files();
    assert!(!files.is_empty());
    for file in files {
        println!("{}", file.display());
        hold(&fs::read_to_string(&file).unwrap()).await;
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conversations");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("it is in the repository")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "chat"))
        .collect();
    files.sort();
    files
}

async fn hold(script: &str) {
    let services = Arc::new(Services::start().await);
    services.circleci.set_pace(PACE);
    let mut home = Home::new().with_settings(&services.settings());
    for name in ["hello", "deploy", "pipeline"] {
        home = home.with_plugin(name);
    }
    let mut bot = Bot::start_for(home, &services).await;
    conversation::hold(&mut bot, script).await;
    bot.stop().await;
}
