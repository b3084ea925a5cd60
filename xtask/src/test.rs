//! `cargo xtask test`: everything that is checked before a change goes in, and what CI runs.
//!
//! A check that fails does not keep the others from being made; what cannot be built does. What failed, with the line
//! that helps, stands at the end, and last of all one line with the number of tests.

mod alertmanager;
mod authors;
mod checks;
mod conversations;
mod counts;
mod deny;
mod local_slack;
mod npm;
mod outside;
mod story;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::binaries::{self, Binaries, cargo};
use crate::fuzz;
use crate::guests;
use crate::step::{run_openly, run_overheard, seconds, step, succeeds_within};
use crate::{reference, repository, target_folder};

use counts::Counts;

/// What is to be tested.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Runs the tests, and leaves formatting, lints, licences and advisories out.
    #[arg(long)]
    quick: bool,
    /// Given to the test runner, to choose among the tests of the workspace; others are left out then.
    #[arg(last = true, value_name = "FILTER")]
    filter: Vec<String>,
}

/// The workspaces of guests.
const GUESTS: [&str; 2] = ["plugins", "tests/guests"];

/// `cargo nextest --version` is a matter of moments.
const VERSION_TIME_MAX: Duration = Duration::from_secs(60);

/// Tests, and says how it went.
pub fn run(options: &Options) -> Result<ExitCode> {
    let mut report = Report::new();
    let built = build()?;
    if options.filter.is_empty() {
        if !options.quick {
            checks::formatting(&mut report);
            let again = "run `cargo xtask reference`";
            report.check("the pages about the contract", again, reference::check);
        }
        story::tell(&mut report, &built);
        plugin_tests(&mut report);
        conversations::check(&mut report, &built);
        authors::check(&mut report, &built);
        documentation_tests(&mut report);
    }
    workspace_tests(&mut report, &built, &options.filter);
    if options.filter.is_empty() && !options.quick {
        checks::lints(&mut report);
        fuzzing(&mut report);
        deny::check(&mut report);
    }
    Ok(report.close())
}

/// What the tests need.
pub struct Built {
    binaries: Binaries,
    plugins: Vec<PathBuf>,
    plugins_folder: PathBuf,
    guests_folder: PathBuf,
}

fn build() -> Result<Built> {
    let plugins = guests::build_guests(&repository().join("plugins"))?;
    let plugins_folder = target_folder().join("plugins");
    guests::copy(&plugins, &plugins_folder)?;
    let guests_folder = target_folder().join("test-guests");
    let guests = guests::build_guests(&repository().join("tests/guests"))?;
    guests::copy(&guests, &guests_folder)?;
    Ok(Built {
        binaries: binaries::build()?,
        plugins,
        plugins_folder,
        guests_folder,
    })
}

/// The tests of all packages of the workspace, the whole-bot tests among them.
fn workspace_tests(report: &mut Report, built: &Built, filter: &[String]) {
    let nextest = succeeds_within(VERSION_TIME_MAX, cargo().args(["nextest", "--version"]));
    let (name, words) = match nextest {
        true => ("cargo nextest", ["nextest", "run"].as_slice()),
        false => (
            "cargo test; cargo-nextest would be faster",
            ["test", "--tests", "--no-fail-fast"].as_slice(),
        ),
    };
    let mut compile = cargo();
    compile.args(words).args(["--workspace", "--no-run"]);
    let compiled = report.check(
        "compiling the tests (a minute; the first time 5 to 10)",
        "what is wrong stands above",
        || run_openly(&mut compile),
    );
    if !compiled {
        return;
    }
    let mut tests = cargo();
    tests
        .args(words)
        .arg("--workspace")
        .env("WITBOT_BIN", &built.binaries.bot)
        .env("WITBOT_PLUGINS", &built.plugins_folder)
        .env("WITBOT_GUESTS", &built.guests_folder);
    if nextest {
        tests.arg("--no-fail-fast").args(filter).arg("--");
    } else {
        tests.arg("--").args(filter);
    }
    match local_slack::find(report) {
        Some(program) => tests.env(local_slack::VARIABLE, program),
        None => tests.args(["--skip", local_slack::TESTS]),
    };
    match outside::find(report) {
        Some(folder) => tests.env(outside::VARIABLE, folder),
        None => tests.args(outside::TESTS.iter().flat_map(|name| ["--skip", *name])),
    };
    match alertmanager::find(report) {
        Some(program) => tests.env(alertmanager::VARIABLE, program),
        None => tests.args(["--skip", alertmanager::TESTS]),
    };
    report.tests(
        &format!("the tests of the workspace, with {name} (a minute or two)"),
        "run one alone with `cargo xtask test --quick -- NAME`",
        &mut tests,
    );
}

