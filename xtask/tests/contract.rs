//! The contract in `wit/` can be read, has a version everywhere, and says what each of its items is for.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wit_component::semver_check;
use wit_parser::{Docs, PackageId, Resolve};

/// The folder, read as tools of plugin authors read it.
fn contract() -> (Resolve, PackageId) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(&folder)
        .unwrap_or_else(|error| panic!("{error:#}"));
    (resolve, package)
}

#[test]
fn every_package_has_a_version() {
    let (resolve, _) = contract();
    let names = resolve.packages.iter().map(|(_, package)| &package.name);
    let ours = names
        .filter(|name| name.namespace == "witbot")
        .collect::<Vec<_>>();
    assert!(ours.len() >= 9, "{ours:?}");
    for name in ours {
        assert!(name.version.is_some(), "{name} has no version");
    }
}

#[test]
fn plugins_can_target_both_worlds() {
    let (resolve, package) = contract();
    for world in ["base", "plugin"] {
        resolve
            .select_world(&[package], Some(world))
            .unwrap_or_else(|error| panic!("{error:#}"));
    }
}

#[test]
fn every_item_is_documented() {
    let (resolve, _) = contract();
    let mut silent = Vec::new();
    let mut items = 0;
    let mut look = |docs: &Docs, name: String| {
        items += 1;
        if docs.contents.as_deref().is_none_or(str::is_empty) {
            silent.push(name);
        }
    };
    for (_, world) in resolve.worlds.iter() {
        look(&world.docs, world.name.clone());
    }
    for (_, interface) in resolve.interfaces.iter() {
        let of = interface.name.clone().unwrap_or_default();
        look(&interface.docs, of.clone());
        for function in interface.functions.values() {
            look(&function.docs, format!("{of}: {}", function.name));
        }
        for (name, id) in &interface.types {
            let kind = &resolve.types[*id];
            // What is used from elsewhere is explained there.
            if !matches!(&kind.kind, wit_parser::TypeDefKind::Type(_)) {
                look(&kind.docs, format!("{of}: {name}"));
            }
        }
    }
    assert!(items >= 100, "only {items} items were seen");
    assert!(
        silent.is_empty(),
        "these items say nothing of themselves: {silent:#?}"
    );
}

/// The world that has everything.
const WORLD: &str = "plugin";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

/// A copy of a contract, each file of which goes through `edit`.
fn copy(from: &Path, edit: &dyn Fn(&str, String) -> String) -> TempDir {
    let copy = tempfile::tempdir().expect("there is room");
    let packages = fs::read_dir(from.join("deps")).expect("it has packages");
    let packages = packages.map(|entry| entry.expect("it can be read").path());
    for package in packages.chain([from.to_owned()]) {
        let within = package.strip_prefix(from).expect("it is below");
        fs::create_dir_all(copy.path().join(within)).expect("there is room");
        for entry in fs::read_dir(&package).expect("it is a folder") {
            let file = entry.expect("it can be read").path();
            if file.extension().is_some_and(|extension| extension == "wit") {
                let name = file.strip_prefix(from).expect("it is below");
                let text = fs::read_to_string(&file).expect("it is text");
                let text = edit(&name.to_string_lossy(), text);
                fs::write(copy.path().join(name), text).expect("there is room");
            }
        }
    }
    copy
}

/// Whether what was built for the contract in one folder has all that it needs in another.
fn fits(released: &Path, now: &Path) -> Result<(), String> {
    // Both are read together, and must not have the same name there. Versions that are not released are none of ours.
    let renamed = |_: &str, text: String| {
        text.lines()
            .map(|line| {
                let named = line.contains("witbot:") && line.contains('@');
                if named && !line.trim_start().starts_with("///") {
                    with_other_version(line)
                } else {
                    format!("{line}\n")
                }
            })
            .collect()
    };
    let released = copy(released, &renamed);
    let mut resolve = Resolve::default();
    let mut world = |folder: &Path| {
        let (package, _) = resolve
            .push_dir(folder)
            .map_err(|error| format!("{error:#}"))?;
        resolve
            .select_world(&[package], Some(WORLD))
            .map_err(|error| format!("{error:#}"))
    };
    let (before, after) = (world(released.path())?, world(now)?);
    semver_check(resolve, before, after).map_err(|error| format!("{error:#}"))
}

/// The line with `-released` behind each version.
fn with_other_version(line: &str) -> String {
    let mut changed = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('@') {
        let end = rest[at + 1..]
            .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
            .map_or(rest.len(), |length| at + 1 + length);
        // What follows a version can be `.{…}`.
        let version = rest[..end].trim_end_matches('.');
        changed += version;
        changed += "-released";
        rest = &rest[version.len()..];
    }
    changed + rest + "\n"
}

#[test]
fn what_was_built_for_a_released_contract_fits_this_one() {
    let released = fs::read_dir(folder().join("released")).expect("there are released contracts");
    let mut compared = 0;
    for entry in released {
        let contract = entry.expect("it can be read").path();
        if let Err(error) = fits(&contract, &folder()) {
            panic!(
                "a plugin that was built for {} does not fit any more: {error}\n\
                 Add what is new beside what was there; CONTRIBUTING.md says how",
                contract.display()
            );
        }
        compared += 1;
    }
    assert!(compared > 0, "nothing was compared");
}

/// The file, a piece of it, what stands there instead, and whether plugins that were built before fit still.
const CHANGES: [(&str, &str, &str, bool); 11] = [
    (
        "deps/log/log.wit",
        "  write: func",
        "  /// More.\n  flush: func();\n  write: func",
        true,
    ),
    (
        "deps/kv/kv.wit",
        "  resource namespace {",
        "  resource namespace {\n    clear: func();",
        true,
    ),
    (
        "deps/kv/kv.wit",
        "interface kv {",
        "interface more {\n  count: func() -> u32;\n}\ninterface kv {",
        true,
    ),
    // Words for people.
    (
        "deps/log/log.wit",
        "/// Writes a line.",
        "/// Says a line.",
        true,
    ),
    (
        "deps/log/log.wit",
        "write: func(level: level, message: string);",
        "write: func(level: level, message: string, more: string);",
        false,
    ),
    (
        "deps/log/log.wit",
        "write: func(level: level, message: string);",
        "write: func(level: level, text: string);",
        false,
    ),
    ("deps/log/log.wit", "write: func", "write-line: func", false),
    (
        "deps/log/log.wit",
        "enum level { trace, debug, info, warn, error }",
        "enum level { trace, debug, info, warn, error, fatal }",
        false,
    ),
    (
        "deps/types/types.wit",
        "    code: string,",
        "    code: string,\n    more: string,",
        false,
    ),
    ("world.wit", "  import witbot:kv/kv@0.1.0;\n", "", false),
    (
        "handler.wit",
        "interface handler {",
        "interface handler {\n  stop: func();",
        false,
    ),
];

#[test]
fn additions_fit_and_changes_do_not() {
    // The file, a piece of it, what stands there instead, and whether plugins fit still.
    for (file, from, to, fit) in CHANGES {
        let changed = copy(&folder(), &|name, text| {
            if name != file {
                return text;
            }
            assert_eq!(
                text.matches(from).count(),
                1,
                "{file} has `{from}` not once"
            );
            text.replace(from, to)
        });
        let outcome = fits(&folder(), changed.path());
        assert_eq!(
            outcome.is_ok(),
            fit,
            "{file}: `{from}` to `{to}`: {outcome:?}"
        );
    }
}
