//! A Rust compiler that can make WebAssembly: the one that is there, or else one that is fetched.
//!
//! Usually rustup has the target or can add it. Where rustup's own downloads cannot be reached, Debian's packages
//! do: they carry a compiler for browsers together with the sources of the standard library, which is then built along.
//! They are unpacked into a cache folder, and nothing is installed.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cache_folder;
use crate::step::{run, step, succeeds_within};

/// What plugins are built for. The contract's bindings need nothing of WASI, so neither does a plugin.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The target has about 20 MB; whoever needs longer for it is behind something that swallows packets.
const RUSTUP_TIME_MAX: Duration = Duration::from_secs(120);

/// Debian's compiler, the standard library for the host (build scripts need it), and its sources. What these depend on
/// is asked of apt.
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "libstd-rust-web-dev", "rust-web-src"];

/// How cargo is called to make WebAssembly.
pub enum Toolchain {
    /// The ordinary compiler has the target.
    Installed,
    /// Debian's compiler, unpacked in a folder, with the linker of the ordinary one.
    Debian {
        /// Where it was unpacked.
        folder: PathBuf,
        /// `rust-lld`.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// The first that is there already, or else the first that can be fetched.
    pub fn find() -> Result<Toolchain> {
        if target_is_installed() {
            return Ok(Toolchain::Installed);
        }
        let folder = cache_folder()?.join("wasm-toolchain");
        if folder.join("usr").is_dir() {
            return Toolchain::debian(folder);
        }
        let added = step(&format!("adding the target {TARGET} with rustup"), || {
            let mut rustup = Command::new("rustup");
            let in_time = succeeds_within(RUSTUP_TIME_MAX, rustup.args(["target", "add", TARGET]));
            if in_time {
                Ok(())
            } else {
                bail!("rustup is not there, or cannot reach its downloads")
            }
        });
        if added.is_ok() && target_is_installed() {
            return Ok(Toolchain::Installed);
        }
        step("fetching a compiler for WebAssembly from Debian", || {
            fetch(&folder)
        })
        .with_context(|| {
            format!(
                "there is no Rust compiler for WebAssembly, and none could be fetched. \
                 Run `rustup target add {TARGET}` where rustup can download"
            )
        })?;
        Toolchain::debian(folder)
    }

    /// Cargo, set up for this toolchain.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // Flags that were meant for this machine's own processor.
        cargo
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        cargo.args(arguments).args(["--target", TARGET]);
        cargo.envs(self.environment());
        cargo
    }

    /// What cargo finds this toolchain by, whoever calls it.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        match self {
            Toolchain::Installed => Vec::new(),
            Toolchain::Debian { folder, linker } => vec![
                ("RUSTC", folder.join("usr/bin/rustc").into()),
                ("LD_LIBRARY_PATH", libraries(folder).into()),
                // Building the standard library along is a feature of nightly cargo.
                ("RUSTC_BOOTSTRAP", "1".into()),
                ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort".into()),
                (
                    "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
                    linker.clone().into(),
                ),
            ],
        }
    }

    fn debian(folder: PathBuf) -> Result<Toolchain> {
        let linker = linker()?;
        let mut rustc = Command::new(folder.join("usr/bin/rustc"));
        run(rustc.arg("-vV").env("LD_LIBRARY_PATH", libraries(&folder))).with_context(|| {
            format!(
                "the compiler in {} does not run. Remove that folder, and it is fetched again",
                folder.display()
            )
        })?;
        Ok(Toolchain::Debian { folder, linker })
    }
}

fn target_is_installed() -> bool {
    let Ok(folder) =
        run(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))
    else {
        return false;
    };
    fs::read_dir(folder.trim()).is_ok_and(|mut files| files.next().is_some())
}

/// `rust-lld` of the ordinary toolchain, or else LLVM's own.
fn linker() -> Result<PathBuf> {
    let sysroot = run(Command::new("rustc").args(["--print", "sysroot"]))?;
    let version = run(Command::new("rustc").arg("-vV"))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap_or_default();
    let bundled = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(host)
        .join("bin/rust-lld");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let candidates = std::iter::once(bundled.clone())
        .chain(std::env::split_paths(&path).map(|dir| dir.join("wasm-ld")));
    candidates.into_iter().find(|linker| linker.is_file()).with_context(|| {
        format!("there is no linker for WebAssembly: neither {} nor wasm-ld. Run `apt-get install lld`", bundled.display())
    })
}

