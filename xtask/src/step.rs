//! What is being done, told as it happens, with the time it took.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often a command with a time limit is looked at. Nobody notices a tenth of a second.
const LOOK: Duration = Duration::from_millis(100);

/// Does a step of a task, and says so.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("xtask: {what} ...");
    let start = Instant::now();
    let result = work();
    let outcome = if result.is_ok() { "done" } else { "failed" };
    eprintln!(
        "xtask: {what}: {outcome} after {:.1} s",
        start.elapsed().as_secs_f64()
    );
    result
}

/// Runs a command to its end. What it prints is only shown when it fails.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{}` could not be started", shown(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{}` failed ({}): {}",
            shown(command),
            output.status,
            said.trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command that may hang, and says whether it succeeded in time.
#[expect(
    clippy::disallowed_methods,
    reason = "a child has no wait with a time limit, and nobody else is on this thread"
)]
pub fn succeeds_within(limit: Duration, command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let Ok(mut child) = quiet.spawn() else {
        return false;
    };
    let start = Instant::now();
    while start.elapsed() < limit {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(LOOK),
            Err(_) => break,
        }
    }
    // It has ended by itself or it is ended now; there is nothing to do about a failure of either.
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// A command as one would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_is_shown_with_what_it_said() {
        let error = run(Command::new("sh").args(["-c", "echo no such luck >&2; exit 3"]))
            .unwrap_err()
            .to_string();
        assert!(error.contains("`sh -c echo no such luck"), "{error}");
        assert!(error.ends_with("(exit status: 3): no such luck"), "{error}");
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        assert!(succeeds_within(
            Duration::from_secs(60),
            &mut Command::new("true")
        ));
        assert!(!succeeds_within(
            Duration::from_secs(60),
            &mut Command::new("false")
        ));
        assert!(!succeeds_within(
            Duration::ZERO,
            Command::new("sleep").arg("600")
        ));
        assert!(!succeeds_within(
            Duration::ZERO,
            &mut Command::new("no-such-command-here")
        ));
    }
}
