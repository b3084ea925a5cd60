//! The project's own commands: `cargo xtask <task>`. Each task is a module, and is named here.

mod guests;
mod step;
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands.")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the plugins in `plugins/` for WebAssembly, into `target/plugins`.
    Plugins,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Plugins => plugins(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn plugins() -> Result<()> {
    let folder = target_folder().join("plugins");
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
