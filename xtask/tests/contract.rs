//! The contract in `wit/` can be read, has a version everywhere, and says what each of its items is for.

use std::path::Path;

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
