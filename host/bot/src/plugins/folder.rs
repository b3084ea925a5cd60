//! What is in the plugins folder. The folder is looked at, never a single file: files are replaced by renaming.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use witbot_core::ids::{InvalidId, PluginName};
use witbot_core::limits;

use crate::live::OWN_NAME;

/// A file that may be a plugin.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// How it is.
    pub stamp: Stamp,
}

/// What changes when a file changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    /// When anything of it changed, in seconds and nanoseconds: tools set the other time as they like.
    changed: (i64, i64),
    file: (u64, u64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            file: (metadata.dev(), metadata.ino()),
        }
    }
}

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Scan {
    /// The files that may be plugins, by name.
    pub found: BTreeMap<PluginName, Found>,
    /// The files whose names no plugin can have, and why.
    pub passed_over: BTreeMap<PathBuf, String>,
}

/// Looks into a folder.
pub fn scan(folder: &Path) -> io::Result<Scan> {
    let mut scan = Scan::default();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        match name_of(&path) {
            Ok(name) => {
                // The file may be gone again: then the next look sees it so.
                if let Ok(stamp) = stamp(&path) {
                    scan.found.insert(name, Found { path, stamp });
                }
            }
            Err(reason) => {
                scan.passed_over.insert(path, reason);
            }
        }
    }
    Ok(scan)
}

/// The name of the plugin that a file of this name is. The error: why it cannot be one.
pub fn name_of(path: &Path) -> Result<PluginName, String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    if stem == OWN_NAME {
        return Err(format!(
            "`{OWN_NAME}` is the name of the bot's own commands"
        ));
    }
    stem.parse().map_err(|error: InvalidId| error.to_string())
}

/// Through links, because that is how Kubernetes puts files into a folder.
fn stamp(path: &Path) -> io::Result<Stamp> {
    Ok(Stamp::of(&fs::metadata(path)?))
}

/// All of a file, if it is one and not too large to be a plugin. None: it changed since it was found, or while it was read.
pub fn read(found: &Found) -> io::Result<Option<Vec<u8>>> {
    // Opening a pipe would otherwise wait for somebody to write into it.
    let mut file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(&found.path)
        .map_err(|error| out_of_reach(&found.path, error))?;
    // Asked of what was opened: the name may stand for something else by now.
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed, so that the engine sees that it is too large.
    (&mut file)
        .take(limits::COMPONENT_BYTES_MAX + 1)
        .read_to_end(&mut bytes)?;
    // Of what was opened, whatever the name stands for by now.
    let same = Stamp::of(&file.metadata()?) == found.stamp;
    Ok(same.then_some(bytes))
}

/// A bot that runs reaches the folders that it began with, and where links in them led to by then.
fn out_of_reach(path: &Path, error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::PermissionDenied || !path.is_symlink() {
        return error;
    }
    let reason = format!(
        "{error}; it is a link, and a bot that runs reaches only what was linked when it was started: start it again, or copy the file"
    );
    io::Error::new(error.kind(), reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_with_the_name_of_a_plugin_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "deploy.wasm",
            "notes.txt",
            "Bad_Name.wasm",
            "witbot.wasm",
            ".hidden.wasm",
        ] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let Scan { found, passed_over } = scan(folder.path()).unwrap();
        assert_eq!(
            found.keys().map(|name| name.as_str()).collect::<Vec<_>>(),
            ["deploy"]
        );
        let names: Vec<_> = passed_over
            .keys()
            .filter_map(|path| path.file_name())
            .collect();
        assert_eq!(names, [".hidden.wasm", "Bad_Name.wasm", "witbot.wasm"]);
        let missing = scan(&folder.path().join("missing")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_that_has_changed_since_it_was_found_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deploy.wasm");
        fs::write(&path, "old").unwrap();
        let found = |scan: Scan| scan.found.into_values().next().unwrap();
        let before = found(scan(folder.path()).unwrap());
        assert_eq!(read(&before).unwrap(), Some(b"old".to_vec()));
        // With the same length, and another time: the clock of files may not have moved on in between.
        fs::write(&path, "new").unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        fs::File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(later))
            .unwrap();
        assert_eq!(read(&before).unwrap(), None);
        let after = found(scan(folder.path()).unwrap());
        assert_eq!(read(&after).unwrap(), Some(b"new".to_vec()));
    }

    #[test]
    fn what_is_not_a_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("folder.wasm")).unwrap();
        let pipe = folder.path().join("pipe.wasm");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(pipe)
                .status()
                .unwrap()
                .success()
        );
        let Scan { found, .. } = scan(folder.path()).unwrap();
        for name in ["folder", "pipe"] {
            let error = read(&found[&name.parse().unwrap()]).unwrap_err();
            assert_eq!(error.to_string(), "it is not a regular file", "{name}");
        }
    }
}
