//! What becomes of a plugin when the process that compiles it ends in whatever way. A shell stands in for it.

use std::fs;
use std::path::{Path, PathBuf};

use witbot_core::ids::PluginName;

use super::*;
use crate::{Engine, LoadError};

fn child(script: &str, limits: CompileLimits) -> Compiler {
    Compiler::Child {
        program: "/bin/sh".into(),
        arguments: ["-c", script, "sh"].map(OsString::from).to_vec(),
        limits,
    }
}

/// What somebody reads whose plugin makes the process do this, and whether it is the plugin's fault for good.
async fn outcome(script: &str) -> (String, bool) {
    let compiler = child(script, CompileLimits::default());
    let engine = wasmtime::Engine::default();
    let failure = compiler
        .compile(&engine, Fuel::Uncounted, b"bytes".to_vec())
        .await;
    let failure = failure.expect_err(script);
    (failure.to_string(), matches!(failure, Failure::Refused(_)))
}

#[tokio::test]
async fn limits_are_named() {
    let (said, refused) = outcome("kill -XCPU $$").await;
    assert!(refused);
    assert_eq!(
        said,
        "it takes more than 60 s of processor time to compile: make it smaller, or several plugins of it"
    );
    let (said, refused) =
        outcome("echo memory allocation of 8 bytes failed >&2; kill -ABRT $$").await;
    assert!(refused);
    assert_eq!(
        said,
        "it takes more than 2048 MiB of memory to compile: make it smaller, or several plugins of it"
    );
    let (said, refused) = outcome("exec yes").await;
    assert!(refused);
    assert!(said.contains("more than 160 MiB of machine code"), "{said}");
}

#[tokio::test]
async fn what_it_says_of_the_plugin_is_passed_on_in_one_harmless_line() {
    let (said, refused) = outcome(r"printf 'it is\n\033[31modd\n' >&2; exit 65").await;
    assert!(refused);
    assert_eq!(said, "it is \u{fffd}[31modd");
    let (said, _) = outcome("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 65").await;
    assert_eq!(said.len(), limits::COMPILE_REASON_BYTES_MAX + 1);
}

#[tokio::test]
async fn a_crash_of_the_compiler_is_the_fault_of_the_plugin() {
    for (script, expected) in [
        (
            "kill -SEGV $$",
            "it cannot be compiled: the compiler crashed",
        ),
        ("echo overflow >&2; kill -ABRT $$", "overflow"),
        ("echo it panicked >&2; exit 101", "it panicked"),
    ] {
        let (said, refused) = outcome(script).await;
        assert!(refused && said.contains(expected), "{script}: {said}");
    }
}

#[tokio::test]
async fn a_trouble_of_the_machine_is_not() {
    for (script, expected) in [
        (
            "kill -KILL $$",
            "its compiler was killed, as the system does when memory is short",
        ),
        ("kill -TERM $$", "signal: 15"),
        ("echo no more processes >&2; exit 71", "no more processes"),
        // No code at all is no code.
        ("exit 0", "exit status: 0"),
    ] {
        let (said, refused) = outcome(script).await;
        assert!(!refused && said.contains(expected), "{script}: {said}");
    }
    let missing = Compiler::Child {
        program: PathBuf::from("/nowhere/witbot"),
        arguments: Vec::new(),
        limits: CompileLimits::default(),
    };
    let engine = wasmtime::Engine::default();
    let failed = missing.compile(&engine, Fuel::Uncounted, Vec::new()).await;
    assert!(matches!(failed, Err(Failure::Host(_))));
}

#[tokio::test]
async fn it_knows_no_secrets() {
    assert!(
        std::env::var_os("CARGO_MANIFEST_DIR").is_some(),
        "cargo sets it"
    );
    let (said, _) = outcome("export -p >&2; exit 65").await;
    assert!(said.contains("RAYON_NUM_THREADS"), "{said}");
    assert!(!said.contains("CARGO"), "{said}");
}

#[tokio::test]
async fn what_takes_too_long_by_the_clock_is_ended() {
    let wall = Duration::from_millis(50);
    let limits = CompileLimits {
        wall,
        ..CompileLimits::default()
    };
    let compiler = child("exec sleep 1000", limits);
    let engine = wasmtime::Engine::default();
    let failed = compiler.compile(&engine, Fuel::Uncounted, Vec::new()).await;
    assert!(matches!(failed, Err(Failure::NotNow(_))));
}

