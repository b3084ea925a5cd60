//! `cargo xtask release-contract`: keeps a copy of the contract as it is when a version of it is released. Tests compare every
//! later contract with all of these copies: plugins that were built for them have to fit for as long as they are offered.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::repository;

/// What is kept.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Replaces the copy of this version, which nobody has built plugins for yet.
    #[arg(long)]
    again: bool,
}

/// Copies `wit/` to `wit/released/VERSION`.
pub fn release(options: &Options) -> Result<()> {
    let contract = repository().join("wit");
    let world = fs::read_to_string(contract.join("world.wit"))?;
    let version =
        version(&world).context("wit/world.wit names no `package witbot:plugin@VERSION;`")?;
    let copy = contract.join("released").join(version);
    if copy.exists() {
        if !options.again {
            bail!(
                "the contract {version} is released already: raise the versions in wit/ (CONTRIBUTING.md says how), or, while \
                 nobody has it, replace the copy with `cargo xtask release-contract --again`"
            );
        }
        fs::remove_dir_all(&copy)?;
    }
    copy_files(&contract, &copy)?;
    for entry in fs::read_dir(contract.join("deps"))? {
        let package = entry?.path();
        let name = package.file_name().context("it has a name")?;
        copy_files(&package, &copy.join("deps").join(name))?;
    }
    println!("The contract {version} is kept in wit/released/{version}.");
    Ok(())
}

fn version(world: &str) -> Option<&str> {
    let mut lines = world.lines();
    lines.find_map(|line| {
        line.strip_prefix("package witbot:plugin@")?
            .strip_suffix(';')
    })
}

/// The .wit files of one folder, without those below it.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "wit") {
            let name = file.file_name().context("it has a name")?;
            fs::copy(&file, to.join(name))?;
        }
    }
    Ok(())
}
