//! Formatting and lints.

use super::{GUESTS, Report, guests_cargo};
use crate::binaries::cargo;
use crate::step::run_openly;

/// What clippy is asked; a warning is a failure here, and nowhere else.
const CLIPPY: [&str; 7] = [
    "clippy",
    "--workspace",
    "--all-targets",
    "--keep-going",
    "--",
    "-D",
    "warnings",
];

/// Names the files that are not as rustfmt would have them.
const FORMAT: [&str; 4] = ["fmt", "--check", "--", "--files-with-diff"];

/// All code is formatted as rustfmt does it.
pub fn formatting(report: &mut Report) {
    report.check("the formatting", "run `cargo fmt`", || {
        run_openly(cargo().args(FORMAT))
    });
    for workspace in GUESTS.into_iter().chain(["fuzz"]) {
        report.check(
            &format!("the formatting of {workspace}"),
            &format!("run `cargo fmt` in {workspace}/"),
            || run_openly(guests_cargo(workspace).args(FORMAT)),
        );
    }
}

/// Clippy has nothing to say.
pub fn lints(report: &mut Report) {
    report.check(
        "the lints (a minute; the first time 5 to 10, since clippy reads all dependencies for itself)",
        "see above; `cargo clippy --fix` repairs some",
        || run_openly(cargo().args(CLIPPY)),
    );
    for workspace in GUESTS {
        report.check(
            &format!("the lints of {workspace} (seconds; the first time half a minute)"),
            &format!("see above; `cargo clippy --fix` in {workspace}/ repairs some"),
            || run_openly(guests_cargo(workspace).args(CLIPPY)),
        );
    }
}