/// Waits until something is so.
async fn until(what: &str, mut is: impl FnMut() -> bool) {
    const PAUSE: Duration = Duration::from_millis(5);
    for _ in 0..6_000 {
        if is() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("not within 30 s: {what}");
}

#[tokio::test]
async fn it_ends_with_the_interest_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("id");
    let script = format!(
        "echo $$ > {0}.new; mv {0}.new {0}; exec sleep 1000",
        file.display()
    );
    let compiling = tokio::spawn(async move {
        let compiler = child(&script, CompileLimits::default());
        let _ = compiler
            .compile(&wasmtime::Engine::default(), Fuel::Uncounted, Vec::new())
            .await;
    });
    until("it begins", || file.exists()).await;
    let id = fs::read_to_string(&file).unwrap();
    let of_process = PathBuf::from(format!("/proc/{}", id.trim()));
    assert!(of_process.exists());
    compiling.abort();
    until("it is gone", || !of_process.exists()).await;
}

/// A folder in which each start of the compiler leaves a line, and how it ends there.
struct Counted {
    folder: tempfile::TempDir,
    script: String,
}

impl Counted {
    fn new(end: &str) -> Counted {
        let folder = tempfile::tempdir().unwrap();
        let starts = folder.path().join("starts");
        let script = format!("echo start >> {}; {end}", starts.display());
        Counted { folder, script }
    }

    /// As after a start, with these limits.
    async fn load(&self, limits: CompileLimits) -> LoadError {
        let compiler = child(&self.script, limits);
        let engine = Engine::new(&self.cache(), compiler).unwrap();
        let name: PluginName = "bomb".parse().unwrap();
        let loaded = engine.load(&name, b"bytes".to_vec()).await;
        loaded.err().expect("it does not compile")
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("compiled")
    }

    fn starts(&self) -> usize {
        let starts = fs::read_to_string(self.folder.path().join("starts"));
        starts.map_or(0, |starts| starts.lines().count())
    }
}

fn remembering(processor: u64) -> CompileLimits {
    CompileLimits {
        processor: Duration::from_secs(processor),
        remembered_from: Duration::ZERO,
        ..CompileLimits::default()
    }
}

#[tokio::test]
async fn what_takes_too_much_takes_it_once_under_the_same_limits() {
    let counted = Counted::new("kill -XCPU $$");
    let first = counted.load(remembering(60)).await.to_string();
    let second = counted.load(remembering(60)).await.to_string();
    assert_eq!((first, counted.starts()), (second, 1));
    // With more time it may well do.
    let third = counted.load(remembering(90)).await.to_string();
    assert!(third.contains("90 s"), "{third}");
    assert_eq!(counted.starts(), 2);

    // A refusal that is damaged, or forged to keep a plugin out, is no refusal.
    damage_refusals(&counted.cache());
    counted.load(remembering(60)).await;
    assert_eq!(counted.starts(), 3);
    counted.load(remembering(60)).await;
    assert_eq!(counted.starts(), 3);
}

fn damage_refusals(folder: &Path) {
    let mut damaged = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "refused") {
            let mut bytes = fs::read(&path).unwrap();
            bytes[40] ^= 1;
            fs::write(path, bytes).unwrap();
            damaged += 1;
        }
    }
    assert_eq!(damaged, 2);
}

#[tokio::test]
async fn what_is_too_large_is_not_even_handed_over() {
    let compiler = child("exit 71", CompileLimits::default());
    let large = vec![0; limits::COMPONENT_BYTES_MAX as usize + 1];
    let engine = wasmtime::Engine::default();
    let refused = compiler.compile(&engine, Fuel::Uncounted, large).await;
    let too_large = |error: &ComponentError| matches!(error, ComponentError::TooLarge(_));
    assert!(matches!(refused, Err(Failure::Refused(error)) if too_large(&error)));
}

#[tokio::test]
async fn what_is_refused_at_once_is_looked_at_again() {
    let counted = Counted::new("exit 65");
    for starts in 1..3 {
        counted.load(CompileLimits::default()).await;
        assert_eq!(counted.starts(), starts);
    }
}

/// Else it would be tried again at each look into the folder, which takes a minute each time.
#[tokio::test]
async fn what_was_killed_is_left_alone_until_the_next_start() {
    let counted = Counted::new("kill -KILL $$");
    for starts in 1..3 {
        let failed = counted.load(remembering(60)).await;
        assert!(matches!(failed, LoadError::Component(_)), "{failed}");
        assert_eq!(counted.starts(), starts);
    }
}

#[tokio::test]
async fn a_trouble_of_the_machine_is_not_remembered() {
    let counted = Counted::new("exit 71");
    for starts in 1..3 {
        let failed = counted.load(remembering(60)).await;
        assert!(matches!(failed, LoadError::Host(_)), "{failed}");
        assert_eq!(counted.starts(), starts);
    }
}
