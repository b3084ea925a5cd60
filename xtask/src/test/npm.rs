//! npm, which has what others wrote for tests.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::step::succeeds_within;

/// What it says of a package that is not the one that was meant.
pub const STRANGE: &str = "EINTEGRITY";

/// Where there is no network, that is known after ten seconds, and not after a minute.
pub const IMPATIENT: [&str; 2] = ["--fetch-retries", "1"];

/// A version is told in a moment.
const MOMENT: Duration = Duration::from_secs(60);

/// Whether it can be asked for anything.
pub fn is_here() -> Result<()> {
    match succeeds_within(MOMENT, Command::new("npm").arg("--version")) {
        true => Ok(()),
        false => bail!("npm is not here, which fetches it; install npm"),
    }
}
