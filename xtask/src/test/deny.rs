//! What witbot is built from: licences, banned crates, sources, and advisories about all of them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::Report;
use crate::binaries::cargo;
use crate::cache_folder;
use crate::repository;
use crate::step::{run_openly, run_overheard, step, succeeds_within};

/// The version that `deny.toml` is written for.
const VERSION: &str = "0.20.2";

/// Asking for a version is a matter of moments.
const VERSION_TIME_MAX: Duration = Duration::from_secs(60);

/// The workspaces that are delivered, by their manifests.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "plugins/Cargo.toml"];

/// Checks everything that can be checked here.
pub fn check(report: &mut Report) {
    let program = match find() {
        Ok(program) => program,
        // Nobody looks at a machine's remarks.
        Err(error) if std::env::var_os("CI").is_some() => {
            report.check("the licences", "install cargo-deny by hand", || Err(error));
            return;
        }
        Err(error) => {
            report.remark(format!(
                "licences, sources and advisories are not checked: {error:#}"
            ));
            return;
        }
    };
    let mut reachable = true;
    for manifest in MANIFESTS {
        report.check(
            &format!("the licences, bans and sources of {manifest} (seconds)"),
            "what may be used, and why, is in `deny.toml`",
            || {
                run_openly(deny(&program, manifest).args([
                    "check",
                    "--hide-inclusion-graph",
                    "licenses",
                    "bans",
                    "sources",
                ]))
            },
        );
        reachable = reachable && advisories(report, &program, manifest);
    }
}

/// Advisories come from a database on GitHub, which cannot be reached from everywhere. Says whether it was.
fn advisories(report: &mut Report, program: &Path, manifest: &str) -> bool {
    let mut fetched = true;
    let mut found = Ok(());
    report.check(
        &format!("the advisories about what is in {manifest} (seconds)"),
        "update what is named above, or say in `deny.toml` why it does not concern witbot",
        || {
            found = run_overheard(
                deny(program, manifest).args(["check", "advisories"]),
                |line| fetched &= !is_about_fetching(line),
            );
            match (&found, fetched) {
                (Err(error), true) => bail!("{error:#}"),
                _ => Ok(()),
            }
        },
    );
    let reached = fetched || found.is_ok();
    if !reached {
        report.remark(
            "advisories are NOT checked: their database on GitHub cannot be fetched from here"
                .to_owned(),
        );
    }
    reached
}

/// Whether cargo-deny says that it could not get the database.
fn is_about_fetching(line: &str) -> bool {
    line.contains("failed to fetch advisory database")
        || line.contains("failed to load advisory database")
}

fn deny(program: &Path, manifest: &str) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(repository())
        .args(["--manifest-path", manifest])
        .arg("--config")
        .arg(repository().join("deny.toml"));
    command
}

/// The program, from the path or from our own cache folder, where it is put if it is nowhere.
fn find() -> Result<PathBuf> {
    let tools = cache_folder()?.join("tools");
    let ours = tools.join("bin/cargo-deny");
    for program in [PathBuf::from("cargo-deny"), ours.clone()] {
        if succeeds_within(VERSION_TIME_MAX, Command::new(&program).arg("--version")) {
            return Ok(program);
        }
    }
    step(
        &format!(
            "installing cargo-deny {VERSION} into {} (once; 5 to 10 minutes)",
            tools.display()
        ),
        || {
            let package = format!("cargo-deny@{VERSION}");
            run_openly(
                cargo()
                    .args(["install", "--locked", "--root"])
                    .arg(&tools)
                    .arg(package)
                    // What is compiled for it is of no use to anybody else.
                    .env_remove("CARGO_TARGET_DIR"),
            )
        },
    )
    .context("cargo-deny is not here, and cannot be installed")?;
    Ok(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_out_of_reach_is_told_from_a_finding() {
        assert!(is_about_fetching(
            "2026-11-22 19:00:00 [ERROR] failed to fetch advisory database https://github.com/rustsec/advisory-db"
        ));
        assert!(!is_about_fetching(
            "error[vulnerability]: Segmentation fault in `fetch`"
        ));
    }
}
