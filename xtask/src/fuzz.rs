//! `cargo xtask fuzz`: what reads outside bytes, tried with bytes that nobody would think of. The targets are in `fuzz/`, one
//! file each, and so are their seeds.
//!
//! libFuzzer's counters come with the stable compiler. The sanitizers that `cargo fuzz` adds by itself do not, and there
//! is no unsafe code for them to look at: what is found are panics, overflows, broken promises, time and memory.

mod build;
mod run;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::{cache_folder, repository};

use build::Target;
use run::Limits;

/// What is tried, and for how long.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// One target, by the name of its file in `fuzz/src/bin`; otherwise all of them, as many at once as there are processors.
    target: Option<String>,
    /// How long each of them runs.
    #[arg(long, default_value_t = 120, value_name = "N")]
    seconds: u64,
    /// Only this input, to see again what was found.
    #[arg(long, value_name = "FILE", requires = "target")]
    input: Option<PathBuf>,
}

/// How long each target runs when everything is tested. All of them together take less than a minute on two processors.
const SHORT: Duration = Duration::from_secs(4);

/// Fuzzes, and says how it went. What was learned is kept for the next time.
pub fn run(options: &Options) -> Result<ExitCode> {
    let mut targets = build::build()?;
    if let Some(name) = &options.target {
        let names: Vec<_> = targets.iter().map(|target| target.name.clone()).collect();
        targets.retain(|target| target.name == *name);
        if targets.is_empty() {
            bail!(
                "there is no target `{name}`: there are {}",
                names.join(", ")
            );
        }
    }
    if let (Some(input), [target]) = (&options.input, targets.as_slice()) {
        let input = std::path::absolute(input)?;
        run::again(target, &input)?;
        return Ok(ExitCode::SUCCESS);
    }
    let limits = Limits {
        time: Duration::from_secs(options.seconds),
        corpus: cache_folder()?.join("fuzz/corpus"),
    };
    run::all(&targets, &limits)?;
    Ok(ExitCode::SUCCESS)
}

/// The short run of all targets, from their seeds alone, and so the same each time as far as the machine is as fast.
pub fn short() -> Result<()> {
    let targets = build::build()?;
    let corpus = cache_folder()?.join("fuzz/short");
    if corpus.exists() {
        std::fs::remove_dir_all(&corpus)
            .with_context(|| format!("{} cannot be removed", corpus.display()))?;
    }
    let limits = Limits {
        time: SHORT,
        corpus,
    };
    run::all(&targets, &limits)
}

/// Where the inputs are that every run begins with.
fn seeds(target: &Target) -> PathBuf {
    repository().join("fuzz/seeds").join(&target.name)
}
