//! Whatever happens to an entry on the disk, it is either right or made anew.

use std::time::Duration;

use super::*;

/// A component with nothing in it.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

struct Kept {
    folder: tempfile::TempDir,
    engine: wasmtime::Engine,
    code: Vec<u8>,
}

impl Kept {
    fn new() -> Kept {
        let engine = wasmtime::Engine::default();
        Kept {
            folder: tempfile::tempdir().unwrap(),
            code: engine.precompile_component(EMPTY).unwrap(),
            engine,
        }
    }

    fn open(&self) -> Cache {
        Cache::open(self.folder.path(), &self.engine, &Compiler::Here).unwrap()
    }

    /// A damage after which nothing is found, and all is well when it was kept again.
    fn heals(&self, what: &str, damage: impl FnOnce(&Path, &Path)) {
        let digest = Digest::of(EMPTY);
        let cache = self.open();
        cache.keep(&self.engine, &digest, &self.code).unwrap();
        assert!(cache.find(&self.engine, &digest).is_some(), "{what}");
        let (code, mac) = cache.paths(&digest);
        damage(&code, &mac);
        let cache = self.open();
        assert!(cache.find(&self.engine, &digest).is_none(), "{what}");
        cache.keep(&self.engine, &digest, &self.code).unwrap();
        assert!(self.open().find(&self.engine, &digest).is_some(), "{what}");
    }
}

fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    fs::write(file, bytes).unwrap();
}

#[test]
fn damaged_entries_heal() {
    let kept = Kept::new();
    kept.heals("a bit of the code", |code, _| {
        change(code, |bytes| bytes[1_000] ^= 1);
    });
    kept.heals("a bit of the MAC", |_, mac| {
        change(mac, |bytes| bytes[0] ^= 1);
    });
    kept.heals("code cut off", |code, _| {
        change(code, |bytes| bytes.truncate(500));
    });
    kept.heals("no code at all", |code, _| change(code, Vec::clear));
    kept.heals("code that is longer", |code, _| {
        change(code, |bytes| bytes.push(0));
    });
    kept.heals("MAC cut off", |_, mac| {
        change(mac, |bytes| bytes.truncate(31));
    });
    kept.heals("no key", |code, _| {
        fs::remove_file(code.with_file_name("key")).unwrap();
    });
    kept.heals("half a key", |code, _| {
        change(&code.with_file_name("key"), |key| key.truncate(16));
    });
}

/// What is there when a witbot was killed between any two steps of writing.
#[test]
fn entries_that_were_half_written_heal() {
    let kept = Kept::new();
    kept.heals("code without a MAC", |_, mac| fs::remove_file(mac).unwrap());
    kept.heals("a MAC without code", |code, _| {
        fs::remove_file(code).unwrap();
    });
    kept.heals("new code with an old MAC", |code, _| {
        let module = kept
            .engine
            .precompile_component(b"\0asm\x0d\0\x01\0\0\x02\x01x");
        fs::write(code, module.unwrap()).unwrap();
        change(code, |bytes| bytes.push(0));
    });
}

#[test]
fn machine_code_of_somebody_else_is_not_loaded() {
    let kept = Kept::new();
    kept.heals("under a key of one's own", |code, mac| {
        let elsewhere = tempfile::tempdir().unwrap();
        let cache = Cache::open(elsewhere.path(), &kept.engine, &Compiler::Here).unwrap();
        let digest = Digest::of(EMPTY);
        cache.keep(&kept.engine, &digest, &kept.code).unwrap();
        let (theirs, their_mac) = cache.paths(&digest);
        fs::copy(theirs, code).unwrap();
        fs::copy(their_mac, mac).unwrap();
    });
    kept.heals("of another plugin", |code, mac| {
        let cache = kept.open();
        let other = Digest::of(b"other");
        cache.keep(&kept.engine, &other, &kept.code).unwrap();
        let (theirs, their_mac) = cache.paths(&other);
        fs::copy(theirs, code).unwrap();
        fs::copy(their_mac, mac).unwrap();
    });
}

