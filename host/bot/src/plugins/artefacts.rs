//! The versions that ever served, each under its digest: runs go on with the version that they began with.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::ensure;
use witbot_core::ids::Digest;
use witbot_core::limits;

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
            // Who takes up an old version again makes it the newest.
            let kept = File::options().append(true).open(&path)?;
            return kept.set_modified(SystemTime::now());
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

    /// The versions that are there.
    pub fn all(&self) -> io::Result<BTreeSet<Digest>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            entries => entries?,
        };
        let mut all = BTreeSet::new();
        for entry in entries {
            let name = entry?.file_name();
            let digest = name.to_str().and_then(|name| name.strip_suffix(".wasm"));
            // What else is there is not ours to judge.
            all.extend(digest.and_then(|digest| Digest::try_from(digest.to_owned()).ok()));
        }
        Ok(all)
    }

    /// Removes the oldest of some versions, as long as all of them together are too much. Answers how many that were.
    pub fn thin_out(&self, spare: &BTreeSet<Digest>) -> io::Result<usize> {
        let mut files = Vec::new();
        for digest in spare {
            let path = self.path(digest);
            let data = fs::metadata(&path)?;
            files.push((data.modified()?, data.len(), path));
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        let mut removed = 0;
        for (_, its_bytes, path) in files {
            if bytes <= limits::ARTEFACTS_SPARE_BYTES_MAX {
                break;
            }
            fs::remove_file(path)?;
            bytes -= its_bytes;
            removed += 1;
        }
        Ok(removed)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{digest}.wasm"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn the_oldest_of_the_spare_versions_go_when_they_are_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let artefacts = Artefacts::new(folder.path().join("artefacts"));
        assert_eq!(artefacts.all().unwrap(), BTreeSet::new());
        // Files with holes, which take no room on the disk.
        let digests = ["old", "new", "needed"].map(|name| Digest::of(name.as_bytes()));
        for (age, digest) in digests.iter().enumerate() {
            artefacts.keep(digest, b"").unwrap();
            let file = File::options()
                .write(true)
                .open(artefacts.path(digest))
                .unwrap();
            file.set_len(limits::ARTEFACTS_SPARE_BYTES_MAX / 2 + 1)
                .unwrap();
            let modified = UNIX_EPOCH + Duration::from_secs(age as u64);
            file.set_modified(modified).unwrap();
        }
        fs::write(artefacts.folder.join("notes.txt"), "somebody's").unwrap();
        assert_eq!(artefacts.all().unwrap(), BTreeSet::from(digests));
        let spare = BTreeSet::from([digests[0], digests[1]]);
        assert_eq!(artefacts.thin_out(&spare).unwrap(), 1);
        let left = BTreeSet::from([digests[1], digests[2]]);
        assert_eq!(artefacts.all().unwrap(), left);
        assert_eq!(
            artefacts.thin_out(&BTreeSet::from([digests[1]])).unwrap(),
            0
        );
    }

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
