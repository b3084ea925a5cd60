//! The conversations in the folder `conversations`, and those of each plugin that comes with witbot, on the console and over
//! Slack. To add one, add a file.
//!
//! There is a test for each file and chat, without any Rust for it. So this program takes the place of the one that Cargo
//! makes for tests. It understands what `cargo test` and `cargo nextest` ask of such programs:
//! <https://nexte.st/docs/design/custom-test-harnesses>.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use witbot_tests::conversation::{self, Chat};

/// As many bots run side by side where one process runs all tests.
const TOGETHER_MAX: usize = 4;

/// A conversation in a chat.
#[derive(Debug, Clone)]
struct Case {
    name: String,
    chat: Chat,
    file: PathBuf,
    /// The plugin whose own conversation it is. None: it is one with all of them, and with services.
    plugin: Option<String>,
}

/// What whoever runs the tests wants.
#[derive(Debug, Default)]
struct Wish {
    list: bool,
    ignored: bool,
    exact: bool,
    names: Vec<String>,
    skipped: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let wish = Wish::read(std::env::args().skip(1));
    let mut cases = cases();
    assert!(!cases.is_empty(), "there are no conversations");
    cases.retain(|case| wish.means(&case.name));
    if wish.list {
        cases
            .iter()
            .for_each(|case| println!("{}: test", case.name));
        return ExitCode::SUCCESS;
    }
    run(cases).await
}

impl Wish {
    /// Reads arguments. Those that are about how the output looks are passed over: there is one way only.
    fn read(mut arguments: impl Iterator<Item = String>) -> Wish {
        let mut wish = Wish::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--list" => wish.list = true,
                "--ignored" => wish.ignored = true,
                "--exact" => wish.exact = true,
                "--skip" => wish.skipped.extend(arguments.next()),
                "--format" | "--test-threads" | "--color" => drop(arguments.next()),
                name if !name.starts_with('-') => wish.names.push(argument),
                _ => {}
            }
        }
        wish
    }

    /// No conversation is ignored.
    fn means(&self, name: &str) -> bool {
        let fits = |part: &String| {
            if self.exact {
                name == part
            } else {
                name.contains(part)
            }
        };
        let wanted = self.names.is_empty() || self.names.iter().any(fits);
        wanted && !self.ignored && !self.skipped.iter().any(fits)
    }
}

async fn run(cases: Vec<Case>) -> ExitCode {
    let places = Arc::new(Semaphore::new(TOGETHER_MAX));
    let mut running = JoinSet::new();
    for case in cases {
        let places = places.clone();
        running.spawn(async move {
            let _place = places.acquire_owned().await.expect("it is not closed");
            let name = case.name.clone();
            // In a task of its own, so that a panic is told with the name.
            (name, tokio::spawn(hold(case)).await.is_ok())
        });
    }
    let (mut passed, mut failed) = (0, 0);
    while let Some(ended) = running.join_next().await {
        let (name, well) = ended.expect("it cannot panic");
        println!("test {name} ... {}", if well { "ok" } else { "FAILED" });
        *(if well { &mut passed } else { &mut failed }) += 1;
    }
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {result}. {passed} passed; {failed} failed; 0 ignored");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn hold(case: Case) {
    let text = read(&case.file);
    let settings = read(&case.file.with_file_name("witbot.toml"));
    let name = case.file.file_name().unwrap_or_default().to_string_lossy();
    match &case.plugin {
        None => conversation::hold(case.chat, &name, &text, &settings).await,
        Some(plugin) => {
            conversation::rehearse(case.chat, &name, plugin, &text, &settings).await;
        }
    }
}

/// Each file in each chat, by name.
fn cases() -> Vec<Case> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = cases_in(&here.join("conversations"), None);
    for plugin in files(&here.join("../plugins")) {
        let folder = plugin.join("conversations");
        if folder.is_dir() {
            all.extend(cases_in(&folder, Some(&stem(&plugin))));
        }
    }
    all
}

fn cases_in(folder: &Path, plugin: Option<&str>) -> Vec<Case> {
    let mut files = files(folder);
    files.retain(|file| file.extension().is_some_and(|end| end == "chat"));
    let both = files.into_iter().flat_map(|file| {
        let topic = match plugin {
            None => stem(&file),
            Some(plugin) => format!("{plugin}::{}", stem(&file)),
        };
        Chat::ALL.map(|chat| Case {
            name: format!("{topic}::{}", chat.name()),
            chat,
            file: file.clone(),
            plugin: plugin.map(str::to_owned),
        })
    });
    both.collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("it is in the repository");
    let files = entries.map(|entry| entry.expect("it can be read").path());
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    files
}

fn stem(file: &Path) -> String {
    file.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
