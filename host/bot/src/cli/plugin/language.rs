//! The languages that there is an SDK for, and how a plugin in each is built: by the language's own tools.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use serde_json::Value;

use super::new::SDK;
use super::test::BUILT;

/// What plugins in Rust are built for: it needs nothing of WASI.
const TARGET: &str = "wasm32-unknown-unknown";
/// The oldest Node.js that the tools run on.
const NODE_MIN: (u32, u32) = (20, 11);
/// The oldest Python that the tools run on.
const PYTHON_MIN: (u32, u32) = (3, 11);
/// The oldest Rust that the SDK is built with.
const RUST_MIN: (u32, u32) = (1, 95);

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Rust, by cargo.
    Rust,
    /// TypeScript, by npm.
    Typescript,
    /// Python, by pip and componentize-py.
    Python,
    /// C, by make and clang.
    C,
}

impl Language {
    /// The language of a project, by the file that its tools need.
    pub fn of(project: &Path) -> Option<Language> {
        let all = Language::value_variants();
        let found = all
            .iter()
            .find(|one| project.join(one.marked_by()).is_file());
        found.copied()
    }

    /// The file that a project of this language has.
    pub fn marked_by(self) -> &'static str {
        match self {
            Language::Rust => "Cargo.toml",
            Language::Typescript => "package.json",
            Language::Python => "pyproject.toml",
            Language::C => "Makefile",
        }
    }

    /// Builds a project, and answers the file that came of it. Its tools speak for themselves.
    pub fn build(self, project: &Path) -> anyhow::Result<PathBuf> {
        match self {
            Language::Rust => rust(project),
            Language::Typescript => typescript(project),
            Language::Python => python(project),
            Language::C => c(project),
        }
    }
}

