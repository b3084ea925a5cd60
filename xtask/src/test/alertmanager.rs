//! Prometheus Alertmanager, which is tested with as it is. Debian's needs its templates where it is installed, so it is not fetched.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::Report;
use crate::step::succeeds_within;

/// The variable that tells the tests where the program is.
pub const VARIABLE: &str = "WITBOT_ALERTMANAGER";

/// What the tests are called, up to their own names.
pub const TESTS: &str = "alertmanager::";

/// As Debian calls it, and as its own project does.
const NAMES: [&str; 2] = ["prometheus-alertmanager", "alertmanager"];
/// It says its version in a moment.
const MOMENT: Duration = Duration::from_secs(60);

/// The program. None if it is not here, which is said.
pub fn find(report: &mut Report) -> Option<PathBuf> {
    let is_here = |name: &&str| succeeds_within(MOMENT, Command::new(name).arg("--version"));
    let found = NAMES.into_iter().find(is_here);
    if found.is_none() {
        let text = "the tests with Prometheus Alertmanager are left out: it is not here; \
                    `apt-get install prometheus-alertmanager` brings it";
        report.remark(text.to_owned());
    }
    found.map(PathBuf::from)
}
