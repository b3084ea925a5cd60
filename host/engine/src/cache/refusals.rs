//! What is known not to compile, and why: so a plugin that takes a minute to be refused takes it once, also across starts. A
//! forged refusal would keep a plugin from serving, so each has a MAC as well.

use std::fs;
use std::io;
use std::path::PathBuf;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use witbot_core::ids::Digest;
use witbot_core::limits;

use super::{Cache, write_whole};

const MAC_BYTES: usize = 32;
const KIND: &str = "refused";

impl Cache {
    /// Why a file was refused, if it was, by a witbot that would decide the same today.
    pub(crate) fn refusal(&self, digest: &Digest) -> Option<String> {
        let kept = fs::read(self.refusal_path(digest)).ok()?;
        let (mac, reason) = kept.split_at_checked(MAC_BYTES)?;
        if self.refusal_mac(digest, reason).verify_slice(mac).is_err() {
            tracing::warn!(
                "why {} was refused is damaged, and it is tried again",
                digest.short()
            );
            return None;
        }
        String::from_utf8(reason.to_vec()).ok()
    }

    /// Remembers why a file was refused. Failing to costs only time.
    pub(crate) fn refuse(&self, digest: &Digest, reason: &str) {
        let mac = self.refusal_mac(digest, reason.as_bytes()).finalize();
        let kept = [mac.into_bytes().as_slice(), reason.as_bytes()].concat();
        if let Err(error) = write_whole(&self.folder, &self.refusal_path(digest), &kept) {
            tracing::warn!("why {} is refused cannot be kept: {error}", digest.short());
        }
    }

    /// Forgets the oldest of them.
    pub(super) fn forget_refusals(&self) -> io::Result<()> {
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let (path, data) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
            if path.extension().is_some_and(|kind| kind == KIND) {
                kept.push((data.modified()?, path));
            }
        }
        kept.sort();
        let too_many = kept.len().saturating_sub(limits::REFUSALS_KEPT_MAX);
        kept.iter()
            .take(too_many)
            .try_for_each(|(_, path)| fs::remove_file(path))
    }

    fn refusal_path(&self, digest: &Digest) -> PathBuf {
        let name = format!("{digest}-{:016x}.{KIND}", self.judge);
        self.folder.join(name)
    }

    fn refusal_mac(&self, digest: &Digest, reason: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        // Else a refusal could be passed off as machine code.
        mac.update(KIND.as_bytes());
        mac.update(digest.as_bytes());
        mac.update(&self.judge.to_le_bytes());
        mac.update(reason);
        mac
    }
}