fn rust(project: &Path) -> anyhow::Result<PathBuf> {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = printed(Command::new(&compiler).arg("--version"))
        .context("there is no Rust: install it from https://rustup.rs")?;
    if let Some(found) = number(&version).filter(|found| *found < RUST_MIN) {
        bail!(
            "Rust {}.{} is too old: `rustup update stable` brings {}.{} or newer",
            found.0,
            found.1,
            RUST_MIN.0,
            RUST_MIN.1
        );
    }
    // Who builds the standard library along needs none that is there already.
    if std::env::var_os("CARGO_UNSTABLE_BUILD_STD").is_none() {
        let there =
            printed(Command::new(&compiler).args(["--print", "target-libdir", "--target", TARGET]));
        let there = there.is_ok_and(|folder| Path::new(folder.trim()).is_dir());
        if !there {
            bail!("Rust cannot build for WebAssembly yet: `rustup target add {TARGET}`");
        }
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(cargo);
    // Flags that were meant for this machine's own processor.
    cargo
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .args(["build", "--release", "--target", TARGET])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(project)
        .stderr(Stdio::inherit());
    let output = cargo
        .output()
        .context("cargo cannot be started: install Rust from https://rustup.rs")?;
    if !output.status.success() {
        bail!("cargo could not build it: see above");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    made(&messages).context(
        "cargo made no .wasm file: Cargo.toml has to have `[lib]` with `crate-type = [\"cdylib\"]`",
    )
}

fn typescript(project: &Path) -> anyhow::Result<PathBuf> {
    const GET: &str = "install it, 20.11 or newer, from https://nodejs.org";
    let version = printed(Command::new("node").arg("--version"))
        .with_context(|| format!("there is no Node.js: {GET}"))?;
    if let Some(found) = number(version.trim_start_matches('v')).filter(|found| *found < NODE_MIN) {
        bail!("Node.js {}.{} is too old: {GET}", found.0, found.1);
    }
    if !project.join("node_modules").is_dir() {
        npm(project, &["install", "--no-audit", "--no-fund"])
            .context("npm could not install what the build needs: see above")?;
    }
    npm(project, &["run", "build", "--silent"]).context("it could not be built: see above")?;
    let package = std::fs::read_to_string(project.join("package.json"))?;
    let package: Value = serde_json::from_str(&package).context("package.json is not JSON")?;
    let name = package["name"]
        .as_str()
        .context("package.json has no `name`")?;
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    Ok(project.join(BUILT).join(format!("{name}.wasm")))
}

fn python(project: &Path) -> anyhow::Result<PathBuf> {
    const GET: &str = "install it, 3.11 or newer, from https://www.python.org";
    let environment = project.join(".venv");
    if !environment.is_dir() {
        let version = printed(Command::new("python3").arg("--version"))
            .with_context(|| format!("there is no Python: {GET}"))?;
        if let Some(found) = number(&version).filter(|found| *found < PYTHON_MIN) {
            bail!("Python {}.{} is too old: {GET}", found.0, found.1);
        }
        if let Err(error) = install(&environment, project) {
            // What is there in part would be taken for all of it.
            let _ = std::fs::remove_dir_all(&environment);
            return Err(error);
        }
    }
    let mut build = Command::new(environment.join("bin/python"));
    build.args(["-m", "witbot", "build", "."]);
    quietly(&mut build, project).context("it could not be built: see above")?;
    let manifest = std::fs::read_to_string(project.join("pyproject.toml"))?;
    let manifest: toml::Table = manifest.parse().context("pyproject.toml is not TOML")?;
    let name = manifest.get("project").and_then(|about| about.get("name"));
    let name = name.and_then(toml::Value::as_str);
    let name = name.context("pyproject.toml has no `name` in `[project]`")?;
    Ok(project.join(BUILT).join(format!("{name}.wasm")))
}

/// Makes a virtual environment with the SDK, which brings what the build needs.
fn install(environment: &Path, project: &Path) -> anyhow::Result<()> {
    let mut make = Command::new("python3");
    make.args(["-m", "venv", ".venv"]);
    quietly(&mut make, project).context(
        "Python could not make a virtual environment: on Debian, `apt-get install python3-venv` brings what it needs",
    )?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    let mut install = Command::new(environment.join("bin/python"));
    install.args(pip).arg(format!("./{SDK}"));
    quietly(&mut install, project).context("pip could not install what the build needs: see above")
}

/// The Makefile looks for the tools itself, and says what is missing.
fn c(project: &Path) -> anyhow::Result<PathBuf> {
    let mut make = Command::new("make");
    make.arg("--silent").current_dir(project);
    let status = make.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status =
        status.context("make cannot be started: on Debian, `apt-get install make` brings it")?;
    if !status.success() {
        bail!("make could not build it: see above");
    }
    let makefile = std::fs::read_to_string(project.join("Makefile"))?;
    let name = named(&makefile).context("the Makefile has no line `NAME := …`")?;
    Ok(project.join(BUILT).join(format!("{name}.wasm")))
}

/// What a Makefile calls the plugin.
fn named(makefile: &str) -> Option<&str> {
    let mut lines = makefile.lines();
    lines.find_map(|line| {
        Some(
            line.strip_prefix("NAME")?
                .trim_start()
                .strip_prefix(":=")?
                .trim(),
        )
    })
}

fn npm(project: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    quietly(Command::new("npm").args(arguments), project)
}

/// Runs a tool in a project. What it prints is about itself; what is wrong is on the other stream.
fn quietly(tool: &mut Command, project: &Path) -> anyhow::Result<()> {
    let name = tool.get_program().to_string_lossy().into_owned();
    tool.current_dir(project);
    let status = tool.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("{name} cannot be started"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

/// The file that cargo tells of last.
fn made(messages: &str) -> Option<PathBuf> {
    let messages = messages.lines().rev();
    let artifacts = messages
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact");
    let mut files = artifacts.flat_map(|artifact| {
        let files = artifact["filenames"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        files
            .into_iter()
            .filter_map(|file| Some(PathBuf::from(file.as_str()?)))
    });
    files.find(|file| {
        file.extension()
            .is_some_and(|extension| extension == "wasm")
    })
}

fn printed(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stderr(Stdio::null()).output()?;
    if !output.status.success() {
        bail!("it ended with {}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The first two numbers of a version: `rustc 1.95.0 (…)`.
fn number(text: &str) -> Option<(u32, u32)> {
    let version = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_tools_say_of_themselves() {
        assert_eq!(number("rustc 1.95.0 (59807616e 2026-04-14)"), Some((1, 95)));
        assert_eq!(number("rustc 1.9"), Some((1, 9)));
        assert_eq!(number("v.x"), None);
    }

    #[test]
    fn a_makefile_names_the_plugin() {
        let makefile = "# NAME\nNAME := stand-up\nSOURCES := x\n";
        assert_eq!(named(makefile), Some("stand-up"));
        assert_eq!(named("NAMES := x"), None);
    }

    #[test]
    fn the_file_is_the_last_that_cargo_tells_of() {
        let messages = "{\"reason\":\"compiler-artifact\",\"filenames\":[\"/x/libdep.rlib\"]}\n\
            {\"reason\":\"compiler-artifact\",\"filenames\":[\"/x/a.d\",\"/x/a.wasm\"]}\n{\"reason\":\"build-finished\"}\nno JSON";
        assert_eq!(made(messages), Some(PathBuf::from("/x/a.wasm")));
        assert_eq!(made(""), None);
    }
}
