//! What is in the plugins folder. The folder is looked at, never a single file: files are replaced by renaming.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use witbot_core::ids::PluginName;
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
    inode: u64,
}

/// The plugins in a folder, by name. A folder that does not exist has none.
pub fn scan(folder: &Path) -> io::Result<BTreeMap<PluginName, Found>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let mut found = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        let Some(name) = name_of(&path) else { continue };
        // The file may be gone again: then the next look sees it so.
        let Ok(stamp) = stamp(&path) else { continue };
        found.insert(name, Found { path, stamp });
    }
    Ok(found)
}

fn name_of(path: &Path) -> Option<PluginName> {
    let stem = path.file_stem()?.to_string_lossy();
    if stem == OWN_NAME {
        tracing::warn!("{} is passed over: `{OWN_NAME}` is the name of the bot's own commands; rename it", path.display());
        return None;
    }
    match stem.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            tracing::warn!("{} is passed over: {error}; rename it", path.display());
            None
        }
    }
}

/// Through links, because that is how Kubernetes puts files into a folder.
fn stamp(path: &Path) -> io::Result<Stamp> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(path)?;
    Ok(Stamp { bytes: metadata.len(), modified: metadata.modified().ok(), inode: metadata.ino() })
}

/// All of a file, if it is one and not too large to be a plugin.
pub fn read(found: &Found) -> io::Result<Vec<u8>> {
    // Asked before it is opened: opening a pipe would wait for somebody to write into it.
    if !fs::metadata(&found.path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed, so that the engine sees that it is too large.
    fs::File::open(&found.path)?.take(limits::COMPONENT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_with_the_name_of_a_plugin_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["deploy.wasm", "notes.txt", "Bad_Name.wasm", "witbot.wasm", ".hidden.wasm"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let found = scan(folder.path()).unwrap();
        assert_eq!(found.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["deploy"]);
        assert!(scan(&folder.path().join("missing")).unwrap().is_empty());
    }

    #[test]
    fn a_folder_with_the_name_of_a_plugin_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("x.wasm")).unwrap();
        let found = scan(folder.path()).unwrap();
        let error = read(&found[&"x".parse().unwrap()]).unwrap_err();
        assert_eq!(error.to_string(), "it is not a regular file");
    }
}
