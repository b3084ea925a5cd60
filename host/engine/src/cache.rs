//! Compiled code, kept from one start to the next. A forged entry would be machine code in our process, so the folder is
//! private and each entry is checked against a MAC with a key that never leaves it. Whatever is wrong is a miss.

mod refusals;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::component::Component;
use witbot_core::ids::Digest;
use witbot_core::limits;

use crate::compile::Compiler;

/// How the name of a file begins that is being written.
const LEFT_OVER: &str = ".part-";

/// Why the folder for compiled code cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {} for compiled code: {source}", folder.display())]
pub struct CacheError {
    folder: PathBuf,
    source: io::Error,
}

/// Compiled code by the digest of the file, and what is known not to compile.
pub(crate) struct Cache {
    folder: PathBuf,
    key: Vec<u8>,
    /// What the machine code depends on besides the file: the compiler and its settings.
    compiler: u64,
    /// What a refusal depends on besides that: this witbot, and what a compile may use up.
    judge: u64,
}

impl Cache {
    pub(crate) fn open(
        folder: &Path,
        engine: &wasmtime::Engine,
        compiler: &Compiler,
    ) -> Result<Cache, CacheError> {
        let failed = |source| CacheError {
            folder: folder.to_owned(),
            source,
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let compiled_by = hasher.finish();
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        compiler.limits().hash(&mut hasher);
        let cache = Cache {
            key: key(folder).map_err(failed)?,
            folder: folder.to_owned(),
            compiler: compiled_by,
            judge: hasher.finish(),
        };
        if let Err(error) = cache.sweep() {
            tracing::warn!("what was left over in {} stays: {error}", folder.display());
        }
        Ok(cache)
    }

    /// The compiled component, if it is here and whole.
    pub(crate) fn find(&self, engine: &wasmtime::Engine, digest: &Digest) -> Option<Component> {
        let (code_path, mac_path) = self.paths(digest);
        let code = fs::read(&code_path).ok()?;
        let mac = fs::read(mac_path).ok()?;
        if self.mac(digest, &code).verify_slice(&mac).is_err() {
            tracing::warn!(
                "compiled code of {} is damaged and is made anew",
                digest.short()
            );
            return None;
        }
        match deserialize(engine, &code_path) {
            Ok(component) => {
                // For `forget`; a file that keeps its old time is only removed sooner.
                let used = fs::File::options().append(true).open(&code_path);
                let _ = used.and_then(|file| file.set_modified(SystemTime::now()));
                Some(component)
            }
            Err(error) => {
                tracing::warn!(
                    "compiled code of {} cannot be used and is made anew: {error:#}",
                    digest.short()
                );
                None
            }
        }
    }

    /// Keeps the machine code of a component and loads it. Failing to keep it is no reason not to run it.
    pub(crate) fn keep(
        &self,
        engine: &wasmtime::Engine,
        digest: &Digest,
        code: &[u8],
    ) -> wasmtime::Result<Component> {
        match self.write(digest, code) {
            Ok(path) => deserialize(engine, &path),
            Err(error) => {
                tracing::warn!(
                    "compiled code of {} cannot be kept: {error}",
                    digest.short()
                );
                deserialize_bytes(engine, code)
            }
        }
    }

    fn write(&self, digest: &Digest, code: &[u8]) -> io::Result<PathBuf> {
        let (code_path, mac_path) = self.paths(digest);
        let mac = self.mac(digest, code).finalize().into_bytes();
        write_whole(&self.folder, &code_path, code)?;
        write_whole(&self.folder, &mac_path, &mac)?;
        Ok(code_path)
    }

    /// Removes the code that was used least lately, as long as what nothing needs is too much. Code of another compiler
    /// is never needed. What is loaded already stays loaded. Answers how many files were removed.
    pub(crate) fn forget(&self, needed: &BTreeSet<Digest>) -> io::Result<usize> {
        let needed: BTreeSet<PathBuf> = needed.iter().map(|digest| self.paths(digest).0).collect();
        let mut spare = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let (path, data) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
            if path.extension().is_some_and(|kind| kind == "code") && !needed.contains(&path) {
                spare.push((data.modified()?, data.len(), path));
            }
        }
        self.forget_refusals()?;
        spare.sort();
        let mut bytes: u64 = spare.iter().map(|(_, bytes, _)| bytes).sum();
        let mut removed = 0;
        for (_, its_bytes, path) in spare {
            if bytes <= limits::COMPILED_SPARE_BYTES_MAX {
                break;
            }
            for path in [path.with_extension("mac"), path] {
                match fs::remove_file(path) {
                    Ok(()) => removed += 1,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            bytes -= its_bytes;
        }
        Ok(removed)
    }

    /// Removes what a witbot that was killed left half written.
    fn sweep(&self) -> io::Result<()> {
        let now = SystemTime::now();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let half = name.as_encoded_bytes().starts_with(LEFT_OVER.as_bytes());
            // A younger one may be being written at this moment, by a command that runs beside the bot.
            let age = now.duration_since(entry.metadata()?.modified()?);
            if half && age.is_ok_and(|age| age >= limits::LEFT_OVER_AFTER) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn paths(&self, digest: &Digest) -> (PathBuf, PathBuf) {
        let stem = format!("{digest}-{:016x}", self.compiler);
        (
            self.folder.join(format!("{stem}.code")),
            self.folder.join(format!("{stem}.mac")),
        )
    }

    fn mac(&self, digest: &Digest, code: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(digest.as_bytes());
        mac.update(&self.compiler.to_le_bytes());
        mac.update(code);
        mac
    }
}

#[expect(
    unsafe_code,
    reason = "compiled code can only be loaded so; its MAC was just verified, in a private folder"
)]
fn deserialize(engine: &wasmtime::Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file was written by `Cache::write`, as its MAC proves; entries are never changed, only replaced by
    // renaming, so what is mapped stays as it is.
    unsafe { Component::deserialize_file(engine, path) }
}

#[expect(
    unsafe_code,
    reason = "compiled code can only be loaded so; it comes from the compiler that the engine itself has started"
)]
fn deserialize_bytes(engine: &wasmtime::Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes came out of this program's own compiler, over a pipe that nobody else has.
    unsafe { Component::deserialize(engine, code) }
}

/// The key of this folder, made by chance the first time.
fn key(folder: &Path) -> io::Result<Vec<u8>> {
    const KEY_BYTES: usize = 32;
    let path = folder.join("key");
    match fs::read(&path) {
        Ok(key) if key.len() == KEY_BYTES => return Ok(key),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut key = vec![0; KEY_BYTES];
    io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut key)?;
    write_whole(folder, &path, &key)?;
    Ok(key)
}

/// Either all of the file is there, or none. Temporary files are readable by the owner alone.
fn write_whole(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(LEFT_OVER)
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