/// Unpacks Debian's packages below a folder. The `usr` in it is only there when it is whole.
fn fetch(folder: &Path) -> Result<()> {
    let debs = folder.join("debs");
    if debs.exists() {
        // What is left of an earlier time may be of another version.
        fs::remove_dir_all(&debs)?;
    }
    fs::create_dir_all(&debs).with_context(|| format!("{} cannot be made", debs.display()))?;
    let packages = needed_packages()?;
    for package in &packages {
        run(Command::new("apt-get")
            .args(["--quiet", "download", package])
            .current_dir(&debs))?;
    }
    let partial = folder.join("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    for entry in fs::read_dir(&debs)? {
        let deb = entry?.path();
        if deb.extension() == Some(OsStr::new("deb")) {
            run(Command::new("dpkg").arg("-x").arg(&deb).arg(&partial))?;
        }
    }
    fs::rename(partial.join("usr"), folder.join("usr"))
        .context("the packages have no compiler in them")?;
    fs::remove_dir_all(&partial)?;
    Ok(())
}

/// The packages of the compiler, and the shared libraries that it needs and that this machine lacks.
fn needed_packages() -> Result<Vec<String>> {
    if !apt_knows(DEBIAN_PACKAGES[0]) {
        run(Command::new("apt-get").args(["--quiet", "update"]))?;
    }
    if !apt_knows(DEBIAN_PACKAGES[0]) {
        bail!(
            "this system's package sources have no `{}`",
            DEBIAN_PACKAGES[0]
        );
    }
    let mut depends = Command::new("apt-cache");
    depends.args([
        "depends",
        "--recurse",
        "--no-recommends",
        "--no-suggests",
        "--no-conflicts",
    ]);
    depends.args([
        "--no-breaks",
        "--no-replaces",
        "--no-enhances",
        "libstd-rust-web-dev",
    ]);
    let listed = run(&mut depends)?;
    let libraries = package_names(&listed)
        .filter(|package| !is_installed(package))
        .map(str::to_owned);
    let mut packages = DEBIAN_PACKAGES.map(str::to_owned).to_vec();
    packages.extend(libraries);
    packages.sort();
    packages.dedup();
    Ok(packages)
}

/// The packages in what `apt-cache depends --recurse` prints: each stands at the beginning of a line, unless it is a
/// virtual one (`<name>`).
fn package_names(listed: &str) -> impl Iterator<Item = &str> {
    listed
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_alphanumeric()))
}

fn apt_knows(package: &str) -> bool {
    run(Command::new("apt-cache").args(["show", "--no-all-versions", package])).is_ok()
}

fn is_installed(package: &str) -> bool {
    run(Command::new("dpkg-query").args(["--show", "--showformat", "${db:Status-Status}", package]))
        .is_ok_and(|status| status.starts_with("installed"))
}

/// The folder in which Debian keeps shared libraries; there is one for each architecture.
fn libraries(folder: &Path) -> PathBuf {
    folder
        .join("usr/lib")
        .join(format!("{}-linux-gnu", std::env::consts::ARCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_told_from_their_dependencies() {
        let listed = "libstd-rust-web-dev\n  Depends: libstd-rust-web-1.96\nlibstd-rust-web-1.96\n  \
                      Depends: <libc6-virtual>\n<libc6-virtual>\n    libc6\nlibllvm22\n";
        let names = package_names(listed).collect::<Vec<_>>();
        assert_eq!(
            names,
            ["libstd-rust-web-dev", "libstd-rust-web-1.96", "libllvm22"]
        );
    }

    #[test]
    fn debians_compiler_builds_the_standard_library_along() {
        let toolchain = Toolchain::Debian {
            folder: "/cache".into(),
            linker: "/bin/rust-lld".into(),
        };
        let cargo = toolchain.cargo(&["build"]);
        let arguments = cargo.get_args().collect::<Vec<_>>();
        assert_eq!(arguments, ["build", "--target", TARGET]);
        let variable = |wanted: &str| {
            let mut variables = cargo.get_envs();
            variables
                .find(|(name, _)| *name == wanted)
                .and_then(|(_, value)| value)
        };
        assert_eq!(variable("RUSTC"), Some(OsStr::new("/cache/usr/bin/rustc")));
        assert_eq!(
            variable("CARGO_UNSTABLE_BUILD_STD"),
            Some(OsStr::new("std,panic_abort"))
        );
    }
}
