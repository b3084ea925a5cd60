//! What others wrote for npm, and the bot is compared with: Prism with GitHub's own description of its interface, the schema of
//! Kubernetes' Gateway API, and samples of all of GitHub's webhooks.
//!
//! Which versions these are, and what each file of theirs must be to the byte, is in `xtask/outside`. They are kept in the
//! user's cache folder, and listen at nothing but loopback.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

use super::Report;
use super::npm;
use crate::cache_folder;
use crate::step::{run, step};

/// The variable that tells the tests where the packages are.
pub const VARIABLE: &str = "WITBOT_OUTSIDE";

/// What the tests are called, up to their own names.
pub const TESTS: [&str; 3] = ["prism::", "webhook_samples::", "kubernetes::"];

const PACKAGE: &str = include_str!("../../outside/package.json");
const LOCK: &str = include_str!("../../outside/package-lock.json");

/// GitHub's description comes in eleven forms, of which this one is read.
const DESCRIPTIONS: &str = "node_modules/@octokit/openapi/generated";
const DESCRIPTION: &str = "api.github.com.json";

/// The folder of the packages, which are fetched when they are not there. None if there can be no tests with them here,
/// which is said.
pub fn find(report: &mut Report) -> Option<PathBuf> {
    match obtain() {
        Ok(folder) => Some(folder),
        // Whoever changed one may have changed more.
        Err(error) if format!("{error:#}").contains(npm::STRANGE) => {
            let help = "compare with what `npm view` says of it, and do not run it";
            report.check("the packages of xtask/outside", help, || Err(error));
            None
        }
        Err(error) => {
            report.remark(format!(
                "the tests with GitHub's own description and samples are left out: {error:#}"
            ));
            None
        }
    }
}

fn obtain() -> Result<PathBuf> {
    let tools = cache_folder()?.join("tools");
    let folder = tools.join(format!("outside-{}", version()));
    if folder.is_dir() {
        return Ok(folder);
    }
    npm::is_here()?;
    let what = "fetching GitHub's own description and samples, and Prism, with npm (once; 50 MB)";
    step(what, || fetch(&tools, &folder)).context("npm cannot fetch them")?;
    Ok(folder)
}

/// Another list of packages is another folder.
fn version() -> String {
    let digest = Sha256::digest(LOCK);
    digest[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Puts the folder where it is looked for only when it is whole.
fn fetch(tools: &Path, folder: &Path) -> Result<()> {
    let partial = tools.join("outside.partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    fs::create_dir_all(&partial)
        .with_context(|| format!("{} cannot be made", partial.display()))?;
    fs::write(partial.join("package.json"), PACKAGE)?;
    fs::write(partial.join("package-lock.json"), LOCK)?;
    // It compares each file with the digest in the lock, and runs nothing of what it fetches.
    run(Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(npm::IMPATIENT)
        .current_dir(&partial))?;
    keep_one(&partial.join(DESCRIPTIONS))?;
    fs::rename(&partial, folder)?;
    Ok(())
}

/// The others are 370 MB.
fn keep_one(descriptions: &Path) -> Result<()> {
    for entry in fs::read_dir(descriptions).context("the package has no description in it")? {
        let file = entry?;
        if file.file_name() != DESCRIPTION {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn every_package_is_pinned_to_the_byte() {
        let lock: Value = serde_json::from_str(LOCK).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        assert!(packages.len() > 100, "{}", packages.len());
        for (path, package) in packages.iter().filter(|(path, _)| !path.is_empty()) {
            let integrity = package["integrity"].as_str().unwrap_or_default();
            assert!(integrity.starts_with("sha512-"), "{path}: {package}");
            // It comes from wherever npm is told to look.
            assert!(package["resolved"].is_null(), "{path}: {package}");
        }
        let wanted: Value = serde_json::from_str(PACKAGE).unwrap();
        assert_eq!(packages[""]["dependencies"], wanted["dependencies"]);
    }
}
