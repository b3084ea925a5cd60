//! The conversations of the plugins that come with witbot, as their authors have them: with `witbot plugin test`. The tests of the
//! workspace have them over Slack as well.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Built, Report};
use crate::repository;
use crate::step::run;

/// The plugins whose conversations are had once more for every step of their runs, with a crash there. With the others it would take
/// many minutes: they wait and are called by the clock, and each time that passes is a restart.
const CRASHED: [&str; 1] = ["jobs"];

/// Has all of them.
pub fn check(report: &mut Report, built: &Built) {
    let folders = match folders() {
        Ok(folders) => folders,
        Err(error) => {
            let help = "they are in plugins/*/conversations";
            report.check("the conversations of the plugins", help, || Err(error));
            return;
        }
    };
    for folder in folders {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let help = format!(
            "`witbot plugin test plugins/{name} --plugin FILE` shows it; `--accept` writes what the bot says"
        );
        report.check(
            &format!("the conversations of {name} (seconds)"),
            &help,
            || converse(built, &folder, &name),
        );
    }
}

fn folders() -> Result<Vec<PathBuf>> {
    let plugins = repository().join("plugins");
    let entries =
        fs::read_dir(&plugins).with_context(|| format!("cannot read {}", plugins.display()))?;
    let folders = entries.map(|entry| Ok(entry?.path()));
    let mut folders: Vec<PathBuf> = folders.collect::<Result<_>>()?;
    folders.retain(|folder| folder.join("conversations").is_dir());
    folders.sort();
    Ok(folders)
}

fn converse(built: &Built, folder: &Path, name: &str) -> Result<()> {
    let file = built.plugins_folder.join(format!("{name}.wasm"));
    let mut test = Command::new(&built.binaries.bot);
    test.args(["plugin", "test"])
        .arg(folder)
        .arg("--plugin")
        .arg(file);
    if CRASHED.contains(&name) {
        test.arg("--crash");
    }
    run(&mut test).map(drop)
}
