//! Secrets, from the environment only: each as `NAME`, or as a file named by `NAME_FILE`.

pub mod slack;
pub mod webhooks;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use witbot_core::limits;
use zeroize::{Zeroize as _, Zeroizing};

use crate::secret::Secret;

use super::problem::{Problem, Problems, SettingsError};

use slack::SlackSecrets;

/// The largest secret is a private key, of a few kilobytes; this keeps a wrong path from filling the memory.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// What the bot itself is given. Nothing of it is ever sent where a plugin wants it.
const OWN: [&str; 9] = [
    slack::BOT_TOKEN,
    slack::APP_TOKEN,
    slack::SIGNING_SECRET,
    "GITHUB_TOKEN",
    "GITHUB_APP_ID",
    "GITHUB_APP_PRIVATE_KEY",
    "GITHUB_WEBHOOK_SECRET",
    "CIRCLECI_TOKEN",
    "CIRCLECI_WEBHOOK_SECRET",
];

/// Whether a variable is one of the bot's own, or the path of one.
pub(super) fn is_own(variable: &str) -> bool {
    OWN.contains(&variable.strip_suffix("_FILE").unwrap_or(variable))
}

/// A secret that the settings name: it, or what is wrong with it, and what should be better.
pub(super) fn named(
    name: &str,
    variable: impl Fn(&str) -> Option<OsString>,
) -> (Option<Secret>, Vec<Problem>, Vec<String>) {
    let mut reader = Reader {
        variable,
        problems: Problems::default(),
        warnings: Vec::new(),
    };
    if !reader.is_given(name) {
        reader.wrong::<()>(
            &format!("`{name}` is not set"),
            &format!(
                "set `{name}` to the secret, or `{name}_FILE` to the path of a file that has it"
            ),
        );
    }
    let secret = reader.word(name);
    (secret, reader.problems.into_list(), reader.warnings)
}

/// What the bot proves itself with, and what its webhooks are checked with. Nothing of it is ever printed.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// How the bot speaks to Slack; without, it cannot.
    pub slack: Option<SlackSecrets>,
    /// How the bot speaks to GitHub; without, it cannot.
    pub github: Option<GithubCredential>,
    /// What GitHub signs its webhooks with. Any of these: there are two while one replaces the other.
    pub github_webhook: Vec<Secret>,
    /// How the bot speaks to CircleCI; without, it cannot.
    pub circleci: Option<Secret>,
    /// What CircleCI signs its webhooks with. Any of these.
    pub circleci_webhook: Vec<Secret>,
    /// What is not wrong but should be better: lines for the log.
    pub warnings: Vec<String>,
}

/// As whom the bot speaks to GitHub.
#[derive(Debug, Clone)]
pub enum GithubCredential {
    /// A person's or machine account's token.
    Token(Secret),
    /// A GitHub App.
    App {
        /// The number of the app.
        id: u64,
        /// Its key, in PEM.
        private_key: Secret,
    },
}

