//! Compiled code, kept from one start to the next. A forged entry would be machine code in our process, so the folder is
//! private and each entry is checked against a MAC with a key that never leaves it. Whatever is wrong is a miss.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::component::Component;
use witbot_core::ids::Digest;

/// Why the folder for compiled code cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {} for compiled code: {source}", folder.display())]
pub struct CacheError {
    folder: PathBuf,
    source: io::Error,
}

/// Compiled code by the digest of the component.
pub(crate) struct Cache {
    folder: PathBuf,
    key: Vec<u8>,
    /// What the machine code depends on besides the component: the compiler and its settings.
    compiler: u64,
}

impl Cache {
    pub(crate) fn open(folder: &Path, engine: &wasmtime::Engine) -> Result<Cache, CacheError> {
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
        Ok(Cache {
            key: key(folder).map_err(failed)?,
            folder: folder.to_owned(),
            compiler: hasher.finish(),
        })
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
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(
                    "compiled code of {} cannot be used and is made anew: {error:#}",
                    digest.short()
                );
                None
            }
        }
    }

    /// Keeps a compiled component. Failing to is no reason not to run it.
    pub(crate) fn keep(&self, digest: &Digest, component: &Component) {
        if let Err(error) = self.write(digest, component) {
            tracing::warn!(
                "compiled code of {} cannot be kept: {error}",
                digest.short()
            );
        }
    }

    fn write(&self, digest: &Digest, component: &Component) -> io::Result<()> {
        let code = component.serialize().map_err(io::Error::other)?;
        let (code_path, mac_path) = self.paths(digest);
        let mac = self.mac(digest, &code).finalize().into_bytes();
        write_whole(&self.folder, &code_path, &code)?;
        write_whole(&self.folder, &mac_path, &mac)
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
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
