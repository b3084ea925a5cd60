//! The project's own commands: `cargo xtask <task>`. Each task is a module, and is named here.

mod binaries;
mod contract;
mod demo;
mod fuzz;
mod guests;
mod http;
mod reference;
mod step;
mod test;
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands.")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs the bot in this terminal, with stand-ins for GitHub and CircleCI.
    Demo(demo::Options),
    /// Runs all tests and checks, as CI does.
    Test(test::Options),
    /// Tries everything that reads outside bytes with bytes that nobody would think of.
    Fuzz(fuzz::Options),
    /// Keeps a copy of the contract in `wit/` under its version, for tests of all later ones.
    ReleaseContract(contract::Options),
    /// Writes the pages about the contract, from what `wit/` says.
    Reference,
    /// Builds the plugins in `plugins/` for WebAssembly.
    Plugins {
        /// Where they are put; `target/plugins` unless named.
        #[arg(long, value_name = "FOLDER")]
        into: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::ReleaseContract(options) => contract::release(&options).map(|()| ExitCode::SUCCESS),
        Task::Reference => reference::write().map(|()| ExitCode::SUCCESS),
        Task::Plugins { into } => plugins(into).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}

fn plugins(into: Option<PathBuf>) -> Result<()> {
    let folder = into.unwrap_or_else(|| target_folder().join("plugins"));
    for file in guests::copy(
        &guests::build_guests(&repository().join("plugins"))?,
        &folder,
    )? {
        println!("{}", file.display());
    }
    Ok(())
}

/// The root of the repository.
fn repository() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Where cargo puts what it builds.
fn target_folder() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        // As cargo does, relative to where it was called.
        Some(folder) => std::path::absolute(&folder).unwrap_or_else(|_| folder.into()),
        None => repository().join("target"),
    }
}

/// Where things are kept that can be fetched again.
fn cache_folder() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME") {
        Some(folder) if Path::new(&folder).is_absolute() => PathBuf::from(folder),
        Some(_) | None => std::env::home_dir()
            .context("there is no home folder; set `XDG_CACHE_HOME`")?
            .join(".cache"),
    };
    Ok(base.join("witbot"))
}
