//! What is being done, told as it happens, with the time it took.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often something with a time limit is looked at. Nobody notices a tenth of a second.
const LOOK: Duration = Duration::from_millis(100);

/// How many lines may wait to be printed before the program that writes them waits as well.
const LINES_MAX: usize = 1024;

/// Does a step of a task, and says so.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("==> {what}");
    let start = Instant::now();
    let result = work();
    let outcome = if result.is_ok() { "done" } else { "FAILED" };
    eprintln!("    {outcome} after {}", seconds(start.elapsed()));
    result
}

/// `7.3 s`, or `12 min 5 s`.
pub fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        whole => format!("{} min {} s", whole / 60, whole % 60),
    }
}

/// Runs a command to its end. What it prints is only shown when it fails.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{}` could not be started", shown(command)))?;
    if !output.status.success() {
        let said = [output.stderr, output.stdout].concat();
        let said = String::from_utf8_lossy(&said);
        bail!(
            "`{}` failed ({}): {}",
            shown(command),
            output.status,
            said.trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command to its end, and shows what it prints.
pub fn run_openly(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("`{}` could not be started", shown(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs a command to its end, shows what it prints, and gives each line to `heard` as well.
pub fn run_overheard(command: &mut Command, mut heard: impl FnMut(&str)) -> Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{}` could not be started", shown(command)))?;
    let (lines, said) = mpsc::sync_channel(LINES_MAX);
    forward(child.stdout.take(), lines.clone());
    forward(child.stderr.take(), lines);
    // Ends when both streams have ended.
    for line in said {
        eprintln!("{line}");
        heard(&line);
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

fn forward(stream: Option<impl Read + Send + 'static>, lines: mpsc::SyncSender<String>) {
    let Some(stream) = stream else { return };
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream
            .read_until(b'\n', &mut line)
            .is_ok_and(|read| read > 0)
        {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if lines.send(text).is_err() {
                return;
            }
        }
    });
}

/// Runs a command that may hang, and says whether it succeeded in time.
pub fn succeeds_within(limit: Duration, command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let Ok(mut child) = quiet.spawn() else {
        return false;
    };
    let ended = within(limit, || child.try_wait().transpose());
    if let Some(ended) = ended {
        return ended.is_ok_and(|status| status.success());
    }
    // It has ended by itself or it is ended now; there is nothing to do about a failure of either.
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// Looks until there is something to see, or the time is over.
#[expect(
    clippy::disallowed_methods,
    reason = "neither a child nor a server of another process can be awaited with a time limit, and nobody else is on this thread"
)]
pub fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Some(seen) = look() {
            return Some(seen);
        }
        thread::sleep(LOOK);
    }
    None
}

/// A command as one would type it.
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    // Cargo tells of itself with its whole path.
    let program = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
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
    fn a_command_is_shown_as_one_types_it() {
        let mut command = Command::new("/toolchain/bin/cargo");
        assert_eq!(shown(command.args(["fmt", "--check"])), "cargo fmt --check");
    }

    #[test]
    fn both_streams_are_overheard() {
        let mut heard = Vec::new();
        let error = run_overheard(
            Command::new("sh").args(["-c", "echo out; echo err >&2; printf last; exit 4"]),
            |line| heard.push(line.to_owned()),
        )
        .unwrap_err();
        heard.sort();
        assert_eq!(heard, ["err", "last", "out"]);
        assert!(error.to_string().ends_with("(exit status: 4)"), "{error}");
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

    #[test]
    fn times_are_read_at_a_glance() {
        assert_eq!(seconds(Duration::from_millis(7_340)), "7.3 s");
        assert_eq!(seconds(Duration::from_secs(725)), "12 min 5 s");
    }
}
