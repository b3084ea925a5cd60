//! `witbot plugin build`: makes the file of a plugin, with the tools of its language.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum as _};

use super::language::Language;
use super::test::BUILT;
use super::{Failure, print};

/// What to build.
#[derive(Args)]
pub struct Options {
    /// The project.
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
}

/// Builds it, and says where it is.
pub fn run(options: &Options) -> Result<ExitCode, Failure> {
    let file = build(&options.folder)?;
    let size = fs::metadata(&file).map_or(0, |metadata| metadata.len());
    print(&format!("{}: {} KiB", file.display(), size.div_ceil(1024)))?;
    Ok(ExitCode::SUCCESS)
}

/// Builds a project, and answers the file: `dist/NAME.wasm` in it.
pub(super) fn build(project: &Path) -> anyhow::Result<PathBuf> {
    let Some(language) = Language::of(project) else {
        let marks: Vec<&str> = Language::value_variants()
            .iter()
            .map(|language| language.marked_by())
            .collect();
        bail!(
            "{} is no project of a plugin: it has no {}. `witbot plugin new NAME` begins one",
            project.display(),
            marks.join(", ")
        );
    };
    let made = language.build(project)?;
    let name = made.file_name().context("a file has a name")?;
    // Rust has no hyphens in the names of files, and plugins have no underscores.
    let name = name.to_string_lossy().replace('_', "-");
    let built = project.join(BUILT);
    fs::create_dir_all(&built).with_context(|| format!("cannot make {}", built.display()))?;
    let file = built.join(name);
    if file != made {
        fs::copy(&made, &file).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(file)
}
