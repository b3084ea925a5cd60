//! Building the targets.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::binaries::cargo;
use crate::step::{run, step};
use crate::{cache_folder, repository};

/// A program that fuzzes one thing.
#[derive(Debug, Clone)]
pub struct Target {
    /// Of its file, and of the folder with its seeds.
    pub name: String,
    /// Where it was built.
    pub program: PathBuf,
}

/// What libFuzzer is told by: a counter at each edge, where that edge is, and the numbers that are compared. They are the
/// flags of `cargo fuzz`, without the sanitizer.
const FLAGS: [&str; 7] = [
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Builds all targets, in order of their names.
pub fn build() -> Result<Vec<Target>> {
    step(
        "building the fuzz targets (seconds; the first time up to 8 minutes on 2 cores)",
        || {
            let mut command = cargo();
            command
                .args(["build", "--release", "--bins"])
                // With a target named, build scripts and procedural macros are compiled without the flags: they could
                // not be linked with them.
                .args(["--target", &host()?])
                .args(["--message-format", "json-render-diagnostics"])
                .current_dir(repository().join("fuzz"))
                .env("CARGO_TARGET_DIR", cache_folder()?.join("fuzz/target"))
                .env("RUSTFLAGS", FLAGS.join(" "))
                .env_remove("CARGO_ENCODED_RUSTFLAGS")
                .stdin(Stdio::null())
                .stderr(Stdio::inherit());
            let output = command.output().context("cargo could not be started")?;
            if !output.status.success() {
                bail!("the fuzz targets could not be built; what is wrong stands above");
            }
            let mut targets = targets(&String::from_utf8_lossy(&output.stdout));
            targets.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(targets)
        },
    )
}

/// This machine, as the compiler calls it.
fn host() -> Result<String> {
    let said = run(Command::new("rustc").args(["--print", "host-tuple"]))?;
    Ok(said.trim().to_owned())
}

/// The programs that cargo's messages tell of.
fn targets(messages: &str) -> Vec<Target> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| {
            Some(Target {
                name: message["target"]["name"].as_str()?.to_owned(),
                program: message["executable"].as_str()?.into(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn programs_are_found_in_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"witbot_fuzz"},"executable":null}"#,
            "\nnot a message\n",
            r#"{"reason":"compiler-artifact","target":{"name":"ids"},"executable":"/t/ids"}"#,
        );
        let found = targets(messages);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].name, "ids");
        assert_eq!(found[0].program, Path::new("/t/ids"));
    }

    #[test]
    fn every_target_has_seeds() {
        let names = |folder: &str| -> BTreeSet<String> {
            let files = fs::read_dir(repository().join(folder)).unwrap();
            files
                .map(|file| file.unwrap().path())
                .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
                .collect()
        };
        let targets = names("fuzz/src/bin");
        assert!(!targets.is_empty());
        assert_eq!(targets, names("fuzz/seeds"));
        for target in targets {
            let seeds = names(&format!("fuzz/seeds/{target}"));
            assert!(!seeds.is_empty(), "{target}");
        }
    }
}
