//! `witbot plugin new`: a small project that builds, and passes its test, as it is. The SDK that belongs to this witbot is put into
//! it, so that nothing has to be fetched from anywhere but what the language itself needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use include_dir::{Dir, include_dir};
use toml::{Table, Value};
use witbot_core::ids::PluginName;
use witbot_engine::CONTRACT_FILES;

use super::language::Language;
use super::{Failure, print};
use crate::live::OWN_NAME;

/// The folder of the SDK in a project.
pub(super) const SDK: &str = "witbot-sdk";

/// What to begin.
#[derive(Args)]
pub struct Options {
    /// What the plugin is called: small letters, digits and hyphens. Its file, its settings and its folder have this name.
    name: String,
    /// The language that it is written in.
    #[arg(long, value_enum)]
    lang: Language,
    /// Where to make the folder, if not here.
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    into: PathBuf,
}

/// Files of an SDK, by their path in it.
struct Sdk {
    template: &'static Dir<'static>,
    parts: Vec<(&'static str, &'static Dir<'static>)>,
    files: Vec<(&'static str, String)>,
}

static RUST_TEMPLATE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk/rust/template");
static RUST_SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk/rust/src");
static TYPESCRIPT_TEMPLATE: Dir<'_> =
    include_dir!("$CARGO_MANIFEST_DIR/../../sdk/typescript/template");
static TYPESCRIPT_SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk/typescript/src");
static TYPESCRIPT_BUILD: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk/typescript/build");
static PYTHON_TEMPLATE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk/python/template");
static PYTHON_SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk/python/src");
static C_TEMPLATE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk/c/template");
static C_SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk/c/src");
static C_GENERATED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk/c/generated");
/// What projects in all languages have: they begin with the same command.
static TEMPLATE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk/template");

/// A file of an SDK, as it is.
macro_rules! as_it_is {
    ($sdk:literal, $path:literal) => {
        (
            $path,
            include_str!(concat!("../../../../../sdk/", $sdk, "/", $path)).to_owned(),
        )
    };
}

/// Writes the project.
pub fn run(options: &Options) -> Result<ExitCode, Failure> {
    let name = name(&options.name)?;
    let project = options.into.join(name.as_str());
    if project.exists() {
        return Err(anyhow::anyhow!(
            "{} is there already: take another name, or another folder with --into",
            project.display()
        )
        .into());
    }
    write(&name, &project, &sdk(options.lang)?)
        .with_context(|| format!("cannot write {}", project.display()))?;
    let folder = project.display();
    print(&format!(
        "{folder} is a plugin now. Build it and test it:\n\n  cd {folder}\n  witbot plugin build\n  witbot plugin test\n\n\
         Its README.md says the rest."
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn name(text: &str) -> anyhow::Result<PluginName> {
    let name: PluginName = text
        .parse()
        .with_context(|| format!("`{text}` is no name for a plugin"))?;
    if name.as_str() == OWN_NAME {
        bail!("`{OWN_NAME}` is the name of the bot's own commands: take another one");
    }
    Ok(name)
}

fn sdk(language: Language) -> anyhow::Result<Sdk> {
    Ok(match language {
        Language::Rust => Sdk {
            template: &RUST_TEMPLATE,
            parts: vec![("src", &RUST_SOURCES)],
            files: vec![("Cargo.toml", manifest()?)],
        },
        Language::Typescript => Sdk {
            template: &TYPESCRIPT_TEMPLATE,
            parts: vec![("src", &TYPESCRIPT_SOURCES), ("build", &TYPESCRIPT_BUILD)],
            files: vec![
                as_it_is!("typescript", "package.json"),
                as_it_is!("typescript", "tsconfig.plugin.json"),
                as_it_is!("typescript", "README.md"),
            ],
        },
        Language::Python => Sdk {
            template: &PYTHON_TEMPLATE,
            parts: vec![("src", &PYTHON_SOURCES)],
            files: vec![
                as_it_is!("python", "pyproject.toml"),
                as_it_is!("python", "hatch_build.py"),
                as_it_is!("python", "README.md"),
            ],
        },
        Language::C => Sdk {
            template: &C_TEMPLATE,
            parts: vec![("src", &C_SOURCES), ("generated", &C_GENERATED)],
            files: vec![
                as_it_is!("c", "witbot.h"),
                as_it_is!("c", "witbot_services.h"),
                as_it_is!("c", "witbot.mk"),
                as_it_is!("c", "README.md"),
            ],
        },
    })
}

fn write(name: &PluginName, project: &Path, sdk: &Sdk) -> anyhow::Result<()> {
    let named = |text: &str| {
        text.replace("{{name}}", name.as_str())
            .replace("{{ident}}", &name.as_str().replace('-', "_"))
    };
    for file in all(sdk.template).into_iter().chain(all(&TEMPLATE)) {
        let path = project.join(named(&file.path().to_string_lossy()));
        let text = file.contents_utf8().context("templates are text")?;
        put(&path, named(text).as_bytes())?;
    }
    let into = project.join(SDK);
    for (folder, part) in &sdk.parts {
        for file in all(part) {
            let path = into.join(folder).join(file.path());
            match file.contents_utf8() {
                Some(text) => put(&path, within_project(text).as_bytes())?,
                None => put(&path, file.contents())?,
            }
        }
    }
    for (path, text) in &sdk.files {
        put(&into.join(path), within_project(text).as_bytes())?;
    }
    for (path, text) in CONTRACT_FILES {
        put(&into.join("wit").join(path), text.as_bytes())?;
    }
    Ok(())
}

/// Where the contract is, seen from an SDK in a project.
fn within_project(text: &str) -> String {
    text.replace("\"../../wit\"", "\"wit\"")
}

fn put(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content)
}

/// All files below a folder, without those that Python leaves beside its own.
fn all(folder: &'static Dir<'static>) -> Vec<&'static include_dir::File<'static>> {
    let own = |dir: &&Dir<'_>| !dir.path().ends_with("__pycache__");
    let below = folder.dirs().filter(own).flat_map(all);
    folder.files().chain(below).collect()
}

/// The manifest of the SDK, which here takes much from that of all of witbot.
fn manifest() -> anyhow::Result<String> {
    const OWN: &str = include_str!("../../../../../sdk/rust/Cargo.toml");
    const COMMON: &str = include_str!("../../../../../Cargo.toml");
    let common: Table = COMMON.parse()?;
    let common = common.get("workspace").and_then(Value::as_table);
    let common = common.context("it has a workspace")?;
    let mut own: Table = OWN.parse()?;
    for section in ["package", "dependencies"] {
        let theirs = common.get(section).and_then(Value::as_table);
        let theirs = theirs.context("it has what is common to all")?;
        let own = own.get_mut(section).and_then(Value::as_table_mut);
        for (key, value) in own.context("it has what every manifest has")? {
            let is_common = value.get("workspace").is_some();
            if let Some(theirs) = theirs.get(key).filter(|_| is_common) {
                *value = theirs.clone();
            }
        }
    }
    // Its warnings are not the author's.
    own.remove("lints");
    Ok(toml::to_string(&own)?)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    /// The files of a new project, by their paths.
    fn project(language: Language) -> std::collections::BTreeMap<String, String> {
        fn read(
            folder: &Path,
            below: &Path,
            files: &mut std::collections::BTreeMap<String, String>,
        ) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    read(&path, below, files);
                } else {
                    let name = path.strip_prefix(below).unwrap().display().to_string();
                    let content = fs::read(&path).unwrap();
                    files.insert(name, String::from_utf8_lossy(&content).into_owned());
                }
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let name = name("stand-up").unwrap();
        write(&name, folder.path(), &sdk(language).unwrap()).unwrap();
        let mut files = std::collections::BTreeMap::new();
        read(folder.path(), folder.path(), &mut files);
        files
    }

    #[test]
    fn a_project_has_all_that_it_needs_and_no_blanks() {
        for language in Language::value_variants() {
            let files = project(*language);
            let own = files.iter().filter(|(path, _)| !path.starts_with(SDK));
            for (path, text) in own {
                assert!(!text.contains("{{"), "{path}: {text}");
            }
            for path in [
                language.marked_by(),
                "README.md",
                ".gitignore",
                "conversations/stand-up.chat",
                "conversations/greeting.chat",
                "witbot-sdk/wit/world.wit",
                "witbot-sdk/wit/deps/kv/kv.wit",
            ] {
                assert!(files.contains_key(path), "{language:?}: {path}");
            }
        }
    }

    #[test]
    fn the_sdk_for_rust_stands_by_itself() {
        let files = project(Language::Rust);
        let manifest = &files["witbot-sdk/Cargo.toml"];
        assert!(!manifest.contains("workspace"), "{manifest}");
        assert!(
            manifest.contains("wit-bindgen") && manifest.contains("1.95"),
            "{manifest}"
        );
        assert!(files["witbot-sdk/src/bindings.rs"].contains("path: \"wit\""));
    }

    /// What the package says that it has is what is put into a project.
    #[test]
    fn the_sdk_for_typescript_is_whole() {
        let files = project(Language::Typescript);
        let package: serde_json::Value =
            serde_json::from_str(&files["witbot-sdk/package.json"]).unwrap();
        for part in package["files"].as_array().unwrap() {
            let part = format!("{SDK}/{}", part.as_str().unwrap());
            assert!(files.keys().any(|path| path.starts_with(&part)), "{part}");
        }
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        for wrong in ["", "Stand", "a b", "../x", "witbot"] {
            name(wrong).unwrap_err();
        }
    }
}
