//! Prometheus Alertmanager, which is tested with as it is. Debian has it; it is unpacked into the user's cache folder, and nothing is
//! installed or started.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::Report;
use crate::cache_folder;
use crate::step::{run, step, succeeds_within};

/// The variable that tells the tests where the program is.
pub const VARIABLE: &str = "WITBOT_ALERTMANAGER";

/// What the tests are called, up to their own names.
pub const TESTS: &str = "alertmanager::";

const PACKAGE: &str = "prometheus-alertmanager";
/// It says its version in a moment.
const MOMENT: Duration = Duration::from_secs(60);

/// The program: the one that is installed, or else one that is fetched. None if there can be no tests with it here, which is said.
pub fn find(report: &mut Report) -> Option<PathBuf> {
    match obtain() {
        Ok(program) => Some(program),
        Err(error) => {
            report.remark(format!(
                "the tests with Prometheus Alertmanager are left out: {error:#}"
            ));
            None
        }
    }
}

fn obtain() -> Result<PathBuf> {
    for name in [PACKAGE, "alertmanager"] {
        if succeeds_within(MOMENT, Command::new(name).arg("--version")) {
            return Ok(PathBuf::from(name));
        }
    }
    let folder = cache_folder()?.join("tools").join(PACKAGE);
    let program = folder.join("usr/bin").join(PACKAGE);
    if !program.is_file() {
        step(
            "fetching Prometheus Alertmanager from Debian (once; 13 MB)",
            || fetch(&folder),
        )
        .context(
            "Debian's package cannot be had; install Alertmanager, so that `alertmanager` is found",
        )?;
    }
    if !succeeds_within(MOMENT, Command::new(&program).arg("--version")) {
        bail!("{} does not run", program.display());
    }
    Ok(program)
}

/// What is there is whole.
fn fetch(folder: &Path) -> Result<()> {
    let partial = folder.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    fs::create_dir_all(&partial)
        .with_context(|| format!("{} cannot be made", partial.display()))?;
    let mut download = Command::new("apt-get");
    download
        .args(["--quiet", "download", PACKAGE])
        .current_dir(&partial);
    if run(&mut download).is_err() {
        run(Command::new("apt-get").args(["--quiet", "update"]))?;
        run(&mut download)?;
    }
    for entry in fs::read_dir(&partial)? {
        let deb = entry?.path();
        if deb.extension() == Some(OsStr::new("deb")) {
            run(Command::new("dpkg").arg("-x").arg(&deb).arg(&partial))?;
            fs::remove_file(&deb)?;
        }
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::rename(&partial, folder).with_context(|| format!("{} cannot be made", folder.display()))
}
