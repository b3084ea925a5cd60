//! What the author of a plugin does, in each language: begins one, builds it, and has conversations with it; and the same example
//! in all of them, with the same conversations. Then the tests of the SDKs themselves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Built, Report, npm};
use crate::step::{run, succeeds_within};
use crate::toolchain::Toolchain;
use crate::{repository, target_folder};

/// A language that plugins are written in.
struct Language {
    /// As `witbot plugin new --lang` names it.
    name: &'static str,
    /// The file in which a project names its SDK.
    manifest: &'static str,
    /// Why there can be nothing of it on this machine.
    is_here: fn() -> Result<()>,
}

const LANGUAGES: [Language; 4] = [
    Language {
        name: "rust",
        manifest: "Cargo.toml",
        is_here: || Ok(()),
    },
    Language {
        name: "typescript",
        manifest: "package.json",
        is_here: npm::is_here,
    },
    Language {
        name: "python",
        manifest: "pyproject.toml",
        is_here: python_is_here,
    },
    Language {
        name: "c",
        manifest: "Makefile",
        is_here: clang_is_here,
    },
];

fn clang_is_here() -> Result<()> {
    const MOMENT: Duration = Duration::from_secs(60);
    for program in ["clang", "wasm-ld", "make"] {
        if !succeeds_within(MOMENT, Command::new(program).arg("--version")) {
            bail!("{program} is not here; sdk/c/README.md says how to get it");
        }
    }
    Ok(())
}

fn python_is_here() -> Result<()> {
    const MOMENT: Duration = Duration::from_secs(60);
    let asks = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
    if !succeeds_within(MOMENT, Command::new("python3").args(["-c", asks])) {
        bail!("Python 3.11 with venv is not here; sdk/python/README.md says how to get it");
    }
    Ok(())
}

/// The example that there is in each language.
const EXAMPLE: &str = "standup";

/// Does all of it.
pub fn check(report: &mut Report, built: &Built) {
    let folder = target_folder().join("authors");
    for language in &LANGUAGES {
        if let Err(error) = (language.is_here)() {
            let name = language.name;
            report.remark(format!("plugins in {name} are left out: {error:#}"));
            continue;
        }
        let author = Author {
            language,
            bot: &built.binaries.bot,
            folder: folder.join(language.name),
        };
        let name = language.name;
        report.check(
            &format!("a new plugin in {name}, and {EXAMPLE}, as an author builds and tests them"),
            "do it by hand with `witbot plugin new`",
            || author.works(),
        );
    }
    if npm::is_here().is_ok() {
        report.check(
            "the tests of the SDK for TypeScript",
            "run `npm test` in sdk/typescript",
            || typescript(&folder),
        );
    }
    if python_is_here().is_ok() {
        report.check(
            "the tests of the SDK for Python, and what mypy says of it",
            "do it by hand; sdk/python/README.md says how",
            || python(&folder),
        );
    }
    if clang_is_here().is_ok() {
        report.check(
            "the tests of the SDK for C",
            "run `make test` in sdk/c",
            || c(&folder),
        );
    }
}

/// Somebody who writes plugins in a language.
struct Author<'a> {
    language: &'a Language,
    bot: &'a Path,
    folder: PathBuf,
}

