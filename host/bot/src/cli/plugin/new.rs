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
const SDK: &str = "witbot-sdk";

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
    })
}

fn write(name: &PluginName, project: &Path, sdk: &Sdk) -> anyhow::Result<()> {
    let named = |text: &str| {
        text.replace("{{name}}", name.as_str())
            .replace("{{ident}}", &name.as_str().replace('-', "_"))
    };
    for file in all(sdk.template) {
        let path = project.join(named(&file.path().to_string_lossy()));
        let text = file.contents_utf8().context("templates are text")?;
        put(&path, &named(text))?;
    }
    let into = project.join(SDK);
    for (folder, part) in &sdk.parts {
        for file in all(part) {
            let text = file.contents_utf8().context("an SDK is text")?;
            put(&into.join(folder).join(file.path()), &within_project(text))?;
        }
    }
    for (path, text) in &sdk.files {
        put(&into.join(path), text)?;
    }
    for (path, text) in CONTRACT_FILES {
        put(&into.join("wit").join(path), text)?;
    }
    Ok(())
}

/// Where the contract is, seen from an SDK in a project.
fn within_project(text: &str) -> String {
    text.replace("path: \"../../wit\"", "path: \"wit\"")
}

fn put(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

fn all(folder: &'static Dir<'static>) -> Vec<&'static include_dir::File<'static>> {
    let below = folder.dirs().flat_map(all);
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
    use super::*;

    #[test]
    fn a_project_has_all_that_it_needs_and_no_blanks() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("stand-up");
        let name = name("stand-up").unwrap();
        write(&name, &project, &sdk(Language::Rust).unwrap()).unwrap();
        let read = |path: &str| fs::read_to_string(project.join(path)).unwrap();
        for path in [
            "Cargo.toml",
            "src/lib.rs",
            "conversations/stand-up.chat",
            "README.md",
            ".gitignore",
        ] {
            let text = read(path);
            assert!(!text.contains("{{"), "{path}: {text}");
        }
        let manifest = read("witbot-sdk/Cargo.toml");
        assert!(!manifest.contains("workspace"), "{manifest}");
        assert!(
            manifest.contains("wit-bindgen") && manifest.contains("1.95"),
            "{manifest}"
        );
        assert!(read("witbot-sdk/src/bindings.rs").contains("path: \"wit\""));
        assert!(read("witbot-sdk/wit/deps/kv/kv.wit").contains("interface kv"));
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        for wrong in ["", "Stand", "a b", "../x", "witbot"] {
            name(wrong).unwrap_err();
        }
    }
}