/// The tests beside the code of the plugins, which run on this machine and not as WebAssembly.
fn plugin_tests(report: &mut Report) {
    report.tests(
        "the tests inside plugins (seconds; the first time a minute)",
        "run them alone with `cargo test` in plugins/",
        guests_cargo("plugins").args(["test", "--workspace", "--no-fail-fast"]),
    );
}

fn documentation_tests(report: &mut Report) {
    report.tests(
        "the examples in the documentation (half a minute)",
        "run them alone with `cargo test --doc`",
        cargo().args(["test", "--workspace", "--doc", "--no-fail-fast"]),
    );
}

/// All targets for a short time. They take a compiler of C++, which is not on every machine that can do all else.
fn fuzzing(report: &mut Report) {
    let compiler = succeeds_within(VERSION_TIME_MAX, Command::new("c++").arg("--version"));
    if !compiler && std::env::var_os("CI").is_none() {
        report.remark("nothing is fuzzed: there is no C++ compiler, `c++`".to_owned());
        return;
    }
    report.check(
        "fuzzing what reads outside bytes (a minute; the first time up to 10)",
        "each input that was found stands above",
        fuzz::short,
    );
}

/// Cargo in a workspace of guests, for this machine.
fn guests_cargo(workspace: &str) -> Command {
    let mut cargo = cargo();
    cargo
        .current_dir(repository().join(workspace))
        .env("CARGO_TARGET_DIR", target_folder().join("guests-native"));
    cargo
}

/// What was found out.
pub struct Report {
    start: Instant,
    counts: Counts,
    failures: Vec<String>,
    remarks: Vec<String>,
}

impl Report {
    fn new() -> Report {
        Report {
            start: Instant::now(),
            counts: Counts::default(),
            failures: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Makes a check, and says whether it went well. `help` is for when it did not.
    fn check(&mut self, what: &str, help: &str, work: impl FnOnce() -> Result<()>) -> bool {
        let result = step(what, work);
        if let Err(error) = &result {
            let name = what.split(" (").next().unwrap_or(what);
            eprintln!("    {error:#}");
            self.failures.push(format!("{name}: {error:#}; {help}"));
        }
        result.is_ok()
    }

    /// Runs tests, and counts them.
    fn tests(&mut self, what: &str, help: &str, command: &mut Command) {
        let mut counts = Counts::default();
        self.check(what, help, || {
            run_overheard(command, |line| {
                counts.add(Counts::read(line).unwrap_or_default())
            })
        });
        self.counts.add(counts);
    }

    /// What is no failure but should be known.
    fn remark(&mut self, text: String) {
        eprintln!("    {text}");
        self.remarks.push(text);
    }

    fn close(self) -> ExitCode {
        eprintln!("==> all of it took {}", seconds(self.start.elapsed()));
        for remark in &self.remarks {
            eprintln!("    note: {remark}");
        }
        for failure in &self.failures {
            eprintln!("    FAILED: {failure}");
        }
        println!("{}", self.counts);
        match self.failures.is_empty() {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        }
    }
}
