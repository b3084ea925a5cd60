//! Running the targets, and telling what was found.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::build::Target;
use super::seeds;
use crate::step::run_openly;
use crate::{cache_folder, target_folder};

/// How long a target runs, and where it keeps what it learns.
pub struct Limits {
    /// Of each target.
    pub time: Duration,
    /// A folder of it for each target.
    pub corpus: PathBuf,
}

/// One input takes less than a millisecond, and a machine that is busy with other things a hundred times as long: what
/// takes this long hangs, or grows faster than its input. In seconds.
const INPUT_SECONDS_MAX: u32 = 10;

/// Ten times what the targets need, in MiB.
const MEMORY_MIB_MAX: u32 = 2048;

/// Inputs are not made longer than this, in bytes: what is wrong with long ones is wrong with these as a rule, and the
/// limits on length have tests of their own.
const INPUT_BYTES_MAX: u32 = 16 * 1024;

/// What of a failed run is shown: the panic, and the trace that led there.
const LINES_SHOWN: usize = 60;

/// Runs all targets, as many at once as there are processors, and names those that failed.
pub fn all(targets: &[Target], limits: &Limits) -> Result<()> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let work = || {
        while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = one(target, limits) {
                eprintln!("    {error:#}");
                if let Ok(mut failed) = failed.lock() {
                    failed.push(target.name.as_str());
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    if !failed.is_empty() {
        bail!("something was found by {}", failed.join(", "));
    }
    Ok(())
}

/// Runs a target on one input, and shows what comes of it.
pub fn again(target: &Target, input: &Path) -> Result<()> {
    run_openly(
        Command::new(&target.program)
            .arg(input)
            .env("RUST_BACKTRACE", "1"),
    )
}

fn one(target: &Target, limits: &Limits) -> Result<()> {
    let name = &target.name;
    let corpus = limits.corpus.join(name);
    let found = cache_folder()?.join("fuzz/found");
    for folder in [&corpus, &found] {
        fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let output = Command::new(&target.program)
        // What is new is put into the first of the folders.
        .arg(&corpus)
        .arg(seeds(target))
        .args(plugins(target))
        // Anything but 0, which is another one each time.
        .arg("-seed=1")
        .arg(format!("-max_total_time={}", limits.time.as_secs()))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"))
        .arg(format!("-artifact_prefix={}/{name}-", found.display()))
        .arg("-print_final_stats=1")
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{} could not be started", target.program.display()))?;
    tell(name, &output)
}

/// The plugins that were built, which are too large to be kept as seeds.
fn plugins(target: &Target) -> Option<PathBuf> {
    let folder = target_folder().join("plugins");
    (target.name == "component" && folder.is_dir()).then_some(folder)
}

/// One line about what went well; what was found, and how to see it again.
fn tell(name: &str, output: &Output) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let number = |what| number(&said, what).unwrap_or_default();
        let (runs, rate) = (
            number("number_of_executed_units"),
            number("average_exec_per_sec"),
        );
        eprintln!("    {name}: {runs} inputs, {rate} a second");
        return Ok(());
    }
    let lines: Vec<&str> = said.lines().collect();
    // Where it went wrong. What stands before is how far libFuzzer got.
    let start = lines
        .iter()
        .position(|line| line.contains("panicked at") || line.contains("ERROR: libFuzzer"));
    let start = start.unwrap_or(lines.len().saturating_sub(LINES_SHOWN));
    for line in lines.iter().skip(start).take(LINES_SHOWN) {
        eprintln!("    | {line}");
    }
    match input(&said) {
        Some(input) => bail!(
            "{name}: the input is kept; see it again with `cargo xtask fuzz {name} --input {input}`, and when it is mended, \
             copy it into fuzz/seeds/{name}/"
        ),
        None => bail!("{name}: it ended with {}", output.status),
    }
}

/// A number of libFuzzer's statistics.
fn number(said: &str, what: &str) -> Option<u64> {
    let rest = said
        .lines()
        .find_map(|line| line.strip_prefix("stat::")?.strip_prefix(what));
    rest?.strip_prefix(':')?.trim().parse().ok()
}

/// Where libFuzzer says that it wrote an input.
fn input(said: &str) -> Option<&str> {
    said.lines()
        .find_map(|line| line.split_once("Test unit written to "))
        .map(|(_, path)| path.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "#2\tINITED cov: 5\nthread panicked at src/x.rs:1:1:\nno\n\
        artifact_prefix='/f/ids-'; Test unit written to /f/ids-crash-da39\n\
        stat::number_of_executed_units: 12\nstat::average_exec_per_sec:     7\n";

    #[test]
    fn what_libfuzzer_says_is_read() {
        assert_eq!(number(SAID, "number_of_executed_units"), Some(12));
        assert_eq!(number(SAID, "average_exec_per_sec"), Some(7));
        assert_eq!(number(SAID, "peak_rss_mb"), None);
        assert_eq!(input(SAID), Some("/f/ids-crash-da39"));
        assert_eq!(input("Done 7 runs"), None);
    }

    #[test]
    fn what_is_found_is_told_with_the_way_to_see_it_again() {
        let output = Command::new("sh")
            .args(["-c", "printf '%s' \"$0\" >&2; exit 77", SAID])
            .output()
            .unwrap();
        let error = tell("ids", &output).unwrap_err().to_string();
        assert!(
            error.contains("`cargo xtask fuzz ids --input /f/ids-crash-da39`"),
            "{error}"
        );
        let killed = Command::new("sh").args(["-c", "exit 3"]).output().unwrap();
        let error = tell("ids", &killed).unwrap_err().to_string();
        assert_eq!(error, "ids: it ended with exit status: 3");
    }
}
