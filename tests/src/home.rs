//! The folder that a bot lives in: its settings, its plugins, and what it keeps.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

/// A command that only looks compiles the plugins that it looks at, which takes seconds where nothing is optimised.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(60);

/// What holds where a test says nothing of rules: what is dangerous in the plugins that come with witbot may be done.
const EVERYBODY_MAY: &str = r#"
[[rules]]
commands = ["deploy*", "rollback", "promote", "auto-deploy*", "approve", "rerun-deployment"]
decision = "allow"
"#;

/// In the data folder: what is around a bot that is rehearsed.
const PRETENDED: &str = "rehearsal.json";

/// The folder of one bot. It is removed when it is dropped.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    secrets: Vec<(&'static str, String)>,
    /// Run by a shell before the program.
    prelude: &'static str,
    /// Whether what is around the bot is only pretended.
    rehearsed: bool,
}

/// What came of a command.
#[derive(Debug)]
pub struct Answer {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub printed: String,
    /// What it wrote on standard error.
    pub complained: String,
}

impl Home {
    /// A folder with no plugins and nearly no settings.
    pub fn new() -> Home {
        let folder = tempfile::tempdir().expect("the system's temporary folder can be written to");
        fs::create_dir(folder.path().join("plugins")).expect("a new folder can be written to");
        let home = Home {
            folder,
            secrets: Vec::new(),
            prelude: "",
            rehearsed: false,
        };
        home.write_settings("");
        home
    }

    /// With one of the plugins that come with witbot.
    pub fn with_plugin(self, name: &str) -> Home {
        self.put(name, &plugin(name));
        self
    }

    /// With one of the plugins in `tests/guests`.
    pub fn with_guest(self, name: &str) -> Home {
        self.put(name, &guest(name));
        self
    }

    /// With these settings.
    pub fn with_settings(self, settings: &str) -> Home {
        self.write_settings(settings);
        self
    }

    /// With a secret in the environment of whatever is run in it.
    pub fn with_secret(mut self, name: &'static str, value: &str) -> Home {
        self.secrets.push((name, value.to_owned()));
        self
    }

    /// A secret that whatever is run in it has in its environment.
    pub fn secret(&self, name: &str) -> Option<&str> {
        let known = self.secrets.iter().find(|(known, _)| *known == name);
        known.map(|(_, value)| value.as_str())
    }

    /// With something that a shell does first, which the program inherits.
    pub fn with_prelude(mut self, prelude: &'static str) -> Home {
        self.prelude = prelude;
        self
    }

    /// With a bot that goes by what [`pretend`](Home::pretend) says, and asks no service anything.
    pub(crate) fn rehearsed(mut self, pretended: &Value) -> Home {
        self.rehearsed = true;
        self.pretend(pretended);
        self
    }

    /// What is pretended to the next bot.
    pub(crate) fn pretend(&self, pretended: &Value) {
        fs::create_dir_all(self.data()).expect("the folder can be written to");
        let written = fs::write(self.data().join(PRETENDED), pretended.to_string());
        written.expect("the data folder can be written to");
    }

    /// What a bot is started with.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["run".to_owned(), "--log".to_owned(), "json".to_owned()];
        if self.rehearsed {
            arguments.push("--rehearsal".to_owned());
            arguments.push(format!("data/{PRETENDED}"));
            if self.secret("SLACK_BOT_TOKEN").is_some() {
                arguments.extend(["--chat".to_owned(), "slack".to_owned()]);
            }
        }
        arguments
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the bot keeps what lasts.
    pub fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// The file of a plugin.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder().join("plugins").join(format!("{name}.wasm"))
    }

    /// Puts a plugin into its folder as a build does: whole, by renaming.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        replace(&self.file(name), bytes);
    }

    /// Writes over a plugin's file where it stands, as `cp` does.
    pub fn overwrite(&self, name: &str, bytes: &[u8]) {
        fs::write(self.file(name), bytes).expect("the plugins folder can be written to");
    }

    /// Takes a plugin out of its folder.
    pub fn remove(&self, name: &str) {
        fs::remove_file(self.file(name)).expect("the plugin was there");
    }

    /// Replaces the settings, as an editor does. A bot of a test listens at a port that was free.
    pub fn write_settings(&self, settings: &str) {
        let rules = if settings.contains("[[rules]]") {
            ""
        } else {
            EVERYBODY_MAY
        };
        let text = format!(
            "# What follows can be a key of its own.\nlisten.address = \"127.0.0.1:0\"\n{settings}\n{rules}"
        );
        replace(&self.folder().join("witbot.toml"), text.as_bytes());
    }

    /// Runs a command beside the bot, or without one, to its end.
    pub async fn witbot(&self, arguments: &[&str]) -> Answer {
        let mut command = self.command(arguments);
        let output = timeout(COMMAND_TIME_MAX, command.stdin(Stdio::null()).output()).await;
        let output = output
            .unwrap_or_else(|_| {
                panic!("witbot {arguments:?} did not end within {COMMAND_TIME_MAX:?}")
            })
            .expect("the program that WITBOT_BIN names can be started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Answer {
            code: output.status.code(),
            printed: text(&output.stdout),
            complained: text(&output.stderr),
        }
    }

    /// The program, in this folder, with nothing of the environment that the test itself runs in.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("{}\nexec \"$0\" \"$@\"", self.prelude)])
            .arg(from_environment("WITBOT_BIN"))
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .env("NO_COLOR", "1")
            .env("RUST_LOG", "info")
            .envs(self.secrets.iter().map(|(name, value)| (name, value)))
            .kill_on_drop(true);
        command
    }
}

impl Default for Home {
    fn default() -> Home {
        Home::new()
    }
}

impl Answer {
    /// What it printed, if all went well.
    ///
    /// # Panics
    ///
    /// When it ended with another code than 0.
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.printed, self.complained);
        self.printed
    }
}

/// The file of a plugin that comes with witbot.
pub fn plugin(name: &str) -> Vec<u8> {
    read("WITBOT_PLUGINS", name)
}

/// A plugin in which a text stands for another of the same length, as if its author had written that.
pub fn with(mut plugin: Vec<u8>, text: &str, other: &str) -> Vec<u8> {
    assert_eq!(text.len(), other.len(), "the rest would not fit any more");
    let mut found = false;
    for start in 0..plugin.len().saturating_sub(text.len()) {
        let place = start..start + text.len();
        if plugin[place.clone()] == *text.as_bytes() {
            plugin[place].copy_from_slice(other.as_bytes());
            found = true;
        }
    }
    assert!(found, "there is no `{text}` in it");
    plugin
}

/// The file of a plugin in `tests/guests`.
pub fn guest(name: &str) -> Vec<u8> {
    read("WITBOT_GUESTS", name)
}

fn read(folder: &str, name: &str) -> Vec<u8> {
    let file = PathBuf::from(from_environment(folder)).join(format!("{name}.wasm"));
    fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

pub(crate) fn from_environment(name: &str) -> OsString {
    std::env::var_os(name).unwrap_or_else(|| {
        panic!("the variable {name} is not set: run the whole-bot tests with `cargo xtask test`")
    })
}

fn replace(file: &Path, bytes: &[u8]) {
    let unfinished = file.with_extension("unfinished");
    fs::write(&unfinished, bytes)
        .and_then(|()| fs::rename(&unfinished, file))
        .expect("the folder of a test can be written to");
}
