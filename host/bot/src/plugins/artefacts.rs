//! The versions that ever served, each under its digest: runs go on with the version that they began with.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::ensure;
use witbot_core::ids::Digest;

/// The folder that they are kept in. Only the bot that runs writes there, one version after the other.
#[derive(Clone)]
pub struct Artefacts {
    folder: PathBuf,
}

impl Artefacts {
    /// What is kept in a folder, which need not be there yet.
    pub fn new(folder: PathBuf) -> Artefacts {
        Artefacts { folder }
    }

    /// Keeps a version, so that it is there whole even after a loss of power.
    pub fn keep(&self, digest: &Digest, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(digest);
        if fs::read(&path).is_ok_and(|kept| kept == bytes) {
            return Ok(());
        }
        fs::create_dir_all(&self.folder)?;
        let unfinished = path.with_extension("part");
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(unfinished, path)?;
        File::open(&self.folder)?.sync_all()
    }

    /// A version as it was kept. The error names no path, because people in the chat may read it.
    pub fn read(&self, digest: &Digest) -> anyhow::Result<Vec<u8>> {
        let path = self.path(digest);
        let kept = || -> anyhow::Result<Vec<u8>> {
            let bytes = fs::read(&path)?;
            ensure!(
                Digest::of(&bytes) == *digest,
                "it was changed since it was kept"
            );
            Ok(bytes)
        };
        kept().inspect_err(|error| tracing::error!("cannot read {}: {error}", path.display()))
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{digest}.wasm"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_was_damaged_is_not_used_and_is_kept_anew() {
        let folder = tempfile::tempdir().unwrap();
        let artefacts = Artefacts::new(folder.path().join("artefacts"));
        let digest = Digest::of(b"version");
        let missing = artefacts.read(&digest).unwrap_err().to_string();
        assert!(
            !missing.contains(&*folder.path().to_string_lossy()),
            "{missing}"
        );

        artefacts.keep(&digest, b"version").unwrap();
        assert_eq!(artefacts.read(&digest).unwrap(), b"version");

        fs::write(artefacts.path(&digest), b"vers").unwrap();
        let changed = artefacts.read(&digest).unwrap_err().to_string();
        assert_eq!(changed, "it was changed since it was kept");

        artefacts.keep(&digest, b"version").unwrap();
        assert_eq!(artefacts.read(&digest).unwrap(), b"version");
        assert_eq!(fs::read_dir(&artefacts.folder).unwrap().count(), 1);
    }
}