impl Secrets {
    /// All secrets that `variable` has, or all that is wrong with them.
    pub fn from_environment(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Secrets, SettingsError> {
        let mut reader = Reader {
            variable,
            problems: Problems::default(),
            warnings: Vec::new(),
        };
        let secrets = Secrets {
            slack: reader.slack(),
            github: reader.github(),
            github_webhook: reader.several("GITHUB_WEBHOOK_SECRET"),
            circleci: reader.word("CIRCLECI_TOKEN"),
            circleci_webhook: reader.several("CIRCLECI_WEBHOOK_SECRET"),
            warnings: reader.warnings,
        };
        if reader.problems.is_empty() {
            Ok(secrets)
        } else {
            Err(reader.problems.in_environment())
        }
    }
}

struct Reader<F> {
    variable: F,
    problems: Problems,
    warnings: Vec<String>,
}

impl<F: Fn(&str) -> Option<OsString>> Reader<F> {
    fn github(&mut self) -> Option<GithubCredential> {
        let given = ["GITHUB_TOKEN", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY"]
            .map(|name| self.is_given(name));
        let token = self.word("GITHUB_TOKEN");
        let id = self.word("GITHUB_APP_ID").and_then(|id| self.app_id(&id));
        let key = self
            .value("GITHUB_APP_PRIVATE_KEY")
            .and_then(|key| self.private_key(key.expose()));
        match given {
            [true, false, false] => token.map(GithubCredential::Token),
            [false, true, true] => Some(GithubCredential::App { id: id?, private_key: key? }),
            [false, false, false] => None,
            [false, true, false] => self.wrong(
                "`GITHUB_APP_ID` is set, and `GITHUB_APP_PRIVATE_KEY` is not",
                "set `GITHUB_APP_PRIVATE_KEY_FILE` to the path of the key that GitHub made for the app",
            ),
            [false, false, true] => self.wrong(
                "`GITHUB_APP_PRIVATE_KEY` is set, and `GITHUB_APP_ID` is not",
                "set `GITHUB_APP_ID` to the number on the app's page at GitHub",
            ),
            [true, _, _] => self.wrong(
                "both `GITHUB_TOKEN` and a GitHub App are set, and only one can speak for the bot",
                "unset `GITHUB_TOKEN`, or `GITHUB_APP_ID` and `GITHUB_APP_PRIVATE_KEY`",
            ),
        }
    }

    fn app_id(&mut self, text: &Secret) -> Option<u64> {
        let id = text.expose().parse().ok();
        if id.is_none() {
            self.wrong::<()>(
                "`GITHUB_APP_ID` is not a number",
                "it is the `App ID` on the app's page at GitHub, not its client id",
            );
        }
        id
    }

    fn private_key(&mut self, text: &str) -> Option<Secret> {
        // Variables that cannot hold line breaks hold `\n` instead; a key has no other backslashes.
        let key = text.replace("\\n", "\n");
        if key.contains("-----BEGIN") && key.contains("PRIVATE KEY-----") {
            return Some(Secret::new(key));
        }
        self.wrong(
            "`GITHUB_APP_PRIVATE_KEY` is not a private key in PEM",
            "it begins with `-----BEGIN RSA PRIVATE KEY-----`; to give a path, set `GITHUB_APP_PRIVATE_KEY_FILE`",
        )
    }

    /// Secrets with white space between them, so that a new one can be added before the old one is taken away.
    fn several(&mut self, name: &str) -> Vec<Secret> {
        let value = self.value(name);
        let text = value.as_ref().map_or("", Secret::expose);
        if text
            .split_whitespace()
            .any(|word| word.len() < limits::SHARED_SECRET_BYTES_MIN)
        {
            let least = limits::SHARED_SECRET_BYTES_MIN;
            let problem = Problem::plain(format!(
                "`{name}` has a word of fewer than {least} characters, and each word is a secret of its own"
            ));
            self.problems.add(problem.help("choose a secret without blanks, such as what `openssl rand -hex 32` prints; a second one after a blank is \
                 accepted as well while you change from one to the other"));
            return Vec::new();
        }
        text.split_whitespace()
            .map(|word| Secret::new(word.to_owned()))
            .collect()
    }

    /// A secret that is sent in a header.
    fn word(&mut self, name: &str) -> Option<Secret> {
        let value = self.value(name)?;
        if value.expose().contains(|c: char| !c.is_ascii_graphic()) {
            return self.wrong(
                &format!("`{name}` has a space, a line break or another character that no such secret has"),
                "copy it again, and only it",
            );
        }
        Some(value)
    }

    fn is_given(&self, name: &str) -> bool {
        (self.variable)(name).is_some() || (self.variable)(&file_variable(name)).is_some()
    }

    fn value(&mut self, name: &str) -> Option<Secret> {
        let file_name = file_variable(name);
        let (what, text) = match ((self.variable)(name), (self.variable)(&file_name)) {
            (None, None) => return None,
            (Some(_), Some(_)) => {
                return self.wrong(
                    &format!("both `{name}` and `{file_name}` are set"),
                    "unset one of them",
                );
            }
            (Some(text), None) => (format!("`{name}`"), secret(text.into_vec())),
            (None, Some(path)) => {
                let path = PathBuf::from(path);
                let what = format!("`{}`, which `{file_name}` names,", path.display());
                (what, self.file(&file_name, path)?)
            }
        };
        match text {
            None => self.wrong(&format!("{what} is not text"), "secrets are UTF-8 text"),
            Some(text) if text.expose().trim().is_empty() => self.wrong(
                &format!("{what} is empty"),
                "set it to the secret, or unset the variable to do without",
            ),
            Some(text) => Some(text),
        }
    }

    /// The text of a file without its last line break; none inside if it is not text.
    fn file(&mut self, variable: &str, path: PathBuf) -> Option<Option<Secret>> {
        let what = format!("`{}`, which `{variable}` names,", path.display());
        match read(&path) {
            Err(error) => self.wrong(
                &format!("{what} cannot be read: {error}"),
                "give the path of a file that the account of witbot may read",
            ),
            Ok((bytes, _)) if bytes.len() as u64 > SECRET_BYTES_MAX => self.wrong(
                &format!("{what} is too large for a secret"),
                "name the file that holds only the secret",
            ),
            Ok((bytes, for_all)) => {
                if for_all {
                    self.warnings.push(format!(
                        "{what} can be read by every account of this machine: `chmod o-rwx {}`",
                        path.display()
                    ));
                }
                let end = bytes
                    .iter()
                    .rposition(|byte| !matches!(byte, b'\n' | b'\r'));
                Some(secret(bytes[..end.map_or(0, |end| end + 1)].to_vec()))
            }
        }
    }

    fn wrong<T>(&mut self, message: &str, help: &str) -> Option<T> {
        self.problems.add(Problem::plain(message).help(help));
        None
    }
}

fn file_variable(name: &str) -> String {
    format!("{name}_FILE")
}

/// None: it is not text.
fn secret(bytes: Vec<u8>) -> Option<Secret> {
    match String::from_utf8(bytes) {
        Ok(text) => Some(Secret::new(text)),
        Err(error) => {
            error.into_bytes().zeroize();
            None
        }
    }
}

/// The bytes of a file, at most one more than are allowed, and whether every account can read it.
fn read(path: &PathBuf) -> io::Result<(Zeroizing<Vec<u8>>, bool)> {
    let file = File::open(path)?;
    let for_all = is_for_all(&file.metadata()?);
    // With room for all of it, so that none is left behind where a smaller one was.
    let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_BYTES_MAX as usize + 64));
    file.take(SECRET_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok((bytes, for_all))
}

#[cfg(unix)]
fn is_for_all(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.is_file() && metadata.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
fn is_for_all(_metadata: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests;
