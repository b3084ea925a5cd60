//! Building plugins, and other guests, for WebAssembly.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::step::step;
use crate::toolchain::Toolchain;
use crate::{repository, target_folder};

/// Builds all members of a workspace of guests, and returns the files that came of it, in order of their names.
///
/// They are core modules that carry their component type; witbot wraps them when it loads them.
pub fn build_guests(workspace: &Path) -> Result<Vec<PathBuf>> {
    let toolchain = Toolchain::find()?;
    let shown = workspace.strip_prefix(repository()).unwrap_or(workspace);
    step(
        &format!(
            "building {} for WebAssembly (seconds; the first time up to 5 minutes)",
            shown.display()
        ),
        || build(&toolchain, workspace),
    )
}

/// Copies guests into a folder, which is made when it is not there. A bot that watches the folder sees whole files only.
pub fn copy(guests: &[PathBuf], folder: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    guests.iter().map(|guest| copy_one(guest, folder)).collect()
}

fn build(toolchain: &Toolchain, workspace: &Path) -> Result<Vec<PathBuf>> {
    let output = toolchain
        .cargo(&[
            "build",
            "--release",
            "--message-format",
            "json-render-diagnostics",
        ])
        .current_dir(workspace)
        // One folder for all guests, so that they share the standard library when it is built along.
        .env("CARGO_TARGET_DIR", target_folder().join("guests"))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo could not be started")?;
    if !output.status.success() {
        bail!("the guests in {} could not be built", workspace.display());
    }
    let mut files = String::from_utf8_lossy(&output.stdout)
        .lines()
        .flat_map(wasm_files)
        .collect::<Vec<_>>();
    files.sort();
    Ok(files)
}

/// The WebAssembly files that one of cargo's messages tells of.
fn wasm_files(message: &str) -> Vec<PathBuf> {
    let Ok(message) = serde_json::from_str::<Value>(message) else {
        return Vec::new();
    };
    if message["reason"] != "compiler-artifact" {
        return Vec::new();
    }
    let names = message["filenames"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    names
        .map(PathBuf::from)
        .filter(|file| file.extension() == Some(OsStr::new("wasm")))
        .collect()
}

fn copy_one(guest: &Path, folder: &Path) -> Result<PathBuf> {
    let stem = guest
        .file_stem()
        .and_then(OsStr::to_str)
        .context("a guest without a name")?;
    // Cargo writes `_` for `-` in the names of libraries; plugins are named as their packages.
    let name = stem.replace('_', "-");
    let partial = folder.join(format!(".{name}.partial"));
    let file = folder.join(format!("{name}.wasm"));
    fs::copy(guest, &partial)
        .and_then(|_| fs::rename(&partial, &file))
        .with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_taken_from_cargos_messages() {
        let message = r#"{"reason":"compiler-artifact","filenames":["/t/release/hello.wasm","/t/release/hello.d"]}"#;
        assert_eq!(
            wasm_files(message),
            [PathBuf::from("/t/release/hello.wasm")]
        );
        assert!(wasm_files(r#"{"reason":"build-finished","success":true}"#).is_empty());
        assert!(wasm_files("   Compiling something").is_empty());
    }
}
