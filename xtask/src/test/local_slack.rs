//! `local-slack`, a Slack that others wrote. The bot is tested against it besides our own stand-in: two that were written
//! by the same people could be wrong in the same way.
//!
//! It is a program for Linux on x86-64, in a package of npm, and is kept in the user's cache folder. It listens at every
//! address of the machine, so its tests make a network of their own, and need a machine where that is allowed.

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha512};

use super::Report;
use super::npm;
use crate::cache_folder;
use crate::step::{run, step, succeeds_within};

/// The variable that tells the tests where the program is.
pub const VARIABLE: &str = "WITBOT_LOCAL_SLACK";

/// What the tests are called, up to their own names.
pub const TESTS: &str = "local_slack::";

const PACKAGE: &str = "local-slack-linux-x64";
const VERSION: &str = "0.1.8";
/// What `npm view local-slack-linux-x64@0.1.8 dist.integrity` said when the tests were written.
const INTEGRITY: &str = "sha512-2BCTKxKajjZNWCSCj66Jq5VDScUDNpGZ1lA3281I8RvpDE4/ULCwC26TlcW6/4sPbSTs02Q3KjTiltJp3ZBEvg==";

/// A network is made in a moment.
const MOMENT: Duration = Duration::from_secs(60);

/// The program, which is fetched when it is not there. None if there can be no tests with it here, which is said.
pub fn find(report: &mut Report) -> Option<PathBuf> {
    match obtain() {
        Ok(program) => Some(program),
        // Whoever changed it may have changed more.
        Err(error) if error.is::<Strange>() => {
            let help = "compare with what `npm view` says of it, and do not run it";
            report.check("the package of local-slack", help, || Err(error));
            None
        }
        Err(error) => {
            report.remark(format!(
                "the tests with local-slack are left out: {error:#}"
            ));
            None
        }
    }
}

fn obtain() -> Result<PathBuf> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("it is a program for Linux on x86-64, and this is another system");
    }
    let mut isolated = Command::new("unshare");
    isolated.args(["--map-root-user", "--net", "--", "true"]);
    if !succeeds_within(MOMENT, &mut isolated) {
        bail!(
            "it listens at every address of the machine and so needs a network of its own, which cannot be made here; \
             `unshare --map-root-user --net true` says why"
        );
    }
    let folder = cache_folder()?.join("tools");
    let program = folder.join(format!("local-slack-{VERSION}"));
    if program.is_file() {
        return Ok(program);
    }
    npm::is_here()?;
    let what = format!("fetching local-slack {VERSION} with npm (once; 37 MB)");
    step(&what, || fetch(&folder, &program)).context("npm cannot fetch it")?;
    Ok(program)
}

/// Puts the program where it is looked for only when it is the one that was meant.
fn fetch(folder: &Path, program: &Path) -> Result<()> {
    let partial = folder.join(format!("local-slack-{VERSION}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    fs::create_dir_all(&partial)
        .with_context(|| format!("{} cannot be made", partial.display()))?;
    let package = format!("{PACKAGE}@{VERSION}");
    run(Command::new("npm")
        .args(["pack", "--ignore-scripts", &package])
        .args(npm::IMPATIENT)
        .current_dir(&partial))?;
    let archive = partial.join(format!("{PACKAGE}-{VERSION}.tgz"));
    let bytes = fs::read(&archive).context("npm did not write the package where it should be")?;
    verify(&bytes)?;
    run(Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .current_dir(&partial))?;
    fs::rename(partial.join("package/bin/local-slack"), program)
        .context("the package has no program in it")?;
    fs::remove_dir_all(&partial)?;
    Ok(())
}

fn verify(package: &[u8]) -> Result<(), Strange> {
    let found = format!("sha512-{}", STANDARD.encode(Sha512::digest(package)));
    match found == INTEGRITY {
        true => Ok(()),
        false => Err(Strange(found)),
    }
}

/// It is another package than the one that the tests were written with.
#[derive(Debug)]
struct Strange(String);

impl fmt::Display for Strange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PACKAGE} {VERSION} is {}, and not {INTEGRITY}", self.0)
    }
}

impl Error for Strange {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_package_than_the_one_that_was_meant_is_told_from_none() {
        let error = anyhow::Error::from(verify(b"another").unwrap_err());
        assert!(error.to_string().contains("0.1.8 is sha512-"), "{error}");
        assert!(error.context("npm cannot fetch it").is::<Strange>());
    }
}