impl Author<'_> {
    fn works(&self) -> Result<()> {
        anew(&self.folder)?;
        let begun = self.begin("stand-up")?;
        self.witbot(&["plugin", "build"], &begun)?;
        self.witbot(&["plugin", "test"], &begun)?;

        let example = self.begin(EXAMPLE)?;
        let written = repository().join("sdk").join(self.language.name);
        copy(&written.join("examples").join(EXAMPLE), &example)?;
        let manifest = example.join(self.language.manifest);
        // In the repository an example has the SDK above it, and in a project beside it.
        let text = fs::read_to_string(&manifest)?;
        fs::write(&manifest, text.replace("../..", "witbot-sdk"))?;
        self.witbot(&["plugin", "build"], &example)?;
        let conversations = repository().join("sdk/conversations").join(EXAMPLE);
        let plugin = example.join(format!("dist/{EXAMPLE}.wasm"));
        let (conversations, plugin) = (text_of(&conversations)?, text_of(&plugin)?);
        self.witbot(
            &[
                "plugin",
                "test",
                conversations,
                "--plugin",
                plugin,
                "--crash",
            ],
            &example,
        )
    }

    fn begin(&self, name: &str) -> Result<PathBuf> {
        let lang = ["plugin", "new", name, "--lang", self.language.name];
        self.witbot(&lang, &self.folder)?;
        Ok(self.folder.join(name))
    }

    fn witbot(&self, arguments: &[&str], folder: &Path) -> Result<()> {
        let mut witbot = Command::new(self.bot);
        witbot.args(arguments).current_dir(folder);
        witbot
            .envs(Toolchain::find()?.environment())
            // All of them share the standard library when it is built along.
            .env("CARGO_TARGET_DIR", target_folder().join("guests"));
        run(&mut witbot).map(drop)
    }
}

/// In a copy, as its packages do not belong into the repository.
fn typescript(folder: &Path) -> Result<()> {
    let (sdk, copied) = (
        repository().join("sdk/typescript"),
        folder.join("sdk/typescript"),
    );
    anew(&copied)?;
    copy(&sdk, &copied)?;
    let contract = folder.join("wit");
    anew(&contract)?;
    copy(&repository().join("wit"), &contract)?;
    for arguments in [
        &["install", "--no-package-lock", "--no-audit", "--no-fund"][..],
        &["run", "check"],
        &["test"],
    ] {
        run(Command::new("npm").args(arguments).current_dir(&copied))
            .with_context(|| format!("npm {}", arguments.join(" ")))?;
    }
    Ok(())
}

fn python(folder: &Path) -> Result<()> {
    let sdk = folder.join("sdk/python");
    anew(&sdk)?;
    copy(&repository().join("sdk/python"), &sdk)?;
    let contract = folder.join("wit");
    anew(&contract)?;
    copy(&repository().join("wit"), &contract)?;
    run(Command::new("python3")
        .args(["-m", "venv", ".venv"])
        .current_dir(&sdk))?;
    let tool = |name: &str, arguments: &[&str]| {
        let mut tool = Command::new(sdk.join(".venv/bin").join(name));
        tool.args(arguments).current_dir(&sdk);
        tool.env("MYPYPATH", "bindings:examples/standup");
        run(&mut tool).with_context(|| format!("{name} {}", arguments.join(" ")))
    };
    tool("pip", &["install", "--quiet", "--editable", ".[dev]"])?;
    tool(
        "python",
        &["-m", "unittest", "discover", "-t", ".", "-s", "tests"],
    )?;
    let bindings = [
        "-q",
        "-d",
        "../../wit",
        "-w",
        "plugin",
        "bindings",
        "bindings",
    ];
    tool("componentize-py", &bindings)?;
    tool("mypy", &["src", "tests", "examples/standup"]).map(drop)
}

fn c(folder: &Path) -> Result<()> {
    let copied = folder.join("sdk/c");
    anew(&copied)?;
    copy(&repository().join("sdk/c"), &copied)?;
    run(Command::new("make").arg("test").current_dir(&copied)).map(drop)
}

fn anew(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(())
}

/// Copies a folder into another, but for what was built in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    const BUILT: [&str; 4] = ["node_modules", "dist", "target", "__pycache__"];
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let path = entry?.path();
        let name = path.file_name().context("it has a name")?;
        if BUILT.iter().any(|built| name == *built) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

fn text_of(path: &Path) -> Result<&str> {
    match path.to_str() {
        Some(text) => Ok(text),
        None => bail!("{} cannot be written on a command line", path.display()),
    }
}
