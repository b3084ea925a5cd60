//! The folder that the demo runs in: settings, plugins, and the data that the bot puts there. Only one demo at a time has it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::standins::Addresses;

/// The settings, with addresses that are still to be filled in.
const SETTINGS: &str = include_str!("../../demo/witbot.toml");

/// The folder, for as long as this is kept.
pub struct Folder {
    root: PathBuf,
    /// Given back by the system when this process ends, however it ends.
    _lock: File,
}

impl Folder {
    /// Takes the folder, and empties it unless what is in it is to be kept.
    pub fn lay(root: &Path, keep: bool) -> Result<Folder> {
        let cannot = || format!("{} cannot be made", root.display());
        let parent = root
            .parent()
            .context("the folder of the demo has no place")?;
        fs::create_dir_all(parent).with_context(cannot)?;
        let lock = File::create(root.with_extension("lock")).with_context(cannot)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "a demo is running already in {}; end it first, or set `CARGO_TARGET_DIR` to another folder",
                root.display()
            ),
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
        }
        if !keep
            && let Err(error) = fs::remove_dir_all(root)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error).with_context(|| format!("{} cannot be emptied", root.display()));
        }
        let folder = Folder {
            root: root.to_owned(),
            _lock: lock,
        };
        fs::create_dir_all(folder.plugins()).with_context(cannot)?;
        Ok(folder)
    }

    /// Where the plugins are.
    pub fn plugins(&self) -> PathBuf {
        self.root.join("plugins")
    }

    /// The file of settings.
    pub fn settings(&self) -> PathBuf {
        self.root.join("witbot.toml")
    }

    /// Writes the settings, or the addresses of this time into those that are there.
    pub fn write_settings(&self, listen: SocketAddr, standins: &Addresses) -> Result<()> {
        let file = self.settings();
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => SETTINGS.to_owned(),
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be read", file.display()));
            }
        };
        let addressed = addressed(&text, listen, standins);
        fs::write(&file, addressed).with_context(|| format!("{} cannot be written", file.display()))
    }
}

/// The settings with these addresses in place of those that stand in them.
fn addressed(settings: &str, listen: SocketAddr, standins: &Addresses) -> String {
    let listen = format!("address = \"{listen}\"");
    let github = format!("api_url = \"http://{}\"", standins.github);
    let circleci = format!("api_url = \"http://{}\"", standins.circleci);
    let mut table = "";
    let mut lines = String::new();
    for line in settings.lines() {
        if line.starts_with('[') {
            table = line.trim_end();
        }
        let key = line.split('=').next().unwrap_or_default().trim();
        lines.push_str(match (table, key) {
            ("[listen]", "address") => &listen,
            ("[github]", "api_url") => &github,
            ("[ci.circleci]", "api_url") => &circleci,
            _ => line,
        });
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn standins(github: u16, circleci: u16) -> Addresses {
        Addresses {
            github: address(github),
            circleci: address(circleci),
            token_github: String::new(),
            token_circleci: String::new(),
        }
    }

    #[test]
    fn addresses_are_filled_in_and_nothing_else_changes() {
        let first = addressed(SETTINGS, address(1), &standins(2, 3));
        let changed = first
            .lines()
            .zip(SETTINGS.lines())
            .filter(|(now, before)| now != before)
            .map(|(now, _)| now)
            .collect::<Vec<_>>();
        assert_eq!(
            changed,
            [
                r#"address = "127.0.0.1:1""#,
                r#"api_url = "http://127.0.0.1:2""#,
                r#"api_url = "http://127.0.0.1:3""#,
            ]
        );
        // And again, when the folder is kept.
        assert_eq!(
            addressed(&first, address(4), &standins(5, 6)),
            addressed(SETTINGS, address(4), &standins(5, 6))
        );
    }

    #[test]
    fn one_demo_at_a_time() {
        let root = std::env::temp_dir().join(format!("xtask-demo-{}", std::process::id()));
        let first = Folder::lay(&root, false).unwrap();
        fs::write(first.root.join("kept"), "").unwrap();
        let error = Folder::lay(&root, false).err().unwrap().to_string();
        assert!(error.starts_with("a demo is running already"), "{error}");
        drop(first);

        let second = Folder::lay(&root, true).unwrap();
        assert!(second.root.join("kept").exists());
        drop(second);
        let third = Folder::lay(&root, false).unwrap();
        assert!(!third.root.join("kept").exists());
        drop(third);
        fs::remove_dir_all(&root).unwrap();
        fs::remove_file(root.with_extension("lock")).unwrap();
    }
}