/// A compiler that says that it is another one, as after an update, is not believed either.
#[test]
fn what_the_engine_does_not_accept_is_made_anew() {
    let kept = Kept::new();
    let digest = Digest::of(EMPTY);
    let cache = kept.open();
    assert!(
        cache
            .keep(&kept.engine, &digest, b"no machine code")
            .is_err()
    );
    assert!(cache.find(&kept.engine, &digest).is_none());
    cache.keep(&kept.engine, &digest, &kept.code).unwrap();
    assert!(cache.find(&kept.engine, &digest).is_some());
}

#[test]
fn what_cannot_be_kept_is_loaded_all_the_same() {
    let kept = Kept::new();
    let cache = kept.open();
    let (code, _) = cache.paths(&Digest::of(EMPTY));
    // A folder where the file would be.
    fs::create_dir_all(code.join("in the way")).unwrap();
    cache
        .keep(&kept.engine, &Digest::of(EMPTY), &kept.code)
        .unwrap();
    assert!(cache.find(&kept.engine, &Digest::of(EMPTY)).is_none());
}

#[test]
fn nobody_else_can_look_into_the_folder() {
    let kept = Kept::new();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    fs::set_permissions(kept.folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let cache = kept.open();
    assert_eq!(mode(kept.folder.path()), 0o700);
    let digest = Digest::of(EMPTY);
    cache.keep(&kept.engine, &digest, &kept.code).unwrap();
    cache.refuse(&digest, "for a test");
    for file in fs::read_dir(kept.folder.path()).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn what_was_being_written_is_removed_when_it_is_old() {
    let kept = Kept::new();
    let [old, young, other] = [".part-old", ".part-young", "old"].map(|name| {
        let path = kept.folder.path().join(name);
        fs::write(&path, "half").unwrap();
        path
    });
    let before = SystemTime::now() - limits::LEFT_OVER_AFTER - Duration::from_secs(1);
    for path in [&old, &other] {
        let file = fs::File::options().append(true).open(path).unwrap();
        file.set_modified(before).unwrap();
    }
    kept.open();
    assert!(!old.exists() && young.exists() && other.exists());
}

#[test]
fn what_was_used_least_lately_goes_when_it_is_too_much_and_nothing_needs_it() {
    let kept = Kept::new();
    let cache = kept.open();
    let digests = ["needed", "old", "new"].map(|name| Digest::of(name.as_bytes()));
    // Files with holes, which take no room on the disk.
    for (age, digest) in digests.iter().enumerate() {
        let (code, mac) = cache.paths(digest);
        fs::write(mac, "mac").unwrap();
        let file = fs::File::create(code).unwrap();
        file.set_len(limits::COMPILED_SPARE_BYTES_MAX / 2 + 1)
            .unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(age as u64);
        file.set_modified(at).unwrap();
    }
    let needed = BTreeSet::from([digests[0]]);
    let removed = cache.forget(&needed).unwrap();
    assert_eq!(removed, 2, "the code and its MAC");
    let left = digests.map(|digest| cache.paths(&digest).0.exists());
    assert_eq!(left, [true, false, true]);
    assert_eq!(cache.forget(&needed).unwrap(), 0);
    assert!(kept.folder.path().join("key").exists());
}

#[test]
fn refusals_are_remembered_until_they_are_damaged() {
    let kept = Kept::new();
    let digest = Digest::of(EMPTY);
    let reason = || kept.open().refusal(&digest);
    assert_eq!(reason(), None);
    kept.open().refuse(&digest, "it takes too long");
    assert_eq!(reason().unwrap(), "it takes too long");
    assert_eq!(kept.open().refusal(&Digest::of(b"other")), None);
    let file = fs::read_dir(kept.folder.path()).unwrap().find_map(|file| {
        let path = file.unwrap().path();
        path.to_str().unwrap().ends_with("refused").then_some(path)
    });
    let file = file.unwrap();
    for damage in [3, 40] {
        kept.open().refuse(&digest, "it takes too long");
        change(&file, |bytes| bytes[damage] ^= 1);
        assert_eq!(reason(), None);
        change(&file, |bytes| bytes.truncate(damage));
        assert_eq!(reason(), None);
    }
}
